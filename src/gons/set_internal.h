/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_SET_INTERNAL_H
#define GONS_SET_INTERNAL_H

/*
 * What the files of gons/set.h share.
 */

#include <gons/set.h>

#include "internal.h"

/* What a gons_set stands for. */
struct gons_i_set {
	int types;
	int fd[GONS_I_TYPES]; /* in the order of gons_i_types; -1 for a type that is not held */
};

/* An empty set, or NULL with ENOMEM. */
struct gons_i_set *gons_i_set_new(void);

/* Closes and frees; NULL is fine. Keeps errno. */
void gons_i_set_free(struct gons_i_set *set);

/* What the caller of the library knows it by; it owns set from then on. NULL, and set is
 * freed, when there is no memory. */
gons_set *gons_i_set_publish(struct gons_i_set *set);

/* The set of the caller's, or NULL with EINVAL when it was closed or is NULL. */
struct gons_i_set *gons_i_set_find(const gons_set *set);

/* Adds copies of the descriptors of these types. 0 or -1. */
int gons_i_set_copy(struct gons_i_set *to, const struct gons_i_set *from, int types);

#endif

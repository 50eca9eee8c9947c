/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_SETS_SET_H
#define GONS_I_SETS_SET_H

/* What a set of namespaces is made of. */

#include <gons/set.h>

#include "gons/base/types.h"

struct gons_set {
	int types;
	int fd[GONS_I_TYPES]; /* in the order of gons_i_types; -1 for a type that is not held */
	struct gons_i_pid_init *pid_init; /* of a PID namespace that gons created, or NULL */
};

/* An empty set, or NULL with ENOMEM. */
gons_set *gons_i_set_new(void);

/* False with EINVAL when set is NULL. */
bool gons_i_set_is_valid(const gons_set *set);

/* Adds copies of the descriptors of these types. 0 or -1. */
int gons_i_set_copy(gons_set *to, const gons_set *from, int types);

/* The index of exactly this type, which the set holds; or -1 with EINVAL. */
int gons_i_set_index(const gons_set *set, int type);

/* Whether a thread can enter all of the set's namespaces: user and time namespaces only if it is in
 * them already. 0, or -1 with EINVAL. */
int gons_i_set_check_enterable(const gons_set *set);

#endif

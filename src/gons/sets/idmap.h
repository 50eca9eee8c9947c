/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_IDMAP_H
#define GONS_IDMAP_H

#include <gons/set.h>

/* Whether the kernel could make anything of these maps. 0, or -1 with EINVAL. */
int gons_i_idmaps_check(const struct gons_idmaps *maps);

/*
 * Puts the calling process, a child with one thread, into a new user namespace with these maps
 * (NULL: its own ids are 0 there). -1 where it may be half-way there.
 */
int gons_i_idmaps_unshare(const struct gons_idmaps *maps);

/*
 * For a child that has joined a user namespace: an id that is not mapped there becomes 0, if
 * that is.
 */
void gons_i_be_mapped(void);

#endif

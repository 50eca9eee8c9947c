/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_SETS_IDMAP_H
#define GONS_I_SETS_IDMAP_H

#include <gons/set.h>

/* Whether the kernel could accept these maps. 0, or -1 with EINVAL. */
int gons_i_idmaps_check(const struct gons_idmaps *maps);

/* A process in a new user namespace. */
struct gons_i_idmaps_target {
	pid_t pid; /* in the PID namespace of the calling process */
	int number; /* in the PID namespace of the procfs: proc_fd is its root */
	int proc_fd;
};

/* Writes the maps of the new user namespace. To be called by a forked child in the parent user
 * namespace. 0 or -1. */
int gons_i_idmaps_write(const struct gons_i_idmaps_target *target, const struct gons_idmaps *maps);

/*
 * For a child that has joined a user namespace: changes its user to 0 if the present user is not
 * mapped there and 0 is mapped; the same for its group. If no user is mapped, the programs that it
 * executes keep its capabilities.
 */
void gons_i_become_mapped_ids(void);

#endif

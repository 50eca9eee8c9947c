/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_SETS_PID_INIT_H
#define GONS_I_SETS_PID_INIT_H

/*
 * The first process of a PID namespace that gons created: its init. It lives as long as a set has
 * the PID namespace.
 */

#include <sys/types.h>

struct gons_i_pid_init;

/*
 * To be called in this order: gons_i_pid_init_new() before the child is forked that creates the PID
 * namespace; gons_i_pid_init_start() in that child; gons_i_pid_init_watch() in the parent, with the
 * pidfd that the child has sent, or -1. parent is the init of the enclosing PID namespace, or NULL;
 * the new init keeps it alive.
 */
struct gons_i_pid_init *gons_i_pid_init_new(struct gons_i_pid_init *parent);
int gons_i_pid_init_start(const struct gons_i_pid_init *init, int *ret_pidfd);
void gons_i_pid_init_watch(struct gons_i_pid_init *init, int pidfd);

/* The descriptors that init keeps open in the process that watches it; none if init is NULL. Returns
 * their number. */
enum { GONS_I_PID_INIT_FDS = 2 };
unsigned gons_i_pid_init_fds(const struct gons_i_pid_init *init, int fds[GONS_I_PID_INIT_FDS]);

/* Adds a user of the init, and removes one: the init ends with its last user. Both take NULL. */
struct gons_i_pid_init *gons_i_pid_init_share(struct gons_i_pid_init *init);
void gons_i_pid_init_free(struct gons_i_pid_init *init);

/* The process id of the init in the caller's PID namespace; or -1 with errno and message. */
pid_t gons_i_pid_init_pid(const struct gons_i_pid_init *init);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_SETS_INTERNAL_H
#define GONS_I_SETS_INTERNAL_H

/*
 * What the files that implement gons/set.h share.
 */

#include <stdatomic.h>

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

/* ---- pid_init.c: the first process of a PID namespace that gons created ---- */

/*
 * To be called in this order: _new() before the child is forked that creates the PID namespace;
 * _start() in that child; _watch() in the parent, with the descriptor that the child has sent or
 * -1. parent is the init of the enclosing PID namespace, or NULL: it lives at least as long.
 */
struct gons_i_pid_init *gons_i_pid_init_new(struct gons_i_pid_init *parent);
int gons_i_pid_init_start(const struct gons_i_pid_init *init, int *ret_pidfd);
void gons_i_pid_init_watch(struct gons_i_pid_init *init, int pidfd);

/* The descriptors that it holds in the process that watches; NULL holds none. Returns how many. */
enum { GONS_I_PID_INIT_FDS = 2 };
unsigned gons_i_pid_init_fds(const struct gons_i_pid_init *init, int fds[GONS_I_PID_INIT_FDS]);

/* Adds a set that uses the init; removes one, and the last one ends the init. Both take NULL. */
struct gons_i_pid_init *gons_i_pid_init_share(struct gons_i_pid_init *init);
void gons_i_pid_init_free(struct gons_i_pid_init *init);

/* The process id of the init in the caller's PID namespace; or -1 with errno and message. */
pid_t gons_i_pid_init_pid(const struct gons_i_pid_init *init);

#endif

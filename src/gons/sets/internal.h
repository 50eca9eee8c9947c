/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_SET_INTERNAL_H
#define GONS_SET_INTERNAL_H

/*
 * What the files of gons/set.h share.
 */

#include <stdatomic.h>

#include <gons/set.h>

#include "gons/base/types.h"

/* What a gons_set stands for. */
struct gons_i_set {
	int types;
	int fd[GONS_I_TYPES]; /* in the order of gons_i_types; -1 for a type that is not held */
	struct gons_i_pid_init *keeper; /* of a PID namespace that was made for it, or NULL */
};

/* An empty set, or NULL with ENOMEM. */
struct gons_i_set *gons_i_set_new(void);

/* Closes and frees; NULL is fine. Keeps errno. */
void gons_i_set_free(struct gons_i_set *set);

/* What the caller of the library knows it by; it owns set from then on. NULL, and set is
 * freed, when there is no memory, or no descriptor but 0. */
gons_set *gons_i_set_publish(struct gons_i_set *set);

/* The set of the caller's, or NULL with EINVAL when it was closed or is NULL. */
struct gons_i_set *gons_i_set_find(const gons_set *set);

/* Adds copies of the descriptors of these types. 0 or -1. */
int gons_i_set_copy(struct gons_i_set *to, const struct gons_i_set *from, int types);

/* The index of exactly this type, which the set holds; or -1 with EINVAL. */
int gons_i_set_index(const struct gons_i_set *set, int type);

/* Whether a thread can go into all of the set's namespaces. 0, or -1 with EINVAL: "cannot <verb>
 * the set's...". */
int gons_i_set_check_switchable(const struct gons_i_set *set, const char *verb);

/* ---- set_keeper.c ---- */

/* To be called in this order: before the child is forked that makes the PID namespace; in it;
 * after it, with what it has sent or -1. */
struct gons_i_pid_init *gons_i_pid_init_new(void);
int gons_i_pid_init_start(const struct gons_i_pid_init *keeper, int *ret_pidfd);
void gons_i_pid_init_watch(struct gons_i_pid_init *keeper, int pidfd);

/* The descriptors that it holds in the process that watches; NULL holds none. Returns how many. */
enum { GONS_I_PID_INIT_FDS = 2 };
unsigned gons_i_pid_init_fds(const struct gons_i_pid_init *keeper, int fds[GONS_I_PID_INIT_FDS]);

/* For one more set. Both take NULL. */
struct gons_i_pid_init *gons_i_pid_init_share(struct gons_i_pid_init *keeper);
void gons_i_pid_init_free(struct gons_i_pid_init *keeper);

/* In a forked child, whose life is not to be the namespace's. NULL is fine. */
void gons_i_pid_init_forget(struct gons_i_pid_init *keeper);

#endif

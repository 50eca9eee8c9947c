/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_CHILD_H
#define GONS_CHILD_H

#include <sys/types.h>

#include "gons/base/types.h"

/* A forked child, and where it says how it went. */
struct gons_i_child {
	pid_t pid;
	int fd;
};

/* Forks a child that calls fn(arg). 0 or -1. */
int gons_i_child_start(int (*fn)(void *), void *arg, struct gons_i_child *ret_child);

/* Waits for fn's result, and has it, or errno and message with -1, here. */
int gons_i_child_finish(struct gons_i_child *child);

/* Both at once. */
int gons_i_in_child(int (*fn)(void *), void *arg);

/*
 * The child has all signals blocked, and SIGCHLD at its default. This is for a child of it, which
 * is to be as one of the caller's own: the caller's signal mask, and no pipe to it.
 */
void gons_i_child_detach(void);

/* Descriptors from a child, -1 for none, by a socket that both have. Those received are the
 * caller's to close, also after a failure. */
enum { GONS_I_SENT_FDS = GONS_I_TYPES + 1 };
int gons_i_send_fds(int socket_fd, const int fds[GONS_I_SENT_FDS]);
int gons_i_receive_fds(int socket_fd, int fds[GONS_I_SENT_FDS]);

#endif

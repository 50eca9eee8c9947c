/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_BASE_CHILD_H
#define GONS_I_BASE_CHILD_H

#include <sys/types.h>

#include "gons/base/types.h"

/*
 * Child processes of gons: the one place where they are forked and waited for.
 *
 * A bare child is created by clone(2) itself. No fork handler (pthread_atfork(3)) runs, because a
 * handler may wait for a lock that the caller holds. So any lock of the program, that of the
 * allocator for one, may be held forever in the child: all that runs there is async-signal-safe. It
 * calls neither malloc nor stdio, and reads files by gons/base/signal_safe_read.h; gons_i_fail()
 * and the other functions for messages may be called.
 *
 * The child is invisible to the program: its end raises no signal, and the program's wait(2) does
 * not return it. All signals are blocked in it. It is killed when its parent ends.
 */

/* A child, and the memory in which it reports. */
struct gons_i_child {
	pid_t pid;
	struct gons_i_child_report *report;
};

/* Seconds after which a bare child is killed. It may have to wait for a limit on namespaces several
 * times, 10 s each, on a slow machine. */
enum { GONS_I_CHILD_LIMIT_S = 60 };

/* Starts a bare child that calls fn(arg). 0 or -1. */
int gons_i_child_start(int (*fn)(void *), void *arg, struct gons_i_child *ret_child);

/* Waits for the child, and returns fn's result. -1 with the errno and message that fn left, or
 * with those that say how the child ended before fn had returned. */
int gons_i_child_finish(struct gons_i_child *child);

/* Starts a bare child and finishes it. */
int gons_i_in_child(int (*fn)(void *), void *arg);

/* The same with a limit of its own, in seconds. */
int gons_i_in_child_for(unsigned limit_s, int (*fn)(void *), void *arg);

/*
 * The same by fork(3) and without a limit: for functions of the program, which may do anything
 * that a child of fork(3) may. Fork handlers run, and may block.
 */
int gons_i_in_forked_child(int (*fn)(void *), void *arg);

/* In a child: makes it end with its parent again. The kernel forgets that when the process gets
 * other credentials, as in a new user namespace; so call it after such a change. */
void gons_i_child_tie(void);

/* The same for a child that was not forked by the functions above: parent_pid is getpid() of the
 * parent; parent_pidfd is a pidfd of it, or -1. Without a pidfd, the end of a parent in an ancestor
 * PID namespace is not noticed if it comes before this call. */
void gons_i_child_tie_to(pid_t parent_pid, int parent_pidfd);

/*
 * Forks a bare child of the calling process. Returns 0 in the child, which should call
 * gons_i_child_tie() first. -1 with errno alone. Wait for it by gons_i_wait(), since waitpid(2)
 * without __WALL does not see it.
 */
pid_t gons_i_fork(void);

/* The same, with the child in new namespaces of these types. */
pid_t gons_i_fork_into(int types);

/* Ends a bare child. Not by _exit(2), in which sanitizers do things that are unsafe there. */
void gons_i_child_exit(int status) __attribute__((noreturn));

/* Waits for the end of such a child. 0; or -1 with errno alone: ECHILD if other code has waited for
 * it already. */
int gons_i_wait(pid_t pid, int *ret_status);

/* Sets the message after fork(2) or pthread_create(3) failed with errnum: "<what>: <reason>", with
 * the limit that is reached. Returns -1. */
int gons_i_fail_fork(int errnum, const char *what);

/* Whether the calling thread's children are created in another PID namespace than its own. If that
 * cannot be found out (the namespace has no process yet, or Linux 4.11), returns unless_known. */
bool gons_i_children_have_other_pidns(bool unless_known);

/*
 * A child of gons has all signals blocked, and SIGCHLD at its default. This gives the calling
 * process, a child of such a child, the signal mask and the SIGCHLD handler of the original caller.
 */
void gons_i_child_detach(void);

/* Descriptors from a child, -1 for none, by a socket that both have. Those received are the
 * caller's to close, also after a failure. */
enum { GONS_I_SENT_FDS = GONS_I_TYPES + 1 };
int gons_i_send_fds(int socket_fd, const int fds[GONS_I_SENT_FDS]);
int gons_i_receive_fds(int socket_fd, int fds[GONS_I_SENT_FDS]);

#endif

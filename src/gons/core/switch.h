/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_CORE_SWITCH_H
#define GONS_I_CORE_SWITCH_H

/* The only setns, unshare and chroot. */

#include <sys/types.h>

#include "gons/core/saved_context.h"

/* setns(2), for a caller that arranges the return; errno alone. A mount namespace takes the thread to
 * its root, and ends the sharing of root and working directory with other threads. */
int gons_i_join(int nsfd, int type);

/* unshare(2), with ENOSPC retried while the kernel is late in destroying namespaces.
 * Says why not. */
int gons_i_unshare(int types);

/* gons_i_fork_into() new namespaces, likewise retried and explained. */
pid_t gons_i_fork_into_new(int types);

/* Whether that was in vain, so that this process is to retry for a shorter time: for what a child
 * has found out. */
void gons_i_note_exhausted(int types, bool are);

/* Puts the calling thread into new namespaces; a new mount namespace is made private. All
 * or nothing, where there is a context, whose return was checked; NULL is for a thread that ends
 * after a failure. */
int gons_i_switch_new(int types, const struct gons_i_context *context);

/* Makes every mount of the thread's mount namespace private. */
int gons_i_make_private(void);

/* Puts the calling thread into one existing namespace; into a mount namespace, root and working
 * directory of the context go along by their paths. errno alone. */
int gons_i_switch_one(int nsfd, int type, const struct gons_i_context *context);

/* Puts the calling thread into n existing namespaces, whose types were checked; the context is
 * where it is. All or nothing. */
int gons_i_switch_to(const int *nsfds, const int *types, size_t n,
		     const struct gons_i_context *context);

/* Returns to the context after a failure, from these types, keeping its errno and message; says so
 * when even that fails. Returns -1. */
int gons_i_switch_undo(const struct gons_i_context *context, int types);

/* For a thread that is stranded, and whose caller has used gons for something else since: says
 * again which return the kernel has refused. Returns -1. */
int gons_i_fail_stranded(void);

/* The types for which GONS_I_RETURN_CHECK_ONCE asks for nothing more on this thread. */
int gons_i_checked_returns(void);

/* Whether the process has other threads than this one. One that was joined counts for a moment
 * yet, which is waited for; no other is. */
bool gons_i_has_threads(void);

/* Has fn called on each thread that has just entered a network namespace which it has created, also
 * in forked children; NULL: nothing more. fn keeps errno. */
void gons_i_on_new_netns(void (*fn)(void));

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_CORE_SWITCH_H
#define GONS_I_CORE_SWITCH_H

/* Switching namespaces: no other file calls setns, unshare or chroot. */

#include <sys/types.h>

#include "gons/core/saved_context.h"

/* setns(2), for a caller that arranges the return; errno alone. A mount namespace takes the thread
 * to its root, and ends the sharing of root and working directory with other threads. */
int gons_i_join(int nsfd, int type);

/* unshare(2), with ENOSPC retried while the kernel is late in destroying namespaces. 0, or -1 with
 * errno and message. */
int gons_i_unshare(int types);

/* gons_i_fork_into() new namespaces, retried in the same way. -1 with errno and message. */
pid_t gons_i_fork_into_new(int types);

/* Notes whether the retries have failed for these types: afterwards this process retries for a
 * shorter time. For a result that a child process reports. */
void gons_i_note_exhausted(int types, bool are);

/* Puts the calling thread into new namespaces; a new mount namespace is made private. With
 * a context, whose return was checked, a failure leaves the thread where it was. NULL: the thread
 * ends after a failure. */
int gons_i_switch_new(int types, const struct gons_i_context *context);

/* Makes every mount of the thread's mount namespace private. */
int gons_i_make_private(void);

/* Puts the calling thread into one existing namespace. In a mount namespace, root and working
 * directory are those that have the paths of the context's. -1 with errno alone. */
int gons_i_switch_one(int nsfd, int type, const struct gons_i_context *context);

/* Puts the calling thread into n existing namespaces, whose types were checked; the context is
 * the one that it is in, to which a failure returns it. */
int gons_i_switch_to(const int *nsfds, const int *types, size_t n,
		     const struct gons_i_context *context);

/* After a failure: returns from namespaces of these types to the context. Keeps errno and message;
 * if the return fails as well, the message says that, too. Returns -1. */
int gons_i_switch_undo(const struct gons_i_context *context, int types);

/* Sets errno and message to those of the refused return of a stranded thread, if other calls may
 * have changed them since. Returns -1. */
int gons_i_fail_stranded(void);

/* The types whose return GONS_I_RETURN_CHECK_ONCE need not check again on this thread. */
int gons_i_checked_returns(void);

/* Whether the process has other threads than this one. The kernel counts a joined thread for a
 * moment longer; this waits for that moment, but for no running thread. */
bool gons_i_has_threads(void);

/* Sets a function that is called on each thread which has just created a network namespace and
 * entered it, also in forked children; NULL: none. fn keeps errno. */
void gons_i_set_new_netns_hook(void (*fn)(void));

#endif

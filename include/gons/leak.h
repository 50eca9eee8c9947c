/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_LEAK_H
#define GONS_LEAK_H

/*
 * What a test left behind. <gons/test.h> is built on this.
 */

#include <gons/gons.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A snapshot of what the process and the calling thread have: opaque. */
typedef struct gons_leaks gons_leaks;

/*
 * gons_leaks_begin - take a snapshot.
 *
 * The snapshot lists the process's open descriptors, threads and child processes, and the calling
 * thread's namespaces, root, working directory and umask. Until gons_leaks_end() it keeps up to
 * eight descriptors open. It excludes what gons itself keeps open or running, such as the sets of a
 * pool (gons_pool_start()). While a pool's thread creates a set, this call and gons_leaks_end()
 * wait for it, for 10 seconds at most.
 *
 * Returns the snapshot, to be ended by gons_leaks_end() on the same thread. NULL with errno
 * EMFILE, ENFILE or ENOMEM; ENOENT without procfs on /proc.
 */
gons_leaks *gons_leaks_begin(void);

/*
 * gons_leaks_end - compare with the snapshot, report what is different, and free the snapshot.
 *
 * @report: called for each finding with a message such as "descriptor 7 was left open:
 *          socket:[8190]", valid during the call; may be NULL. It may leave by longjmp(3): the
 *          snapshot has been freed by then.
 *
 * Finds descriptors that were opened and not closed, threads that still run (the call waits up to
 * 200 ms for threads that are about to end), child processes that still run, and namespaces, a
 * root, a working directory and a umask to which the thread did not return. The thread is returned
 * to its namespaces, root, working directory and umask. Descriptors, threads and children stay as
 * they are, because other code may still use them. Child processes are those that the kernel lists
 * (CONFIG_PROC_CHILDREN). A process that adopts orphans (process 1, PR_SET_CHILD_SUBREAPER) cannot
 * tell them from its own children, so its children are not compared.
 *
 * Returns the number of findings. -1 with EPERM when the kernel refuses the return, so that the
 * thread is in the wrong namespace and should do nothing more; -1 with EINVAL when leaks is NULL.
 * leaks is freed in any case. A forked child must not end its parent's snapshot: it would compare
 * itself with its parent.
 */
int gons_leaks_end(gons_leaks *leaks, void (*report)(const char *message, void *arg), void *arg);

/*
 * gons_leaks_accept - exclude what is open or running now from later comparisons.
 *
 * For what a library opens or starts once in a process, such as the socket of syslog(3) or a worker
 * thread. Call it in a group set-up, or in a test after the call that opened something: later
 * comparisons do not report the descriptors, threads and child processes that exist at that time. A
 * later call replaces what an earlier one has excluded. No scope undoes it.
 *
 * Returns 0; -1 with errno EMFILE, ENFILE or ENOMEM, ENOENT without procfs on /proc.
 */
int gons_leaks_accept(void);

#ifdef __cplusplus
}
#endif

#endif

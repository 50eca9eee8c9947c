/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_LEAK_H
#define GONS_LEAK_H

/*
 * What a test left behind. <gons/cmocka.h> is built on this; a test framework of
 * another kind can be too.
 */

#include <gons/gons.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A picture of what the process and the calling thread have: opaque. */
typedef struct gons_leaks gons_leaks;

/*
 * gons_leaks_begin - remember what is there now.
 *
 * Remembered are the process's open descriptors and threads, and the calling thread's
 * namespaces, root, working directory and umask. Holds up to seven descriptors. Not remembered is
 * what gons itself keeps, such as the sets of a pool (gons_pool_start()); while a pool's thread
 * makes one, this waits for it, for 10 seconds at most.
 * Returns NULL with errno EMFILE, ENFILE or ENOMEM, ENOENT without procfs on /proc.
 * To be ended by gons_leaks_end(), on the same thread.
 */
gons_leaks *gons_leaks_begin(void);

/*
 * gons_leaks_end - say what is different now, and forget the picture.
 *
 * @report: called for each finding with a message such as "descriptor 7 was left open:
 *          socket:[8190]", valid during the call; may be NULL.
 *
 * Found are descriptors that were opened and not closed, threads that still run (one that
 * is about to end is given 200 ms for it), namespaces, a root, a working directory and a
 * umask that the thread did not come back to. The thread is brought back to the latter
 * ones; descriptors and threads are left as they are, for somebody may use them still.
 *
 * Returns the number of findings; -1 with EPERM when the thread could not be brought back
 * and is in the wrong namespace. leaks is freed in any case; NULL is EINVAL. A forked child
 * has nothing to compare its parent's picture with, and should not end it.
 */
int gons_leaks_end(gons_leaks *leaks, void (*report)(const char *message, void *arg), void *arg);

#ifdef __cplusplus
}
#endif

#endif

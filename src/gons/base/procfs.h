/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_BASE_PROCFS_H
#define GONS_I_BASE_PROCFS_H

#include "gons/base/types.h"

/* Whether the calling thread is in this namespace; for a PID namespace, whether its next child is
 * going to be. Keeps errno. */
bool gons_i_is_own(int nsfd, const struct gons_i_type *entry);

/* The number that this /proc knows the calling thread by, or -1. */
int gons_i_tid(void);

/* Checks that nothing is mounted over the link entry->own_path or a directory above it: the thread
 * would return to another namespace. Checked once for each thread and type. 0, or -1 with errno and message. */
int gons_i_check_procfs(const struct gons_i_type *entry);

/* Forgets what was checked on this thread. */
void gons_i_forget_procfs_check(void);

/* ENOENT: "something is mounted over it". Returns -1. */
int gons_i_fail_covered(const struct gons_i_type *entry);

/* A number in /proc/thread-self/status, such as "Umask" in base 8. 0, or -1 where there is none. */
int gons_i_status_number(const char *name, int base, uint64_t *ret_number);

/* The number of threads of the process, without those that are ending, or -1. */
int gons_i_running_threads(void);

#endif

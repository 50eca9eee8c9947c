/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_SETS_THREAD_ATTRIBUTES_H
#define GONS_I_SETS_THREAD_ATTRIBUTES_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "gons/base/common.h"

/* What a new thread inherits, as far as it can be read fast: users, capabilities,
 * restrictions, scheduling. It has no padding, so that memcmp(3) compares it. */
struct gons_i_thread_attributes {
	uint32_t uids[3], gids[3];
	uint32_t caps[6];
	int32_t no_new_privs, seccomp, securebits;
	uint32_t policy;
	int32_t nice, priority;
	uint64_t affinity[128];
};

void gons_i_thread_attributes_read(struct gons_i_thread_attributes *ret_attributes);

/* The inode numbers of the calling thread's namespaces, and of its children's PID and time
 * namespaces. False when one cannot be read. */
enum { GONS_I_NAMESPACE_IDS = 6 };
bool gons_i_namespace_ids_read(uint64_t ret_inos[GONS_I_NAMESPACE_IDS]);

/* Whether this thread and that one share working directory, root and umask, and so the mount
 * namespace; and the descriptor table, so that the set's descriptors mean the same in both. */
bool gons_i_shares_all(pid_t tid);

#endif

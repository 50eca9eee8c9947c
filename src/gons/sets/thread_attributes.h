/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_TRAITS_H
#define GONS_TRAITS_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "gons/base/common.h"

/* What a thread has of its own and a new thread inherits, as far as the kernel tells it fast:
 * users, capabilities, restrictions, scheduling. No padding, to be compared by memcmp(3). */
struct gons_i_thread_attributes {
	uint32_t uids[3], gids[3];
	uint32_t caps[6];
	int32_t no_new_privs, seccomp, securebits;
	uint32_t policy;
	int32_t nice, priority;
	uint64_t affinity[128];
};

void gons_i_thread_attributes_read(struct gons_i_thread_attributes *ret_traits);

/* Where a thread is, by inode numbers; its children's PID and time namespaces are among them. */
enum { GONS_I_PLACES = 6 };
bool gons_i_places_read(uint64_t ret_inos[GONS_I_PLACES]);

/* Whether this thread and that one share working directory, root and umask, and so the mount
 * namespace; and the descriptor table, without which a set's descriptors are others' there. */
bool gons_i_shares_all(pid_t tid);

#endif

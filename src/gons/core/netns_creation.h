/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_CORE_NETNS_CREATION_H
#define GONS_I_CORE_NETNS_CREATION_H

/* Which process id was the last one when a network namespace was created: a process that was created
 * in the namespace has a later one. */

#include "gons/base/file.h"

/* The process id (or thread id) that the kernel assigned last; -1 if it cannot be found out. */
int gons_i_last_pid(void);

/* The same, but the result may be up to 100 ms old, which usually saves the system call. A note may
 * have such an older id. */
int gons_i_earlier_pid(void);

/* Notes, for the calling thread, that the network namespace nsfd (-1: its own) was created after
 * last_pid. Keeps errno. */
void gons_i_netns_creation_note(int nsfd, int last_pid);

/* The last_pid of the note about this namespace, or -1. */
int gons_i_netns_creation_find(const struct gons_i_file_id *id);

#endif

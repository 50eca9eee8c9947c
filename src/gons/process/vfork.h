/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_PROCESS_VFORK_H
#define GONS_I_PROCESS_VFORK_H

/* A supervisor in the memory of its caller, and the thread that waits for it. */

#include "gons/process/supervisor.h"

struct gons_i_vfork;

/* Whether the supervisor of this program may share the caller's memory. */
bool gons_i_vfork_suits(const struct gons_i_command *command);

/* Starts a supervisor, and sends a message to the caller when it has ended. Closes fds->socket and
 * fds->caller then. NULL if no thread can be created; nothing is closed then. */
struct gons_i_vfork *gons_i_vfork_start(const struct gons_i_command *command,
					const struct gons_i_supervisor_fds *fds,
					struct gons_i_shared *shared);

/* Whether the supervisor has ended and is reaped. */
bool gons_i_vfork_has_ended(const struct gons_i_vfork *self);

/* Kills the supervisor, unless it has ended. */
void gons_i_vfork_kill(const struct gons_i_vfork *self);

/* Waits for the thread, which ends with the supervisor, and frees it. */
void gons_i_vfork_join(struct gons_i_vfork *self);

/* Closes its descriptors and frees it in a child of fork(2), which has no such thread. */
void gons_i_vfork_drop(struct gons_i_vfork *self);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_PROCESS_START_H
#define GONS_I_PROCESS_START_H

/* How a supervisor starts its program. */

#include "gons/process/supervisor.h"

/* Closes all descriptors from first on but these (-1: none), so that this process does not keep open
 * what the caller closes later. */
void gons_i_close_others(unsigned first, const int kept[], size_t n);

/* Closes those of these descriptors that are open. */
void gons_i_close_from_to(unsigned first, unsigned last);

enum { GONS_I_PIPES = 3 };
struct gons_i_start {
	const struct gons_i_command *command;
	int socket_fd; /* to a caller in another PID namespace; or -1 */
	int fd[GONS_I_PIPES]; /* become 0, 1 and 2; none is below 4 */
	int extra_fd; /* becomes 3, unless it is -1 */
	char *stack_end; /* of the process until execve(2) */
	int errnum; /* of a failed execve(2); 0 when there was no process */
};

/* Returns the id of the process, which has executed the program; or -1 with errno alone. */
pid_t gons_i_start(struct gons_i_start *start);

#endif

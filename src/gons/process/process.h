/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_PROCESS_PROCESS_H
#define GONS_I_PROCESS_PROCESS_H

/* The programs that the calling thread has started. */

#include <gons/process.h>

#include "gons/process/program.h"

struct gons_process {
	struct gons_i_program program;
	char **argv; /* one block of memory */
	int timeout_ms; /* after which it is killed; -1: no limit */
	unsigned record; /* its number on the scope */
	bool end_requested;
	bool output_freed;
	struct gons_process *older; /* of the same thread */
};

/* Records it on the scope, where there must be room. */
void gons_i_process_own(struct gons_process *process);

/* Frees the memory and descriptors; ends no process. */
void gons_i_process_destroy(struct gons_process *process);

/* ---- for the report of a failed test ---- */

/* A program that is on the thread's scope and still runs, or has ended with another status
 * than 0. */
struct gons_i_process_state {
	const char *const *argv;
	pid_t pid;
	bool running; /* else status is that of waitpid(2), or -1 if it is unknown */
	int status;
	const char
		*output; /* the end of its standard output and error, 64 KiB at most, and a '\0' */
	size_t output_size;
};

/* Calls fn for each of them, the oldest first. What it is given is valid during the call. */
void gons_i_processes_each(void (*fn)(const struct gons_i_process_state *state, void *arg),
			   void *arg);

#endif

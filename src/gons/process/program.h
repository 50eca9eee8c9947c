/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_PROCESS_PROGRAM_H
#define GONS_I_PROCESS_PROGRAM_H

/* A program that a supervisor runs: the caller's part. */

#include "gons/process/supervisor.h"

struct gons_i_buffer {
	char *data; /* ends with '\0'; NULL while it is empty */
	size_t size, room;
};

struct gons_i_program {
	pid_t pid; /* of the program */
	/* One of the two, until the supervisor has ended and is reaped: */
	pid_t supervisor; /* or 0 */
	struct gons_i_vfork *vfork; /* or NULL */
	int supervisor_fd; /* its pidfd, or -1 */
	int socket_fd, log_fd;
	struct gons_i_shared *shared;
	size_t log_read;
	enum gons_i_outcome outcome; /* once it is over */
	int status;
	int errnum; /* why the output could not be recorded */
	struct gons_i_buffer stream[GONS_I_STREAMS];
	struct gons_i_buffer tail; /* of both streams: at least the last GONS_I_TAIL bytes */
};
enum { GONS_I_TAIL = 64 * 1024 };

/* Starts a program. -1 with errno and message "<what>: ..." if it does not run; then nothing is
 * left. */
int gons_i_program_start(const struct gons_i_command *command, const char *what,
			 struct gons_i_program *ret_program);

/*
 * Waits until is_done(arg) is true (returns 0) or the program is over (returns 1), and collects
 * what was printed. With is_done, a program is not over while processes that it has started can
 * print. Returns -1 with ETIMEDOUT, and without a message, after timeout_ms (-1: no limit), or with
 * ENOMEM.
 */
int gons_i_program_wait(struct gons_i_program *program, bool (*is_done)(void *arg), void *arg,
			int timeout_ms);

/* Starts a program and waits until it is over. -1 if it does not run, or memory is short for its
 * output; then nothing is left. Otherwise gons_i_program_end() ends the processes that it has
 * left. */
int gons_i_program_run(const struct gons_i_command *command, const char *what,
		       struct gons_i_program *ret_program);

/* Adds the cause and the remedy to the message about GONS_I_OUTPUT_NOT_RECORDED. Returns -1. */
int gons_i_program_explain_record(const struct gons_i_program *program);

/* Collects the output so far. 0, or -1 with ENOMEM. */
int gons_i_program_collect(struct gons_i_program *program);

/* Tells the supervisor to end all processes, and does not wait. */
void gons_i_program_request_end(struct gons_i_program *program);

/* Whether the supervisor has not ended yet. */
bool gons_i_program_is_supervised(const struct gons_i_program *program);

/* Whether the program, or processes that it has started, still run. gons_i_program_end() ends
 * them. */
bool gons_i_program_has_remaining(const struct gons_i_program *program);

/* Ends all processes and waits until they have ended. The output stays. Returns whether none is
 * left: a process that runs as another user now cannot be killed. Keeps errno. */
bool gons_i_program_end(struct gons_i_program *program);

/* Closes its descriptors and frees its memory, and touches no other process. Keeps errno. */
void gons_i_program_free(struct gons_i_program *program);

/* "exited with status 3", or which signal has killed the program; text is filled and returned. */
enum { GONS_I_END_TEXT_SIZE = 80 };
const char *gons_i_describe_end(int status, char text[GONS_I_END_TEXT_SIZE]);

#endif

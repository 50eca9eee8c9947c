/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_PROCESS_SUPERVISOR_H
#define GONS_I_PROCESS_SUPERVISOR_H

/* The supervisor, which runs a program for the caller, and what the two share. */

#include <stdatomic.h>
#include <sys/types.h>

#include "gons/base/error.h"
#include "gons/base/types.h"

/* A program, and how it is run. */
struct gons_i_command {
	const char *const *paths; /* tried in turn; ends with NULL */
	char *const *argv; /* ends with NULL */
	char *const *shell_argv; /* for a script without "#!": [1] becomes its path; or NULL */
	char *const *environment;
	const char *directory; /* NULL: the caller's */
	const void *input;
	size_t input_size;
	int timeout_ms; /* -1: no limit */
	size_t most_output; /* of each of the two streams */
	bool ends_all; /* processes that the program leaves behind are killed when it has ended */
	int extra_fd; /* becomes descriptor 3 of the program; or -1 */
	int types; /* of the namespaces to join, and their descriptors */
	int nsfds[GONS_I_TYPES];
};

enum gons_i_outcome {
	GONS_I_ENDED,
	GONS_I_TIMED_OUT, /* killed because timeout_ms was over */
	GONS_I_TOO_MUCH_OUTPUT, /* killed because it printed too much */
	GONS_I_NOT_KILLABLE, /* could not be killed: it runs as another user */
	GONS_I_STATUS_UNKNOWN, /* the supervisor was killed */
	GONS_I_OUTPUT_NOT_RECORDED, /* killed because its output could not be recorded */
};

/* The step in which the start of a program failed. */
enum gons_i_failed_step {
	GONS_I_STEP_PIPE,
	GONS_I_STEP_NAMESPACE, /* with a message */
	GONS_I_STEP_DIRECTORY,
	GONS_I_STEP_FORK,
	GONS_I_STEP_EXECUTE,
};

enum gons_i_progress { GONS_I_STARTING, GONS_I_RUNNING, GONS_I_OVER, GONS_I_FAILED };

/* Output is recorded in pieces, each after such a header. */
enum gons_i_stream { GONS_I_OUTPUT, GONS_I_ERROR_OUTPUT, GONS_I_STREAMS };
struct gons_i_piece {
	uint32_t stream, size;
};

/* Memory that the two processes share. The supervisor sets state after all members that belong to
 * this state. */
struct gons_i_shared {
	atomic_int state;
	atomic_int wanted; /* for which events the caller wants a message, besides the end */
	atomic_bool notified; /* a message was sent since the caller last cleared this */
	pid_t pid; /* of the program, if both are in one PID namespace; or 0 */
	atomic_size_t log_size; /* of the recorded output */
	atomic_bool output_closed; /* no process can print any more */
	enum gons_i_outcome outcome; /* GONS_I_OVER */
	int status; /* of waitpid(2) */
	atomic_bool has_remaining; /* the program, or processes that it has started, still run */
	enum gons_i_failed_step failed_step; /* GONS_I_FAILED */
	int errnum; /* of that, or of GONS_I_OUTPUT_NOT_RECORDED */
	struct gons_i_failure failure;
};

enum { GONS_I_WANTS_START = 1, GONS_I_WANTS_OUTPUT = 2 };

/* The messages to the caller. The first one comes from the child that will execute the program, if
 * the caller is in another PID namespace: the socket tells its process id there. */
enum { GONS_I_FROM_PROGRAM = 'p', GONS_I_FROM_SUPERVISOR = 's' };

/* What the supervisor gets from the caller. */
struct gons_i_supervisor_fds {
	int socket; /* to the caller; any message from the caller requests the end */
	int caller; /* a pidfd */
	int log;
	pid_t caller_pid; /* in the PID namespace of the caller */
};

/* Whether a supervisor joins the namespaces of these types by one system call. */
bool gons_i_joins_at_once(int types);

/* Memory that the supervisor needs besides its stack. */
enum { GONS_I_PROGRAM_STACK_SIZE = 16 * 1024, GONS_I_PIECE_SIZE = 64 * 1024 };
struct gons_i_supervisor_buffers {
	struct {
		struct gons_i_piece header;
		char data[GONS_I_PIECE_SIZE];
	} piece;
	_Alignas(16) char program_stack[GONS_I_PROGRAM_STACK_SIZE]; /* until execve(2) */
};

/* Runs the supervisor, in a process that was cloned for it, with all signals blocked. */
_Noreturn void gons_i_supervise(const struct gons_i_command *command,
				const struct gons_i_supervisor_fds *fds,
				struct gons_i_shared *shared,
				struct gons_i_supervisor_buffers *buffers);

#endif

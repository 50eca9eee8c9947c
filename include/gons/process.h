/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_PROCESS_H
#define GONS_PROCESS_H

/*
 * Programs in namespaces, ended with the scope.
 *
 *     const struct gons_process_options there = { .nsfd = netns };
 *     gons_process *server = gons_process_start(
 *             (const char *const[]){ "dnsmasq", "--keep-in-foreground", NULL }, &there);
 *
 *     if (!server || gons_process_wait_output(server, "started", 5000) < 0)
 *             puts(gons_error());
 *
 * For each program gons creates a process, the supervisor, which starts the program and watches it
 * and all processes that it starts. When the calling thread's scope ends, these processes get
 * SIGTERM, and after one second SIGKILL. This includes daemons, which run in the background in a
 * session of their own. When the calling process dies, even by SIGKILL, they are killed at once.
 *
 * There is one exception. In a PID namespace that was not created by gons, a process survives if it
 * has left the program's process group and its parent has ended.
 *
 * The calling process gets no SIGCHLD for a program, and wait(2) does not see it.
 *
 * The program inherits the environment, the working directory, the umask, the limits and the
 * privileges of the calling thread. All signals have their default actions, and none is blocked.
 * The program has its own process group. Its only descriptors are 0, 1 and 2, which are pipes. gons
 * reads all that the program prints, so the program never blocks on a full pipe. But most programs
 * buffer output to a pipe and so print late: run them by stdbuf(1) with -oL, or with an option of
 * their own.
 *
 * Needs Linux 5.3.
 */

#include <gons/set.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A program of gons_process_start(). Belongs to the scope, and is invalid when that has ended. */
typedef struct gons_process gons_process;

/* How to run a program. A member that is 0 has no effect, except for timeout_ms. */
struct gons_process_options {
	/* The namespaces to run in: those of a set, or a single one of any type (0 or -1: none).
	 * Set at most one of the two. Namespaces of other types are those of the caller. */
	const gons_set *set;
	int nsfd;
	const char *const *environment; /* all variables, "NAME=value"; ends with NULL */
	const char *directory; /* the working directory: a path in the program's namespaces */
	const void *input; /* what the program can read from its standard input */
	size_t input_size; /* in bytes */
	/* The program is killed after so many ms. -1: no limit. 0: 60 s in gons_process_run(), no
	 * limit in gons_process_start(). */
	int timeout_ms;
	uint64_t reserved[4]; /* must be 0 */
};

/* How the program ended, and what it printed. */
struct gons_process_result {
	int status; /* for WIFEXITED() and the like (waitpid(2)); -1: not ended, or unknown */
	char *output; /* standard output, followed by a '\0' */
	size_t output_size; /* in bytes, without that '\0' */
	char *error_output; /* standard error, followed by a '\0' */
	size_t error_size; /* in bytes, without that '\0' */
	uint64_t reserved[4];
};

/*
 * gons_process_run - run a program, and wait until it has ended.
 *
 * @argv: the program and its arguments; ends with NULL. If argv[0] has no "/", the program is
 *        searched for in PATH, as by execvp(3): in the PATH of the environment that the program
 *        gets, and in the mount namespace that it runs in.
 * @options: NULL for the defaults.
 * @result: receives how the program ended and what it printed. Call gons_process_result_free() in
 *          any case, also after a failure. NULL: no result is wanted.
 *
 * Processes that the program has left in the background are ended with the calling thread's scope.
 * Output that they write later is not in the result. As long as they run, the calling process may
 * have another thread, so the kernel may refuse it user namespaces: call gons_become_root() before.
 *
 * Returns 0 when the program has ended, whatever its status is. But if result is NULL, so that the
 * caller cannot see the status, the program must have ended by exit(0): otherwise -1 with
 * EREMOTEIO.
 *
 * Returns -1 when the program could not be started: EINVAL when argv or argv[0] is NULL, argv[0] is
 * empty, both set and nsfd are given, input is NULL and input_size is not 0, timeout_ms is below -1, a reserved
 * member is not 0, or nsfd is not a namespace; ENOENT when the program, its interpreter or the
 * directory does not exist; EACCES, ENOEXEC and others of execve(2) and chdir(2); EPERM and others
 * of gons_set_run() when the namespaces cannot be joined; EAGAIN, EMFILE, ENFILE or ENOMEM when
 * there are too many processes or descriptors, or too little memory (raise the limit, or end a
 * scope); ENOSYS before Linux 5.3.
 *
 * Returns -1 after the program has run, with a result that has what it had printed: ETIMEDOUT when
 * it was killed because timeout_ms was over; EFBIG when it was killed because it printed more than
 * 1 GiB, or more than files may have (RLIMIT_FSIZE); ENOMEM, ENOSPC and others when it was killed
 * because its output could not be recorded, which takes memory; EPERM when timeout_ms was over, but
 * gons may not kill it because it runs as another user now; ECHILD when the supervisor was killed, and the program with it.
 */
int gons_process_run(const char *const argv[], const struct gons_process_options *options,
		     struct gons_process_result *result);

/*
 * gons_process_start - start a program that runs until the calling thread's scope ends.
 *
 * Returns as soon as execve(2) has succeeded. The gons_process belongs to the scope: do not free
 * it, and use it on one thread at a time. Returns NULL with an errno of gons_process_run() when the
 * program could not be started.
 */
gons_process *gons_process_start(const char *const argv[],
				 const struct gons_process_options *options);

/*
 * gons_process_pid - the process id of the program, as seen in the caller's PID namespace.
 *
 * The program's process group has the same id. When the program has ended, the kernel may give the
 * id to another process. Returns -1 with EINVAL when process is NULL.
 */
pid_t gons_process_pid(const gons_process *process);

/*
 * gons_process_wait - wait until a program has ended.
 *
 * @timeout_ms: how long to wait; 0: do not wait; -1: no limit.
 * @result: as for gons_process_run(). It has all that was printed since the start. May be NULL.
 *
 * The call ends nothing. After the program has ended, further calls return the same.
 *
 * Returns 0 when the program has ended, as gons_process_run() does. -1 with ETIMEDOUT when it has
 * not ended within timeout_ms: it continues to run, and the result has what it has printed so far,
 * with the status -1. -1 with ETIMEDOUT also when the timeout_ms of its options was over, so that
 * it was killed; EREMOTEIO, EFBIG, EPERM, ECHILD and ENOMEM as for gons_process_run(); EINVAL when
 * process is NULL or timeout_ms is below -1.
 */
int gons_process_wait(gons_process *process, int timeout_ms, struct gons_process_result *result);

/*
 * gons_process_wait_output - wait until a program has printed a text.
 *
 * @text: searched for in all that was printed since the start, to standard output or to standard
 *        error. "" is found at once.
 * @timeout_ms: how long to wait; 0: do not wait; -1: no limit.
 *
 * Processes that the program has left in the background may print the text, too.
 *
 * Returns 0 when the text was printed. -1 with ETIMEDOUT when it was not printed within timeout_ms:
 * the program continues to run. -1 with EREMOTEIO when the text cannot come any more, because all
 * of these processes have ended or have closed their output. The message has what was printed.
 * EFBIG, EPERM, ECHILD and ENOMEM as for gons_process_run(); EINVAL when process or text is NULL or
 * timeout_ms is below -1.
 */
int gons_process_wait_output(gons_process *process, const char *text, int timeout_ms);

/*
 * gons_process_result_free - free the strings of a result.
 *
 * The result is empty afterwards, with the status -1. It may be freed again, and may be NULL. Keeps
 * errno.
 */
void gons_process_result_free(struct gons_process_result *result);

#ifdef __cplusplus
}
#endif

#endif

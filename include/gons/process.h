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
 * Each program is watched by a process of gons, the supervisor, until it and all that it has
 * started have ended. When the scope ends, the process group of the program and its other children
 * get SIGTERM, and after one second SIGKILL. This includes programs that have gone into the
 * background, in a session of their own. When the calling process dies, by SIGKILL too, they are
 * killed at once. There is one exception: in a PID namespace that gons has not created, a process
 * survives that has left the program's group and whose parent has ended.
 *
 * The calling process gets no SIGCHLD for a program, and wait(2) does not see it.
 *
 * The program has the environment, the working directory, the umask, the limits and the privileges
 * of the calling thread, all signals at their defaults and none blocked, a process group of its
 * own, and no descriptors but 0, 1 and 2, which are pipes. So the output of most programs is
 * buffered, and comes late: run them by stdbuf(1) with -oL, or with an option of their own. What
 * it prints is always read, so that it never has to wait.
 *
 * Needs Linux 5.3.
 */

#include <gons/set.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A program that was started. It belongs to the scope and is invalid when that has ended. */
typedef struct gons_process gons_process;

/* How to run a program. Members that are 0 have no effect, except as said below. */
struct gons_process_options {
	const gons_set *set; /* the namespaces to run in: these, or... */
	int nsfd; /* ... this one, of any type; 0 or -1 for none */
	const char *const
		*environment; /* all of it, "NAME=value", up to a NULL; NULL: the caller's */
	const char *directory; /* the working directory, as seen in those namespaces */
	const void *input; /* standard input, up to end of file */
	size_t input_size;
	int timeout_ms; /* when to kill it; -1: never; 0: after 60 s in gons_process_run(), never in
			 * gons_process_start() */
	uint64_t reserved[4]; /* must be 0 */
};

/* How it ended, and what it printed. */
struct gons_process_result {
	int status; /* as of waitpid(2), for WIFEXITED() and so on; -1: there is none */
	char *output; /* standard output, followed by a '\0' */
	size_t output_size; /* without that '\0' */
	char *error_output; /* standard error, in the same way */
	size_t error_size;
	uint64_t reserved[4];
};

/*
 * gons_process_run - run a program, and wait until it has ended.
 *
 * @argv: the program and its arguments, up to a NULL. A program without "/" is looked up in PATH of
 *        the environment that it gets, as by execvp(3), and in the mount namespace that it runs in.
 * @options: NULL for the defaults.
 * @result: how it ended and what it printed, for gons_process_result_free() in any case.
 *
 * Processes that the program has left behind in the background are ended with the calling
 * thread's scope. Output that they write later is not in the result.
 *
 * Returns 0 when the program has ended, with any status. If result is NULL, the caller cannot see
 * the status: then any status other than that of exit(0) is a failure with EREMOTEIO.
 *
 * -1 with EINVAL, before anything is done: argv or argv[0] is NULL, both set and nsfd are given,
 * input is NULL while input_size is not 0, timeout_ms is below -1, a reserved member is not 0,
 * nsfd is no namespace. ENOENT: there is no such program, or no such directory. EACCES, ENOEXEC and
 * others of execve(2). EPERM and others of gons_set_run() when the namespaces cannot be joined.
 * EAGAIN, EMFILE, ENOMEM: processes, descriptors or memory are used up. ENOSYS before Linux 5.3.
 *
 * -1 with ETIMEDOUT: the program was killed because its time was over. EFBIG: it was killed because
 * it printed more than 1 GiB. EPERM: its time was over, but it cannot be killed, because it runs as
 * another user now. ECHILD: its status is unknown because its supervisor was killed. In these cases
 * the result has what it had printed.
 */
int gons_process_run(const char *const argv[], const struct gons_process_options *options,
		     struct gons_process_result *result);

/*
 * gons_process_start - start a program that runs until the calling thread's scope ends.
 *
 * Returns once the program runs (execve(2) has succeeded). The process belongs to the scope: do not
 * free it. NULL with the errno of gons_process_run() when the program cannot be started.
 */
gons_process *gons_process_start(const char *const argv[],
				 const struct gons_process_options *options);

/*
 * gons_process_pid - the process id of the program in the caller's PID namespace.
 *
 * It is also the id of the program's process group. Once the program has ended, another process may
 * get this number. -1 with EINVAL for NULL.
 */
pid_t gons_process_pid(const gons_process *process);

/*
 * gons_process_wait - wait until a program has ended by itself.
 *
 * @timeout_ms: 0 only looks; -1: no limit.
 * @result: as for gons_process_run(); everything that was printed since the start.
 *
 * Further calls give the same result. Returns as gons_process_run() does, and -1 with ETIMEDOUT
 * when the program still runs. It goes on then; the result has what it has printed so far, and the
 * status -1. EINVAL when process is NULL or timeout_ms is below -1.
 */
int gons_process_wait(gons_process *process, int timeout_ms, struct gons_process_result *result);

/*
 * gons_process_wait_output - wait until a program has printed text.
 *
 * @text: is searched for in its standard output and in its standard error, from the start of each.
 *        "" is found at once.
 * @timeout_ms: 0 only looks; -1: no limit.
 *
 * Returns 0 when it was printed. -1 with ETIMEDOUT when it was not printed in time; EREMOTEIO when
 * the program and what it has left in the background have ended without having printed it, or have
 * closed their output; the message has what was printed. EINVAL when process or text is NULL or
 * timeout_ms is below -1.
 */
int gons_process_wait_output(gons_process *process, const char *text, int timeout_ms);

/*
 * gons_process_result_free - free what a result holds.
 *
 * Leaves it empty, with the status -1. NULL, an empty result, and a second time are fine. Keeps
 * errno.
 */
void gons_process_result_free(struct gons_process_result *result);

#ifdef __cplusplus
}
#endif

#endif

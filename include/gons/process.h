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
 * background, in a session of their own. When the calling process dies, by SIGKILL too, they
 * are killed at once. Only in a PID namespace that gons has not made, processes that left the
 * program's group survive.
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

/* How to run a program. Members that are 0 ask for nothing. */
struct gons_process_options {
	const gons_set *set; /* the namespaces to run in: these, or... */
	int nsfd; /* ... this one, of any type; 0 or -1 for none */
	const char *const
		*environment; /* all of it, "NAME=value", up to a NULL; NULL: the caller's */
	const char *directory; /* the working directory, as seen in those namespaces */
	const void *input; /* standard input, and then its end */
	size_t input_size;
	int timeout_ms; /* when to kill it; -1: never; 0: after 60 s in gons_process_run(), never in
			 * gons_process_start() */
	uint64_t reserved[4]; /* must be 0 */
};

/* What has become of it. */
struct gons_process_result {
	int status; /* as of waitpid(2), for WIFEXITED() and so on; -1: there is none */
	char *output; /* standard output, and a '\0' behind it */
	size_t output_size; /* without that '\0' */
	char *error_output; /* standard error, likewise */
	size_t error_size;
	uint64_t reserved[4];
};

/*
 * gons_process_run - run a program, and wait until it has ended.
 *
 * @argv: the program and its arguments, up to a NULL. A program without "/" is looked up in PATH of
 *        the environment that it gets, as by execvp(3), and in the mount namespace that it runs in.
 * @options: NULL for the defaults.
 * @result: what has become of it, for gons_process_result_free() in any case.
 *
 * Processes that the program has left behind in the background are ended with the calling
 * thread's scope. Output that they write later is not in the result.
 *
 * Returns 0 when the program has ended, with any status. Without a result (NULL) nobody can look at
 * the status, so another one than that of exit(0) is a failure with EREMOTEIO then.
 *
 * -1 with EINVAL, before anything is done: argv or argv[0] is NULL, both set and nsfd are given,
 * input is NULL while input_size is not 0, timeout_ms is below -1, a reserved member is not 0,
 * nsfd is no namespace. ENOENT: there is no such program, or no such directory. EACCES, ENOEXEC and
 * others of execve(2). EPERM and others of gons_set_run() when the namespaces cannot be joined.
 * EAGAIN, EMFILE, ENOMEM: processes, descriptors or memory are used up. ENOSYS before Linux 5.3.
 *
 * -1 with ETIMEDOUT: the program was killed because its time was over. EFBIG: it was killed because
 * it printed more than 1 GiB. EPERM: its time was over, but it cannot be killed, as it has become
 * another user's. ECHILD: its status is unknown because its supervisor was killed. The result has
 * what it had printed in these cases.
 */
int gons_process_run(const char *const argv[], const struct gons_process_options *options,
		     struct gons_process_result *result);

/*
 * gons_process_start - start a program that runs until the calling thread's scope ends.
 *
 * Returns when it has been executed. The process belongs to the scope: it is not to be freed. NULL
 * with the errno of gons_process_run() when it does not run.
 */
gons_process *gons_process_start(const char *const argv[],
				 const struct gons_process_options *options);

/*
 * gons_process_pid - the process id of the program in the caller's PID namespace.
 *
 * It leads the program's process group. Once the program has ended, the number may be another
 * process's. -1 with EINVAL for NULL.
 */
pid_t gons_process_pid(const gons_process *process);

/*
 * gons_process_wait - wait until a program has ended by itself.
 *
 * @timeout_ms: 0 only looks; -1: no limit.
 * @result: as for gons_process_run(); everything that was printed since the start.
 *
 * It may be called again and gives the same again. Returns as gons_process_run() does, and -1 with
 * ETIMEDOUT when the program still runs, which it goes on to do; the result has what it has printed
 * so far, and the status -1. EINVAL for NULL and for a negative timeout_ms but -1.
 */
int gons_process_wait(gons_process *process, int timeout_ms, struct gons_process_result *result);

/*
 * gons_process_wait_output - wait until a program has printed text.
 *
 * @text: is looked for in all of its standard output, and of its standard error. "" is there.
 * @timeout_ms: 0 only looks; -1: no limit.
 *
 * Returns 0 when it is there. -1 with ETIMEDOUT when it is not in time; EREMOTEIO when the program
 * and what it has left in the background have ended without having printed it, or have closed their
 * output; the message has what was printed. EINVAL for NULL and for
 * a negative timeout_ms but -1.
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

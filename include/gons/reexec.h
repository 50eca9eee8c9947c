/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_REEXEC_H
#define GONS_REEXEC_H

/*
 * Re-execution: this program runs again, in other namespaces, to do one action there.
 *
 * The new process joins the namespaces before its main, while it has only one thread. So it can
 * join user, PID and time namespaces too, and the calling process stays where it is. The action
 * reads its parameter from standard input and prints its result to standard output:
 *
 *     GONS_ACTION(links)
 *     {
 *             return system("ip -json link show") == 0 ? 0 : 1;
 *     }
 *
 *     int main(void)
 *     {
 *             gons_reexec_check();
 *             ...
 *                     const struct gons_nsref blue = { "net", "/run/netns/blue" };
 *                     const struct gons_reexec job = {
 *                             .action = "links", .namespaces = &blue, .n_namespaces = 1 };
 *                     struct gons_reexec_result result;
 *
 *                     if (gons_reexec_run(&job, &result) < 0)
 *                             puts(gons_error());
 *                     gons_reexec_result_free(&result);
 *     }
 *
 * Needs Linux 5.3, and procfs on /proc.
 */

#include <gons/gons.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A namespace to join: its type, "net" or "!net" as in gons_order of gons_status(), and its path. */
struct gons_nsref {
	const char *type;
	const char *path;
};

/* What to run, and how. Members that are 0 have no effect. */
struct gons_reexec {
	const char *action;
	const struct gons_nsref *namespaces; /* in the order in which they are joined */
	size_t n_namespaces;
	const void *param; /* the action's standard input */
	size_t param_size;
	const char *const *environment; /* "NAME=value" for the action, up to a NULL */
	int timeout_ms; /* 0: 10 s; -1: no limit */
	uint64_t reserved[4]; /* must be 0 */
};

/* The result. */
struct gons_reexec_result {
	char *output; /* standard output, followed by a '\0' */
	size_t output_size; /* without that '\0' */
	char *error_output; /* standard error */
	int exit_status; /* 128 + N for an action that was killed by signal N; -1: there is none */
	uint64_t reserved[4];
};

/*
 * gons_reexec_register - give an action a name.
 *
 * @action: returns the exit status of its process.
 *
 * Call it before gons_reexec_check(), which is where the new process looks for its action. The name
 * is copied. Returns 0. -1 with EINVAL when action is NULL; when name is NULL, empty or longer than
 * 255 bytes; after gons_reexec_check(); or when the name is already registered. Then neither of the
 * two actions can be run, since the name does not tell which one is meant. -1 with ENOMEM.
 */
int gons_reexec_register(const char *name, int (*action)(void));

/*
 * GONS_ACTION(name) { ... return 0; } - define an action, and register it before main.
 *
 * @name: an identifier, or a string literal without escape sequences.
 *
 * gons_reexec_run() reports what gons_reexec_register() would refuse.
 */
#define GONS_ACTION(name) GONS_ACTION_(#name, GONS_UNIQUE_(gons_action_, __COUNTER__))

#define GONS_ACTION_(text, function)                                                               \
	static int function(void);                                                                 \
	__attribute__((__constructor__)) static void GONS_PASTE_(function, _register)(void)        \
	{                                                                                          \
		static struct gons_reexec_action action_ = { text, function, NULL };               \
                                                                                                   \
		gons_reexec_action_add(&action_);                                                  \
	}                                                                                          \
	static int function(void)

/* Parts of GONS_ACTION. Do not use them directly. */
struct gons_reexec_action {
	const char *name; /* in quotation marks, unless it is an identifier */
	int (*action)(void);
	struct gons_reexec_action *next;
};
void gons_reexec_action_add(struct gons_reexec_action *action);

/*
 * gons_reexec_check - run the action, if this process was started for one.
 *
 * Call it first in main: before the program starts threads, looks at its arguments, or calls
 * gons_status_or_exit(), since the caller of the action wants to know what went wrong at the start.
 * In a process that gons_reexec_run() has started it runs the action, and ends the process by
 * exit(3) with the status that the action returns (255 for one that is not between 0 and 255). In
 * any other process it returns at once.
 *
 * The action runs in a process group of its own, with all signals at their defaults and none
 * blocked. It has no descriptors but 0, 1 and 2 (and one more for coverage data in a program that
 * is built for gcov). It is killed when the caller dies.
 */
void gons_reexec_check(void);

/*
 * gons_reexec_run - run an action in a new process of this program.
 *
 * @result: is filled in any case, and is for gons_reexec_result_free(); or NULL.
 *
 * The new process executes /proc/self/exe. It starts in the namespaces, root and working directory
 * of the calling thread, and joins job->namespaces. It has the environment of the caller, without
 * the variables of gons_status() and with those of job->environment. A path is opened before the
 * first switch if its type has a "!": then it has the same meaning as for the caller, even if it is
 * "/proc/self/fd/7". Without "!" the new process opens it just before it joins, in the mount
 * namespace that it is in by then, where "/proc/self" is itself.
 *
 * The parameter is written while the output is read. The output may have up to 1 GiB. The action
 * need not read all of its parameter. When the process of the action ends, all processes that it
 * has left behind are killed, also those that have left its process group. What has been written
 * until then is the output. When the time limit is over, all of them are killed.
 *
 * Returns 0 when the action has exited with status 0 and written nothing to standard error.
 *
 * -1 with EINVAL, before anything is done: job or job->action is NULL; the action is not registered,
 * or registered twice; gons_reexec_check() has not been called in this process; this process runs an
 * action itself; param is NULL while param_size is not 0, or namespaces while n_namespaces is not
 * 0; a type is unknown or repeated, a path NULL or empty; a string of environment is not
 * "NAME=value", or sets gons_action or a variable of gons_status(); timeout_ms is negative and not
 * -1; a reserved member is not 0. EPERM: the process has elevated privileges (AT_SECURE).
 *
 * EREMOTEIO: the action exited with another status than 0, wrote to standard error (the message has
 * the text), or was killed by a signal; or the program ended before it called gons_reexec_check().
 * ETIMEDOUT: it was killed because its time was over. EFBIG: it was killed because it printed more
 * than 1 GiB. ECHILD: its status is unknown because the process of gons that watched it was killed.
 * In these cases the result has what the action has written.
 *
 * The errno of gons_status() in the new process: it could not join the namespaces, and the action
 * did not run.
 *
 * ENOENT, EACCES and others: the program cannot be started from where the thread is, because /proc is
 * not mounted or the dynamic linker is missing there. E2BIG: the environment is too long. EAGAIN,
 * EMFILE, ENOMEM: processes, descriptors or memory are used up. ENOSYS before Linux 5.3.
 *
 * The thread is not cancelled (pthread_cancel(3)) during the call. No process, descriptor or signal
 * is left behind, except for a process that runs as another user now (the message says so). The
 * caller gets no SIGCHLD, and wait(2) does not see the process.
 */
int gons_reexec_run(const struct gons_reexec *job, struct gons_reexec_result *result);

/*
 * gons_reexec_result_free - free what a result holds.
 *
 * Leaves it empty, with the status -1. NULL, an empty result, and a second time are fine. Keeps
 * errno.
 */
void gons_reexec_result_free(struct gons_reexec_result *result);

#ifdef __cplusplus
}
#endif

#endif

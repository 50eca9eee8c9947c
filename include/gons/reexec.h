/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_REEXEC_H
#define GONS_REEXEC_H

/*
 * Re-execution: this program starts itself once more, in other namespaces, and the new process
 * calls one of the program's functions there. Such a function is called an action.
 *
 * The new process joins the namespaces before its main(), while it has only one thread. So it can
 * join user, PID and time namespaces, too, and the calling process stays where it is. The action
 * reads its parameter from standard input, and prints its result to standard output:
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

/* A namespace to join. */
struct gons_nsref {
	const char *type; /* a name of gons_type_name(); a "!" before it: see gons_reexec_run() */
	const char *path; /* such as "/run/netns/blue" */
};

/* What to run, and how. A member that is 0 has no effect, except for timeout_ms. */
struct gons_reexec {
	const char *action; /* its name */
	const struct gons_nsref *namespaces; /* in the order in which they are joined */
	size_t n_namespaces;
	const void *param; /* what the action can read from its standard input */
	size_t param_size; /* in bytes */
	const char *const *environment; /* variables to set, "NAME=value"; ends with NULL */
	int timeout_ms; /* the action is killed after so many ms; 0: 10 s; -1: no limit */
	uint64_t reserved[4]; /* must be 0 */
};

/* How the action ended, and what it printed. */
struct gons_reexec_result {
	char *output; /* standard output, followed by a '\0' */
	size_t output_size; /* in bytes, without that '\0' */
	char *error_output; /* standard error, followed by a '\0' */
	int exit_status; /* 128 + N if signal N has killed the action; -1: no or unknown status */
	uint64_t reserved[4];
};

/*
 * gons_reexec_register - give an action a name.
 *
 * @action: returns the exit status of its process.
 *
 * Call it before gons_reexec_check(), where the new process looks for its action. The name is
 * copied. An action stays registered until the process ends.
 *
 * Returns 0. -1 with EINVAL when action is NULL; when name is NULL, empty or longer than 255 bytes;
 * or when gons_reexec_check() was already called. -1 with EINVAL also when the name is already
 * registered: from then on gons_reexec_run() refuses this name, because it could mean either
 * action. -1 with ENOMEM when memory is short.
 */
int gons_reexec_register(const char *name, int (*action)(void));

/*
 * GONS_ACTION(name) { ... return 0; } - define an action, and register it before main.
 *
 * @name: an identifier, or a string literal without escape sequences.
 *
 * If gons_reexec_register() would refuse the name, gons_reexec_run() fails with that error.
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
 * Call it first in main(): before the program starts threads or looks at its arguments, and before
 * gons_status_or_exit(). That one would print what went wrong at the start of the new process and
 * exit, whereas gons_reexec_check() reports it to the caller of gons_reexec_run().
 *
 * In a process that gons_reexec_run() has started, it calls the action, and then ends the process
 * by exit(3) with the value that the action returned (255 if that is not between 0 and 255). In any
 * other process it returns at once.
 *
 * The action has its own process group. All signals have their default actions, and none is
 * blocked. Its only descriptors are 0, 1 and 2 (and one for coverage data in a program that is
 * built for gcov). It is killed when the calling process dies.
 */
void gons_reexec_check(void);

/*
 * gons_reexec_run - run an action in a new process of this program.
 *
 * @result: receives how the action ended and what it printed. Call gons_reexec_result_free() in any
 *          case, also after a failure. NULL: no result is wanted.
 *
 * The new process executes /proc/self/exe. It starts in the namespaces, root and working directory
 * of the calling thread, and then joins job->namespaces in their order. Its environment is that of
 * the caller with the variables of job->environment, and without those of gons_status().
 *
 * If a type begins with "!", such as "!net", the new process opens the path before it joins any
 * namespace. The path then means the same file as for the caller, even "/proc/self/fd/7". Without
 * "!", the new process opens the path just before it joins that namespace: in the mount namespace
 * that it has joined by then, and "/proc/self" is the new process.
 *
 * The action need not read all of its parameter. It may print up to 1 GiB. When the action ends, or
 * timeout_ms is over, all processes that it has started are killed, also those that have left its
 * process group. The output is what was printed until then.
 *
 * Returns 0 when the action has exited with status 0 and has printed nothing to standard error.
 *
 * Returns -1 before anything is done: EINVAL when job or job->action is NULL; the action is not
 * registered, or two have this name; gons_reexec_check() was not called in this process; this
 * process runs an action itself; param is NULL and param_size is not 0; namespaces is NULL and
 * n_namespaces is not 0; a type is unknown or repeated; a path is NULL or empty; a string of
 * environment is not "NAME=value", or sets gons_action or a variable of gons_status(); timeout_ms
 * is below -1; or a reserved member is not 0. EPERM when the process has elevated privileges
 * (AT_SECURE of getauxval(3)): run the action without them.
 *
 * Returns -1 when the new process could not be started: ENOENT or EACCES when /proc is not mounted,
 * or the dynamic linker is missing, in the calling thread's mount namespace or root; E2BIG when the
 * environment is too long; EAGAIN, EMFILE, ENFILE or ENOMEM when there are too many processes or
 * descriptors, or too little memory (raise the limit, or end a scope); ENOSYS before Linux 5.3.
 *
 * Returns -1 with gons_status_errno() of the new process when that could not join the namespaces.
 * The action did not run then, and the message is that of gons_status().
 *
 * Returns -1 after the program has run, with a result that has what it had printed: EREMOTEIO when
 * the action exited with another status than 0, printed to standard error (the message quotes
 * that), or was killed by a signal, or when the program ended before it called
 * gons_reexec_check(); ETIMEDOUT when it was killed because timeout_ms was over; EFBIG when it was
 * killed because it printed more than 1 GiB, or more than files may have (RLIMIT_FSIZE); ENOMEM,
 * ENOSPC and others when it was killed because its output could not be recorded, which takes memory;
 * ECHILD when its status is unknown, because the process of gons that watched it was killed.
 *
 * During the call the thread cannot be cancelled (pthread_cancel(3)). Afterwards no process,
 * descriptor or pending signal of the call exists. One exception: a process that runs as another
 * user by now cannot be killed; the message says so. The calling process gets no SIGCHLD for the
 * new process, and wait(2) does not see it.
 */
int gons_reexec_run(const struct gons_reexec *job, struct gons_reexec_result *result);

/*
 * gons_reexec_result_free - free the strings of a result.
 *
 * The result is empty afterwards, with the exit status -1. It may be freed again, and may be NULL.
 * Keeps errno.
 */
void gons_reexec_result_free(struct gons_reexec_result *result);

#ifdef __cplusplus
}
#endif

#endif

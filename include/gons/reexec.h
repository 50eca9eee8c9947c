/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_REEXEC_H
#define GONS_REEXEC_H

/*
 * Re-execution: this program runs again, in other namespaces, to do one action there.
 *
 * The new process joins the namespaces before its main, when it has one thread yet; so it gets into
 * user, PID and time namespaces too, and the calling process stays as it is. The action reads its
 * parameter from standard input and prints its result to standard output:
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

/* A namespace to join: a type as in gons_order of gons_status(), "net" or "!net", and the path
 * of a namespace of this type. */
struct gons_nsref {
	const char *type;
	const char *path;
};

/* What is to be run. Members that are 0 ask for nothing. */
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

/* What came of it. */
struct gons_reexec_result {
	char *output; /* standard output, and a '\0' behind it */
	size_t output_size; /* without that '\0' */
	char *error_output; /* standard error */
	int exit_status; /* 128 and the signal's number for an action that a signal has killed;
			  * -1: there is none */
	uint64_t reserved[4];
};

/*
 * gons_reexec_register - give an action a name.
 *
 * @action: returns the exit status of its process.
 *
 * To be called before gons_reexec_check(): that is where the new process looks for its action.
 * The name is copied. Returns 0; -1 with EINVAL when action is NULL; when name is NULL, empty or
 * longer than 255 bytes; after gons_reexec_check(); or for a name that is registered already,
 * which cannot be run any more then, as nobody knows which one is meant. -1 with ENOMEM.
 */
int gons_reexec_register(const char *name, int (*action)(void));

/*
 * GONS_ACTION(name) { ... return 0; } - an action that is registered before main.
 *
 * @name: an identifier, or a string literal without escape sequences.
 *
 * What gons_reexec_register() would refuse is found by gons_reexec_run().
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

/* What GONS_ACTION is made of; not to be used otherwise. */
struct gons_reexec_action {
	const char *name; /* in quotation marks, if it is no identifier */
	int (*action)(void);
	struct gons_reexec_action *next;
};
void gons_reexec_action_add(struct gons_reexec_action *action);

/*
 * gons_reexec_check - run the action, if this process was started for one.
 *
 * To be called first thing in main, before threads are started, arguments looked at, or
 * gons_status_or_exit() called, as what went wrong at the start is for the caller here. In a
 * process that gons_reexec_run() has started it runs the action and ends by exit(3) with the
 * status that the action returns (255 for one that does not fit into 0 to 255). Else it returns
 * at once.
 *
 * The action runs in a process group of its own, with all signals at their defaults and none
 * blocked, with no other descriptor than 0, 1 and 2 (and, in a program built for gcov, one for the
 * data of the coverage), and is killed when the caller is.
 */
void gons_reexec_check(void);

/*
 * gons_reexec_run - run an action in a new process of this program.
 *
 * @result: what came of it, for gons_reexec_result_free() in any case; or NULL.
 *
 * The new process executes /proc/self/exe. It starts in the namespaces, root and working directory
 * of the calling thread and with its environment, from which the variables of gons_status() are
 * removed and to which those of job->environment are added, and joins job->namespaces. A path is
 * opened before the first switch where the type has a "!": it means what it means to the caller
 * then, "/proc/self/fd/7" included. Without "!" the new process opens it just before its own
 * switch, in the mount namespace that it has come into, where "/proc/self" is itself.
 *
 * The parameter is written while the output is read, the output up to 1 GiB; the action need not
 * read it to the end. When the action's process ends, what it has left running in its process group
 * is killed, and what has been written by then is the output: processes that left the group
 * (setsid(2)) live on, unheard. When the timeout is over, process and process group are killed.
 *
 * Returns 0 when the action has exited with status 0 and written nothing to standard error; or -1:
 *
 * EINVAL, before anything is done: job or job->action is NULL; the action is not registered, or
 * twice; gons_reexec_check() has not been called in this process; this process is one that runs an
 * action; param is NULL while param_size is not 0, namespaces while n_namespaces is not 0; a type
 * is unknown or repeated, a path NULL or empty; a string of environment is no "NAME=value", or sets
 * a variable of gons_status() or gons_action; timeout_ms is negative. EPERM, too: the process has
 * elevated privileges (AT_SECURE).
 *
 * EREMOTEIO: the action exited with another status than 0, wrote to standard error (the message
 * has the text), was killed by a signal, or the program ended without coming to
 * gons_reexec_check(). ETIMEDOUT: it was killed because the timeout was over. EFBIG: it has printed
 * more than 1 GiB and was killed. ECHILD: its exit status is lost, because SIGCHLD is ignored, or
 * its handler or another thread waits for any child. In these cases the result has what the action
 * has written.
 *
 * What gons_status() says in the new process, as its own errno: it could not join the namespaces,
 * and the action has not been run.
 *
 * ENOENT, EACCES...: the program cannot be started from where the thread is: there is no /proc, or
 * the dynamic linker is missing in its mount namespace. E2BIG: the environment is too long. EAGAIN,
 * EMFILE, ENOMEM: processes, descriptors or memory are used up; ENOSYS before Linux 5.3. The
 * process is killed if it was running.
 *
 * The thread is not cancelled (pthread_cancel(3)) meanwhile. No process of the group, descriptor or
 * signal is left behind in any case, but for a process that has become another user's (the message
 * says so).
 */
int gons_reexec_run(const struct gons_reexec *job, struct gons_reexec_result *result);

/*
 * gons_reexec_result_free - free what a result holds.
 *
 * NULL, a result that is all zeros, and a second time are fine. Keeps errno.
 */
void gons_reexec_result_free(struct gons_reexec_result *result);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Actions, and the new process, which runs one.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>

#include "gons/base/error.h"
#include "gons/process/reexec_parts.h"

/* ---- actions ---- */

static _Atomic(struct gons_reexec_action *) actions;
static atomic_bool checked; /* gons_reexec_check() has been called */
static bool in_action; /* this process, or an ancestor that forked it, was started for an action */

/* The name is in quotation marks, unless GONS_ACTION() was called with an identifier. */
static bool has_name(const struct gons_reexec_action *action, const char *name)
{
	size_t length = strlen(name);
	bool quoted = action->name[0] == '"';

	return strncmp(action->name + quoted, name, length) == 0 &&
	       strcmp(action->name + quoted + length, quoted ? "\"" : "") == 0;
}

/* The one action of this name, or NULL with EINVAL. */
static const struct gons_reexec_action *find(const char *name)
{
	const struct gons_reexec_action *found = NULL;
	int n = 0;

	for (const struct gons_reexec_action *action = actions; action; action = action->next)
		if (has_name(action, name)) {
			found = action;
			n++;
		}
	if (n == 1)
		return found;
	(void)gons_i_fail(EINVAL, "%s action \"%s\" is registered", n == 0 ? "no" : "more than one",
			  name);
	if (n == 0)
		gons_i_add_remedy("register it with GONS_ACTION(), or with "
				  "gons_reexec_register() before gons_reexec_check()");
	return NULL;
}

GONS_EXPORT void gons_reexec_action_add(struct gons_reexec_action *action)
{
	/* The new process would not find it in gons_reexec_check(). Also, it may belong to a
	 * library that will be unloaded. */
	if (checked)
		return;
	action->next = actions;
	while (!atomic_compare_exchange_weak(&actions, &action->next, action))
		;
}

static int check_name(const char *name)
{
	size_t length = name ? strlen(name) : 0;

	if (!name)
		return gons_i_fail(EINVAL, "the name of an action is NULL");
	if (length > 0 && length <= GONS_I_NAME_MAX)
		return 0;
	return gons_i_fail(EINVAL, "the name of an action must have 1 to %d bytes; it has %zu",
			   GONS_I_NAME_MAX, length);
}

GONS_EXPORT int gons_reexec_register(const char *name, int (*action)(void))
{
	struct gons_reexec_action *copy;
	bool twice = false;
	size_t length;

	if (check_name(name) < 0)
		return -1;
	if (!action)
		return gons_i_fail(EINVAL, "action is NULL for the name \"%s\"", name);
	if (checked)
		return gons_i_fail(EINVAL,
				   "cannot register the action \"%s\" after gons_reexec_check(), "
				   "where the new process looks for it",
				   name);
	for (const struct gons_reexec_action *other = actions; other; other = other->next)
		twice |= has_name(other, name);
	length = strlen(name) + sizeof("\"\"");
	copy = malloc(sizeof(*copy) + length);
	if (!copy)
		return gons_i_fail(ENOMEM, "cannot register the action \"%s\"", name);
	copy->name = (char *)(copy + 1);
	(void)snprintf((char *)(copy + 1), length, "\"%s\"", name); /* fits */
	copy->action = action;
	gons_reexec_action_add(copy); /* also a second one, so that neither of the two is run */
	return twice ? gons_i_fail(EINVAL, "the action \"%s\" is registered already", name) : 0;
}

/* ---- the new process ---- */

/* Writes a line to standard error: "NONCE:0:" when the action begins, or "NONCE:ERRNO:MESSAGE" if
 * it cannot. At exit, a second line marks the end of the action's output, before libgcov may
 * print. */
static void report(const char *nonce, int errnum, const char *message)
{
	char line[GONS_I_NONCE + 16 + GONS_I_MESSAGE_SIZE];
	int length = snprintf(line, sizeof(line), "%.*s:%d:%s", GONS_I_NONCE, nonce, errnum,
			      message); /* fits, and into a pipe at once */

	for (char *c = line; *c; c++)
		if (*c == '\n')
			*c = ' ';
	line[length++] = '\n';
	while (write(STDERR_FILENO, line, (size_t)length) < 0 && errno == EINTR)
		;
}

/* ---- coverage ---- */

/*
 * A program built for gcov writes its data when it exits, to files named by their absolute paths at
 * build time, which may be other files in the namespaces of an action, or absent. So the new
 * process gets the root directory of its caller as a descriptor, and writes below that. Programs
 * that GCC or clang has built for gcov have these functions.
 */
extern char __gcov_master[] __attribute__((weak));
extern void __gcov_dump(void) __attribute__((weak));

/* The root that the paths start at: that of the caller when it called gons_reexec_check(). */
static int coverage_fd = -1;

/* The process that runs the action, and the nonce that it reports with. */
static pid_t action_pid;
static char action_nonce[GONS_I_NONCE + 1];

static bool is_covered(void)
{
	return __gcov_master || __gcov_dump;
}

int gons_i_coverage_fd(void)
{
	/* The program may have closed it, for example in a loop over all descriptors. */
	return coverage_fd >= 0 && fcntl(coverage_fd, F_GETFD) >= 0 ? coverage_fd : -1;
}

/*
 * At exit, before the data are written: sets GCOV_PREFIX, so that their paths are relative to that
 * root. What libgcov prints then ("overwriting...", after a new build) is not output of the action.
 */
static void direct_coverage(void)
{
	const char *prefix = getenv("GCOV_PREFIX");
	char *relative;

	if (getpid() == action_pid)
		report(action_nonce, 0, "");
	if (prefix && prefix[0] != '/')
		return; /* it is relative to the working directory */
	if (fchdir(coverage_fd) < 0 || asprintf(&relative, ".%s", prefix ? prefix : "") < 0)
		return;
	(void)setenv("GCOV_PREFIX", relative, 1);
	free(relative);
}

static void inherit_coverage(const char *nonce)
{
	/* To a high number, since an action expects its descriptors to begin at 3. */
	coverage_fd = fcntl(3, F_DUPFD_CLOEXEC, 100);
	if (coverage_fd >= 0) {
		(void)close(3);
	} else { /* the limit on descriptors is lower */
		coverage_fd = 3;
		(void)fcntl(coverage_fd, F_SETFD, FD_CLOEXEC);
	}
	action_pid = getpid();
	memcpy(action_nonce, nonce, GONS_I_NONCE);
	(void)atexit(direct_coverage);
}

static void prepare_coverage(void)
{
	cleanup_fd int fd = -1;

	if (!is_covered() || coverage_fd >= 0)
		return;
	/* Not 0, 1 or 2, if the program has closed these. */
	fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	coverage_fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

/* ---- the action ---- */

/* An action ends with its caller, who may be killed by Ctrl-C, which does not reach the process
 * group of the action. The caller may have ended already, and with it the reader of the output. */
static void die_with_caller(void)
{
	struct pollfd output = { .fd = STDOUT_FILENO };

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (poll(&output, 1, 0) > 0 && (output.revents & POLLERR))
		exit(EXIT_FAILURE);
}

/* The action, or NULL if it must not be run. */
static const struct gons_reexec_action *choose_action(const char *name)
{
	struct gons_i_failure failure;

	if (getauxval(AT_SECURE) != 0) {
		(void)gons_i_fail(EPERM, "a program with elevated privileges takes no action from "
					 "its environment");
		return NULL;
	}
	if (!gons_status())
		return find(name);
	failure.errnum = gons_status_errno();
	(void)snprintf(failure.message, sizeof(failure.message), "%s", gons_status());
	(void)gons_i_failure_restore(&failure);
	return NULL;
}

static void run_action(const char *ticket)
{
	const struct gons_reexec_action *action;
	int status;

	in_action = true;
	/* With elevated privileges, another user may have chosen ticket and descriptor. */
	if (ticket[GONS_I_NONCE] == 'c' && is_covered() && getauxval(AT_SECURE) == 0)
		inherit_coverage(ticket);
	action = choose_action(ticket + GONS_I_NONCE + 1);
	if (!action) {
		report(ticket, errno, gons_error());
		exit(EXIT_FAILURE);
	}
	/* The kernel has named the process "exe", after /proc/self/exe. */
	(void)prctl(PR_SET_NAME, program_invocation_short_name);
	die_with_caller();
	report(ticket, 0, "");
	status = action->action();
	exit(status < 0 || status > 255 ? 255 : status);
}

GONS_EXPORT void gons_reexec_check(void)
{
	const char *ticket = getenv(GONS_I_ACTION_VARIABLE);
	char copy[GONS_I_TICKET_SIZE];

	checked = true;
	if (!ticket) {
		prepare_coverage();
		return;
	}
	(void)snprintf(copy, sizeof(copy), "%s", ticket);
	(void)unsetenv(GONS_I_ACTION_VARIABLE);
	if (strlen(copy) > GONS_I_NONCE + 1)
		run_action(copy);
}

int gons_i_action_check(const char *name)
{
	if (check_name(name) < 0)
		return -1;
	if (in_action)
		return gons_i_fail(EINVAL,
				   "gons_reexec_run() cannot be called from within an action");
	if (!checked) {
		(void)gons_i_fail(EINVAL, "cannot run the action \"%s\"", name);
		gons_i_add_cause("main() has not called gons_reexec_check(), where the new "
				 "process runs the action");
		gons_i_add_remedy("call it at the beginning of main()");
		return -1;
	}
	return find(name) ? 0 : -1;
}

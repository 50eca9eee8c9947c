/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What gons-run does after the command has failed: a shell, a report, a wait.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "run.h"

static void run_shell(const struct gons_net *net, const sigset_t *mask)
{
	const char *shell = getenv("SHELL");
	pid_t owner = getpid(), pid = fork();

	if (pid == 0) {
		restore_variables();
		if (set_host_variables(net, owner) >= 0)
			_exit(STATUS_FAILURE);
		(void)sigprocmask(SIG_SETMASK, mask, NULL);
		(void)execlp(shell && *shell ? shell : "sh", shell && *shell ? shell : "sh", NULL);
		(void)execl("/bin/sh", "sh", NULL);
		_exit(STATUS_NOT_FOUND);
	}
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* If private files of the command hide the directory, goes to the directory and makes it the one
 * that the library writes into. */
static void go_to_artifacts(const struct options *options)
{
	struct stat before, now;

	if (options->artifacts_fd < 0 || fstat(options->artifacts_fd, &before) < 0 ||
	    (stat(options->artifacts, &now) == 0 && now.st_dev == before.st_dev &&
	     now.st_ino == before.st_ino) ||
	    fchdir(options->artifacts_fd) < 0)
		return;
	(void)complain(0, "files are written into %s, which was hidden from the command",
		       options->artifacts);
	(void)setenv("GONS_ARTIFACTS", ".", 1);
}

/* Restores which signals are blocked. Signals that have come by now are dropped. */
static void unblock_signals(const sigset_t *mask)
{
	const struct timespec at_once = { 0, 0 };
	sigset_t all;

	(void)sigfillset(&all);
	while (sigtimedwait(&all, NULL, &at_once) > 0 || errno == EINTR)
		;
	(void)sigprocmask(SIG_SETMASK, mask, NULL);
}

void handle_failure(const struct options *options, const struct gons_net *net, const sigset_t *mask)
{
	if (options->on_failure & ON_FAILURE_SHELL) {
		(void)complain(0, "the command has failed; this shell runs in its namespaces%s",
			       options->types & CLONE_NEWPID
				       ? ", except its PID namespace, which has ended"
				       : "");
		run_shell(net, mask);
	}
	unblock_signals(mask);
	go_to_artifacts(options);
	if (options->on_failure & (ON_FAILURE_REPORT | ON_FAILURE_HOLD) || options->capture ||
	    options->artifacts)
		end_test(true);
}

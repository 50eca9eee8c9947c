/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A forked child that tries something, and says how it went.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "child.h"
#include "internal.h"

struct verdict {
	int result;
	struct gons_i_failure failure;
};

static void run(int (*fn)(void *), void *arg, int to_parent)
{
	struct verdict verdict = { .result = fn(arg) };

	gons_i_failure_save(&verdict.failure);
	/* It fits into an empty pipe, so it is written whole or not at all. */
	_exit(write(to_parent, &verdict, sizeof(verdict)) == sizeof(verdict) ? 0 : 1);
}

int gons_i_in_child(int (*fn)(void *), void *arg)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct verdict verdict;
	int ends[2];
	int status = 0;
	ssize_t got;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return gons_i_fail(errno, "cannot make a pipe to a child");
	pid = fork();
	if (pid == 0)
		run(fn, arg, ends[1]);
	gons_i_close_fd(&ends[1]);
	if (pid < 0) {
		(void)gons_i_fail(errno, "cannot fork a child to try it in");
		gons_i_close_fd(&ends[0]);
		return -1;
	}
	do
		got = read(ends[0], &verdict, sizeof(verdict));
	while (got < 0 && errno == EINTR);
	gons_i_close_fd(&ends[0]);
	/* Where SIGCHLD is ignored there is no status; the verdict is what counts. */
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (got != sizeof(verdict)) {
		(void)gons_i_fail(EPERM, "the child that tried it ended too early");
		if (WIFSIGNALED(status))
			gons_i_hint("signal %d: %s%s", WTERMSIG(status),
				    strsignal(WTERMSIG(status)),
				    WTERMSIG(status) == SIGSYS ? ", by which a seccomp filter kills"
							       : "");
		return -1;
	}
	return verdict.result < 0 ? gons_i_failure_restore(&verdict.failure) : 0;
}

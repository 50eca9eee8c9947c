/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions that run in a child, which can be in user, PID and time namespaces too.
 *
 * There are two children: one that joins the namespaces, and a child of it that the function runs
 * in. Joining a PID namespace only puts later children into it. And with two children the caller
 * learns how the function's process ended also where it ignores SIGCHLD, or waits for all children
 * elsewhere. Both die with the caller.
 */
#include <sched.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/child.h"
#include "gons/core/thread.h"
#include "gons/sets/coverage.h"
#include "gons/sets/set.h"
#include "gons/sets/join.h"

struct job {
	const gons_set *set;
	int (*fn)(void *);
	void *arg;
	struct gons_i_coverage coverage;
};

/* In a forked child like one of the caller's own. */
__attribute__((noreturn)) static void run_function(const struct job *job)
{
	int mark;
	int status;

	gons_i_coverage_begin();
	mark = gons_scope_begin();
	/* The caller writes what the program has not written yet. */
	__fpurge(stdout);
	__fpurge(stderr);
	gons_i_child_detach();
	status = job->fn(job->arg);
	if (mark >= 0)
		(void)gons_scope_end(mark); /* of a process that ends now */
	(void)fflush(stdout);
	(void)fflush(stderr);
	gons_i_coverage_end(&job->coverage);
	_exit(status);
}

/* Returns how the function's process ended. */
static int join_and_run(void *arg)
{
	const struct job *job = arg;
	const pid_t parent = getpid(), caller = getppid();
	cleanup_fd int pidfd = -1;
	int status;
	pid_t pid;

	if (gons_i_switch_for_good(job->set->fd, job->set->types) < 0)
		return -1;
	gons_i_child_tie_to(caller,
			    -1); /* once more: the kernel forgets it with a change of user */
	if (job->set->types & CLONE_NEWPID)
		pidfd = (int)syscall(SYS_pidfd_open, parent, 0); /* Linux 5.3 */
	pid = fork();
	if (pid == 0) {
		gons_i_child_tie_to(parent, pidfd);
		gons_i_close_fd(&pidfd);
		run_function(job);
	}
	if (pid < 0) {
		(void)gons_i_fail_fork(errno, "cannot fork a child to run a function in");
		if (errno == ENOMEM && (job->set->types & CLONE_NEWPID))
			gons_i_add_cause("the first process of the set's PID namespace has ended, "
					 "so no process can be created in it");
		return -1;
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return gons_i_fail(errno, "cannot wait for the function's process");
	return status;
}

GONS_EXPORT int gons_set_run(const gons_set *set, int (*fn)(void *), void *arg, int *status)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct job job = { .set = set, .fn = fn, .arg = arg };
	int result;

	if (!gons_i_set_is_valid(set))
		return -1;
	if (!fn)
		return gons_i_fail(EINVAL, "fn is NULL");
	gons_i_coverage_prepare(&job.coverage);
	result = gons_i_in_forked_child(join_and_run, &job);
	gons_i_coverage_finish(&job.coverage); /* keeps errno */
	if (result < 0)
		return -1;
	if (status)
		*status = result;
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests that end the process, and tests that a forked child leaves. In both cases a failure
 * stays a failure, and no test runs twice.
 */
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gons/mntns.h>
#include <gons/set.h>

#include "group.h"

static void runs_next(void **state)
{
	(void)state;
	(void)fprintf(stderr, "the next test runs in %s\n", getenv("RUNNER"));
}

/*
 * run: exit
 * status: 1
 * err: gons: calls_exit called exit(3): the remaining tests have not run
 * no: gons: calls_exit called exit(3)
 * notrun: runs_next
 * run: exit_in_a_fixture
 * status: 1
 * err: gons: a fixture called exit(3): the remaining tests have not run
 * notrun: runs_next
 * run: exit_between_groups
 * status: 0
 * passed: runs_next
 * no: gons: *
 */
static void calls_exit(void **state)
{
	(void)state;
	exit(0);
}

static int exit_group(void)
{
	run_these(gons_unit_test(calls_exit), gons_unit_test(runs_next));
}

static int fixture_calls_exit(void **state)
{
	(void)state;
	exit(0);
}

static int exit_in_a_fixture(void)
{
	const struct CMUnitTest tests[] = { gons_unit_test(runs_next) };

	return gons_run_group_tests(tests, fixture_calls_exit, NULL);
}

static int exit_between_groups(void)
{
	const struct CMUnitTest tests[] = { gons_unit_test(runs_next) };

	exit(gons_run_group_tests(tests, NULL, NULL));
}

/* ---- signals ---- */

/*
 * The report is there, and the process ends as it would without gons.
 *
 * run: abort
 * status: 134
 * err: gons: calls_abort was ended by SIGABRT
 * err: gons: report of calls_abort
 * err: the test's namespace (net:[*]): loopback up, and nothing else
 * notrun: runs_next
 */
static void calls_abort(void **state)
{
	(void)state;
	abort();
}

static int abort_group(void)
{
	run_these(gons_unit_test_in(calls_abort, CLONE_NEWNET), gons_unit_test(runs_next));
}

/*
 * A test that is ended in its teardown, after a failure, has one report.
 *
 * run: abort_after_a_failure
 * status: 134
 * err: gons: fails_first was ended by SIGABRT after it had failed
 * err: gons: report of fails_first
 * err: the test's namespace (net:[*]): loopback up, and nothing else
 * no: gons: fails_first was ended by SIGABRT
 */
static void fails_first(void **state)
{
	(void)state;
	fail();
}

static int abort_in_teardown(void **state)
{
	(void)state;
	abort();
}

static int abort_after_a_failure(void)
{
	run_these(gons_unit_test_in_setup_teardown(fails_first, CLONE_NEWNET, NULL,
						   abort_in_teardown));
}

/*
 * cmocka catches these itself, and goes on with the next test.
 *
 * run: crash
 * status: 1
 * err: gons: report of crashes
 * err: the test's namespace (net:[*]): loopback up, and nothing else
 * failed: crashes
 * passed: runs_next
 */
static void crashes(void **state)
{
	(void)state;
	(void)raise(SIGSEGV);
}

static int crash_group(void)
{
	run_these(gons_unit_test_in(crashes, CLONE_NEWNET), gons_unit_test(runs_next));
}

/*
 * Fixtures that fail are reported in the namespaces of the test.
 *
 * run: fixtures
 * status: 2
 * failed: does_nothing
 * err: gons: report of does_nothing
 * err: the test's namespace (net:[*]): loopback up, and nothing else
 * err: gons: report of does_nothing
 * err: the test's namespace (net:[*]): loopback up, and nothing else
 */
static void does_nothing(void **state)
{
	(void)state;
}

static int fails(void **state)
{
	(void)state;
	return -1;
}

static int fixtures(void)
{
	run_these(gons_unit_test_in_setup_teardown(does_nothing, CLONE_NEWNET, fails, NULL),
		  gons_unit_test_in_setup_teardown(does_nothing, CLONE_NEWNET, NULL, fails));
}

/* ---- forked children ---- */

/* Returns the child's status to the parent. */
static int wait_for(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Returns 0 in the child. */
static pid_t fork_child(void)
{
	pid_t pid;

	(void)fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		(void)setenv("RUNNER", "the child", 1);
	return pid;
}

/*
 * The child shows its assertion, and its parent sees a failure.
 *
 * run: child_fails
 * status: 0
 * err: *1 != *2
 * err: *{child}: error: Failure!
 * err: gons: a forked child (*) has left its test and ends here
 * err: the next test runs in the parent
 * passed: whose_child_fails
 * passed: runs_next
 * no: the next test runs in the child
 * no: gons: left behind*
 */
static void whose_child_fails(void **state)
{
	pid_t pid = fork_child();

	(void)state;
	if (pid == 0)
		assert_int_equal(1, 2); /* child */
	assert_int_equal(wait_for(pid), 1);
}

static int child_fails(void)
{
	run_these(gons_unit_test(whose_child_fails), gons_unit_test(runs_next));
}

/*
 * run: last_child_fails
 * status: 0
 * err: *{child}: error: Failure!
 * err: gons: a forked child (*) has left its test and ends here
 * run: plain_child_fails
 * status: 0
 * err: *{child}: error: Failure!
 * err: gons: a forked child (*) has left its test and ends here
 * passed: whose_child_fails
 * no: the next test runs in the child
 */
static int last_child_fails(void)
{
	run_these(gons_unit_test(whose_child_fails));
}

static int plain_child_fails(void)
{
	run_these(cmocka_unit_test(whose_child_fails), cmocka_unit_test(runs_next));
}

/*
 * run: child_returns
 * status: 0
 * err: gons: a forked child (*) has left its test and ends here
 * passed: whose_child_returns
 * passed: runs_next
 * no: the next test runs in the child
 * run: plain_child_returns
 * status: 0
 * err: gons: a forked child (*) has left its test and ends here
 * passed: whose_child_returns
 * no: the next test runs in the child
 */
static void whose_child_returns(void **state)
{
	pid_t pid = fork_child();

	(void)state;
	if (pid == 0)
		return;
	assert_int_equal(wait_for(pid), 1);
}

static int child_returns(void)
{
	run_these(gons_unit_test(whose_child_returns), gons_unit_test(runs_next));
}

static int plain_child_returns(void)
{
	run_these(cmocka_unit_test(whose_child_returns), cmocka_unit_test(runs_next));
}

/*
 * A parent that never waits for its child does not pass, whatever the PID namespace of the child.
 *
 * run: unseen_child_fails
 * status: 2
 * err: *{unseen}: error: Failure!
 * err: *a forked child (*) has left this test*did not wait for it*
 * failed: whose_child_is_unseen
 * failed: whose_child_is_unseen_too
 * passed: runs_next
 * no: the next test runs in the child
 */
static void whose_child_is_unseen(void **state)
{
	pid_t pid = fork_child();
	siginfo_t info;

	(void)state;
	if (pid == 0)
		assert_int_equal(1, 2); /* unseen */
	/* It has ended, and can still be waited for. */
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

static void whose_child_is_unseen_too(void **state)
{
	whose_child_is_unseen(state);
}

static int unseen_child_fails(void)
{
	run_these(gons_unit_test(whose_child_is_unseen),
		  cmocka_unit_test(whose_child_is_unseen_too), gons_unit_test(runs_next));
}

/*
 * run: unseen_child_elsewhere
 * status: 2
 * err: *a forked child (*) has left this test*did not wait for it*
 * err: *a forked child (*) has left this test*did not wait for it*
 * failed: whose_child_is_in_a_pid_namespace
 * failed: whose_child_mounts_procfs
 * passed: that_waits_for_a_child_in_a_pid_namespace
 * passed: runs_next
 */
static void close_set(void *set)
{
	gons_set_close(set);
}

static pid_t fork_into_pid_namespace(void)
{
	gons_set *set = gons_must(gons_set_unshare(NULL, CLONE_NEWPID, NULL));

	gons_must(gons_defer(close_set, set));
	gons_must(gons_set_enter(set));
	return fork_child();
}

static void whose_child_is_in_a_pid_namespace(void **state)
{
	pid_t pid = fork_into_pid_namespace();
	siginfo_t info;

	(void)state;
	if (pid == 0)
		fail();
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

static void whose_child_mounts_procfs(void **state)
{
	pid_t pid;
	siginfo_t info;

	(void)state;
	gons_must(gons_mntns_enter_transient());
	pid = fork_into_pid_namespace();
	if (pid == 0) {
		(void)mount("proc", "/proc", "proc", 0, NULL);
		fail();
	}
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

static void that_waits_for_a_child_in_a_pid_namespace(void **state)
{
	pid_t pid = fork_into_pid_namespace();
	int status;

	(void)state;
	if (pid == 0)
		fail();
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

/* In a PID namespace to which its children can return. */
static int run_there(void *arg)
{
	(void)arg;
	if (mount("proc", "/proc", "proc", 0, NULL) < 0) {
		(void)fprintf(stderr, "cannot run here: a user namespace gets no procfs here: %s\n",
			      strerror(errno));
		return 77;
	}
	run_these(gons_unit_test(whose_child_is_in_a_pid_namespace),
		  gons_unit_test(whose_child_mounts_procfs),
		  gons_unit_test(that_waits_for_a_child_in_a_pid_namespace),
		  gons_unit_test(runs_next));
}

static int unseen_child_elsewhere(void)
{
	gons_set *set = gons_set_unshare(NULL, CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS, NULL);
	int status = 0, result = gons_set_run(set, run_there, NULL, &status);

	gons_set_close(set);
	if (result < 0)
		(void)fprintf(stderr, "cannot run here: %s\n", gons_error());
	return result < 0 ? 77 : WEXITSTATUS(status);
}

/*
 * A child may end with success, by exit(3) or _exit(2).
 *
 * run: child_ends
 * status: 0
 * passed: whose_children_end
 * no: gons: *
 */
static void whose_children_end(void **state)
{
	pid_t pid = fork_child();

	(void)state;
	if (pid == 0)
		exit(0);
	assert_int_equal(wait_for(pid), 0);
	pid = fork_child();
	if (pid == 0)
		_exit(3);
	assert_int_equal(wait_for(pid), 3);
}

static int child_ends(void)
{
	run_these(gons_unit_test(whose_children_end));
}

int main(int argc, char *argv[])
{
	const struct group groups[] = {
		{ "exit", exit_group },
		{ "exit_in_a_fixture", exit_in_a_fixture },
		{ "exit_between_groups", exit_between_groups },
		{ "abort", abort_group },
		{ "abort_after_a_failure", abort_after_a_failure },
		{ "crash", crash_group },
		{ "fixtures", fixtures },
		{ "child_fails", child_fails },
		{ "last_child_fails", last_child_fails },
		{ "plain_child_fails", plain_child_fails },
		{ "unseen_child_fails", unseen_child_fails },
		{ "unseen_child_elsewhere", unseen_child_elsewhere },
		{ "child_returns", child_returns },
		{ "plain_child_returns", plain_child_returns },
		{ "child_ends", child_ends },
		{ NULL, NULL },
	};

	(void)setenv("RUNNER", "the parent", 1);
	return group_main(argc, argv, groups);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * However a test fails, the next one starts in the same namespaces, directories and umask.
 */
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "group.h"

#define everything (CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC)

/* Enters several namespaces, and changes the working directory and the umask. */
static void enter_several(void)
{
	gons_must(gons_enter_transient(everything));
	assert_int_equal(chdir("/proc"), 0);
	(void)umask(0777);
	gons_must(gons_current(CLONE_NEWNET));
	gons_must(gons_new_transient(CLONE_NEWUTS));
	gons_must(gons_mntns_new_transient(NULL));
}

/*
 * run: three_levels
 * status: 1
 * err: [  ERROR   ] --- *1 != *2
 * err: [   LINE   ] --- {deepest}: error: Failure!
 * failed: fails_three_levels_deep
 * passed: next_test_starts_in_the_same_state
 * passed: next_plain_test_starts_in_the_same_state
 * no: *was left*
 */
static void fail_deepest(void *arg)
{
	(void)arg;
	assert_int_equal(own_ino("uts"), gons_current_ino(CLONE_NEWUTS));
	assert_int_equal(1, 2); /* deepest */
}

static void execute_deeper(void *arg)
{
	gons_must(gons_enter_transient(CLONE_NEWIPC));
	gons_must(gons_execute(*(int *)arg, fail_deepest, NULL));
}

static void fails_three_levels_deep(void **state)
{
	int net_fd = gons_must(gons_new_transient(CLONE_NEWNET));
	int mnt_fd = gons_must(gons_mntns_new_transient(NULL));
	int fds[] = { net_fd, mnt_fd };
	int uts_fd = gons_must(gons_new_transient(CLONE_NEWUTS));

	(void)state;
	gons_must(gons_enter_transient(everything));
	gons_must(gons_execute_all(fds, 2, execute_deeper, &uts_fd));
}

static int three_levels(void)
{
	run_these(plain_notes_the_state, notes_the_state, gons_unit_test(fails_three_levels_deep),
		  is_in_the_same_state, plain_is_in_the_same_state);
}

/*
 * run: set_ups
 * status: 2
 * err: [  ERROR   ] --- the set-up of does_not_start failed
 * failed: does_not_start
 * err: [   LINE   ] --- {set_up}: error: Failure!
 * failed: does_not_start_either
 * passed: next_test_starts_in_the_same_state
 * no: *was left*
 * no: the teardown ran
 * no: the test ran
 */
static void print(const char *text)
{
	print_message("%s\n", text);
}

static int set_up_returns(void **state)
{
	(void)state;
	gons_must(gons_enter_transient(everything));
	return -1;
}

static int set_up_asserts(void **state)
{
	(void)state;
	gons_must(gons_enter_transient(everything));
	assert_true(*state); /* set_up */
	return 0;
}

static int tear_down_prints(void **state)
{
	(void)state;
	print("the teardown ran");
	return 0;
}

static void does_not_start(void **state)
{
	(void)state;
	print("the test ran");
}

static void does_not_start_either(void **state)
{
	does_not_start(state);
}

static int set_ups(void)
{
	run_these(notes_the_state, plain_notes_the_state,
		  gons_unit_test_setup_teardown(does_not_start, set_up_returns, tear_down_prints),
		  is_in_the_same_state, plain_is_in_the_same_state,
		  gons_unit_test_setup_teardown(does_not_start_either, set_up_asserts,
						tear_down_prints),
		  plain_is_in_the_same_state, is_in_the_same_state);
}

/*
 * run: teardowns
 * status: 2
 * err: [  ERROR   ] --- the teardown of whose_teardown_returns failed
 * failed: whose_teardown_returns
 * err: *{teardown}: error: Failure!
 * failed: whose_teardown_asserts
 * passed: next_test_starts_in_the_same_state
 * passed: next_plain_test_starts_in_the_same_state
 * no: *was left*
 */
static int tear_down_returns(void **state)
{
	(void)state;
	enter_several();
	(void)umask(0022);
	assert_int_equal(chdir("/"), 0);
	return -1;
}

static int tear_down_asserts(void **state)
{
	(void)state;
	gons_must(gons_enter_transient(everything));
	assert_true(*state); /* teardown */
	return 0;
}

static void whose_teardown_returns(void **state)
{
	(void)state;
	gons_must(gons_netns_enter_transient());
}

static void whose_teardown_asserts(void **state)
{
	whose_teardown_returns(state);
}

static int teardowns(void)
{
	run_these(notes_the_state, plain_notes_the_state,
		  gons_unit_test_setup_teardown(whose_teardown_returns, NULL, tear_down_returns),
		  is_in_the_same_state, plain_is_in_the_same_state,
		  gons_unit_test_setup_teardown(whose_teardown_asserts, NULL, tear_down_asserts),
		  is_in_the_same_state, plain_is_in_the_same_state);
}

/*
 * run: both
 * status: 4
 * err: *{test}: error: Failure!
 * err: gons: the teardown of fails_and_its_teardown_fails_too failed
 * err: *{teardown}: error: Failure!*
 * failed: fails_and_its_teardown_fails_too
 * error: fails_and_its_teardown_asserts
 * error: fails_and_its_teardown_asserts_too
 * passed: next_test_starts_in_the_same_state
 * passed: next_plain_test_starts_in_the_same_state
 * no: *was left*
 */
static void fails_and_its_teardown_fails_too(void **state)
{
	gons_must(gons_enter_transient(everything));
	assert_true(*state); /* test */
}

static void fails_and_its_teardown_asserts(void **state)
{
	fails_and_its_teardown_fails_too(state);
}

static void fails_and_its_teardown_asserts_too(void **state)
{
	fails_and_its_teardown_fails_too(state);
}

static void fails_and_its_teardown_asserts_last(void **state)
{
	fails_and_its_teardown_fails_too(state);
}

static int both(void)
{
	run_these(notes_the_state, plain_notes_the_state,
		  gons_unit_test_setup_teardown(fails_and_its_teardown_fails_too, NULL,
						tear_down_returns),
		  is_in_the_same_state, plain_is_in_the_same_state,
		  gons_unit_test_setup_teardown(fails_and_its_teardown_asserts, NULL,
						tear_down_asserts),
		  is_in_the_same_state,
		  gons_unit_test_setup_teardown(fails_and_its_teardown_asserts_too, NULL,
						tear_down_asserts),
		  plain_is_in_the_same_state, is_in_the_same_state,
		  gons_unit_test_setup_teardown(fails_and_its_teardown_asserts_last, NULL,
						tear_down_asserts));
}

/*
 * The set-up of a plain test runs after a test that did not end.
 *
 * run: plain_set_up
 * status: 1
 * error: fails_and_its_teardown_asserts
 * passed: next_plain_test_starts_in_the_same_state
 */
static int plain_set_up_is_in_the_same_state(void **state)
{
	next_plain_test_starts_in_the_same_state(state);
	return 0;
}

static int plain_set_up(void)
{
	run_these(plain_notes_the_state,
		  gons_unit_test_setup_teardown(fails_and_its_teardown_asserts, NULL,
						tear_down_asserts),
		  cmocka_unit_test_setup_teardown(next_plain_test_starts_in_the_same_state,
						  plain_set_up_is_in_the_same_state, NULL));
}

/*
 * run: signal
 * status: 1
 * err: *Segmentation fault*
 * failed: crashes
 * passed: next_test_starts_in_the_same_state
 * passed: next_plain_test_starts_in_the_same_state
 * no: *was left*
 */
static void crash(void *arg)
{
	(void)arg;
	gons_must(gons_enter_transient(everything));
	(void)raise(SIGSEGV);
}

static void crashes(void **state)
{
	int nsfd = gons_must(gons_netns_new_transient());

	(void)state;
	gons_must(gons_netns_execute(nsfd, crash, NULL));
}

static int signal_group(void)
{
	run_these(notes_the_state, plain_notes_the_state, gons_unit_test(crashes),
		  is_in_the_same_state, plain_is_in_the_same_state);
}

/*
 * The records below the call that fails are undone, and the calls below it are made.
 *
 * run: deferred
 * status: 2
 * err: *{deferred}: error: Failure!
 * failed: whose_deferred_call_fails
 * passed: next_test_starts_in_the_same_state
 * error: fails_and_its_deferred_call_fails
 * passed: next_plain_test_starts_in_the_same_state
 * out: deferred first
 * no: *was left*
 */
static void print_deferred(void *arg)
{
	print(arg);
}

static void fail_deferred(void *arg)
{
	assert_null(arg); /* deferred */
}

static void whose_deferred_call_fails(void **state)
{
	static char first[] = "deferred first";

	(void)state;
	gons_must(gons_defer(print_deferred, first));
	gons_must(gons_netns_enter_transient());
	gons_must(gons_defer(fail_deferred, first));
	gons_must(gons_enter_transient(everything));
}

static void fails_and_its_deferred_call_fails(void **state)
{
	whose_deferred_call_fails(state);
	fail();
}

static int deferred(void)
{
	run_these(notes_the_state, plain_notes_the_state, gons_unit_test(whose_deferred_call_fails),
		  is_in_the_same_state, plain_is_in_the_same_state,
		  gons_unit_test(fails_and_its_deferred_call_fails), plain_is_in_the_same_state,
		  is_in_the_same_state);
}

/*
 * If two deferred calls of a test fail, only this test fails.
 *
 * run: deferred_twice
 * status: 1
 * error: both_of_whose_deferred_calls_fail
 * passed: next_test_starts_in_the_same_state
 */
static void both_of_whose_deferred_calls_fail(void **state)
{
	static char some[1];

	(void)state;
	gons_must(gons_defer(fail_deferred, some));
	gons_must(gons_netns_enter_transient());
	gons_must(gons_defer(fail_deferred, some));
}

static int deferred_twice(void)
{
	run_these(notes_the_state, gons_unit_test(both_of_whose_deferred_calls_fail),
		  is_in_the_same_state);
}

/*
 * run: closed
 * status: 1
 * err: gons: not undone: closes_what_the_scope_owns: cannot close descriptor * of the scope: Bad file descriptor: *
 * failed: closes_what_the_scope_owns
 * passed: next_test_starts_in_the_same_state
 */
static void closes_what_the_scope_owns(void **state)
{
	(void)state;
	gons_must(gons_netns_enter_transient());
	assert_int_equal(close(gons_must(gons_current(CLONE_NEWNET))), 0);
}

static int closed(void)
{
	run_these(notes_the_state, gons_unit_test(closes_what_the_scope_owns),
		  is_in_the_same_state);
}

/* ---- returns that the kernel refuses ---- */

/*
 * run: refused
 * status: 1
 * err: gons: not undone: loses_its_capabilities: this thread cannot * network namespace: Operation not permitted* CAP_SYS_ADMIN *
 * err: gons: left behind: loses_its_capabilities: the thread was left in another net namespace: net:[*], before in net:[*]
 * err: gons: the run ends here: loses_its_capabilities: this thread cannot return*
 * no: *next_test_starts_in_the_same_state*
 * notrun: next_test_starts_in_the_same_state
 * run: refused_and_failed
 * status: 1
 * err: gons: not undone: loses_its_capabilities_and_fails: this thread cannot *
 * err: gons: the run ends here: loses_its_capabilities_and_fails: this thread cannot return*
 * notrun: next_test_starts_in_the_same_state
 * run: refused_plain
 * status: 1
 * err: gons: the run ends here: loses_its_capabilities: this thread cannot return*
 * notrun: next_plain_test_starts_in_the_same_state
 */
static void loses_its_capabilities(void **state)
{
	(void)state;
	gons_must(gons_netns_enter_transient());
	drop_capability(-1);
}

static void loses_its_capabilities_and_fails(void **state)
{
	(void)state;
	gons_must(gons_enter_transient(everything));
	drop_capability(CAP_SYS_ADMIN);
	fail();
}

static int refused(void)
{
	run_these(notes_the_state, gons_unit_test(loses_its_capabilities), is_in_the_same_state);
}

static int refused_and_failed(void)
{
	run_these(notes_the_state, gons_unit_test(loses_its_capabilities_and_fails),
		  is_in_the_same_state);
}

static int refused_plain(void)
{
	run_these(plain_notes_the_state, gons_unit_test(loses_its_capabilities),
		  plain_is_in_the_same_state);
}

/*
 * Capabilities that are dropped before anything was entered do no harm.
 *
 * run: nowhere
 * status: 0
 * passed: drops_capabilities_without_switching
 * passed: next_test_starts_in_the_same_state
 */
static void drops_capabilities_without_switching(void **state)
{
	(void)state;
	drop_capability(-1);
}

static int nowhere(void)
{
	run_these(notes_the_state, gons_unit_test(drops_capabilities_without_switching),
		  is_in_the_same_state);
}

/*
 * The root directory is part of the state: below another root, later tests would see other files.
 *
 * run: root
 * status: 1
 * err: gons: left behind: stays_in_a_chroot: the thread was left in another root directory
 * err: gons: the run ends here: stays_in_a_chroot: *
 * notrun: next_test_starts_in_the_same_state
 */
static void stays_in_a_chroot(void **state)
{
	(void)state;
	assert_int_equal(chroot("/tmp/root"), 0);
	drop_capability(CAP_SYS_CHROOT);
}

static int root(void)
{
	if (gons_enter_transient(CLONE_NEWNS) < 0 || mount("none", "/tmp", "tmpfs", 0, NULL) < 0 ||
	    mkdir("/tmp/root", 0755) < 0 || mkdir("/tmp/root/proc", 0755) < 0 ||
	    mount("/proc", "/tmp/root/proc", NULL, MS_BIND | MS_REC, NULL) < 0) {
		if (errno != EOVERFLOW)
			return 2;
		print_error("cannot run here: the user is not mapped, and owns no files\n");
		return 77;
	}
	run_these(notes_the_state, gons_unit_test(stays_in_a_chroot), is_in_the_same_state);
}

int main(int argc, char *argv[])
{
	const struct group groups[] = {
		{ "three_levels", three_levels },
		{ "set_ups", set_ups },
		{ "teardowns", teardowns },
		{ "both", both },
		{ "plain_set_up", plain_set_up },
		{ "signal", signal_group },
		{ "deferred", deferred },
		{ "deferred_twice", deferred_twice },
		{ "closed", closed },
		{ "refused", refused },
		{ "refused_and_failed", refused_and_failed },
		{ "refused_plain", refused_plain },
		{ "nowhere", nowhere },
		{ "root", root },
		{ NULL, NULL },
	};

	return group_main(argc, argv, groups);
}

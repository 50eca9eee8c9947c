/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handler of a watchdog's signal leaves a function that hangs by siglongjmp(3). That is permitted
 * out of functions and blocks that gons runs, but not out of a call of gons itself.
 */
#include "check.h"

#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <gons/mntns.h>
#include <gons/netns.h>

static sigjmp_buf out;

static void bark(int number)
{
	(void)number;
	siglongjmp(out, 1);
}

static void set_watchdog(void)
{
	const struct sigaction action = { .sa_handler = bark };

	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
}

/* As a function that hangs until the alarm. */
static void hang(void *arg)
{
	(void)arg;
	(void)raise(SIGALRM);
	for (;;)
		(void)pause();
}

static void set(void *arg)
{
	*(bool *)arg = true;
}

/* What gons does must work after the jump as before it. */
static void assert_at_work(int nsfd)
{
	bool was_called = false;

	gons_must(gons_execute(nsfd, set, &was_called));
	assert_true(was_called);
}

static void a_watchdog_may_leave_an_executed_function(void **state)
{
	uint64_t before[SWITCHABLE], after[SWITCHABLE];
	int mark = gons_must(gons_scope_begin());
	int nsfd;

	(void)state;
	gons_require(CLONE_NEWNET);
	take_inodes(before);
	nsfd = gons_must(gons_netns_new_transient());
	set_watchdog();
	if (sigsetjmp(out, 1) == 0) {
		(void)gons_netns_execute(nsfd, hang, NULL);
		fail_msg("the function was not left");
	}
	assert_at_work(nsfd);
	assert_int_equal(gons_scope_end(mark), 0);
	take_inodes(after);
	assert_memory_equal(after, before, sizeof(after));
}

static void a_watchdog_may_leave_a_function_in_a_mount_namespace(void **state)
{
	uint64_t before[SWITCHABLE], after[SWITCHABLE];
	int mark = gons_must(gons_scope_begin());
	int nsfd;

	(void)state;
	gons_require(CLONE_NEWNS);
	take_inodes(before);
	nsfd = gons_must(gons_mntns_new_transient(NULL));
	set_watchdog();
	if (sigsetjmp(out, 1) == 0) {
		(void)gons_mntns_execute(nsfd, hang, NULL);
		fail_msg("the function was not left");
	}
	assert_at_work(nsfd);
	assert_int_equal(gons_scope_end(mark), 0);
	take_inodes(after);
	assert_memory_equal(after, before, sizeof(after));
}

static void a_watchdog_may_leave_a_block(void **state)
{
	uint64_t before[SWITCHABLE], after[SWITCHABLE];
	int mark = gons_must(gons_scope_begin());
	int nsfd;

	(void)state;
	gons_require(CLONE_NEWNET);
	take_inodes(before);
	nsfd = gons_must(gons_netns_new_transient());
	set_watchdog();
	if (sigsetjmp(out, 1) == 0) {
		GONS_IN(nsfd) {
			hang(NULL);
		}
		fail_msg("the block was not left");
	}
	assert_at_work(nsfd);
	assert_int_equal(gons_scope_end(mark), 0);
	take_inodes(after);
	assert_memory_equal(after, before, sizeof(after));
}

static void a_watchdog_may_leave_a_deferred_call(void **state)
{
	bool was_called = false;
	int mark = gons_must(gons_scope_begin());

	(void)state;
	gons_must(gons_defer(set, &was_called));
	gons_must(gons_defer(hang, NULL));
	set_watchdog();
	if (sigsetjmp(out, 1) == 0) {
		(void)gons_scope_end(mark);
		fail_msg("the deferred call was not left");
	}
	assert_false(was_called);
	assert_int_equal(gons_scope_end(mark), 0);
	assert_true(was_called);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(a_watchdog_may_leave_an_executed_function),
		check_test(a_watchdog_may_leave_a_function_in_a_mount_namespace),
		check_test(a_watchdog_may_leave_a_block),
		check_test(a_watchdog_may_leave_a_deferred_call),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests made by cmocka's own macros in a group that gons runs: they have a scope, and must return
 * from namespaces.
 */
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "group.h"

/*
 * run: stays
 * status: 2
 * err: gons: left behind: enters_and_stays: the thread was left in another net namespace: *; use gons_unit_test(), which returns after the test
 * err: [  ERROR   ] --- left behind: the thread was left in another net namespace: *; use gons_unit_test(), which returns after the test
 * err: [   LINE   ] --- {stays}: error: Failure!
 * failed: enters_and_stays
 * failed: unshares
 * passed: next_plain_test_starts_in_the_same_state
 * passed: next_test_starts_in_the_same_state
 */
static void enters_and_stays(void **state)
{
	(void)state;
	gons_must(gons_netns_enter_transient());
}

static void unshares(void **state)
{
	(void)state;
	assert_int_equal(unshare(CLONE_NEWUTS), 0);
}

static int stays(void)
{
	const struct CMUnitTest tests[] = {
		plain_notes_the_state,
		notes_the_state,
		cmocka_unit_test(enters_and_stays),
		plain_is_in_the_same_state,
		is_in_the_same_state,
		cmocka_unit_test(unshares),
		plain_is_in_the_same_state,
	};

	return gons_run_group_tests(tests, NULL, NULL); /* stays */
}

/*
 * A test that fails for another reason, or that skips, gets a note.
 *
 * run: fails
 * status: 1
 * err: *{assertion}: error: Failure!
 * err: gons: left behind: enters_and_fails: the thread was left in another net namespace: *
 * failed: enters_and_fails
 * err: gons: left behind: enters_and_skips: the thread was left in another net namespace: *
 * skipped: enters_and_skips
 * no: gons: report of enters_and_skips
 * passed: next_plain_test_starts_in_the_same_state
 */
static void enters_and_fails(void **state)
{
	(void)state;
	gons_must(gons_netns_enter_transient());
	fail(); /* assertion */
}

static void enters_and_skips(void **state)
{
	(void)state;
	gons_must(gons_netns_enter_transient());
	skip();
}

static int fails(void)
{
	run_these(plain_notes_the_state, cmocka_unit_test(enters_and_fails),
		  plain_is_in_the_same_state, cmocka_unit_test(enters_and_skips),
		  plain_is_in_the_same_state);
}

/*
 * The set-up may enter a namespace, and the teardown may return.
 *
 * run: fixtures
 * status: 1
 * passed: returns_in_its_teardown
 * error: stays_after_its_teardown
 * passed: next_plain_test_starts_in_the_same_state
 */
static int mark;

static int set_up(void **state)
{
	(void)state;
	mark = gons_must(gons_scope_begin());
	return gons_netns_enter_transient();
}

static int tear_down(void **state)
{
	(void)state;
	return gons_scope_end(mark);
}

static int tear_down_nothing(void **state)
{
	(void)state;
	return 0;
}

static void returns_in_its_teardown(void **state)
{
	(void)state;
}

static void stays_after_its_teardown(void **state)
{
	(void)state;
}

static int fixtures(void)
{
	run_these(plain_notes_the_state,
		  cmocka_unit_test_setup_teardown(returns_in_its_teardown, set_up, tear_down),
		  plain_is_in_the_same_state,
		  cmocka_unit_test_setup_teardown(stays_after_its_teardown, set_up,
						  tear_down_nothing),
		  plain_is_in_the_same_state);
}

/*
 * Other leaks of plain tests are not reported, and not blamed on later tests.
 *
 * run: leaks
 * status: 0
 * passed: leaves_a_file_open
 * passed: next_test
 * no: gons: *
 */
static void leaves_a_file_open(void **state)
{
	(void)state;
	assert_true(open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0);
}

static void next_test(void **state)
{
	(void)state;
}

static int leaks(void)
{
	run_these(gons_unit_test(next_test), cmocka_unit_test(leaves_a_file_open),
		  gons_unit_test(next_test));
}

int main(int argc, char *argv[])
{
	const struct group groups[] = {
		{ "stays", stays }, { "fails", fails }, { "fixtures", fixtures },
		{ "leaks", leaks }, { NULL, NULL },
	};

	return group_main(argc, argv, groups);
}

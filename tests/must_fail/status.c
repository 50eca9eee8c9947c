/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exit status of a group, and its set-up and teardown.
 */
#include <pthread.h>

#include "group.h"

static void passes(void **state)
{
	(void)state;
}

static void fails(void **state)
{
	(void)state;
	fail();
}

/*
 * cmocka's own status of these is 0.
 *
 * run: teardown_returns
 * status: 1
 * passed: passes
 * err: *GROUP TEARDOWN*
 * run: teardown_asserts
 * status: 1
 * passed: passes
 * err: *{teardown}: error: Failure!
 * err: *GROUP TEARDOWN*
 * run: teardown_after_failure
 * status: 2
 * failed: fails
 * run: teardown_after_skip
 * status: 1
 * skipped: skips
 * run: teardown_passes
 * status: 0
 * passed: passes
 * out: the group was torn down
 */
static int tear_down_returns(void **state)
{
	(void)state;
	return -1;
}

static int tear_down_asserts(void **state)
{
	assert_string_equal(*state, ""); /* teardown */
	return 0;
}

static int tear_down_passes(void **state)
{
	assert_string_equal(*state, "the group's");
	print_message("the group was torn down\n");
	return 0;
}

static int set_up_passes(void **state)
{
	static char word[] = "the group's";

	*state = word;
	return 0;
}

static void skips(void **state)
{
	(void)state;
	skip();
}

static const struct CMUnitTest passing[] = { gons_unit_test(passes), cmocka_unit_test(passes) };
static const struct CMUnitTest failing[] = { gons_unit_test(fails), cmocka_unit_test(passes) };
static const struct CMUnitTest skipping[] = { gons_unit_test(skips) };

static int teardown_returns(void)
{
	return gons_run_group_tests(passing, NULL, tear_down_returns);
}

static int teardown_asserts(void)
{
	return gons_run_group_tests(passing, set_up_passes, tear_down_asserts);
}

static int teardown_after_failure(void)
{
	return gons_run_group_tests(failing, NULL, tear_down_returns);
}

static int teardown_after_skip(void)
{
	return gons_run_group_tests(skipping, NULL, tear_down_returns);
}

static int teardown_passes(void)
{
	return gons_run_group_tests(passing, set_up_passes, tear_down_passes);
}

/*
 * run: set_up_returns
 * status: 1
 * notrun: passes
 * err: *GROUP SETUP*
 * run: set_up_asserts
 * status: 1
 * notrun: passes
 * err: *{set_up}: error: Failure!
 * err: *GROUP SETUP*
 * run: teardown_after_set_up
 * status: 1
 * notrun: passes
 * err: *GROUP SETUP*
 * out: torn down without a set-up
 * run: teardown_after_set_up gons_net=/nowhere
 * status: 1
 * notrun: passes
 * err: gons: start-up switching failed: *
 * out: torn down without a set-up
 */
static int set_up_asserts(void **state)
{
	assert_non_null(*state); /* set_up */
	return 0;
}

static int set_up_returns(void)
{
	return gons_run_group_tests(passing, tear_down_returns, NULL);
}

static int set_up_asserts_group(void)
{
	return gons_run_group_tests(passing, set_up_asserts, NULL);
}

static int tear_down_prints(void **state)
{
	assert_null(*state);
	print_message("torn down without a set-up\n");
	return 0;
}

static int teardown_after_set_up(void)
{
	return gons_run_group_tests(passing, tear_down_returns, tear_down_prints);
}

/*
 * Numbers of failures that do not fit into an exit status, or that mean a skip (77).
 *
 * run: none
 * status: 0
 * run: fails_75
 * status: 75
 * run: fails_76
 * status: 76
 * run: fails_76_and_teardown
 * status: 76
 * run: fails_77
 * status: 76
 * run: fails_256
 * status: 76
 * run: fails_333
 * status: 76
 */
static void fill(struct CMUnitTest *tests, size_t n)
{
	for (size_t i = 0; i < n; i++)
		tests[i] = failing[0];
}

#define many(name, n, teardown)                                                                    \
	static int name(void)                                                                      \
	{                                                                                          \
		struct CMUnitTest tests[n];                                                        \
		fill(tests, n);                                                                    \
		return gons_run_group_tests(tests, NULL, teardown);                                \
	}
many(fails_75, 75, NULL) many(fails_76, 76, NULL) many(fails_76_and_teardown, 76, tear_down_returns)
	many(fails_77, 77, NULL) many(fails_256, 256, NULL) many(fails_333, 333, NULL)

		static int none(void)
{
	const struct CMUnitTest tests[] = { { NULL, NULL, NULL, NULL, NULL } };

	return gons_run_group_tests(tests, NULL, NULL);
}

/*
 * On another thread, an assertion of cmocka ends the program with a failure.
 *
 * run: on_another_thread
 * status: failure
 * notrun: passes
 */
static void *fail_there(void *arg)
{
	assert_non_null(arg);
	return NULL;
}

static void fails_on_another_thread(void **state)
{
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, fail_there, NULL), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

static int on_another_thread(void)
{
	run_these(gons_unit_test(fails_on_another_thread), gons_unit_test(passes));
}

/*
 * cmocka's own calls return what they return without gons.
 *
 * run: cmockas
 * status: 2
 * failed: fails
 * passed: passes
 * err: *GROUP TEARDOWN*
 */
static int cmockas(void)
{
	const struct CMUnitTest tests[] = { gons_unit_test(fails), cmocka_unit_test(fails),
					    gons_unit_test(passes) };

	return cmocka_run_group_tests_name("a name", tests, NULL, tear_down_returns);
}

int main(int argc, char *argv[])
{
	const struct group groups[] = {
		{ "teardown_returns", teardown_returns },
		{ "teardown_asserts", teardown_asserts },
		{ "teardown_after_failure", teardown_after_failure },
		{ "teardown_after_skip", teardown_after_skip },
		{ "teardown_passes", teardown_passes },
		{ "set_up_returns", set_up_returns },
		{ "set_up_asserts", set_up_asserts_group },
		{ "teardown_after_set_up", teardown_after_set_up },
		{ "none", none },
		{ "fails_75", fails_75 },
		{ "fails_76", fails_76 },
		{ "fails_76_and_teardown", fails_76_and_teardown },
		{ "fails_77", fails_77 },
		{ "fails_256", fails_256 },
		{ "fails_333", fails_333 },
		{ "on_another_thread", on_another_thread },
		{ "cmockas", cmockas },
		{ NULL, NULL },
	};

	return group_main(argc, argv, groups);
}

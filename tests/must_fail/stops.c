/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stop() of cmocka 2: a stopped test passes, unless it is stopped in its set-up.
 */
#include "group.h"

/*
 * run: test
 * status: 0
 * passed: is_stopped
 * no: *not reached*
 */
static void is_stopped(void **state)
{
	(void)state;
	stop();
	print_error("not reached\n");
}

static int test_group(void)
{
	run_these(gons_unit_test(is_stopped));
}

/*
 * run: set_up
 * status: 1
 * err: [  ERROR   ] --- stop() was called in the set-up of would_pass, so the test did not run; use skip()
 * err: *{stop}: error: Failure!
 * failed: would_pass
 * passed: is_stopped
 */
static void would_pass(void **state)
{
	(void)state;
}

static int set_up_stops(void **state)
{
	(void)state;
	stop(); /* stop */
	return 0;
}

static int set_up_group(void)
{
	run_these(gons_unit_test_setup_teardown(would_pass, set_up_stops, NULL),
		  gons_unit_test(is_stopped));
}

int main(int argc, char *argv[])
{
	const struct group groups[] = {
		{ "test", test_group },
		{ "set_up", set_up_group },
		{ NULL, NULL },
	};

	return group_main(argc, argv, groups);
}

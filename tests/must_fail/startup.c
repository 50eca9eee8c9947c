/* SPDX-License-Identifier: Apache-2.0 */
/*
 * If switching at start-up has failed, no test runs.
 */
#include "group.h"

static int set_up(void **state)
{
	(void)state;
	print_message("the group was set up\n");
	return 0;
}

static void runs(void **state)
{
	(void)state;
}

/*
 * run: gons gons_net=/nowhere
 * status: 1
 * err: gons: start-up switching failed: gons_net: cannot open the namespace /nowhere: No such file or directory
 * err: *GROUP SETUP*
 * notrun: runs
 * no: the group was set up
 * run: cmocka gons_order=net,foo
 * status: 1
 * err: gons: start-up switching failed: gons_order: "foo" is not a namespace type: Invalid argument: it is "net,foo"
 * err: *GROUP SETUP*
 * notrun: runs
 * run: plain gons_net=/nowhere
 * status: 1
 * err: gons: start-up switching failed: gons_net: *
 * notrun: runs
 * run: gons gons_order=net
 * status: 0
 * out: the group was set up
 * passed: runs
 * no: gons: *
 */
static int gons(void)
{
	const struct CMUnitTest tests[] = { gons_unit_test(runs) };

	return gons_run_group_tests(tests, set_up, NULL);
}

static int cmocka(void)
{
	const struct CMUnitTest tests[] = { gons_unit_test(runs) };

	return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}

static int plain(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(runs) };

	return gons_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char *argv[])
{
	const struct group groups[] = {
		{ "gons", gons },
		{ "cmocka", cmocka },
		{ "plain", plain },
		{ NULL, NULL },
	};

	return group_choose(argc, argv, groups);
}

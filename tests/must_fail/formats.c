/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmocka's output formats. Standard output equals that of the same tests without gons. The
 * messages of gons are cmocka's failure messages, and its notes are on standard error.
 */
#include <fcntl.h>

#include "group.h"

/*
 * run: gons CMOCKA_MESSAGE_OUTPUT=STDOUT
 * status: 2
 * same-out: plain
 * run: gons CMOCKA_MESSAGE_OUTPUT=TAP
 * status: 2
 * same-out: plain
 * valid: tap
 * out: ok 1 - passes
 * run: gons CMOCKA_MESSAGE_OUTPUT=SUBUNIT
 * status: 2
 * same-out: plain
 * valid: subunit
 * out: success: passes
 * run: gons CMOCKA_MESSAGE_OUTPUT=XML
 * status: 2
 * same-out: plain
 * valid: xml
 * out: *<testcase name="passes"*
 */
static void passes(void **state)
{
	assert_null(*state);
}

static void fails(void **state)
{
	assert_non_null(*state);
}

static void skips(void **state)
{
	(void)state;
	skip();
}

static int tear_down(void **state)
{
	assert_null(*state);
	return 0;
}

static int plain(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes),
		cmocka_unit_test(fails),
		cmocka_unit_test(skips),
		cmocka_unit_test_setup_teardown(passes, tear_down, tear_down),
		cmocka_unit_test_setup_teardown(fails, tear_down, tear_down),
	};

	return _cmocka_run_group_tests("tests", tests, sizeof(tests) / sizeof(tests[0]), NULL,
				       NULL);
}

static int with_gons(void)
{
	const struct CMUnitTest tests[] = {
		gons_unit_test(passes),
		gons_unit_test(fails),
		gons_unit_test(skips),
		gons_unit_test_setup_teardown(passes, tear_down, tear_down),
		gons_unit_test_setup_teardown(fails, tear_down, tear_down),
	};

	return gons_run_group_tests(tests, NULL, NULL);
}

/*
 * run: reports CMOCKA_MESSAGE_OUTPUT=STDOUT
 * status: 2
 * failed: leaks
 * failed: is_a_must
 * skipped: requires
 * err: gons: left behind: leaks: descriptor * was left open: /etc/passwd
 * err: [  ERROR   ] --- left behind: descriptor * was left open: /etc/passwd
 * err: [   LINE   ] --- {tests}: error: Failure!
 * err: [  ERROR   ] --- gons_type(-1): *: Bad file descriptor*
 * err: [   LINE   ] --- {must}: error: Failure!
 * err: gons: skipped: requires: cannot create a link of kind nonsense: *
 * run: reports CMOCKA_MESSAGE_OUTPUT=TAP
 * status: 2
 * valid: tap
 * out: not ok 1 - leaks
 * out: *left behind: descriptor * was left open: /etc/passwd
 * out: *gons_type(-1): *: Bad file descriptor*
 * out: *3 *requires*
 * err: gons: left behind: leaks: descriptor * was left open: /etc/passwd
 * err: gons: skipped: requires: cannot create a link of kind nonsense: *
 * run: reports CMOCKA_MESSAGE_OUTPUT=SUBUNIT
 * status: 2
 * valid: subunit
 * out: test: leaks
 * out: failure: leaks*
 * out: left behind: descriptor * was left open: /etc/passwd
 * out: failure: is_a_must*
 * out: gons_type(-1): *: Bad file descriptor*
 * out: skip: requires
 * err: gons: left behind: leaks: descriptor * was left open: /etc/passwd
 * err: gons: skipped: requires: cannot create a link of kind nonsense: *
 * run: reports CMOCKA_MESSAGE_OUTPUT=XML
 * status: 2
 * valid: xml
 * out: *<testcase name="leaks"*
 * out: *<failure>*left behind: descriptor * was left open: /etc/passwd*
 * out: *<failure>*gons_type(-1): *: Bad file descriptor*
 * err: gons: left behind: leaks: descriptor * was left open: /etc/passwd
 * err: gons: skipped: requires: cannot create a link of kind nonsense: *
 */
static void leaks(void **state)
{
	(void)state;
	assert_true(open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0);
}

static void is_a_must(void **state)
{
	(void)state;
	gons_must(gons_type(-1)); /* must */
}

static void requires(void **state)
{
	(void)state;
	gons_require_link("nonsense");
}

static int reports(void)
{
	const struct CMUnitTest tests[] = {
		gons_unit_test(leaks), /* tests */
		gons_unit_test(is_a_must),
		gons_unit_test(requires),
	};

	return gons_run_group_tests(tests, NULL, NULL);
}

/*
 * The report of a failed test is on standard error: the formats do not change by it.
 *
 * run: explained CMOCKA_MESSAGE_OUTPUT=STDOUT
 * status: 1
 * failed: is_explained
 * err: gons: report of is_explained
 * err: the test's namespace (net:[*]): loopback up, and nothing else
 * run: explained CMOCKA_MESSAGE_OUTPUT=TAP
 * status: 1
 * valid: tap
 * err: gons: report of is_explained
 * run: explained CMOCKA_MESSAGE_OUTPUT=SUBUNIT
 * status: 1
 * valid: subunit
 * err: gons: report of is_explained
 * run: explained CMOCKA_MESSAGE_OUTPUT=XML
 * status: 1
 * valid: xml
 * err: gons: report of is_explained
 */
static void is_explained(void **state)
{
	(void)state;
	assert_int_equal(1, 2);
}

static int explained(void)
{
	const struct CMUnitTest tests[] = { gons_unit_test_in(is_explained, CLONE_NEWNET) };

	return gons_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char *argv[])
{
	const struct group groups[] = {
		{ "plain", plain },	    { "gons", with_gons }, { "reports", reports },
		{ "explained", explained }, { NULL, NULL },
	};

	return group_main(argc, argv, groups);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests with requirements that the machine does not meet: they are skipped with the reason, or
 * fail where GONS_REQUIRE says so. Here the process has no capabilities, and cannot create user
 * namespaces.
 */
#include <sched.h>

#include "group.h"

/*
 * run: all
 * status: 77
 * err: gons: skipped: requires_net: cannot create a network namespace: Operation not permitted: *
 * skipped: requires_net
 * err: gons: skipped: requires_net_and_mnt: cannot create a * namespace: Operation not permitted: *
 * skipped: requires_net_and_mnt
 * err: gons: skipped: runs_in_uts: cannot create a UTS namespace: Operation not permitted: *
 * skipped: runs_in_uts
 * err: gons: skipped: runs_in_net_and_mnt: cannot create a *
 * skipped: runs_in_net_and_mnt
 * no: [  FAILED  ]*
 * no: not reached
 * run: all GONS_REQUIRE=
 * status: 77
 * run: all GONS_REQUIRE=veth
 * status: 77
 * run: all GONS_REQUIRE=1
 * status: 4
 * err: gons: required: requires_net: cannot create a network namespace: Operation not permitted: *
 * err: *{net}: error: Failure!
 * failed: requires_net
 * failed: requires_net_and_mnt
 * err: gons: required: runs_in_uts: cannot create a UTS namespace: *
 * failed: runs_in_uts
 * failed: runs_in_net_and_mnt
 * no: gons: skipped: *
 * run: all GONS_REQUIRE=veth,1
 * status: 4
 * run: all GONS_REQUIRE=net
 * status: 3
 * failed: requires_net
 * failed: requires_net_and_mnt
 * skipped: runs_in_uts
 * failed: runs_in_net_and_mnt
 * run: all GONS_REQUIRE=mnt,veth
 * status: 2
 * skipped: requires_net
 * failed: requires_net_and_mnt
 * skipped: runs_in_uts
 * failed: runs_in_net_and_mnt
 * run: all GONS_REQUIRE=ipc,uts
 * status: 1
 * skipped: requires_net
 * skipped: requires_net_and_mnt
 * failed: runs_in_uts
 * run: all GONS_REQUIRE=nets,ne,10,ut
 * status: 77
 */
static void requires_net(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET); /* net */
	print_error("not reached\n");
}

static void requires_net_and_mnt(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	print_error("not reached\n");
}

static void runs_in_uts(void **state)
{
	(void)state;
	print_error("not reached\n");
}

static void runs_in_net_and_mnt(void **state)
{
	(void)state;
	print_error("not reached\n");
}

static int all(void)
{
	const struct CMUnitTest tests[] = {
		gons_unit_test(requires_net),
		gons_unit_test(requires_net_and_mnt),
		gons_unit_test_in(runs_in_uts, CLONE_NEWUTS),
		gons_unit_test_in(runs_in_net_and_mnt, CLONE_NEWNET | CLONE_NEWNS),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

/*
 * If one test of either kind has passed, the status is not 77.
 *
 * run: one_passed
 * status: 0
 * skipped: requires_net
 * passed: needs_nothing
 * run: one_plain_passed
 * status: 0
 * skipped: runs_in_uts
 * run: one_failed
 * status: 1
 * skipped: requires_net
 * failed: fails
 * run: plain_skipped
 * status: 77
 * skipped: skips
 * skipped: requires_net
 */
static void needs_nothing(void **state)
{
	(void)state;
}

static void fails(void **state)
{
	(void)state;
	fail();
}

static void skips(void **state)
{
	(void)state;
	skip();
}

static int one_passed(void)
{
	run_these(gons_unit_test(requires_net), gons_unit_test(needs_nothing));
}

static int one_plain_passed(void)
{
	run_these(cmocka_unit_test(needs_nothing), gons_unit_test_in(runs_in_uts, CLONE_NEWUTS));
}

static int one_failed(void)
{
	run_these(gons_unit_test(requires_net), gons_unit_test(fails));
}

static int plain_skipped(void)
{
	run_these(cmocka_unit_test(skips), gons_unit_test(requires_net));
}

/*
 * The name of a plain test is known too.
 *
 * run: plain
 * status: 77
 * err: gons: skipped: requires_net: cannot create a network namespace: *
 * skipped: requires_net
 */
static int plain(void)
{
	run_these(cmocka_unit_test(requires_net));
}

/*
 * A skip does not hide the next failure.
 *
 * run: then_failed
 * status: 2
 * skipped: runs_in_uts
 * failed: fails
 * skipped: requires_net
 * failed: whose_set_up_fails
 */
static int set_up_fails(void **state)
{
	(void)state;
	fail();
	return 0;
}

static void whose_set_up_fails(void **state)
{
	(void)state;
}

static int then_failed(void)
{
	run_these(gons_unit_test_in(runs_in_uts, CLONE_NEWUTS), gons_unit_test(fails),
		  gons_unit_test(requires_net),
		  gons_unit_test_setup_teardown(whose_set_up_fails, set_up_fails, NULL));
}

/*
 * gons's tests may skip in their set-up, which cmocka's cannot. No teardown follows.
 *
 * run: in_set_up
 * status: 77
 * err: gons: skipped: whose_set_up_skips: cannot create a network namespace: *
 * skipped: whose_set_up_skips
 * no: not reached
 */
static int set_up_skips(void **state)
{
	requires_net(state);
	return 0;
}

static void whose_set_up_skips(void **state)
{
	requires_net(state);
}

static int never_torn_down(void **state)
{
	(void)state;
	print_error("not reached\n");
	return 0;
}

static int in_set_up(void)
{
	run_these(gons_unit_test_setup_teardown(whose_set_up_skips, set_up_skips, never_torn_down));
}

/*
 * A required link takes a network namespace.
 *
 * run: a_link
 * status: 77
 * err: gons: skipped: requires_a_link: cannot create a network namespace: Operation not permitted: *
 * skipped: requires_a_link
 * run: a_link GONS_REQUIRE=dummy
 * status: 1
 * run: a_link GONS_REQUIRE=1
 * status: 1
 * run: a_link GONS_REQUIRE=net
 * status: 1
 */
static void requires_a_link(void **state)
{
	(void)state;
	gons_require_link("dummy");
}

static int a_link(void)
{
	run_these(gons_unit_test(requires_a_link));
}

/* Does not use gons_can(), which waits for a second when a limit is reached. */
static int makes_user_namespace(void *arg)
{
	(void)arg;
	return unshare(CLONE_NEWUSER) < 0;
}

int main(int argc, char *argv[])
{
	const struct group groups[] = {
		{ "all", all },
		{ "one_passed", one_passed },
		{ "one_plain_passed", one_plain_passed },
		{ "one_failed", one_failed },
		{ "plain_skipped", plain_skipped },
		{ "plain", plain },
		{ "then_failed", then_failed },
		{ "in_set_up", in_set_up },
		{ "a_link", a_link },
		{ NULL, NULL },
	};

	become_powerless();
	if (in_child(makes_user_namespace, NULL) == 0 || gons_can(CLONE_NEWUTS)) {
		print_error("cannot run here: namespaces can be made whatever is dropped\n");
		return 77;
	}
	return group_choose(argc, argv, groups);
}

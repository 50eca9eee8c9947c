/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests that require a link of an unknown kind, or an invalid type.
 */
#include "group.h"

#include <sched.h>

/*
 * A kind of link that no kernel has. GONS_REQUIRE=1 is about namespaces alone.
 *
 * run: link
 * status: 77
 * err: gons: skipped: requires_a_link: cannot create a link of kind nonsense: *: this kernel lacks it; load the module nonsense, if there is one
 * skipped: requires_a_link
 * no: not reached
 * run: link GONS_REQUIRE=1
 * status: 77
 * run: link GONS_REQUIRE=net,mnt,veth
 * status: 77
 * run: link GONS_REQUIRE=nonsens,nonsense2
 * status: 77
 * run: link GONS_REQUIRE=nonsense
 * status: 1
 * err: gons: required: requires_a_link: cannot create a link of kind nonsense: *
 * err: *{link}: error: Failure!
 * failed: requires_a_link
 * no: not reached
 * run: link GONS_REQUIRE=net,nonsense
 * status: 1
 * run: link GONS_REQUIRE=nonsense,net
 * status: 1
 * run: link GONS_REQUIRE=net,{blank}nonsense
 * status: 1
 * run: link GONS_REQUIRE={blank}nonsense{blank},{blank}{blank}net{blank}
 * status: 1
 * run: link GONS_REQUIRE=net{newline}nonsense{newline}
 * status: 1
 * run: link GONS_REQUIRE=net,{blank}nonsense2{blank}
 * status: 77
 */
static void requires_a_link(void **state)
{
	(void)state;
	gons_require_link("nonsense"); /* link */
	print_error("not reached\n");
}

static int link_group(void)
{
	run_these(gons_unit_test(requires_a_link));
}

/*
 * Tests whose requirements are met run, with any GONS_REQUIRE.
 *
 * run: there
 * status: 0
 * passed: requires_what_is_there
 * run: there GONS_REQUIRE=1
 * status: 0
 * passed: requires_what_is_there
 * run: there GONS_REQUIRE=net,mnt,uts
 * status: 0
 * passed: requires_what_is_there
 */
static void requires_what_is_there(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET);
	gons_require(CLONE_NEWUTS | CLONE_NEWIPC);
	assert_int_not_equal(own_ino("net"), 0);
}

static int there(void)
{
	run_these(gons_unit_test(requires_what_is_there));
}

/*
 * A mistake of the program is never a skip.
 *
 * run: wrong_types
 * status: 5
 * err: *gons_unit_test_in() takes one or several of CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC and CLONE_NEWCGROUP
 * failed: in_no_type
 * failed: in_user
 * failed: in_time
 * failed: in_net_and_pid
 * failed: in_unknown_bits
 * passed: next_test_starts_in_the_same_state
 * no: gons: skipped*
 * no: not reached
 */
static void in_no_type(void **state)
{
	(void)state;
	print_error("not reached\n");
}

static void in_user(void **state)
{
	in_no_type(state);
}

static void in_time(void **state)
{
	in_no_type(state);
}

static void in_net_and_pid(void **state)
{
	in_no_type(state);
}

static void in_unknown_bits(void **state)
{
	in_no_type(state);
}

static int wrong_types(void)
{
	run_these(notes_the_state, gons_unit_test_in(in_no_type, 0),
		  gons_unit_test_in(in_user, CLONE_NEWUSER),
		  gons_unit_test_in(in_time, CLONE_NEWTIME), is_in_the_same_state,
		  gons_unit_test_in(in_net_and_pid, CLONE_NEWNET | CLONE_NEWPID),
		  gons_unit_test_in(in_unknown_bits, CLONE_VM), is_in_the_same_state);
}

/*
 * run: wrong_requests
 * status: 5
 * err: [  ERROR   ] --- 0 is not a namespace type: Invalid argument*
 * failed: requires_no_type
 * err: [  ERROR   ] --- the types have flags that are not namespace types: Invalid argument*
 * failed: requires_unknown_bits
 * err: [  ERROR   ] --- "" is not a kind of link: Invalid argument*
 * failed: requires_an_empty_kind
 * err: [  ERROR   ] --- "sixteen_or_more_" is not a kind of link: Invalid argument*
 * failed: requires_a_long_kind
 * err: [  ERROR   ] --- kind is NULL: Invalid argument*
 * failed: requires_a_null_kind
 */
static void requires_no_type(void **state)
{
	(void)state;
	gons_require(0);
}

static void requires_unknown_bits(void **state)
{
	(void)state;
	gons_require(CLONE_VM);
}

static void requires_an_empty_kind(void **state)
{
	(void)state;
	gons_require_link("");
}

static void requires_a_long_kind(void **state)
{
	(void)state;
	gons_require_link("sixteen_or_more_");
}

static const char *volatile no_kind;

static void requires_a_null_kind(void **state)
{
	(void)state;
	gons_require_link(no_kind);
}

static int wrong_requests(void)
{
	run_these(gons_unit_test(requires_no_type), gons_unit_test(requires_unknown_bits),
		  gons_unit_test(requires_an_empty_kind), gons_unit_test(requires_a_long_kind),
		  gons_unit_test(requires_a_null_kind));
}

int main(int argc, char *argv[])
{
	const struct group groups[] = {
		{ "link", link_group },
		{ "there", there },
		{ "wrong_types", wrong_types },
		{ "wrong_requests", wrong_requests },
		{ NULL, NULL },
	};

	return group_main(argc, argv, groups);
}

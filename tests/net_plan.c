/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar of plans: what is wrong, where, and what was expected. Needs no privileges. */
#include "check.h"

#include <string.h>
#include <sys/socket.h>

#include <gons/net.h>

/* Each of them fails before anything is created. */
static void refuse(const char *plan, const char *where, const char *expected)
{
	assert_refused(gons_net_new(plan, 0), EINVAL, where);
	assert_contains(gons_error(), expected);
}

static void a_mistake_in_a_chain_is_found(void **state)
{
	static const char *const plans[][3] = {
		{ "a", "line 1, column 2", "expected \"--\", found the end of the plan" },
		{ "a --", "line 1, column 5", "expected the name of a host, found the end" },
		{ "a -- b --\n", "line 1, column 10",
		  "expected the name of a host, found the end of the line" },
		{ "-- b", "line 1, column 1", "expected the name of a host, found \"--\"" },
		{ "a b", "line 1, column 3", "expected \"--\", found \"b\"" },
		{ "a -- b c", "line 1, column 8",
		  "expected the end of the statement, found \"c\"" },
		{ "a--b", "line 1, column 1", "a blank before and after \"--\"" },
		{ "a -- b, c", "line 1, column 7",
		  "expected the end of the statement, found \",\"" },
		{ "\n\n  a -- -- b", "line 3, column 8", "expected the name of a host" },
		{ "a -- a", "line 1, column 6", "\"a\" is on this cable already" },
		{ "x -- y; a -- ", "line 1, column 14", "expected the name of a host" },
		{ "a -- b]", "line 1, column 7", "expected the end of the statement, found \"]\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++)
		refuse(plans[i][0], plans[i][1], plans[i][2]);
}

static void a_mistake_in_a_name_is_found(void **state)
{
	static const char *const plans[][3] = {
		{ "abcdefghijklmnop -- b", "line 1, column 1", "1 to 15 letters, digits" },
		{ "a -- b\xc3\xa4", "line 1, column 6", "found \"b??\"" },
		{ "a -- b/c", "line 1, column 6", "expected an address" },
		{ "a -- ..", "line 1, column 6", "the name of a host" },
		{ "a: -- b", "line 1, column 4", "expected the name of a host, found \"--\"" },
		{ "a:x:y -- b", "line 1, column 3", "the name of a link" },
		{ "a:lo -- b", "line 1, column 1", "each host has a link \"lo\"" },
		{ ":x -- b", "line 1, column 1", "the name of a host, of 1 to 15" },
		{ "a:abcdefghijklmnop -- b", "line 1, column 3", "the name of a link, of 1 to 15" },
		{ "a:x -- b; a:x -- c", "line 1, column 11", "\"a\" has a link \"x\" already" },
		{ "a -- b:x -- c", "line 1, column 6", "each cable as a statement" },
		{ "a=b -- c", "line 1, column 1", "the name of a host" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++)
		refuse(plans[i][0], plans[i][1], plans[i][2]);
}

static void a_mistake_in_an_address_is_found(void **state)
{
	static const char *const plans[][3] = {
		{ "a 10.0.0.1/33 -- b", "line 1, column 3", "an address such as 10.0.0.1/24" },
		{ "a 10.0.0.1/ -- b", "line 1, column 3", "an address such as" },
		{ "a 10.0.0.1/0 -- b", "line 1, column 3", "an address such as" },
		{ "a 10.0.0.1/24/8 -- b", "line 1, column 3", "an address such as" },
		{ "a 0.0.0.0/24 -- b", "line 1, column 3", "an address such as" },
		{ "a 224.0.0.1/24 -- b", "line 1, column 3", "an address such as" },
		{ "a ff02::1/64 -- b", "line 1, column 3", "an address such as" },
		{ "a fd00::1/129 -- b", "line 1, column 3", "an address such as" },
		{ "a 10.0.0.0/24 -- b", "line 1, column 3", "that a host can have" },
		{ "a 10.0.0.255/24 -- b", "line 1, column 3", "that a host can have" },
		{ "a 10.0.0.1/24, -- b", "line 1, column 16", "an address such as" },
		{ "a 10.0.0.1/24 10.0.0.2/24 -- b", "line 1, column 15",
		  "\",\" between two addresses" },
		{ "a 10.0.0.1/24 b", "line 1, column 15", "expected \"--\" or \",\"" },
		{ "a 10.0.0.1/24 -- 10.0.0.1/24 b", "line 1, column 30",
		  "\"a\" has 10.0.0.1/24 already" },
		{ "10.0.0.1/24 a -- b", "line 1, column 1", "expected the name of a host" },
		{ "lan: 10.0.0.1/24 a", "line 1, column 6", "expected the name of a host" },
		{ "a fd00::1/64 -- b [mtu=1279]", "line 1, column 1", "an mtu of 1280 at least" },
		{ "lan: a 10.0.0.1/30, b, c", "line 1, column 24", "none is free in 10.0.0.0/30" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++)
		refuse(plans[i][0], plans[i][1], plans[i][2]);
}

static void a_mistake_in_a_bridge_is_found(void **state)
{
	static const char *const plans[][3] = {
		{ "lan:", "line 1, column 5", "expected the name of a host, found the end" },
		{ "lan: a,", "line 1, column 8", "expected the name of a host" },
		{ "lan: a b", "line 1, column 8",
		  "expected the end of the statement, found \"b\"" },
		{ "lan: a, a", "line 1, column 9", "\"a\" is on this bridge already" },
		{ "lan: a\nlan: b", "line 2, column 1", "line 1 has a bridge \"lan\"" },
		{ "lan -- a; lan: b", "line 1, column 11", "there is a host \"lan\"" },
		{ "lan: a; b -- lan", "line 1, column 14", "found the bridge \"lan\" of line 1" },
		{ "lan: lan", "line 1, column 6", "expected a host, found the bridge" },
		{ "lo: a", "line 1, column 1", "than \"lo\"" },
		{ "abcdefghijklmnop: a", "line 1, column 1", "the name of a bridge, of 1 to 15" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++)
		refuse(plans[i][0], plans[i][1], plans[i][2]);
}

static void a_mistake_in_an_option_is_found(void **state)
{
	static const char *const plans[][3] = {
		{ "a -- b [mtu=67]", "line 1, column 9", "\"mtu=\" and a number from 68 to 65535" },
		{ "a -- b [mtu=65536]", "line 1, column 9", "from 68 to 65535" },
		{ "a -- b [mtu=]", "line 1, column 9", "from 68 to 65535" },
		{ "a -- b [mtu=-1400]", "line 1, column 9", "from 68 to 65535" },
		{ "a -- b [mtu=1400x]", "line 1, column 9", "from 68 to 65535" },
		{ "a -- b [loss=1]", "line 1, column 9", "found \"loss=1\"" },
		{ "a -- b []", "line 1, column 9", "found \"]\"" },
		{ "a -- b [mtu=1400", "line 1, column 17", "expected \",\" or \"]\"" },
		{ "a -- b [mtu=1400 mtu=1400]", "line 1, column 18", "expected \",\" or \"]\"" },
		{ "a -- b [mtu=1400, mtu=1500]", "line 1, column 19", "an mtu is given already" },
		{ "host a [forward=maybe]", "line 1, column 9",
		  "\"forward=yes\" or \"forward=no\"" },
		{ "host a [forward=no", "line 1, column 19", "expected \",\" or \"]\"" },
		{ "host a [forward=no]; host a [forward=yes]", "line 1, column 30",
		  "has one already" },
		{ "host a:x", "line 1, column 6", "without a link" },
		{ "host a -- b", "line 1, column 8", "expected the end of the statement" },
		{ "host", "line 1, column 5", "expected \"--\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++)
		refuse(plans[i][0], plans[i][1], plans[i][2]);
}

static void a_plan_without_hosts_is_refused(void **state)
{
	(void)state;
	refuse("", "line 1, column 1", "expected a host, found the end of the plan");
	refuse("# nothing\n ;; \n", "line 3, column 1", "expected a host");
}

static void misuse_of_plans_is_refused(void **state)
{
	(void)state;
	assert_refused(gons_net_new(NULL, 0), EINVAL, "plan is NULL");
	assert_refused(gons_net_new("a -- b", CLONE_NEWNET), EINVAL,
		       "CLONE_NEWNS and CLONE_NEWUTS");
	assert_refused(gons_net_new("a -- b", CLONE_NEWUSER), EINVAL,
		       "CLONE_NEWNS and CLONE_NEWUTS");
	assert_refused(gons_net_host(NULL, "a"), EINVAL, "net is NULL");
	assert_refused(gons_net_nsfd(NULL, "a"), EINVAL, "net is NULL");
	assert_refused(gons_net_ifindex(NULL, "a", "eth0"), EINVAL, "net is NULL");
	assert_refused(gons_net_address(NULL, "a", AF_INET), EINVAL, "net is NULL");
	assert_refused(gons_net_execute(NULL, "a", NULL, NULL), EINVAL, "net is NULL");
	assert_refused(gons_net_draw(NULL, stdout), EINVAL, "net is NULL");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(a_mistake_in_a_chain_is_found),
		check_test(a_mistake_in_a_name_is_found),
		check_test(a_mistake_in_an_address_is_found),
		check_test(a_mistake_in_a_bridge_is_found),
		check_test(a_mistake_in_an_option_is_found),
		check_test(a_plan_without_hosts_is_refused),
		check_test(misuse_of_plans_is_refused),
	};

	return gons_run_group_tests(tests, NULL, NULL);
}

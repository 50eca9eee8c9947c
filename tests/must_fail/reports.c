/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wherever a test fails, its report has the namespaces that it was in, those that it came through,
 * and those of its sets. Each has a socket of its own by which it is known.
 */
#include <arpa/inet.h>
#include <sys/socket.h>

#include <gons/netns.h>

#include "group.h"

/* The end of the test closes it. */
static void listen_on(uint16_t port)
{
	const struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = gons_must(gons_netns_socket(-1, AF_INET, SOCK_DGRAM, 0));

	assert_int_equal(bind(fd, (const struct sockaddr *)&name, sizeof(name)), 0);
}

/*
 * run: deep
 * status: 1
 * err: [  ERROR   ] --- *1 != *2
 * err: [   LINE   ] --- {deepest}: error: Failure!
 * err: gons: report of fails_three_levels_deep
 * err:   udp bound 0.0.0.0:4001 (*
 * err:   udp bound 0.0.0.0:4002 (*
 * err:   udp bound 0.0.0.0:4003 (*
 * failed: fails_three_levels_deep
 * passed: passes
 * no: gons: left behind*
 */
static void fail_deepest(void *arg)
{
	(void)arg;
	listen_on(4003);
	assert_int_equal(1, 2); /* deepest */
}

static void go_deeper(void *arg)
{
	(void)arg;
	listen_on(4002);
	gons_must(gons_execute(gons_must(gons_netns_new_transient()), fail_deepest, NULL));
}

static void fails_three_levels_deep(void **state)
{
	(void)state;
	listen_on(4001);
	gons_must(gons_execute(gons_must(gons_netns_new_transient()), go_deeper, NULL));
}

static void passes(void **state)
{
	(void)state;
}

static int deep(void)
{
	run_these(gons_unit_test_in(fails_three_levels_deep, CLONE_NEWNET), gons_unit_test(passes));
}

/*
 * What gons_execute() has left is reported as well, and where the test is.
 *
 * run: executed
 * status: 1
 * err: [   LINE   ] --- {executed}: error: Failure!
 * err: gons: report of fails_after_execute
 * err:   udp bound 0.0.0.0:4004 (*
 * err: the test's namespace (net:[*]): loopback up, and nothing else
 * failed: fails_after_execute
 */
static void listen_there(void *arg)
{
	(void)arg;
	listen_on(4004);
}

static void fails_after_execute(void **state)
{
	(void)state;
	gons_must(gons_execute(gons_must(gons_netns_new_transient()), listen_there, NULL));
	assert_int_equal(1, 2); /* executed */
}

static int executed(void)
{
	run_these(gons_unit_test_in(fails_after_execute, CLONE_NEWNET));
}

/*
 * run: sets
 * status: 2
 * err: gons: report of fails_in_a_set
 * err: the test's namespace (net:[*]):
 * err:   udp bound 0.0.0.0:4005 (*
 * failed: fails_in_a_set
 * err: gons: report of fails_beside_a_set
 * err: namespace 1 (net:[*]):
 * err:   udp bound 0.0.0.0:4006 (*
 * failed: fails_beside_a_set
 */
static gons_set *set;

static void fails_in_a_set(void **state)
{
	(void)state;
	set = gons_must(gons_set_unshare(NULL, CLONE_NEWNET, NULL));
	gons_must(gons_set_enter(set));
	listen_on(4005);
	assert_int_equal(1, 2);
}

/*
 * The report comes before the teardown, which closes the set.
 *
 * run: before_teardown
 * status: 1
 * err: gons: report of fails_beside_a_set
 * err: namespace 1 (net:[*]):
 * err:   udp bound 0.0.0.0:4006 (*
 * failed: fails_beside_a_set
 */
static void fails_beside_a_set(void **state)
{
	(void)state;
	set = gons_must(gons_set_unshare(NULL, CLONE_NEWNET, NULL));
	GONS_MUST_IN(gons_set_fd(set, CLONE_NEWNET)) {
		listen_on(4006);
	}
	assert_int_equal(1, 2);
}

static int close_set(void **state)
{
	(void)state;
	gons_set_close(set);
	return 0;
}

static int sets(void)
{
	run_these(gons_unit_test_setup_teardown(fails_in_a_set, NULL, close_set),
		  gons_unit_test(fails_beside_a_set));
}

static int before_teardown(void)
{
	run_these(gons_unit_test_setup_teardown(fails_beside_a_set, NULL, close_set));
}

/*
 * run: skipped GONS_HOLD=60
 * status: 77
 * skipped: is_skipped
 * no: *report of*
 * no: *waits*
 */
static void is_skipped(void **state)
{
	(void)state;
	gons_must(gons_netns_new_transient());
	gons_require_link("nonsense");
}

static int skipped(void)
{
	run_these(gons_unit_test(is_skipped));
}

/*
 * The namespaces that a pool keeps ready are none of the test's.
 *
 * run: pools
 * status: 1
 * err: gons: report of fails_in_a_set_of_a_pool
 * err: the test's namespace (net:[*]):
 * err:   udp bound 0.0.0.0:4007 (*
 * failed: fails_in_a_set_of_a_pool
 * no: namespace * (net:[*
 */
static gons_pool *pool;

static void fails_in_a_set_of_a_pool(void **state)
{
	(void)state;
	set = gons_must(gons_pool_get(pool));
	gons_must(gons_set_enter(set));
	listen_on(4007);
	assert_int_equal(1, 2);
}

static int start_pool(void **state)
{
	(void)state;
	pool = gons_pool_new(CLONE_NEWNET, NULL, NULL);
	return pool && gons_pool_start(pool, 3) == 0 ? 0 : -1;
}

static int close_pool(void **state)
{
	(void)state;
	gons_pool_close(pool);
	return 0;
}

static int pools(void)
{
	const struct CMUnitTest tests[] = { gons_unit_test_setup_teardown(fails_in_a_set_of_a_pool,
									  NULL, close_set) };

	return gons_run_group_tests(tests, start_pool, close_pool);
}

int main(int argc, char *argv[])
{
	const struct group groups[] = {
		{ "deep", deep },	{ "executed", executed },
		{ "sets", sets },	{ "before_teardown", before_teardown },
		{ "skipped", skipped }, { "pools", pools },
		{ NULL, NULL },
	};

	return group_main(argc, argv, groups);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests that take their namespaces from a busy pool: leaks of the tests are found, and
 * descriptors and threads of the pool are no leaks.
 */
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "group.h"

#include <gons/set.h>

static uint64_t outside;

static void is_in_a_new_namespace(void **state)
{
	(void)state;
	assert_int_not_equal(own_ino("net"), outside);
}

/* Keeps the pool of the run filling. */
static gons_pool *busy;

static void takes_three(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		gons_set_close(gons_must(gons_pool_get(busy)));
}

static int start_busy(void **state)
{
	(void)state;
	outside = own_ino("net");
	busy = gons_pool_new(CLONE_NEWNET, NULL, NULL);
	return busy && gons_pool_start(busy, 3) == 0 ? 0 : -1;
}

static int end_busy(void **state)
{
	(void)state;
	gons_pool_close(busy);
	return 0;
}

#define run_with_pool(...)                                                                         \
	do {                                                                                       \
		const struct CMUnitTest tests_[] = { __VA_ARGS__ };                                \
		if (gons_cmocka_pool(CLONE_NEWNET, 2) < 0)                                         \
			return 1;                                                                  \
		return gons_run_group_tests(tests_, start_busy, end_busy);                         \
	} while (0)
#define in_pool(f) gons_unit_test_in(f, CLONE_NEWNET)
#define four(test) test, test, test, test

/*
 * run: leaves
 * status: 4
 * err: gons: left behind: leaves_a_file_open: descriptor * was left open: /etc/passwd
 * failed: leaves_a_file_open
 * err: gons: left behind: leaves_a_namespace_open: descriptor * was left open: net:[*]
 * failed: leaves_a_namespace_open
 * err: gons: left behind: leaves_a_set: descriptor * was left open: net:[*]
 * failed: leaves_a_set
 * err: gons: left behind: leaves_a_pool: descriptor * was left open: net:[*]
 * err: gons: left behind: leaves_a_pool: thread * "gons-pool" was left running
 * failed: leaves_a_pool
 * no: gons: left behind: is_in_a_new_namespace*
 * no: gons: left behind: takes_three*
 * no: gons: left behind: leaves_a_set: thread*
 */
static void leaves_a_file_open(void **state)
{
	is_in_a_new_namespace(state);
	assert_true(open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0);
}

static void leaves_a_namespace_open(void **state)
{
	takes_three(state);
	assert_true(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC) >= 0);
}

static gons_set *volatile left_set; /* written, for LeakSanitizer to find */

static void leaves_a_set(void **state)
{
	(void)state;
	left_set = gons_must(gons_pool_get(busy));
}

static gons_pool *volatile left_pool;

static void leaves_a_pool(void **state)
{
	(void)state;
	left_pool = gons_must(gons_pool_new(CLONE_NEWNET, NULL, NULL));
	gons_must(gons_pool_start(left_pool, 1));
}

static int leaves(void)
{
	run_with_pool(four(in_pool(is_in_a_new_namespace)), four(gons_unit_test(takes_three)),
		      in_pool(leaves_a_file_open), four(gons_unit_test(takes_three)),
		      in_pool(leaves_a_namespace_open), four(in_pool(takes_three)),
		      gons_unit_test(leaves_a_set), four(gons_unit_test(takes_three)),
		      gons_unit_test(leaves_a_pool), four(in_pool(takes_three)));
}

/*
 * run: ends_early
 * status: 1
 * failed: fails_inside
 * skipped: skips_inside
 * passed: is_in_a_new_namespace
 * passed: is_outside
 * no: gons: left behind: *
 * no: gons: not undone: *
 */
static void fails_inside(void **state)
{
	is_in_a_new_namespace(state);
	fail();
}

static void skips_inside(void **state)
{
	is_in_a_new_namespace(state);
	skip();
}

static void is_outside(void **state)
{
	(void)state;
	assert_int_equal(own_ino("net"), outside);
}

static int ends_early(void)
{
	run_with_pool(in_pool(fails_inside), gons_unit_test(is_outside), in_pool(skips_inside),
		      gons_unit_test(is_outside), four(in_pool(is_in_a_new_namespace)));
}

/*
 * Where no namespaces can be created, each test reports the reason.
 *
 * run: powerless
 * status: 77
 * err: gons: skipped: is_in_a_new_namespace: cannot create a network namespace: Operation not permitted*
 * skipped: is_in_a_new_namespace
 * run: powerless GONS_REQUIRE=net
 * status: 2
 * err: gons: required: is_in_a_new_namespace: cannot create a network namespace: Operation not permitted*
 * failed: is_in_a_new_namespace
 */
static int powerless(void)
{
	const struct CMUnitTest tests[] = {
		in_pool(is_in_a_new_namespace),
		in_pool(is_in_a_new_namespace),
	};

	become_powerless();
	return gons_cmocka_pool(CLONE_NEWNET, 2) < 0 ? 1 : gons_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char *argv[])
{
	const struct group groups[] = {
		{ "leaves", leaves },
		{ "ends_early", ends_early },
		{ "powerless", powerless },
		{ NULL, NULL },
	};

	return group_main(argc, argv, groups);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Namespaces made ahead of the tests. The tests run in this order, and count on it.
 */
#include "check.h"

#include <net/if.h>
#include <unistd.h>

enum { AHEAD = 2, TESTS = 4 };

static uint64_t seen[TESTS];
static int n_seen;
static uint64_t own_mntns;
static int fds_before, threads_before;

/* The network namespace is none that an earlier test was in. */
static void is_a_new_one(void)
{
	uint64_t ino = own_ino("net");

	for (int i = 0; i < n_seen; i++)
		assert_int_not_equal(ino, seen[i]);
	seen[n_seen++] = ino;
}

static int remember_mntns(void **state)
{
	int result = gons_group_setup_root(state);

	own_mntns = own_ino("mnt");
	return result;
}

static void each_test_has_a_network_that_nobody_was_in(void **state)
{
	struct if_nameindex *links = if_nameindex();

	(void)state;
	is_a_new_one();
	assert_non_null(links);
	assert_string_equal(links[0].if_name, "lo");
	assert_int_equal(links[1].if_index, 0);
	if_freenameindex(links);
	assert_int_equal(count_entries("/sys/class/net"), 1);
	assert_string_equal(read_text("/sys/class/net/lo/operstate"), "unknown\n"); /* it is up */
}

static void other_types_are_not_taken_from_the_pool(void **state)
{
	(void)state;
	is_a_new_one();
	assert_int_equal(own_ino("mnt"), own_mntns);
}

static void two_sets_and_their_threads_are_still_there(void **state)
{
	(void)state;
	if (n_seen == 0)
		gons_require(CLONE_NEWNET | CLONE_NEWNS);
	assert_int_equal(count_entries("/proc/self/task"), threads_before + AHEAD);
	assert_true(count_entries("/proc/self/fd") >= fds_before + 2 * AHEAD);
}

int main(void)
{
	const int types = CLONE_NEWNET | CLONE_NEWNS;
	const struct CMUnitTest tests[] = {
		gons_unit_test_in(each_test_has_a_network_that_nobody_was_in, types),
		gons_unit_test_in(other_types_are_not_taken_from_the_pool, CLONE_NEWNET),
		gons_unit_test_in(each_test_has_a_network_that_nobody_was_in, types),
		gons_unit_test_in(each_test_has_a_network_that_nobody_was_in, types),
		cmocka_unit_test(two_sets_and_their_threads_are_still_there),
	};

	if (gons_cmocka_pool(CLONE_NEWUSER, AHEAD) != -1 || errno != EINVAL ||
	    gons_cmocka_pool(0, AHEAD) != -1 || gons_cmocka_pool(types, AHEAD) != 0)
		return 1;
	on_thread(free, NULL); /* with which a sanitizer starts a thread of its own */
	fds_before = count_entries("/proc/self/fd");
	threads_before = count_entries("/proc/self/task");
	return gons_run_group_tests(tests, remember_mntns, NULL);
}

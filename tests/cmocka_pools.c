/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several runs in one program, each with a pool of its own types.
 */
#include "check.h"

#include <fcntl.h>
#include <net/if.h>
#include <unistd.h>

static uint64_t outside_net, outside_mnt, outside_uts;

static int remember_place(void **state)
{
	int result = gons_group_setup_root(state);

	outside_net = own_ino("net");
	outside_mnt = own_ino("mnt");
	outside_uts = own_ino("uts");
	return result;
}

static void is_in_a_network_and_a_mount_namespace(void **state)
{
	(void)state;
	assert_int_not_equal(own_ino("net"), outside_net);
	assert_int_not_equal(own_ino("mnt"), outside_mnt);
	assert_int_equal(own_ino("uts"), outside_uts);
	assert_int_equal(count_class_net(AT_FDCWD, "/sys/class/net"), 1);
}

static void is_in_a_uts_namespace(void **state)
{
	(void)state;
	assert_int_equal(own_ino("net"), outside_net);
	assert_int_equal(own_ino("mnt"), outside_mnt);
	assert_int_not_equal(own_ino("uts"), outside_uts);
}

static void is_in_a_network_namespace(void **state)
{
	(void)state;
	assert_int_not_equal(own_ino("net"), outside_net);
	assert_int_equal(own_ino("mnt"), outside_mnt);
	assert_int_equal(own_ino("uts"), outside_uts);
}

static int run_in_both(void)
{
	const int types = CLONE_NEWNET | CLONE_NEWNS;
	const struct CMUnitTest tests[] = {
		gons_unit_test_in(is_in_a_network_and_a_mount_namespace, types),
		gons_unit_test_in(is_in_a_uts_namespace, CLONE_NEWUTS),
	};

	/* One more set than is used: it must not be left for the next run. */
	return gons_cmocka_pool(types, 2) < 0 ? 1
					      : gons_run_group_tests(tests, remember_place, NULL);
}

static int run_in_uts(void)
{
	const struct CMUnitTest tests[] = {
		gons_unit_test_in(is_in_a_uts_namespace, CLONE_NEWUTS),
		gons_unit_test_in(is_in_a_uts_namespace, CLONE_NEWUTS),
		gons_unit_test_in(is_in_a_network_and_a_mount_namespace,
				  CLONE_NEWNET | CLONE_NEWNS),
		gons_unit_test_in(is_in_a_network_namespace, CLONE_NEWNET),
	};

	return gons_cmocka_pool(CLONE_NEWUTS, 2) < 0
		       ? 1
		       : gons_run_group_tests(tests, remember_place, NULL);
}

static int run_in_net(void)
{
	const struct CMUnitTest tests[] = {
		gons_unit_test_in(is_in_a_network_namespace, CLONE_NEWNET),
		gons_unit_test_in(is_in_a_uts_namespace, CLONE_NEWUTS),
	};

	return gons_cmocka_pool(CLONE_NEWNET, 1) < 0
		       ? 1
		       : gons_run_group_tests(tests, remember_place, NULL);
}

int main(void)
{
	int (*const runs[])(void) = { run_in_both, run_in_uts, run_in_net };
	int failed = 0, skipped = 0;

	for (int i = 0; i < 3; i++) {
		int status = runs[i]();

		skipped += status == 77;
		failed += status == 77 ? 0 : status;
	}
	return skipped == 3 ? 77 : failed;
}

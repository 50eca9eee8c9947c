/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets with new namespaces.
 */
#include "check.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <gons/set.h>

#define ALL_TYPES (CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP)

static uint64_t ino_in(const gons_set *set, int type)
{
	return gons_must(gons_ino(gons_must(gons_set_fd(set, type)), type));
}

static void new_namespaces_are_new_and_the_thread_stays(void **state)
{
	uint64_t before[SWITCHABLE];

	(void)state;
	gons_require(ALL_TYPES);
	take_inodes(before);
	for (int i = 0; i < SWITCHABLE; i++) {
		gons_set *set = gons_must(gons_set_unshare(NULL, switchable[i].type, NULL));

		assert_int_equal(gons_set_types(set), switchable[i].type);
		assert_int_not_equal(ino_in(set, switchable[i].type), before[i]);
		assert_inodes(before);
		gons_set_close(set);
	}
}

static void the_rest_is_that_of_the_given_set(void **state)
{
	gons_set *set, *made;

	(void)state;
	gons_require(ALL_TYPES);
	set = gons_must(gons_set_unshare(NULL, CLONE_NEWNET | CLONE_NEWUTS, NULL));
	made = gons_must(gons_set_unshare(set, CLONE_NEWUTS | CLONE_NEWIPC, NULL));
	assert_int_equal(gons_set_types(set), CLONE_NEWNET | CLONE_NEWUTS);
	assert_int_equal(gons_set_types(made), CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC);
	assert_int_equal(ino_in(made, CLONE_NEWNET), ino_in(set, CLONE_NEWNET));
	assert_int_not_equal(ino_in(made, CLONE_NEWUTS), ino_in(set, CLONE_NEWUTS));
	assert_int_not_equal(ino_in(made, CLONE_NEWUTS), own_ino("uts"));
	assert_int_not_equal(ino_in(made, CLONE_NEWIPC), own_ino("ipc"));
	gons_set_close(set);
	gons_set_close(made);
}

static void maps_take_a_user_namespace(void **state)
{
	const struct gons_idmap map = { 0, 0, 1 };
	const struct gons_idmaps maps = { &map, 1, &map, 1 };

	(void)state;
	assert_refused(gons_set_unshare(NULL, CLONE_NEWNET, &maps), EINVAL,
		       "cannot map ids without a new user namespace");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(new_namespaces_are_new_and_the_thread_stays),
		check_test(the_rest_is_that_of_the_given_set),
		check_test(maps_take_a_user_namespace),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The cmocka header in C++, compiled against an installed gons. */
#include <gons/cmocka.h>

static uint64_t outside;

static void enters_until_the_block_ends(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET);
	outside = gons_must(gons_netns_current_ino());
	GONS_SCOPE {
		assert_int_equal(gons_must(gons_netns_enter_transient()), 0);
		assert_int_not_equal(gons_must(gons_netns_current_ino()), outside);
	}
	assert_int_equal(gons_must(gons_netns_current_ino()), outside);
}

static void enters_until_the_test_ends(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET);
	assert_string_equal(gons_must(gons_type_name(CLONE_NEWNET)), "net");
	assert_true(gons_must(gons_netns_current()) >= 0);
	assert_true(gons_must(gons_can(CLONE_NEWNET)));
	gons_must(gons_netns_enter_transient());
	assert_int_not_equal(gons_must(gons_netns_current_ino()), outside);
}

static void is_back(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET);
	assert_int_equal(gons_must(gons_netns_current_ino()), outside);
}

static void begins_in_namespaces(void **state)
{
	(void)state;
	assert_int_not_equal(gons_must(gons_netns_current_ino()), outside);
}

static int set_up(void **state)
{
	*state = &outside;
	return 0;
}

static int tear_down(void **state)
{
	return *state == &outside ? 0 : -1;
}

static void has_its_state(void **state)
{
	assert_ptr_equal(*state, &outside);
}

int main()
{
	const struct CMUnitTest tests[] = {
		gons_unit_test(enters_until_the_block_ends),
		gons_unit_test(enters_until_the_test_ends),
		gons_unit_test(is_back),
		gons_unit_test_in(begins_in_namespaces, CLONE_NEWNET),
		gons_unit_test_setup_teardown(has_its_state, set_up, tear_down),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "two_files.h"

#include <sys/stat.h>

void enters_in_another_file(void **state)
{
	static uint64_t last;

	(void)state;
	assert_int_not_equal(own_ino("net"), last);
	last = own_ino("net");
	gons_must(gons_netns_enter_transient());
	assert_int_not_equal(own_ino("net"), last);
}

void leaks_in_another_file(void **state)
{
	(void)state;
	(void)umask(0137);
}

void requires_in_another_file(void **state)
{
	(void)state;
	gons_require_link("nonsense");
}

const struct CMUnitTest two_files_tests[2] = {
	gons_unit_test(leaks_in_another_file),
	gons_unit_test_in(enters_in_another_file, CLONE_NEWNET),
};

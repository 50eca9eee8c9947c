/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program of several files: tests and their helpers may be in other files than the call that
 * runs them.
 */
#include "two_files.h"

/*
 * run: both
 * status: 1
 * passed: enters_in_another_file
 * err: gons: left behind: leaks_in_another_file: the umask was left at 0137, before at *
 * failed: leaks_in_another_file
 * err: gons: skipped: requires_in_another_file: cannot create a link of kind nonsense: *
 * skipped: requires_in_another_file
 * passed: next_test_starts_in_the_same_state
 */
static int both(void)
{
	run_these(notes_the_state, gons_unit_test_in(enters_in_another_file, CLONE_NEWNET),
		  is_in_the_same_state, gons_unit_test(leaks_in_another_file), is_in_the_same_state,
		  gons_unit_test(requires_in_another_file));
}

/*
 * run: tests_of_another_file
 * status: 1
 * err: gons: left behind: leaks_in_another_file: the umask was left at 0137, before at *
 * failed: leaks_in_another_file
 * passed: enters_in_another_file
 */
static int tests_of_another_file(void)
{
	return gons_run_group_tests(two_files_tests, NULL, NULL);
}

int main(int argc, char *argv[])
{
	const struct group groups[] = {
		{ "both", both },
		{ "tests_of_another_file", tests_of_another_file },
		{ NULL, NULL },
	};

	return group_main(argc, argv, groups);
}

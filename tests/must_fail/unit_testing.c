/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmocka's own check of memory (UNIT_TESTING) works in gons's tests, and does not count
 * allocations of gons as those of the program.
 */

#define UNIT_TESTING	   1
#define ALLOCATION_TESTING 1 /* cmocka 2 wants both */
#include <gons/cmocka.h>

#include "group.h"

/*
 * run: memory
 * status: 1
 * passed: frees_what_it_allocates
 * passed: has_fixtures_that_do
 * err: *Blocks allocated...
 * err: *{block}: note: block * allocated here
 * failed: leaks_a_block
 * passed: enters_only
 */
static void frees_what_it_allocates(void **state)
{
	void *block = malloc(8);

	(void)state;
	assert_non_null(block);
	free(block);
}

static int allocates(void **state)
{
	*state = malloc(8);
	return *state ? 0 : -1;
}

static int frees(void **state)
{
	free(*state);
	return 0;
}

static void has_fixtures_that_do(void **state)
{
	assert_non_null(*state);
}

static void leaks_a_block(void **state)
{
	(void)state;
	assert_non_null(malloc(8)); /* block */
}

static void enters_only(void **state)
{
	(void)state;
	gons_must(gons_enter_transient(CLONE_NEWNET | CLONE_NEWNS));
}

static int memory(void)
{
	run_these(gons_unit_test(frees_what_it_allocates),
		  gons_unit_test_setup_teardown(has_fixtures_that_do, allocates, frees),
		  gons_unit_test(leaks_a_block), gons_unit_test(enters_only));
}

int main(int argc, char *argv[])
{
	const struct group groups[] = { { "memory", memory }, { NULL, NULL } };

	return group_main(argc, argv, groups);
}

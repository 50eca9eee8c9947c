/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GROUP_H
#define GROUP_H

/*
 * What the programs here share. Each holds several groups of tests and runs the one that its
 * argument names, since a process runs one group. A comment above each group has the expected
 * results, which "run" reads.
 */

#include "../check.h"

struct group {
	const char *name;
	int (*run)(void); /* returns the exit status */
};

/* Runs the group that argv[1] names. Returns 77 if this machine permits no namespaces. */
int group_main(int argc, char *argv[], const struct group *groups);

/* The same without the check for namespaces. */
int group_choose(int argc, char *argv[], const struct group *groups);

/* Returns the result of gons_run_group_tests() for these tests. */
#define run_these(...)                                                                             \
	do {                                                                                       \
		const struct CMUnitTest tests_[] = { __VA_ARGS__ };                                \
		return gons_run_group_tests(tests_, NULL, NULL);                                   \
	} while (0)

/*
 * The state that each test starts in: namespaces, root, working directory, umask, mounts,
 * threads, and the number of descriptors. The first of each pair belongs before the failing
 * test, the second after it. In gons's tests there are a few more descriptors than in plain
 * ones.
 */
#define notes_the_state		   gons_unit_test(state_is_noted)
#define plain_notes_the_state	   cmocka_unit_test(plain_state_is_noted)
#define is_in_the_same_state	   gons_unit_test(next_test_starts_in_the_same_state)
#define plain_is_in_the_same_state cmocka_unit_test(next_plain_test_starts_in_the_same_state)
void state_is_noted(void **state);
void plain_state_is_noted(void **state);
void next_test_starts_in_the_same_state(void **state);
void next_plain_test_starts_in_the_same_state(void **state);

/* Drops this capability of the thread, or all of them (-1). */
void drop_capability(int cap);

/* Leaves the process without capabilities, and without a way to get any. */
void become_powerless(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GROUP_H
#define GROUP_H

/*
 * What the programs here share. Each holds several groups of tests and runs the one that its
 * argument names, for one process runs one group. What is expected of a group stands in a
 * comment above it, which "run" reads.
 */

#include "../check.h"

struct group {
	const char *name;
	int (*run)(void); /* returns the exit status */
};

/* Runs the group that argv[1] names; 77 where this machine gives no namespaces. */
int group_main(int argc, char *argv[], const struct group *groups);

/* The same without asking what the machine gives. */
int group_choose(int argc, char *argv[], const struct group *groups);

/* gons_run_group_tests() of the tests that follow, for a return statement. */
#define run_these(...)                                                                             \
	do {                                                                                       \
		const struct CMUnitTest tests_[] = { __VA_ARGS__ };                                \
		return gons_run_group_tests(tests_, NULL, NULL);                                   \
	} while (0)

/*
 * The ground that tests stand on: namespaces, root, working directory, umask, mounts,
 * threads, and how many descriptors there are. The first of each pair is to come before the
 * test that fails, the second after it; gons's own tests have a few more descriptors than
 * plain ones have.
 */
#define remembers_the_ground	   gons_unit_test(ground_is_remembered)
#define plain_remembers_the_ground cmocka_unit_test(plain_ground_is_remembered)
#define is_on_the_ground	   gons_unit_test(next_test_is_on_the_ground)
#define plain_is_on_the_ground	   cmocka_unit_test(next_plain_test_is_on_the_ground)
void ground_is_remembered(void **state);
void plain_ground_is_remembered(void **state);
void next_test_is_on_the_ground(void **state);
void next_plain_test_is_on_the_ground(void **state);

/* The thread has these capabilities no more, or none at all (-1). */
void drop_capability(int cap);

/* A process that has no capabilities, and cannot get any. */
void become_powerless(void);

#endif

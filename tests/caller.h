/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CALLER_H
#define CALLER_H

#include <stdbool.h>

/*
 * Calls that run a process, an action or a program, whatever state their caller is in. The function
 * runs a process that prints its input, "text", and returns whether the output was the same. If the
 * call fails, it leaves errno and gons_error(). It may be called by several threads.
 */
typedef bool (*echo_function)(const char *text);

/* The caller has closed some of the descriptors 0, 1 and 2. They stay closed. */
void assert_runs_without_standard_descriptors(echo_function echo);

/* The caller has too few free descriptors, then enough of them: nothing is left behind. */
void assert_runs_with_few_descriptors(echo_function echo);

/* The kernel has no pidfds: the message says so. */
void assert_refused_without_pidfds(echo_function echo);

/* Several threads call it at once. */
void assert_runs_on_several_threads(echo_function echo);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_CMOCKA_H
#define GONS_CMOCKA_H

/*
 * gons in cmocka tests. Needs cmocka 1.1.5 and Linux 4.11, or later.
 *
 *     static void sees_only_lo(void **state) { ... }
 *
 *     int main(void)
 *     {
 *         const struct CMUnitTest tests[] = { gons_unit_test_in(sees_only_lo, CLONE_NEWNET) };
 *
 *         return gons_run_group_tests(tests, gons_group_setup_root, NULL);
 *     }
 *
 * A failing assertion leaves a test by longjmp(3), past all clean-up code of the test. After each
 * test gons undoes what it has recorded on the scope, also after such a jump: see <gons/test.h>.
 * gons_group_setup_root() and gons_cmocka_pool() are in <gons/cmocka_glue.h>.
 */

#include <errno.h>
#include <sched.h> /* before cmocka.h: that of musl declares calloc */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h> /* before cmocka.h, which may replace malloc */
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif
#include <cmocka.h>
#ifdef __cplusplus
}
#endif

#include <gons/cmocka_glue.h>
#include <gons/gons.h>
#include <gons/leak.h>
#include <gons/mntns.h>
#include <gons/netns.h>
#include <gons/privilege.h>
#include <gons/set.h>
#include <gons/test.h>

/*
 * gons_unit_test(f), gons_unit_test_setup_teardown(f, setup, teardown),
 * gons_unit_test_prestate(f, state), gons_unit_test_prestate_setup_teardown(f, setup, teardown,
 * state) - a test that gons cleans up after.
 *
 * Each is an element of an array of struct CMUnitTest, as the cmocka_unit_test macros are. The test
 * gets a scope, which begins before setup and ends after teardown, in any case: also when setup, f
 * or teardown fails. After a failed setup, teardown does not run, as in cmocka. A test that passes
 * but leaves something behind fails, with a message that names all of it: see gons_test_end().
 * Run the array by gons_run_group_tests(), or by cmocka_run_group_tests() as defined below.
 */
#define gons_unit_test(f) GONS_UNIT_("unit", f, NULL, NULL, NULL)
#define gons_unit_test_setup_teardown(f, setup, teardown)                                          \
	GONS_UNIT_("unit", f, setup, teardown, NULL)
#define gons_unit_test_prestate(f, state) GONS_UNIT_("unit", f, NULL, NULL, state)
#define gons_unit_test_prestate_setup_teardown(f, setup, teardown, state)                          \
	GONS_UNIT_("unit", f, setup, teardown, state)

/*
 * gons_unit_test_in(f, types), gons_unit_test_in_setup_teardown(f, types, setup, teardown) - the
 * same; setup, f and teardown run in new namespaces of these types.
 *
 * @types: as for gons_enter_transient(). With CLONE_NEWNET the loopback link is up; with
 *         CLONE_NEWNET | CLONE_NEWNS there is the read-only sysfs of gons_mntns_mount_sysfs_ro().
 *
 * When the machine cannot create the namespaces, the test is skipped with the reason, or fails if
 * GONS_REQUIRE lists them (see gons_test_begin()).
 */
#define gons_unit_test_in(f, types) GONS_UNIT_("in", f, NULL, NULL, GONS_TYPES_(types))
#define gons_unit_test_in_setup_teardown(f, types, setup, teardown)                                \
	GONS_UNIT_("in", f, setup, teardown, GONS_TYPES_(types))

/* struct CMUnitTest has no member for kind, file and line, so they are a prefix of the name. */
#define GONS_UNIT_(kind, f, setup, teardown, state)                                                \
	{                                                                                          \
		"\037gons\037" kind "\037" GONS_LINE_(__LINE__) "\037" __FILE__ "\037" #f, f,      \
			setup, teardown, state                                                     \
	}
#define GONS_LINE_(line)   GONS_LINE__(line)
#define GONS_LINE__(line)  #line
#define GONS_TYPES_(types) ((void *)(intptr_t)(types))

/*
 * gons_must(call) - evaluate a call, and return its value if it has succeeded.
 *
 * For calls that return an int (failed: negative), a bool (false), a pointer (NULL) or a uint64_t
 * (0). When the call has failed, the test fails at this line, with gons_error() as its message.
 */
#define gons_must(call)                                                                            \
	GONS_MUST_(call, #call, GONS_UNIQUE_(gons_must_, __COUNTER__), GONS_CMOCKA_MUST_)

/*
 * GONS_MUST_IN(nsfd) { ... } - a block that runs in an existing namespace, like GONS_IN(nsfd). If
 * the thread cannot enter it, the test fails at this line, with gons_error() as its message.
 */
#define GONS_MUST_IN(nsfd)                                                                         \
	GONS_MUST_IN_(GONS_UNIQUE_(gons_in_, __COUNTER__), nsfd, "GONS_MUST_IN(" #nsfd ")",        \
		      GONS_CMOCKA_MUST_)
#define GONS_CMOCKA_MUST_(text, file, line) gons_cmocka_must_(&gons_cmocka_, text, file, line)

/*
 * gons_require(types), gons_require_link(kind) - in a test or its setup: skip the test unless the
 * machine can create namespaces of these types, or links of this kind: see gons_test_require().
 */
#define gons_require(types)                                                                        \
	gons_cmocka_require_(&gons_cmocka_, gons_test_require(types), __FILE__, __LINE__)
#define gons_require_link(kind)                                                                    \
	gons_cmocka_require_(&gons_cmocka_, gons_test_require_link(kind), __FILE__, __LINE__)

/*
 * gons_run_group_tests(tests, setup, teardown) - run the tests and return a reliable exit status.
 *
 * Used like cmocka_run_group_tests(). Returns the number of failed tests, at most 76; a failed
 * group set-up or teardown counts as one. 0 when none has failed. A program may run several groups
 * and combine their results by |, + or max, or return early: it fails if a test has failed.
 * gons_exit_status() returns the status of all groups. When every test of the program was skipped,
 * exit(3) changes the status 0 to 77, which test runners take for a skip. (Where it cannot, with
 * musl or in a forked child, the first group returns 77 itself if all of its tests were skipped.)
 *
 * The group has a scope of its own, which begins before the group set-up and ends after the group
 * teardown. A test defined by cmocka_unit_test() gets a scope, too, and fails when it does not
 * return from a namespace. If start-up switching has failed (gons_status()), the group fails: its
 * message is written to standard error, and neither the set-up nor any test runs. If a test calls
 * exit(3), the process ends with status 1. If a forked child leaves a test by an assertion or by
 * returning, the child ends with status 1, and the test fails unless it waits for the child.
 */
#define gons_run_group_tests(group_tests, group_setup, group_teardown)                             \
	gons_cmocka_status_(                                                                       \
		GONS_CMOCKA_RUN_(#group_tests, group_tests, group_setup, group_teardown))

/* These two of cmocka's macros can run the tests above, too. They return cmocka's result. */
#undef cmocka_run_group_tests
#define cmocka_run_group_tests(group_tests, group_setup, group_teardown)                           \
	GONS_CMOCKA_RUN_(#group_tests, group_tests, group_setup, group_teardown)
#undef cmocka_run_group_tests_name
#define cmocka_run_group_tests_name(group_name, group_tests, group_setup, group_teardown)          \
	GONS_CMOCKA_RUN_(group_name, group_tests, group_setup, group_teardown)
#define GONS_CMOCKA_RUN_(name, tests, setup, teardown)                                             \
	gons_cmocka_run_(&gons_cmocka_, name, tests, sizeof(tests) / sizeof((tests)[0]), setup,    \
			 teardown, __FILE__, __LINE__)

/* Tells gons that the test is skipped, so that it does not fail for what it leaves behind. */
#undef skip
#define skip() gons_cmocka_skip_(&gons_cmocka_, __FILE__, __LINE__)

/* stop() of cmocka 2 ends a test as passed. In a setup gons makes the test fail instead. */
#if defined(stop) && defined(assert_int_in_range) /* cmocka 2 has both: it is not the program's */
#undef stop
#define stop()		  gons_cmocka_stop_(&gons_cmocka_, __FILE__, __LINE__)
#define GONS_CMOCKA_STOP_ _stop
#else
#define GONS_CMOCKA_STOP_ NULL
#endif

static inline void gons_cmocka_fail_(const char *message, const char *file, int line)
{
#ifdef assert_int_in_range /* cmocka 2, whose _assert_true() adds words to the message */
	cmocka_print_error("%s\n", message);
	_fail(file, line);
#else
	_assert_true(0, message, file, line);
#endif
}

static inline int gons_cmocka_run_tests_(const char *name, const void *tests, size_t n,
					 gons_cmocka_fixture_ setup, gons_cmocka_fixture_ teardown)
{
	return _cmocka_run_group_tests(name, (const struct CMUnitTest *)tests, n, setup, teardown);
}

__attribute__((unused)) static const struct gons_cmocka_functions_ gons_cmocka_ = {
	gons_cmocka_fail_, _skip, GONS_CMOCKA_STOP_, gons_cmocka_run_tests_
};

#endif

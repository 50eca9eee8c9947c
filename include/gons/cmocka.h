/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_CMOCKA_H
#define GONS_CMOCKA_H

/*
 * gons in cmocka tests. Macros and inline functions only; needs cmocka 1.1.5.
 *
 *     static void sees_only_loopback(void **state)
 *     {
 *         gons_must(gons_netns_enter_transient());
 *         gons_must(gons_mntns_enter_transient());
 *         gons_must(gons_mntns_mount_sysfs_ro());
 *         ...
 *     }
 *
 *     int main(void)
 *     {
 *         const struct CMUnitTest tests[] = { gons_unit_test(sees_only_loopback) };
 *         return gons_run_group_tests(tests, NULL, NULL);
 *     }
 *
 * A failing assertion leaves a test by longjmp(3), which runs no clean-up in the frames it
 * crosses; what gons has recorded is undone after the test all the same.
 */

#include <errno.h>
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
#if defined(stop) && defined(assert_int_in_range) /* of cmocka 2, not the program's */
#define GONS_CMOCKA_STOPS_
#endif

#include <gons/gons.h>
#include <gons/leak.h>
#include <gons/mntns.h>
#include <gons/netns.h>
#include <gons/privilege.h>
#include <gons/set.h>

/* Says something on standard error, as print_error() of cmocka 1.1 does; that of cmocka 2 puts it
 * between the results on standard output, where TAP and XML have no place for it. */
static inline void gons_cmocka_tell_(const char *format, ...)
	__attribute__((__format__(__printf__, 1, 2)));
static inline void gons_cmocka_tell_(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vfprintf(stderr, format, args);
	va_end(args);
	(void)fflush(stderr);
}

/*
 * gons_unit_test(f), gons_unit_test_setup_teardown(f, setup, teardown) - a test whose
 * transient things end with it.
 *
 * A struct CMUnitTest, as cmocka_unit_test() and cmocka_unit_test_setup_teardown() make.
 * The scope begins before the set-up and is ended after f and the teardown, failed or not,
 * and also after a failed set-up. (cmocka runs no teardown after a failed set-up, and
 * neither does this.) What f leaves behind fails the test and is named: see
 * gons_leaks_end(). Where the kernel refuses the way back, the program ends there with
 * status 1, for every later test would run in the wrong namespaces.
 *
 * Run such tests by gons_run_group_tests(), or by cmocka_run_group_tests() as this header
 * defines it.
 */
#define gons_unit_test(f) GONS_CMOCKA_TEST_(f, NULL, NULL, &gons_cmocka_marks[0])
#define gons_unit_test_setup_teardown(f, setup, teardown)                                          \
	GONS_CMOCKA_TEST_(f, setup, teardown, &gons_cmocka_marks[0])

/*
 * gons_unit_test_in(f, types) - the same, f running in new namespaces of these types.
 *
 * @types: as gons_enter_transient() takes them. CLONE_NEWNET | CLONE_NEWNS also gets the
 *         read-only sysfs of gons_mntns_mount_sysfs_ro() and the loopback link up.
 *
 * Skipped, with the reason, where the machine cannot make them; failed instead where
 * GONS_REQUIRE names them (see gons_require()).
 */
#define gons_unit_test_in(f, types) GONS_CMOCKA_TEST_(f, NULL, NULL, GONS_CMOCKA_MARK_(types))

/*
 * gons_cmocka_pool(types, n) - called before the tests: make namespaces ahead of need.
 *
 * Tests made by gons_unit_test_in() with exactly these types enter namespaces of a pool (see
 * gons_pool_new()) instead of making them: n are made ahead, beginning after the group set-up,
 * and more while tests run; none is entered twice. Where the pool cannot make them, the tests
 * make their own. The pool, a thread and the descriptors of what is ahead, ends after the group
 * teardown; no test is blamed for it. While it is there, gons_become_root() is refused.
 *
 * It is for the runs that follow, until called again; n = 0 ends it. Returns 0; -1 with EINVAL for
 * types that gons_enter_transient() refuses.
 */
static inline int gons_cmocka_pool(int types, unsigned n);

/*
 * gons_must(call) - the call's value, if it succeeded.
 *
 * For calls that return an int (failed: negative), a bool (false), a pointer (NULL) or a
 * uint64_t (0).
 * When it failed, fails the test at the caller's line with gons_error().
 */
#define gons_must(call) GONS_CMOCKA_MUST_(call, #call, GONS_UNIQUE_(gons_must_, __COUNTER__))

/*
 * gons_require(types), gons_require_link(kind) - in a test: skip it unless the machine can
 * make namespaces of these types (gons_can()), or links of this kind (gons_can_link()).
 *
 * The reason is printed to standard error, after "gons: skipped: " and the test's name.
 * What the environment variable GONS_REQUIRE names fails instead of being skipped, so that
 * CI cannot skip in silence: a list of types and kinds such as "net,mnt,veth", in which "1"
 * stands for all namespace types.
 */
#define gons_require(types)	gons_cmocka_require(types, __FILE__, __LINE__)
#define gons_require_link(kind) gons_cmocka_require_link(kind, __FILE__, __LINE__)

/*
 * gons_run_group_tests(tests, setup, teardown) - run them, for an exit status to be trusted.
 *
 * As cmocka_run_group_tests(). Returns the number of failures, at most 76, in which a failed
 * group teardown counts; 77, by which test runners know a skip, when every test was skipped.
 * Where start-up switching failed (gons_status()), that is printed, and it is a failure of the
 * group set-up: no test runs in other namespaces than the program was started for.
 */
#define gons_run_group_tests(group_tests, group_setup, group_teardown)                             \
	gons_cmocka_status(gons_cmocka_run(#group_tests, group_tests,                              \
					   sizeof(group_tests) / sizeof((group_tests)[0]),         \
					   group_setup, group_teardown))

/* cmocka's own, so that they know the tests above; the value returned is cmocka's. */
#undef cmocka_run_group_tests
#define cmocka_run_group_tests(group_tests, group_setup, group_teardown)                           \
	gons_cmocka_run(#group_tests, group_tests, sizeof(group_tests) / sizeof((group_tests)[0]), \
			group_setup, group_teardown)
#undef cmocka_run_group_tests_name
#define cmocka_run_group_tests_name(group_name, group_tests, group_setup, group_teardown)          \
	gons_cmocka_run(group_name, group_tests, sizeof(group_tests) / sizeof((group_tests)[0]),   \
			group_setup, group_teardown)

/* The same for cmocka 2's own, which ends a test as one that has passed. */
#ifdef GONS_CMOCKA_STOPS_
#undef stop
#define stop() gons_cmocka_stop(__FILE__, __LINE__)
#endif

/*
 * gons_group_setup_root - a group set-up that lets unprivileged users run tests.
 *
 * Calls gons_become_root(). Where that is refused the reason is printed to standard error;
 * the tests still run, and those that require namespaces skip by themselves.
 */
static inline int gons_group_setup_root(void **state)
{
	(void)state;
	if (gons_become_root() < 0)
		gons_cmocka_tell_("gons: not root: %s\n", gons_error());
	return 0;
}

#include <gons/cmocka_run.h>

#endif

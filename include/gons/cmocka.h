/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_CMOCKA_H
#define GONS_CMOCKA_H

/*
 * gons in cmocka tests. Needs cmocka 1.1.5 or later.
 *
 *     static void sees_only_loopback(void **state) { ... }
 *
 *     int main(void)
 *     {
 *         const struct CMUnitTest tests[] = { gons_unit_test_in(sees_only_loopback, CLONE_NEWNET)
 * };
 *         return gons_run_group_tests(tests, gons_group_setup_root, NULL);
 *     }
 *
 * A failing assertion leaves a test by longjmp(3), which runs no clean-up in the frames it
 * crosses. What gons has recorded is undone after the test nevertheless: see <gons/test.h>.
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
 * A struct CMUnitTest, as cmocka_unit_test() and the others define it. A scope begins before the
 * set-up and ends after f and the teardown, whether they failed or not, and after a failed set-up.
 * (cmocka runs no teardown after a failed set-up, and neither does gons.) What a passing test
 * leaves behind makes it fail with a message that names all of it: see gons_test_end().
 * Run such tests by gons_run_group_tests() or cmocka_run_group_tests(), both of this header.
 */
#define gons_unit_test(f) GONS_UNIT_("unit", f, NULL, NULL, NULL)
#define gons_unit_test_setup_teardown(f, setup, teardown)                                          \
	GONS_UNIT_("unit", f, setup, teardown, NULL)
#define gons_unit_test_prestate(f, state) GONS_UNIT_("unit", f, NULL, NULL, state)
#define gons_unit_test_prestate_setup_teardown(f, setup, teardown, state)                          \
	GONS_UNIT_("unit", f, setup, teardown, state)

/*
 * gons_unit_test_in(f, types), gons_unit_test_in_setup_teardown(f, types, setup, teardown) - the
 * same, with set-up, f and teardown in new namespaces of these types.
 *
 * @types: as gons_enter_transient() takes them. With CLONE_NEWNET the loopback link is up; with
 *         CLONE_NEWNET | CLONE_NEWNS there is the read-only sysfs of gons_mntns_mount_sysfs_ro().
 *
 * Skipped, with the reason, if the machine cannot create them; failed instead if
 * GONS_REQUIRE names them (see gons_test_begin()).
 */
#define gons_unit_test_in(f, types) GONS_UNIT_("in", f, NULL, NULL, GONS_TYPES_(types))
#define gons_unit_test_in_setup_teardown(f, types, setup, teardown)                                \
	GONS_UNIT_("in", f, setup, teardown, GONS_TYPES_(types))

/* The name carries what cmocka has no member for; the library takes it off again. */
#define GONS_UNIT_(kind, f, setup, teardown, state)                                                \
	{                                                                                          \
		"\037gons\037" kind "\037" GONS_LINE_(__LINE__) "\037" __FILE__ "\037" #f, f,      \
			setup, teardown, state                                                     \
	}
#define GONS_LINE_(line)   GONS_LINE__(line)
#define GONS_LINE__(line)  #line
#define GONS_TYPES_(types) ((void *)(intptr_t)(types))

/*
 * gons_must(call) - the call's value, if it succeeded.
 *
 * For calls that return an int (failed: negative), a bool (false), a pointer (NULL) or a
 * uint64_t (0). When the call failed, the test fails at the caller's line, with gons_error() as
 * its message.
 */
#define gons_must(call)                                                                            \
	GONS_MUST_(call, #call, GONS_UNIQUE_(gons_must_, __COUNTER__), GONS_CMOCKA_MUST_)

/*
 * GONS_MUST_IN(nsfd) { ... } - a block in an existing namespace, as GONS_IN(nsfd) { ... }. If
 * entering is refused, the test fails at this line, with gons_error() as its message.
 */
#define GONS_MUST_IN(nsfd)                                                                         \
	GONS_MUST_IN_(GONS_UNIQUE_(gons_in_, __COUNTER__), nsfd, "GONS_MUST_IN(" #nsfd ")",        \
		      GONS_CMOCKA_MUST_)
#define GONS_CMOCKA_MUST_(text, file, line) gons_cmocka_must_(&gons_cmocka_, text, file, line)

/*
 * gons_require(types), gons_require_link(kind) - in a test or its set-up: skip the test unless the
 * machine can create namespaces of these types, or links of this kind: see gons_test_require().
 */
#define gons_require(types)                                                                        \
	gons_cmocka_require_(&gons_cmocka_, gons_test_require(types), __FILE__, __LINE__)
#define gons_require_link(kind)                                                                    \
	gons_cmocka_require_(&gons_cmocka_, gons_test_require_link(kind), __FILE__, __LINE__)

/*
 * gons_run_group_tests(tests, setup, teardown) - run the tests and return a reliable exit status.
 *
 * As cmocka_run_group_tests(). Returns the number of failures, at most 76; a failed group set-up
 * or teardown counts. 0 when no test failed. When every test of the program was skipped, the exit
 * status 0 becomes 77 at exit(3): test runners take that for a skip. (Where a program ends without
 * exit(3), in a forked child, and with musl, the first group whose tests are all skipped returns
 * 77 itself.) Several groups may be run, and their statuses combined by |, + or max, or returned
 * early: a failure is never lost. gons_exit_status() has the status of all groups.
 *
 * The group has a scope of its own, which begins before the group set-up and ends after the group
 * teardown. In the group, a test defined by cmocka_unit_test() gets a scope, too, and fails when it
 * does not return from a namespace. If start-up switching failed (gons_status()), its message is
 * written to standard error, and the group set-up fails. A test that calls exit(3) makes the
 * process end with status 1, and so does a forked child that leaves a test by an assertion or by
 * returning. If the test does not wait for such a child, it fails, too.
 */
#define gons_run_group_tests(group_tests, group_setup, group_teardown)                             \
	gons_cmocka_status_(                                                                       \
		GONS_CMOCKA_RUN_(#group_tests, group_tests, group_setup, group_teardown))

/* cmocka's own, so that they know the tests above; the value returned is cmocka's. */
#undef cmocka_run_group_tests
#define cmocka_run_group_tests(group_tests, group_setup, group_teardown)                           \
	GONS_CMOCKA_RUN_(#group_tests, group_tests, group_setup, group_teardown)
#undef cmocka_run_group_tests_name
#define cmocka_run_group_tests_name(group_name, group_tests, group_setup, group_teardown)          \
	GONS_CMOCKA_RUN_(group_name, group_tests, group_setup, group_teardown)
#define GONS_CMOCKA_RUN_(name, tests, setup, teardown)                                             \
	gons_cmocka_run_(&gons_cmocka_, name, tests, sizeof(tests) / sizeof((tests)[0]), setup,    \
			 teardown, __FILE__, __LINE__)

/* What a skipped test leaves behind is only a note. */
#undef skip
#define skip() gons_cmocka_skip_(&gons_cmocka_, __FILE__, __LINE__)

/* stop() of cmocka 2 ends a test as one that has passed, but not in its set-up. */
#if defined(stop) && defined(assert_int_in_range) /* of cmocka, not the program's */
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

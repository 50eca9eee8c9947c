/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_CRITERION_H
#define GONS_CRITERION_H

/*
 * gons in tests of Criterion (https://github.com/Snaipe/Criterion). Needs Criterion 2.4 or later.
 *
 *     GONS_TEST(network, sees_only_loopback, CLONE_NEWNET | CLONE_NEWNS)
 *     {
 *         ...
 *     }
 *
 * Criterion runs each test in a process of its own. Unprivileged users need a main() that calls
 * gons_become_root() before criterion_run_all_tests(); those processes inherit it.
 */

#include <criterion/criterion.h>
#include <stdio.h>

#include <gons/gons.h>
#include <gons/mntns.h>
#include <gons/netns.h>
#include <gons/privilege.h>
#include <gons/test.h>

/*
 * GONS_TEST(suite, name, types, ...) - Test(suite, name, ...) with a scope, in new namespaces of
 * these types (0: none), and with a check of what the test leaves behind: see gons_test_begin().
 * Skipped if the machine cannot create them. What follows are options of Test(), such as .init;
 * .fini cannot be used, since gons needs it.
 */
#define GONS_TEST(suite, name, types, ...)                                                         \
	static void suite##_##name##_in_gons_(void);                                               \
	Test(suite, name, .fini = gons_criterion_fini_, ##__VA_ARGS__)                             \
	{                                                                                          \
		GONS_CRITERION_REQUIRE_(gons_test_begin(#suite "." #name, types));                 \
		suite##_##name##_in_gons_();                                                       \
		if (gons_test_end(false) < 0)                                                      \
			cr_assert_fail("%s", gons_error());                                        \
	}                                                                                          \
	static void suite##_##name##_in_gons_(void)

/*
 * gons_must(call) - the call's value, if it succeeded (int: not negative, bool: true, pointer: not
 * NULL, uint64_t: not 0). When it failed, the test fails at this line, with gons_error().
 */
#define gons_must(call)                                                                            \
	GONS_MUST_(call, #call, GONS_UNIQUE_(gons_must_, __COUNTER__), GONS_CRITERION_MUST_)
#define GONS_CRITERION_MUST_(text, file, line)                                                     \
	__extension__({ cr_assert_fail("%s: %s", text, gons_error()); })

/* GONS_MUST_IN(nsfd) { ... } - GONS_IN(nsfd) { ... }; the test fails if entering is refused. */
#define GONS_MUST_IN(nsfd)                                                                         \
	GONS_MUST_IN_(GONS_UNIQUE_(gons_in_, __COUNTER__), nsfd, "GONS_MUST_IN(" #nsfd ")",        \
		      GONS_CRITERION_MUST_)

/*
 * gons_require(types), gons_require_link(kind) - skip the test unless the machine can create these:
 * see gons_test_require().
 */
#define gons_require(types)	GONS_CRITERION_REQUIRE_(gons_test_require(types))
#define gons_require_link(kind) GONS_CRITERION_REQUIRE_(gons_test_require_link(kind))
#define GONS_CRITERION_REQUIRE_(call)                                                              \
	do {                                                                                       \
		int gons_result_ = (call);                                                         \
		if (gons_result_ > 0)                                                              \
			cr_skip_test("%s", gons_error());                                          \
		if (gons_result_ < 0)                                                              \
			cr_assert_fail("%s", gons_error());                                        \
	} while (0)

/* A test that did not reach its end is still open. */
static inline void gons_criterion_fini_(void)
{
	(void)gons_test_end(true);
}

#endif

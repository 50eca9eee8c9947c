/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_CRITERION_H
#define GONS_CRITERION_H

/*
 * gons in tests of Criterion (https://github.com/Snaipe/Criterion). Needs Criterion 2.4 and Linux
 * 4.11, or later.
 *
 *     GONS_TEST(network, sees_only_loopback, CLONE_NEWNET | CLONE_NEWNS)
 *     {
 *         ...
 *     }
 *
 * So that unprivileged users can run the tests, write a main() that calls gons_become_root() before
 * criterion_run_all_tests(): Criterion runs each test in a child process, which inherits the user
 * namespace.
 */

#include <criterion/criterion.h>
#include <stdio.h>

#include <gons/gons.h>
#include <gons/mntns.h>
#include <gons/netns.h>
#include <gons/privilege.h>
#include <gons/test.h>

/*
 * GONS_TEST(suite, name, types, ...) - Test(suite, name, ...) for a test that gons cleans up after.
 *
 * The test gets a scope and new namespaces of these types (0: it stays in those of the caller), and
 * fails if it leaves something behind: see gons_test_begin() and gons_test_end(). When the machine
 * cannot create the namespaces, the test is skipped. The further arguments are options of Test(),
 * such as .init, which runs before the test is in its namespaces. Do not set .fini: gons uses it.
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
 * gons_must(call) - evaluate a call, and return its value if it has succeeded.
 *
 * For calls that return an int (failed: negative), a bool (false), a pointer (NULL) or a uint64_t
 * (0). When the call has failed, the test fails at this line, with gons_error() as its message.
 */
#define gons_must(call)                                                                            \
	GONS_MUST_(call, #call, GONS_UNIQUE_(gons_must_, __COUNTER__), GONS_CRITERION_MUST_)
#define GONS_CRITERION_MUST_(text, file, line)                                                     \
	__extension__({ cr_assert_fail("%s: %s", text, gons_error()); })

/*
 * GONS_MUST_IN(nsfd) { ... } - a block that runs in an existing namespace, like GONS_IN(nsfd). If
 * the thread cannot enter it, the test fails at this line, with gons_error() as its message.
 */
#define GONS_MUST_IN(nsfd)                                                                         \
	GONS_MUST_IN_(GONS_UNIQUE_(gons_in_, __COUNTER__), nsfd, "GONS_MUST_IN(" #nsfd ")",        \
		      GONS_CRITERION_MUST_)

/*
 * gons_require(types), gons_require_link(kind) - skip the test unless the machine can create
 * namespaces of these types, or links of this kind: see gons_test_require().
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

/* Ends a test that an assertion has left. After any other test there is nothing to end. */
static inline void gons_criterion_fini_(void)
{
	(void)gons_test_end(true);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_CHECK_H
#define GONS_CHECK_H

/*
 * gons in tests of Check (https://libcheck.github.io/check). Needs Check 0.10 and Linux 4.11, or
 * later.
 *
 *     GONS_START_TEST(sees_only_loopback, CLONE_NEWNET | CLONE_NEWNS)
 *     {
 *         ...
 *     }
 *     END_TEST
 *
 * Add such a test by tcase_add_test(), like any other. So that unprivileged users can run the
 * tests, main() calls gons_become_root() before srunner_run_all(): Check forks a child for each
 * test, and the child inherits the user namespace.
 */

#include <check.h>
#include <stdio.h>

#include <gons/gons.h>
#include <gons/mntns.h>
#include <gons/netns.h>
#include <gons/privilege.h>
#include <gons/test.h>

/*
 * GONS_START_TEST(name, types) - START_TEST(name) for a test that gons cleans up after.
 *
 * The test gets a scope and new namespaces of these types (0: it stays in those of the caller), and
 * fails if it leaves something behind: see gons_test_begin() and gons_test_end(). The fixtures of
 * the test case run outside of them. Check cannot skip a test. So when the machine cannot create
 * the namespaces, the test passes, with a note on standard error.
 */
#define GONS_START_TEST(name, types)                                                               \
	static void name##_in_gons_(int _i);                                                       \
	START_TEST(name)                                                                           \
	{                                                                                          \
		if (gons_check_begin_(#name, types, __FILE__, __LINE__)) {                         \
			name##_in_gons_(_i);                                                       \
			gons_check_end_(__FILE__, __LINE__);                                       \
		}                                                                                  \
	}                                                                                          \
	END_TEST                                                                                   \
	static void name##_in_gons_(int _i __attribute__((unused)))

/*
 * gons_must(call) - evaluate a call, and return its value if it has succeeded.
 *
 * For calls that return an int (failed: negative), a bool (false), a pointer (NULL) or a uint64_t
 * (0). When the call has failed, the test fails at this line, with gons_error() as its message.
 */
#define gons_must(call)                                                                            \
	GONS_MUST_(call, #call, GONS_UNIQUE_(gons_must_, __COUNTER__), gons_check_must_)

/*
 * GONS_MUST_IN(nsfd) { ... } - a block that runs in an existing namespace, like GONS_IN(nsfd). If
 * the thread cannot enter it, the test fails at this line, with gons_error() as its message.
 */
#define GONS_MUST_IN(nsfd)                                                                         \
	GONS_MUST_IN_(GONS_UNIQUE_(gons_in_, __COUNTER__), nsfd, "GONS_MUST_IN(" #nsfd ")",        \
		      gons_check_must_)

/*
 * gons_require(types), gons_require_link(kind) - return from the calling function, which must be
 * the test itself, unless the machine can create namespaces of these types, or links of this kind:
 * see gons_test_require(). The test then passes, with a note on standard error.
 */
#define gons_require(types)	GONS_CHECK_REQUIRE_(gons_test_require(types))
#define gons_require_link(kind) GONS_CHECK_REQUIRE_(gons_test_require_link(kind))
#define GONS_CHECK_REQUIRE_(result)                                                                \
	do {                                                                                       \
		if (gons_check_skips_(result, __FILE__, __LINE__))                                 \
			return;                                                                    \
	} while (0)

static inline void gons_check_fail_(const char *message, const char *file, int line)
{
	(void)gons_test_end(true); /* Check ends the process, or leaves by longjmp(3) */
	_ck_assert_failed(file, line, "Failed", "%s", message);
}

static inline void gons_check_must_(const char *call, const char *file, int line)
{
	char message[1024];

	(void)snprintf(message, sizeof(message), "%s: %s", call, gons_error());
	gons_check_fail_(message, file, line);
}

static inline bool gons_check_skips_(int result, const char *file, int line)
{
	char message[1024];

	(void)snprintf(message, sizeof(message), "%s", gons_error());
	if (result < 0)
		gons_check_fail_(message, file, line);
	return result != 0;
}

static inline bool gons_check_begin_(const char *name, int types, const char *file, int line)
{
	if (!gons_check_skips_(gons_test_begin(name, types), file, line))
		return true;
	(void)gons_test_end(false);
	return false;
}

static inline void gons_check_end_(const char *file, int line)
{
	if (gons_test_end(false) < 0)
		_ck_assert_failed(file, line, "Failed", "%s", gons_error());
}

/* Before a failed assertion leaves the test, gons ends it and writes its report. */
#define _ck_assert_failed(...) ((void)gons_test_end(true), _ck_assert_failed(__VA_ARGS__))

#endif

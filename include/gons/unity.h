/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_UNITY_H
#define GONS_UNITY_H

/*
 * gons in tests of Unity (https://www.throwtheswitch.org/unity). Needs Unity 2.5 and Linux 4.11, or
 * later.
 *
 *     static void sees_only_loopback(void)
 *     {
 *         ...
 *     }
 *
 *     int main(void)
 *     {
 *         UNITY_BEGIN();
 *         GONS_RUN_TEST(sees_only_loopback, CLONE_NEWNET | CLONE_NEWNS);
 *         return UNITY_END();
 *     }
 *
 * So that unprivileged users can run the tests, main() calls gons_become_root() before the first
 * one.
 */

#include <stdio.h>
#include <unity.h>

#include <gons/gons.h>
#include <gons/mntns.h>
#include <gons/netns.h>
#include <gons/privilege.h>
#include <gons/test.h>

/*
 * GONS_RUN_TEST(f, types) - RUN_TEST(f) for a test that gons cleans up after.
 *
 * The test gets a scope and new namespaces of these types (0: it stays in those of the caller), and
 * fails if it leaves something behind: see gons_test_begin() and gons_test_end(). When the machine
 * cannot create the namespaces, Unity reports the test as ignored, with the reason. setUp() runs
 * before the scope begins. tearDown() runs after the scope of a test that has passed has ended, and
 * before the scope of any other test ends.
 */
#define GONS_RUN_TEST(f, types) gons_unity_run_(f, #f, types, __LINE__)

/*
 * gons_must(call) - evaluate a call, and return its value if it has succeeded.
 *
 * For calls that return an int (failed: negative), a bool (false), a pointer (NULL) or a uint64_t
 * (0). When the call has failed, the test fails at this line, with gons_error() as its message.
 */
#define gons_must(call)                                                                            \
	GONS_MUST_(call, #call, GONS_UNIQUE_(gons_must_, __COUNTER__), gons_unity_must_)

/*
 * GONS_MUST_IN(nsfd) { ... } - a block that runs in an existing namespace, like GONS_IN(nsfd). If
 * the thread cannot enter it, the test fails at this line, with gons_error() as its message.
 */
#define GONS_MUST_IN(nsfd)                                                                         \
	GONS_MUST_IN_(GONS_UNIQUE_(gons_in_, __COUNTER__), nsfd, "GONS_MUST_IN(" #nsfd ")",        \
		      gons_unity_must_)

/*
 * gons_require(types), gons_require_link(kind) - leave the test as ignored unless the machine can
 * create namespaces of these types, or links of this kind: see gons_test_require().
 */
#define gons_require(types)	gons_unity_require_(gons_test_require(types), __LINE__)
#define gons_require_link(kind) gons_unity_require_(gons_test_require_link(kind), __LINE__)

/* The test that Unity runs now. */
struct gons_unity_test_ {
	void (*fn)(void);
	const char *name;
	int types, line;
	bool is_ended;
};

static inline struct gons_unity_test_ *gons_unity_now_(void)
{
	static struct gons_unity_test_ test;

	return &test;
}

static inline void gons_unity_must_(const char *call, const char *file, int line)
{
	char message[1024];

	(void)file; /* Unity knows it */
	(void)snprintf(message, sizeof(message), "%s: %s", call, gons_error());
	UNITY_TEST_FAIL((UNITY_LINE_TYPE)line, message);
}

static inline void gons_unity_require_(int result, int line)
{
	if (result > 0)
		UNITY_TEST_IGNORE((UNITY_LINE_TYPE)line, gons_error());
	if (result < 0)
		UNITY_TEST_FAIL((UNITY_LINE_TYPE)line, gons_error());
}

static inline void gons_unity_body_(void)
{
	struct gons_unity_test_ *test = gons_unity_now_();
	int result;

	gons_unity_require_(gons_test_begin(test->name, test->types), test->line);
	test->fn();
	result = gons_test_end(false);
	test->is_ended = true;
	gons_unity_require_(result, test->line);
}

static inline void gons_unity_run_(void (*fn)(void), const char *name, int types, int line)
{
	struct gons_unity_test_ *test = gons_unity_now_();
	const UNITY_COUNTER_TYPE failures = Unity.TestFailures;

	*test = (struct gons_unity_test_){ fn, name, types, line, false };
	UnityDefaultTestRun(gons_unity_body_, name, line);
	if (!test->is_ended) /* Unity left it by longjmp(3) */
		(void)gons_test_end(Unity.TestFailures != failures);
}

#endif

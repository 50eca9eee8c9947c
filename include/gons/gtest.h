/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_GTEST_H
#define GONS_GTEST_H

/*
 * gons in tests of GoogleTest (https://google.github.io/googletest), which are C++. Needs
 * GoogleTest 1.10 with exceptions, and Linux 4.11, or later.
 *
 *     class Network : public gons::TestIn<CLONE_NEWNET | CLONE_NEWNS> {};
 *
 *     TEST_F(Network, SeesOnlyLoopback)
 *     {
 *         ...
 *     }
 *
 * So that unprivileged users can run the tests, main() calls gons_become_root() before
 * RUN_ALL_TESTS().
 */

#include <gtest/gtest.h>

#include <gons/gons.h>
#include <gons/mntns.h>
#include <gons/netns.h>
#include <gons/privilege.h>
#include <gons/test.h>

namespace gons
{

/*
 * gons::TestIn<types> - a fixture for tests that gons cleans up after.
 *
 * Each test gets a scope and new namespaces of these types (0: it stays in those of the caller),
 * and fails if it leaves something behind: see gons_test_begin() and gons_test_end(). When the
 * machine cannot create the namespaces, the test is skipped. If your fixture overrides SetUp() or
 * TearDown(), call TestIn's first in SetUp() and last in TearDown().
 */
template <int types> class TestIn : public ::testing::Test
{
      protected:
	void SetUp() override
	{
		const ::testing::TestInfo *info =
			::testing::UnitTest::GetInstance()->current_test_info();
		const std::string name = std::string(info->test_suite_name()) + "." + info->name();
		const int result = gons_test_begin(name.c_str(), types);

		if (result > 0)
			GTEST_SKIP() << gons_error();
		if (result < 0)
			GTEST_FAIL_AT(info->file(), info->line()) << gons_error();
	}

	void TearDown() override
	{
		const ::testing::TestInfo *info =
			::testing::UnitTest::GetInstance()->current_test_info();

		if (gons_test_end(HasFailure()) < 0)
			ADD_FAILURE_AT(info->file(), info->line()) << gons_error();
	}
};

typedef TestIn<0> Test;

/* Records the failure, and leaves the test by the exception of GoogleTest's failed assertions. */
[[noreturn]] inline void MustFailed_(const char *call, const char *file, int line)
{
	const std::string message = std::string(call) + ": " + gons_error();

	ADD_FAILURE_AT(file, line) << message;
	throw ::testing::AssertionException(::testing::TestPartResult(
		::testing::TestPartResult::kFatalFailure, file, line, message.c_str()));
}

} // namespace gons

/*
 * gons_must(call) - evaluate a call, and return its value if it has succeeded.
 *
 * For calls that return an int (failed: negative), a bool (false), a pointer (NULL) or a uint64_t
 * (0). When the call has failed, the test fails at this line, with gons_error() as its message.
 */
#define gons_must(call)                                                                            \
	GONS_MUST_(call, #call, GONS_UNIQUE_(gons_must_, __COUNTER__), ::gons::MustFailed_)

/*
 * GONS_MUST_IN(nsfd) { ... } - a block that runs in an existing namespace, like GONS_IN(nsfd). If
 * the thread cannot enter it, the test fails at this line, with gons_error() as its message.
 */
#define GONS_MUST_IN(nsfd)                                                                         \
	GONS_MUST_IN_(GONS_UNIQUE_(gons_in_, __COUNTER__), nsfd, "GONS_MUST_IN(" #nsfd ")",        \
		      ::gons::MustFailed_)

/*
 * gons_require(types), gons_require_link(kind) - skip the test and return from the calling
 * function, which must be the test itself, unless the machine can create namespaces of these types,
 * or links of this kind: see gons_test_require().
 */
#define gons_require(types)	GONS_GTEST_REQUIRE_(gons_test_require(types))
#define gons_require_link(kind) GONS_GTEST_REQUIRE_(gons_test_require_link(kind))
#define GONS_GTEST_REQUIRE_(call)                                                                  \
	do {                                                                                       \
		const int gons_result_ = (call);                                                   \
		if (gons_result_ > 0)                                                              \
			GTEST_SKIP() << gons_error();                                              \
		if (gons_result_ < 0)                                                              \
			FAIL() << gons_error();                                                    \
	} while (0)

#endif

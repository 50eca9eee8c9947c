/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_GTEST_H
#define GONS_GTEST_H

/*
 * gons in tests of GoogleTest (https://google.github.io/googletest), which are C++. Needs
 * GoogleTest 1.10 or later, with exceptions.
 *
 *     class Network : public gons::TestIn<CLONE_NEWNET | CLONE_NEWNS> {};
 *
 *     TEST_F(Network, SeesOnlyLoopback)
 *     {
 *         ...
 *     }
 *
 * Unprivileged users call gons_become_root() in main, before RUN_ALL_TESTS().
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
 * gons::TestIn<types> - a fixture with a scope, in new namespaces of these types (0: none), and
 * with a check of what the test leaves behind: see gons_test_begin(). Skipped where the machine
 * cannot create them. A fixture that overrides SetUp() or TearDown() calls these.
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

/* Records the failure, and leaves the test as a failed assertion that throws does. */
[[noreturn]] inline void MustFailed_(const char *call, const char *file, int line)
{
	const std::string message = std::string(call) + ": " + gons_error();

	ADD_FAILURE_AT(file, line) << message;
	throw ::testing::AssertionException(::testing::TestPartResult(
		::testing::TestPartResult::kFatalFailure, file, line, message.c_str()));
}

} // namespace gons

/*
 * gons_must(call) - the call's value, if it succeeded (int: not negative, bool: true, pointer: not
 * NULL, uint64_t: not 0). When it failed, the test fails at this line, with gons_error().
 */
#define gons_must(call)                                                                            \
	GONS_MUST_(call, #call, GONS_UNIQUE_(gons_must_, __COUNTER__), ::gons::MustFailed_)

/* GONS_MUST_IN(nsfd) { ... } - GONS_IN(nsfd) { ... }; the test fails if entering is refused. */
#define GONS_MUST_IN(nsfd)                                                                         \
	GONS_MUST_IN_(GONS_UNIQUE_(gons_in_, __COUNTER__), nsfd, "GONS_MUST_IN(" #nsfd ")",        \
		      ::gons::MustFailed_)

/*
 * gons_require(types), gons_require_link(kind) - in the test's own function: skip it unless the
 * machine can create these; see gons_test_require().
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

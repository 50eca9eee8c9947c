/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The message and the errno of a failing call.
 */
#include "check.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Results of other threads, where cmocka's assertions cannot be used. */
struct seen {
	char before[64], after[2048];
	int errnum;
};

static void look_and_fail(void *arg)
{
	struct seen *seen = arg;

	(void)snprintf(seen->before, sizeof(seen->before), "%s", gons_error());
	if (gons_open("/nonexistent/of/the/thread", 0) < 0)
		seen->errnum = errno;
	(void)snprintf(seen->after, sizeof(seen->after), "%s", gons_error());
}

static void a_thread_begins_without_a_message(void **state)
{
	struct seen seen = { .before = "?" };

	(void)state;
	assert_refused(gons_type(-1), EBADF, "descriptor -1 is closed");
	on_thread(look_and_fail, &seen);
	assert_string_equal(seen.before, "");
}

static void each_thread_has_its_own_message(void **state)
{
	struct seen seen = { .before = "?" };

	(void)state;
	assert_refused(gons_type(-1), EBADF, "descriptor -1 is closed");
	on_thread(look_and_fail, &seen);
	assert_int_equal(seen.errnum, ENOENT);
	assert_string_equal(seen.after, "cannot open the namespace /nonexistent/of/the/thread: "
					"No such file or directory");
	assert_contains(gons_error(), "descriptor -1 is closed");
	assert_null(strstr(gons_error(), "thread"));
}

static void a_success_leaves_the_message_unchanged(void **state)
{
	(void)state;
	assert_refused(gons_open("/nonexistent", 0), ENOENT, "/nonexistent");
	gons_must(gons_current(CLONE_NEWNET));
	gons_must(gons_current_ino(CLONE_NEWNET));
	assert_int_equal(gons_scope_end(gons_must(gons_scope_begin())), 0);
	assert_contains(gons_error(), "/nonexistent");
}

static void a_later_failure_replaces_the_message(void **state)
{
	(void)state;
	assert_refused(gons_open("/nonexistent-with-a-long-name", 0), ENOENT, "long-name");
	assert_refused(gons_type(-1), EBADF, "descriptor -1");
	assert_null(strstr(gons_error(), "nonexistent"));
}

static void a_message_says_what_failed_on_what_and_why(void **state)
{
	(void)state;
	assert_refused(gons_open("/nonexistent", CLONE_NEWNET), ENOENT, "");
	assert_string_equal(gons_error(),
			    "cannot open the namespace /nonexistent: No such file or directory");
}

static void a_long_path_is_cut_in_the_message(void **state)
{
	static char path[PATH_MAX + 4096];

	(void)state;
	for (size_t i = 0; i < sizeof(path) - 1; i += 2)
		memcpy(&path[i], "/a", 2);
	path[sizeof(path) - 1] = '\0';
	assert_refused(gons_open(path, 0), ENAMETOOLONG, "cannot open the namespace /a/a/a");
	assert_true(strlen(gons_error()) < 2000);
	assert_string_equal(gons_error() + strlen(gons_error()) - 3, "...");
}

static void messages_of_every_length_are_terminated(void **state)
{
	static char path[2048];

	(void)state;
	/* All lengths around the one at which paths are cut. */
	for (size_t length = 800; length < 1400; length++) {
		const char *message;

		memset(path, 'x', length);
		path[length] = '\0';
		path[0] = '/';
		assert_true(gons_open(path, 0) < 0);
		assert_int_equal(errno, ENAMETOOLONG);
		message = gons_error();
		if (!strstr(message, strerror(ENAMETOOLONG)))
			assert_string_equal(message + strlen(message) - 3, "...");
	}
}

static void a_message_may_contain_the_previous_one(void **state)
{
	(void)state;
	assert_refused(gons_open("/nonexistent", 0), ENOENT, "/nonexistent");
	assert_refused(gons_open(gons_error(), 0), ENOENT,
		       "cannot open the namespace cannot open the namespace /nonexistent: No such "
		       "file or directory: No such file or directory");
}

static void percent_signs_in_paths_are_no_conversions(void **state)
{
	(void)state;
	assert_refused(gons_open("/%s%n%d/100%", 0), ENOENT, "namespace /%s%n%d/100%: No such");
	assert_refused(gons_type_from_name("%s%n"), EINVAL, "\"%s%n\" is not a namespace type");
}

static void fail_otherwise(void *arg)
{
	(void)arg;
	assert_refused(gons_open("/nonexistent/deferred", 0), ENOENT, "deferred");
}

static void the_end_of_a_scope_reports_its_first_failure(void **state)
{
	int mark = gons_must(gons_scope_begin());
	int fd[2];
	char words[64];

	(void)state;
	fd[0] = gons_must(gons_current(CLONE_NEWNET));
	gons_must(gons_defer(fail_otherwise, NULL));
	fd[1] = gons_must(gons_current(CLONE_NEWNET));
	assert_int_equal(close(fd[0]), 0);
	assert_int_equal(close(fd[1]), 0);
	/* The newest record is undone first: fd[1] fails first. */
	(void)snprintf(words, sizeof(words), "cannot close descriptor %d of the scope", fd[1]);
	assert_refused(gons_scope_end(mark), EBADF, words);
}

static void a_switch_keeps_the_message(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	GONS_SCOPE {
		assert_refused(gons_open("/nonexistent", 0), ENOENT, "/nonexistent");
		gons_must(gons_enter_transient(CLONE_NEWNET | CLONE_NEWNS));
		assert_contains(gons_error(), "/nonexistent");
	}
	assert_contains(gons_error(), "/nonexistent");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(a_thread_begins_without_a_message),
		check_test(each_thread_has_its_own_message),
		check_test(a_success_leaves_the_message_unchanged),
		check_test(a_later_failure_replaces_the_message),
		check_test(a_message_says_what_failed_on_what_and_why),
		check_test(a_long_path_is_cut_in_the_message),
		check_test(messages_of_every_length_are_terminated),
		check_test(a_message_may_contain_the_previous_one),
		check_test(percent_signs_in_paths_are_no_conversions),
		check_test(the_end_of_a_scope_reports_its_first_failure),
		check_test(a_switch_keeps_the_message),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

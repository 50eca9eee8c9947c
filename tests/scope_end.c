/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ends of scopes that fail, and which end reports the failure.
 */
#include "check.h"

#include <linux/capability.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- an end that is left by longjmp ---- */

static jmp_buf way_out;

static void leave(void *arg)
{
	(void)arg;
	longjmp(way_out, 1);
}

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	return (int)syscall(SYS_capset, &header, none);
}

static bool says_lost(int result)
{
	return result == -1 && errno == EPERM &&
	       strstr(gons_error(),
		      "this thread cannot return to its previous network namespace: Operation not permitted: CAP_SYS_ADMIN was dropped");
}

/* In a forked child, since the return is refused from then on. Ends the scope with its own
 * mark, or with that of the enclosing scope. */
static int leave_after_refusal(void *with_outer)
{
	volatile int outer = gons_scope_begin();
	volatile int mark = gons_scope_begin();

	if (gons_defer(leave, NULL) < 0 || gons_enter_transient(CLONE_NEWNET) < 0 ||
	    drop_capabilities() < 0)
		return 1;
	if (setjmp(way_out) == 0) {
		(void)gons_scope_end(mark);
		return 2;
	}
	if (!says_lost(gons_scope_end(*(bool *)with_outer ? outer : mark)))
		return 3;
	if (*(bool *)with_outer)
		return gons_scope_end(outer) == 0 ? 4 : 0;
	return gons_scope_end(outer) == 0 ? 0 : 5; /* once is enough */
}

static void after_a_longjmp_the_next_end_of_the_scope_reports_a_refused_return(void **state)
{
	bool with_outer = false;

	(void)state;
	gons_require(CLONE_NEWNET);
	assert_int_equal(in_child(leave_after_refusal, &with_outer), 0);
}

static void the_enclosing_scope_reports_a_refused_return(void **state)
{
	bool with_outer = true;

	(void)state;
	gons_require(CLONE_NEWNET);
	assert_int_equal(in_child(leave_after_refusal, &with_outer), 0);
}

/* Closes a descriptor of the scope, so that the end of the scope fails. */
static int make_failure(char words[64])
{
	int fd = gons_current(CLONE_NEWUTS);

	(void)snprintf(words, 64, "cannot close descriptor %d of the scope", fd);
	return close(fd);
}

static void a_new_inner_scope_does_not_report_the_earlier_failure(void **state)
{
	volatile int mark = gons_must(gons_scope_begin());
	char words[64];
	int later;

	(void)state;
	gons_must(gons_defer(leave, NULL));
	assert_int_equal(make_failure(words), 0);
	if (setjmp(way_out) == 0) {
		(void)gons_scope_end(mark);
		fail_msg("the deferred call did not leave");
	}
	later = gons_must(gons_scope_begin());
	assert_int_equal(gons_scope_end(later), 0);
	assert_refused(gons_scope_end(mark), EBADF, words);
}

/* ---- nested ends ---- */

struct inner {
	bool fails;
	int result, errnum;
	char words[64], said[1024];
};

static void end_inner_scope(void *arg)
{
	struct inner *inner = arg;
	/* Holds the descriptor number of the outer failure, so that the inner one has another. */
	int holder = dup(STDERR_FILENO);
	int mark = gons_scope_begin();

	if (inner->fails && make_failure(inner->words) < 0)
		return;
	inner->result = gons_scope_end(mark);
	inner->errnum = errno;
	(void)snprintf(inner->said, sizeof(inner->said), "%s", gons_error());
	(void)close(holder);
}

static void assert_inner_failed(const struct inner *inner)
{
	assert_int_equal(inner->result, -1);
	assert_int_equal(inner->errnum, EBADF);
	assert_contains(inner->said, inner->words);
}

static void the_outer_end_reports_its_own_earlier_failure(void **state)
{
	struct inner inner = { .fails = true };
	int mark = gons_must(gons_scope_begin());
	char words[64];

	(void)state;
	gons_must(gons_defer(end_inner_scope, &inner));
	assert_int_equal(make_failure(words), 0);
	assert_refused(gons_scope_end(mark), EBADF, words);
	assert_inner_failed(&inner);
	assert_string_not_equal(inner.words, words);
}

static void a_successful_inner_end_does_not_report_the_outer_failure(void **state)
{
	struct inner inner = { .result = -2 };
	int mark = gons_must(gons_scope_begin());
	char words[64];

	(void)state;
	gons_must(gons_defer(end_inner_scope, &inner));
	assert_int_equal(make_failure(words), 0);
	assert_refused(gons_scope_end(mark), EBADF, words);
	assert_int_equal(inner.result, 0);
}

static void the_outer_end_reports_a_failure_after_an_inner_one(void **state)
{
	struct inner inner = { .fails = true };
	int mark = gons_must(gons_scope_begin());
	char words[64];

	(void)state;
	assert_int_equal(make_failure(words), 0);
	gons_must(gons_defer(end_inner_scope, &inner));
	assert_refused(gons_scope_end(mark), EBADF, words);
	assert_inner_failed(&inner);
	assert_string_not_equal(inner.words, words);
}

static void the_outer_end_does_not_report_an_inner_failure_again(void **state)
{
	struct inner inner = { .fails = true };
	int mark = gons_must(gons_scope_begin());

	(void)state;
	gons_must(gons_defer(end_inner_scope, &inner));
	assert_int_equal(gons_scope_end(mark), 0);
	assert_inner_failed(&inner);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(after_a_longjmp_the_next_end_of_the_scope_reports_a_refused_return),
		check_test(the_enclosing_scope_reports_a_refused_return),
		check_test(a_new_inner_scope_does_not_report_the_earlier_failure),
		check_test(the_outer_end_reports_its_own_earlier_failure),
		check_test(a_successful_inner_end_does_not_report_the_outer_failure),
		check_test(the_outer_end_reports_a_failure_after_an_inner_one),
		check_test(the_outer_end_does_not_report_an_inner_failure_again),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

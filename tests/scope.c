/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scope: which records are undone, in which order, and what a mark is.
 */
#include "check.h"

#include <fcntl.h>
#include <signal.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* The notes of deferred calls, in order. */
static char trace[64];

static void note(char letter)
{
	size_t used = strlen(trace);

	assert_true(used + 1 < sizeof(trace));
	trace[used] = letter;
	trace[used + 1] = '\0';
}

static void note_deferred(void *letter)
{
	note((char)(uintptr_t)letter);
}

static void defer_note(char letter)
{
	gons_must(gons_defer(note_deferred, (void *)(uintptr_t)letter));
}

static int begin(void)
{
	trace[0] = '\0';
	return gons_must(gons_scope_begin());
}

/* ---- order ---- */

static void deferred_calls_are_made_newest_first(void **state)
{
	int mark = begin();

	(void)state;
	defer_note('a');
	defer_note('b');
	defer_note('c');
	assert_string_equal(trace, "");
	assert_int_equal(gons_scope_end(mark), 0);
	assert_string_equal(trace, "cba");
}

struct witness {
	int fd;
	bool open;
	uint64_t ino;
};

static void witness(void *arg)
{
	struct witness *seen = arg;

	seen->open = is_open(seen->fd);
	seen->ino = own_ino("uts");
}

static void records_of_all_kinds_are_undone_in_one_order(void **state)
{
	struct witness seen[4];
	uint64_t inside;
	int mark, fd;

	(void)state;
	gons_require(CLONE_NEWUTS);
	mark = begin();
	gons_must(gons_defer(witness, &seen[3]));
	fd = gons_must(gons_current(CLONE_NEWUTS));
	gons_must(gons_defer(witness, &seen[2]));
	gons_must(gons_enter_transient(CLONE_NEWUTS));
	inside = own_ino("uts");
	gons_must(gons_defer(witness, &seen[1]));
	gons_must(gons_enter(fd));
	gons_must(gons_defer(witness, &seen[0]));
	for (int i = 0; i < 4; i++)
		seen[i].fd = fd;
	assert_int_equal(gons_scope_end(mark), 0);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(seen[i].open, i < 3);
		assert_int_equal(seen[i].ino, i == 1 ? inside : own_ino("uts"));
	}
	assert_int_not_equal(inside, own_ino("uts"));
}

static void ending_an_outer_mark_ends_the_inner_ones(void **state)
{
	int outer = begin();
	int inner[2];

	(void)state;
	defer_note('a');
	inner[0] = gons_must(gons_scope_begin());
	defer_note('b');
	inner[1] = gons_must(gons_scope_begin());
	defer_note('c');
	assert_int_equal(gons_scope_end(outer), 0);
	assert_string_equal(trace, "cba");
	assert_refused(gons_scope_end(inner[1]), EINVAL, "is not a mark of this thread's scope");
	assert_refused(gons_scope_end(inner[0]), EINVAL, "is not a mark of this thread's scope");
}

static void thousands_of_records_are_undone(void **state)
{
	int fds_before = count_entries("/proc/self/fd");
	int mark = begin();

	(void)state;
	for (int i = 0; i < 10000; i++) {
		gons_must(gons_defer(free, malloc(1)));
		(void)gons_must(gons_scope_begin());
	}
	for (int i = 0; i < 500; i++)
		(void)gons_must(gons_current(CLONE_NEWNET));
	defer_note('z');
	assert_int_equal(count_entries("/proc/self/fd"), fds_before + 500);
	assert_int_equal(gons_scope_end(mark), 0);
	assert_int_equal(count_entries("/proc/self/fd"), fds_before);
	assert_string_equal(trace, "z");
}

/* ---- failures and refusals ---- */

static void every_record_is_undone_even_when_one_fails(void **state)
{
	int mark = begin();
	int fd[3];
	char words[64];

	(void)state;
	defer_note('a');
	for (int i = 0; i < 3; i++)
		fd[i] = gons_must(gons_current(CLONE_NEWUTS));
	defer_note('b');
	assert_int_equal(close(fd[1]), 0);
	(void)snprintf(words, sizeof(words), "cannot close descriptor %d", fd[1]);
	assert_refused(gons_scope_end(mark), EBADF, words);
	assert_string_equal(trace, "ba");
	assert_false(is_open(fd[0]));
	assert_false(is_open(fd[2]));
	assert_refused(gons_scope_end(mark), EINVAL, "is not a mark");
}

static void an_invalid_mark_is_refused_and_nothing_undone(void **state)
{
	int mark = begin();
	int last;

	(void)state;
	defer_note('a');
	last = gons_must(gons_scope_begin());
	/* Records and marks share one counter: the number of "a" is in between. */
	assert_int_not_equal(last, mark + 1);
	for (int record = mark + 1; record < last; record++)
		assert_refused(gons_scope_end(record), EINVAL, "is not a mark");
	assert_refused(gons_scope_end(-1), EINVAL, "-1 is not a mark");
	assert_refused(gons_scope_end(last + 1), EINVAL, "is not a mark");
	assert_refused(gons_scope_end(INT32_MAX), EINVAL, "2147483647 is not a mark");
	assert_refused(gons_scope_end(INT32_MIN), EINVAL, "-2147483648 is not a mark");
	assert_string_equal(trace, "");
	assert_int_equal(gons_scope_end(last), 0);
	assert_int_equal(gons_scope_end(mark), 0);
	assert_string_equal(trace, "a");
}

static void a_mark_is_refused_the_second_time_after_new_scopes(void **state)
{
	int mark = begin();
	int later;

	(void)state;
	assert_int_equal(gons_scope_end(mark), 0);
	later = gons_must(gons_scope_begin());
	defer_note('a');
	assert_refused(gons_scope_end(mark), EINVAL, "is not a mark");
	assert_string_equal(trace, "");
	assert_int_equal(gons_scope_end(later), 0);
	assert_string_equal(trace, "a");
}

static void deferring_a_null_function_is_refused(void **state)
{
	(void)state;
	assert_refused(gons_defer(NULL, trace), EINVAL, "fn is NULL");
}

/* ---- deferred calls that use gons ---- */

struct job {
	int mark, inner, fd, result;
};

static void end_the_mark_again(void *arg)
{
	struct job *job = arg;

	job->result = gons_scope_end(job->mark);
}

static void a_deferred_call_may_end_the_scope_that_is_ending(void **state)
{
	struct job job = { .mark = begin(), .result = -2 };

	(void)state;
	defer_note('a');
	gons_must(gons_defer(end_the_mark_again, &job));
	defer_note('b');
	assert_int_equal(gons_scope_end(job.mark), 0);
	assert_int_equal(job.result, 0);
	assert_string_equal(trace, "ba");
}

static void use_gons(void *arg)
{
	struct job *job = arg;

	job->fd = gons_current(CLONE_NEWNET);
	job->inner = gons_scope_begin();
	defer_note('x');
	job->result = gons_enter_transient(CLONE_NEWUTS);
}

static void what_a_deferred_call_creates_is_undone_too(void **state)
{
	struct job job = { .fd = -1, .inner = -1, .result = -2 };

	(void)state;
	gons_require(CLONE_NEWUTS);
	job.mark = begin();
	defer_note('a');
	gons_must(gons_defer(use_gons, &job));
	assert_int_equal(gons_scope_end(job.mark), 0);
	assert_true(job.inner >= 0);
	assert_int_equal(job.result, 0);
	assert_false(is_open(job.fd));
	assert_string_equal(trace, "xa");
	assert_refused(gons_scope_end(job.inner), EINVAL, "is not a mark");
}

static void end_and_begin_anew(void *arg)
{
	struct job *job = arg;

	job->result = gons_scope_end(job->mark);
	job->inner = gons_scope_begin();
	defer_note('n');
}

static void a_scope_begun_after_the_ending_one_is_left_alone(void **state)
{
	struct job job = { .mark = begin() };

	(void)state;
	gons_must(gons_defer(end_and_begin_anew, &job));
	assert_int_equal(gons_scope_end(job.mark), 0);
	assert_string_equal(trace, "");
	assert_int_equal(gons_scope_end(job.inner), 0);
	assert_string_equal(trace, "n");
}

static void leave_by_longjmp(void *arg)
{
	jmp_buf *way_out = arg;

	longjmp(*way_out, 1);
}

static void after_a_longjmp_out_of_a_deferred_call_the_next_end_undoes_the_rest(void **state)
{
	static jmp_buf way_out;
	volatile int outer = begin();
	volatile int mark;
	volatile int fd;

	(void)state;
	defer_note('a');
	mark = gons_must(gons_scope_begin());
	fd = gons_must(gons_current(CLONE_NEWNET));
	defer_note('b');
	gons_must(gons_defer(leave_by_longjmp, &way_out));
	defer_note('c');
	if (setjmp(way_out) == 0) {
		(void)gons_scope_end(mark);
		fail_msg("the deferred call did not leave");
	}
	assert_string_equal(trace, "c");
	assert_true(is_open(fd));
	assert_int_equal(gons_scope_end(outer), 0);
	assert_string_equal(trace, "cba");
	assert_false(is_open(fd));
	assert_refused(gons_scope_end(mark), EINVAL, "is not a mark");
}

/* ---- GONS_SCOPE ---- */

static int leave_block_by(const char *way)
{
	for (int i = 0; i < 2; i++) {
		GONS_SCOPE {
			defer_note('s');
			if (strcmp(way, "break") == 0)
				break;
			if (strcmp(way, "continue") == 0)
				continue;
			if (strcmp(way, "return") == 0)
				return 1;
			if (strcmp(way, "goto") == 0)
				goto out;
			note('e');
		}
		note('l');
	}
	note('r');
	return 0;
out:
	note('g');
	return 2;
}

static void every_way_out_of_a_scope_block_ends_the_scope(void **state)
{
	static const struct {
		const char *way;
		int result;
		const char *trace;
	} ways[] = {
		{ "brace", 0, "esleslr" }, { "break", 0, "slslr" }, { "continue", 0, "slslr" },
		{ "return", 1, "s" },	   { "goto", 2, "sg" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		trace[0] = '\0';
		assert_int_equal(leave_block_by(ways[i].way), ways[i].result);
		assert_string_equal(trace, ways[i].trace);
	}
}

static void scope_blocks_nest(void **state)
{
	(void)state;
	trace[0] = '\0';
	GONS_SCOPE {
		defer_note('a');
		GONS_SCOPE {
			defer_note('b');
		}
		note('-');
	}
	assert_string_equal(trace, "b-a");
}

static void after_a_longjmp_out_of_a_scope_block_the_enclosing_scope_undoes_it(void **state)
{
	static jmp_buf way_out;
	volatile int mark = begin();

	(void)state;
	gons_require(CLONE_NEWUTS);
	if (setjmp(way_out) == 0)
		GONS_SCOPE {
			defer_note('a');
			gons_must(gons_enter_transient(CLONE_NEWUTS));
			longjmp(way_out, 1);
		}
	assert_string_equal(trace, "");
	assert_int_equal(gons_scope_end(mark), 0);
	assert_string_equal(trace, "a");
}

static void a_scope_block_reports_failures_of_its_end_by_the_message(void **state)
{
	int fd = -1;

	(void)state;
	trace[0] = '\0';
	GONS_SCOPE {
		defer_note('a');
		fd = gons_must(gons_current(CLONE_NEWNET));
		assert_int_equal(close(fd), 0);
	}
	assert_contains(gons_error(), "cannot close descriptor");
	assert_string_equal(trace, "a");
}

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	return (int)syscall(SYS_capset, &header, none);
}

/* In forked children, since the return is refused from then on. */
static int lose_the_return(void *arg)
{
	int mark = gons_scope_begin();

	(void)arg;
	trace[0] = '\0';
	defer_note('a');
	if (gons_enter_transient(CLONE_NEWNET) < 0 || drop_capabilities() < 0)
		return 1;
	defer_note('b');
	if (gons_scope_end(mark) == 0 || errno != EPERM || strcmp(trace, "ba") != 0)
		return 2;
	return !strstr(
		gons_error(),
		"this thread cannot return to its previous network namespace: Operation not permitted: CAP_SYS_ADMIN was dropped");
}

static int be_refused_the_return_in_a_block(void *stderr_fd)
{
	const struct rlimit no_core = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &no_core) < 0 || dup2(*(int *)stderr_fd, STDERR_FILENO) < 0)
		return 1;
	GONS_SCOPE {
		if (gons_enter_transient(CLONE_NEWNET) < 0 || drop_capabilities() < 0)
			return 2;
	}
	return 3;
}

static void a_refused_return_is_reported_and_the_rest_undone(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET);
	assert_int_equal(in_child(lose_the_return, NULL), 0);
}

static void a_refused_return_at_the_end_of_a_scope_block_ends_the_process(void **state)
{
	char said[1024] = "";
	int fd;

	(void)state;
	gons_require(CLONE_NEWNET);
	fd = memfd_create("stderr", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(in_child(be_refused_the_return_in_a_block, &fd), 128 + SIGABRT);
	assert_true(pread(fd, said, sizeof(said) - 1, 0) > 0);
	assert_int_equal(close(fd), 0);
	assert_contains(said, "gons: this thread cannot return to its previous network namespace");
	assert_contains(said, "Operation not permitted");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(deferred_calls_are_made_newest_first),
		check_test(records_of_all_kinds_are_undone_in_one_order),
		check_test(ending_an_outer_mark_ends_the_inner_ones),
		check_test(thousands_of_records_are_undone),
		check_test(every_record_is_undone_even_when_one_fails),
		check_test(an_invalid_mark_is_refused_and_nothing_undone),
		check_test(a_mark_is_refused_the_second_time_after_new_scopes),
		check_test(deferring_a_null_function_is_refused),
		check_test(a_deferred_call_may_end_the_scope_that_is_ending),
		check_test(what_a_deferred_call_creates_is_undone_too),
		check_test(a_scope_begun_after_the_ending_one_is_left_alone),
		check_test(after_a_longjmp_out_of_a_deferred_call_the_next_end_undoes_the_rest),
		check_test(every_way_out_of_a_scope_block_ends_the_scope),
		check_test(scope_blocks_nest),
		check_test(after_a_longjmp_out_of_a_scope_block_the_enclosing_scope_undoes_it),
		check_test(a_scope_block_reports_failures_of_its_end_by_the_message),
		check_test(a_refused_return_is_reported_and_the_rest_undone),
		check_test(a_refused_return_at_the_end_of_a_scope_block_ends_the_process),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exit(3) with open scopes: which records are undone, by which thread, and when. Each case is a
 * child that takes notes in memory shared with the test.
 */
#include "check.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOTES = 64 };
static char *notes;

static void note(char letter)
{
	notes[strlen(notes)] = letter;
}

static void note_deferred(void *letter)
{
	note((char)(uintptr_t)letter);
}

static bool defer_note(char letter)
{
	return gons_defer(note_deferred, (void *)(uintptr_t)letter) == 0;
}

/* exit(3) undoes what fn leaves on the scope. Returns the notes; NULL after a failure. */
static const char *take_notes(void (*fn)(void))
{
	int status;
	pid_t pid;

	memset(notes, 0, NOTES);
	pid = fork();
	if (pid == 0) {
		fn();
		exit(3);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
	    WEXITSTATUS(status) != 3)
		return NULL;
	return notes;
}

static void assert_notes(void (*fn)(void), const char *expected)
{
	const char *taken = take_notes(fn);

	assert_non_null(taken);
	assert_string_equal(taken, expected);
}

/* ---- which records ---- */

static void leave_two_scopes_open(void)
{
	if (gons_scope_begin() >= 0 && defer_note('a') && gons_scope_begin() >= 0)
		(void)defer_note('b');
}

static void exit_undoes_all_open_scopes(void **state)
{
	(void)state;
	assert_notes(leave_two_scopes_open, "ba");
}

static void defer_without_a_scope(void)
{
	(void)defer_note('a');
}

static void exit_undoes_records_outside_of_all_scopes(void **state)
{
	(void)state;
	assert_notes(defer_without_a_scope, "a");
}

static uint64_t home_ino;

static void note_where(void *arg)
{
	(void)arg;
	note(own_ino("uts") == home_ino ? 'h' : 'n');
}

static void enter_and_stay(void)
{
	home_ino = own_ino("uts");
	(void)gons_scope_begin();
	if (gons_defer(note_where, NULL) == 0 && gons_enter_transient(CLONE_NEWUTS) == 0)
		(void)gons_defer(note_where, NULL);
}

static void exit_returns_to_the_previous_namespace(void **state)
{
	(void)state;
	gons_require(CLONE_NEWUTS);
	assert_notes(enter_and_stay, "nh");
}

static void exit_early(void)
{
	(void)gons_scope_begin();
	(void)defer_note('a');
	_exit(3);
}

static void quick_exits_undo_nothing(void **state)
{
	(void)state;
	assert_notes(exit_early, "");
}

/* ---- where exit is called ---- */

static void exit_now(void *arg)
{
	(void)arg;
	note('x');
	exit(3);
}

static void defer_an_exit(void)
{
	int mark = gons_scope_begin();

	(void)defer_note('a');
	(void)gons_defer(exit_now, NULL);
	(void)defer_note('b');
	(void)gons_scope_end(mark);
}

static void exit_in_a_deferred_call_undoes_the_rest(void **state)
{
	(void)state;
	assert_notes(defer_an_exit, "bxa");
}

static void exit_elsewhere(void)
{
	int fd;

	home_ino = own_ino("uts");
	(void)gons_scope_begin();
	fd = gons_new_transient(CLONE_NEWUTS);
	(void)gons_defer(note_where, NULL);
	(void)gons_execute(fd, exit_now, NULL);
}

static void exit_in_an_executed_function_returns_first(void **state)
{
	(void)state;
	gons_require(CLONE_NEWUTS);
	assert_notes(exit_elsewhere, "xh");
}

static void exit_in_a_block(void)
{
	int fd;

	home_ino = own_ino("uts");
	(void)gons_scope_begin();
	fd = gons_new_transient(CLONE_NEWUTS);
	(void)gons_defer(note_where, NULL);
	GONS_IN(fd) {
		note(own_ino("uts") == home_ino ? '?' : 'i');
		exit(3);
	}
}

static void exit_in_a_block_returns_first(void **state)
{
	(void)state;
	gons_require(CLONE_NEWUTS);
	assert_notes(exit_in_a_block, "ih");
}

static void *exit_on_thread(void *arg)
{
	(void)arg;
	(void)defer_note('t');
	exit(3);
}

static void let_a_thread_exit(void)
{
	pthread_t thread;

	(void)defer_note('m');
	if (pthread_create(&thread, NULL, exit_on_thread, NULL) == 0)
		(void)pthread_join(thread, NULL);
}

static void exit_ends_the_scope_of_the_thread_that_calls_it(void **state)
{
	(void)state;
	assert_notes(let_a_thread_exit, "t");
}

static void let_a_child_exit(void)
{
	pid_t pid;

	(void)defer_note('p');
	pid = fork();
	if (pid == 0) {
		(void)defer_note('c');
		exit(0);
	}
	(void)waitpid(pid, NULL, 0);
	note('w');
}

static void a_forked_child_that_exits_undoes_its_own_records_only(void **state)
{
	(void)state;
	assert_notes(let_a_child_exit, "cwp");
}

/* ---- other handlers ---- */

static void note_before(void)
{
	note('1');
	(void)defer_note('l'); /* by a handler that runs after the scope has ended */
}

static void note_after(void)
{
	note('2');
}

static void register_handlers(void)
{
	(void)atexit(note_before);
	(void)defer_note('a'); /* the first use of the scope in this process */
	(void)atexit(note_after);
}

/* The notes of a process that has not used a scope before. */
static char notes_of_handlers[NOTES];

static void handlers_run_in_reverse_order_around_the_end_of_the_scope(void **state)
{
	(void)state;
	assert_string_equal(notes_of_handlers, "2a1l");
}

int main(void)
{
	const char *taken;
	const struct CMUnitTest tests[] = {
		check_test(exit_undoes_all_open_scopes),
		check_test(exit_undoes_records_outside_of_all_scopes),
		check_test(exit_returns_to_the_previous_namespace),
		check_test(quick_exits_undo_nothing),
		check_test(exit_in_a_deferred_call_undoes_the_rest),
		check_test(exit_in_an_executed_function_returns_first),
		check_test(exit_in_a_block_returns_first),
		check_test(exit_ends_the_scope_of_the_thread_that_calls_it),
		check_test(a_forked_child_that_exits_undoes_its_own_records_only),
		check_test(handlers_run_in_reverse_order_around_the_end_of_the_scope),
	};

	notes = mmap(NULL, NOTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (notes == MAP_FAILED)
		return 1;
	taken = take_notes(register_handlers);
	if (taken)
		(void)strcpy(notes_of_handlers, taken);
	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

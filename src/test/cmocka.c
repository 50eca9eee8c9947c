/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups of cmocka tests.
 *
 * cmocka passes nothing to a test but its state. So gons gives cmocka a copy of the array, in which
 * the state of each test is an entry of gons. For cmocka, a test of gons is one function, which
 * calls set-up, test and teardown. If the function is left early, the teardown in the copy does the
 * rest.
 *
 * cmocka shows the message of a failed test after that teardown has returned. The teardown must
 * return success: otherwise cmocka says that it could not run the test. Notes of the teardown are
 * written later, by the next function of gons, so that the assertion comes first.
 */
#include <stdlib.h>
#include <string.h>

#include <gons/cmocka_glue.h>
#include <gons/privilege.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/forks.h"
#include "gons/core/thread_state.h"
#include "test/hold.h"
#include "test/test.h"

/* struct CMUnitTest */
struct unit {
	const char *name;
	void (*test_func)(void **state);
	gons_cmocka_fixture_ setup_func, teardown_func;
	void *initial_state;
} __attribute__((may_alias));

struct entry {
	const struct unit *unit; /* of the program */
	char *text; /* which has name and file */
	const char *name, *file;
	int line;
	bool is_ours, is_in;
	void *state;
	bool has_state, is_set_up, is_torn_down;
};

/* The current run; cmocka has one at a time. */
static struct run {
	const struct gons_cmocka_functions_ *functions;
	struct entry *entries;
	struct unit *copies;
	struct entry *open; /* the test whose scope has not ended */
	gons_cmocka_fixture_ setup, teardown;
	void *group_state;
	size_t started, completed;
	unsigned forks;
	int scope; /* of the group, or -1 */
	bool teardown_failed;
} run;

static const char remedy[] = "use gons_unit_test(), which returns after the test";

/* ---- forked children ---- */

static bool is_child(void)
{
	return run.forks != gons_i_forks();
}

/* Sends what cmocka prints in the child to standard error, so that it is not in the parent's
 * output. */
static void redirect_output(void)
{
	(void)fflush(stdout);
	(void)dup3(STDERR_FILENO, STDOUT_FILENO, 0);
}

/* Ends this process if it is a forked child that has left its test: it must not run the other
 * tests. */
static void exit_if_child(void)
{
	if (!is_child())
		return;
	redirect_output();
	gons_i_test_note("gons: a forked child (%d) has left its test and ends here\n",
			 (int)getpid());
	gons_i_children_note();
	(void)fflush(NULL);
	_exit(EXIT_FAILURE);
}

/* ---- one test ---- */

static void fail(const struct entry *entry, const char *message)
{
	run.functions->fail(message, entry->file, entry->line);
}

/* Ends the previous test if an assertion in its teardown or in a deferred call has left it open. */
static void begin(struct entry *entry)
{
	exit_if_child();
	if (run.open) {
		gons_i_test_delay_notes();
		(void)gons_test_end(true);
		run.open = NULL;
	}
	gons_i_test_write_notes();
	if (!entry->has_state)
		entry->state = run.group_state ? run.group_state
			       : entry->is_in  ? NULL
					       : entry->unit->initial_state;
	entry->has_state = true;
}

static bool tear_down(struct entry *entry)
{
	if (!entry->is_set_up || entry->is_torn_down)
		return true;
	entry->is_torn_down = true;
	return !entry->unit->teardown_func || entry->unit->teardown_func(&entry->state) == 0;
}

/* Ends a test that no assertion has left. */
static void end(const struct entry *entry, bool failed)
{
	int result = gons_test_end(failed);
	const pid_t unwaited = gons_i_children_take_unwaited();
	char message[256];

	run.open = NULL;
	if (result < 0)
		fail(entry, gons_error());
	if (failed || unwaited == 0)
		return;
	(void)snprintf(
		message, sizeof(message),
		"a forked child (%d) has left this test by a failed assertion or by returning, "
		"and the test did not wait for it; wait for it and assert on its status",
		(int)unwaited);
	fail(entry, message);
}

/* Reads the types that the macro has put into the initial state. */
static int types_of(const struct entry *entry)
{
	return entry->is_in ? (int)(intptr_t)entry->unit->initial_state : 0;
}

static void enter(const struct entry *entry)
{
	int result;

	if (entry->is_in && types_of(entry) == 0)
		fail(entry, "gons_unit_test_in() takes one or several of CLONE_NEWNET, "
			    "CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC and CLONE_NEWCGROUP");
	result = gons_test_begin(entry->name, types_of(entry));
	if (result > 0)
		run.functions->skip(entry->file, entry->line);
	if (result < 0)
		fail(entry, gons_error());
}

/* cmocka looks for a teardown after the test has returned. A test that has passed needs none, and
 * cmocka would install its signal handlers again to run it. */
static void remove_teardown(const struct entry *entry)
{
	run.copies[entry - run.entries].teardown_func = NULL;
}

static void run_unit(void **cmocka_state)
{
	struct entry *entry = *cmocka_state;
	char message[512];
	bool is_torn_down;

	begin(entry);
	run.started++;
	run.open = entry;
	enter(entry);
	if (entry->unit->setup_func && entry->unit->setup_func(&entry->state) != 0) {
		(void)snprintf(message, sizeof(message), "the set-up of %s failed", entry->name);
		fail(entry, message);
	}
	entry->is_set_up = true;
	entry->unit->test_func(&entry->state);
	exit_if_child();
	is_torn_down = tear_down(entry);
	end(entry, !is_torn_down);
	if (!is_torn_down) {
		(void)snprintf(message, sizeof(message), "the teardown of %s failed", entry->name);
		fail(entry, message);
	}
	remove_teardown(entry);
	run.completed++;
}

/* A test has failed, and its teardown comes. */
static void report_failed(void)
{
	gons_i_test_delay_notes();
	gons_i_test_hold_set_hint(
		"cmocka prints the failed assertion after that. To see it now, also "
		"set CMOCKA_TEST_ABORT=1.");
	gons_i_test_has_failed();
	gons_i_test_hold_set_hint(NULL);
}

static void end_failed(void)
{
	(void)gons_test_end(true);
	(void)gons_i_children_take_unwaited(); /* the test has failed already */
	run.open = NULL;
}

/* The teardown in cmocka's copy, for a test that has not passed. */
static int end_after_failure(void **cmocka_state)
{
	struct entry *entry = *cmocka_state;

	if (run.open != entry)
		return 0;
	if (is_child()) {
		redirect_output();
		return 0;
	}
	report_failed();
	if (!tear_down(entry))
		gons_i_test_note("gons: the teardown of %s failed\n", entry->name);
	end_failed();
	return 0;
}

/* ---- plain tests ---- */

static void begin_plain(struct entry *entry)
{
	if (run.open == entry)
		return;
	begin(entry);
	run.open = entry;
	if (gons_i_test_begin_plain(entry->name, remedy) < 0)
		fail(entry, gons_error());
}

static int plain_setup(void **cmocka_state)
{
	struct entry *entry = *cmocka_state;

	begin_plain(entry);
	return entry->unit->setup_func(&entry->state);
}

static void plain_test(void **cmocka_state)
{
	struct entry *entry = *cmocka_state;

	begin_plain(entry);
	run.started++;
	entry->is_set_up = true;
	if (entry->unit->test_func)
		entry->unit->test_func(&entry->state);
	exit_if_child();
	run.completed++;
	/* Its teardown may still leave the namespaces. */
	if (!entry->unit->teardown_func) {
		end(entry, false);
		remove_teardown(entry);
	}
	entry->is_torn_down = true; /* the test has passed */
}

static int plain_teardown(void **cmocka_state)
{
	struct entry *entry = *cmocka_state;
	const bool passed = entry->is_torn_down;
	int result = 0;

	if (run.open != entry)
		return 0;
	if (is_child()) {
		redirect_output();
		return 0;
	}
	if (!passed)
		report_failed();
	if (entry->unit->teardown_func)
		result = entry->unit->teardown_func(&entry->state);
	if (passed)
		end(entry, result != 0);
	else
		end_failed();
	return result;
}

/* ---- in a test ---- */

GONS_EXPORT void gons_cmocka_must_(const struct gons_cmocka_functions_ *functions, const char *call,
				   const char *file, int line)
{
	char message[GONS_I_MESSAGE_SIZE];

	/* cmocka has no room for a longer message. */
	(void)snprintf(message, sizeof(message) - 24, "%s: %s", call, gons_error());
	functions->fail(message, file, line);
	__builtin_unreachable();
}

GONS_EXPORT void gons_cmocka_require_(const struct gons_cmocka_functions_ *functions, int result,
				      const char *file, int line)
{
	if (result > 0)
		functions->skip(file, line);
	if (result < 0)
		functions->fail(gons_error(), file, line);
}

GONS_EXPORT void gons_cmocka_skip_(const struct gons_cmocka_functions_ *functions, const char *file,
				   int line)
{
	gons_i_test_skips();
	functions->skip(file, line);
	__builtin_unreachable();
}

/* For cmocka, a set-up is part of the test, so the test would pass without having run. */
GONS_EXPORT void gons_cmocka_stop_(const struct gons_cmocka_functions_ *functions, const char *file,
				   int line)
{
	const struct entry *entry = run.open;
	char message[512];

	if (entry && entry->is_ours && !entry->is_set_up) {
		(void)snprintf(
			message, sizeof(message),
			"stop() was called in the set-up of %s, so the test did not run; use skip()",
			entry->name);
		functions->fail(message, file, line);
	}
	run.completed++;
	functions->stop();
	__builtin_unreachable();
}

GONS_EXPORT int gons_group_setup_root(void **state)
{
	(void)state;
	if (gons_become_root() < 0)
		gons_i_test_note("gons: not root: %s\n", gons_error());
	return 0;
}

/* ---- the group ---- */

static int group_setup(void **state)
{
	(void)state; /* must stay NULL: otherwise cmocka replaces the state of each test by it */
	if (gons_status() != NULL) {
		gons_i_test_note("gons: start-up switching failed: %s\n", gons_status());
		return -1;
	}
	if (run.setup && run.setup(&run.group_state) != 0)
		return -1;
	gons_i_test_pool_begins(); /* after gons_become_root(), which needs a single thread */
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	exit_if_child();
	run.teardown_failed = true; /* an assertion may leave the teardown */
	if (run.open) {
		gons_i_test_delay_notes();
		(void)gons_test_end(true);
		run.open = NULL;
	}
	gons_i_test_write_notes();
	if (run.teardown && run.teardown(&run.group_state) != 0)
		return -1;
	run.teardown_failed = false;
	return 0;
}

/* "\037gons\037" KIND "\037" LINE "\037" FILE "\037" NAME, as gons_unit_test() defines it. */
static int read_name(struct entry *entry, const char *name)
{
	static const char mark[] = "\037gons\037";
	char *parts[4], *at;

	entry->name = name;
	if (!name || strncmp(name, mark, sizeof(mark) - 1) != 0)
		return 0;
	entry->is_ours = true;
	entry->text = strdup(name + sizeof(mark) - 1);
	if (!entry->text)
		return gons_i_fail(ENOMEM, "cannot store the name of a test");
	at = entry->text;
	for (size_t i = 0; i < 4; i++)
		parts[i] = strsep(&at, "\037");
	entry->is_in = strcmp(parts[0], "in") == 0;
	entry->line = atoi(parts[1]);
	entry->file = parts[2];
	entry->name = parts[3];
	return 0;
}

/* Creates cmocka's copy of a test. */
static int copy(const struct unit *unit, struct entry *entry, struct unit *ret_copy)
{
	entry->unit = unit;
	if (read_name(entry, unit->name) < 0)
		return -1;
	*ret_copy = (struct unit){ .name = entry->name, .initial_state = entry };
	if (entry->is_ours) {
		ret_copy->test_func = run_unit;
		ret_copy->teardown_func = end_after_failure;
		return 0;
	}
	if (!unit->test_func && !unit->setup_func && !unit->teardown_func)
		return 0;
	ret_copy->test_func = plain_test;
	ret_copy->setup_func = unit->setup_func ? plain_setup : NULL;
	ret_copy->teardown_func = plain_teardown;
	return 0;
}

static int copy_all(const struct unit *units, size_t n, const char *file, int line)
{
	run.entries = calloc(n + 1, sizeof(*run.entries));
	run.copies = calloc(n + 1, sizeof(*run.copies));
	if (!run.entries || !run.copies)
		return gons_i_fail(ENOMEM, "cannot run %zu tests", n);
	for (size_t i = 0; i < n; i++) {
		run.entries[i].file = file;
		run.entries[i].line = line;
		if (copy(&units[i], &run.entries[i], &run.copies[i]) < 0)
			return -1;
	}
	return 0;
}

/* Undoes what the group set-up has entered and opened. */
static void end_group(void)
{
	gons_i_test_pool_ends();
	if (gons_scope_end(run.scope) == 0)
		return;
	gons_i_test_note("gons: not undone: the group set-up: %s\n", gons_error());
	run.teardown_failed = true;
	if (gons_i_is_stranded())
		exit(EXIT_FAILURE);
}

static void free_all(size_t n)
{
	for (size_t i = 0; run.entries && i < n; i++)
		free(run.entries[i].text);
	free(run.entries);
	free(run.copies);
}

GONS_EXPORT int gons_cmocka_run_(const struct gons_cmocka_functions_ *functions, const char *name,
				 const void *tests, size_t n, gons_cmocka_fixture_ setup,
				 gons_cmocka_fixture_ teardown, const char *file, int line)
{
	int result = -1;

	run = (struct run){ .functions = functions, .setup = setup, .teardown = teardown };
	run.scope = gons_scope_begin();
	run.forks = gons_i_forks();
	if (run.scope >= 0 && copy_all(tests, n, file, line) == 0) {
		gons_i_test_run_begins();
		gons_i_children_run_begins();
		gons_i_exit_status_run_begins();
		result = functions->run(name, run.copies, n, group_setup, group_teardown);
		gons_i_exit_status_run_ends();
		gons_i_test_run_ends();
	} else {
		gons_i_test_note("gons: %s\n", gons_error());
	}
	if (run.scope >= 0)
		end_group();
	gons_i_test_write_notes();
	free_all(n);
	run.open = NULL;
	gons_i_exit_status_add((size_t)(result < 0 ? 1 : result) + run.teardown_failed, run.started,
			       run.completed);
	return result;
}

GONS_EXPORT int gons_cmocka_status_(int result)
{
	(void)result; /* gons_i_exit_status_add() has got it */
	return gons_i_exit_status_result();
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What gons does before and after a test, whatever framework runs it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/forks.h"
#include "gons/base/types.h"
#include "gons/leak/leak.h"
#include "test/capture.h"
#include "test/report_process_end.h"
#include "test/test.h"

/* The test of the calling thread. */
static __thread struct test {
	bool is_open;
	char name[256];
	const char *remedy; /* for the message of a plain test; NULL for other tests */
	gons_leaks *leaks;
	int scope; /* -1: none */
	unsigned forks;
	bool is_refused;
	bool is_reported;
} test;

/* Whether the snapshot after one test is also the one before the next test. */
static __thread bool keeps_snapshot;
static __thread gons_leaks *snapshot;
static __thread bool is_current; /* its descriptors, threads, children and umask */

/* Why the test fails: all reasons, in one message for the framework. */
struct verdict {
	int errnum; /* 0: none */
	char text[GONS_I_MESSAGE_SIZE];
};

__attribute__((format(printf, 3, 4))) static void add_reason(struct verdict *verdict, int errnum,
							     const char *format, ...)
{
	size_t used = strlen(verdict->text);
	va_list args;
	int wanted;

	if (verdict->errnum == 0)
		verdict->errnum = errnum;
	if (used > 0)
		used += (size_t)snprintf(verdict->text + used, sizeof(verdict->text) - used, "; ");
	if (used >= sizeof(verdict->text))
		return;
	va_start(args, format);
	wanted = vsnprintf(verdict->text + used, sizeof(verdict->text) - used, format, args);
	va_end(args);
	if (wanted < 0 || (size_t)wanted >= sizeof(verdict->text) - used)
		memcpy(verdict->text + sizeof(verdict->text) - sizeof("..."), "...", sizeof("..."));
}

int gons_i_test_fail(int errnum, const char *format, ...)
{
	struct gons_i_failure failure = { .errnum = errnum };
	va_list args;

	va_start(args, format);
	(void)vsnprintf(failure.message, sizeof(failure.message), format, args);
	va_end(args);
	return gons_i_failure_restore(&failure);
}

/* ---- the snapshot ---- */

static void drop_snapshot(void)
{
	gons_i_leaks_free(snapshot);
	snapshot = NULL;
}

/* In a forked child, drops the copies of the parent's test and snapshot. */
static void drop_state_of_parent(void)
{
	static __thread unsigned forks;

	if (forks == gons_i_forks())
		return;
	forks = gons_i_forks();
	if (test.is_open && test.forks != forks)
		test.is_open = false;
	if (snapshot && !gons_i_leaks_is_own(snapshot)) {
		keeps_snapshot = false;
		drop_snapshot();
	}
}

void gons_i_test_run_begins(void)
{
	drop_state_of_parent();
	keeps_snapshot = true;
}

void gons_i_test_run_ends(void)
{
	keeps_snapshot = false;
	drop_snapshot();
}

static gons_leaks *take_snapshot(void)
{
	if (snapshot && !gons_i_leaks_is_own(snapshot))
		drop_snapshot();
	if (snapshot && !is_current && !test.remedy && gons_i_leaks_refresh(snapshot) < 0)
		drop_snapshot(); /* gons_leaks_begin() fails with the reason */
	if (!snapshot) {
		snapshot = gons_leaks_begin();
		is_current = true;
	}
	return snapshot;
}

/* ---- the beginning ---- */

static int check_types(int types)
{
	char names[GONS_I_TYPE_NAMES_SIZE];
	const int wrong = types & ~GONS_I_SWITCHABLE_FLAGS;

	if (!wrong)
		return 0;
	(void)gons_i_test_fail(
		EINVAL, "types may have CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC "
			"and CLONE_NEWCGROUP only");
	if (gons_i_type_names(wrong, names)[0])
		gons_i_add_cause("a thread cannot enter and leave a %s namespace", names);
	return -1;
}

/* Whether the machine refused, as opposed to a mistake of the program or a lack of resources. */
static bool is_refusal(int errnum)
{
	return errnum == EPERM || errnum == EACCES || errnum == ENOSPC || errnum == ENOSYS ||
	       errnum == EINVAL || errnum == ENOENT;
}

static int enter(int types)
{
	if (types == 0 || gons_i_test_enter(types) == 0)
		return 0;
	return is_refusal(errno) ? gons_i_test_refused(types) : -1;
}

static int begin(const char *name, const char *remedy, int types)
{
	drop_state_of_parent();
	if (test.is_open)
		(void)gons_test_end(true);
	memset(&test, 0, sizeof(test));
	test.is_open = true;
	test.scope = -1;
	test.remedy = remedy;
	(void)snprintf(test.name, sizeof(test.name), "%s", name ? name : "(null)"); /* cut */
	gons_i_test_set_name(test.name);
	if (!name)
		return gons_i_fail(EINVAL, "name is NULL");
	if (check_types(types) < 0)
		return -1;
	test.leaks = take_snapshot();
	if (!test.leaks)
		return -1;
	test.scope = gons_scope_begin();
	if (test.scope < 0)
		return -1;
	test.forks = gons_i_forks();
	gons_i_capture_begin();
	gons_i_process_end_report_enable(false);
	return enter(types);
}

GONS_EXPORT int gons_test_begin(const char *name, int types)
{
	int result = begin(name, NULL, types);

	test.is_refused = result < 0;
	return result;
}

int gons_i_test_begin_plain(const char *name, const char *remedy)
{
	return begin(name, remedy, 0);
}

/* ---- the end ---- */

static void note_leak(const char *message, void *arg)
{
	gons_i_test_note("gons: left behind: %s: %s\n", test.name, message);
	add_reason(arg, EBUSY, "left behind: %s", message);
}

static void note_leak_of_plain_test(const char *message, void *arg)
{
	gons_i_test_note("gons: left behind: %s: %s; %s\n", test.name, message, test.remedy);
	add_reason(arg, EBUSY, "left behind: %s; %s", message, test.remedy);
}

/* Whether this process was forked in the test. */
static bool is_of_parent(void)
{
	return test.leaks && test.forks != gons_i_forks();
}

/* A skipped test has not failed, whatever its framework says. */
static void report_once(void)
{
	gons_i_process_end_report_disable(); /* a signal from now on causes no second report */
	if (!test.is_reported && !gons_i_test_is_skipped())
		gons_i_test_report(test.name, gons_i_test_stream());
	test.is_reported = true;
}

void gons_i_test_has_failed(void)
{
	if (!test.is_open || is_of_parent())
		return;
	report_once();
	gons_i_process_end_report_enable(true);
}

/* Called when the thread is in the wrong namespaces, in which all later tests would run. */
__attribute__((noreturn)) static void end_process(void)
{
	gons_i_test_note("gons: the run ends here: %s: %s\n", test.name, gons_error());
	gons_i_test_write_notes();
	gons_i_exit_status_run_ends();
	exit(EXIT_FAILURE);
}

static int compare(struct verdict *verdict, enum gons_i_leaks_scope scope)
{
	return gons_i_leaks_compare(test.leaks, scope,
				    test.remedy ? note_leak_of_plain_test : note_leak, verdict);
}

static void close_test(void)
{
	test.is_open = false;
	gons_i_test_set_name(NULL);
}

/* A deferred call may leave gons_scope_end() by longjmp(3). The next call of this function undoes
 * the rest. */
static void end_scope(struct verdict *verdict)
{
	if (test.scope < 0)
		return;
	if (gons_scope_end(test.scope) < 0) {
		gons_i_test_note("gons: not undone: %s: %s\n", test.name, gons_error());
		add_reason(verdict, errno, "not undone: %s", gons_error());
	}
	test.scope = -1;
}

/* Checks a plain test for namespaces before the end of its scope, which would return from them.
 * Returns whether the thread may still be in other namespaces afterwards. */
static bool end_plain_scope(struct verdict *verdict)
{
	bool has_moved = test.leaks && compare(verdict, GONS_I_LEAKS_CONTEXT) != 0;

	end_scope(verdict);
	return has_moved || verdict->errnum != 0;
}

GONS_EXPORT int gons_test_end(bool failed)
{
	struct verdict verdict = { 0 };
	bool may_have_moved = true;

	if (!test.is_open)
		return gons_i_fail(EINVAL, "no test has begun on this thread");
	if (is_of_parent()) {
		close_test();
		return gons_i_fail(ECHILD, "this process was forked in the test %s", test.name);
	}
	gons_i_process_end_report_disable();
	if (failed)
		report_once();
	if (!test.remedy)
		end_scope(&verdict);
	else
		may_have_moved = end_plain_scope(&verdict);
	if (test.leaks) {
		is_current = !test.remedy;
		if (may_have_moved &&
		    compare(&verdict, test.remedy ? GONS_I_LEAKS_CONTEXT : GONS_I_LEAKS_ALL) < 0)
			end_process();
	}
	/* The end of the scope and the comparison count its sockets, as long as none is being closed. */
	gons_i_capture_end();
	close_test();
	failed = failed || test.is_refused;
	if (!keeps_snapshot) {
		drop_snapshot();
		gons_i_exit_status_count(failed ||
						 (verdict.errnum != 0 && !gons_i_test_is_skipped()),
					 gons_i_test_is_skipped());
	}
	if (verdict.errnum == 0 || failed || gons_i_test_is_skipped())
		return 0;
	return gons_i_test_fail(verdict.errnum, "%s", verdict.text);
}

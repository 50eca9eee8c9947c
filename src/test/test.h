/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_TEST_TEST_H
#define GONS_I_TEST_TEST_H

/* What gons does before and after a test: shared by the files of this folder. */

#include <stdbool.h>
#include <stdio.h>

#include <gons/test.h>

/* ---- note.c ---- */

/* Notes of the calling thread go to standard error. After gons_i_test_delay_notes() they are kept,
 * until gons_i_test_write_notes() writes them. */
void gons_i_test_delay_notes(void);
void gons_i_test_write_notes(void);
FILE *gons_i_test_stream(void);
void gons_i_test_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The name of the test that is open on this thread, or NULL. It is not copied. */
void gons_i_test_set_name(const char *new_name);
const char *gons_i_test_name(void);

/* Marks the test as skipped, so that it does not fail for its leaks. */
void gons_i_test_skips(void);
bool gons_i_test_is_skipped(void);

/* ---- test.c, report.c ---- */

/* A plain test (of cmocka_unit_test()) has a scope, and must return from namespaces. Other leaks
 * are not checked. remedy is added to the message. */
int gons_i_test_begin_plain(const char *name, const char *remedy);

/* Between these calls, the snapshot after a test is also the one before the next test of the
 * calling thread, since nothing else runs between two tests. */
void gons_i_test_run_begins(void);
void gons_i_test_run_ends(void);

/* The open test of this thread has failed: reports it now, before its teardown removes what the
 * report is about. gons_test_end() reports it otherwise. */
void gons_i_test_has_failed(void);

/* Writes the failure report of a test, before its scope ends. */
void gons_i_test_report(const char *name, FILE *stream);

/* Sets gons_error() to this message without the text of errnum. Returns -1. */
int gons_i_test_fail(int errnum, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- require.c ---- */

/* Whether GONS_REQUIRE lists this word; whether it turns a skip for lack of these types into a
 * failure. */
bool gons_i_require_names(const char *word);
bool gons_i_requires(int types);

/* Writes the note that the test is skipped (returns 1) or has failed (returns -1), with the message
 * of the last failure. */
int gons_i_test_skip_or_fail(bool is_required);
int gons_i_test_refused(int types);

/* ---- namespaces.c ---- */

/* Enters new namespaces of these types, with a matching /sys and loopback up. */
int gons_i_test_enter(int types);

/* Starts and closes the pool of gons_cmocka_pool(). */
void gons_i_test_pool_begins(void);
void gons_i_test_pool_ends(void);

/* ---- children.c ---- */

/* Forked children that leave their parent's test. run_begins: called by the process that runs
 * tests. note: called by such a child. take_unwaited: called at the end of a test; returns a noted
 * child that has ended and for which the test did not wait, or 0. */
void gons_i_children_run_begins(void);
void gons_i_children_note(void);
pid_t gons_i_children_take_unwaited(void);

/* ---- exit_status.c ---- */

/* Counts a group of tests: its failures, started tests, and tests that were not skipped. */
void gons_i_exit_status_add(size_t failed, size_t started, size_t completed);
int gons_i_exit_status_result(void); /* what the last group returns to the program */

/* Counts a test outside of groups. */
void gons_i_exit_status_count(bool failed, bool skipped);

/* Between these calls, a test that ends the process by exit(3) makes its status 1. */
void gons_i_exit_status_run_begins(void);
void gons_i_exit_status_run_ends(void);
bool gons_i_exit_status_is_running(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_TEST_TEST_H
#define GONS_I_TEST_TEST_H

/* What happens around a test: shared by the adapters. */

#include <stdbool.h>
#include <stdio.h>

#include <gons/test.h>

/* ---- note.c ---- */

/* Notes of the calling thread go to standard error, or, once they are delayed, to a stream whose
 * text is written there later. */
void gons_i_test_delay_notes(void);
void gons_i_test_write_notes(void);
FILE *gons_i_test_stream(void);
void gons_i_test_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The name of the test that is open on this thread, or NULL. It is not copied. */
void gons_i_test_set_name(const char *new_name);
const char *gons_i_test_name(void);

/* Marks the test as skipped, so that its leaks are only notes. */
void gons_i_test_skips(void);
bool gons_i_test_is_skipped(void);

/* ---- test.c, report.c ---- */

/* A plain test has a scope, and must return from namespaces; other leaks are not checked.
 * remedy is added to the message. */
int gons_i_test_begin_plain(const char *name, const char *remedy);

/* Between these, the snapshot after a test also serves as the one before the next test of the
 * calling thread, since nothing runs there in between. */
void gons_i_test_run_begins(void);
void gons_i_test_run_ends(void);

/* Called when a test has failed, before its scope ends: the failure report. */
void gons_i_test_report(const char *name, FILE *stream);

/* Sets gons_error() to this message without the text of errnum. Returns -1. */
int gons_i_test_fail(int errnum, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- require.c ---- */

/* Whether GONS_REQUIRE names this word, or wants these types, of which some cannot be created. */
bool gons_i_require_names(const char *word);
bool gons_i_requires(int types);

/* Notes that the test is skipped, or has failed, for the message of the last failure. Returns 1
 * or -1. */
int gons_i_test_skip_or_fail(bool is_required);
int gons_i_test_refused(int types);

/* ---- namespaces.c ---- */

/* Enters new namespaces of these types with what gons_test_begin() promises. */
int gons_i_test_enter(int types);

/* Starts and closes the pool of gons_cmocka_pool(). */
void gons_i_test_pool_begins(void);
void gons_i_test_pool_ends(void);

/* ---- children.c ---- */

/* In the process that runs tests; in a forked child that leaves its parent's test; and at the end of
 * the test: such a child, which has ended and for which nobody has waited, or 0. */
void gons_i_children_run_begins(void);
void gons_i_children_note(void);
pid_t gons_i_children_take_unseen(void);

/* ---- exit_status.c ---- */

/* Counts a group of tests: its failures, started tests, and tests that were not skipped.
 * Returns its result for the program. */
void gons_i_exit_status_add(size_t failed, size_t started, size_t completed);
int gons_i_exit_status_result(void);

/* Counts a test outside of groups. */
void gons_i_exit_status_count(bool failed, bool skipped);

/* The process must not end by exit(3) between these. */
void gons_i_exit_status_run_begins(void);
void gons_i_exit_status_run_ends(void);
bool gons_i_exit_status_is_running(void);

#endif

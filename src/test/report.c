/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the failure report of a test to standard error and into files, and runs the user's
 * command.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/file.h"
#include "gons/core/switch.h"
#include "gons/core/thread_state.h"
#include "test/capture.h"
#include "test/hold.h"
#include "test/report.h"
#include "test/report_process_end.h"
#include "test/test.h"

GONS_EXPORT int gons_report(FILE *stream)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	const bool was_stranded = gons_i_is_stranded();
	struct gons_i_report report;
	int result;

	if (!stream)
		return gons_i_fail(EINVAL, "stream is NULL");
	result = gons_i_report_collect(&report);
	if (result == 0) {
		gons_i_report_find(&report);
		result = gons_i_report_write_text(&report, stream);
		gons_i_report_write_processes(stream);
		if (result == 0)
			result = gons_i_flush(stream);
		if (result < 0)
			(void)gons_i_fail(errno, "cannot write the report");
	}
	gons_i_report_free(&report);
	/* Other errors of reading are in the report, but here the thread is in another namespace
	 * now. */
	if (!was_stranded && gons_i_is_stranded())
		result = gons_i_fail_stranded();
	return result;
}

/* ---- files ---- */

enum { PATH_SIZE = 512 };

static int write_text(const struct gons_i_report *report, const char *test, FILE *stream)
{
	(void)test;
	if (gons_i_report_write_text(report, stream) < 0)
		return -1;
	gons_i_report_write_processes(stream);
	return gons_i_flush(stream);
}

static int write_json(const struct gons_i_report *report, const char *test, FILE *stream)
{
	(void)test;
	return gons_i_report_write_json(report, stream);
}

/* "DIR/PROGRAM.TEST.txt"; slashes, blanks and control characters become "_". */
static void artifact_path(char path[PATH_SIZE], const char *dir, const char *test,
			  const char *suffix)
{
	size_t begin = (size_t)snprintf(path, PATH_SIZE, "%s/", dir);

	if (begin < PATH_SIZE)
		(void)snprintf(path + begin, PATH_SIZE - begin, "%s.%.200s.%s",
			       program_invocation_short_name, test, suffix);
	for (char *c = path + begin; begin < PATH_SIZE && *c; c++)
		if (*c == '/' || *c == ' ' || (unsigned char)*c < 0x20)
			*c = '_';
}

static FILE *open_artifact(const char *dir, const char *test, const char *suffix)
{
	char path[PATH_SIZE];
	FILE *file;

	artifact_path(path, dir, test, suffix);
	file = fopen(path, "we");
	if (file)
		gons_i_test_note("gons: see %s\n", path);
	else
		gons_i_test_note("gons: cannot write %s: %s\n", path, strerror(errno));
	return file;
}

static void write_artifact(const struct gons_i_report *report, const char *dir, const char *test,
			   const char *suffix,
			   int (*write)(const struct gons_i_report *report, const char *test,
					FILE *stream))
{
	FILE *file = open_artifact(dir, test, suffix);

	if (!file)
		return;
	if (write(report, test, file) < 0)
		gons_i_test_note("gons: cannot write the report of %s into %s: %s\n", test, dir,
				 strerror(errno));
	(void)fclose(file);
}

/* If there are no packets, removes the file of an earlier run. */
static void write_packets(const struct gons_i_report *report, const char *dir, const char *test)
{
	char path[PATH_SIZE];

	if (report->capture.n > 0) {
		write_artifact(report, dir, test, "pcapng", gons_i_capture_write);
	} else {
		artifact_path(path, dir, test, "pcapng");
		(void)unlink(path);
	}
}

/* ---- a failed test ---- */

static bool writes_report(void)
{
	const char *report = getenv("GONS_REPORT");

	return !report || strcmp(report, "0") != 0;
}

static const char *value_of(const char *variable)
{
	const char *value = getenv(variable);

	return value && value[0] ? value : NULL;
}

bool gons_i_report_is_wanted(void)
{
	return writes_report() || value_of("GONS_ARTIFACTS") || value_of("GONS_ON_FAILURE") ||
	       gons_i_capture_is_wanted() || gons_i_test_holds();
}

/* A test that has entered no namespaces needs no report. */
static bool has_content(const struct gons_i_report *report)
{
	return report->n > 0 || report->n_mounts > 0;
}

void gons_i_test_report(const char *name, FILE *stream)
{
	const char *dir = value_of("GONS_ARTIFACTS");
	const char *command = value_of("GONS_ON_FAILURE");
	const bool is_wanted = writes_report(), was_stranded = gons_i_is_stranded();
	struct gons_i_report report;

	if (!gons_i_report_is_wanted())
		return;
	if (gons_i_report_collect(&report) < 0)
		gons_i_test_note("gons: no report of %s: %s\n", name, gons_error());
	gons_i_report_find(&report);
	if (is_wanted && has_content(&report)) {
		(void)fprintf(stream, "gons: report of %s\n", name);
		(void)gons_i_report_write_text(&report, stream);
		gons_i_report_write_processes(stream);
	}
	if (command)
		gons_i_report_run_command(&report, command, stream);
	if (dir && has_content(&report)) {
		write_artifact(&report, dir, name, "txt", write_text);
		write_artifact(&report, dir, name, "json", write_json);
	}
	if (gons_i_capture_is_wanted() && report.n > 0) {
		if (is_wanted)
			gons_i_capture_write_text(&report, stream);
		write_packets(&report, dir ? dir : ".", name);
	}
	if (gons_i_test_holds())
		gons_i_test_hold(&report, name);
	gons_i_report_free(&report);
	/* The end of the test tries again to return the thread, or ends the process. */
	if (!was_stranded && gons_i_is_stranded()) {
		(void)gons_i_fail_stranded();
		gons_i_test_note("gons: the thread could not return after the report of %s: %s\n",
				 name, gons_error());
	}
}

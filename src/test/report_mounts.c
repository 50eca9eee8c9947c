/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mount namespaces of a test, for the failure report: how their mounts differ from those of the
 * mount namespace before the test.
 */
#include <linux/nsfs.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "gons/base/error.h"
#include "gons/base/mountinfo.h"
#include "test/report.h"

enum {
	SHOWN = 30, /* of each kind for a namespace */
	SHOWN_WHOLE = 6, /* with more namespaces, each takes one line */
};

/* ---- reading ---- */

static bool add_text(struct gons_i_report_mount_list *list, const char *text)
{
	struct gons_i_report_mount *larger;

	if (list->n % 32 == 0) {
		larger = reallocarray(list->list, list->n + 32, sizeof(*larger));
		if (!larger)
			return false;
		list->list = larger;
	}
	(void)snprintf(list->list[list->n++].text, sizeof(list->list->text), "%s", text);
	return true;
}

struct reading {
	struct gons_i_report_mount_list list;
	int errnum;
};

static void read_here(void *arg)
{
	struct reading *reading = arg;
	struct gons_i_lines lines;
	struct gons_i_mount mount;
	int result;

	if (gons_i_lines_open(&lines, "/proc/thread-self/mountinfo") < 0) {
		reading->errnum = errno;
		return;
	}
	while ((result = gons_i_mountinfo_next(&lines, &mount)) > 0) {
		const bool is_whole = strcmp(mount.root, "/") == 0;
		char text[256];

		/* May be cut: the options begin with the most important one, rw or ro. */
		if (snprintf(text, sizeof(text), "%s %s%s%s (%s)", mount.point, mount.type,
			     is_whole ? "" : " of ", is_whole ? "" : mount.root,
			     mount.options) < 0 ||
		    !add_text(&reading->list, text)) {
			errno = ENOMEM;
			result = -1;
			break;
		}
	}
	if (result < 0)
		reading->errnum = errno;
	gons_i_lines_close(&lines);
}

static uint64_t own_ino(void)
{
	struct stat st;

	return stat("/proc/thread-self/ns/mnt", &st) < 0 ? 0 : st.st_ino;
}

/* Returns 0, or -1 with errno and message. */
static int read_mounts(int fd, uint64_t ino, struct gons_i_report_mount_list *ret_list)
{
	struct reading reading = { .errnum = 0 };
	int result = 0;

	if (ino == own_ino())
		read_here(&reading);
	else
		result = gons_execute(fd, read_here, &reading);
	*ret_list = reading.list;
	if (result == 0 && reading.errnum != 0)
		result = gons_i_fail(reading.errnum, "cannot read /proc/thread-self/mountinfo");
	return result;
}

/* ---- which ones ---- */

static uint64_t mnt_ino(int fd)
{
	struct stat st;

	if (fd < 0 || ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNS || fstat(fd, &st) < 0)
		return 0;
	return st.st_ino;
}

bool gons_i_report_add_mounts(struct gons_i_report *report, int fd, const char *name)
{
	const uint64_t ino = mnt_ino(fd);
	struct gons_i_report_mounts *larger;

	if (ino == 0)
		return true;
	for (size_t i = 0; i < report->n_mounts; i++)
		if (report->mounts[i].ino == ino) {
			if (name)
				(void)snprintf(report->mounts[i].name,
					       sizeof(report->mounts[i].name), "%s", name);
			return true;
		}
	larger = reallocarray(report->mounts, report->n_mounts + 1, sizeof(*larger));
	if (!larger)
		return false;
	report->mounts = larger;
	larger += report->n_mounts++;
	*larger = (struct gons_i_report_mounts){ .ino = ino };
	if (name)
		(void)snprintf(larger->name, sizeof(larger->name), "%s", name);
	if (read_mounts(fd, ino, &larger->all) < 0)
		(void)snprintf(larger->message, sizeof(larger->message), "%s", gons_error());
	return true;
}

/* ---- comparing ---- */

static size_t count(const struct gons_i_report_mount *list, size_t n, const char *text)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].text, text) == 0)
			found++;
	return found;
}

/* Those that a has more often than b, each once: a mount may cover one that looks the same. */
static void subtract(const struct gons_i_report_mount_list *a,
		     const struct gons_i_report_mount_list *b,
		     struct gons_i_report_mount_list *difference)
{
	for (size_t i = 0; i < a->n; i++) {
		const char *text = a->list[i].text;

		if (count(a->list, i, text) == 0 &&
		    count(a->list, a->n, text) > count(b->list, b->n, text) &&
		    !add_text(difference, text))
			return;
	}
}

void gons_i_report_compare_mounts(struct gons_i_report *report, int outside_fd)
{
	struct gons_i_report_mount_list outside = { .n = 0 };
	const bool is_known = read_mounts(outside_fd, mnt_ino(outside_fd), &outside) == 0;

	for (size_t i = 0; i < report->n_mounts; i++) {
		struct gons_i_report_mounts *mounts = &report->mounts[i];
		const struct gons_i_report_mount_list *all = &mounts->all;

		if (mounts->name[0] == '\0' && mounts->ino == own_ino())
			(void)strcpy(mounts->name, "the test");
		else if (mounts->name[0] == '\0')
			(void)snprintf(mounts->name, sizeof(mounts->name), "mount namespace %zu",
				       i + 1);
		if (mounts->message[0] != '\0')
			continue;
		if (!is_known) {
			(void)snprintf(mounts->message, sizeof(mounts->message), "%s",
				       gons_error());
			continue;
		}
		subtract(all, &outside, &mounts->added);
		subtract(&outside, all, &mounts->missing);
	}
	free(outside.list);
}

void gons_i_report_free_mounts(struct gons_i_report *report)
{
	for (size_t i = 0; i < report->n_mounts; i++) {
		free(report->mounts[i].all.list);
		free(report->mounts[i].added.list);
		free(report->mounts[i].missing.list);
	}
	free(report->mounts);
}

/* ---- writing ---- */

static void write_list(const struct gons_i_report_mount *list, size_t n, const char *verb,
		       FILE *stream)
{
	for (size_t i = 0; i < n && i < SHOWN; i++)
		(void)fprintf(stream, "  %s %s\n", verb, list[i].text);
	if (n > SHOWN)
		(void)fprintf(stream, "  ... %zu more\n", n - SHOWN);
}

void gons_i_report_write_mounts(const struct gons_i_report *report, FILE *stream)
{
	for (size_t i = 0; i < report->n_mounts; i++) {
		const struct gons_i_report_mounts *mounts = &report->mounts[i];

		(void)fprintf(stream, "mounts of %s (mnt:[%llu])", mounts->name,
			      (unsigned long long)mounts->ino);
		if (mounts->message[0] != '\0') {
			(void)fprintf(stream, ": %s\n", mounts->message);
		} else if (mounts->added.n + mounts->missing.n == 0) {
			(void)fputs(": the same as outside of the test\n", stream);
		} else if (report->n_mounts > SHOWN_WHOLE) {
			(void)fprintf(stream, ": %zu mounted only here, and %zu missing here\n",
				      mounts->added.n, mounts->missing.n);
		} else {
			(void)fputs(", compared with those outside of the test:\n", stream);
			write_list(mounts->added.list, mounts->added.n, "mounted", stream);
			write_list(mounts->missing.list, mounts->missing.n, "missing", stream);
		}
	}
}

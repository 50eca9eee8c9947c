/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of procfs, read by line, while every other read(2) is interrupted by a signal. Linked with
 * all of the library, for what it keeps to itself.
 */
#include "check.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gons/base/signal_safe_read.h"

static unsigned reads;

ssize_t read(int fd, void *buf, size_t size)
{
	if (++reads % 2 == 0)
		return syscall(SYS_read, fd, buf, size);
	errno = EINTR;
	return -1;
}

/* A file of one long line between two short ones. */
static void open_lines(struct gons_i_lines *lines)
{
	FILE *file = tmpfile();
	char path[64];

	assert_non_null(file);
	assert_true(fprintf(file, "first\n%10000d\nlast\n", 0) > 10000);
	assert_int_equal(fflush(file), 0);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fileno(file));
	assert_int_equal(gons_i_lines_open(lines, path), 0);
	assert_int_equal(fclose(file), 0);
}

static void a_long_line_is_cut_and_its_rest_is_no_line(void **state)
{
	struct gons_i_lines lines;
	const char *line;

	(void)state;
	open_lines(&lines);
	assert_string_equal(gons_i_lines_next(&lines), "first");
	line = gons_i_lines_next(&lines);
	assert_non_null(line);
	assert_int_equal(strlen(line), sizeof(lines.buf) - 1);
	assert_string_equal(gons_i_lines_next(&lines), "last");
	assert_null(gons_i_lines_next(&lines));
	assert_int_equal(lines.errnum, 0);
	gons_i_lines_close(&lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(a_long_line_is_cut_and_its_rest_is_no_line),
	};

	return gons_run_group_tests(tests, NULL, NULL);
}

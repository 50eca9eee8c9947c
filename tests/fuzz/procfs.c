/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of procfs, which contain text that others choose: names of mounts and of threads. The first
 * byte of the input chooses the reader, the rest is the file.
 */
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "gons/base/signal_safe_read.h"
#include "gons/base/procfs.h"
#include "gons/diagnosis/cause.h"
#include "gons/diagnosis/refusal.h"
#include "mntns/submounts.h"

static char *text;
static size_t text_size;

int __wrap_gons_i_lines_open(struct gons_i_lines *lines, const char *path);

int __wrap_gons_i_lines_open(struct gons_i_lines *lines, const char *path)
{
	(void)path;
	memset(lines, 0, sizeof(*lines));
	lines->fd = memfd_create("procfs", MFD_CLOEXEC);
	check(lines->fd >= 0 && write(lines->fd, text, text_size) == (ssize_t)text_size &&
	      lseek(lines->fd, 0, SEEK_SET) == 0);
	return 0;
}

/* What is reported is there, whole or cut at the end of the room. */
static void read_mounts(size_t room)
{
	char all[4096], some[4096];
	const bool any = gons_i_masking_submounts("/sys", all, sizeof(all));

	check(memchr(all, '\0', sizeof(all)));
	check(any == (all[0] != '\0'));
	check(!any || strncmp(all, "/sys/", 5) == 0);
	check(gons_i_masking_submounts("/sys", some, room) == any);
	check(strlen(some) < room && strncmp(all, some, strlen(some)) == 0);
}

/* The next line of the text, or NULL. */
static const char *next_line(const char *line)
{
	line = strchr(line, '\n');
	return line ? line + 1 : NULL;
}

/* The first line of this name, read by scanning the whole text. */
static uint64_t find_number(const char *name)
{
	for (const char *line = text; line; line = next_line(line))
		if (strncmp(line, name, strlen(name)) == 0)
			return strtoull(line + strlen(name), NULL, 16);
	return 0;
}

static bool has_long_line(void)
{
	for (const char *line = text; line; line = next_line(line))
		if (strcspn(line, "\n") > 250)
			return true;
	return false;
}

/* Blanks at the end of a line would be skipped together with it. */
static bool has_blank_end(void)
{
	for (const char *line = text; line; line = next_line(line)) {
		const size_t length = strcspn(line, "\n");

		if (length > 0 && strchr(": \t\v\f\r+-", line[length - 1]))
			return true;
	}
	return false;
}

static void read_status(void)
{
	uint64_t number = 0;

	(void)gons_i_status_number("CapEff", 16, &number);
	/* The kernel's have no such lines, and no NUL. */
	if (!has_long_line() && !has_blank_end() && strlen(text) == text_size)
		check(number == find_number("CapEff:"));
}

static void read_limit(void)
{
	const bool is_there = gons_i_limit_is_zero(CLONE_NEWNET);
	char *end;

	text[strcspn(text, "\n")] = '\0';
	check(is_there == (strtol(text, &end, 10) == 0 && end != text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct gons_i_obstacle *obstacle;

	if (size < 2)
		return 0;
	text_size = size - 1;
	text = malloc(text_size + 1);
	check(text);
	memcpy(text, data + 1, text_size);
	text[text_size] = '\0';
	switch (data[0] % 4) {
	case 0:
		read_mounts(1 + data[0]);
		break;
	case 1:
		read_status();
		break;
	case 2:
		read_limit();
		break;
	case 3:
		obstacle = gons_i_find_obstacle();
		check(!obstacle || obstacle->cause[0] != '\0');
		break;
	}
	free(text);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader of mountinfo: a buffer on the caller's stack, filled by read(2).
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "gons/base/common.h"
#include "gons/base/mountinfo.h"

int gons_i_mountinfo_open(struct gons_i_mountinfo *info, const char *path)
{
	info->begin = 0;
	info->end = 0;
	info->is_cut = false;
	info->fd = open(path, O_RDONLY | O_CLOEXEC);
	return info->fd >= 0 ? 0 : -1;
}

void gons_i_mountinfo_close(struct gons_i_mountinfo *info)
{
	gons_i_close_fd(&info->fd);
}

/* Reads more behind what is there. The number of bytes, 0 at the end, or -1. */
static ssize_t fill(struct gons_i_mountinfo *info)
{
	ssize_t got;

	memmove(info->buf, info->buf + info->begin, info->end - info->begin);
	info->end -= info->begin;
	info->begin = 0;
	do
		got = read(info->fd, info->buf + info->end, sizeof(info->buf) - info->end);
	while (got < 0 && errno == EINTR);
	if (got > 0)
		info->end += (size_t)got;
	return got;
}

/* The next line, ended by a NUL byte. NULL at the end with *ret_result 0, after an error with -1. */
static char *next_line(struct gons_i_mountinfo *info, int *ret_result)
{
	for (;;) {
		const size_t length = info->end - info->begin;
		char *line = info->buf + info->begin;
		char *newline = memchr(line, '\n', length);

		if (newline || length == sizeof(info->buf)) {
			char *end = newline ? newline : line + length - 1;
			const bool is_rest = info->is_cut;

			*end = '\0';
			info->begin = (size_t)(end - info->buf) + 1;
			info->is_cut = !newline;
			if (!is_rest)
				return line;
			continue;
		}
		*ret_result = (int)fill(info);
		if (*ret_result <= 0)
			return NULL;
	}
}

/* Cuts the next field off, which is "" where there is none. */
static char *take_field(char **rest)
{
	static char none[1];
	char *field = strsep(rest, " ");

	return field ? field : none;
}

/* Blanks, tabs, newlines and backslashes are written as three octal digits. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from;) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' &&
		    from[2] <= '7' && from[3] >= '0' && from[3] <= '7') {
			*to++ = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + from[3] - '0');
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
}

static void parse(char *line, struct gons_i_mount *mount)
{
	char *root, *point, *options, *field, *type;

	mount->id = atoi(take_field(&line));
	mount->parent = atoi(take_field(&line));
	(void)take_field(&line); /* the device */
	root = take_field(&line);
	point = take_field(&line);
	options = take_field(&line);
	/* Any number of optional fields, which end in a "-". */
	mount->is_shared = false;
	while (line && strcmp(field = take_field(&line), "-") != 0)
		mount->is_shared |= strncmp(field, "shared:", strlen("shared:")) == 0;
	type = take_field(&line);
	unescape(root);
	unescape(point);
	mount->root = root;
	mount->point = point;
	mount->options = options;
	mount->type = type;
}

int gons_i_mountinfo_next(struct gons_i_mountinfo *info, struct gons_i_mount *ret_mount)
{
	int result;
	char *line = next_line(info, &result);

	if (!line)
		return result;
	parse(line, ret_mount);
	return 1;
}

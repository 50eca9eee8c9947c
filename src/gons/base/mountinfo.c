/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fields of a line of mountinfo: proc_pid_mountinfo(5).
 */
#include <stdlib.h>
#include <string.h>

#include "gons/base/common.h"
#include "gons/base/mountinfo.h"

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

int gons_i_mountinfo_next(struct gons_i_lines *lines, struct gons_i_mount *ret_mount)
{
	char *line = gons_i_lines_next(lines);

	if (line) {
		parse(line, ret_mount);
		return 1;
	}
	errno = lines->errnum;
	return lines->errnum == 0 ? 0 : -1;
}

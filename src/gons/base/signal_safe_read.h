/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_BASE_SIGNAL_SAFE_READ_H
#define GONS_I_BASE_SIGNAL_SAFE_READ_H

/*
 * Text files and directories, read without stdio and opendir(3), which allocate: these functions
 * are async-signal-safe, for the children that gons forks.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* read(2), once more after EINTR. */
ssize_t gons_i_read(int fd, void *buf, size_t size);

/* The lines of a file, one after the other. */
struct gons_i_lines {
	int fd;
	size_t begin, end; /* of what was read and not yet returned */
	int errnum; /* why the file could not be read to its end, or 0 */
	char buf[4096 + 1];
};

/* 0, or -1 with errno alone. */
int gons_i_lines_open(struct gons_i_lines *lines, const char *path);

/* The next line without its newline, valid until the next call; NULL at the end of the file. A
 * line longer than the buffer is cut. */
char *gons_i_lines_next(struct gons_i_lines *lines);

void gons_i_lines_close(struct gons_i_lines *lines); /* keeps errno */

/* Calls fn for each name in a directory but "." and "..", until fn returns false. 0, or -1 with
 * errno alone. */
int gons_i_each_name(const char *path, bool (*fn)(int dir_fd, const char *name, void *arg),
		     void *arg);

#endif

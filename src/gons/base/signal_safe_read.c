/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text files and directories, read without allocating.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>

#include "gons/base/common.h"
#include "gons/base/signal_safe_read.h"

enum { ROOM = sizeof(((struct gons_i_lines *)NULL)->buf) - 1 };

ssize_t gons_i_read(int fd, void *buf, size_t size)
{
	ssize_t n;

	do
		n = read(fd, buf, size);
	while (n < 0 && errno == EINTR);
	return n;
}

int gons_i_lines_open(struct gons_i_lines *lines, const char *path)
{
	lines->begin = 0;
	lines->end = 0;
	lines->errnum = 0;
	lines->fd = open(path, O_RDONLY | O_CLOEXEC);
	return lines->fd < 0 ? -1 : 0;
}

/* Reads more into the buffer. False at the end of the file, and when the buffer is full. */
static bool fill(struct gons_i_lines *lines)
{
	ssize_t n;

	if (lines->begin > 0)
		memmove(lines->buf, lines->buf + lines->begin, lines->end - lines->begin);
	lines->end -= lines->begin;
	lines->begin = 0;
	if (lines->end == ROOM)
		return false;
	n = gons_i_read(lines->fd, lines->buf + lines->end, ROOM - lines->end);
	if (n < 0)
		lines->errnum = errno;
	if (n <= 0)
		return false;
	lines->end += (size_t)n;
	return true;
}

/* Drops the rest of a line whose beginning fills the buffer. */
static void skip_rest(struct gons_i_lines *lines)
{
	char c = '\0';

	while (c != '\n' && gons_i_read(lines->fd, &c, 1) == 1)
		;
}

char *gons_i_lines_next(struct gons_i_lines *lines)
{
	char *newline, *line;

	for (;;) {
		line = lines->buf + lines->begin;
		newline = memchr(line, '\n', lines->end - lines->begin);
		if (newline) {
			*newline = '\0';
			lines->begin = (size_t)(newline + 1 - lines->buf);
			return line;
		}
		if (!fill(lines))
			break;
	}
	if (lines->begin == lines->end)
		return NULL;
	if (lines->end == ROOM)
		skip_rest(lines);
	lines->buf[lines->end] = '\0';
	line = lines->buf + lines->begin;
	lines->begin = lines->end;
	return line;
}

void gons_i_lines_close(struct gons_i_lines *lines)
{
	gons_i_close_fd(&lines->fd);
}

/* ---- directories ---- */

/* As getdents64(2) fills it in. */
struct name {
	uint64_t ino;
	int64_t offset;
	unsigned short length;
	unsigned char type;
	char text[];
};

int gons_i_each_name(const char *path, bool (*fn)(int dir_fd, const char *name, void *arg),
		     void *arg)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_Alignas(struct name) char buf[2048];
	long n;

	if (fd < 0)
		return -1;
	while ((n = syscall(SYS_getdents64, fd, buf, sizeof(buf))) > 0)
		for (long at = 0; at < n;) {
			const struct name *name = (const void *)(buf + at);

			at += name->length;
			if (strcmp(name->text, ".") == 0 || strcmp(name->text, "..") == 0)
				continue;
			if (!fn(fd, name->text, arg))
				return 0;
		}
	return n < 0 ? -1 : 0;
}

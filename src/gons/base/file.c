/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors, and the files to which they refer.
 */
#include <limits.h>
#include <stdio.h>

#include "gons/base/error.h"
#include "gons/base/file.h"
#include "gons/base/nstype.h"
#include "gons/base/types.h"

int gons_i_file_id_get(int fd, struct gons_i_file_id *ret_id)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -1;
	*ret_id = (struct gons_i_file_id){ st.st_dev, st.st_ino };
	return 0;
}

bool gons_i_file_id_is(const struct gons_i_file_id *id, int fd)
{
	struct gons_i_file_id now;
	int saved = errno;
	bool is = gons_i_file_id_get(fd, &now) == 0 && now.dev == id->dev && now.ino == id->ino;

	errno = saved;
	return is;
}

bool gons_i_file_id_is_at(const struct gons_i_file_id *id, const char *path)
{
	struct stat now;

	return stat(path, &now) == 0 && now.st_dev == id->dev && now.st_ino == id->ino;
}

void gons_i_file_identify(int fd, struct gons_i_file *ret_file)
{
	struct stat st = { .st_ino = 0 };
	int saved = errno;

	(void)fstat(fd, &st); /* it is open */
	*ret_file = (struct gons_i_file){ fd, 0, st.st_mode, { st.st_dev, st.st_ino } };
	if (S_ISREG(st.st_mode)) {
		int type = gons_i_nstype(fd);

		ret_file->type = type < 0 ? 0 : type;
	}
	errno = saved;
}

bool gons_i_file_is_same(const struct gons_i_file *file)
{
	return gons_i_file_id_is(&file->id, file->fd);
}

/* Names the file as readlink(2) of /proc/PID/fd/N names a file that has no path. */
static void describe(const struct gons_i_file *file, char *buf, size_t size)
{
	const uintmax_t ino = file->id.ino;

	if (file->type)
		(void)snprintf(buf, size, "%s:[%ju]", gons_i_type_entry(file->type)->name, ino);
	else if (S_ISSOCK(file->mode))
		(void)snprintf(buf, size, "socket:[%ju]", ino);
	else
		(void)snprintf(buf, size, "the %s with inode number %ju",
			       S_ISDIR(file->mode) ? "directory" : "file", ino);
}

int gons_i_flush(FILE *stream)
{
	const bool has_failed = ferror(stream);

	if (fflush(stream) != 0)
		return -1;
	if (has_failed)
		errno = EIO;
	return has_failed ? -1 : 0;
}

int gons_i_file_fail(const struct gons_i_file *file, const char *verb)
{
	char before[64], path[64], now[PATH_MAX];
	struct gons_i_file other;
	ssize_t length;

	describe(file, before, sizeof(before));
	gons_i_file_identify(file->fd, &other);
	(void)snprintf(path, sizeof(path), "/proc/thread-self/fd/%d", file->fd);
	length = readlink(path, now, sizeof(now) - 1);
	now[length < 0 ? 0 : length] = '\0';
	if (length >= 0 && other.type) /* in gVisor, the link of a namespace is "/" */
		describe(&other, now, sizeof(now));
	(void)gons_i_fail(EBADF, "cannot %s descriptor %d of the scope", verb, file->fd);
	if (length >= 0)
		gons_i_add_cause("it was %s and is %s now, so it was closed by other means", before,
				 now);
	else
		gons_i_add_cause("it was %s and was closed by other means", before);
	gons_i_add_remedy("close it with gons_close(), or take it over with gons_keep()");
	return -1;
}

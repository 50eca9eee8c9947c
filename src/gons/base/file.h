/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_BASE_FILE_H
#define GONS_I_BASE_FILE_H

/* Descriptors, and the files to which they refer. */

#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "gons/base/common.h"

/* Two files are the same if both numbers are. */
struct gons_i_file_id {
	dev_t dev;
	ino_t ino;
};

/* 0, or -1 with errno alone. */
int gons_i_file_id_get(int fd, struct gons_i_file_id *ret_id);

/* Whether fd is open and refers to this file. Keeps errno. */
bool gons_i_file_id_is(const struct gons_i_file_id *id, int fd);

/* Whether path leads to this file. If it cannot be looked at, false, with errno of stat(2). */
bool gons_i_file_id_is_at(const struct gons_i_file_id *id, const char *path);

/* A descriptor, and what it referred to when gons opened it. A program may close a number that it
 * does not own, and then get the same number for a file of its own: gons must not touch that. */
struct gons_i_file {
	int fd;
	int type; /* of a namespace; else 0 */
	mode_t mode;
	struct gons_i_file_id id;
};

/* Looks at a descriptor that is open. Keeps errno. */
void gons_i_file_identify(int fd, struct gons_i_file *ret_file);

/* Whether the number still refers to that file. Keeps errno. */
bool gons_i_file_is_same(const struct gons_i_file *file);

/* fflush(3), which also returns -1, with EIO, if an earlier write to the stream has failed: the errno
 * of that write is no longer known. Sets errno alone. */
int gons_i_flush(FILE *stream);

/* EBADF: "cannot <verb> descriptor 5", what it was, and what it is now. Returns -1. */
int gons_i_file_fail(const struct gons_i_file *file, const char *verb);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_BASE_MOUNTS_H
#define GONS_I_BASE_MOUNTS_H

#include <stdint.h>

#include "gons/base/file.h"

/* Whether a mount begins at path: 1, also where that cannot be told (before Linux 5.8, or where a
 * filter refuses statx(2)), or 0; -1 with errno alone. flags are those of statx(2). */
int gons_i_mount_root(const char *path, int flags);

/* The number of the mount that path is on; 0 where it cannot be told, as before Linux 5.8. */
uint64_t gons_i_mount_id(const char *path);

/* The same of a descriptor, or of path where that is not "", along with what the file is. The mount
 * is 0 where only that can be told. 0, or -1 with errno alone. */
struct gons_i_spot {
	uint64_t mount;
	struct gons_i_file_id file;
};
int gons_i_spot_get(int fd, const char *path, struct gons_i_spot *ret_spot);

#endif

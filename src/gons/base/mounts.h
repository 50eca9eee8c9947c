/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_BASE_MOUNTS_H
#define GONS_I_BASE_MOUNTS_H

#include <stdint.h>

#include "gons/base/file.h"

/* Whether path is a mount point: 1, also if that cannot be found out (before Linux 5.8, or if a
 * filter refuses statx(2)); 0; or -1 with errno alone. flags are those of statx(2). */
int gons_i_mount_root(const char *path, int flags);

/* The number of the mount that path is on; 0 if it cannot be found out, as before Linux 5.8. */
uint64_t gons_i_mount_id(const char *path);

/* The file at path, or that of the descriptor fd if path is "", and the number of the mount that it
 * is on, which is 0 if it cannot be found out. 0, or -1 with errno alone. */
struct gons_i_mount_and_file {
	uint64_t mount;
	struct gons_i_file_id file;
};
int gons_i_mount_and_file_get(int fd, const char *path, struct gons_i_mount_and_file *ret_both);

#endif

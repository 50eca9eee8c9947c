/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_MNTNS_SUBMOUNTS_H
#define GONS_I_MNTNS_SUBMOUNTS_H

/* The mounts below a directory. Nothing in here allocates memory. */

#include <stdbool.h>
#include <stddef.h>

/*
 * Mounts what is visible below the directory of old_fd on the same names below dir, by which
 * another mount covers it now. What has no such name there is left out. Returns 0, or -1 with
 * errno and message, where some of it may be mounted already.
 */
int gons_i_submounts_restore(int old_fd, const char *dir);

/*
 * Lists the mounts below dir, a sysfs, that hide a part of it: "/sys/firmware (tmpfs)". Whether
 * there are any.
 */
bool gons_i_masking_submounts(const char *dir, char *buf, size_t size);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_MNTNS_SUBMOUNTS_H
#define GONS_I_MNTNS_SUBMOUNTS_H

/* The mounts below a directory. Nothing in here allocates memory. */

#include <stdbool.h>
#include <stddef.h>

/*
 * A new sysfs on dir covers the directory old_fd. Mounts the visible mounts below old_fd again, on the
 * same names below dir; those whose name is absent there are left out, and parts of another sysfs. 0;
 * or -1 with errno and message, and some may be mounted already.
 */
int gons_i_submounts_restore(int old_fd, const char *dir);

/*
 * Lists the mounts below dir, a sysfs, that hide a part of it: "/sys/firmware (tmpfs)". Returns
 * whether there are any.
 */
bool gons_i_masking_submounts(const char *dir, char *buf, size_t size);

#endif

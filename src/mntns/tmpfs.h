/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_MNTNS_TMPFS_H
#define GONS_I_MNTNS_TMPFS_H

/* Covers a directory by a tmpfs with these options ("mode=755"). 0 or -1. */
int gons_i_mount_tmpfs(const char *path, const char *options);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_SYSFS_H
#define GONS_SYSFS_H

/* Mounts a sysfs of the calling thread's network namespace nowhere: read-only itself with
 * MOUNT_ATTR_RDONLY, but not its superblock; writable with 0. Returns a descriptor (O_PATH) that
 * is the caller's; -1 with errno and message. */
int gons_i_sysfs_make(unsigned access);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_MNTNS_SYSFS_H
#define GONS_I_MNTNS_SYSFS_H

/* Creates a sysfs of the calling thread's network namespace that is not mounted. access is 0, or
 * MOUNT_ATTR_RDONLY for a read-only mount, whose superblock stays writable. Returns a descriptor
 * (O_PATH) that the caller owns; -1 with errno and message. */
int gons_i_sysfs_create(unsigned access);

#endif

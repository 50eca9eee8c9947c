/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What statx(2) says of mounts. The C library may have a struct of its own or none, and the
 * kernel's cannot be had beside that, so nothing else is in this file.
 */
#include <errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "gons/base/common.h"
#include "gons/base/mounts.h"

int gons_i_mount_root(const char *path, int flags)
{
	struct statx stx;

	if (syscall(SYS_statx, AT_FDCWD, path, flags | AT_NO_AUTOMOUNT, 0, &stx) < 0)
		return errno == ENOSYS || errno == EPERM ? 1 : -1; /* a filter */
	return (stx.stx_attributes & STATX_ATTR_MOUNT_ROOT) ||
	       !(stx.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT);
}

static uint64_t mount_id(int fd, const char *path, int flags)
{
	struct statx stx;

	if (syscall(SYS_statx, fd, path, flags, STATX_MNT_ID, &stx) < 0)
		return 0;
	return stx.stx_mask & STATX_MNT_ID ? stx.stx_mnt_id : 0;
}

uint64_t gons_i_mount_id(const char *path)
{
	return mount_id(AT_FDCWD, path, 0);
}

int gons_i_mount_and_file_get(int fd, const char *path, struct gons_i_mount_and_file *ret_both)
{
	const bool by_fd = path[0] == '\0';
	struct statx stx;

	ret_both->mount = 0;
	if (syscall(SYS_statx, fd, path, by_fd ? AT_EMPTY_PATH : 0, STATX_INO | STATX_MNT_ID,
		    &stx) < 0) /* before Linux 4.11, or under a filter */
		return by_fd ? gons_i_file_id_get(fd, &ret_both->file) : -1;
	if (stx.stx_mask & STATX_MNT_ID)
		ret_both->mount = stx.stx_mnt_id;
	ret_both->file.dev = makedev(stx.stx_dev_major, stx.stx_dev_minor);
	ret_both->file.ino = stx.stx_ino;
	return 0;
}

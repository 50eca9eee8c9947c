/* SPDX-License-Identifier: Apache-2.0 */
/* What statx(2) says of mounts. */
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "gons/base/common.h"
#include "gons/base/mounts.h"

/* As in <linux/stat.h>, whose struct lacks the mount before Linux 5.8, and cannot be had beside the
 * C library's own (glibc before 2.30, musl). */
enum { WANT_INO = 0x100, WANT_MOUNT_ID = 0x1000, IS_MOUNT_ROOT = 0x2000 };
struct file_status {
	uint32_t has, block_size;
	uint64_t attributes;
	uint32_t links, uid, gid;
	uint16_t mode, spare;
	uint64_t ino, size, blocks, known_attributes;
	uint64_t times[4][2];
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t mount_id;
	uint64_t more[13];
};
_Static_assert(sizeof(struct file_status) == 256, "the kernel writes that many bytes");

int gons_i_mount_root(const char *path, int flags)
{
	struct file_status status;

	if (syscall(SYS_statx, AT_FDCWD, path, flags | AT_NO_AUTOMOUNT, 0, &status) < 0)
		return errno == ENOSYS || errno == EPERM ? 1 : -1; /* a filter */
	return (status.attributes & IS_MOUNT_ROOT) || !(status.known_attributes & IS_MOUNT_ROOT);
}

static uint64_t mount_id(int fd, const char *path, int flags)
{
	struct file_status status;

	if (syscall(SYS_statx, fd, path, flags, WANT_MOUNT_ID, &status) < 0)
		return 0;
	return status.has & WANT_MOUNT_ID ? status.mount_id : 0;
}

uint64_t gons_i_mount_id(const char *path)
{
	return mount_id(AT_FDCWD, path, 0);
}

int gons_i_mount_and_file_get(int fd, const char *path, struct gons_i_mount_and_file *ret_both)
{
	const bool by_fd = path[0] == '\0';
	struct file_status status;

	ret_both->mount = 0;
	if (syscall(SYS_statx, fd, path, by_fd ? AT_EMPTY_PATH : 0, WANT_INO | WANT_MOUNT_ID,
		    &status) < 0) /* before Linux 4.11, or under a filter */
		return by_fd ? gons_i_file_id_get(fd, &ret_both->file) : -1;
	if (status.has & WANT_MOUNT_ID)
		ret_both->mount = status.mount_id;
	ret_both->file.dev = makedev(status.dev_major, status.dev_minor);
	ret_both->file.ino = status.ino;
	return 0;
}

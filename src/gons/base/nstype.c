/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types of namespaces, also where the kernel is an emulation: qemu-user and gVisor lack the
 * ioctl(2) that tells them.
 */
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

#include "gons/base/common.h"
#include "gons/base/nstype.h"
#include "gons/base/types.h"

/* The link of a namespace is "net:[4026531840]", and that of a file with a name begins with "/".
 * 0 for anything else. */
static int type_in_link(int fd)
{
	char path[64], target[64];
	const char *colon;
	ssize_t length;

	(void)snprintf(path, sizeof(path), "/proc/thread-self/fd/%d", fd);
	length = readlink(path, target, sizeof(target) - 1);
	target[length < 0 ? 0 : length] = '\0';
	colon = strchr(target, ':');
	for (size_t i = 0; colon && colon[1] == '[' && i < GONS_I_TYPES; i++)
		if (strlen(gons_i_types[i].name) == (size_t)(colon - target) &&
		    memcmp(gons_i_types[i].name, target, (size_t)(colon - target)) == 0)
			return gons_i_types[i].flag;
	return 0;
}

int gons_i_nstype(int fd)
{
	int type = ioctl(fd, NS_GET_NSTYPE);
	struct statfs fs;

	if (type >= 0 && gons_i_type_entry(type))
		return type;
	if (type < 0 && errno == EBADF)
		return -1;
	type = type_in_link(fd);
	if (type != 0)
		return type;
	errno = fstatfs(fd, &fs) == 0 && fs.f_type == NSFS_MAGIC ? ENOSYS : ENOTTY;
	return -1;
}

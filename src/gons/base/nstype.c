/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types of namespaces, also where the kernel is an emulation: qemu-user and gVisor lack the
 * ioctl(2) that tells them, and gVisor's procfs has "/" for the link of each.
 */
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "gons/base/child.h"
#include "gons/base/common.h"
#include "gons/base/error.h"
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

/* The type, if it is a namespace that this thread is in; or 0. */
static int type_of_own(int fd)
{
	struct stat own, st;

	if (fstat(fd, &st) < 0)
		return 0;
	for (size_t i = 0; i < GONS_I_TYPES; i++)
		if (stat(gons_i_types[i].own_path, &own) == 0 && own.st_dev == st.st_dev &&
		    own.st_ino == st.st_ino)
			return gons_i_types[i].flag;
	return 0;
}

/* In a child process, which may join it: setns(2) looks at the type before anything else, and
 * refuses all others by EINVAL. */
static int join_as_each_type(void *arg)
{
	const int fd = *(int *)arg;
	int type = 0, others = 0;

	for (size_t i = 0; i < GONS_I_TYPES; i++) {
		if (setns(fd, gons_i_types[i].flag) < 0 && errno == EINVAL)
			others++;
		else
			type = gons_i_types[i].flag;
	}
	return others == GONS_I_TYPES - 1 ? type : 0;
}

static int type_by_joining(int fd)
{
	enum { LIMIT_S = 30 };
	struct gons_i_failure before;
	int type;

	gons_i_failure_save(&before);
	type = gons_i_in_child_for(LIMIT_S, join_as_each_type, &fd);
	(void)gons_i_failure_restore(&before);
	return type;
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
	errno = ENOTTY;
	if (fstatfs(fd, &fs) < 0 || fs.f_type != NSFS_MAGIC)
		return -1;
	type = type_of_own(fd);
	if (type == 0)
		type = type_by_joining(fd);
	errno = ENOSYS;
	return type > 0 ? type : -1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mounts below a directory: finds them, and mounts them again below another directory.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/mountinfo.h"
#include "gons/base/mounts.h"
#include "gons/base/signal_safe_read.h"
#include "mntns/submounts.h"

static const char own_mountinfo[] = "/proc/thread-self/mountinfo";

static bool is_below(const char *path, const char *dir)
{
	size_t length = strlen(dir);

	return strncmp(path, dir, length) == 0 && path[length] == '/';
}

/* Before Linux 5.8 the number of a mount is only in fdinfo. */
static int read_mount_of(int fd)
{
	char path[64], text[512];
	cleanup_fd int info_fd = -1;
	const char *line;
	ssize_t length;
	int id;

	(void)snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%d", fd);
	info_fd = open(path, O_RDONLY | O_CLOEXEC);
	length = info_fd < 0 ? -1 : gons_i_read(info_fd, text, sizeof(text) - 1);
	if (length < 0) {
		(void)gons_i_fail(errno, "cannot read %s", path);
		return 0;
	}
	text[length] = '\0';
	line = strstr(text, "mnt_id:");
	id = line ? atoi(line + strlen("mnt_id:")) : 0;
	if (id <= 0)
		(void)gons_i_fail(EPROTO, "%s names no mount", path);
	return id;
}

/* The number of the mount that an open file is on, as in mountinfo; 0 and a message on failure. */
static int mount_of(int fd)
{
	struct gons_i_mount_and_file spot;

	if (gons_i_mount_and_file_get(fd, "", &spot) == 0 && spot.mount != 0)
		return (int)spot.mount;
	return read_mount_of(fd);
}

/* Whether a file is on another file system than the directory, and so on a mount of its own. */
static bool is_on_other_mount(const char *path, const char *dir)
{
	struct stat st, dir_st;

	return lstat(path, &st) == 0 && stat(dir, &dir_st) == 0 && st.st_dev != dir_st.st_dev;
}

/*
 * One mount, with all that is mounted below it. The source is a link of procfs to a descriptor,
 * since its path is covered; O_PATH also leaves an automount alone.
 */
static int restore(int old_fd, int old_mount, const char *name, const char *dir, const char *point)
{
	cleanup_fd int fd = openat(old_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char source[64];
	int mount_id;

	if (fd < 0) /* another mount covers it, or the user may not enter it */
		return errno == ENOENT || errno == ENOTDIR || errno == EACCES
			       ? 0
			       : gons_i_fail(errno, "cannot open the mount on %s", point);
	mount_id = mount_of(fd);
	if (mount_id == 0)
		return -1;
	/* Another mount covers it, or it was mounted already together with that one. */
	if (mount_id == old_mount || is_on_other_mount(point, dir))
		return 0;
	(void)snprintf(source, sizeof(source), "/proc/thread-self/fd/%d", fd);
	if (mount(source, point, "none", MS_BIND | MS_REC, NULL) == 0 || errno == ENOENT ||
	    errno == ENOTDIR)
		return 0;
	return gons_i_fail(errno, "cannot mount %s again below a new sysfs", point);
}

/*
 * A part of a sysfs, as LXC mounts on /sys/devices/virtual/net, shows the links of another network
 * namespace. The new sysfs has that part itself.
 *
 * Mounts that are created meanwhile come at the end of mountinfo, and are on another mount than the
 * covered one.
 */
int gons_i_submounts_restore(int old_fd, const char *dir)
{
	const int old_mount = mount_of(old_fd);
	struct gons_i_lines info;
	struct gons_i_mount mount;
	int result = 0, next = 0;

	if (old_mount == 0)
		return -1;
	if (gons_i_lines_open(&info, own_mountinfo) < 0)
		return gons_i_fail(errno, "cannot open %s", own_mountinfo);
	while (result == 0 && (next = gons_i_mountinfo_next(&info, &mount)) > 0)
		if (mount.parent == old_mount && is_below(mount.point, dir) &&
		    strcmp(mount.type, "sysfs") != 0)
			result = restore(old_fd, old_mount, mount.point + strlen(dir) + 1, dir,
					 mount.point);
	if (next < 0)
		result = gons_i_fail(errno, "cannot read %s", own_mountinfo);
	gons_i_lines_close(&info);
	return result;
}

/* Directories that the kernel creates as mount points; a mount there hides nothing. */
static bool is_mount_point_of_sysfs(const char *name)
{
	static const char *const names[] = {
		"/firmware/efi/efivars", "/fs/bpf",	  "/fs/cgroup",
		"/fs/fuse/connections",	 "/fs/pstore",	  "/fs/resctrl",
		"/fs/selinux",		 "/fs/smackfs",	  "/hypervisor/s390",
		"/kernel/config",	 "/kernel/debug", "/kernel/security",
		"/kernel/tracing",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0 || is_below(name, names[i]))
			return true;
	return false;
}

bool gons_i_masking_submounts(const char *dir, char *buf, size_t size)
{
	struct gons_i_lines info;
	struct gons_i_mount mount;
	size_t used = 0;

	buf[0] = '\0';
	if (gons_i_lines_open(&info, own_mountinfo) < 0)
		return false;
	while (used < size && gons_i_mountinfo_next(&info, &mount) > 0)
		if (is_below(mount.point, dir) &&
		    !is_mount_point_of_sysfs(mount.point + strlen(dir)))
			used += (size_t)snprintf(buf + used, size - used, "%s%s (%s)",
						 used ? ", " : "", mount.point, mount.type);
	gons_i_lines_close(&info);
	return used > 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths below the root of another mount namespace. The kernel resolves them: openat2(2) with
 * RESOLVE_IN_ROOT keeps symbolic links and ".." inside, also while other processes rename files.
 */
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <gons/mntns.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/diagnosis/refusal.h"

static int fail_open(const char *procfsroot, const char *path)
{
	(void)gons_i_fail(errno, "cannot open %s below %s", path[0] ? path : "the empty path",
			  procfsroot);
	if (errno == ENOSYS || errno == EPERM)
		(void)gons_i_diagnose_call("openat2(2)", "5.6");
	else if (errno == ELOOP)
		gons_i_add_cause("symbolic links form a loop, or lead through a link of procfs");
	else if (errno == EXDEV)
		gons_i_add_cause("meanwhile it was moved out of that root, or unmounted");
	return -1;
}

/* openat2(2), as a descriptor or -1 with errno alone. */
static int open_in_root(int root_fd, const char *path, int flags)
{
	struct open_how how = { .flags = (unsigned)flags | O_CLOEXEC,
				.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	int tries = 1000;
	int fd;

	if (flags & (O_CREAT | O_TMPFILE) & ~O_DIRECTORY)
		how.mode = 0666;
	/* EAGAIN: because of a rename the kernel cannot tell whether ".." has left the root. */
	do
		fd = (int)syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
	while (fd < 0 && (errno == EINTR || (errno == EAGAIN && tries-- > 0)));
	return fd;
}

/* Opens procfsroot and path below it. */
static int open_below(const char *procfsroot, const char *path, int flags, int *ret_root_fd)
{
	cleanup_fd int root_fd = -1;
	int fd;

	if (!procfsroot || !path)
		return gons_i_fail(EINVAL, procfsroot ? "path is NULL" : "procfsroot is NULL");
	root_fd = open(procfsroot, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return gons_i_fail(errno, "cannot open the root directory %s", procfsroot);
	fd = open_in_root(root_fd, path, flags);
	if (fd < 0)
		return fail_open(procfsroot, path);
	if (ret_root_fd)
		*ret_root_fd = gons_i_take_fd(&root_fd);
	return fd;
}

GONS_EXPORT int gons_procfsroot_open(const char *procfsroot, const char *path, int flags)
{
	uncancelled int cancel = gons_i_forbid_cancel();

	return open_below(procfsroot, path, flags, NULL);
}

/* The path of a descriptor's file, from the root of its mount namespace, or from the caller's
 * root. */
static int path_of(int fd, char path[PATH_MAX])
{
	char link[64];
	ssize_t length;

	(void)snprintf(link, sizeof(link), "/proc/thread-self/fd/%d", fd);
	length = readlink(link, path, PATH_MAX - 1);
	if (length < 0)
		return gons_i_fail(errno, "cannot read %s", link);
	path[length] = '\0';
	return 0;
}

/* Makes sure that path below root_fd, which has no links to follow, is the file of fd. */
static int check_same_file(int root_fd, const char *path, int fd)
{
	cleanup_fd int again_fd = open_in_root(root_fd, path, O_PATH | O_NOFOLLOW);
	struct stat again, st;

	if (again_fd >= 0 && fstat(again_fd, &again) == 0 && fstat(fd, &st) == 0 &&
	    again.st_dev == st.st_dev && again.st_ino == st.st_ino)
		return 0;
	if (again_fd < 0 && errno != ENOENT && errno != ENOTDIR)
		return gons_i_fail(errno, "cannot open %s a second time, to check the path", path);
	(void)gons_i_fail(EXDEV, "cannot find out where %s is below its root", path);
	gons_i_add_cause(
		"the root directory of this thread is a chroot(2) inside that root, or the file was moved");
	return -1;
}

GONS_EXPORT char *gons_procfsroot_resolve(const char *procfsroot, const char *path, int except_last)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	int flags = O_PATH | (except_last ? O_NOFOLLOW : 0);
	char root[PATH_MAX], full[PATH_MAX];
	cleanup_fd int root_fd = -1;
	cleanup_fd int fd = open_below(procfsroot, path, flags, &root_fd);
	size_t length;
	char *resolved;

	if (fd < 0 || path_of(root_fd, root) < 0 || path_of(fd, full) < 0)
		return NULL;
	/* Both paths start at the same root, which is not procfsroot if that is a chroot. */
	length = strcmp(root, "/") == 0 ? 0 : strlen(root);
	if (strncmp(full, root, length) != 0 || (full[length] != '/' && full[length] != '\0')) {
		(void)gons_i_fail(EAGAIN, "%s was moved out of %s while it was resolved", full,
				  root);
		return NULL;
	}
	resolved = strdup(full[length] ? full + length : "/");
	if (!resolved)
		(void)gons_i_fail(ENOMEM, "cannot return the resolved path");
	else if (check_same_file(root_fd, resolved, fd) < 0) {
		free(resolved);
		resolved = NULL;
	}
	return resolved;
}

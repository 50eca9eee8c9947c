/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts namespaces on files, from which they can be opened again.
 */
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "gons/base/error.h"
#include "gons/base/types.h"
#include "gons/diagnosis/refusal.h"
#include "gons/sets/set.h"

/* A file to mount on. A descriptor holds the directory, so that undoing uses the same one. */
struct target {
	const char *dir, *name; /* "DIR/NAME" in messages: dir ends in a slash, or is empty */
	int dir_fd;
	bool created;
};

static void path_of(const struct target *target, char *path, size_t size)
{
	(void)snprintf(path, size, "/proc/thread-self/fd/%d/%s", target->dir_fd, target->name);
}

/* Looks for an existing file. Returns 1 for a plain file, which is left unchanged, 0 for none,
 * or -1. */
static int check_target(const struct target *target)
{
	cleanup_fd int fd = openat(target->dir_fd, target->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct statfs fs;
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
		return gons_i_fail(errno, "cannot mount a namespace on %s%s", target->dir,
				   target->name);
	if (S_ISDIR(st.st_mode))
		return gons_i_fail(EISDIR, "cannot mount a namespace on the directory %s%s",
				   target->dir, target->name);
	if (!S_ISREG(st.st_mode))
		return gons_i_fail(EINVAL,
				   "cannot mount a namespace on %s%s, which is no plain file",
				   target->dir, target->name);
	if (fs.f_type != NSFS_MAGIC)
		return 1;
	(void)gons_i_fail(EBUSY, "cannot mount a namespace on %s%s, where one is mounted already",
			  target->dir, target->name);
	gons_i_add_remedy("unmount that one first");
	return -1;
}

static int create_target(struct target *target)
{
	int exists = check_target(target);
	cleanup_fd int fd = -1;

	if (exists != 0)
		return exists < 0 ? -1 : 0;
	fd = openat(target->dir_fd, target->name, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	if (fd < 0)
		return gons_i_fail(errno, "cannot create %s%s", target->dir, target->name);
	target->created = true;
	return 0;
}

static void remove_target(const struct target *target)
{
	int saved = errno;

	if (target->created)
		(void)unlinkat(target->dir_fd, target->name, 0); /* was just created */
	errno = saved;
}

static int fail_mount(const struct target *target, const struct gons_i_type *entry)
{
	(void)gons_i_fail(errno, "cannot mount the set's %s namespace to %s%s", entry->long_name,
			  target->dir, target->name);
	if (errno == EINVAL && entry->flag == CLONE_NEWNS) {
		gons_i_add_cause("the kernel mounts a mount namespace only in an older one, and "
				 "not on a shared mount");
		gons_i_add_remedy("make the mount private (mount --make-private), or mount it in "
				  "an older mount namespace");
	} else {
		gons_i_diagnose_refusal(GONS_I_REFUSED_MOUNT, CLONE_NEWNS, -1);
	}
	return -1;
}

static int mount_to(struct target *target, const struct gons_i_type *entry, int nsfd)
{
	char source[64], path[320];

	if (create_target(target) < 0)
		return -1;
	(void)snprintf(source, sizeof(source), "/proc/thread-self/fd/%d", nsfd);
	path_of(target, path, sizeof(path)); /* a name has 255 bytes at most */
	if (mount(source, path, NULL, MS_BIND, NULL) == 0)
		return 0;
	(void)fail_mount(target, entry);
	remove_target(target);
	return -1;
}

static void undo_mount(const struct target *target)
{
	char path[320];

	path_of(target, path, sizeof(path));
	(void)umount2(path, MNT_DETACH); /* was just mounted */
	remove_target(target);
}

GONS_EXPORT int gons_set_mount(const gons_set *set, const char *dir)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	cleanup_fd int dir_fd = -1;
	struct target targets[GONS_I_TYPES];
	size_t n = 0; /* are mounted */
	char shown[512];

	if (!gons_i_set_is_valid(set))
		return -1;
	if (!dir || !dir[0])
		return gons_i_fail(EINVAL, "dir is NULL or empty");
	dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return gons_i_fail(errno, "cannot mount a set to %s", dir);
	(void)snprintf(shown, sizeof(shown), "%.500s/", dir);
	for (size_t i = 0; i < GONS_I_TYPES; i++) {
		struct gons_i_failure failure;

		if (!(set->types & gons_i_types[i].flag))
			continue;
		targets[n] = (struct target){ shown, gons_i_types[i].name, dir_fd, false };
		if (mount_to(&targets[n], &gons_i_types[i], set->fd[i]) == 0) {
			n++;
			continue;
		}
		gons_i_failure_save(&failure);
		while (n-- > 0)
			undo_mount(&targets[n]);
		return gons_i_failure_restore(&failure);
	}
	return 0;
}

GONS_EXPORT int gons_set_mount_ns(const gons_set *set, int type, const char *file)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	int index = gons_i_set_index(set, type);
	struct target target = { .dir_fd = AT_FDCWD };
	cleanup_fd int dir_fd = -1;
	char dir[PATH_MAX];
	const char *slash;

	if (index < 0)
		return -1;
	if (!file || !file[0])
		return gons_i_fail(EINVAL, "file is NULL or empty");
	slash = strrchr(file, '/');
	target.name = slash ? slash + 1 : file;
	if (strlen(file) >= sizeof(dir) || strlen(target.name) > NAME_MAX)
		return gons_i_fail(ENAMETOOLONG, "cannot mount a namespace on %.64s...", file);
	(void)snprintf(dir, sizeof(dir), "%.*s", (int)(target.name - file), file);
	target.dir = dir;
	dir_fd = open(slash ? dir : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return gons_i_fail(errno, "cannot mount a namespace on %s", file);
	if (!target.name[0])
		return gons_i_fail(EISDIR, "cannot mount a namespace on the directory %s", file);
	target.dir_fd = dir_fd;
	return mount_to(&target, &gons_i_types[index], set->fd[index]);
}

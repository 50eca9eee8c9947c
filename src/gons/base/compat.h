/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_MISSING_H
#define GONS_MISSING_H

/*
 * What some C libraries lack, under its usual name; the build looks for each. In musl there is
 * none of it up to 1.2.5, and glibc has the calls for mounts since 2.36.
 */

#include <dirent.h>
#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/mount.h>

#ifdef WITHOUT_POSIX_SPAWN_FILE_ACTIONS_ADDCLOSEFROM_NP
/* Closes what is open now: what another thread opens meanwhile stays open. */
static inline int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions,
							   int from)
{
	DIR *dir = opendir("/proc/thread-self/fd");
	const struct dirent *entry;
	int errnum = 0;

	if (!dir)
		return errno;
	while (errnum == 0 && (errno = 0, entry = readdir(dir)))
		if (entry->d_name[0] != '.' && atoi(entry->d_name) >= from)
			errnum = posix_spawn_file_actions_addclose(actions, atoi(entry->d_name));
	if (errnum == 0)
		errnum = errno;
	(void)closedir(dir);
	return errnum;
}
#endif

#ifdef WITHOUT_FSOPEN
#include <linux/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline int fsopen(const char *type, unsigned flags)
{
	return (int)syscall(SYS_fsopen, type, flags);
}

static inline int fsconfig(int fs_fd, unsigned command, const char *key, const void *value, int aux)
{
	return (int)syscall(SYS_fsconfig, fs_fd, command, key, value, aux);
}

static inline int fsmount(int fs_fd, unsigned flags, unsigned attributes)
{
	return (int)syscall(SYS_fsmount, fs_fd, flags, attributes);
}

static inline int open_tree(int dir_fd, const char *path, unsigned flags)
{
	return (int)syscall(SYS_open_tree, dir_fd, path, flags);
}

static inline int move_mount(int from_fd, const char *from, int to_fd, const char *to,
			     unsigned flags)
{
	return (int)syscall(SYS_move_mount, from_fd, from, to_fd, to, flags);
}
#endif

#endif

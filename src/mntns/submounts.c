/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is mounted below a directory: found, copied, put in its place again.
 */
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/compat.h"
#include "gons/base/mounts.h"
#include "gons/diagnosis/refusal.h"
#include "mntns/submounts.h"

static bool is_below(const char *path, const char *dir)
{
	size_t length = strlen(dir);

	return strncmp(path, dir, length) == 0 && path[length] == '/';
}

static FILE *open_mounts(void)
{
	FILE *mounts = setmntent("/proc/thread-self/mounts", "re");

	if (!mounts)
		(void)gons_i_fail(errno, "cannot read /proc/thread-self/mounts");
	return mounts;
}

static int add(struct gons_i_submounts *submounts, const char *path)
{
	struct gons_i_submount *list = realloc(submounts->list, (submounts->n + 1) * sizeof(*list));

	if (!list)
		return gons_i_fail(ENOMEM, "cannot list the mounts below /sys");
	submounts->list = list;
	list[submounts->n].fd = -1;
	list[submounts->n].path = strdup(path);
	if (!list[submounts->n].path)
		return gons_i_fail(ENOMEM, "cannot list the mounts below /sys");
	submounts->n++;
	return 0;
}

/* A slash before everything else, or "/a-b" would stand between "/a" and "/a/b". */
static int rank(char c)
{
	return c == '\0' ? 0 : c == '/' ? 1 : 2 + (unsigned char)c;
}

static int by_path(const void *a, const void *b)
{
	const char *first = ((const struct gons_i_submount *)a)->path;
	const char *second = ((const struct gons_i_submount *)b)->path;

	while (*first != '\0' && *first == *second) {
		first++;
		second++;
	}
	return rank(*first) - rank(*second);
}

/* All of them, sorted, so that what is mounted below another one comes after it. */
static int list_all(const char *dir, struct gons_i_submounts *submounts)
{
	FILE *mounts = open_mounts();
	char buf[8192];
	struct mntent entry;
	int result = 0;

	if (!mounts)
		return -1;
	while (result == 0 && getmntent_r(mounts, &entry, buf, sizeof(buf)))
		if (is_below(entry.mnt_dir, dir))
			result = add(submounts, entry.mnt_dir);
	(void)endmntent(mounts);
	if (submounts->n > 0)
		qsort(submounts->list, submounts->n, sizeof(submounts->list[0]), by_path);
	return result;
}

/* The list of mounts has also those that a later mount covers. */
static bool is_visible(const char *path)
{
	return gons_i_mount_root(path, AT_SYMLINK_NOFOLLOW) > 0;
}

int gons_i_submounts_clone(const char *dir, struct gons_i_submounts *ret_submounts)
{
	struct gons_i_submounts submounts = { NULL, 0 };
	const char *last = NULL;

	if (list_all(dir, &submounts) < 0)
		goto undo;
	for (size_t i = 0; i < submounts.n; i++) {
		struct gons_i_submount *submount = &submounts.list[i];

		/* What is below the last one comes along with it. */
		if (last && (strcmp(submount->path, last) == 0 || is_below(submount->path, last)))
			continue;
		if (!is_visible(submount->path))
			continue;
		submount->fd = open_tree(AT_FDCWD, submount->path,
					 OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE |
						 AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT);
		if (submount->fd < 0) {
			(void)gons_i_fail(errno, "cannot keep the mount on %s", submount->path);
			(void)gons_i_explain_call("open_tree(2)", "5.2");
			goto undo;
		}
		last = submount->path;
	}
	*ret_submounts = submounts;
	return 0;
undo:
	gons_i_submounts_free(&submounts);
	return -1;
}

int gons_i_submounts_attach(struct gons_i_submounts *submounts)
{
	for (size_t i = 0; i < submounts->n; i++) {
		const struct gons_i_submount *submount = &submounts->list[i];

		if (submount->fd < 0 || move_mount(submount->fd, "", AT_FDCWD, submount->path,
						   MOVE_MOUNT_F_EMPTY_PATH) == 0)
			continue;
		if (errno != ENOENT && errno != ENOTDIR)
			return gons_i_fail(errno, "cannot mount %s again below a new sysfs",
					   submount->path);
	}
	return 0;
}

void gons_i_submounts_free(struct gons_i_submounts *submounts)
{
	int saved = errno;

	for (size_t i = 0; i < submounts->n; i++) {
		gons_i_close_fd(&submounts->list[i].fd);
		free(submounts->list[i].path);
	}
	free(submounts->list);
	errno = saved;
}

/* The directories that the kernel makes to be mounted on; a mount there hides nothing. */
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
	FILE *mounts = open_mounts();
	char line[8192];
	struct mntent entry;
	size_t used = 0;

	buf[0] = '\0';
	if (!mounts)
		return false;
	while (used < size && getmntent_r(mounts, &entry, line, sizeof(line)))
		if (is_below(entry.mnt_dir, dir) &&
		    !is_mount_point_of_sysfs(entry.mnt_dir + strlen(dir)))
			used += (size_t)snprintf(buf + used, size - used, "%s%s (%s)",
						 used ? ", " : "", entry.mnt_dir, entry.mnt_type);
	(void)endmntent(mounts);
	return used > 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The eight namespace types, and descriptors for namespaces.
 */
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "cause.h"
#include "internal.h"

const struct gons_i_type gons_i_types[GONS_I_TYPES] = {
	{ CLONE_NEWNET, "net", "network", "max_net_namespaces" },
	{ CLONE_NEWNS, "mnt", "mount", "max_mnt_namespaces" },
	{ CLONE_NEWUTS, "uts", "UTS", "max_uts_namespaces" },
	{ CLONE_NEWIPC, "ipc", "IPC", "max_ipc_namespaces" },
	{ CLONE_NEWCGROUP, "cgroup", "cgroup", "max_cgroup_namespaces" },
	{ CLONE_NEWUSER, "user", "user", "max_user_namespaces" },
	{ CLONE_NEWPID, "pid", "PID", "max_pid_namespaces" },
	{ CLONE_NEWTIME, "time", "time", "max_time_namespaces" },
};

const struct gons_i_type *gons_i_type_row(int type)
{
	for (size_t i = 0; i < GONS_I_TYPES; i++)
		if (gons_i_types[i].flag == type)
			return &gons_i_types[i];
	return NULL;
}

const struct gons_i_type *gons_i_one_type(int type)
{
	const struct gons_i_type *row = gons_i_type_row(type);

	if (!row)
		(void)gons_i_fail(EINVAL, "0x%x is not one namespace type", (unsigned)type);
	return row;
}

const char *gons_i_nouns(int types, char buf[GONS_I_NOUNS_SIZE])
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < GONS_I_TYPES; i++) {
		if (!(types & gons_i_types[i].flag))
			continue;
		types &= ~gons_i_types[i].flag;
		used += (size_t)snprintf(buf + used, GONS_I_NOUNS_SIZE - used, "%s%s",
					 used == 0 ? "" : (types ? ", " : " and "),
					 gons_i_types[i].noun);
	}
	return buf;
}

GONS_EXPORT const char *gons_type_name(int type)
{
	const struct gons_i_type *row = gons_i_one_type(type);

	return row ? row->name : NULL;
}

GONS_EXPORT int gons_type_from_name(const char *name)
{
	for (size_t i = 0; name && i < GONS_I_TYPES; i++)
		if (strcmp(gons_i_types[i].name, name) == 0)
			return gons_i_types[i].flag;
	return gons_i_fail(EINVAL, "\"%s\" is no namespace type", name ? name : "(null)");
}

GONS_EXPORT int gons_type(int nsfd)
{
	int type = ioctl(nsfd, NS_GET_NSTYPE);

	if (type >= 0 && gons_i_type_row(type))
		return type;
	if (type < 0 && errno == EBADF)
		return gons_i_fail(EBADF, "descriptor %d is closed, or was opened with O_PATH",
				   nsfd);
	return gons_i_fail(EINVAL, "descriptor %d refers to no namespace", nsfd);
}

int gons_i_check_type(int nsfd, int type)
{
	int actual = gons_type(nsfd);
	const char *noun, *wanted;

	if (actual < 0)
		return -1;
	if (type == 0 || actual == type)
		return 0;
	noun = gons_i_type_row(actual)->noun;
	wanted = gons_i_type_row(type)->noun;
	return gons_i_fail(EINVAL, "descriptor %d refers to %s %s namespace and not to %s %s one",
			   nsfd, gons_i_article(noun), noun, gons_i_article(wanted), wanted);
}

int gons_i_check_types(int types)
{
	int known = 0;

	for (size_t i = 0; i < GONS_I_TYPES; i++)
		known |= gons_i_types[i].flag;
	if (types != 0 && !(types & ~known))
		return 0;
	return gons_i_fail(EINVAL, "0x%x is no set of namespace types", (unsigned)types);
}

static int fail_own(const struct gons_i_type *row)
{
	int errnum = errno;

	(void)gons_i_fail(errnum, "cannot open the %s namespace of this thread", row->noun);
	if (errnum == ENOENT && !gons_i_hint_options(row->flag))
		gons_i_hint("procfs of this PID namespace is not mounted on /proc");
	else if (errnum == EACCES)
		gons_i_hint_confinement("may forbid to open it");
	return -1;
}

bool gons_i_is_own(int nsfd, const struct gons_i_type *row)
{
	char path[GONS_I_OWN_PATH_SIZE];
	struct stat own, other;
	int saved = errno;
	bool same = stat(gons_i_own_path(row, path), &own) == 0 && fstat(nsfd, &other) == 0 &&
		    own.st_dev == other.st_dev && own.st_ino == other.st_ino;

	errno = saved;
	return same;
}

int gons_i_open_own(const struct gons_i_type *row)
{
	char path[GONS_I_OWN_PATH_SIZE];
	int fd = open(gons_i_own_path(row, path), O_RDONLY | O_CLOEXEC);

	return fd >= 0 ? fd : fail_own(row);
}

int gons_i_open_checked(const char *path, int type)
{
	cleanup_fd int fd = -1;
	const char *noun, *wanted;
	int actual;

	if (!path)
		return gons_i_fail(EINVAL, "cannot open a namespace without a path");
	if (type != 0 && !gons_i_one_type(type))
		return -1;
	/* What is no namespace may be a FIFO or a terminal. */
	do
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return gons_i_fail(errno, "cannot open the namespace %s", path);
	actual = gons_type(fd);
	if (actual < 0)
		return gons_i_fail(EINVAL, "%s is no namespace", path);
	if (type == 0 || actual == type)
		return gons_i_take_fd(&fd);
	noun = gons_i_type_row(actual)->noun;
	wanted = gons_i_type_row(type)->noun;
	return gons_i_fail(EINVAL, "%s is %s %s namespace and not %s %s one", path,
			   gons_i_article(noun), noun, gons_i_article(wanted), wanted);
}

GONS_EXPORT int gons_open(const char *path, int type)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	int fd;

	if (gons_i_scope_reserve(1) < 0)
		return -1;
	fd = gons_i_open_checked(path, type);
	return fd < 0 ? -1 : gons_i_scope_push_fd(fd);
}

GONS_EXPORT int gons_current(int type)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	const struct gons_i_type *row = gons_i_one_type(type);
	int fd;

	if (!row || gons_i_check_procfs(row) < 0 || gons_i_scope_reserve(1) < 0)
		return -1;
	fd = gons_i_open_own(row);
	return fd < 0 ? -1 : gons_i_scope_push_fd(fd);
}

GONS_EXPORT uint64_t gons_ino(int nsfd, int type)
{
	struct stat st;

	if ((type != 0 && !gons_i_one_type(type)) || gons_i_check_type(nsfd, type) < 0)
		return 0;
	if (fstat(nsfd, &st) < 0) {
		(void)gons_i_fail(errno, "cannot read the inode number of descriptor %d", nsfd);
		return 0;
	}
	return st.st_ino;
}

GONS_EXPORT uint64_t gons_path_ino(const char *path, int type)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	cleanup_fd int fd = gons_i_open_checked(path, type);

	return fd < 0 ? 0 : gons_ino(fd, type);
}

GONS_EXPORT uint64_t gons_current_ino(int type)
{
	const struct gons_i_type *row = gons_i_one_type(type);
	char path[GONS_I_OWN_PATH_SIZE];
	struct stat st;

	if (!row || gons_i_check_procfs(row) < 0)
		return 0;
	if (stat(gons_i_own_path(row, path), &st) < 0) {
		(void)fail_own(row);
		return 0;
	}
	return st.st_ino;
}

int gons_i_present_types(void)
{
	int types = 0;

	for (size_t i = 0; i < GONS_I_SWITCHABLE; i++)
		if (gons_current_ino(gons_i_types[i].flag) != 0)
			types |= gons_i_types[i].flag;
	return types;
}

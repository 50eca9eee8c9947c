/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors of namespaces: opening, checking and comparing them.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/nstype.h"
#include "gons/base/procfs.h"
#include "gons/base/types.h"
#include "gons/core/nsfd.h"
#include "gons/core/scope.h"
#include "gons/diagnosis/cause.h"

/* Explains why gons_i_nstype() failed. what: how a message names the descriptor. */
static int fail_nstype(const char *what)
{
	if (errno == ENOSYS) {
		(void)gons_i_fail(ENOSYS, "cannot find out the type of the namespace %s", what);
		gons_i_add_cause(
			"the kernel, or what emulates it, lacks ioctl(2) with "
			"NS_GET_NSTYPE, /proc/thread-self/fd does not show the type, and a child could "
			"not find it out by setns(2)");
		return -1;
	}
	if (errno == EBADF)
		return gons_i_fail(EBADF, "%s is closed, or was opened with O_PATH", what);
	return gons_i_fail(EINVAL, "%s is not a namespace", what);
}

GONS_EXPORT int gons_type(int nsfd)
{
	int type = gons_i_nstype(nsfd);
	char what[32];

	if (type >= 0)
		return type;
	(void)snprintf(what, sizeof(what), "descriptor %d", nsfd);
	return fail_nstype(what);
}

int gons_i_check_type(int nsfd, int type)
{
	int actual = gons_type(nsfd);
	const char *long_name, *wanted;

	if (actual < 0)
		return -1;
	if (type == 0 || actual == type)
		return 0;
	long_name = gons_i_type_entry(actual)->long_name;
	wanted = gons_i_type_entry(type)->long_name;
	return gons_i_fail(EINVAL,
			   "descriptor %d refers to %s %s namespace, not to %s %s namespace", nsfd,
			   gons_i_article(long_name), long_name, gons_i_article(wanted), wanted);
}

static int fail_own(const struct gons_i_type *entry)
{
	int errnum = errno;
	struct stat st;

	(void)gons_i_fail(errnum, "cannot open the %s namespace of this thread", entry->long_name);
	if (errnum == ENOENT && lstat(entry->own_path, &st) == 0)
		gons_i_add_tracer("", "open(2)");
	else if (errnum == ENOENT && !gons_i_diagnose_options(entry->flag))
		gons_i_add_cause("procfs of this PID namespace is not mounted on /proc");
	else if (errnum == EACCES)
		gons_i_diagnose_confinement("", "possibly refuses it", GONS_I_GUARDED_OTHER);
	return -1;
}

static int open_own(const struct gons_i_type *entry)
{
	int fd;

	if (gons_i_check_procfs(entry) < 0)
		return -1;
	fd = open(entry->own_path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? fail_own(entry) : fd;
}

/* The type that a link has in its text, as "net:[4026531840]" has; or NULL. In gVisor some lead to
 * other files nevertheless. */
static const struct gons_i_type *type_named_by(const char *link)
{
	char target[32] = "";

	if (readlink(link, target, sizeof(target) - 1) < 0 || !strstr(target, ":["))
		return NULL;
	*strchr(target, ':') = '\0';
	for (size_t i = 0; i < GONS_I_TYPES; i++)
		if (strcmp(gons_i_types[i].name, target) == 0)
			return &gons_i_types[i];
	return NULL;
}

static int fail_without_descriptors(const char *path, const struct gons_i_type *entry)
{
	(void)gons_i_fail(ENOENT, "cannot open the %s namespace %s", entry->long_name, path);
	if (!gons_i_diagnose_gvisor("descriptors of %s namespaces", entry->long_name))
		gons_i_add_cause("the link leads to another file");
	return -1;
}

/* Something may have been mounted over the link since procfs was checked. */
static int check_own(int fd, const struct gons_i_type *entry)
{
	int type = gons_i_nstype(fd);

	if (type == entry->flag || (type < 0 && errno == ENOSYS))
		return 0;
	if (type < 0 && type_named_by(entry->own_path) == entry)
		return fail_without_descriptors(entry->own_path, entry);
	return gons_i_fail_covered(entry);
}

int gons_i_open_own(const struct gons_i_type *entry)
{
	cleanup_fd int fd = open_own(entry);

	return fd < 0 || check_own(fd, entry) < 0 ? -1 : gons_i_take_fd(&fd);
}

int gons_i_open_own_id(const struct gons_i_type *entry, struct gons_i_file_id *ret_id)
{
	static __thread struct gons_i_file_id known[GONS_I_TYPES]; /* found to be of their types */
	struct gons_i_file_id *last = &known[entry - gons_i_types];
	cleanup_fd int fd = open_own(entry);

	if (fd < 0)
		return -1;
	if (gons_i_file_id_get(fd, ret_id) < 0)
		return gons_i_fail(errno, "cannot find out what descriptor %d refers to", fd);
	if (ret_id->ino != last->ino || ret_id->dev != last->dev) {
		if (check_own(fd, entry) < 0)
			return -1;
		*last = *ret_id;
	}
	return gons_i_take_fd(&fd);
}

int gons_i_open_checked(const char *path, int type)
{
	const struct gons_i_type *named;
	const char *long_name, *wanted;
	cleanup_fd int fd = -1;
	int actual, errnum;

	if (!path)
		return gons_i_fail(EINVAL, "path is NULL");
	if (type != 0 && !gons_i_one_type(type))
		return -1;
	/* The path may lead to a FIFO or a terminal. */
	do
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return gons_i_fail(errno, "cannot open the namespace %s", path);
	actual = gons_i_nstype(fd);
	if (actual < 0) {
		errnum = errno;
		named = errnum == ENOTTY ? type_named_by(path) : NULL;
		errno = errnum;
		return named ? fail_without_descriptors(path, named) : fail_nstype(path);
	}
	if (type == 0 || actual == type)
		return gons_i_take_fd(&fd);
	long_name = gons_i_type_entry(actual)->long_name;
	wanted = gons_i_type_entry(type)->long_name;
	return gons_i_fail(EINVAL, "%s is %s %s namespace, not %s %s namespace", path,
			   gons_i_article(long_name), long_name, gons_i_article(wanted), wanted);
}

GONS_EXPORT int gons_path_type(const char *path)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	cleanup_fd int fd = gons_i_open_checked(path, 0);

	return fd < 0 ? -1 : gons_type(fd);
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
	const struct gons_i_type *entry = gons_i_one_type(type);
	int fd;

	if (!entry || gons_i_scope_reserve(1) < 0)
		return -1;
	fd = gons_i_open_own(entry);
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
	uncancelled int cancel = gons_i_forbid_cancel();
	const struct gons_i_type *entry = gons_i_one_type(type);
	cleanup_fd int fd = entry ? gons_i_open_own(entry) : -1;

	return fd < 0 ? 0 : gons_ino(fd, type);
}

int gons_i_present_types(void)
{
	struct stat st;
	int types = 0;

	for (size_t i = 0; i < GONS_I_SWITCHABLE; i++) {
		if (stat(gons_i_types[i].own_path, &st) == 0) {
			types |= gons_i_types[i].flag;
		} else if (errno != ENOENT || (i == GONS_I_MNT && types != 0)) {
			(void)fail_own(&gons_i_types[i]);
			return 0;
		}
	}
	if (types == 0)
		(void)fail_own(&gons_i_types[0]);
	return types;
}

bool gons_i_is_in(const int fds[GONS_I_SWITCHABLE])
{
	for (size_t i = 0; i < GONS_I_SWITCHABLE; i++)
		if (fds[i] >= 0 && !gons_i_is_own(fds[i], &gons_i_types[i]))
			return false;
	return true;
}

int gons_i_optional_nsfd(int nsfd, int *ret_nsfd)
{
	if (nsfd == 0 && gons_i_nstype(0) >= 0) {
		(void)gons_i_fail(EINVAL, "nsfd is 0, which means the caller's namespace");
		gons_i_add_cause("descriptor 0 is a namespace here");
		gons_i_add_remedy(
			"duplicate it to another number by fcntl(2) with F_DUPFD_CLOEXEC");
		return -1;
	}
	*ret_nsfd = nsfd > 0 ? nsfd : -1;
	return 0;
}

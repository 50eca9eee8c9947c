/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings of a network namespace: the files below /proc/sys/net.
 *
 * A thread that opens such a file gets the setting of its own network namespace, and the descriptor
 * goes on referring to that one. So a descriptor is kept until the end of the scope, and works
 * wherever the thread is by then. It does not keep the namespace alive.
 *
 * Container engines mount /proc/sys read-only. Root may create another mount of the same procfs,
 * which is writable and is not attached anywhere.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <gons/netns.h>

#include "gons/base/caps.h"
#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/file.h"
#include "gons/core/scope.h"
#include "gons/diagnosis/cause.h"
#include "gons/diagnosis/container.h"
#include "gons/diagnosis/refusal.h"
#include "netns/execute.h"
#include "netns/rtnl.h"
#include "netns/sysctl.h"

enum { PATH_SIZE = 256, VALUE_SIZE = 4096 };

struct setting {
	const char *name; /* as the caller has given it */
	char path[PATH_SIZE]; /* "sys/net/ipv4/ip_forward" */
	int flags, fd;
};

/* ---- names ---- */

/* As in sysctl(8): the first "." or "/" is the separator, and if that is ".", a "/" stands for a
 * dot in the name of a link. */
static void translate(const char *name, char *path)
{
	const bool has_dots = name[strcspn(name, "./")] == '.';

	for (; *name; name++, path++) {
		if (has_dots && *name == '.')
			*path = '/';
		else if (has_dots && *name == '/')
			*path = '.';
		else
			*path = *name;
	}
	*path = '\0';
}

static bool has_bad_part(const char *path)
{
	for (const char *part = path; part; part = strchr(part, '/')) {
		size_t length;

		part += *part == '/';
		length = strcspn(part, "/");
		if (length == 0 || (length == 1 && part[0] == '.') ||
		    (length == 2 && part[0] == '.' && part[1] == '.'))
			return true;
	}
	return false;
}

static int read_name(const char *name, struct setting *ret_setting)
{
	static const char parent[] = "sys/";

	*ret_setting = (struct setting){ .name = name, .fd = -1 };
	if (!name)
		return gons_i_fail(EINVAL, "name is NULL");
	if (strlen(name) >= PATH_SIZE - sizeof(parent))
		return gons_i_fail(EINVAL, "name has %zu characters, and may have %zu at most",
				   strlen(name), PATH_SIZE - sizeof(parent) - 1);
	memcpy(ret_setting->path, parent, sizeof(parent));
	translate(name, ret_setting->path + sizeof(parent) - 1);
	if (strncmp(ret_setting->path, "sys/net/", 8) != 0) {
		(void)gons_i_fail(EINVAL, "the sysctl \"%s\" does not begin with \"net.\"", name);
		gons_i_add_cause("others do not belong to a network namespace");
		return -1;
	}
	if (has_bad_part(ret_setting->path))
		return gons_i_fail(EINVAL, "\"%s\" cannot be the name of a sysctl", name);
	return 0;
}

/* ---- opening ---- */

/* In a procfs that is not attached. -1 with errno. */
static int open_elsewhere(const char *path, int flags)
{
	cleanup_fd int fs_fd = fsopen("proc", FSOPEN_CLOEXEC);
	cleanup_fd int mount_fd = -1;

	if (fs_fd < 0 || fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	mount_fd = fsmount(fs_fd, FSMOUNT_CLOEXEC,
			   MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	if (mount_fd < 0)
		return -1;
	return openat(mount_fd, path, flags | O_CLOEXEC);
}

int gons_i_sysctl_open(const char *path, int flags)
{
	char absolute[PATH_SIZE + sizeof("/proc/")];
	int fd;

	(void)snprintf(absolute, sizeof(absolute), "/proc/%s", path);
	fd = open(absolute, flags | O_CLOEXEC);
	if (fd >= 0 || errno != EROFS)
		return fd;
	fd = open_elsewhere(path, flags);
	if (fd < 0)
		errno = EROFS;
	return fd;
}

void gons_i_sysctl_explain_read_only(void)
{
	gons_i_add_cause("/proc/sys is mounted read-only, as container engines do");
	gons_i_add_remedy(GONS_I_UNMASK_CONTAINER ", or with SYSTEMD_NSPAWN_API_VFS_WRITABLE=1 "
						  "(systemd-nspawn)");
}

/* Such as net.ipv4.route.flush. */
static bool is_write_only(const struct setting *setting)
{
	cleanup_fd int fd = gons_i_sysctl_open(setting->path, O_WRONLY);

	return fd >= 0;
}

/* The kernel lets this thread have the file, by its mode and by the capability: as root of a container
 * of docker has it, whose AppArmor profile lets nobody write sysctls of the network. */
static bool is_refused_by_module(const struct setting *setting)
{
	const mode_t wanted = setting->flags == O_RDONLY ? S_IRUSR : S_IWUSR;
	char absolute[PATH_SIZE + sizeof("/proc/")];
	struct stat st;

	(void)snprintf(absolute, sizeof(absolute), "/proc/%s", setting->path);
	return stat(absolute, &st) == 0 && (st.st_mode & wanted) == wanted &&
	       gons_i_has_cap(CAP_NET_ADMIN) && !gons_i_is_owned_by_ancestor(CLONE_NEWNET);
}

static int fail_open(const struct setting *setting, int errnum)
{
	const bool writes = setting->flags != O_RDONLY;

	(void)gons_i_fail(errnum, "cannot open the sysctl %s", setting->name);
	if (errnum == ENOENT) {
		gons_i_add_cause("this kernel lacks it, its module is not loaded, or only the "
				 "initial network namespace has it");
	} else if (errnum == EROFS) {
		gons_i_sysctl_explain_read_only();
	} else if (errnum == EACCES && is_write_only(setting)) {
		gons_i_add_cause("it can be written and not read%s",
				 writes ? ", so no value could be restored" : "");
		if (writes)
			gons_i_add_remedy("write it by sysctl(8), with gons_process_run()");
	} else if ((errnum == EACCES || errnum == EPERM) && is_refused_by_module(setting)) {
		gons_i_diagnose_confinement("", "possibly refuses it", GONS_I_GUARDED_OTHER);
	} else if (errnum == EACCES || errnum == EPERM) {
		gons_i_add_cause("only root of the user namespace that owns the network namespace "
				 "may %s it, and some sysctls nobody may",
				 writes ? "write" : "read");
		gons_i_add_remedy("%scall gons_become_root() first and use a network namespace "
				  "that is created after that",
				  gons_i_run_as_root_or());
	}
	errno = errnum;
	return -1;
}

static int open_setting(void *arg)
{
	struct setting *setting = arg;

	setting->fd = gons_i_sysctl_open(setting->path, setting->flags);
	return setting->fd < 0 ? fail_open(setting, errno) : 0;
}

static int open_in(int nsfd, struct setting *setting)
{
	if (gons_i_netns_execute(nsfd, open_setting, setting) == 0)
		return 0;
	gons_i_close_fd(&setting->fd);
	return -1;
}

/* Without the newline at its end. -1 with errno and message. */
static int read_value(const struct setting *setting, char *value, size_t size)
{
	ssize_t got;

	do
		got = pread(setting->fd, value, size, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return gons_i_fail(errno, "cannot read the sysctl %s", setting->name);
	while (got > 0 && value[got - 1] == '\n')
		got--;
	if ((size_t)got == size)
		return gons_i_fail(ERANGE, "the value of the sysctl %s is longer than %zu bytes",
				   setting->name, size - 1);
	value[got] = '\0';
	return 0;
}

/* The kernel takes a value in one write. 0, or -1 with errno. */
static int write_value(int fd, const char *value)
{
	ssize_t written;

	do
		written = pwrite(fd, value, strlen(value), 0);
	while (written < 0 && errno == EINTR);
	return written < 0 ? -1 : 0;
}

GONS_EXPORT int gons_netns_sysctl_get(int nsfd, const char *name, char *value, size_t size)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	char buf[VALUE_SIZE];
	struct setting setting;
	int result;

	if (read_name(name, &setting) < 0)
		return -1;
	if (!value || size == 0)
		return gons_i_fail(EINVAL, value ? "size is 0" : "value is NULL");
	if (gons_i_netns_optional(nsfd, &nsfd) < 0)
		return -1;
	setting.flags = O_RDONLY;
	if (open_in(nsfd, &setting) < 0)
		return -1;
	result = read_value(&setting, buf, sizeof(buf));
	gons_i_close_fd(&setting.fd);
	if (result == 0 && strlen(buf) >= size)
		result = gons_i_fail(ERANGE,
				     "the value of the sysctl %s needs %zu bytes, but size is %zu",
				     name, strlen(buf) + 1, size);
	if (result == 0)
		strcpy(value, buf);
	return result;
}

/* ---- setting, and setting back ---- */

struct change {
	struct gons_i_file file;
	const char *old_value; /* in the same memory as the name */
	char name[];
};

/* The file of a link or a network namespace that is gone cannot be read. */
static bool is_own(const struct change *change)
{
	struct stat st;

	return gons_i_file_is_same(&change->file) ||
	       (fstat(change->file.fd, &st) < 0 && errno == ENOENT);
}

static void free_change(struct change *change)
{
	if (is_own(change))
		gons_i_close_fd(&change->file.fd);
	free(change);
}

static int set_back(void *data)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct change *change = *(struct change **)data;
	int result;

	if (!is_own(change)) {
		result = gons_i_file_fail(&change->file, "close");
	} else {
		result = write_value(change->file.fd, change->old_value);
		/* ENOENT: its network namespace or its link is gone. EINVAL: the kernel wrote
		 * 65534 in place of groups that are not mapped, and nobody here can set those. */
		if (result < 0 && (errno == ENOENT ||
				   (errno == EINVAL && strstr(change->name, "ping_group_range"))))
			result = 0;
		if (result < 0)
			(void)gons_i_fail(errno, "cannot restore the value \"%s\" of the sysctl %s",
					  change->old_value, change->name);
	}
	free_change(change);
	return result;
}

static void drop_change(void *data)
{
	uncancelled int cancel = gons_i_forbid_cancel();

	free_change(*(struct change **)data);
}

/* NULL with errno and message. */
static struct change *prepare_change(const struct setting *setting)
{
	const size_t name_size = strlen(setting->name) + 1;
	char old_value[VALUE_SIZE];
	struct change *change;

	if (read_value(setting, old_value, sizeof(old_value)) < 0)
		return NULL;
	change = malloc(sizeof(*change) + name_size + strlen(old_value) + 1);
	if (!change) {
		(void)gons_i_fail(ENOMEM, "cannot record the value of the sysctl %s",
				  setting->name);
		return NULL;
	}
	memcpy(change->name, setting->name, name_size);
	change->old_value = strcpy(change->name + name_size, old_value);
	gons_i_file_identify(setting->fd, &change->file);
	return change;
}

static int change_setting(const struct setting *setting, const char *value)
{
	static const struct gons_i_undo undo = { .undo = set_back, .drop = drop_change };
	struct change *change = prepare_change(setting);
	int errnum;

	if (!change)
		return -1;
	if (write_value(setting->fd, value) == 0) {
		(void)gons_i_scope_push(&undo, &change, sizeof(change));
		return 0;
	}
	errnum = errno;
	free(change);
	(void)gons_i_fail(errnum, "cannot set the sysctl %s to \"%s\"", setting->name, value);
	if (errnum == EINVAL)
		gons_i_add_cause("the kernel does not accept this value");
	return -1;
}

GONS_EXPORT int gons_netns_sysctl_set(int nsfd, const char *name, const char *value)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct setting setting;

	if (read_name(name, &setting) < 0)
		return -1;
	if (!value)
		return gons_i_fail(EINVAL, "value is NULL");
	if (strlen(value) >= VALUE_SIZE)
		return gons_i_fail(EINVAL, "value has %zu characters, and may have %d at most",
				   strlen(value), VALUE_SIZE - 1);
	if (gons_i_netns_optional(nsfd, &nsfd) < 0 || gons_i_scope_reserve(1) < 0)
		return -1;
	setting.flags = O_RDWR;
	if (open_in(nsfd, &setting) < 0)
		return -1;
	if (change_setting(&setting, value) == 0)
		return 0;
	gons_i_close_fd(&setting.fd);
	return -1;
}

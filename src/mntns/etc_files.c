/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host names of a mount namespace: files that cover /etc/hosts, /etc/resolv.conf and
 * /etc/nsswitch.conf.
 *
 * The new files are on a tmpfs, which is mounted on /etc. Where the machine has all three files,
 * each new file is bound over the old one, and the tmpfs is unmounted from /etc again. Where one
 * of them is missing, or is a link that leads nowhere, there is nothing to bind it to, and nothing
 * is created in the /etc of the machine. The tmpfs stays on /etc then, with a link to each other
 * file of the old /etc.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include <gons/mntns.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/diagnosis/cause.h"
#include "mntns/refuse_initial.h"
#include "mntns/etc_files.h"
#include "mntns/tmpfs.h"

/* The first line, by which gons_mntns_add_host() recognises the file. */
#define SIGNATURE "# gons: the hosts of a mount namespace\n"

/* The directory in the new /etc on which the old /etc is mounted. */
#define OLD_ETC ".machine"

static const struct {
	const char *name, *text;
} files[] = {
	{ "hosts", SIGNATURE "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n" },
	{ "resolv.conf", "# gons: no name server\n" },
	{ "nsswitch.conf", "# gons\n"
			   "passwd: files\ngroup: files\nshadow: files\n"
			   "hosts: files dns\nnetworks: files\nethers: files\n"
			   "protocols: files\nservices: files\nrpc: files\n" },
};

enum { FILES = sizeof(files) / sizeof(files[0]) };

static bool is_own(const char *name)
{
	for (size_t i = 0; i < FILES; i++)
		if (strcmp(name, files[i].name) == 0)
			return true;
	return false;
}

static int write_all(int fd, const char *text, size_t size)
{
	ssize_t written;

	do
		written = write(fd, text, size);
	while (written < 0 && errno == EINTR);
	if (written == (ssize_t)size)
		return 0;
	if (written >= 0) /* the tmpfs is full */
		errno = ENOSPC;
	return -1;
}

static int create_files(void)
{
	for (size_t i = 0; i < FILES; i++) {
		cleanup_fd int fd = -1;
		char path[32];

		(void)snprintf(path, sizeof(path), "/etc/%s", files[i].name);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		if (fd < 0 || fchmod(fd, 0644) < 0 || /* whatever the umask is */
		    write_all(fd, files[i].text, strlen(files[i].text)) < 0) {
			(void)gons_i_fail(errno, "cannot create the file %s on a tmpfs", path);
			gons_i_diagnose_owner();
			return -1;
		}
	}
	return 0;
}

/* Whether the old /etc has a file to bind each new one to. */
static bool has_all(int old_fd)
{
	struct stat st;

	for (size_t i = 0; i < FILES; i++)
		if (fstatat(old_fd, files[i].name, &st, 0) < 0 || !S_ISREG(st.st_mode))
			return false;
	return true;
}

/* The path of a file below the old /etc, which is covered, is one of procfs. */
static int bind_files(int old_fd)
{
	char from[32], to[64];

	for (size_t i = 0; i < FILES; i++) {
		(void)snprintf(from, sizeof(from), "/etc/%s", files[i].name);
		(void)snprintf(to, sizeof(to), "/proc/thread-self/fd/%d/%s", old_fd, files[i].name);
		if (mount(from, to, "none", MS_BIND, NULL) == 0)
			continue;
		(void)gons_i_fail(errno, "cannot cover %s", from);
		while (i-- > 0) {
			int saved = errno;

			(void)snprintf(to, sizeof(to), "/proc/thread-self/fd/%d/%s", old_fd,
				       files[i].name);
			(void)umount2(to, MNT_DETACH);
			errno = saved;
		}
		return -1;
	}
	return 0;
}

/* A link is copied, since a relative one leads to the same file from here. */
static int link_entry(DIR *dir, const struct dirent *entry)
{
	char path[sizeof("/etc/") + sizeof(entry->d_name)];
	char target[4096];
	ssize_t length = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);

	if (length >= 0)
		target[length] = '\0';
	else
		(void)snprintf(target, sizeof(target), OLD_ETC "/%s", entry->d_name);
	(void)snprintf(path, sizeof(path), "/etc/%s", entry->d_name);
	if (symlink(target, path) == 0)
		return 0;
	return gons_i_fail(errno, "cannot create the link %s on a tmpfs", path);
}

static int link_entries(int old_fd)
{
	int fd = openat(old_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int result = 0;

	if (!dir) {
		(void)gons_i_fail(errno, "cannot list /etc");
		gons_i_close_fd(&fd);
		return -1;
	}
	while (result == 0 && (errno = 0, entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    strcmp(entry->d_name, OLD_ETC) != 0 && !is_own(entry->d_name))
			result = link_entry(dir, entry);
	if (result == 0 && errno != 0)
		result = gons_i_fail(errno, "cannot list /etc");
	(void)closedir(dir);
	return result;
}

/* Mounts the old /etc, with everything that is mounted on it, on a directory of the tmpfs. That
 * includes the tmpfs itself, which is unmounted there again. */
static int show_old(int old_fd)
{
	char from[64];

	(void)snprintf(from, sizeof(from), "/proc/thread-self/fd/%d", old_fd);
	if (mkdir("/etc/" OLD_ETC, 0755) < 0 || chmod("/etc/" OLD_ETC, 0755) < 0 ||
	    mount(from, "/etc/" OLD_ETC, "none", MS_BIND | MS_REC, NULL) < 0 ||
	    umount2("/etc/" OLD_ETC, 0) < 0)
		return gons_i_fail(errno, "cannot mount the machine's /etc on /etc/" OLD_ETC);
	return link_entries(old_fd);
}

static void unmount_etc(void)
{
	int saved = errno;

	(void)umount2("/etc", MNT_DETACH); /* mounted by this call: cannot fail */
	errno = saved;
}

int gons_i_etc_files_create(void)
{
	cleanup_fd int old_fd = open("/etc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool stays;
	int result;

	if (old_fd < 0)
		return gons_i_fail(errno, "cannot open /etc");
	if (gons_i_mount_tmpfs("/etc", "mode=755") < 0)
		return -1;
	stays = !has_all(old_fd);
	result = create_files();
	if (result == 0)
		result = stays ? show_old(old_fd) : bind_files(old_fd);
	if (result < 0 || !stays)
		unmount_etc();
	return result;
}

/* ---- adding ---- */

/* Opens /etc/hosts, if it is one of gons's own. */
static int open_hosts(void)
{
	char line[sizeof(SIGNATURE) - 1];
	cleanup_fd int fd = open("/etc/hosts", O_RDWR | O_APPEND | O_CLOEXEC);
	struct statfs st;

	if (fd < 0 && errno != ENOENT && errno != EACCES && errno != EROFS && errno != EISDIR)
		return gons_i_fail(errno, "cannot open /etc/hosts");
	if (fd >= 0 && fstatfs(fd, &st) == 0 && st.f_type == TMPFS_MAGIC &&
	    pread(fd, line, sizeof(line), 0) == sizeof(line) &&
	    memcmp(line, SIGNATURE, sizeof(line)) == 0)
		return gons_i_take_fd(&fd);
	(void)gons_i_fail(EINVAL, "cannot add a host to /etc/hosts");
	gons_i_add_cause("it is a file of the machine");
	gons_i_add_remedy("call gons_mntns_private(GONS_PRIVATE_NAMES) first");
	return -1;
}

int gons_i_etc_hosts_add(const char *lines, size_t size)
{
	cleanup_fd int fd = open_hosts();

	if (fd < 0)
		return -1;
	return write_all(fd, lines, size) == 0 ? 0
					       : gons_i_fail(errno, "cannot write to /etc/hosts");
}

static bool is_name(const char *name)
{
	enum { LONGEST = 253 };
	static const char characters[] = "abcdefghijklmnopqrstuvwxyz"
					 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	const size_t length = strlen(name);

	return length > 0 && length <= LONGEST && strspn(name, characters) == length &&
	       name[0] != '-' && name[0] != '.';
}

GONS_EXPORT int gons_mntns_add_host(const char *name, const char *address)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	unsigned char bytes[sizeof(struct in6_addr)];
	char line[512];

	if (!name)
		return gons_i_fail(EINVAL, "name is NULL");
	if (!address)
		return gons_i_fail(EINVAL, "address is NULL");
	if (!is_name(name))
		return gons_i_fail(EINVAL, "\"%s\" is not a host name", name);
	if (inet_pton(AF_INET, address, bytes) != 1 && inet_pton(AF_INET6, address, bytes) != 1)
		return gons_i_fail(EINVAL, "\"%s\" is not an IPv4 or IPv6 address", address);
	if (gons_i_refuse_initial_mntns("add a host to /etc/hosts") < 0)
		return -1;
	(void)snprintf(line, sizeof(line), "%s %s\n", address, name); /* fits */
	return gons_i_etc_hosts_add(line, strlen(line));
}

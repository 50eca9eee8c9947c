/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sysfs of the caller's network namespace: mounted on /sys, or not mounted.
 *
 * Only the mount becomes read-only. A read-only super block would make every later sysfs of that
 * network namespace read-only, too. So fsmount(2) creates the mount; where that is missing (Linux
 * before 5.2, valgrind), mount(2) creates a writable one, and remounts the mount alone.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include <gons/mntns.h>
#include <gons/privilege.h>

#include "gons/base/caps.h"
#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/core/saved_context.h"
#include "gons/core/scope.h"
#include "gons/core/switch.h"
#include "gons/diagnosis/cause.h"
#include "gons/diagnosis/container.h"
#include "gons/diagnosis/refusal.h"
#include "mntns/refuse_initial.h"
#include "mntns/submounts.h"
#include "mntns/sysfs.h"

static const char sys[] = "/sys";

enum { FLAGS = MS_NOSUID | MS_NODEV | MS_NOEXEC }; /* of every sysfs */

/* fsopen(2) or fsconfig(2) was refused. */
static int fail_create(void)
{
	int errnum = errno;
	bool foreign = errnum == EPERM && gons_i_is_owned_by_ancestor(CLONE_NEWNET);

	(void)gons_i_fail(errnum, "cannot create a sysfs of this network namespace");
	if (foreign) {
		gons_i_add_cause("the network namespace belongs to another user namespace");
		gons_i_add_remedy("enter a new one first, by gons_netns_enter_transient()");
	} else if (!gons_i_diagnose_call("fsopen(2)", "5.2") &&
		   !gons_i_diagnose_call("fsconfig(2)", "5.2")) {
		gons_i_diagnose_refusal(GONS_I_REFUSED_RETURN_CHECK, CLONE_NEWNS, -1);
	}
	errno = errnum;
	return -1;
}

static bool is_read_only(void)
{
	struct statvfs st;

	return statvfs(sys, &st) == 0 && (st.f_flag & ST_RDONLY);
}

/*
 * Why the mount was refused. In a user namespace the kernel permits it only if a sysfs is mounted
 * already, of which no part is covered, and which is not read-only if the new one is writable.
 */
static void diagnose_mount(bool is_writable)
{
	const int errnum = errno;
	char masks[512];
	struct statfs st;

	if (gons_i_masking_submounts(sys, masks, sizeof(masks))) {
		gons_i_add_cause("in a user namespace the kernel mounts no sysfs while parts of "
				 "/sys are covered, as container engines do: %s",
				 masks);
		gons_i_add_remedy(GONS_I_UNMASK_CONTAINER);
	} else if (statfs(sys, &st) < 0 || st.f_type != SYSFS_MAGIC) {
		gons_i_add_cause("in a user namespace the kernel mounts a sysfs only where another "
				 "one is mounted, and there is none on %s",
				 sys);
		gons_i_add_remedy(
			"bind the sysfs of the machine to %s (bwrap: --ro-bind /sys /sys; "
			"nix.conf: extra-sandbox-paths = /sys; guix-daemon: "
			"--chroot-directory=/sys)",
			sys);
	} else if (is_writable && is_read_only()) {
		gons_i_add_cause("in a user namespace the kernel mounts no writable sysfs while "
				 "the one on %s is read-only",
				 sys);
		gons_i_add_remedy("have it mounted writable (bwrap: --bind /sys /sys; docker, "
				  "podman: -v /sys:/sys:rw)");
	}
	errno = errnum;
}

static int fail_mount(const char *call, bool is_writable)
{
	(void)gons_i_fail(errno, "cannot mount a sysfs of this network namespace");
	if (!gons_i_diagnose_call(call, "5.2") && errno == EPERM && gons_i_has_cap(CAP_SYS_ADMIN))
		diagnose_mount(is_writable);
	return -1;
}

/* The flags for access times of the mount on /sys. */
static unsigned present_atime(void)
{
	struct statvfs st;
	unsigned attributes;

	if (statvfs(sys, &st) < 0)
		return MOUNT_ATTR_RELATIME;
	attributes = st.f_flag & ST_NOATIME    ? MOUNT_ATTR_NOATIME
		     : st.f_flag & ST_RELATIME ? MOUNT_ATTR_RELATIME
					       : MOUNT_ATTR_STRICTATIME;
	return attributes | (st.f_flag & ST_NODIRATIME ? MOUNT_ATTR_NODIRATIME : 0);
}

/* The same for mount(2). */
static unsigned long present_atime_flags(void)
{
	unsigned attributes = present_atime();
	unsigned long flags = attributes & MOUNT_ATTR_NODIRATIME ? MS_NODIRATIME : 0;

	attributes &= MOUNT_ATTR__ATIME;
	return flags | (attributes == MOUNT_ATTR_NOATIME       ? MS_NOATIME
			: attributes == MOUNT_ATTR_STRICTATIME ? MS_STRICTATIME
							       : MS_RELATIME);
}

/* A mount that is not attached. ENOSYS comes without a message, since another way is tried then. */
static int mount_detached(unsigned access)
{
	const unsigned attributes =
		access | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	cleanup_fd int fs_fd = fsopen("sysfs", FSOPEN_CLOEXEC);
	int mount_fd;

	/* The source has no meaning, but programs print it, and every sysfs has this one. */
	if (fs_fd < 0 || fsconfig(fs_fd, FSCONFIG_SET_STRING, "source", "sysfs", 0) < 0 ||
	    fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return errno == ENOSYS ? -1 : fail_create();
	mount_fd = fsmount(fs_fd, FSMOUNT_CLOEXEC, attributes | MOUNT_ATTR_RELATIME);
	/* In a user namespace the kernel refuses other flags than those of the mount on /sys. */
	if (mount_fd < 0 && errno == EPERM)
		mount_fd = fsmount(fs_fd, FSMOUNT_CLOEXEC, attributes | present_atime());
	if (mount_fd < 0 && errno != ENOSYS)
		return fail_mount("fsmount(2)", access == 0);
	return mount_fd;
}

/* Without a flag for access times, a remount keeps the present ones. */
static int remount(unsigned access)
{
	const bool read_only = access & MOUNT_ATTR_RDONLY;

	if (mount("none", sys, "none", MS_REMOUNT | MS_BIND | FLAGS | (read_only ? MS_RDONLY : 0),
		  NULL) == 0)
		return 0;
	(void)gons_i_fail(errno, "cannot make %s %s", sys, read_only ? "read-only" : "writable");
	if (errno == EPERM && !read_only)
		diagnose_mount(true);
	return -1;
}

/* Removes the mount on /sys that was just created, which cannot fail, and all on it. Keeps
 * errno. */
static void unmount_sys(void)
{
	int saved = errno;

	(void)umount2(sys, MNT_DETACH);
	errno = saved;
}

/* gVisor has a sysfs without them. */
static int check_links(void)
{
	struct stat st;

	if (stat("/sys/class/net", &st) == 0 || errno != ENOENT)
		return 0;
	(void)gons_i_fail(ENOSYS, "cannot mount a sysfs of this network namespace");
	if (!gons_i_diagnose_gvisor("/sys/class/net"))
		gons_i_add_cause("the sysfs of this kernel has no /sys/class/net");
	return -1;
}

/*
 * By mount(2), on /sys. Returns 1; 0 if /sys is a sysfs of this network namespace already (EBUSY),
 * which stays unchanged; or -1. Where only a read-only sysfs is permitted, its super block is
 * read-only, too, as every later one there has to be.
 */
static int mount_directly(unsigned access)
{
	const unsigned long flags[] = { MS_RELATIME, present_atime_flags(),
					present_atime_flags() | MS_RDONLY };
	const size_t n = access & MOUNT_ATTR_RDONLY ? 3 : 2;
	int result = -1;

	errno = EPERM;
	for (size_t i = 0; result < 0 && errno == EPERM && i < n; i++)
		result = mount("sysfs", sys, "sysfs", FLAGS | flags[i], NULL);
	if (result < 0)
		return errno == EBUSY ? 0 : fail_mount("mount(2)", access == 0);
	if (check_links() == 0 && (access == 0 || remount(access) == 0))
		return 1;
	unmount_sys();
	return -1;
}

/*
 * The same without a mount that stays: in a mount namespace of its own, which ends at once. The
 * open directory keeps the sysfs alive.
 */
static int mount_elsewhere(unsigned access)
{
	struct gons_i_context place;
	cleanup_fd int fd = -1;
	int result = -1;

	if (gons_i_context_save_checked(NULL, 0, CLONE_NEWNS, GONS_I_RETURN_CHECK_ONCE, &place) < 0)
		return -1;
	if (gons_i_switch_new(CLONE_NEWNS, &place) == 0) {
		result = mount_directly(access);
		if (result == 0)
			result = remount(access);
		if (result >= 0) {
			fd = open(sys, O_PATH | O_DIRECTORY | O_CLOEXEC);
			if (fd < 0)
				(void)gons_i_fail(errno, "cannot open %s", sys);
		}
		result = fd < 0 ? gons_i_switch_undo(&place, CLONE_NEWNS)
				: gons_i_context_restore(&place);
	}
	gons_i_context_close(&place);
	return result < 0 ? -1 : gons_i_take_fd(&fd);
}

int gons_i_sysfs_create(unsigned access)
{
	int fd = mount_detached(access);

	return fd < 0 && errno == ENOSYS ? mount_elsewhere(access) : fd;
}

GONS_EXPORT int gons_sysfs_open(void)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	cleanup_fd int mount_fd = -1;
	int fd;

	if (gons_i_scope_reserve(1) < 0)
		return -1;
	mount_fd = gons_i_sysfs_create(MOUNT_ATTR_RDONLY);
	if (mount_fd < 0)
		return -1;
	/* A descriptor opened with O_PATH cannot be listed. */
	fd = openat(mount_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return gons_i_fail(errno, "cannot open a sysfs of this network namespace");
	return gons_i_scope_push_fd(fd);
}

/* ---- on /sys ---- */

/* A mount namespace that gons did not create may share its mounts with the machine's. */
static int make_sys_private(void)
{
	if (mount("none", sys, "none", MS_PRIVATE | MS_REC, NULL) == 0)
		return 0;
	if (errno == EINVAL) /* /sys is no mount point */
		return gons_i_make_private();
	return gons_i_fail(errno, "cannot make the mount on %s private", sys);
}

static bool is_same(int fd, int other_fd)
{
	struct stat st, other;

	return fstat(fd, &st) == 0 && fstat(other_fd, &other) == 0 && st.st_dev == other.st_dev &&
	       st.st_ino == other.st_ino;
}

/*
 * Covers /sys; old_fd is the present directory. Returns 1; 0 if that is a sysfs of this network
 * namespace already, which is not covered; or -1.
 */
static int cover(int old_fd, unsigned access)
{
	cleanup_fd int mount_fd = mount_detached(access);

	if (mount_fd < 0 && errno != ENOSYS)
		return -1;
	if (mount_fd >= 0 && is_same(mount_fd, old_fd))
		return 0;
	if (make_sys_private() < 0)
		return -1;
	if (mount_fd >= 0) {
		if (move_mount(mount_fd, "", AT_FDCWD, sys, MOVE_MOUNT_F_EMPTY_PATH) == 0)
			return 1;
		if (errno != ENOSYS) {
			(void)gons_i_fail(errno, "cannot mount a sysfs on %s", sys);
			(void)gons_i_diagnose_call("move_mount(2)", "5.2");
			return -1;
		}
	}
	return mount_directly(access);
}

/* The sandboxes of package builders have no /sys, and where the kernel refuses every sysfs, a
 * directory would not help. */
static bool is_refused_anywhere(unsigned access)
{
	cleanup_fd int mount_fd = mount_detached(access);

	return mount_fd < 0 && errno == EPERM;
}

static int open_mount_point(unsigned access)
{
	const int fd = open(sys, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const int errnum = errno;

	if (fd >= 0)
		return fd;
	if (errnum == ENOENT && is_refused_anywhere(access))
		return -1;
	(void)gons_i_fail(errnum, "cannot mount a sysfs on %s", sys);
	if (errnum == ENOENT) {
		gons_i_add_cause("the root of this process has no directory %s", sys);
		gons_i_add_remedy("create it: mkdir %s", sys);
	}
	return -1;
}

static int mount_sysfs(unsigned access)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	cleanup_fd int old_fd = -1;
	int result;

	if (gons_i_refuse_initial_mntns("mount a sysfs on /sys") < 0)
		return -1;
	old_fd = open_mount_point(access);
	if (old_fd < 0)
		return -1;
	result = cover(old_fd, access);
	if (result < 0)
		return -1;
	if (result == 0)
		return remount(access);
	result = gons_i_submounts_restore(old_fd, sys);
	if (result < 0)
		unmount_sys();
	return result;
}

GONS_EXPORT int gons_mntns_mount_sysfs_ro(void)
{
	return mount_sysfs(MOUNT_ATTR_RDONLY);
}

GONS_EXPORT int gons_mntns_mount_sysfs_rw(void)
{
	return mount_sysfs(0);
}

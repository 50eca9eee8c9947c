/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sysfs of the caller's network namespace: mounted on /sys, or nowhere.
 *
 * It is made by fsopen(2) and fsmount(2), because mount(2) with MS_RDONLY would make the
 * superblock read-only, and with it every later sysfs of that network namespace.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include <gons/mntns.h>
#include <gons/privilege.h>

#include "gons/base/caps.h"
#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/compat.h"
#include "gons/core/initial_mntns.h"
#include "gons/core/scope.h"
#include "gons/core/switch.h"
#include "gons/diagnosis/cause.h"
#include "gons/diagnosis/refusal.h"
#include "mntns/submounts.h"
#include "mntns/sysfs.h"

static const char sys[] = "/sys";

/* fsopen or fsconfig refused. */
static int fail_create(void)
{
	int errnum = errno;
	bool foreign = errnum == EPERM && gons_i_is_foreign(CLONE_NEWNET);

	(void)gons_i_fail(errnum, "cannot make a sysfs of this network namespace");
	if (foreign)
		gons_i_explain("it belongs to another user namespace: enter a new one first, as "
			       "gons_netns_enter_transient() does");
	else if (errnum == ENOSYS)
		(void)gons_i_explain_call("fsopen(2)", "5.2");
	else if (!gons_i_explain_call("fsopen(2)", "5.2") &&
		 !gons_i_explain_call("fsconfig(2)", "5.2"))
		gons_i_explain_refusal(GONS_I_REFUSED_RETURN_CHECK, CLONE_NEWNS, -1);
	errno = errnum;
	return -1;
}

/* fsmount refused: for EPERM, only a mount namespace of a user namespace asks what else is
 * mounted, lest a new sysfs should reveal what the old one was made to hide. */
static int fail_mount(void)
{
	char masks[512];
	struct statfs st;
	int errnum = errno;

	(void)gons_i_fail(errnum, "cannot mount a sysfs of this network namespace");
	if (!gons_i_explain_call("fsmount(2)", "5.2") && errnum == EPERM &&
	    gons_i_has_cap(CAP_SYS_ADMIN)) {
		if (gons_i_masking_submounts(sys, masks, sizeof(masks)))
			gons_i_explain(
				"in a user namespace the kernel shows no sysfs where parts of "
				"/sys are masked, as containers do: here by %s",
				masks);
		else if (statfs(sys, &st) < 0 || st.f_type != SYSFS_MAGIC)
			gons_i_explain(
				"in a user namespace the kernel wants to see an unmasked sysfs "
				"mounted already, and there is none on %s",
				sys);
	}
	errno = errnum;
	return -1;
}

/* How access times are kept on the present /sys. */
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

int gons_i_sysfs_make(unsigned access)
{
	const unsigned attributes =
		access | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	cleanup_fd int fs_fd = fsopen("sysfs", FSOPEN_CLOEXEC);
	int mount_fd;

	/* The source has no meaning, but programs print it, and all others have this one. */
	if (fs_fd < 0 || fsconfig(fs_fd, FSCONFIG_SET_STRING, "source", "sysfs", 0) < 0 ||
	    fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return fail_create();
	mount_fd = fsmount(fs_fd, FSMOUNT_CLOEXEC, attributes | MOUNT_ATTR_RELATIME);
	/* A user namespace must keep to what /sys has been mounted with. */
	if (mount_fd < 0 && errno == EPERM)
		mount_fd = fsmount(fs_fd, FSMOUNT_CLOEXEC, attributes | present_atime());
	return mount_fd < 0 ? fail_mount() : mount_fd;
}

GONS_EXPORT int gons_sysfs_open(void)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	cleanup_fd int mount_fd = -1;
	int fd;

	if (gons_i_scope_reserve(1) < 0)
		return -1;
	mount_fd = gons_i_sysfs_make(MOUNT_ATTR_RDONLY);
	if (mount_fd < 0)
		return -1;
	/* fsmount's descriptor is O_PATH, and cannot be listed. */
	fd = openat(mount_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return gons_i_fail(errno, "cannot open a sysfs of this network namespace");
	return gons_i_scope_push_fd(fd);
}

static bool is_on_sys(int mount_fd)
{
	struct stat made, there;

	return fstat(mount_fd, &made) == 0 && stat(sys, &there) == 0 &&
	       made.st_dev == there.st_dev && made.st_ino == there.st_ino;
}

static int make_read_only(void)
{
	/* Without a flag for access times, a remount leaves them as they are kept. */
	const unsigned long flags =
		MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;

	if (mount("none", sys, "none", flags, NULL) == 0)
		return 0;
	return gons_i_fail(errno, "cannot make %s read-only", sys);
}

/* A mount namespace that gons did not make may be shared with the host's. */
static int make_sys_private(void)
{
	if (mount("none", sys, "none", MS_PRIVATE | MS_REC, NULL) == 0)
		return 0;
	if (errno == EINVAL) /* it is not /sys that is mounted, but something above */
		return gons_i_make_private();
	return gons_i_fail(errno, "cannot make the mount on %s private", sys);
}

/* Covers /sys, and puts what was mounted below it in its place again. */
static int mount_over(int mount_fd)
{
	struct gons_i_submounts submounts;
	int result = -1;

	if (make_sys_private() < 0)
		return -1;
	if (gons_i_submounts_clone(sys, &submounts) < 0)
		return -1;
	if (move_mount(mount_fd, "", AT_FDCWD, sys, MOVE_MOUNT_F_EMPTY_PATH) < 0) {
		(void)gons_i_fail(errno, "cannot mount a sysfs on %s", sys);
		(void)gons_i_explain_call("move_mount(2)", "5.2");
	} else {
		result = gons_i_submounts_attach(&submounts);
		if (result < 0) {
			int errnum = errno;

			(void)umount2(sys, MNT_DETACH); /* just mounted by us: cannot fail */
			errno = errnum;
		}
	}
	gons_i_submounts_free(&submounts);
	return result;
}

static int check_mount_point(void)
{
	struct stat st;

	if (stat(sys, &st) < 0)
		return gons_i_fail(errno, "cannot mount a sysfs on %s", sys);
	return S_ISDIR(st.st_mode) ? 0 : gons_i_fail(ENOTDIR, "cannot mount a sysfs on %s", sys);
}

GONS_EXPORT int gons_mntns_mount_sysfs_ro(void)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	cleanup_fd int mount_fd = -1;
	int is_home = gons_i_initial_mntns_is_here();

	if (is_home < 0)
		return -1;
	if (is_home) {
		(void)gons_i_fail(EINVAL,
				  "cannot mount a sysfs on %s in the mount namespace that this "
				  "process started in",
				  sys);
		gons_i_explain("enter one with gons_mntns_enter_transient() first");
		return -1;
	}
	if (check_mount_point() < 0)
		return -1;
	mount_fd = gons_i_sysfs_make(MOUNT_ATTR_RDONLY);
	if (mount_fd < 0)
		return -1;
	return is_on_sys(mount_fd) ? make_read_only() : mount_over(mount_fd);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private directories of a mount namespace: mounts a tmpfs over each directory of the machine.
 */
#include <sys/mount.h>
#include <sys/stat.h>

#include <gons/mntns.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/mountinfo.h"
#include "gons/core/switch.h"
#include "gons/diagnosis/cause.h"
#include "mntns/refuse_initial.h"
#include "mntns/etc_files.h"
#include "mntns/tmpfs.h"

/* What was covered, to be uncovered after a failure. */
struct covered {
	const char *paths[4];
	size_t n;
};

/* A mount namespace that gons did not create may share its mounts with the machine's. */
static int stop_sharing(void)
{
	static const char path[] = "/proc/thread-self/mountinfo";
	struct gons_i_lines info;
	struct gons_i_mount mount = { .is_shared = false };
	int next = 0;

	if (gons_i_lines_open(&info, path) < 0)
		return gons_i_fail(errno, "cannot open %s", path);
	while (!mount.is_shared && (next = gons_i_mountinfo_next(&info, &mount)) > 0)
		;
	gons_i_lines_close(&info);
	if (next < 0)
		return gons_i_fail(errno, "cannot read %s", path);
	return mount.is_shared ? gons_i_make_private() : 0;
}

static int cover(struct covered *covered, const char *path, const char *options)
{
	if (gons_i_mount_tmpfs(path, options) < 0)
		return -1;
	covered->paths[covered->n++] = path;
	return 0;
}

static void uncover(const struct covered *covered)
{
	int saved = errno;

	for (size_t i = covered->n; i-- > 0;)
		(void)umount2(covered->paths[i], MNT_DETACH); /* of this call: cannot fail */
	errno = saved;
}

/* With exactly this mode, whatever the umask is. */
static int create_directory(const char *path, mode_t mode)
{
	if (mkdir(path, mode) == 0 && chmod(path, mode) == 0)
		return 0;
	(void)gons_i_fail(errno, "cannot create the directory %s", path);
	gons_i_diagnose_owner();
	return -1;
}

static int cover_run(struct covered *covered)
{
	if (cover(covered, "/run", "mode=755") < 0 || create_directory("/run/netns", 0755) < 0)
		return -1;
	return create_directory("/run/lock", 01777);
}

static int cover_tmp(struct covered *covered)
{
	struct stat tmp, var_tmp;

	if (cover(covered, "/tmp", "mode=1777") < 0)
		return -1;
	/* It may be missing, or a link to /tmp. */
	if (stat("/var/tmp", &var_tmp) < 0 && errno == ENOENT)
		return 0;
	if (stat("/tmp", &tmp) == 0 && tmp.st_dev == var_tmp.st_dev && tmp.st_ino == var_tmp.st_ino)
		return 0;
	return cover(covered, "/var/tmp", "mode=1777");
}

static int check_what(int what)
{
	const int all = GONS_PRIVATE_RUN | GONS_PRIVATE_TMP | GONS_PRIVATE_NAMES;

	if (what != 0 && (what & ~all) == 0)
		return 0;
	(void)gons_i_fail(EINVAL, what == 0 ? "what is 0" : "what has unknown bits");
	gons_i_add_remedy("use one or several of GONS_PRIVATE_RUN, GONS_PRIVATE_TMP, "
			  "GONS_PRIVATE_NAMES");
	return -1;
}

GONS_EXPORT int gons_mntns_private(int what)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct covered covered = { .n = 0 };

	if (check_what(what) < 0 || gons_i_refuse_initial_mntns("cover directories") < 0 ||
	    stop_sharing() < 0)
		return -1;
	/* The names last: a link /etc/resolv.conf may lead below /run. */
	if (((what & GONS_PRIVATE_RUN) && cover_run(&covered) < 0) ||
	    ((what & GONS_PRIVATE_TMP) && cover_tmp(&covered) < 0) ||
	    ((what & GONS_PRIVATE_NAMES) && gons_i_etc_files_create() < 0)) {
		uncover(&covered);
		return -1;
	}
	return 0;
}

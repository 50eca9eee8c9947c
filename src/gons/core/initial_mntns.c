/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The home mount namespace: the one that the process started in, or that gons_become_root()
 * made. Its /sys is never touched.
 */
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/procfs.h"
#include "gons/base/types.h"
#include "gons/core/initial_mntns.h"
#include "gons/core/nsfd.h"

#ifndef NS_GET_MNTNS_ID
#define NS_GET_MNTNS_ID _IOR(NSIO, 0x5, __u64)
#endif

/* An inode number is given again when its namespace has ended. An id is not, but only newer
 * kernels have one (0: none). */
struct identity {
	uint64_t ino, id;
};

static struct identity home;

static int identify(struct identity *ret_own)
{
	cleanup_fd int fd = gons_i_open_own(gons_i_type_entry(CLONE_NEWNS));
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return gons_i_fail(errno, "cannot tell this thread's mount namespace");
	ret_own->ino = st.st_ino;
	if (ioctl(fd, NS_GET_MNTNS_ID, &ret_own->id) < 0)
		ret_own->id = 0;
	return 0;
}

void gons_i_initial_mntns_set(void)
{
	(void)identify(&home); /* on failure it stays unknown, and nothing is allowed */
}

void gons_i_initial_mntns_learn(void)
{
	if (home.ino == 0)
		gons_i_initial_mntns_set();
}

/* The process may move before its first call of gons, so that cannot be waited for. Start-up
 * switching may come first, and has asked for it then. */
__attribute__((constructor)) static void remember_start(void)
{
	int errnum = errno;

	gons_i_initial_mntns_learn();
	gons_i_recheck_procfs(); /* the program may mount something before its first call */
	gons_i_failure_forget(errnum); /* the program has made no call yet */
}

int gons_i_initial_mntns_is_here(void)
{
	struct identity own = { 0, 0 };

	gons_i_initial_mntns_learn();
	if (identify(&own) < 0)
		return -1;
	return home.ino == 0 || (own.ino == home.ino && own.id == home.id);
}

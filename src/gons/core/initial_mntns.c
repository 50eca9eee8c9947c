/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The initial mount namespace: the one that the process started in, or that gons_become_root()
 * created. Its /sys is never touched.
 */
#include <linux/nsfs.h>
#include <linux/types.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/forks.h"
#include "gons/base/procfs.h"
#include "gons/base/types.h"
#include "gons/core/initial_mntns.h"
#include "gons/core/nsfd.h"

#ifndef NS_GET_MNTNS_ID
#define NS_GET_MNTNS_ID _IOR(NSIO, 0x5, __u64)
#endif

/* The kernel reuses the inode number of a namespace that has ended. It does not reuse an id, but
 * only newer kernels have those (0: none). */
struct identity {
	uint64_t ino, id;
};

/* Guarded by gons_i_forks_forbid(). ino is 0 where it is unknown. */
static struct identity initial;

static struct identity read_initial(void)
{
	struct identity known;

	(void)gons_i_forks_prepare(); /* if it fails, only a fork at this moment does harm */
	gons_i_forks_forbid();
	known = initial;
	gons_i_forks_allow();
	return known;
}

static int identify(struct identity *ret_own)
{
	cleanup_fd int fd = gons_i_open_own(gons_i_type_entry(CLONE_NEWNS));
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return gons_i_fail(errno,
				   "cannot find out which mount namespace this thread is in");
	ret_own->ino = st.st_ino;
	if (ioctl(fd, NS_GET_MNTNS_ID, &ret_own->id) < 0)
		ret_own->id = 0;
	return 0;
}

/* With replace, also if an initial mount namespace is known already. */
static void set_initial(bool replace)
{
	struct identity own;

	if (identify(&own) < 0)
		return; /* it stays unknown, and every mount namespace is refused */
	gons_i_forks_forbid();
	if (replace || initial.ino == 0)
		initial = own;
	gons_i_forks_allow();
}

void gons_i_initial_mntns_set(void)
{
	(void)gons_i_forks_prepare();
	set_initial(true);
}

void gons_i_initial_mntns_set_if_unknown(void)
{
	if (read_initial().ino == 0)
		set_initial(false);
}

/* Not left to the first call of gons, since the process may change its mount namespace before that.
 * Start-up switching may run before this constructor; it does the same itself. */
__attribute__((constructor)) static void remember_initial(void)
{
	int errnum = errno;

	gons_i_initial_mntns_set_if_unknown();
	gons_i_forget_procfs_check(); /* the program may mount something before its first call */
	gons_i_failure_clear(errnum); /* the program has made no call yet */
}

int gons_i_initial_mntns_is_here(void)
{
	struct identity own, known;

	gons_i_initial_mntns_set_if_unknown();
	if (identify(&own) < 0)
		return -1;
	known = read_initial();
	return known.ino == 0 || (own.ino == known.ino && own.id == known.id);
}

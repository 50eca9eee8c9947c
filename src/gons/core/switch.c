/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The switching core: the only setns, unshare and chroot of the library.
 *
 * A switch is always: open the place to come back to, go, record the way back. What fails
 * in between returns to the place. Only the calling thread moves.
 */
#include <fcntl.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "gons/base/clock.h"
#include "gons/base/error.h"
#include "gons/base/procfs.h"
#include "gons/base/types.h"
#include "gons/core/saved_context.h"
#include "gons/core/switch.h"
#include "gons/core/thread_state.h"
#include "gons/diagnosis/refusal.h"

/* Types to which the kernel has once let this thread come back. */
static __thread int proven;

/* A mount namespace says EINVAL while other threads share this one's root and working
 * directory; those stop being shared then, for good. */
int gons_i_join(int nsfd, int type)
{
	if (setns(nsfd, type) == 0)
		return 0;
	if (type != CLONE_NEWNS || errno != EINVAL || unshare(CLONE_FS) < 0)
		return -1;
	return setns(nsfd, type);
}

/* ---- the place to come back to ---- */

int gons_i_context_restore_directories(const struct gons_i_context *place)
{
	int errnum = fchdir(place->root_fd) < 0 || chroot(".") < 0 ? errno : 0;

	/* Also where the root is refused, so that nothing moves that can stay. */
	if (fchdir(place->cwd_fd) < 0)
		return -1;
	if (errnum == 0)
		return 0;
	errno = errnum;
	return -1;
}

/* Comes back to one type; errno is setns's. */
static int come_back(const struct gons_i_context *place, size_t i)
{
	if (gons_i_join(place->fd[i], gons_i_types[i].flag) < 0)
		return -1;
	return gons_i_types[i].flag == CLONE_NEWNS ? gons_i_context_restore_directories(place) : 0;
}

static bool is_file(const char *path, int fd)
{
	struct stat there, here;

	return stat(path, &here) == 0 && fstat(fd, &there) == 0 && here.st_dev == there.st_dev &&
	       here.st_ino == there.st_ino;
}

/* Comes to where the thread is. Says what was refused, and whether that has moved it. */
static int prove(const struct gons_i_context *place, size_t i, const int *nsfds, size_t n)
{
	const int type = gons_i_types[i].flag;
	bool moved;
	int errnum;

	/* The working directory first, which could not be come back to after the rest. */
	if ((type == CLONE_NEWNS && fchdir(place->cwd_fd) < 0) ||
	    gons_i_join(place->fd[i], type) < 0)
		return gons_i_fail_return_check(place->types, nsfds, n);
	if (type != CLONE_NEWNS || gons_i_context_restore_directories(place) == 0)
		return 0;
	errnum = errno;
	moved = !is_file("/", place->root_fd) || !is_file(".", place->cwd_fd);
	errno = errnum;
	if (!moved)
		return gons_i_fail_return_check(place->types, nsfds, n);
	gons_i_set_stranded(type, true);
	return gons_i_fail_switch(GONS_I_REFUSED_RETURN, type, -1);
}

int gons_i_context_save_checked(const int *nsfds, size_t n, int types,
				enum gons_i_return_check proof, struct gons_i_context *ret_place)
{
	int unproven = proof == GONS_I_RETURN_CHECK_ONCE ? types & ~proven : types;
	struct gons_i_context place;

	if (gons_i_context_save(types, &place) < 0)
		return -1;
	/* Coming from where one already is asks for the same permissions as coming back: a
	 * namespace of a user namespace further up, for one, lets nobody in. */
	for (size_t i = 0; i < GONS_I_SWITCHABLE; i++) {
		if (!(unproven & gons_i_types[i].flag))
			continue;
		if (prove(&place, i, nsfds, n) < 0) {
			gons_i_context_close(&place);
			return -1;
		}
		proven |= gons_i_types[i].flag;
	}
	*ret_place = place;
	return 0;
}

int gons_i_context_restore(const struct gons_i_context *place)
{
	int errnum = 0;

	for (size_t i = 0; i < GONS_I_SWITCHABLE; i++) {
		const struct gons_i_type *entry = &gons_i_types[i];

		if (!(place->types & entry->flag))
			continue;
		if (come_back(place, i) == 0) {
			gons_i_set_stranded(entry->flag, false);
			continue;
		}
		gons_i_set_stranded(entry->flag, true);
		if (errnum != 0)
			continue;
		(void)gons_i_fail_switch(GONS_I_REFUSED_RETURN, entry->flag, -1);
		errnum = errno;
	}
	if (errnum == 0)
		return 0;
	errno = errnum;
	return -1;
}

int gons_i_switch_undo(const struct gons_i_context *place, int types)
{
	struct gons_i_context switched = *place;
	struct gons_i_failure failure, way_back;

	gons_i_failure_save(&failure);
	switched.types = types;
	if (gons_i_context_restore(&switched) == 0)
		return gons_i_failure_restore(&failure);
	gons_i_failure_save(&way_back);
	(void)gons_i_failure_restore(&failure);
	gons_i_explain("%s", way_back.message);
	return -1;
}

/* ---- into new namespaces ---- */

/* Types for which waiting has not helped: not to be waited for at length again, by any thread, for
 * many a namespace is made on a new one. */
static atomic_int exhausted;

void gons_i_note_exhausted(int types, bool are)
{
	if (are)
		exhausted |= types;
	else
		exhausted &= ~types;
}

int gons_i_unshare(int types)
{
	/* 50 ms are usual, and more than a second was seen beside a busy neighbour. */
	const int64_t patience = ((exhausted & types) ? 100 : 5000) * (int64_t)GONS_I_NS_OF_MS;
	const struct timespec pause = { .tv_nsec = 1000000 };
	int64_t start = 0;

	while (unshare(types) < 0) {
		if (errno != ENOSPC)
			return gons_i_fail_switch(GONS_I_REFUSED_NEW, types, -1);
		if (start == 0)
			start = gons_i_nanoseconds();
		if (gons_i_nanoseconds() - start >= patience || gons_i_limit_is_zero(types)) {
			gons_i_note_exhausted(types, true);
			errno = ENOSPC;
			return gons_i_fail_switch(GONS_I_REFUSED_NEW, types, -1);
		}
		(void)nanosleep(&pause, NULL); /* a signal only makes it shorter */
	}
	gons_i_note_exhausted(types, false);
	return 0;
}

/*
 * mount(2) takes mount points only, which "/" is not below a plain chroot (EINVAL), and would
 * leave out what is mounted above the root. Joining the mount namespace that the thread is in
 * leads to the namespace's own root. That in turn may cover the thread's ("mount --bind / /"),
 * so both are made private.
 */
int gons_i_make_private(void)
{
	const unsigned long private = MS_REC | MS_PRIVATE;
	struct gons_i_context place;
	int errnum = 0;

	if (gons_i_context_save(CLONE_NEWNS, &place) < 0)
		return -1;
	if ((mount("none", "/", "none", private, NULL) < 0 && errno != EINVAL) ||
	    gons_i_join(place.fd[GONS_I_MNT], CLONE_NEWNS) < 0 ||
	    mount("none", "/", "none", private, NULL) < 0)
		errnum = errno;
	if (gons_i_context_restore_directories(&place) < 0 && errnum == 0)
		errnum = errno;
	gons_i_context_close(&place);
	if (errnum == 0)
		return 0;
	(void)gons_i_fail(errnum, "cannot make this mount namespace private");
	gons_i_explain_refusal(GONS_I_REFUSED_MOUNT, CLONE_NEWNS, -1);
	return -1;
}

int gons_i_switch_new(int types, const struct gons_i_context *place)
{
	if (gons_i_unshare(types) < 0)
		return -1;
	if (!(types & CLONE_NEWNS) || gons_i_make_private() == 0)
		return 0;
	return place ? gons_i_switch_undo(place, types) : -1;
}

/* Changes nothing where there are none. */
static bool counts_threads(void)
{
	return unshare(CLONE_THREAD) < 0 && errno == EINVAL;
}

bool gons_i_has_threads(void)
{
	enum { PATIENCE_MS = 100 };
	const struct timespec pause = { .tv_nsec = 1000000 };

	for (int i = 0; counts_threads(); i++) {
		if (i == PATIENCE_MS || gons_i_running_threads() != 1)
			return true;
		(void)nanosleep(&pause, NULL); /* a signal only makes it shorter */
	}
	return false;
}

/* ---- into existing namespaces ---- */

/* Path of the working directory; "/" where it has none. Not getcwd(3), which turns
 * "(unreachable)/a" into an error. */
static void get_directory(char path[PATH_MAX])
{
	if (syscall(SYS_getcwd, path, PATH_MAX) < 0)
		(void)strcpy(path, "/");
}

/*
 * Keeps root and working directory where the same paths exist in the mount namespace that
 * the thread has just joined, whose root it is at now.
 */
static void carry_directories(const struct gons_i_context *place, const char *cwd)
{
	static const char unreachable[] = "(unreachable)";
	char path[PATH_MAX];
	const char *root = path;

	/* Seen from here, the old root has a path of its own: "(unreachable)/srv/chroot". */
	if (fchdir(place->root_fd) == 0) {
		get_directory(path);
		if (strncmp(root, unreachable, sizeof(unreachable) - 1) == 0)
			root += sizeof(unreachable) - 1;
		if (strcmp(root, "/") != 0)
			(void)chroot(root); /* absent here: the namespace's root it is */
	}
	if (cwd[0] != '/' || chdir(cwd) < 0)
		(void)chdir("/");
}

int gons_i_switch_one(int nsfd, int type, const struct gons_i_context *place)
{
	char cwd[PATH_MAX];

	if (type != CLONE_NEWNS)
		return gons_i_join(nsfd, type);
	get_directory(cwd);
	if (gons_i_join(nsfd, type) < 0)
		return -1;
	carry_directories(place, cwd);
	return 0;
}

int gons_i_switch_to(const int *nsfds, const int *types, size_t n,
		     const struct gons_i_context *place)
{
	int switched = 0;

	for (size_t i = 0; i < n; i++) {
		if (gons_i_switch_one(nsfds[i], types[i], place) < 0) {
			(void)gons_i_fail_switch(GONS_I_REFUSED_TARGET, types[i], nsfds[i]);
			return gons_i_switch_undo(place, switched);
		}
		switched |= types[i];
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The switching core: the only setns, unshare and chroot of the library.
 *
 * A switch is always: save the context, check the return to it, switch, record the return. What
 * fails in between returns to the context. Only the calling thread moves.
 */
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "gons/base/clock.h"
#include "gons/base/error.h"
#include "gons/base/mounts.h"
#include "gons/base/procfs.h"
#include "gons/base/types.h"
#include "gons/base/child.h"
#include "gons/core/saved_context.h"
#include "gons/core/switch.h"
#include "gons/core/thread_state.h"
#include "gons/diagnosis/cause.h"
#include "gons/diagnosis/refusal.h"

/* Types to which the kernel has once let this thread return. */
static __thread int checked;

int gons_i_checked_returns(void)
{
	return checked;
}

/* setns(2) refuses a mount namespace with EINVAL while this thread shares its root and working
 * directory with other threads. unshare(CLONE_FS) ends that, for good. */
int gons_i_join(int nsfd, int type)
{
	if (setns(nsfd, type) == 0)
		return 0;
	if (type != CLONE_NEWNS || errno != EINVAL || unshare(CLONE_FS) < 0)
		return -1;
	return setns(nsfd, type);
}

/* ---- the return ---- */

int gons_i_context_restore_directories(const struct gons_i_context *context)
{
	int errnum = fchdir(context->root_fd) < 0 || chroot(".") < 0 ? errno : 0;

	/* Even if the root is refused: the working directory at least is restored. */
	if (fchdir(context->cwd_fd) < 0)
		return -1;
	if (errnum == 0)
		return 0;
	errno = errnum;
	return -1;
}

static bool same_mount_and_file(const struct gons_i_mount_and_file *a,
				const struct gons_i_mount_and_file *b)
{
	return a->mount == b->mount && a->file.dev == b->file.dev && a->file.ino == b->file.ino;
}

/* Whether the thread, which has just joined the mount namespace of the context, has the root of the
 * context already, without chroot(2). */
static bool has_root(const struct gons_i_context *context)
{
	struct gons_i_mount_and_file now;

	return context->root.mount != 0 && gons_i_mount_and_file_get(AT_FDCWD, "/", &now) == 0 &&
	       same_mount_and_file(&now, &context->root);
}

/* Returns to the namespace of one type; -1 with the errno of setns(2). */
static int return_to(const struct gons_i_context *context, size_t i)
{
	if (gons_i_join(context->fd[i], gons_i_types[i].flag) < 0)
		return -1;
	if (gons_i_types[i].flag != CLONE_NEWNS)
		return 0;
	/* The descriptor keeps the mount, and so its number. */
	if (context->root_fd >= 0 && has_root(context))
		return fchdir(context->cwd_fd);
	return gons_i_context_restore_directories(context);
}

/* Tries, without any effect, the other two steps of a return to a mount namespace: whether the user
 * may enter the working directory, and whether a filter refuses chroot(2). The kernel looks up the
 * argument of chroot(2) before it checks anything else. */
static int try_directories(const struct gons_i_context *context)
{
	struct stat st;

	if (!context->may_enter_cwd && fstatat(context->cwd_fd, ".", &st, 0) < 0)
		return -1;
	return chroot("") < 0 && errno == ENOENT ? 0 : -1;
}

/* A root of this thread that was also the root of its mount namespace, when that was last
 * checked. */
static __thread struct gons_i_mount_and_file namespace_root;

/* Joins the mount namespace that the thread is in, which moves the thread to the root of the
 * namespace, and returns to the thread's own root and working directory. -1: refused, and the
 * thread may have moved. */
static int join_own_mntns(struct gons_i_context *context)
{
	if (gons_i_join(context->fd[GONS_I_MNT], CLONE_NEWNS) < 0)
		return -1;
	context->is_at_root = has_root(context);
	if (!context->is_at_root)
		return gons_i_context_restore_directories(context);
	namespace_root = context->root;
	return fchdir(context->cwd_fd);
}

static bool has_moved(const struct gons_i_context *context)
{
	int errnum = errno;
	bool moved = !gons_i_file_id_is_at(&context->root.file, "/") ||
		     !gons_i_file_id_is_at(&context->cwd_id, ".");

	errno = errnum;
	return moved;
}

/* -1 with errno alone; ret_moved then tells whether root or working directory have changed. */
static int check_type(struct gons_i_context *context, size_t i, bool *ret_moved)
{
	*ret_moved = false;
	if (gons_i_types[i].flag != CLONE_NEWNS)
		return gons_i_join(context->fd[i], gons_i_types[i].flag);
	if (try_directories(context) < 0)
		return -1;
	if (join_own_mntns(context) == 0)
		return 0;
	*ret_moved = has_moved(context);
	return -1;
}

static int fail_check(const struct gons_i_context *context, int type, const int *nsfds, size_t n)
{
	int errnum = errno;

	if (type != CLONE_NEWPID || errnum != EPERM)
		return gons_i_fail_return_check(context->types, nsfds, n);
	(void)gons_i_fail(errnum, "cannot enter a PID namespace");
	if (!gons_i_diagnose_filter("setns(2)", type)) {
		gons_i_add_cause("the thread could not return to the PID namespace in which its "
				 "children are created now: this needs CAP_SYS_ADMIN in the user "
				 "namespace that owns it");
		gons_i_add_remedy("%suse gons_set_run()", gons_i_run_as_root_or());
	}
	errno = errnum;
	return -1;
}

/* Joining the namespace in which the thread already is takes the same permissions as returning to
 * it later. A namespace that belongs to an ancestor user namespace, for example, refuses both. */
int gons_i_context_check(struct gons_i_context *context, int optional, const int *nsfds, size_t n,
			 enum gons_i_return_check check)
{
	const int known = check == GONS_I_RETURN_CHECK_ONCE ? checked & ~optional : 0;

	for (size_t i = 0; i < GONS_I_ENTERABLE; i++) {
		const int type = gons_i_types[i].flag;
		bool moved;

		if (!(context->types & type))
			continue;
		if (known & type) {
			if (type == CLONE_NEWNS && namespace_root.mount != 0)
				context->is_at_root =
					same_mount_and_file(&context->root, &namespace_root);
			continue;
		}
		if (check_type(context, i, &moved) == 0) {
			checked |= type;
		} else if (moved) {
			gons_i_set_stranded(type, errno);
			return gons_i_fail_switch(GONS_I_REFUSED_RETURN, type, -1);
		} else if (optional & type) {
			context->types &= ~type;
			gons_i_close_fd(&context->fd[i]);
		} else {
			return fail_check(context, type, nsfds, n);
		}
	}
	return 0;
}

int gons_i_context_save_checked(const int *nsfds, size_t n, int types,
				enum gons_i_return_check check, struct gons_i_context *ret_context)
{
	struct gons_i_context context;

	if (gons_i_context_save(types, &context) < 0)
		return -1;
	if (gons_i_context_check(&context, 0, nsfds, n, check) < 0) {
		gons_i_context_close(&context);
		return -1;
	}
	*ret_context = context;
	return 0;
}

int gons_i_context_restore(const struct gons_i_context *context)
{
	int errnum = 0;

	for (size_t i = 0; i < GONS_I_ENTERABLE; i++) {
		const struct gons_i_type *entry = &gons_i_types[i];

		if (!(context->types & entry->flag))
			continue;
		if (return_to(context, i) == 0) {
			/* A thread that was stranded before it left is stranded again. */
			if (!(context->stranded & entry->flag))
				gons_i_set_stranded(entry->flag, 0);
			continue;
		}
		gons_i_set_stranded(entry->flag, errno);
		if (errnum != 0)
			continue;
		(void)gons_i_fail_switch(GONS_I_REFUSED_RETURN, entry->flag, -1);
		errnum = errno;
		if (errnum == EBADF)
			gons_i_add_cause("the descriptor for the return was closed by other means, "
					 "such as close_range(2)");
	}
	if (errnum == 0)
		return 0;
	errno = errnum;
	return -1;
}

int gons_i_fail_stranded(void)
{
	const int types = gons_i_stranded_types();

	errno = gons_i_stranded_errno();
	return gons_i_fail_switch(GONS_I_REFUSED_RETURN, types & -types, -1);
}

int gons_i_switch_undo(const struct gons_i_context *context, int types)
{
	struct gons_i_context switched = *context;
	struct gons_i_failure failure, stranded;

	gons_i_failure_save(&failure);
	switched.types = types;
	if (gons_i_context_restore(&switched) == 0)
		return gons_i_failure_restore(&failure);
	gons_i_failure_save(&stranded);
	(void)gons_i_failure_restore(&failure);
	gons_i_add_remedy("%s", stranded.message);
	return -1;
}

/* ---- into new namespaces ---- */

/* Types for which a long wait has not helped: the next wait is short, on all threads, since many
 * namespaces are created on new threads. */
static atomic_int exhausted;

void gons_i_note_exhausted(int types, bool are)
{
	if (are)
		exhausted |= types;
	else
		exhausted &= ~types;
}

/* Repeats a call that fails with ENOSPC. Returns its last result. */
static long create(int types, long (*try)(int types))
{
	/* 50 ms are usual; on a busy machine it took more than five seconds. */
	const int64_t limit = ((exhausted & types) ? 100 : 10000) * (int64_t)GONS_I_NS_OF_MS;
	const struct timespec pause = { .tv_nsec = 1000000 };
	int64_t start = 0;
	long result;

	while ((result = try(types)) < 0) {
		if (errno != ENOSPC)
			return gons_i_fail_switch(GONS_I_REFUSED_NEW, types, -1);
		if (start == 0)
			start = gons_i_nanoseconds();
		if (gons_i_nanoseconds() - start >= limit || gons_i_limit_is_zero(types)) {
			gons_i_note_exhausted(types, true);
			errno = ENOSPC;
			return gons_i_fail_switch(GONS_I_REFUSED_NEW, types, -1);
		}
		(void)nanosleep(&pause, NULL); /* a signal only makes it shorter */
	}
	gons_i_note_exhausted(types, false);
	return result;
}

static long try_unshare(int types)
{
	if ((types & CLONE_NEWIPC) && gons_i_is_fakeroot_by_ipc()) {
		errno = EPERM;
		return -1;
	}
	return unshare(types);
}

int gons_i_unshare(int types)
{
	return (int)create(types, try_unshare);
}

static long try_clone(int types)
{
	return gons_i_fork_into(types);
}

pid_t gons_i_fork_into_new(int types)
{
	return (pid_t)create(types, try_clone);
}

static int fail_private(int errnum)
{
	(void)gons_i_fail(errnum, "cannot make this mount namespace private");
	gons_i_diagnose_refusal(GONS_I_REFUSED_MOUNT, CLONE_NEWNS, -1);
	return -1;
}

static int mount_private(void)
{
	return mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL);
}

/*
 * mount(2) takes mount points only, which "/" is not below a plain chroot (EINVAL), and would
 * leave out what is mounted above the root. Joining the mount namespace that the thread is in
 * leads to the namespace's own root. That in turn may cover the thread's ("mount --bind / /"),
 * so both are made private.
 */
int gons_i_make_private(void)
{
	struct gons_i_context context;
	int errnum = 0;

	if (gons_i_context_save(CLONE_NEWNS, &context) < 0)
		return -1;
	if ((mount_private() < 0 && errno != EINVAL) ||
	    gons_i_join(context.fd[GONS_I_MNT], CLONE_NEWNS) < 0 || mount_private() < 0)
		errnum = errno;
	if (gons_i_context_restore_directories(&context) < 0 && errnum == 0)
		errnum = errno;
	gons_i_context_close(&context);
	return errnum == 0 ? 0 : fail_private(errnum);
}

static void (*_Atomic on_new_netns)(void);

void gons_i_set_new_netns_hook(void (*fn)(void))
{
	on_new_netns = fn;
}

int gons_i_switch_new(int types, const struct gons_i_context *context)
{
	void (*hook)(void);
	int result = 0;

	if (gons_i_unshare(types) < 0)
		return -1;
	if ((types & CLONE_NEWNET) && (hook = on_new_netns))
		hook();
	if (!(types & CLONE_NEWNS))
		return 0;
	if (!context || !context->is_at_root)
		result = gons_i_make_private();
	else if (mount_private() < 0)
		result = fail_private(errno);
	if (result == 0)
		return 0;
	return context ? gons_i_switch_undo(context, types) : -1;
}

/* The number of threads of the process, including those that are ending; 0 if it is unknown. */
static uint64_t count_threads(void)
{
	uint64_t n;

	return gons_i_status_number("Threads", 10, &n) < 0 ? 0 : n;
}

bool gons_i_has_threads(void)
{
	enum { PATIENCE_MS = 100 };
	const struct timespec pause = { .tv_nsec = 1000000 };

	for (int i = 0; count_threads() > 1; i++) {
		if (i == PATIENCE_MS || gons_i_running_threads() != 1)
			return true;
		(void)nanosleep(&pause, NULL); /* a signal only makes it shorter */
	}
	return false;
}

/* ---- into existing namespaces ---- */

/* The path of the working directory; "/" if it has none. Not by getcwd(3), which fails for
 * "(unreachable)/a". */
static void get_directory(char path[PATH_MAX])
{
	if (syscall(SYS_getcwd, path, PATH_MAX) < 0)
		(void)strcpy(path, "/");
}

/*
 * Changes root and working directory to the directories that have the previous paths in the mount
 * namespace that the thread has just joined. setns(2) has moved it to the root of that namespace.
 */
static void restore_directories_by_path(const struct gons_i_context *context, const char *cwd)
{
	static const char unreachable[] = "(unreachable)";
	char path[PATH_MAX];
	const char *root = path;

	/* Here the old root has another path, such as: "(unreachable)/srv/chroot". */
	if (!context->is_at_root && fchdir(context->root_fd) == 0) {
		get_directory(path);
		if (strncmp(root, unreachable, sizeof(unreachable) - 1) == 0)
			root += sizeof(unreachable) - 1;
		if (strcmp(root, "/") != 0)
			(void)chroot(root); /* fails if the path is absent here: the root stays */
	}
	if (cwd[0] != '/' || chdir(cwd) < 0)
		(void)chdir("/");
}

int gons_i_switch_one(int nsfd, int type, const struct gons_i_context *context)
{
	char cwd[PATH_MAX];

	if (type != CLONE_NEWNS)
		return gons_i_join(nsfd, type);
	get_directory(cwd);
	if (gons_i_join(nsfd, type) < 0)
		return -1;
	restore_directories_by_path(context, cwd);
	return 0;
}

int gons_i_switch_to(const int *nsfds, const int *types, size_t n,
		     const struct gons_i_context *context)
{
	int switched = 0;

	for (size_t i = 0; i < n; i++) {
		if (gons_i_switch_one(nsfds[i], types[i], context) < 0) {
			(void)gons_i_fail_switch(GONS_I_REFUSED_TARGET, types[i], nsfds[i]);
			return gons_i_switch_undo(context, switched);
		}
		switched |= types[i];
	}
	return 0;
}

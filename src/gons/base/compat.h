/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_BASE_COMPAT_H
#define GONS_I_BASE_COMPAT_H

/*
 * What some C libraries and kernel headers lack, under its usual name. The build looks for each of
 * these functions and constants. Where one is lacking it includes this file before everything else
 * in every file that it compiles, so that no file names it, and none is forgotten. A header that
 * may be lacking as a whole is below compat/.
 */

/* Before <linux/mount.h>, whose macros have the names of enumerators in this header. */
#include <sys/mount.h>

#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* The kernel gives these numbers on all architectures, but a C library names only those that it
 * knew when it was built. */
#ifndef SYS_pidfd_send_signal /* glibc 2.31, Linux 5.1 */
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_open_tree /* glibc 2.31, Linux 5.2 */
#define SYS_open_tree  428
#define SYS_move_mount 429
#define SYS_fsopen     430
#define SYS_fsconfig   431
#define SYS_fsmount    432
#endif
#ifndef SYS_pidfd_open /* glibc 2.31, Linux 5.3 */
#define SYS_pidfd_open 434
#endif
#ifndef SYS_clone3 /* glibc 2.31, Linux 5.3 */
#define SYS_clone3 435
#endif
#ifndef SYS_close_range /* glibc 2.32, Linux 5.9 */
#define SYS_close_range 436
#endif
#ifndef SYS_openat2 /* glibc 2.32, Linux 5.6 */
#define SYS_openat2 437
#endif
#ifndef SYS_faccessat2 /* glibc 2.33, Linux 5.8 */
#define SYS_faccessat2 439
#endif
#ifndef SYS_mount_setattr /* glibc 2.33, Linux 5.12 */
#define SYS_mount_setattr 442
#endif
#ifndef SYS_landlock_create_ruleset /* glibc 2.34, Linux 5.13 */
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_restrict_self  446
#endif

#ifdef WITHOUT_GETTID /* glibc 2.30 */
static inline pid_t gettid(void)
{
	return (pid_t)syscall(SYS_gettid);
}
#endif

#ifdef WITHOUT_FSOPEN /* glibc 2.36 */
#include <linux/mount.h>

static inline int fsopen(const char *type, unsigned flags)
{
	return (int)syscall(SYS_fsopen, type, flags);
}

static inline int fsconfig(int fs_fd, unsigned command, const char *key, const void *value, int aux)
{
	return (int)syscall(SYS_fsconfig, fs_fd, command, key, value, aux);
}

static inline int fsmount(int fs_fd, unsigned flags, unsigned attributes)
{
	return (int)syscall(SYS_fsmount, fs_fd, flags, attributes);
}

static inline int open_tree(int dir_fd, const char *path, unsigned flags)
{
	return (int)syscall(SYS_open_tree, dir_fd, path, flags);
}

static inline int move_mount(int from_fd, const char *from, int to_fd, const char *to,
			     unsigned flags)
{
	return (int)syscall(SYS_move_mount, from_fd, from, to_fd, to, flags);
}
#endif

#ifdef WITHOUT_P_PIDFD /* glibc 2.36 */
#define P_PIDFD ((idtype_t)3)
#endif

#ifdef WITHOUT_NLMSGERR_ATTR_MISS_TYPE /* Linux 6.1 */
#define NLMSGERR_ATTR_MISS_TYPE 5
#endif

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_SET_H
#define GONS_SET_H

/*
 * Sets of namespaces: several namespaces that are kept alive, passed around and used together.
 *
 * A set keeps its namespaces alive. It is not on any scope: the caller owns it and closes it by
 * gons_set_close(). Any thread may use it, but not while another one closes it. Use sets for code
 * that must not move the calling thread, and for functions in a child. A test that only wants to be
 * in new namespaces uses gons_enter_transient().
 *
 * Every call except gons_set_close() fails with EINVAL when the set is NULL. As with free(3), a set
 * must not be used or closed again after gons_set_close().
 */

#include <gons/gons.h>

#include <sched.h> /* struct timespec, also for strict C99 */
#include <stdbool.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gons_set gons_set;

/* One line of a map: maps the count ids that begin with inside, in a user namespace, to the count
 * ids that begin with outside, in its parent. */
struct gons_idmap {
	unsigned inside, outside, count;
};

/* The lines of a new user namespace's uid_map and gid_map (user_namespaces(7)). */
struct gons_idmaps {
	const struct gons_idmap *uid;
	size_t n_uid;
	const struct gons_idmap *gid;
	size_t n_gid;
};

/*
 * What gons_set_unshare() creates, beside the types. All zeros are the defaults, as is NULL.
 *
 * @maps: the ids of a new user namespace. Where uid is NULL, the caller's effective user becomes 0,
 *        and where gid is NULL its effective group, as with gons_become_root(). An empty map, whose
 *        pointer is not NULL and whose number of lines is 0, is left unwritten.
 * @monotonic, @boottime: are added to these clocks in a new time namespace (time_namespaces(7)).
 *        tv_nsec is between 0 and 999999999, also where tv_sec is negative.
 * @reserved: must be 0.
 */
struct gons_set_options {
	struct gons_idmaps maps;
	struct timespec monotonic, boottime;
	uint64_t reserved[4];
};

/*
 * gons_set_current - a set of the calling thread's namespaces.
 *
 * @types: one or several of the CLONE_NEW* flags; 0 for all that this kernel has.
 *
 * Returns a set; close it by gons_set_close(). NULL with EINVAL when types has other bits; ENOENT
 * when the kernel lacks a type, or when procfs is not mounted on /proc or something is mounted over
 * the thread's part of it; EMFILE, ENOMEM.
 */
gons_set *gons_set_current(int types);

/*
 * gons_set_from_pid - a set of the namespaces of a process, or of one thread by its id.
 *
 * @pid: the id under which the process appears in /proc. All namespaces are of the same process,
 *       even if it ends meanwhile and its id is used again.
 * @types: as for gons_set_current().
 *
 * Returns as gons_set_current() does. NULL also with EINVAL when pid is not positive; ESRCH when
 * there is no such process or it has ended; EACCES for a process of another user, or with more
 * capabilities: it takes CAP_SYS_PTRACE in the user namespace of that process (ptrace(2), "Ptrace
 * access mode checking").
 */
gons_set *gons_set_from_pid(pid_t pid, int types);

/*
 * gons_set_from_dir - a set of the namespaces at dir/net, dir/mnt and so on.
 *
 * @dir: a directory with files that are named after the types: one that gons_set_mount() has
 *       filled, or /proc/42/ns.
 * @types: as for gons_set_current(); 0 for all types that have a file in dir.
 *
 * Returns as gons_set_current() does. NULL also with EINVAL when dir is NULL or empty, or when a
 * file is not a namespace of its type; ENOENT when dir or a file is missing, or with types 0 all of
 * them; ENOTDIR when dir is not a directory; otherwise with the errno of open(2).
 */
gons_set *gons_set_from_dir(const char *dir, int types);

/*
 * gons_set_dup - an independent copy of a set.
 *
 * @types: which of the set's namespaces the copy has; 0 for all.
 *
 * Returns a set; close it by gons_set_close(). NULL with EINVAL for a type that the set does not
 * have; EMFILE, ENOMEM.
 */
gons_set *gons_set_dup(const gons_set *set, int types);

/*
 * gons_set_unshare - a set with new namespaces.
 *
 * @set: the set in whose namespaces the new ones are created; NULL for the caller's namespaces.
 * @types: the types of the new namespaces: one or several of the CLONE_NEW* flags.
 * @options: NULL for the defaults, see struct gons_set_options.
 *
 * The returned set has the new namespaces, and the namespaces of set that are of other types. The
 * calling thread stays where it is.
 *
 * The new namespaces are created within those of set or, for types that set does not have, within
 * the caller's: their owning user namespace is that of set; a new user namespace or PID namespace
 * is a child of set's; a new mount, UTS, cgroup or time namespace begins as a copy of set's. The
 * mounts in a new mount namespace are private. With CLONE_NEWUSER, the new user namespace owns the
 * others, and an unprivileged user may create them if the machine allows unprivileged user
 * namespaces. Without it, the caller needs CAP_SYS_ADMIN in the owning user namespace, and
 * CAP_SYS_CHROOT where set has a mount namespace.
 *
 * Ids that the caller may not map itself are mapped by newuidmap(1) and newgidmap(1), if these are
 * installed: they allow the ids that /etc/subuid and /etc/subgid list for the user. gons looks for
 * the two programs in PATH, or in /usr/bin if the program has elevated privileges. An unprivileged
 * user may map their own group alone; then setgroups(2) fails in the namespace.
 *
 * A new PID namespace has an idle first process, "gons-init", which is not a child of the caller.
 * When the last set with the namespace is closed, or the calling process ends, the kernel ends it
 * and all other processes of the namespace. The namespace cannot be entered any more then, even
 * where it is mounted or held by other means.
 *
 * Only child processes can be in the new PID and time namespaces: functions of gons_set_run(), and
 * for PID namespaces also what is forked after gons_set_enter() and in gons_set_do(). Time
 * namespaces need Linux 5.6.
 *
 * Returns a set; close it by gons_set_close(). NULL with EINVAL when types is 0 or has other bits;
 * when there are maps without CLONE_NEWUSER, or a clock offset without CLONE_NEWTIME; when a map is
 * NULL though its number of lines is not 0; when a map has more than 340 lines (5 before Linux
 * 4.15) or 4096 bytes; when a line has count 0, ids above 4294967294, or ids that another line has,
 * too; when tv_nsec is out of range or reserved is not 0. ERANGE when a clock would be negative or
 * later than the kernel allows. EPERM when the kernel or newuidmap refuses a map, or when
 * CAP_SYS_TIME is missing for clock offsets in the owning user namespace; EROFS with CLONE_NEWUSER
 * or clock offsets where /proc is mounted read-only: have it mounted writable; EPERM, EACCES,
 * ENOSPC as for gons_enter_transient(); EAGAIN when no thread or process can be created; EMFILE,
 * ENOMEM.
 */
gons_set *gons_set_unshare(const gons_set *set, int types, const struct gons_set_options *options);

/*
 * gons_set_pid - the process id of the first process of the set's PID namespace.
 *
 * That is the idle "gons-init" of a PID namespace that gons_set_unshare() has created. The id is
 * that of the caller's PID namespace, as nsenter(1) takes it. Needs Linux 5.3.
 *
 * Returns -1 with EINVAL when the set is NULL or has no PID namespace; ESRCH when gons did not
 * create the PID namespace, when the process has ended, or when it is not visible from the caller's
 * PID namespace; ENOSYS before Linux 5.3; EMFILE, ENOMEM.
 */
pid_t gons_set_pid(const gons_set *set);

/*
 * gons_set_mount - mount each namespace of the set to a file in dir: dir/net, dir/mnt and so on.
 * gons_set_mount_ns - mount the namespace of this type to a file.
 *
 * A mounted namespace lives without a process or descriptor until it is unmounted. gons never
 * unmounts it: use umount(8), and remove the file. gons_set_from_dir() opens the namespaces of such
 * a directory again; while a set holds them, umount(8) needs --lazy. A missing file is created; an
 * existing plain file is covered. All or nothing: after a failure the mounts and files are as
 * before.
 *
 * Needs CAP_SYS_ADMIN in the user namespace that owns the caller's mount namespace. The kernel
 * mounts a mount namespace only in an older mount namespace, and only where mounts do not
 * propagate: if the set has one, dir must be on a private mount.
 *
 * Returns 0. -1 with EINVAL when dir or file is NULL or empty, when the set does not have the type,
 * when the file exists and is not a plain file, or when a mount namespace cannot be mounted there,
 * for one of these two reasons; EISDIR when the file is a directory; EBUSY when a namespace is
 * already mounted on it: unmount it first; EPERM without the capability; otherwise with the errno
 * of open(2): ENOENT, ENOTDIR, EACCES, EROFS...
 */
int gons_set_mount(const gons_set *set, const char *dir);
int gons_set_mount_ns(const gons_set *set, int type, const char *file);

/*
 * gons_set_enter - put the calling thread into all namespaces of the set until its scope ends.
 *
 * Like gons_enter(), for all of them or none. The set may be closed before the scope ends. With a
 * PID namespace, the children that the thread forks are in it, and the thread cannot create
 * threads.
 *
 * Returns 0. -1 with EINVAL when the set has a user or time namespace that the thread is not in:
 * use gons_set_run(), or gons_set_dup() for a set without it. Otherwise as gons_enter() does.
 */
int gons_set_enter(const gons_set *set);

/*
 * gons_set_do - call fn(arg) on a new thread in the set's namespaces, and wait for it.
 *
 * The thread inherits the rest from the caller: other namespaces, signal mask, user, capabilities,
 * scheduling, name, working directory, root and umask. It shares the last three with the caller;
 * with a mount namespace in the set, it has its own, and its working directory and root are the
 * same paths where these exist there, else "/". With a PID namespace in the set, the children that
 * fn forks are in it, and fn cannot create threads. fn may call all of gons, and has a scope of its
 * own, which ends with the thread.
 *
 * /proc/net, /proc/self and what is below them show the first thread of the process: use
 * /proc/thread-self/net and so on in fn. Assertions of a test framework do not work in fn: return
 * what fn has found by arg, and assert on the test's own thread. If fn does not return, the caller
 * waits forever. exit(3) in fn ends the process.
 *
 * Returns 0 when fn has returned, or called pthread_exit(3). gons_error() of the caller does not
 * have the message of a failure in fn. -1, and fn was not called, with EINVAL when fn is NULL, or
 * for a user or time namespace that the caller is not in, see gons_set_enter(); EPERM without the
 * capabilities of gons_enter() in the user namespaces that own the set's namespaces (those for a
 * return are not needed, and namespaces that the caller is in already need none); EAGAIN when no
 * thread can be created; EMFILE, ENOMEM.
 */
int gons_set_do(const gons_set *set, void (*fn)(void *), void *arg);

/*
 * gons_set_do_restore - the same, on a thread that may be kept for later calls, which is faster.
 *
 * @fn: returns true when gons may use its thread again. Return false when fn has changed something
 *      of its thread that gons does not compare, see below. fn's scope ends when fn returns.
 *
 * When fn returns true, its thread returns to its own namespaces and waits for the next call.
 * Before it is used again, gons compares it with how it was: namespaces, users and groups,
 * capabilities, no_new_privs, seccomp mode, scheduling, CPU affinity, and that it shares working
 * directory, root, umask and descriptors with the other threads. A thread that differs ends. A
 * thread that was in another mount namespace ends, too, since it no longer shares directories and
 * umask.
 *
 * A kept thread is used only for callers that are equal in all of this. gons does not compare
 * supplementary groups and file system ids of single threads, keyrings, Landlock, the filters of
 * seccomp, the capability bounding set, timer slack, the parent-death signal, undo values of System
 * V semaphores, and thread-local variables. The thread is named "gons-set".
 *
 * At most eight threads are kept, each for one second after its last call. A kept thread also ends
 * when the thread that called it last returns from its namespaces at the end of a scope; in
 * gons_become_root(); and at exit(3). A forked child has none. While a thread is kept, the process
 * has more than one thread, so unshare(2) refuses to create a user namespace. Leak reports of gons
 * exclude kept threads. Calls from the first thread of the process keep threads since Linux 5.8,
 * and calls from other threads since Linux 6.9, where kcmp(2) works; otherwise each call creates a
 * thread.
 *
 * Returns as gons_set_do() does.
 */
int gons_set_do_restore(const gons_set *set, bool (*fn)(void *), void *arg);

/*
 * gons_set_run - call fn(arg) in a forked child in all namespaces of the set, and wait for it.
 *
 * @status: how the child has ended, as waitpid(2) gives it: WEXITSTATUS() is the result of fn, of
 *          which the kernel keeps 8 bits. May be NULL.
 *
 * This works for all eight types, and for unprivileged users in the user namespaces that they
 * created, and in those below. fn is in the PID namespace itself, and the only thread of its
 * process. Its user and group are the caller's where these are mapped in the set's user namespace;
 * otherwise they become 0, if that is mapped, and supplementary groups are dropped, if that is
 * allowed. Working directory and root are as for gons_set_do(); signal mask, handlers and
 * descriptors are the caller's, as in any forked child.
 *
 * The child ends by _exit(2). gons flushes stdout and stderr in the child, but not what the caller
 * had printed there and not flushed; fn flushes other streams itself. fn's scope ends when fn
 * returns. In a program that is built for coverage (gcov; clang's -fprofile-instr-generate), the
 * coverage of fn is recorded, if a file of the program that includes <gons/set.h> is built for
 * coverage. The child is killed when the caller ends, even if SIGKILL ends the caller, unless fn
 * changes its user or capabilities: the kernel then cancels the parent-death signal. An assertion
 * of a test framework that fails in fn would go on with the caller's tests in the child: return a
 * value instead.
 *
 * The program may ignore SIGCHLD, or wait for any child in a handler.
 *
 * Returns 0 when fn's process has ended, in whatever way. -1, and fn was not called, with EINVAL
 * when fn is NULL, or when the set's PID namespace is not below the caller's; EPERM when a
 * namespace cannot be entered; ENOMEM when the first process of the PID namespace has ended: create
 * a new set; EAGAIN when no process can be created; EMFILE, ENOMEM. There are two children: one
 * enters the namespaces and waits, and its child calls fn. -1 with EPERM also when the first one
 * was killed.
 */
int gons_set_run(const gons_set *set, int (*fn)(void *), void *arg, int *status);

/*
 * Part of gons_set_run(). Do not call it directly. In a program that is built for coverage (gcc
 * --coverage; clang, also with -fprofile-instr-generate), it writes the counters of the child, or
 * adds them to those of the parent. It is defined here, in the program, because libgons cannot see
 * the functions of the program that it calls.
 */
enum gons_coverage_step {
	GONS_COVERAGE_RESET,
	GONS_COVERAGE_HAS_FILES,
	GONS_COVERAGE_SIZE,
	GONS_COVERAGE_WRITE,
	GONS_COVERAGE_MERGE,
	GONS_COVERAGE_NEVER
};
size_t gons_set_coverage_(enum gons_coverage_step step, char *buffer, size_t size)
	__attribute__((__weak__, __visibility__("default")));

#ifndef GONS_I_LIBRARY
/* NOLINTBEGIN(bugprone-reserved-identifier) */
void __gcov_reset(void) __attribute__((__weak__));
void __gcov_dump(void) __attribute__((__weak__));
void __llvm_profile_reset_counters(void) __attribute__((__weak__));
uint64_t __llvm_profile_get_size_for_buffer(void) __attribute__((__weak__));
int __llvm_profile_write_buffer(char *buffer) __attribute__((__weak__));
int __llvm_profile_merge_from_buffer(const char *buffer, uint64_t size) __attribute__((__weak__));
/* NOLINTEND(bugprone-reserved-identifier) */

/* NOLINTNEXTLINE(misc-definitions-in-headers): it is weak */
size_t gons_set_coverage_(enum gons_coverage_step step, char *buffer, size_t size)
{
	const int has_buffer = __llvm_profile_get_size_for_buffer && __llvm_profile_write_buffer &&
			       __llvm_profile_merge_from_buffer;

#if defined(__GNUC__) && !defined(__clang__)
	/* With --coverage, gcc wraps execv(3), and the wrapper makes the linker take __gcov_dump()
	 * from libgcov. */
	if (step == GONS_COVERAGE_NEVER)
		return (size_t)__builtin_execv("", NULL);
#endif
	if (step == GONS_COVERAGE_HAS_FILES)
		return __gcov_dump != NULL;
	if (step == GONS_COVERAGE_RESET && __gcov_reset)
		__gcov_reset();
	if (step == GONS_COVERAGE_RESET && __llvm_profile_reset_counters)
		__llvm_profile_reset_counters();
	if (step == GONS_COVERAGE_WRITE && __gcov_dump)
		__gcov_dump();
	if (step == GONS_COVERAGE_SIZE && has_buffer)
		return (size_t)__llvm_profile_get_size_for_buffer();
	if (step == GONS_COVERAGE_WRITE && has_buffer && buffer)
		(void)__llvm_profile_write_buffer(buffer);
	if (step == GONS_COVERAGE_MERGE && has_buffer)
		(void)__llvm_profile_merge_from_buffer(buffer, size);
	return 0;
}
#endif

/* gons_set_types - the types that the set has: CLONE_NEW* flags. -1 with EINVAL when set is NULL. */
int gons_set_types(const gons_set *set);

/*
 * gons_set_fd - the descriptor of the set's namespace of this type.
 *
 * It belongs to the set and is close-on-exec: do not close it. -1 with EINVAL when type is not one
 * type, or when the set does not have it.
 */
int gons_set_fd(const gons_set *set, int type);

/*
 * gons_set_id - write the name of the set's namespace of this type: "net:[4026531840]".
 *
 * readlink(2) gives the same name for /proc/PID/ns/net. size is that of buf, in bytes; 32 bytes are
 * enough for each type. Returns 0. -1 as gons_set_fd() does, with EINVAL when buf is NULL, and with
 * ERANGE when size is too small.
 */
int gons_set_id(const gons_set *set, int type, char *buf, size_t size);

/*
 * gons_set_close - close the set's descriptors and free the set.
 *
 * If set is NULL, nothing happens. A namespace ends when nothing else refers to it. The processes
 * of a PID namespace that gons_set_unshare() created, and that no other set has, are killed; the
 * call waits for their end for at most 50 ms. A forked child does not kill them. Keeps errno.
 */
void gons_set_close(gons_set *set);

/*
 * gons_pool - sets that are created in advance, by a thread of the pool.
 *
 * The kernel takes hundreds of microseconds to create a network namespace; to take a set from a
 * pool takes about one microsecond. Every set is new: no set is given out twice. Use at least four
 * sets: refilling starts when the pool is half empty.
 *
 * Several threads may use a pool at the same time, except in gons_pool_close().
 */
typedef struct gons_pool gons_pool;

/*
 * gons_pool_new - a pool of sets of these types.
 *
 * @types: as for gons_set_unshare(), with its default options.
 * @after_create: called with each new set before it is given out, to prepare it. Returns 0; or -1
 *                with errno to refuse the set (errno 0 becomes ECANCELED). May be NULL.
 * @arg: passed to after_create.
 *
 * Creates no set yet. after_create is called on the thread that has created the set: the pool's
 * thread, or a thread that calls gons_pool_get() on an empty pool. So several threads may run it at
 * the same time. It is called outside of the set's namespaces, which it may enter by GONS_IN,
 * gons_execute() or gons_set_do(). What it leaves on its thread's scope is undone when it returns.
 * It must not change the namespaces of its thread by other means, such as unshare(2): later sets
 * would be created from there, so they are refused with EINVAL. It must not use assertions of a
 * test framework, or call gons_pool_get() or gons_pool_close() with this pool.
 *
 * Returns the pool, for gons_pool_close(). NULL with EINVAL for types that gons_set_unshare()
 * refuses; ENOMEM.
 */
gons_pool *gons_pool_new(int types, int (*after_create)(const gons_set *, void *), void *arg);

/*
 * gons_pool_start - begin to create sets in advance, at most n.
 *
 * Starts a thread, "gons-pool", with all signals blocked. It creates sets from the namespaces in
 * which the caller is now: a new mount namespace is a copy of the caller's. It fills the pool,
 * sleeps until half of the sets are taken, and fills the pool again. The call returns before the
 * first set is ready.
 *
 * The pool keeps one descriptor open for each type, and each ready set another one for each type.
 * Leak reports (gons_leaks_begin()) exclude these and the thread, except in a test that has started
 * the pool itself.
 *
 * Returns 0. -1 with EINVAL when the pool is NULL, n is 0 or the pool has been started already;
 * EAGAIN when no thread can be created; EMFILE, ENFILE, ENOMEM; ENOENT when procfs is not mounted
 * on /proc.
 */
int gons_pool_start(gons_pool *pool, unsigned n);

/*
 * gons_pool_get - take a set from the pool, or create one if it is empty.
 *
 * The call never waits for the pool's thread. If no set is ready, or the pool was not started, the
 * calling thread creates one as gons_set_unshare() does, and calls after_create. Such a set is like
 * those of the pool's thread: mounts and host name are those of the namespaces in which the pool
 * was started, not of the caller's.
 *
 * Returns a set, for gons_set_close(). NULL with the errno and message of gons_set_unshare() or
 * after_create when a set could not be created; EINVAL for NULL. If after_create refuses a set on
 * the pool's thread, one call returns this failure, after the sets that were ready before. After a
 * failure the pool's thread creates no sets until a call of gons_pool_get() succeeds: remove the
 * cause, and call it again.
 *
 * A forked child has neither the ready sets nor the pool's thread: each call creates a set, until
 * gons_pool_start() is called there.
 */
gons_set *gons_pool_get(gons_pool *pool);

/* gons_pool_len - the number of ready sets. 0 for NULL. */
unsigned gons_pool_len(gons_pool *pool);

/*
 * gons_pool_close - end the pool.
 *
 * The pool's thread ends after the set that it is creating, and the ready sets are closed. Sets
 * that were given out stay open. If pool is NULL, nothing happens. No other thread may use the pool
 * at the same time or afterwards. In a forked child this only frees memory and closes descriptors.
 */
void gons_pool_close(gons_pool *pool);

#ifdef __cplusplus
}
#endif

#endif

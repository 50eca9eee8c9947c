/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_SET_H
#define GONS_SET_H

/*
 * Sets of namespaces: several of them carried around together, by their owner.
 *
 * A set is not on any scope: it is the caller's, to be closed by gons_set_close(), and can be
 * used from any thread (though not closed while another one uses it). It keeps its namespaces
 * alive. Sets are for code that must not touch the calling thread; for a test that just wants
 * to be somewhere else, gons_enter_transient() is the short way.
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

/* The count ids from inside on, in a user namespace, are the ids from outside on in its parent. */
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
 * What gons_set_unshare() creates beside the types. All zeros, as NULL, are the defaults.
 *
 * @maps: the ids of a new user namespace. uid NULL maps the caller's effective user to 0, gid NULL
 *        the effective group, as gons_become_root() does. A map that is not NULL and has no lines is
 *        left unwritten.
 * @monotonic, @boottime: what is added to these clocks in a new time namespace
 *        (time_namespaces(7)). tv_nsec is between 0 and 999999999, also where tv_sec is negative.
 * @reserved: 0.
 */
struct gons_set_options {
	struct gons_idmaps maps;
	struct timespec monotonic, boottime;
	uint64_t reserved[4];
};

/*
 * gons_set_current - the calling thread's namespaces of these types.
 *
 * @types: one or several of the eight CLONE_NEW* flags.
 *
 * Returns a set, to be closed by gons_set_close(). NULL with EINVAL when types is 0 or has
 * other bits; ENOENT for a type that the kernel lacks, or without procfs on /proc; EMFILE,
 * ENOMEM.
 */
gons_set *gons_set_current(int types);

/*
 * gons_set_from_pid - the namespaces of these types of a process, or of one thread by its id.
 *
 * @pid: as the caller's /proc has it. All namespaces are that process's, even if it ends
 *       meanwhile and its id is given to another one.
 *
 * Returns as gons_set_current() does, and NULL with EINVAL when pid is not positive; ESRCH when
 * there is no such process or it has ended; EACCES for another user's process (ptrace(2), "Ptrace
 * access mode checking").
 */
gons_set *gons_set_from_pid(pid_t pid, int types);

/*
 * gons_set_from_dir - the namespaces at dir/net, dir/mnt and so on: files named after the types.
 *
 * gons_set_mount() makes such a directory, and /proc/42/ns is one. Each file must be a namespace
 * of its type. Returns as gons_set_current() does, and NULL with EINVAL when dir is NULL, or a
 * file is no namespace or one of another type; ENOENT when dir or a file is not there, ENOTDIR
 * when dir is none; otherwise the errno of open(2).
 */
gons_set *gons_set_from_dir(const char *dir, int types);

/*
 * gons_set_dup - a set of its own with these of the namespaces that set holds.
 *
 * @types: 0 for all of them.
 *
 * NULL with EINVAL for a type that the set does not hold; EMFILE, ENOMEM.
 */
gons_set *gons_set_dup(const gons_set *set, int types);

/*
 * gons_set_unshare - a new set: new namespaces of these types, and the rest of set's.
 *
 * @set: NULL for the new ones alone.
 * @maps: the ids of a new user namespace. NULL maps the caller's effective user and group to 0
 *        in there, as gons_become_root() does; a map of no lines is not written.
 *
 * The calling thread is untouched. The new ones are made inside of set's: they belong to its user
 * namespace, a new user namespace is below that, a new mount namespace is a copy of set's, and a
 * UTS or cgroup namespace likewise; for what set does not hold, the caller's counts. The mounts in
 * a new mount namespace are private. With CLONE_NEWUSER the others belong to the new one, and no
 * privileges are needed where the kernel lets anybody make one; without, CAP_SYS_ADMIN in the
 * user namespace that they will belong to, and CAP_SYS_CHROOT where set holds a mount namespace.
 *
 * What the caller may not map by itself is left to newuidmap(1) and newgidmap(1), which know
 * /etc/subuid and /etc/subgid, where they are installed: looked for in PATH, or, by a program with
 * elevated privileges, in /usr/bin alone. The caller's own group alone can be mapped by anybody;
 * setgroups(2) is off in the namespace then.
 *
 * A new PID namespace has an idle first process, "gons-init", which is not the caller's child. It
 * ends, and all processes of the namespace with it, when this set and those that gons_set_dup() or
 * gons_set_unshare() made from it are closed, or when the calling process ends. A namespace that
 * was mounted or is held by other means can then be entered by nobody. It is below the caller's own
 * PID namespace, not below set's. New PID and time namespaces are for children: gons_set_run().
 *
 * Returns a set, to be closed by gons_set_close(). NULL with EINVAL when types is 0 or has other
 * bits, when there are maps without CLONE_NEWUSER, when a map is NULL but for no lines, has more
 * than 340 lines or 4096 bytes, or a line of no ids, of ids beyond 4294967294 or of ids that
 * another one has; EPERM when the kernel, or newuidmap, refuses a map; EROFS with CLONE_NEWUSER
 * where /proc is mounted read-only: have it mounted writable; EPERM, EACCES, ENOSPC as
 * gons_enter_transient() says; EAGAIN when no thread or child can be created; EMFILE, ENOMEM.
 */
gons_set *gons_set_unshare(const gons_set *set, int types, const struct gons_set_options *options);

/*
 * gons_set_pid - the process id of the first process of the set's PID namespace.
 *
 * That is the idle "gons-init" of a PID namespace that gons_set_unshare() created, also in sets that
 * were made from that one. The id is the one in the caller's PID namespace: programs such as
 * nsenter(1) and /proc take it. Needs Linux 5.3.
 *
 * Returns -1 with EINVAL when the set is NULL or has no PID namespace, ESRCH when gons did not
 * create the PID namespace, the process has ended or is not visible from the caller's PID namespace,
 * ENOSYS before Linux 5.3; EMFILE, ENOMEM.
 */
pid_t gons_set_pid(const gons_set *set);

/*
 * gons_set_mount - mount each namespace of the set to a file in dir: dir/net, dir/mnt and so on.
 * gons_set_mount_ns - mount the namespace of this type to a file.
 *
 * A namespace that is mounted lives without a process or a descriptor, until it is unmounted:
 * umount(8) it and remove the file, gons never does. gons_set_from_dir() opens such a directory
 * again; while its set is open the files are busy (umount --lazy). A file that is not there is
 * created; a plain file that is there is covered. All or nothing: after a failure nothing is
 * mounted that was not before, and files that were created are removed.
 *
 * Needs CAP_SYS_ADMIN in the user namespace that owns the caller's mount namespace. A mount
 * namespace can only be mounted in one that is older than it, and not where the mount would be
 * passed on to other mount namespaces: dir must be on a private mount then.
 *
 * Returns 0. -1 with EINVAL when dir or file is NULL or empty, when the set does not hold the type,
 * when the file is there and is no plain one, or for the two reasons above; EISDIR when the file
 * is a directory; EBUSY when a namespace is mounted to it; EPERM; otherwise the errno of open(2):
 * ENOENT, ENOTDIR, EACCES, EROFS...
 */
int gons_set_mount(const gons_set *set, const char *dir);
int gons_set_mount_ns(const gons_set *set, int type, const char *file);

/*
 * gons_set_enter - put the calling thread into all namespaces of the set, until its scope ends.
 *
 * As gons_enter() does, for all at once or for none. The set may be closed before. Returns 0. -1
 * before anything is switched with EINVAL for a set with a user, pid or time namespace: use
 * gons_set_run(), or gons_set_dup() for a set without it. Otherwise as gons_enter() does.
 */
int gons_set_enter(const gons_set *set);

/*
 * gons_set_do - call fn(arg) on another thread in the set's namespaces, and wait for it.
 *
 * The thread is a new one, never the caller's, and is thrown away when fn has returned (or called
 * pthread_exit(3)). What the set does not hold is as for the calling thread, as for any thread it
 * makes: other namespaces, signal mask, user, capabilities, scheduling, name. So are working
 * directory, root and umask, which the two share; but with a mount namespace in the set, fn has its
 * own, and finds the first two where the same paths exist there, else "/". fn has a scope of its
 * own, which ends with the thread. It may call all of gons; a fn that never returns keeps the
 * caller for ever, and one that calls exit(3) ends the process. cmocka's assertions do not work
 * in it: a failing one ends the process. Have it tell its caller by arg.
 *
 * Returns 0 once fn has returned; what it left in gons_error() is gone with its thread. -1 without
 * having called fn, with EINVAL when fn is NULL or the set has a user, pid or time namespace (see
 * gons_set_enter()); EPERM without the capabilities of gons_enter(), except for namespaces it is in
 * already, though no way back is needed; EAGAIN when no thread can be created; EMFILE, ENOMEM.
 */
int gons_set_do(const gons_set *set, void (*fn)(void *), void *arg);

/*
 * gons_set_do_restore - the same, on a thread that may be kept for the next call.
 *
 * When fn returns true, its thread goes back and waits for the next call of this function, which
 * is faster than making a new one. It is thrown away all the same when the kernel does not show it
 * as it was: in another namespace, with other capabilities, or with a descriptor table, directories
 * or a umask of its own (which a set with a mount namespace gives it). When fn returns false, it is
 * thrown away. fn's scope ends when fn returns.
 *
 * A kept thread is used only for a caller who could have made it: of the same user, capabilities,
 * seccomp mode, CPU affinity, scheduling, working directory, root, umask and descriptor table. Not
 * compared are what the kernel does not tell in time: supplementary groups and file system ids that
 * differ between threads, keyrings, Landlock, the seccomp filters themselves, the capability
 * bounding set, timer slack, parent-death signal and undo values of System V semaphores; and what
 * belongs to the thread, as thread-local variables. It is named "gons-set".
 *
 * At most eight threads are kept, each for one second after it was used. They also end when the
 * thread that used one last leaves, with its scope, the namespaces it was in then; with
 * gons_become_root(); and at exit(3). A forked child has none. While there is one, the process has
 * more than one thread, so that unshare(2) of a user namespace is refused. Leak reports of gons
 * leave them out. Needs Linux 5.8 to keep threads for the first thread of the process, and 6.9
 * for others, and kcmp(2); else each call makes a new thread.
 *
 * Returns as gons_set_do() does.
 */
int gons_set_do_restore(const gons_set *set, bool (*fn)(void *), void *arg);

/*
 * gons_set_run - call fn(arg) in a forked child in all namespaces of the set, and wait for it.
 *
 * @status: how the child ended, as waitpid(2) gives it: WEXITSTATUS() is the value of fn, of which
 *          the kernel keeps 8 bits. May be NULL.
 *
 * For all eight types: fn is in the PID namespace and, where the process has threads, it alone is
 * there. Works for unprivileged users in the user namespaces that they made, and in those below.
 * The child keeps its user and group where they are mapped in the user namespace, else they become
 * 0, where that is mapped (and supplementary groups are dropped, where that is allowed). It has
 * working directory and root by path, as in gons_set_do(), and the caller's signal mask, handlers
 * and descriptors, like any forked child. It ends with _exit(2): what fn has printed to stdout
 * and stderr is written, what the caller had not written yet is not written twice; other streams
 * are fn's to flush. fn's scope ends when fn returns. A failing assertion in fn would go on with
 * the caller's tests in the child: return a value instead.
 *
 * It does not matter what the program does about SIGCHLD, which it may get for a child of gons.
 *
 * Returns 0 once fn's process has ended, however it did. -1 without having called fn, with EINVAL
 * when fn is NULL, or the set's PID namespace is not below the caller's; EPERM when a namespace
 * cannot be entered; ENOMEM when the first process of the PID namespace has ended; EAGAIN when no
 * child can be forked; EMFILE, ENOMEM. -1 with EPERM also when the child that waits for fn's was
 * killed.
 */
int gons_set_run(const gons_set *set, int (*fn)(void *), void *arg, int *status);

/*
 * The counters of a program that is built for coverage (gcc --coverage; clang, also with
 * -fprofile-instr-generate), which gons_set_run() writes or takes over from the child. The functions
 * are only visible within the program, so the program has this one. Not to be used otherwise.
 */
enum gons_coverage_step {
	GONS_COVERAGE_RESET,
	GONS_COVERAGE_HAS_FILES,
	GONS_COVERAGE_SIZE,
	GONS_COVERAGE_WRITE,
	GONS_COVERAGE_MERGE,
	GONS_COVERAGE_NEVER
};
size_t gons_set_coverage(enum gons_coverage_step step, char *buffer, size_t size)
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
size_t gons_set_coverage(enum gons_coverage_step step, char *buffer, size_t size)
{
	const int has_buffer = __llvm_profile_get_size_for_buffer && __llvm_profile_write_buffer &&
			       __llvm_profile_merge_from_buffer;

#if defined(__GNUC__) && !defined(__clang__)
	/* With --coverage, a call of execv(3) has the linker take __gcov_dump() from libgcov. */
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

/* gons_set_types - the types that the set holds. -1 with EINVAL. */
int gons_set_types(const gons_set *set);

/*
 * gons_set_fd - the descriptor of the set's namespace of this type.
 *
 * Borrowed: it is close-on-exec and closed with the set, so do not close it. Never 0, which is no
 * namespace in struct gons_link_options. -1 with EINVAL when type is not one type, or one that the
 * set does not hold.
 */
int gons_set_fd(const gons_set *set, int type);

/*
 * gons_set_id - write the name of the set's namespace of this type: "net:[4026531840]".
 *
 * As readlink(2) gives it for /proc/PID/ns/net. Returns 0. -1 as gons_set_fd() does, with EINVAL
 * when buf is NULL, and with ERANGE when size is too small (32 is enough for all).
 */
int gons_set_id(const gons_set *set, int type, char *buf, size_t size);

/*
 * gons_set_close - close the set's descriptors and free it.
 *
 * NULL is fine. So is a set that was closed already: nothing happens, also when other sets were
 * made in between. The namespaces end when nothing else refers to them. Keeps errno.
 */
void gons_set_close(gons_set *set);

/*
 * gons_pool - sets made ahead of need, by a thread of the pool's own.
 *
 * Making a network namespace takes the kernel hundreds of microseconds, and taking one from a
 * pool about one. Every set is new: what was given out never comes back.
 *
 * A pool can be used by many threads at once, but for gons_pool_close().
 */
typedef struct gons_pool gons_pool;

/*
 * gons_pool_new - a pool of sets of these types.
 *
 * @types: as gons_set_unshare() takes them, without maps.
 * @after_create: called with each new set, to furnish it, before anybody gets it; returns 0, or
 *                -1 with errno when the set is not to be used (0: ECANCELED). May be NULL.
 * @arg: for after_create.
 *
 * Only remembers. after_create is called on the thread that makes the set: the pool's own or, when
 * that is late, the one that calls gons_pool_get(); never on the former twice at once, but on
 * several threads at a time. It is called outside of the set, which it may go into by
 * gons_execute() or gons_set_do(); what it leaves on the thread's scope is undone when it returns.
 * It must not move that thread by other means, as unshare(2): the pool's own thread would make
 * later sets from there, so each is refused with EINVAL once it is in another namespace of these
 * types.
 * It cannot use assertions of a test framework, nor close the pool or get from it.
 *
 * Returns the pool, for gons_pool_close(). NULL with errno EINVAL for the types that
 * gons_set_unshare() refuses, ENOMEM.
 */
gons_pool *gons_pool_new(int types, int (*after_create)(const gons_set *, void *), void *arg);

/*
 * gons_pool_start - begin to make sets ahead, n at most.
 *
 * Starts a thread, "gons-pool", with all signals blocked, which makes sets from the namespaces that
 * the caller is in now: a mount namespace is a copy of the caller's. It fills the pool, sleeps
 * until half of it was taken, and fills it again. Returns before the first set is there.
 *
 * Each set ahead holds a descriptor for each type, and the pool one more for each: the leak report
 * (gons_leaks_begin()) knows these and the thread, and blames nobody for them who has not started
 * the pool himself.
 *
 * Returns 0. -1 with errno EINVAL when n is 0 or the pool has been started; EAGAIN when the limit
 * on threads is reached; EMFILE, ENFILE, ENOMEM; ENOENT without procfs on /proc.
 */
int gons_pool_start(gons_pool *pool, unsigned n);

/*
 * gons_pool_get - a new set, made ahead or made now.
 *
 * Where none is ready, the calling thread makes one, as gons_set_unshare() does, and calls
 * after_create: it never waits for the pool's thread. A pool that was not started makes every
 * set like this. What the pool's thread would copy from the namespaces that it was started in (the
 * mounts, the host name) such a set copies as well, wherever the caller is.
 *
 * Returns the set, for gons_set_close(). NULL with errno and the message of gons_set_unshare() or
 * after_create when making one has failed; EINVAL for NULL. What after_create has refused on the
 * pool's thread is told once, after the sets that were made before it. A failure to make one there
 * is told by the failure to make one here. After either, the pool's thread rests until a get has
 * succeeded: get again once the reason has gone.
 *
 * In a child made by fork(2) the sets made ahead are the parent's to give, and there is no thread:
 * every set is made by the caller, until gons_pool_start() is called there.
 */
gons_set *gons_pool_get(gons_pool *pool);

/*
 * gons_pool_len - how many sets are ready. 0 for NULL.
 */
unsigned gons_pool_len(gons_pool *pool);

/*
 * gons_pool_close - end the pool: its thread, after the set that it may be making, and the sets
 * that nobody got. Those given out stay. NULL is fine. No other thread may use the pool any more,
 * nor be in one of its calls. In a forked child only descriptors and memory are freed.
 */
void gons_pool_close(gons_pool *pool);

#ifdef __cplusplus
}
#endif

#endif

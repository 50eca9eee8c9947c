/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_GONS_H
#define GONS_GONS_H

/*
 * gons ("go into namespaces"): namespaces for tests, and the way back.
 *
 * What a thread changes or is handed out by gons is recorded on that thread's
 * scope and undone, newest first, when the scope ends: see gons_scope_begin().
 *
 * A namespace type is its CLONE_NEW* flag: CLONE_NEWNS mnt, CLONE_NEWNET net,
 * CLONE_NEWUSER user, CLONE_NEWPID pid, CLONE_NEWIPC ipc, CLONE_NEWUTS uts,
 * CLONE_NEWCGROUP cgroup, CLONE_NEWTIME time (namespaces(7)).
 *
 * A call that fails returns -1 (or NULL, or the inode number 0), sets errno,
 * leaves a message in gons_error(), and has put back whatever it had changed.
 * EMFILE (RLIMIT_NOFILE: raise it, or end a scope), ENFILE (the same for the machine) and ENOMEM
 * can come from every call that opens or records something.
 * Every call may be used from any thread; each works on the calling thread only.
 * All of them need procfs on /proc, with nothing mounted over the thread's own part of it (else
 * ENOENT), Linux 4.11 where nothing else is said, and a thread with a stack of 64 KiB.
 */

#include <linux/sched.h> /* CLONE_NEW*, also without _GNU_SOURCE */
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * gons_error - the message for the calling thread's last failure.
 *
 * Says what was tried, on what, why it was refused here and, where that is
 * known, what would help. "" before any failure; a success leaves it alone.
 * The text is valid until the thread's next failing call, and is not to be freed.
 */
const char *gons_error(void);

/* All eight namespace types. */
#define GONS_ALL_TYPES                                                                             \
	(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP |              \
	 CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWTIME)

/*
 * gons_type_name - "net" for CLONE_NEWNET, and so on for the eight types.
 *
 * The names are those of /proc/PID/ns. NULL with EINVAL for anything else, also
 * for several types at once.
 */
const char *gons_type_name(int type);

/*
 * gons_type_from_name - CLONE_NEWNET for "net", and so on for the eight types.
 *
 * -1 with EINVAL for anything else, also for NULL.
 */
int gons_type_from_name(const char *name);

/*
 * gons_type - the type of the namespace that nsfd refers to.
 *
 * -1 with EBADF when the descriptor is closed or was opened with O_PATH, and
 * with EINVAL when it refers to something that is no namespace.
 */
int gons_type(int nsfd);

/*
 * gons_open - open the namespace at path, such as "/proc/42/ns/net".
 *
 * @type: the type that it must have, or 0 for any.
 *
 * Returns a descriptor with close-on-exec, which is closed when the calling
 * thread's scope ends; do not close it yourself. -1 with EINVAL when path is
 * NULL, when type is neither 0 nor a type, or when there is no namespace or one
 * of another type at path; EMFILE when RLIMIT_NOFILE is reached; otherwise the
 * errno of open(2): ENOENT, EACCES (another user's process)...
 */
int gons_open(const char *path, int type);

/*
 * gons_current - open the calling thread's namespace of this type.
 *
 * Returns a descriptor as gons_open() does. -1 with EINVAL when type is not one
 * of the eight, ENOENT when the kernel lacks it or /proc is not mounted, EMFILE
 * when RLIMIT_NOFILE is reached.
 */
int gons_current(int type);

/*
 * gons_ino, gons_path_ino, gons_current_ino - the inode number of a namespace.
 *
 * Two namespaces are the same exactly when their inode numbers are: it is the
 * number in "net:[4026531840]". The type is checked first; 0 takes any, but not
 * for gons_current_ino(). Returns 0 on failure, with the errno of gons_type(),
 * gons_open() or gons_current().
 */
uint64_t gons_ino(int nsfd, int type);
uint64_t gons_path_ino(const char *path, int type);
uint64_t gons_current_ino(int type);

/*
 * gons_scope_begin - mark the top of the calling thread's scope.
 *
 * Returns the mark, >= 0, for gons_scope_end(). Scopes nest. -1 with ENOMEM, or EAGAIN when
 * PTHREAD_KEYS_MAX is reached.
 */
int gons_scope_begin(void);

/*
 * gons_scope_end - undo everything recorded above the mark, newest first.
 *
 * The thread goes back into its namespaces, its working directory and its root,
 * descriptors are closed, idle threads ended, deferred calls made. A record is
 * undone even when another one could not be. Marks set above this one end with
 * it.
 *
 * Returns 0. -1 with EINVAL when the mark is not on this thread's scope (never
 * was, or was ended already): nothing is undone then. -1 with the first errno
 * when a record could not be undone: EPERM when the kernel refuses the way back
 * (the thread has lost the capability for it), in which case the thread is in
 * the wrong namespace for good and should do nothing more; EBADF when a
 * descriptor of the scope had been closed by somebody else.
 *
 * A thread that ends with open scopes has them ended. In a child made by
 * fork(2), records from before the fork are dropped: the child's descriptors are
 * closed, but nothing else is undone, for it is the parent's to undo; the child
 * stays in the namespaces it was forked in.
 */
int gons_scope_end(int mark);

/*
 * gons_defer - have fn(arg) called when the scope ends.
 *
 * fn runs on this thread, in its turn among the other records. It may leave by
 * longjmp(3): the records below are then undone by the next gons_scope_end() of
 * a mark below them. -1 with EINVAL when fn is NULL, and as
 * gons_scope_begin() does.
 */
int gons_defer(void (*fn)(void *), void *arg);

/* What GONS_SCOPE is made of; not to be used otherwise. */
struct gons_scope_block {
	int mark;
	int once;
};
struct gons_scope_block gons_scope_block_begin(void);
void gons_scope_block_end(struct gons_scope_block *block);

/*
 * GONS_SCOPE { ... } - a block with a scope of its own.
 *
 * The scope ends on every way out that runs C clean-up: the closing brace, break
 * and continue (both leave the block), return, goto. A longjmp(3) or exit(3) runs
 * none; after a longjmp the enclosing scope does it. Where the kernel refuses the
 * way back there is nobody to return -1 to, so the message is printed to standard
 * error and the process aborted; any other failure is in gons_error().
 */
#define GONS_SCOPE GONS_SCOPE_(GONS_UNIQUE_(gons_scope_, __COUNTER__))

/* Blocks nest, so each has a name of its own. */
#define GONS_SCOPE_(block)                                                                         \
	for (struct gons_scope_block block                                                         \
	     __attribute__((__cleanup__(gons_scope_block_end))) = gons_scope_block_begin();        \
	     block.once; block.once = 0)
#define GONS_UNIQUE_(prefix, number) GONS_PASTE_(prefix, number)
#define GONS_PASTE_(a, b)	     a##b

/*
 * gons_enter_transient - put the calling thread into new namespaces.
 *
 * @types: one or several of CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWUTS,
 *         CLONE_NEWIPC, CLONE_NEWCGROUP.
 *
 * The thread leaves them when its scope ends, and the kernel destroys them when
 * nothing else refers to them. Several are made at once or not at all. With
 * CLONE_NEWNS every mount in the new namespace is made private, recursively (see
 * gons_mntns_enter_transient()), and the thread has a working directory, a root
 * and a umask of its own from then on, not shared with the other threads any more,
 * also after the scope has ended.
 *
 * Needs CAP_SYS_ADMIN, with CLONE_NEWNS also CAP_SYS_CHROOT, in the user namespace
 * that owns the thread's present namespaces: without them the way back would be
 * refused, so the way in is. gons_become_root() gives them to unprivileged users.
 *
 * Returns 0. -1 with EINVAL for 0 and for a type not listed above (the message says
 * what to use); ENOENT for one that the kernel lacks, or without procfs on /proc;
 * EPERM or EACCES without the capabilities, or under a seccomp filter or AppArmor; with
 * CLONE_NEWNS, EACCES also where the user may not enter the working directory, to which there
 * would be no way back; ENOSPC when a limit user.max_*_namespaces stays reached for five
 * seconds (the kernel destroys namespaces late, so that a first ENOSPC is retried); EMFILE,
 * ENOMEM.
 */
int gons_enter_transient(int types);

/*
 * gons_enter - put the calling thread into an existing namespace.
 *
 * @nsfd: a net, mnt, uts, ipc or cgroup namespace, however it was opened.
 *
 * Left when the scope ends. Entering a mount namespace takes root and working
 * directory along as gons_execute() does, and ends their sharing with other threads as
 * gons_enter_transient() does. Needs the capabilities of
 * gons_enter_transient(), in the user namespace that owns nsfd as well. Returns 0,
 * or -1 with EBADF or EINVAL as gons_type() does, with EINVAL for a user, pid or
 * time namespace, into which a thread cannot go and come back, and otherwise as
 * gons_enter_transient() does.
 */
int gons_enter(int nsfd);

/*
 * gons_new_transient - make a namespace without staying in it.
 *
 * @type: CLONE_NEWNET, CLONE_NEWUTS, CLONE_NEWIPC or CLONE_NEWCGROUP.
 *
 * Returns a descriptor, closed with the scope; the namespace lives as long as it,
 * a copy of it, a socket or a thread refers to it. -1 with EINVAL for any other
 * type (CLONE_NEWNS: use gons_mntns_new_transient(); user, pid, time: gons_set_unshare()) or
 * several, and otherwise as gons_enter_transient() does.
 */
int gons_new_transient(int type);

/*
 * gons_execute - call fn(arg) in another namespace, on the calling thread.
 * gons_execute_all - the same in n namespaces at once, of n different types.
 *
 * The namespaces not named stay the caller's. In a mount namespace, fn finds the
 * working directory and the root of the caller where the same paths exist there,
 * else "/"; afterwards both are exactly what they were, but like the umask not shared
 * with the other threads any more. Assertions in fn work:
 * when fn leaves by longjmp(3), the enclosing scope brings the thread back.
 *
 * When fn returns, what it entered and did not leave is left. Everything else that
 * it made transient (descriptors, deferred calls...) stays until the caller's scope
 * ends, so that fn can hand out what it made.
 *
 * Returns 0 once fn has run and the thread is back. -1 before anything was
 * switched and without having called fn: EINVAL when fn is NULL, when two
 * descriptors are of one type or one is no net, mnt, uts, ipc or cgroup namespace;
 * EBADF; EPERM without the capabilities of gons_enter(); EACCES as
 * gons_enter_transient() says it; EMFILE, ENOMEM. -1 after fn has run: the kernel
 * refused the way back, see gons_scope_end().
 */
int gons_execute(int nsfd, void (*fn)(void *), void *arg);
int gons_execute_all(const int *nsfds, size_t n, void (*fn)(void *), void *arg);

/*
 * gons_status - how start-up switching went.
 *
 * Before main, a program that is linked with gons joins the namespaces whose paths are in the
 * environment variables gons_user, gons_mnt, gons_cgroup, gons_ipc, gons_net, gons_pid (which
 * moves the children made later, not the process), gons_uts and gons_time. gons_order gives the
 * sequence, such as "!mnt,net": without it "!user,!mnt,!cgroup,!ipc,!net,!pid,!uts,!time". A path
 * is opened before the first switch where its type has a "!", else just before its own switch,
 * in the mount namespace that the process is in by then. Types without a variable (or with an
 * empty one) stay. It is not undone with any scope. After a switch the variables, gons_order too,
 * are removed from the environment, so that programs started later stay where they are. After a
 * failure they are left, and so is a gons_order alone, which asks for nothing.
 *
 * Returns NULL when all went well or nothing was asked for; else a message, valid as long as
 * the process, that begins with the variable in question: an unknown or repeated type in
 * gons_order, a type that is set and not in it, an order that is empty while a type is set, a
 * path that leads to no namespace or to one of another type, a refusal of the kernel. Whatever
 * was switched by then has been switched back; where the kernel does not allow that (nobody
 * leaves a user namespace), the message says in which namespaces the process is. Nothing is
 * printed, so that a program should look, or call gons_status_or_exit(), first thing in main;
 * gons_run_group_tests() of <gons/cmocka.h> does.
 *
 * Joining takes CAP_SYS_ADMIN in the user namespace of the process and in the one that the target
 * belongs to, for a mount namespace CAP_SYS_CHROOT as well; for a user namespace, to be of the
 * user who made it and where it was made, or CAP_SYS_ADMIN in it. A program with elevated
 * privileges (AT_SECURE of getauxval(3): set-user-ID, file capabilities) ignores the variables.
 * With libgons.a, it is only done in a program that calls this function, gons_status_or_exit() or
 * the functions of <gons/reexec.h>.
 */
const char *gons_status(void);

/*
 * gons_status_or_exit - print gons_status(), where it is not NULL, to standard error, and
 * exit(3) with status 1.
 */
void gons_status_or_exit(void);

#ifdef __cplusplus
}
#endif

#endif

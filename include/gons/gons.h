/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_GONS_H
#define GONS_GONS_H

/*
 * gons ("go into namespaces"): enters namespaces in tests, and returns from them.
 *
 * Everything transient that gons does for a thread (a change of its namespaces, a descriptor, a
 * helper thread) is recorded on the scope of that thread and is undone, newest first, when the
 * scope ends: see gons_scope_begin().
 *
 * A failing call returns -1 (or NULL, or the inode number 0), sets errno, leaves a message in
 * gons_error(), and has restored the previous state. EMFILE (RLIMIT_NOFILE: raise it, or end a
 * scope), ENFILE (the same for the whole machine) and ENOMEM are possible for every call that opens
 * or records something. Every call may be used from any thread; each works on the calling thread
 * only. All of them need Linux 4.11 unless they say otherwise, and a thread with a stack of 64 KiB
 * or more. They also need procfs on /proc, with nothing mounted over /proc/thread-self: otherwise
 * they fail with ENOENT. Do not leave a call of gons by longjmp(3) from a signal handler. A
 * function that gons calls for you may be left by longjmp(3).
 */

#include <stddef.h>
#include <stdint.h>

/*
 * A namespace type is its CLONE_NEW* flag (namespaces(7)). <sched.h> defines these flags with
 * _GNU_SOURCE only. These are the definitions of <sched.h> and <linux/sched.h>, token by token, so
 * that both can be included before or after this file.
 */
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080 /* clocks: "time" */
#endif
#ifndef CLONE_NEWNS
#define CLONE_NEWNS 0x00020000 /* mounts: "mnt" */
#endif
#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000 /* cgroup root: "cgroup" */
#endif
#ifndef CLONE_NEWUTS
#define CLONE_NEWUTS 0x04000000 /* host name: "uts" */
#endif
#ifndef CLONE_NEWIPC
#define CLONE_NEWIPC 0x08000000 /* System V IPC, POSIX message queues: "ipc" */
#endif
#ifndef CLONE_NEWUSER
#define CLONE_NEWUSER 0x10000000 /* user ids, group ids, capabilities: "user" */
#endif
#ifndef CLONE_NEWPID
#define CLONE_NEWPID 0x20000000 /* process ids: "pid" */
#endif
#ifndef CLONE_NEWNET
#define CLONE_NEWNET 0x40000000 /* network: "net" */
#endif

/* All eight types. */
#define GONS_ALL_TYPES                                                                             \
	(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP |              \
	 CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWTIME)

#ifdef __cplusplus
extern "C" {
#endif

/*
 * gons_error - the message of the calling thread's last failure.
 *
 * It says what failed and on what, the text of errno, the cause on this machine and, if that is
 * known, what helps. It is "" before the first failure, and a success leaves it unchanged.
 * The text is valid until the thread's next failing call. Do not free it.
 */
const char *gons_error(void);

/*
 * gons_type_name - "net" for CLONE_NEWNET, and so on for the eight types.
 *
 * The names are those of /proc/PID/ns. NULL with EINVAL for anything else, also for several types
 * at once.
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
 * gons_path_type - the type of the namespace at path, such as "/run/netns/blue".
 *
 * -1 with EBADF when the descriptor is closed or was opened with O_PATH; EINVAL when it refers to
 * something that is not a namespace, or when path is NULL or leads to such a file; ENOSYS when the
 * type of a namespace cannot be found out (in an emulator); otherwise the errno of open(2).
 */
int gons_type(int nsfd);
int gons_path_type(const char *path);

/*
 * gons_open - open the namespace at path, such as "/proc/42/ns/net".
 *
 * @type: the type that it must have, or 0 for any.
 *
 * Returns a close-on-exec descriptor that belongs to the scope of the calling thread and is closed
 * when that ends. To close it earlier see gons_close(), to keep it longer gons_keep(). -1 with
 * EINVAL when path is NULL, when type is neither 0 nor exactly one type, or when the file at path
 * is not a namespace or is a namespace of another type; EMFILE when RLIMIT_NOFILE is reached;
 * otherwise the errno of open(2): ENOENT, EACCES (another user's process)...
 */
int gons_open(const char *path, int type);

/*
 * gons_current - open the calling thread's namespace of this type.
 *
 * Returns a descriptor as gons_open() does. -1 with EINVAL when type is not exactly one type;
 * ENOENT when the kernel has no namespaces of this type, when procfs is not mounted on /proc, or
 * when something is mounted over /proc/thread-self; EMFILE when RLIMIT_NOFILE is reached.
 */
int gons_current(int type);

/*
 * gons_ino, gons_path_ino, gons_current_ino - the inode number of a namespace.
 *
 * It is the number in "net:[4026531840]". Two namespaces are the same if they have the same number;
 * the kernel may give the number of a namespace that is gone to a new one.
 *
 * @type: the type that the namespace must have; 0: any type, but not for gons_current_ino().
 *
 * Returns 0 on failure, with the errno of gons_type(), gons_open() or gons_current().
 */
uint64_t gons_ino(int nsfd, int type);
uint64_t gons_path_ino(const char *path, int type);
uint64_t gons_current_ino(int type);

/*
 * gons_scope_begin - mark the top of the calling thread's scope.
 *
 * Returns the mark, >= 0, for gons_scope_end(). Marks may be nested. -1 with ENOMEM, or EAGAIN when
 * the process uses all PTHREAD_KEYS_MAX keys: begin a scope before the program creates its keys.
 */
int gons_scope_begin(void);

/*
 * gons_scope_end - undo everything recorded above the mark, newest first.
 *
 * The thread returns to its previous namespaces, working directory, root and umask, descriptors are
 * closed, helper threads are ended (and no longer listed in /proc/self/task), deferred calls are
 * made. A record is undone even when another one could not be. Marks above this one end with it.
 *
 * Returns 0. -1 with EINVAL when the mark is not on this thread's scope (it never was, or it was
 * ended already): nothing is undone then. -1 with the first errno when a record could not be
 * undone: EPERM when the kernel refuses the return (the thread has lost the capability for it), in
 * which case the thread is in the wrong namespace for good and should do nothing more; EBADF when a
 * descriptor of the scope was closed by other means than gons_close(). If another file has the same
 * descriptor number by then, gons does not close that file. The message names both files.
 *
 * When a thread ends, its scope ends. When a thread calls exit(3), or returns from main(), its
 * scope ends, too. In a child of fork(2), the end of a scope that was begun before the fork only
 * closes the child's copies of the descriptors. The parent undoes the rest, and the child stays in
 * the namespaces in which it was forked.
 */
int gons_scope_end(int mark);

/*
 * gons_close - close a descriptor of the calling thread's scope now, and not with the scope.
 * gons_keep - take a descriptor off the calling thread's scope: it is yours to close from now on.
 *
 * For the descriptors that gons returned, such as those of gons_open() and gons_new_transient().
 * gons_close() returns 0, gons_keep() returns fd. -1 with EBADF when fd does not belong to the
 * scope of this thread, or when it was closed by other means and its number now refers to another
 * file.
 */
int gons_close(int fd);
int gons_keep(int fd);

/*
 * gons_defer - call fn(arg) when the scope ends.
 *
 * fn runs on this thread, in its turn among the other records. It may leave by longjmp(3): the
 * older records then remain until gons_scope_end() is called with a mark below them. It may call
 * exit(3), which undoes the older records. Returns 0. -1 with EINVAL when fn is NULL, and with the
 * errno of gons_scope_begin().
 */
int gons_defer(void (*fn)(void *), void *arg);

/* Parts of GONS_SCOPE and GONS_IN. Do not use them directly. */
struct gons_scope_block {
	int mark;
	int once;
};
struct gons_scope_block gons_scope_block_begin(void);
void gons_scope_block_end(struct gons_scope_block *block);
struct gons_in_block {
	int number; /* -1: entering was refused, gons_error() says why, and once is 0 */
	int once;
};
struct gons_in_block gons_in_block_begin(int nsfd);
void gons_in_block_end(struct gons_in_block *block);

/*
 * GONS_SCOPE { ... } - a block with a scope of its own.
 *
 * The scope ends when the block is left by its closing brace, break or continue (both leave the
 * block), return, or goto. After a longjmp(3) the enclosing scope undoes its records, and exit(3)
 * undoes all. If the kernel refuses the return to the previous namespaces, the message is printed
 * to standard error and the process is aborted, because a block cannot return -1. Any other failure
 * is in gons_error().
 */
#define GONS_SCOPE GONS_SCOPE_(GONS_UNIQUE_(gons_scope_, __COUNTER__))

/*
 * GONS_IN(nsfd) { ... } - a block that runs in an existing namespace.
 *
 *     GONS_IN(nsfd) {
 *             fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
 *     }
 *
 * The thread enters the namespace as gons_enter() does, which needs the same capabilities. It
 * returns when the block is left in one of the ways that GONS_SCOPE lists. As with gons_execute(),
 * everything else that the block recorded on the scope (descriptors, links, deferred calls...)
 * stays until the enclosing scope ends. Blocks nest.
 *
 * If entering is refused, the block is skipped, and the reason is in gons_error(). To notice that,
 * set a variable in the block; or use GONS_MUST_IN() of the headers for test frameworks, which
 * fails the test. If the kernel refuses the return, the process is aborted as by GONS_SCOPE.
 */
#define GONS_IN(nsfd) GONS_IN_(GONS_UNIQUE_(gons_in_, __COUNTER__), nsfd)

/* Blocks nest, so each has a name of its own. */
#define GONS_SCOPE_(block)                                                                         \
	for (struct gons_scope_block block                                                         \
	     __attribute__((__cleanup__(gons_scope_block_end))) = gons_scope_block_begin();        \
	     block.once; block.once = 0)
#define GONS_IN_(block, nsfd)                                                                      \
	for (struct gons_in_block block                                                            \
	     __attribute__((__cleanup__(gons_in_block_end))) = gons_in_block_begin(nsfd);          \
	     block.once; block.once = 0)
#define GONS_UNIQUE_(prefix, number) GONS_PASTE_(prefix, number)
#define GONS_PASTE_(a, b)	     a##b

/*
 * gons_enter_transient - put the calling thread into new namespaces.
 *
 * @types: one or several of CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC,
 *         CLONE_NEWCGROUP.
 *
 * The thread leaves them when its scope ends, and the kernel destroys them when nothing else refers
 * to them. Either all of them are created, or none. With CLONE_NEWNS every mount in the new
 * namespace is made private, recursively (see gons_mntns_enter_transient()), and from then on the
 * thread no longer shares its working directory, root and umask with other threads, also after the
 * scope has ended. All three are restored when the scope ends.
 *
 * Needs CAP_SYS_ADMIN, with CLONE_NEWNS also CAP_SYS_CHROOT, in the user namespace that owns the
 * thread's present namespaces. Without them the kernel would refuse the return, so the call fails
 * at once. gons_become_root() gives them to unprivileged users.
 *
 * Returns 0. -1 with EINVAL for 0 and for a type not listed above (the message says what to use);
 * ENOENT for one that the kernel lacks, or without procfs on /proc; EPERM or EACCES without the
 * capabilities, or under a seccomp filter or AppArmor; with CLONE_NEWNS, EACCES also when the user
 * may not enter the working directory, so that the thread could not return to it: change to another
 * one; ENOSPC when a limit user.max_*_namespaces is reached: raise it, or keep fewer namespaces
 * (the kernel destroys namespaces with a delay, so gons tries again for ten seconds first);
 * EMFILE, ENOMEM.
 */
int gons_enter_transient(int types);

/*
 * gons_enter - put the calling thread into an existing namespace.
 *
 * @nsfd: a net, mnt, uts, ipc, cgroup or pid namespace, however it was opened.
 *
 * The thread leaves it when its scope ends. In a mount namespace, its root and working directory
 * become the directories that have the same paths there, or "/" where those do not exist. From then
 * on, the thread no longer shares root, working directory and umask with other threads. If nsfd is
 * a PID namespace, the thread itself stays in its own: only the children that it forks until the
 * scope ends are in nsfd. Until then the thread cannot create threads (EINVAL from
 * pthread_create(3)). Needs the capabilities of gons_enter_transient(), in the user namespace that
 * owns nsfd as well, and for a PID namespace Linux 4.12.
 *
 * To enter a namespace that the thread is in already is always allowed: it needs no capabilities,
 * and this namespace may also be a user or time namespace.
 *
 * Returns 0. -1 with EBADF or EINVAL as gons_type() does; EINVAL for a user or time namespace that
 * the thread is not in, because a thread cannot return from there (use gons_set_run()), and for a
 * PID namespace that is not below the process's own; otherwise as gons_enter_transient() does.
 */
int gons_enter(int nsfd);

/*
 * gons_new_transient - create a namespace without staying in it.
 *
 * @type: CLONE_NEWNET, CLONE_NEWUTS, CLONE_NEWIPC or CLONE_NEWCGROUP.
 *
 * Returns a descriptor that belongs to the scope (see gons_close()). The namespace lives as long as
 * that descriptor, a copy of it, a socket or a thread refers to it. -1 with EINVAL for any other
 * type (CLONE_NEWNS: use gons_mntns_new_transient(); user, pid, time: gons_set_unshare()) or
 * several, and otherwise as gons_enter_transient() does.
 */
int gons_new_transient(int type);

/*
 * gons_execute - call fn(arg) in another namespace, on the calling thread.
 * gons_execute_all - the same in n namespaces at once, of n different types.
 *
 * fn runs in the caller's namespaces of all other types. In a mount namespace, root and working
 * directory are as for gons_enter(); afterwards both and the umask are exactly what they were. With
 * a PID namespace, only the children that fn forks are in it. Assertions in fn work: when fn leaves
 * by longjmp(3), the thread returns when the enclosing scope ends.
 *
 * When fn returns, the thread also leaves the namespaces that fn entered and did not leave.
 * Everything else that fn recorded on the scope (descriptors, deferred calls...) stays until the
 * caller's scope ends, so that fn can return what it opened or created.
 *
 * Returns 0 when fn has run and the thread has returned. -1, and fn was not called, with EINVAL
 * when fn is NULL, when nsfds is NULL though n is not 0, when two descriptors are of one type (nest
 * two calls instead), or when gons_enter() cannot enter one of them; EBADF; EPERM without the
 * capabilities of gons_enter(); EACCES as for gons_enter_transient(); EMFILE, ENOMEM. -1 after fn
 * has run: the kernel refused the return, see gons_scope_end().
 */
int gons_execute(int nsfd, void (*fn)(void *), void *arg);
int gons_execute_all(const int *nsfds, size_t n, void (*fn)(void *), void *arg);

/*
 * gons_status - how start-up switching went.
 *
 * Before main, a program that is linked with gons joins the namespaces whose paths are in the
 * environment variables gons_user, gons_mnt, gons_cgroup, gons_ipc, gons_net, gons_pid (which moves
 * the children created later, not the process), gons_uts and gons_time. gons_order gives the
 * sequence, such as "!mnt,net", in which a trailing comma is accepted. Unset or empty it means
 * "!user,!mnt,!cgroup,!ipc,!net,!pid,!uts,!time". If a type has a "!", its path is opened before
 * the first switch. Otherwise the path is opened just before its own switch, in the mount namespace
 * that the process is in by then. For types whose variable is unset or empty, the process stays
 * where it is. The switch is permanent: no scope undoes it. After a switch the variables,
 * gons_order too, are removed from the environment, so that programs started later stay where they
 * are. They stay in the environment after a failure, and when gons_order is the only one that is
 * set: then nothing is switched.
 *
 * Returns NULL when all went well or no variable is set. Otherwise returns a message, valid until
 * the process ends, that begins with the name of the variable. The reasons are: an unknown or
 * repeated type in gons_order; a variable whose type is not in gons_order; a path that leads to no
 * namespace, or to one of another type; a refusal of the kernel. Whatever was switched by then has
 * been switched back; if the kernel does not allow that (no process leaves a user namespace),
 * the message says in which namespaces the process is. Nothing is printed. So call this function,
 * or gons_status_or_exit(), first in main; gons_run_group_tests() of <gons/cmocka.h> does it for
 * you.
 *
 * Joining takes CAP_SYS_ADMIN in the user namespace of the process and in the one that owns the
 * target, for a mount namespace CAP_SYS_CHROOT as well. A user namespace can be joined by the user
 * who created it, if the process is in the user namespace in which it was created; and by a process
 * that has CAP_SYS_ADMIN in it. A program with elevated privileges (AT_SECURE of getauxval(3):
 * set-user-ID, file capabilities) ignores the variables. With --as-needed, the default of Debian's
 * and Ubuntu's compilers, a program that calls nothing of gons is not linked with it, and the
 * variables have no effect: call gons_status_or_exit(). With libgons.a, only a program that calls
 * this function, gons_status_errno(), gons_status_or_exit() or the functions of <gons/reexec.h>
 * switches.
 */
const char *gons_status(void);

/*
 * gons_status_errno - the errno that belongs to gons_status(); 0 if that is NULL.
 */
int gons_status_errno(void);

/*
 * gons_status_or_exit - print gons_status(), if it is not NULL, to standard error, and
 * exit(3) with status 1.
 */
void gons_status_or_exit(void);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_MNTNS_H
#define GONS_MNTNS_H

/*
 * Mount namespaces (mount_namespaces(7)) and the sysfs in them.
 *
 * sysfs shows, under /sys/class/net, the network namespace of the process that mounted it, not of
 * the process that reads it. A test that wants to see the links of its own network namespace there
 * enters one, then a mount namespace, then mounts a sysfs:
 *
 *     gons_must(gons_netns_enter_transient());
 *     gons_must(gons_mntns_enter_transient());
 *     gons_must(gons_mntns_mount_sysfs_ro());
 */

#include <gons/gons.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * gons_mntns_enter_transient - put the calling thread into a new mount namespace.
 *
 * The new namespace is a copy of the present one in which every mount is private, recursively, so
 * that nothing mounted there propagates back. This is also true in a chroot(2) whose root directory
 * is not a mount point. Working directory and root stay the same. When the scope ends, both are
 * exactly what they were, whatever the thread changed. Returns as gons_enter_transient(CLONE_NEWNS)
 * does.
 */
int gons_mntns_enter_transient(void);

/*
 * gons_mntns_new_transient - create a mount namespace without entering it.
 *
 * @procfsroot: where not NULL, set to "/proc/TID/root", a path through which the files of that
 *              namespace can be opened without entering it (see gons_procfsroot_open()). Valid, and
 *              not to be freed, until the scope ends; unchanged on failure.
 *
 * An idle thread keeps the namespace alive. It is named "gons-mntns", blocks all signals, has a
 * small stack, and is in the caller's other namespaces. When the scope has ended it is no longer
 * in /proc/self/task. All mounts are private as above.
 *
 * Returns a descriptor, closed with the scope. -1 with EAGAIN when no thread can be created: raise
 * RLIMIT_NPROC or the cgroup's pids.max, or end a scope that holds mount namespaces; EINVAL when no
 * thread can be created because the children of this process are created in another PID namespace,
 * as with the variable gons_pid (see gons_status()); otherwise as gons_enter_transient() does.
 */
int gons_mntns_new_transient(const char **procfsroot);

/*
 * gons_mntns_execute - call fn(arg) on the calling thread in the mount namespace nsfd.
 *
 * Returns as gons_execute() does; -1 with EINVAL when nsfd is of another type, and then fn was not
 * called.
 */
int gons_mntns_execute(int nsfd, void (*fn)(void *), void *arg);

/*
 * gons_mntns_current - a descriptor for the calling thread's mount namespace.
 *
 * Closed with the scope. Returns as gons_current(CLONE_NEWNS) does.
 */
int gons_mntns_current(void);

/*
 * gons_mntns_ino, gons_mntns_path_ino, gons_mntns_current_ino - inode numbers.
 *
 * As gons_ino(), gons_path_ino() and gons_current_ino() give them. 0 with EINVAL for a namespace of
 * another type.
 */
uint64_t gons_mntns_ino(int nsfd);
uint64_t gons_mntns_path_ino(const char *path);
uint64_t gons_mntns_current_ino(void);

/*
 * gons_mntns_mount_sysfs_ro - make /sys show the caller's network namespace, read-only.
 * gons_mntns_mount_sysfs_rw - the same, writable.
 *
 * Both mount a new sysfs on /sys in the calling thread's mount namespace: nosuid, nodev, noexec,
 * relatime. What is mounted below the old /sys (cgroup, bpf, debugfs...) is mounted at the same
 * place below the new one, unless the directory does not exist there, or it is a part of a sysfs (as
 * in LXC), which would show the links of another network namespace. If /sys already is a sysfs of
 * this network namespace, the calls only make that mount read-only or writable. The new sysfs is
 * not unmounted when the scope ends: it disappears with the mount namespace.
 *
 * A writable one lets the code under test write /sys/class/net/LINK/mtu, ifalias or
 * queues/rx-0/rps_cpus of its own links. Other files of /sys belong to the whole machine: root
 * changes them for everybody.
 *
 * Both need CAP_SYS_ADMIN in the user namespaces that own the mount namespace and the network
 * namespace. Where fsopen(2) is missing (Linux before 5.2, valgrind) they use mount(2).
 *
 * Return 0, or -1 with:
 * EINVAL  the thread is in the mount namespace that the process started in, or that
 *         gons_become_root() created. Its /sys is never touched: call
 *         gons_mntns_enter_transient() first;
 * EPERM   the capability is missing; or the network namespace belongs to another user namespace:
 *         enter a new one; or, in a user namespace, other mounts cover parts of /sys, as container
 *         engines mount them, or no sysfs is mounted, as in the sandboxes of nix and guix, or
 *         gons_mntns_mount_sysfs_rw() finds a read-only /sys: the message names these mounts, and
 *         the option of the container engine or sandbox that helps;
 * ENOENT, ENOTDIR  there is no directory /sys (a chroot);
 * ENOSYS  the kernel's sysfs has no network links, as that of gVisor;
 * EMFILE, ENOMEM.
 */
int gons_mntns_mount_sysfs_ro(void);
int gons_mntns_mount_sysfs_rw(void);

/*
 * gons_sysfs_open - a sysfs of the caller's network namespace that is mounted nowhere.
 *
 * openat(fd, "class/net/lo/ifindex", O_RDONLY | O_CLOEXEC) reads from it, in any mount namespace.
 * It is read-only, and goes on showing that network namespace wherever the thread is later.
 * Symbolic links below it are relative and work.
 *
 * Needs the capabilities of gons_mntns_mount_sysfs_ro(). Where fsopen(2) is missing, it also needs
 * those of gons_mntns_enter_transient().
 *
 * Returns the descriptor of a directory, closed with the scope. -1 with EPERM as
 * gons_mntns_mount_sysfs_ro() does, EMFILE, ENOMEM.
 */
int gons_sysfs_open(void);

/*
 * gons_mntns_private - hide directories and files that a test would share with the machine.
 *
 * @what: one or several of
 *   GONS_PRIVATE_RUN    an empty /run, with the directories /run/netns and /run/lock: sockets and
 *                       PID files of the machine's daemons are out of sight, and `ip netns` has
 *                       names of its own;
 *   GONS_PRIVATE_TMP    an empty /tmp and /var/tmp;
 *   GONS_PRIVATE_NAMES  an /etc/hosts with localhost alone, an /etc/resolv.conf without a server,
 *                       and an /etc/nsswitch.conf that looks host names up in "files dns".
 *
 * The files of the machine are not changed. A new tmpfs is mounted over each directory, and a file
 * on a tmpfs over each file. If one of the three files is missing or is a dangling symbolic link, a
 * tmpfs is mounted over /etc, with links to the other files of the machine's /etc. If the machine
 * runs nscd(8), the C library asks it for host names: add GONS_PRIVATE_RUN, which hides its socket.
 * The mounts are not undone when the scope ends: they disappear with the mount namespace. The
 * calling thread has to be in a transient mount namespace, such as gons_mntns_enter_transient()
 * creates. Needs CAP_SYS_ADMIN in the user namespace that owns it.
 *
 * Returns 0, or -1 with nothing covered: EINVAL when what is 0 or has other bits, or when the
 * thread is in the mount namespace that the process started in, or that gons_become_root() created;
 * ENOENT or ENOTDIR when there is no directory /run, /tmp or /etc: create it (a missing /var/tmp is
 * ignored); EPERM when the capability is missing; EMFILE, ENOMEM.
 */
enum {
	GONS_PRIVATE_RUN = 1,
	GONS_PRIVATE_TMP = 2,
	GONS_PRIVATE_NAMES = 4,
};
int gons_mntns_private(int what);

/*
 * gons_mntns_add_host - add a host to the /etc/hosts of gons_mntns_private().
 *
 * @name:    letters, digits, "-", "_" and ".", at most 253 characters.
 * @address: an IPv4 or IPv6 address. For a host with several addresses, call it for each of them.
 *
 * A mount namespace that is created as a copy of this one later has the same file: a host that is
 * added in one of the two is seen in both, until one of them calls
 * gons_mntns_private(GONS_PRIVATE_NAMES) again. The line disappears with the mount namespace.
 *
 * Returns 0, or -1 with EINVAL when an argument is NULL or malformed, when gons_mntns_private() has
 * not replaced /etc/hosts here (call it first), and in the mount namespace that the process started
 * in; ENOSPC when the tmpfs is full; EMFILE, ENOMEM.
 */
int gons_mntns_add_host(const char *name, const char *address);

/*
 * gons_procfsroot_open - open path as if procfsroot were the root directory.
 *
 * @procfsroot: "/proc/TID/root" of gons_mntns_new_transient() or of any other
 *              process, or any directory.
 * @path:       absolute or relative, both start at procfsroot.
 * @flags:      of open(2); O_CLOEXEC is added; a file created by O_CREAT has mode 0666
 *              less the umask.
 *
 * Symbolic links, absolute and relative, and ".." stay inside that root. Links of
 * procfs such as /proc/PID/cwd, which lead elsewhere, are not followed.
 *
 * Returns a descriptor with close-on-exec, which is the caller's to close. -1 with EINVAL when
 * procfsroot or path is NULL, or when flags has unknown bits or bits that exclude each other;
 * ENOENT also for an empty path; ELOOP for a loop of links or a link of procfs; EAGAIN when other
 * processes kept renaming directories on the path meanwhile, and EXDEV when they moved the file out
 * of that root or unmounted it meanwhile: try again; ENOSYS before Linux 5.6, which lacks
 * openat2(2); ENOSYS or EPERM when a seccomp filter refuses openat2(2); otherwise the errno of
 * open(2).
 */
int gons_procfsroot_open(const char *procfsroot, const char *path, int flags);

/*
 * gons_procfsroot_resolve - path without symbolic links, as if procfsroot were the root directory.
 *
 * @except_last: if not 0, a symbolic link in the last component of path is not followed.
 *
 * The file at path must exist. Needs Linux 5.6. Returns an absolute path that starts at procfsroot;
 * free(3) it. NULL with the errno of gons_procfsroot_open(); also with EXDEV when the root
 * directory of the calling thread is a chroot(2) inside procfsroot, because procfs then shows it
 * other paths: call it from outside the chroot; ENOMEM.
 */
char *gons_procfsroot_resolve(const char *procfsroot, const char *path, int except_last);

#ifdef __cplusplus
}
#endif

#endif

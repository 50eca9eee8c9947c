/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_PRIVILEGE_H
#define GONS_PRIVILEGE_H

/* What this process may do with namespaces on this machine. */

#include <stdbool.h>

#include <gons/gons.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * gons_can - whether namespaces of all these types can be created here and now.
 *
 * A child process creates them, enters them and, where the type allows it, returns from them. So
 * the result is also false if the sysctls allow it but a security module refuses it. With
 * CLONE_NEWUSER the others are created inside a new user namespace, as after gons_become_root():
 * gons_can(CLONE_NEWUSER | CLONE_NEWNET) tells whether gons_become_root() would help. CLONE_NEWNET
 * and CLONE_NEWNS together include gons_mntns_mount_sysfs_ro(). False also where the kernel creates a
 * namespace and gives no descriptor of it, as gVisor does for user and PID namespaces.
 *
 * Can be called from any thread, even while other threads hold locks: the child takes none, since
 * no fork handlers run. The program's wait(2) and SIGCHLD do not see the child. The child is killed
 * after a minute, and when the caller is killed. The call takes about a millisecond, and up to ten
 * seconds if a limit user.max_*_namespaces is reached.
 *
 * Returns true; or false with errno and the reason in gons_error(): EINVAL for 0 or unknown bits;
 * EPERM also when a seccomp filter killed the child; ETIMEDOUT when the child did not end, and
 * ECHILD when another signal killed it: both say nothing about the machine, so gons_require() fails
 * the test then instead of skipping it; otherwise the errno of gons_enter_transient() and, for
 * network and mount together, of gons_mntns_mount_sysfs_ro().
 */
bool gons_can(int types);

/*
 * gons_can_link - whether the kernel has virtual links of this kind, such as "veth".
 *
 * A child process creates such a link in a new network namespace, as for gons_can(), and subscribes to
 * the notifications by which gons waits for links. For "tun" and "tap" it uses /dev/net/tun.
 *
 * Returns true; or false with errno and the reason in gons_error(): EOPNOTSUPP when the kernel
 * lacks this kind of link: load its module, if there is one; EINVAL when kind is NULL, empty, too
 * long or has characters that no kind has; ENOPROTOOPT when the kernel has no such notifications,
 * as gVisor; otherwise the errno of gons_can(CLONE_NEWNET).
 */
bool gons_can_link(const char *kind);

/*
 * gons_become_root - get an unprivileged process the capabilities that tests need.
 *
 * Does nothing if the process has CAP_NET_ADMIN, can create namespaces of the types that
 * gons_enter_transient() takes, and can return from them. Otherwise it moves the process into a new
 * user namespace, with all capabilities there, and into new net, mnt, uts, ipc and cgroup
 * namespaces that belong to it. A process that has CAP_SYS_ADMIN, CAP_SYS_CHROOT and CAP_NET_ADMIN
 * in its user namespace stays in that user namespace, and only gets the other new namespaces. From
 * then on, threads return to the new namespaces, because the kernel does not let a thread return to
 * a namespace of an ancestor user namespace. Not undone.
 *
 * What changes for the process: it is uid 0 and gid 0, and these are the only ids. Files of other
 * users appear to belong to 65534, permission checks of its own files pass, and chown(2) to another
 * id, setuid(2) and setgroups(2) fail; gons_enter_user_namespace() can map more ids. The process
 * cannot reach the network of the machine any more: it has a network namespace of its own, in which
 * lo is up. Files, processes and the host name look the same. Outside of the user namespace, files
 * that it creates belong to the caller. If the caller is user 0 and lacks CAP_SETFCAP, as in bwrap
 * --uid 0, the kernel does not let it map user 0: the process is user 65534 then, with all
 * capabilities.
 *
 * The process must have one thread only. So call it first in main() or in a group set-up
 * (gons_group_setup_root), before a framework forks for each test; processes started later inherit
 * it. If threads were joined just before, the call waits until the kernel no longer counts them. A
 * process with several threads can use gons_set_run() and gons_reexec_run() instead. Under
 * ThreadSanitizer, which has a thread of its own, start the program by "unshare -Ur ./program".
 *
 * Returns 0, or -1 with the process where it was: EINVAL when there are other threads, or the
 * kernel has no user namespaces; EPERM if a sysctl, a security module, a seccomp filter or a
 * chroot(2) forbids them; ENOSPC if the limit user.max_user_namespaces is reached, here or in an
 * ancestor user namespace, or more than 32 are nested; EACCES if AppArmor leaves the user namespace
 * without capabilities;
 * ENOENT without procfs on /proc, EROFS if that is read-only; EAGAIN, EMFILE or ENOMEM when the
 * child process that tries it first cannot be forked. The message names the cause and what helps.
 * After a failure, later messages no longer advise to call gons_become_root().
 */
int gons_become_root(void);

/*
 * gons_enter_user_namespace - enter a new user namespace in any case, with the ids of maps.
 *
 * @maps: the ids of the new user namespace, as gons_set_unshare() takes them; to map other ids than
 *        the caller's own takes privileges, or newuidmap(1) and a range in /etc/subuid. An id of
 *        the caller that is not among them becomes 0. NULL: the caller's own ids are 0.
 *
 * Root can use it as a safety net: a test with a mistake can then not change the machine's network,
 * mounts and host name. It can still change files that belong to root. The rest is as for
 * gons_become_root(), which does nothing afterwards. Not undone.
 *
 * Returns 0; or -1 with the process where it was, with errno as of gons_become_root() and, for
 * maps, of gons_set_unshare(). A child process tries all of it first. In the rare case that the
 * process then fails although the child succeeded, because memory or descriptors have just run out,
 * it is in the new user namespace, which it cannot leave: the message says so, and the process
 * should end.
 */
struct gons_idmaps; /* <gons/set.h> */
int gons_enter_user_namespace(const struct gons_idmaps *maps);

/*
 * gons_has_cap - whether the calling thread has this capability, such as
 * CAP_NET_ADMIN of <linux/capability.h>, in its effective set.
 *
 * Returns true; or false with EPERM and a message that names the missing capability, or with
 * EINVAL for a number that is no capability of this kernel.
 */
bool gons_has_cap(int cap);

#ifdef __cplusplus
}
#endif

#endif

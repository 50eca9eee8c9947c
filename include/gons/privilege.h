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
 * gons_can - whether namespaces of all these types can be made here and now.
 *
 * Finds out by making them in a forked child, going in and, where a thread can,
 * coming back; so a machine whose sysctls look good but whose security module says
 * no is a no. With CLONE_NEWUSER the others are made inside a new user namespace,
 * as after gons_become_root(): gons_can(CLONE_NEWUSER | CLONE_NEWNET) tells whether
 * that would help. CLONE_NEWNET and CLONE_NEWNS together include
 * gons_mntns_mount_sysfs_ro().
 *
 * Returns true; or false with errno and the reason in gons_error(), EINVAL for 0 or unknown
 * bits. Takes about a millisecond, and up to five seconds where a limit
 * user.max_*_namespaces is reached.
 */
bool gons_can(int types);

/*
 * gons_can_link - whether the kernel has virtual links of this kind, such as "veth".
 *
 * Finds out in a network namespace of a forked child. Returns true; or false with errno and the
 * reason in gons_error(): EOPNOTSUPP when the kernel lacks the kind (its module may help),
 * EINVAL when kind is NULL, empty or too long, and what gons_netns_enter_transient() says.
 */
bool gons_can_link(const char *kind);

/*
 * gons_become_root - get an unprivileged process the capabilities that gons needs.
 *
 * Where the process can already make namespaces of the types that
 * gons_enter_transient() takes, and come back from them, it does nothing.
 * Otherwise it puts the process into a new user namespace, in which the caller is
 * uid 0 and gid 0 with all capabilities (a process that has CAP_SYS_ADMIN and
 * CAP_SYS_CHROOT in its user namespace stays in that one), and into new net, mnt,
 * uts, ipc and cgroup namespaces that belong to it. It needs those as its new
 * ground: the kernel lets no one back into a namespace of a user namespace further
 * up. So the network of the machine is out of reach afterwards, while files,
 * processes and the host name look the same. Not undone.
 *
 * For processes with one thread only, so call it first in main() or in a group
 * set-up (gons_group_setup_root); processes started later inherit it. Threads that were
 * joined, which the kernel counts for a moment yet, are waited for.
 *
 * Returns 0, or -1 with the process where it was: EINVAL when there are other
 * threads, or the kernel has no user namespaces; EPERM where a sysctl, a security
 * module, a seccomp filter or a chroot(2) forbids them, ENOSPC where
 * user.max_user_namespaces does, here or further up; EACCES where AppArmor leaves
 * the user namespace without powers; ENOENT without procfs on /proc, EROFS where that is
 * read-only; EAGAIN, EMFILE or ENOMEM when no child can be forked to try it.
 */
int gons_become_root(void);

struct gons_idmaps;
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

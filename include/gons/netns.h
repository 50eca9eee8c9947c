/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_NETNS_H
#define GONS_NETNS_H

/* Network namespaces (network_namespaces(7)). */

#include <gons/gons.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * gons_netns_enter_transient - put the calling thread into a new network namespace.
 *
 * It holds a loopback link, which is down (gons_netns_loopback_up()), and nothing
 * else, apart from the fallback tunnels of a kernel that has those modules loaded.
 * /sys still shows the links of the old one: see gons_mntns_mount_sysfs_ro(). Left
 * with the scope. Returns as gons_enter_transient(CLONE_NEWNET) does.
 */
int gons_netns_enter_transient(void);

/*
 * gons_netns_new_transient - make a network namespace without staying in it.
 *
 * Returns a descriptor as gons_new_transient(CLONE_NEWNET) does.
 */
int gons_netns_new_transient(void);

/*
 * gons_netns_execute - call fn(arg) on the calling thread in the network namespace nsfd.
 *
 * Sockets that fn opens stay in that namespace for good. Returns as gons_execute()
 * does; EINVAL, before anything is switched, when nsfd is of another type.
 */
int gons_netns_execute(int nsfd, void (*fn)(void *), void *arg);

/*
 * gons_netns_current - a descriptor for the calling thread's network namespace.
 *
 * Closed with the scope. Returns as gons_current(CLONE_NEWNET) does.
 */
int gons_netns_current(void);

/*
 * gons_netns_ino, gons_netns_path_ino, gons_netns_current_ino - inode numbers.
 *
 * As gons_ino() and so on do; EINVAL and 0 for a namespace of another type.
 */
uint64_t gons_netns_ino(int nsfd);
uint64_t gons_netns_path_ino(const char *path);
uint64_t gons_netns_current_ino(void);

/*
 * gons_netns_open_named - open the namespace that "ip netns add NAME" made.
 *
 * It is the file /run/netns/NAME. Returns a descriptor, closed with the scope. -1
 * with EINVAL when name is NULL, empty, "." or "..", has a slash, or is no network
 * namespace; ENAMETOOLONG; ENOENT when there is none of that name; EMFILE.
 */
int gons_netns_open_named(const char *name);

/*
 * gons_netns_loopback_up - bring up lo in the calling thread's network namespace.
 *
 * 127.0.0.1 and ::1 can be used at once. Success when it is up already. Not undone:
 * it goes with its namespace. Needs CAP_NET_ADMIN in the user namespace that owns
 * the network namespace: -1 with EPERM without it. Otherwise the kernel's errno.
 */
int gons_netns_loopback_up(void);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_NETNS_H
#define GONS_NETNS_H

/* Network namespaces (network_namespaces(7)). */

#include <gons/gons.h>

struct mnl_socket; /* <libmnl/libmnl.h> */

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

/*
 * gons_netns_nsid - the id of the namespace nsfd, as seen from the calling thread's.
 *
 * It is what netlink messages have as IFLA_LINK_NETNSID and so on, and what "ip netns
 * list-id" lists. Where it has none yet, the kernel gives it one, for as long as both
 * namespaces live. Ids are local: that of the same namespace is another one elsewhere.
 *
 * Returns the id, >= 0. -1 with EINVAL or EBADF when nsfd is no network namespace; EPERM
 * when it has none and the thread has no CAP_NET_ADMIN in the user namespace that owns its
 * network namespace; EMFILE, ENOMEM.
 */
int gons_netns_nsid(int nsfd);

/*
 * gons_netns_mnl_open - open a libmnl socket that lives in the namespace nsfd.
 *
 * @nsfd: -1: the calling thread's.
 * @bus: as mnl_socket_open() takes it, such as NETLINK_ROUTE.
 *
 * As mnl_socket_open() makes it: not bound yet, so mnl_socket_bind() comes next. Whatever
 * thread uses it, in whatever namespace, it talks to nsfd's part of the kernel. It has
 * close-on-exec, and is closed with the scope: do not call mnl_socket_close(), or the end of the
 * scope fails with EBADF.
 *
 * Returns the socket. NULL with EINVAL or EBADF when nsfd is no network namespace;
 * EPROTONOSUPPORT when the kernel has no such bus; EMFILE, ENOMEM; and as gons_execute()
 * does, when the thread is not in that namespace.
 */
struct mnl_socket *gons_netns_mnl_open(int nsfd, int bus);

#ifdef __cplusplus
}
#endif

#endif

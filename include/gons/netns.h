/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_NETNS_H
#define GONS_NETNS_H

/*
 * Network namespaces (network_namespaces(7)).
 *
 * nsfd is a descriptor of a network namespace. Where a comment says so, 0 and -1 mean the calling
 * thread's.
 */

#include <gons/gons.h>

struct mnl_socket; /* <libmnl/libmnl.h> */

#ifdef __cplusplus
extern "C" {
#endif

/*
 * gons_netns_enter_transient - put the calling thread into a new network namespace.
 *
 * The new namespace has a loopback link, which is down: gons_netns_loopback_up() brings it up. It
 * has other links only if the kernel adds fallback tunnels, such as "sit0", where their modules are
 * loaded. /sys still shows the links of the previous namespace: see gons_mntns_mount_sysfs_ro().
 * The thread leaves the namespace when its scope ends. Returns as
 * gons_enter_transient(CLONE_NEWNET) does.
 */
int gons_netns_enter_transient(void);

/*
 * gons_netns_new_transient - create a network namespace without staying in it.
 *
 * Returns a descriptor as gons_new_transient(CLONE_NEWNET) does.
 */
int gons_netns_new_transient(void);

/*
 * gons_netns_execute - call fn(arg) on the calling thread in the network namespace nsfd.
 *
 * Sockets that fn opens stay in that namespace for good. Returns as gons_execute() does; -1 with
 * EINVAL when nsfd is of another type, and then fn was not called.
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
 * As gons_ino(), gons_path_ino() and gons_current_ino() give them. 0 with EINVAL for a namespace of
 * another type.
 */
uint64_t gons_netns_ino(int nsfd);
uint64_t gons_netns_path_ino(const char *path);
uint64_t gons_netns_current_ino(void);

/*
 * gons_netns_open_named - open the namespace that "ip netns add NAME" created.
 *
 * That is the file /run/netns/NAME. Returns a descriptor, closed with the scope. -1 with EINVAL
 * when name is NULL, empty, "." or "..", has a slash (use gons_open() for a path), or is the name
 * of a file that is not a network namespace; ENAMETOOLONG; ENOENT when there is no such file;
 * EMFILE.
 */
int gons_netns_open_named(const char *name);

/*
 * gons_netns_loopback_up - bring up lo in the calling thread's network namespace.
 *
 * 127.0.0.1 and ::1 can be used at once. Not undone: lo disappears with its namespace.
 *
 * Returns 0, also when lo is up already. Otherwise -1 with EPERM without CAP_NET_ADMIN in the user
 * namespace that owns the network namespace: run as root, or call gons_become_root() and enter a
 * new network namespace; EMFILE, ENOMEM.
 */
int gons_netns_loopback_up(void);

/*
 * gons_enter_network - enter a new network that is ready for a test.
 *
 * The calling thread enters new network and mount namespaces, in which /sys is a read-only sysfs of
 * this network, and lo is up. It is the same as gons_netns_enter_transient(),
 * gons_mntns_enter_transient(), gons_mntns_mount_sysfs_ro() and gons_netns_loopback_up() one after
 * the other. The thread leaves the namespaces when its scope ends.
 *
 * Returns 0. -1 with the errno of the call that failed; the thread has then returned to where it
 * was.
 */
int gons_enter_network(void);

/*
 * gons_netns_socket - open a socket in the namespace nsfd.
 *
 * @nsfd: 0 or -1: the calling thread's.
 * @domain, @type, @protocol: those of socket(2).
 *
 * The socket stays in that namespace, whatever thread uses it, and keeps it alive. It has
 * close-on-exec, and is closed with the scope. Needs CAP_SYS_ADMIN, as for gons_execute(), if the
 * thread is not in that namespace.
 *
 * Returns the socket. -1 with EINVAL or EBADF when nsfd is not a network namespace; with the errno
 * of socket(2), such as EPERM for a raw socket without CAP_NET_RAW in the user namespace that owns
 * the network namespace: run as root, or call gons_become_root() first; root of a container without
 * CAP_NET_RAW: add it ("--cap-add NET_RAW"), or call gons_enter_user_namespace(). EACCES for a ping
 * socket (IPPROTO_ICMP with SOCK_DGRAM): set net.ipv4.ping_group_range by gons_netns_sysctl_set().
 * As gons_execute() does when the thread is not in that namespace.
 */
int gons_netns_socket(int nsfd, int domain, int type, int protocol);

/*
 * gons_netns_sysctl_set, gons_netns_sysctl_get - settings of the namespace nsfd.
 *
 * @nsfd: 0 or -1: the calling thread's.
 * @name: as sysctl(8) takes it: "net.ipv4.ip_forward" or "net/ipv4/ip_forward". If dots separate
 *        its parts, write a slash for each dot within a part: the link eth0.100 is "eth0/100" in
 *        "net.ipv4.conf.eth0/100.forwarding".
 * @value: gons_netns_sysctl_set(): the value to write. gons_netns_sysctl_get(): a buffer of size
 *         bytes, which gets the value without the newline at its end.
 *
 * gons_netns_sysctl_set() needs root of the user namespace that owns the network namespace. The
 * previous value is restored when the scope ends (net.ipv4.ping_group_range only if its groups are
 * mapped in this user namespace). Both calls need CAP_SYS_ADMIN, as for
 * gons_execute(), if the thread is not in that namespace.
 *
 * Return 0. -1 with EINVAL when name is NULL or does not begin with "net.", value is NULL, size is
 * 0, or the kernel does not accept the value; ENOENT when there is no such sysctl in this
 * namespace: load its module, or look whether only the initial network namespace has it; EACCES or
 * EPERM when it may not be written: run as root, or call gons_become_root() and use a namespace
 * that is created afterwards; EACCES also when a sysctl can only be written, or only read, or a security
 * module refuses it, as docker's AppArmor profile: the message names its option; EROFS
 * when /proc/sys is mounted read-only and the thread is not root of the initial user namespace
 * (which gons lets write nevertheless): start the container with "--security-opt unmask=ALL"
 * (podman), "--security-opt systempaths=unconfined" (docker) or "lxc.mount.auto = proc:rw sys:rw"
 * (LXC); ERANGE when the value does not fit into size bytes; EINVAL or EBADF when nsfd is not a
 * network namespace; as gons_execute() does when the thread is not in that namespace.
 */
int gons_netns_sysctl_set(int nsfd, const char *name, const char *value);
int gons_netns_sysctl_get(int nsfd, const char *name, char *value, size_t size);

/*
 * gons_netns_wait_listen - wait until a socket is bound to a port in the namespace nsfd.
 *
 * @nsfd: 0 or -1: the calling thread's.
 * @type: SOCK_STREAM: a TCP socket that listens; SOCK_DGRAM: a UDP socket. IPv4 or IPv6, on
 *        whatever address.
 * @timeout_ms: how long to wait; 0: only look once; -1: without limit.
 *
 * The call does not connect to the socket. The kernel has no notification that a socket was bound,
 * so the call lists the sockets (sock_diag(7)) every 0.1 to 10 ms. It needs CAP_SYS_ADMIN, as for
 * gons_execute(), if the thread is not in that namespace.
 *
 * Returns 0. -1 with EINVAL when type is another one, port is 0 or timeout_ms is less than -1;
 * ETIMEDOUT when no such socket was bound in time: look whether the program runs, and in this
 * namespace; EOPNOTSUPP when the kernel lacks the module tcp_diag or udp_diag: load it; EINVAL or
 * EBADF when nsfd is not a network namespace; as gons_execute() does when the thread is not in that
 * namespace.
 */
int gons_netns_wait_listen(int nsfd, int type, uint16_t port, int timeout_ms);

/*
 * gons_netns_nsid - the id that the calling thread's network namespace has for the namespace nsfd.
 * gons_netns_path_nsid - the same for the namespace at path, such as "/run/netns/NAME".
 *
 * Netlink messages use this id for a namespace, for instance in the attribute IFLA_LINK_NETNSID,
 * and "ip netns list-id" lists it. If the namespace has no id yet, the kernel gives it one, for as
 * long as both namespaces live. Ids are local: seen from a third namespace, the same namespace has
 * another id.
 *
 * Returns the id, >= 0. -1 with EINVAL or EBADF when nsfd is not a network namespace; EPERM when it
 * has no id yet and the thread has no CAP_NET_ADMIN in the user namespace that owns its own network
 * namespace: run as root, or call gons_become_root() and enter a new network namespace; EMFILE,
 * ENOMEM.
 */
int gons_netns_nsid(int nsfd);
int gons_netns_path_nsid(const char *path);

/*
 * gons_netns_mnl_open - open a libmnl socket in the namespace nsfd.
 *
 * @nsfd: 0 or -1: the calling thread's.
 * @bus: the netlink protocol, as for mnl_socket_open(), such as NETLINK_ROUTE.
 *
 * The socket stays in that namespace, whatever thread uses it. It is not bound yet: call
 * mnl_socket_bind() next, as after mnl_socket_open(). It has close-on-exec, and is closed with the
 * scope. Do not call mnl_socket_close(): the end of the scope would then fail with EBADF. Needs
 * CAP_SYS_ADMIN, as for gons_execute(), if the thread is not in that namespace.
 *
 * Returns the socket. NULL with EINVAL or EBADF when nsfd is not a network namespace;
 * EPROTONOSUPPORT when the kernel lacks the protocol: load its module; EMFILE, ENOMEM; as
 * gons_execute() does when the thread is not in that namespace.
 */
struct mnl_socket *gons_netns_mnl_open(int nsfd, int bus);

#ifdef __cplusplus
}
#endif

#endif

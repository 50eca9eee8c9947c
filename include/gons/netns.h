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
 * The new namespace has a loopback link, which is down (gons_netns_loopback_up()). It has no other
 * link, except fallback tunnels if the kernel has loaded modules for tunnels. /sys still shows the
 * links of the previous network namespace: see gons_mntns_mount_sysfs_ro(). The thread leaves the
 * new one when its scope ends. Returns as gons_enter_transient(CLONE_NEWNET) does.
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
 * 127.0.0.1 and ::1 can be used at once. Succeeds also when lo is up already. Not undone: lo
 * disappears with its namespace. Needs CAP_NET_ADMIN in the user namespace that owns the network
 * namespace, unless lo is up.
 *
 * Returns 0. -1 with EPERM without the capability; otherwise with the kernel's errno.
 */
int gons_netns_loopback_up(void);

/*
 * gons_enter_network - enter a new network that is ready for a test.
 *
 * The calling thread enters new network and mount namespaces, in which /sys is a read-only sysfs of
 * this network, and lo is up: gons_netns_enter_transient(), gons_mntns_enter_transient(),
 * gons_mntns_mount_sysfs_ro() and gons_netns_loopback_up() in one. The thread leaves them when its
 * scope ends. Returns 0; -1 as these calls do, and then the thread has returned to where it was.
 */
int gons_enter_network(void);

/*
 * gons_netns_socket - open a socket in the namespace nsfd.
 *
 * @nsfd: 0 or -1: the calling thread's.
 *
 * domain, type and protocol are those of socket(2). The socket stays in that namespace, whatever
 * thread uses it. It is close-on-exec, and is closed with the scope.
 *
 * Returns the socket. -1 with EINVAL or EBADF when nsfd is not a network namespace; with the errno
 * of socket(2), such as EPERM for a raw socket without CAP_NET_RAW in the user namespace that owns
 * the namespace; otherwise as gons_execute() does.
 */
int gons_netns_socket(int nsfd, int domain, int type, int protocol);

/*
 * gons_netns_sysctl_set, gons_netns_sysctl_get - settings of the namespace nsfd.
 *
 * @nsfd: 0 or -1: the calling thread's.
 * @name: as for sysctl(8), "net.ipv4.ip_forward" or "net/ipv4/ip_forward". In a name with dots, a
 *        slash stands for a dot in the name of a link: "net.ipv4.conf.eth0/100.forwarding".
 * @value: gons_netns_sysctl_set(): the value to write; gons_netns_sysctl_get(): the buffer for the
 *         value, which gets no newline at its end.
 * @size: of the buffer, in bytes.
 *
 * The previous value is restored when the scope ends. Root of the initial user namespace can set a
 * value even where /proc/sys is mounted read-only, as in containers.
 *
 * Return 0. -1 with EINVAL when name is NULL or does not begin with "net.", value is NULL, size is
 * 0, or the kernel does not accept the value; ENOENT when there is no such sysctl in this
 * namespace; EACCES or EPERM when it may not be written; EROFS when /proc/sys is read-only: the
 * message says what helps; ERANGE when the value does not fit into size bytes; EINVAL or EBADF when
 * nsfd is not a network namespace; otherwise as gons_execute() does.
 */
int gons_netns_sysctl_set(int nsfd, const char *name, const char *value);
int gons_netns_sysctl_get(int nsfd, const char *name, char *value, size_t size);

/*
 * gons_netns_wait_listen - wait until a socket is bound to a port in the namespace nsfd.
 *
 * @nsfd: 0 or -1: the calling thread's.
 * @type: SOCK_STREAM: a TCP socket that listens; SOCK_DGRAM: a UDP socket. IPv4 or IPv6.
 * @port: in host byte order, such as 80.
 * @timeout_ms: how long to wait, in milliseconds; 0: only look once; -1: without limit.
 *
 * gons does not connect to the socket. It asks the kernel for its sockets (sock_diag(7)) every 0.1
 * to 10 ms, because the kernel sends no notification when a socket is bound.
 *
 * Returns 0. -1 with EINVAL when type is neither of the two, port is 0 or timeout_ms is less than
 * -1; ETIMEDOUT; EOPNOTSUPP when the kernel lacks the module tcp_diag or udp_diag: load it; EINVAL
 * or EBADF when nsfd is not a network namespace; otherwise as gons_execute() does.
 */
int gons_netns_wait_listen(int nsfd, int type, uint16_t port, int timeout_ms);

/*
 * gons_netns_nsid - the id that the calling thread's network namespace has for the namespace nsfd.
 * gons_netns_path_nsid - the same for the namespace at path, such as "/run/netns/NAME".
 *
 * Netlink messages have this id in IFLA_LINK_NETNSID and so on, and "ip netns list-id" lists it. If
 * there is no id yet, the kernel assigns one, which is valid as long as both namespaces live. Each
 * network namespace has ids of its own: the same namespace can have another id in a third one.
 *
 * Return the id, >= 0. -1 with EINVAL or EBADF when nsfd or path is not a network namespace; EPERM
 * when there is no id yet and the thread lacks CAP_NET_ADMIN in the user namespace that owns its
 * own network namespace; EMFILE, ENOMEM; gons_netns_path_nsid() otherwise as gons_open() does.
 */
int gons_netns_nsid(int nsfd);
int gons_netns_path_nsid(const char *path);

/*
 * gons_netns_mnl_open - open a libmnl socket that lives in the namespace nsfd.
 *
 * @nsfd: 0 or -1: the calling thread's.
 * @bus: as mnl_socket_open() takes it, such as NETLINK_ROUTE.
 *
 * As with mnl_socket_open(), the socket is not bound yet: call mnl_socket_bind() next. Whichever
 * thread uses the socket, in whichever namespace, its requests are about the namespace nsfd. It is
 * close-on-exec, and is closed with the scope: do not call mnl_socket_close(), or the end of the
 * scope fails with EBADF.
 *
 * Returns the socket. NULL with EINVAL or EBADF when nsfd is not a network namespace;
 * EPROTONOSUPPORT when the kernel has no such bus; EMFILE, ENOMEM; otherwise as gons_execute()
 * does.
 */
struct mnl_socket *gons_netns_mnl_open(int nsfd, int bus);

#ifdef __cplusplus
}
#endif

#endif

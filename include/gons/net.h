/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_NET_H
#define GONS_NET_H

/*
 * Networks of several hosts, from a plan. A host is a network namespace with its links, addresses
 * and routes:
 *
 *     gons_net *net = gons_must(gons_net_new("client -- router -- server", 0));
 *     int fd = gons_must(gons_netns_socket(gons_net_nsfd(net, "server"), AF_INET, SOCK_DGRAM, 0));
 *
 * A plan is text. Its statements are separated by newlines or semicolons, and "#" begins a
 * comment:
 *
 *     client -- router -- server                   # two cables; gons chooses the addresses
 *     client 10.0.1.2/24 -- 10.0.1.1/24 router     # one cable, with these addresses
 *     a 10.0.2.1/24, fd00:2::1/64 -- b             # two addresses; gons chooses those of b
 *     lan: a 10.0.3.1/24, b 10.0.3.2/24, router    # a bridge "lan" with three hosts on it
 *     client:wan0 -- router:lan0 [mtu=1400]        # names of the links, and the MTU of the cable
 *     host router [forward=no]                     # an option of a host
 *     host alone                                   # a host without links
 *
 * Names have 1 to 15 letters, digits, "-", "_" and ".". "NAME: " with a blank after the colon
 * begins a bridge. "HOST:LINK" without a blank gives the host's link a name. Addresses have a
 * prefix length. In "a -- 10.0.1.1/24 b 10.0.2.1/24 -- c", the first address is on the link to a,
 * and the second one on the link to c. Options at the end of a statement apply to all of its
 * cables.
 *
 * A host with more than one link forwards packets between its links; with [forward=no] it does not.
 * A host with one link does so only with [forward=yes].
 *
 * gons chooses what a plan leaves open, in the order of the plan, so that the same plan always
 * gives the same network. The links of each host are called eth0, eth1... The first cable or bridge
 * that has no address in the plan gets the networks 10.0.1.0/24 and fd00:1::/64, the next one
 * 10.0.2.0/24 and fd00:2::/64, and so on; networks that the plan names are left out. The hosts on
 * it get the first addresses of these networks, in the order of the plan. If the plan has addresses
 * for only some of the hosts on a cable or bridge, the other hosts get free ones of the same
 * networks.
 *
 * Each host gets routes to all addresses of the plan, on the shortest path. If all of them lead
 * through the same router, it gets one default route instead.
 *
 * The calls need Linux 4.16.
 */

#include <stdio.h>

#include <gons/gons.h>
#include <gons/set.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gons_net gons_net;

/*
 * gons_net_new - create the hosts, links, addresses and routes of a plan.
 *
 * @types: the namespaces that each host has besides its network namespace. CLONE_NEWNS: a mount
 *         namespace in which /sys shows the host's links and /etc/hosts lists all hosts (as with
 *         gons_mntns_private(GONS_PRIVATE_NAMES)). CLONE_NEWUTS: a UTS namespace with the host's
 *         name. 0: none.
 *
 * When the call returns, all links are up, also the loopback links, and all addresses can be used:
 * none of them is tentative. The calling thread stays where it is. If it is in a host of another
 * network, the two networks do not depend on each other.
 *
 * The network ends with the scope: gons closes the descriptors, and the kernel deletes the
 * namespaces and links in the background. A host stays alive as long as there is a process in it,
 * or a descriptor or socket of the caller's that refers to it: in such a host, gons deletes the
 * links of the plan before gons_scope_end() returns.
 *
 * Each host takes two descriptors, for its network namespace and for a socket in it, one or two more
 * if gons has waited for its links and addresses, and one for each bit of types. The network
 * namespace of the bridges takes as many as a host. If RLIMIT_NOFILE is less than four times the
 * number of hosts, or half of it is used, gons keeps no sockets: each host takes one descriptor, and one for each bit of
 * types. Links, addresses and routes take none.
 *
 * Needs CAP_SYS_ADMIN and CAP_NET_ADMIN in the user namespace of the calling thread, as
 * gons_become_root() gives them. For hosts that forward packets, /proc/sys must be writable, except
 * for root of the initial user namespace since Linux 5.2.
 *
 * Returns the network, which belongs to the scope. NULL with EINVAL when plan is NULL, types has
 * other bits, or the plan has a mistake: the message says in which line and column, and what was
 * expected; EROFS when a host is to forward packets and /proc/sys is mounted read-only: start the
 * container with "--security-opt unmask=ALL" (podman), "--security-opt systempaths=unconfined"
 * (docker) or "lxc.mount.auto = proc:rw sys:rw" (LXC); EACCES when a security module refuses that;
 * EOPNOTSUPP when the kernel lacks veth or bridge links: load the module; EPERM without the
 * capabilities, and ENOSPC at a limit user.max_*_namespaces, as for gons_enter_transient();
 * with CLONE_NEWNS also the errnos of gons_mntns_mount_sysfs_ro() and gons_mntns_private(); EMFILE
 * with many hosts (RLIMIT_NOFILE: raise it, or end a scope); EAGAIN when no thread can be created
 * (RLIMIT_NPROC, pids.max); ENOMEM.
 */
gons_net *gons_net_new(const char *plan, int types);

/*
 * gons_net_host_name - the name of the host with this number.
 *
 * Hosts are numbered from 0, in the order in which the plan first names them. The text belongs to
 * the network. NULL with EINVAL when net is NULL, ENOENT when the plan has fewer hosts.
 */
const char *gons_net_host_name(const gons_net *net, size_t number);

/*
 * gons_net_host - the namespaces of a host, as a set.
 * gons_net_nsfd - the descriptor of a host's network namespace.
 *
 * Both belong to the network: do not close them. On failure gons_net_host() returns NULL and
 * gons_net_nsfd() -1, with EINVAL when net or host is NULL, ENOENT when the plan has no such host.
 */
const gons_set *gons_net_host(const gons_net *net, const char *host);
int gons_net_nsfd(const gons_net *net, const char *host);

/*
 * gons_net_ifindex - the ifindex of a host's link, such as "eth0".
 *
 * -1 with EINVAL when an argument is NULL, ENOENT when the plan has no such host, ENODEV when the
 * host has no such link.
 */
int gons_net_ifindex(const gons_net *net, const char *host, const char *link);

/*
 * gons_net_address - the first address of a host, without its prefix length: "10.0.1.2".
 *
 * @family: AF_INET or AF_INET6.
 *
 * It is the first one of the first link in the plan that has an address of this family. The text
 * belongs to the network. NULL with EINVAL when net or host is NULL, ENOENT when the plan has no
 * such host, EAFNOSUPPORT for another family, EADDRNOTAVAIL when the host has no address of this
 * family.
 */
const char *gons_net_address(const gons_net *net, const char *host, int family);

/*
 * gons_net_execute - call fn(arg) in all namespaces of a host, on the calling thread.
 *
 * Returns as gons_execute_all() does, and with EINVAL and ENOENT as gons_net_host() does.
 */
int gons_net_execute(const gons_net *net, const char *host, void (*fn)(void *), void *arg);

/*
 * gons_net_draw - write the network as a graph in the language DOT of Graphviz.
 *
 * The graph has the names of hosts, links and bridges, and all addresses; `dot -Tsvg` makes a
 * picture of it. Returns 0. -1 with EINVAL when net or stream is NULL, or with the errno of
 * write(2).
 */
int gons_net_draw(const gons_net *net, FILE *stream);

#ifdef __cplusplus
}
#endif

#endif

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
 *     client -- router -- server                   # cables; links and addresses are chosen
 *     client 10.0.1.2/24 -- 10.0.1.1/24 router     # with these addresses
 *     a 10.0.2.1/24, fd00:2::1/64 -- b             # several; b gets free ones of the same networks
 *     lan: a 10.0.3.1/24, b 10.0.3.2/24, router    # a bridge "lan" with a host on each port
 *     client:wan0 -- router:lan0 [mtu=1400]        # names of links, and the MTU of the cable
 *     host router [forward=no]                     # what is said of a host, or a host alone
 *
 * Names have 1 to 15 letters, digits, "-", "_" and ".". A name, a colon and a blank begin a bridge;
 * after a colon without a blank comes the name of a link. In a chain, the addresses between a "--"
 * and a name belong to the cable on that side of the host. Options at the end of a statement apply
 * to all of its cables. Hosts with more than one link forward packets from one to the other, and
 * others do not, unless the plan says [forward=yes] or [forward=no].
 *
 * What a plan leaves open is chosen in the order of the plan, so that the same plan always gives
 * the same network. Links are called eth0, eth1... in each host. A cable or bridge without any
 * address gets the networks 10.0.1.0/24 and fd00:1::/64, the next one 10.0.2.0/24 and fd00:2::/64,
 * and so on, except those that the plan names; its hosts get the first addresses there, in their
 * order. Where some hosts of a cable or bridge have addresses, the others get free ones of the same
 * networks.
 *
 * Each host gets the routes by which it reaches every address of the plan on a shortest path: a
 * default route where all of them begin with the same router.
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
 * @types: what each host has beside its network namespace: CLONE_NEWNS for a mount namespace, in
 *         which /sys shows the host's links and /etc/hosts lists all hosts (as with
 *         gons_mntns_private(GONS_PRIVATE_NAMES)); CLONE_NEWUTS for a UTS namespace with the host's
 *         name; 0 for nothing.
 *
 * When it returns, all links are up, the loopback links too, and all addresses can be used: none of
 * them is tentative. The calling thread stays where it is. A network that is created in a host of
 * another one is independent of it.
 *
 * The network ends with the scope: its descriptors are closed, and the kernel deletes what only
 * they refer to. A process in a host, or the caller's own descriptor or socket of it, keeps that
 * host alive. Each host takes one descriptor, and one more for each of types; all bridges together
 * take one. Links, addresses and routes take none.
 *
 * Needs CAP_SYS_ADMIN and CAP_NET_ADMIN in the user namespace of the calling thread, as
 * gons_become_root() gives them, and for hosts that forward packets, a writable /proc/sys.
 *
 * Returns the network, which belongs to the scope. NULL with EINVAL when plan is NULL, types has
 * other bits, or the plan has a mistake: the message says in which line and column, and what was
 * expected; EROFS when a host is to forward and /proc/sys is mounted read-only; EOPNOTSUPP when the
 * kernel lacks veth or bridge links; EPERM, ENOSPC as gons_enter_transient() says, and with
 * CLONE_NEWNS as gons_mntns_mount_sysfs_ro() and gons_mntns_private() say; EMFILE (RLIMIT_NOFILE,
 * with many hosts), EAGAIN when no thread can be created, ENOMEM.
 */
gons_net *gons_net_new(const char *plan, int types);

/*
 * gons_net_host_name - the name of a host, by its number in the order of the plan, from 0 on.
 *
 * The text belongs to the network. NULL with EINVAL when net is NULL, ENOENT when number is that of
 * no host.
 */
const char *gons_net_host_name(const gons_net *net, size_t number);

/*
 * gons_net_host - the namespaces of a host, as a set.
 * gons_net_nsfd - the descriptor of its network namespace.
 *
 * Both belong to the network: do not close them. NULL and -1 with EINVAL when net or host is NULL,
 * ENOENT when the plan has no such host.
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
 * The text belongs to the network. NULL with EINVAL when net or host is NULL, ENOENT when the plan
 * has no such host, EAFNOSUPPORT for another family, EADDRNOTAVAIL when the host has no address of
 * this family.
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
 * picture of it. Returns 0, or -1 with EINVAL when net or stream is NULL, or with the errno of
 * writing.
 */
int gons_net_draw(const gons_net *net, FILE *stream);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_IP_H
#define GONS_IP_H

/*
 * Addresses, routes and neighbours, IPv4 and IPv6.
 *
 * nsfd is a descriptor of a network namespace; 0 or -1 means the calling thread's. The link need
 * not be one that gons created.
 *
 * To change anything, the thread needs CAP_NET_ADMIN in the user namespace that owns the network
 * namespace. If it is not in that network namespace, it also needs CAP_SYS_ADMIN in that user
 * namespace and in its own, as for gons_execute(). gons_become_root() gives an ordinary user all of
 * them, over the namespaces that are created afterwards.
 *
 * Addresses, routes and neighbours that are added here are deleted when the calling thread's scope
 * ends. They may be gone by then: deleted by a call, or by the kernel together with their link or
 * their namespace.
 *
 * Every call returns -1 with EINVAL or EBADF when nsfd is not a network namespace; with EINVAL when
 * nsfd is 0 and descriptor 0 is a namespace, which leaves open what is meant: open something else
 * as descriptor 0; with EPERM without the capabilities; with EMFILE (RLIMIT_NOFILE: raise it, or
 * end a scope) or ENOMEM; otherwise with the kernel's errno. The message quotes what the kernel
 * says (its extended acknowledgement). The calls need Linux 4.16.
 */

#include <gons/gons.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * gons_address_add - give a link an address, such as "10.0.0.1/24" or "fd00::1/64".
 *
 * Without a prefix length it is a host address: /32 or /128. The link may be down. Once the link is
 * up, the address can be used at once, because IPv6 does no duplicate address detection for it. An
 * IPv4 network shorter than /31 gets its broadcast address, here 10.0.0.255. Deleted with the
 * scope.
 *
 * Returns 0. -1 with EINVAL when ifindex is not positive, or when cidr is not an address, has a
 * prefix length that is too long, or has a zone ("fe80::1%eth0": leave it out, since ifindex says
 * which link is meant); ENODEV when there is no such link; EEXIST when the link has this address
 * already; EACCES when IPv6 is disabled on the link: set the sysctl net.ipv6.conf.LINK.disable_ipv6
 * to 0.
 */
int gons_address_add(int nsfd, int ifindex, const char *cidr);

/*
 * gons_address_delete - take an address from a link, whoever gave it.
 *
 * cidr has the prefix length with which the address was added. Not undone.
 *
 * Returns 0. -1 with EINVAL as for gons_address_add(); ENODEV when there is no such link;
 * EADDRNOTAVAIL when the link does not have this address with this prefix length.
 */
int gons_address_delete(int nsfd, int ifindex, const char *cidr);

/*
 * gons_address_wait - wait until all addresses of a link can be used.
 *
 * @timeout_ms: how long to wait; 0: only look once; -1: without limit.
 *
 * IPv4 addresses can be used at once. An IPv6 address that others added is tentative until
 * duplicate address detection is over. When a link is up and has a carrier, the kernel also gives
 * it a link-local address; the call waits for that as well, unless the link is down, IPv6 is
 * disabled or absent, or the sysctl net.ipv6.conf.LINK.addr_gen_mode is 1. So call gons_link_up()
 * first. The call waits for the kernel's notifications.
 *
 * Returns 0. -1 with EINVAL when ifindex is not positive or timeout_ms is less than -1; ENODEV when
 * there is no such link, or when it is deleted meanwhile; EADDRINUSE when another host has one of
 * the addresses, which the message names: choose another address; ETIMEDOUT when the time is over:
 * the message names an address that is still tentative, or says that the link-local address is
 * missing, as without a carrier: bring up the peer or parent.
 */
int gons_address_wait(int nsfd, int ifindex, int timeout_ms);

/*
 * gons_route_add - add a route to the main routing table.
 *
 * @destination: a network, such as "10.0.0.0/8", "224.0.0.0/4" or "::/0"; the address of one host;
 *               or "default", which is of the gateway's family, and IPv4 if gateway is NULL.
 * @gateway: the address to send through; NULL: the destination is on the link itself, so that even
 *           "default" means that every address is reached directly.
 * @ifindex: the link; 0: the link that leads to the gateway.
 *
 * Deleted with the scope. The kernel also deletes a route with its link, and when the link is set
 * to down.
 *
 * Returns 0. -1 with EINVAL when destination or gateway is not an address, their families differ,
 * bits of the destination beyond its prefix length are set (the message names the network that was
 * probably meant), ifindex is negative, or neither a gateway nor a link is given; ENODEV when there
 * is no such link; EEXIST when there is a route to this destination already; ENETUNREACH or (IPv6)
 * EHOSTUNREACH when the gateway is in no network of a link: give the link an address in the
 * gateway's network first, and bring it up; ENETDOWN when the link is down: call gons_link_up()
 * first; EACCES when IPv6 is disabled on the link, as for gons_address_add().
 */
int gons_route_add(int nsfd, const char *destination, const char *gateway, int ifindex);

/*
 * gons_route_delete - delete a route from the main routing table, whoever added it.
 *
 * The arguments are those of gons_route_add(); a gateway of NULL and an ifindex of 0 match any.
 * Not undone.
 *
 * Returns 0. -1 with EINVAL as for gons_route_add(); ESRCH when there is no such route.
 */
int gons_route_delete(int nsfd, const char *destination, const char *gateway, int ifindex);

/*
 * gons_neighbour_add - tell a link the MAC address of a neighbour.
 *
 * @address: the neighbour's, such as "10.0.0.2" or "fd00::2".
 * @lladdr: its link-layer address, which is its MAC address of 6 bytes.
 *
 * The entry does not expire (NUD_PERMANENT), so the kernel sends no request for the address (ARP,
 * neighbour discovery). It replaces an entry that the link has for this address. Deleted with the
 * scope; an entry that it replaced does not return.
 *
 * Returns 0. -1 with EINVAL when ifindex is not positive, address is not an address or has a
 * prefix length, or lladdr is NULL; ENODEV when there is no such link.
 */
int gons_neighbour_add(int nsfd, int ifindex, const char *address, const unsigned char lladdr[6]);

#ifdef __cplusplus
}
#endif

#endif

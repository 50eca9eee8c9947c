/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_IP_H
#define GONS_IP_H

/*
 * Addresses, routes and neighbours, IPv4 and IPv6.
 *
 * nsfd is a descriptor of a network namespace; 0 or -1 is the calling thread's. The thread needs
 * CAP_NET_ADMIN in the user namespace that owns this namespace. For a namespace that it is not in,
 * it also needs what gons_execute() needs. The link need not be one that gons created.
 *
 * What is added here is deleted when the calling thread's scope ends. It is no error if it is gone
 * by then: with its link, with its namespace or by a call.
 *
 * Every call fails with EINVAL or EBADF when a descriptor is not a network namespace, with EINVAL
 * when descriptor 0 is given and is itself a namespace, with EPERM without the capability, with
 * EMFILE or ENOMEM, and otherwise with the kernel's errno. The message then has the kernel's
 * extended acknowledgement (extack). The calls need Linux 4.16.
 */

#include <gons/gons.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * gons_address_add - give a link an address, such as "10.0.0.1/24" or "fd00::1/64".
 *
 * Without a prefix length it is a host address: /32 or /128. The address can be used at once:
 * IPv6 does no duplicate address detection for it. An IPv4 network shorter than /31 gets its
 * broadcast address, here 10.0.0.255. Deleted with the scope.
 *
 * Returns 0. -1 with EINVAL when ifindex is not positive, or when cidr is not an address, has a
 * prefix length that is too long, or has a zone ("fe80::1%eth0": the link already says which);
 * ENODEV when there is no such link; EEXIST when the link has the address already; EACCES when
 * IPv6 is disabled on the link.
 */
int gons_address_add(int nsfd, int ifindex, const char *cidr);

/*
 * gons_address_delete - take an address from a link.
 *
 * cidr is what gons_address_add() was given, with the same prefix length. Not undone.
 *
 * Returns 0. -1 with EINVAL as above; ENODEV when there is no such link; EADDRNOTAVAIL when the
 * link does not have this address with this prefix length.
 */
int gons_address_delete(int nsfd, int ifindex, const char *cidr);

/*
 * gons_address_wait - wait until all addresses of a link can be used.
 *
 * @timeout_ms: how long to wait; 0: only look once; -1: without limit.
 *
 * An IPv6 address is tentative until duplicate address detection is over. A link that is up also
 * creates its link-local address, which this call waits for, unless IPv6 is disabled or absent, or
 * addr_gen_mode is 1. The call waits for the kernel's notifications. A link that is down does not
 * get a link-local address: call gons_link_up() first.
 *
 * Returns 0. -1 with EINVAL when ifindex is not positive or timeout_ms is less than -1; ENODEV when
 * there is no such link, or when it is deleted meanwhile; EADDRINUSE when another host has one of
 * the addresses, which the message names; ETIMEDOUT: the message names the address that cannot be
 * used yet.
 */
int gons_address_wait(int nsfd, int ifindex, int timeout_ms);

/*
 * gons_route_add - add a route to the main routing table.
 *
 * @destination: "default" (IPv4, or the family of the gateway), "10.0.0.0/8", "224.0.0.0/4",
 *               "::/0", or an address of one host.
 * @gateway: the address to send through; NULL: the destination is on the link itself.
 * @ifindex: the link; 0: the link that leads to the gateway.
 *
 * Deleted with the scope. The kernel also deletes a route with its link, and when the link is set
 * to down. IPv4 "default" with gateway NULL and a link means that every address is reached directly
 * on that link.
 *
 * Returns 0. -1 with EINVAL when destination or gateway is not an address, their families differ,
 * bits of the destination beyond its prefix length are set (the message names the network that was
 * probably meant), ifindex is negative, or neither a gateway nor a link is given; ENODEV when there
 * is no such link; EEXIST when there is such a route; ENETUNREACH (IPv4) and EHOSTUNREACH (IPv6, or
 * ENETUNREACH) when the gateway is not on a connected network; ENETDOWN when the link is down:
 * bring it up first; EACCES when IPv6 is disabled on the link.
 */
int gons_route_add(int nsfd, const char *destination, const char *gateway, int ifindex);

/*
 * gons_route_delete - delete a route from the main routing table.
 *
 * The arguments are those of gons_route_add(); a gateway of NULL and an ifindex of 0 match any.
 * Not undone.
 *
 * Returns 0. -1 with EINVAL as above; ESRCH when there is no such route.
 */
int gons_route_delete(int nsfd, const char *destination, const char *gateway, int ifindex);

/*
 * gons_neighbour_add - tell a link the MAC address of a neighbour, permanently.
 *
 * @address: the neighbour's, such as "10.0.0.2" or "fd00::2".
 * @lladdr: its MAC address, 6 bytes.
 *
 * The kernel then sends no request for it (ARP, neighbour discovery). An existing entry for the
 * address is replaced. Deleted with the scope.
 *
 * Returns 0. -1 with EINVAL when ifindex is not positive, address is not an address or has a
 * prefix length, or lladdr is NULL; ENODEV when there is no such link.
 */
int gons_neighbour_add(int nsfd, int ifindex, const char *address, const unsigned char lladdr[6]);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests of rtnetlink for addresses and routes.
 */
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "netns/ip_request.h"

/* The broadcast address of an IPv4 network; the kernel does not choose one by itself. */
static void put_broadcast(struct nlmsghdr *nlh, const struct gons_i_prefix *address)
{
	uint32_t bytes;

	if (address->family != AF_INET || address->length >= 31)
		return;
	memcpy(&bytes, address->bytes, sizeof(bytes));
	bytes |= htonl(UINT32_MAX >> address->length);
	mnl_attr_put(nlh, IFA_BROADCAST, sizeof(bytes), &bytes);
}

struct nlmsghdr *gons_i_address_request(char *buf, uint16_t type, uint16_t flags, int ifindex,
					const struct gons_i_prefix *address)
{
	struct nlmsghdr *nlh = gons_i_rtnl_request(buf, type, flags);
	struct ifaddrmsg *ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));

	ifa->ifa_family = address->family;
	ifa->ifa_prefixlen = address->length;
	ifa->ifa_index = (uint32_t)ifindex;
	mnl_attr_put(nlh, IFA_LOCAL, address->size, address->bytes);
	mnl_attr_put(nlh, IFA_ADDRESS, address->size, address->bytes);
	if (type != RTM_NEWADDR)
		return nlh;
	ifa->ifa_flags = address->family == AF_INET6 ? IFA_F_NODAD : 0;
	put_broadcast(nlh, address);
	return nlh;
}

struct nlmsghdr *gons_i_route_request(char *buf, uint16_t type, uint16_t flags,
				      const struct gons_i_prefix *destination,
				      const struct gons_i_prefix *gateway, int ifindex)
{
	struct nlmsghdr *nlh = gons_i_rtnl_request(buf, type, flags);
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));

	rtm->rtm_family = destination->family;
	rtm->rtm_dst_len = destination->length;
	rtm->rtm_table = RT_TABLE_MAIN;
	if (type == RTM_NEWROUTE) {
		rtm->rtm_protocol = RTPROT_STATIC;
		rtm->rtm_type = RTN_UNICAST;
		rtm->rtm_scope = gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	} else {
		rtm->rtm_scope = RT_SCOPE_NOWHERE; /* any; and 0 is any protocol and type */
	}
	if (destination->length > 0)
		mnl_attr_put(nlh, RTA_DST, destination->size, destination->bytes);
	if (gateway)
		mnl_attr_put(nlh, RTA_GATEWAY, gateway->size, gateway->bytes);
	if (ifindex > 0)
		mnl_attr_put_u32(nlh, RTA_OIF, (uint32_t)ifindex);
	return nlh;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links, addresses, routes and neighbours of a network namespace. A dump that was interrupted
 * begins again, so an object may come twice: the second one replaces the first one.
 */
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "gons/base/error.h"
#include "netns/rtnl.h"
#include "test/state.h"

static void take_ip(const struct nlattr *attr, uint8_t family, struct gons_i_ip *ip)
{
	const size_t size = mnl_attr_get_payload_len(attr);

	if (size != (family == AF_INET ? 4U : 16U))
		return;
	ip->family = family;
	memcpy(ip->bytes, mnl_attr_get_payload(attr), size);
}

static void take_lladdr(const struct nlattr *attr, unsigned char lladdr[GONS_I_LLADDR_SIZE],
			size_t *size)
{
	*size = mnl_attr_get_payload_len(attr);
	if (*size > GONS_I_LLADDR_SIZE)
		*size = GONS_I_LLADDR_SIZE;
	memcpy(lladdr, mnl_attr_get_payload(attr), *size);
}

static uint32_t number(const struct nlattr *attr)
{
	return gons_i_attr_is_u32(attr) ? mnl_attr_get_u32(attr) : 0;
}

/* ---- links ---- */

static void take_kind(const struct nlattr *nested, struct gons_i_state_link *link)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nested)
		if (mnl_attr_get_type(attr) == IFLA_INFO_KIND)
			gons_i_attr_text(attr, link->kind, sizeof(link->kind));
}

static void take_counters(const struct nlattr *attr, struct gons_i_state_link *link)
{
	struct rtnl_link_stats64 stats = { 0 };
	size_t size = mnl_attr_get_payload_len(attr);

	memcpy(&stats, mnl_attr_get_payload(attr), size < sizeof(stats) ? size : sizeof(stats));
	link->rx_packets = stats.rx_packets;
	link->tx_packets = stats.tx_packets;
	link->rx_errors = stats.rx_errors;
	link->tx_errors = stats.tx_errors;
	link->rx_dropped = stats.rx_dropped;
	link->tx_dropped = stats.tx_dropped;
}

static void take_link_attribute(const struct nlattr *attr, struct gons_i_state_link *link)
{
	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		gons_i_attr_text(attr, link->name, sizeof(link->name));
		break;
	case IFLA_OPERSTATE:
		if (mnl_attr_validate(attr, MNL_TYPE_U8) == 0)
			link->operstate = mnl_attr_get_u8(attr);
		break;
	case IFLA_MTU:
		link->mtu = number(attr);
		break;
	case IFLA_MASTER:
		link->master = (int)number(attr);
		break;
	case IFLA_LINK:
		link->lower = (int)number(attr);
		break;
	case IFLA_LINK_NETNSID:
		link->lower_nsid = (int)number(attr);
		break;
	case IFLA_ADDRESS:
		take_lladdr(attr, link->lladdr, &link->lladdr_size);
		break;
	case IFLA_STATS64:
		take_counters(attr, link);
		break;
	case IFLA_LINKINFO:
		take_kind(attr, link);
		break;
	}
}

static int take_link(const struct nlmsghdr *nlh, void *arg)
{
	struct gons_i_state *state = arg;
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct gons_i_state_link *link = NULL;
	const struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifi))
		return MNL_CB_OK;
	for (size_t i = 0; i < state->links.n && !link; i++)
		if (state->links.list[i].ifindex == ifi->ifi_index)
			link = &state->links.list[i];
	if (!link)
		link = GONS_I_ADD(state, links);
	if (!link)
		return MNL_CB_STOP;
	*link = (struct gons_i_state_link){ .ifindex = ifi->ifi_index,
					    .flags = ifi->ifi_flags,
					    .lower_nsid = -1 };
	mnl_attr_for_each(attr, nlh, sizeof(*ifi)) {
		take_link_attribute(attr, link);
	}
	return MNL_CB_OK;
}

/* ---- addresses ---- */

static int take_address(const struct nlmsghdr *nlh, void *arg)
{
	struct gons_i_state *state = arg;
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	struct gons_i_state_address address = { 0 };
	struct gons_i_state_address *known = NULL;
	const struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifa))
		return MNL_CB_OK;
	address.ifindex = (int)ifa->ifa_index;
	address.prefix_length = ifa->ifa_prefixlen;
	address.scope = ifa->ifa_scope;
	address.flags = ifa->ifa_flags;
	mnl_attr_for_each(attr, nlh, sizeof(*ifa)) {
		const unsigned type = mnl_attr_get_type(attr);

		if (type == IFA_LOCAL || (type == IFA_ADDRESS && address.ip.family == 0))
			take_ip(attr, ifa->ifa_family, &address.ip);
		else if (type == IFA_FLAGS)
			address.flags = number(attr);
	}
	for (size_t i = 0; i < state->addresses.n && !known; i++)
		if (state->addresses.list[i].ifindex == address.ifindex &&
		    state->addresses.list[i].prefix_length == address.prefix_length &&
		    gons_i_ip_same(&state->addresses.list[i].ip, &address.ip))
			known = &state->addresses.list[i];
	if (!known)
		known = GONS_I_ADD(state, addresses);
	if (!known)
		return MNL_CB_STOP;
	*known = address;
	return MNL_CB_OK;
}

/* ---- routes ---- */

static void take_route_attributes(const struct nlmsghdr *nlh, struct gons_i_state_route *route)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(*rtm)) {
		switch (mnl_attr_get_type(attr)) {
		case RTA_DST:
			take_ip(attr, rtm->rtm_family, &route->destination);
			break;
		case RTA_GATEWAY:
			take_ip(attr, rtm->rtm_family, &route->gateway);
			break;
		case RTA_OIF:
			route->ifindex = (int)number(attr);
			break;
		case RTA_PRIORITY:
			route->metric = number(attr);
			break;
		case RTA_TABLE:
			route->table = number(attr);
			break;
		}
	}
}

static bool is_same_ip(const struct gons_i_ip *a, const struct gons_i_ip *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static bool is_same_route(const struct gons_i_state_route *a, const struct gons_i_state_route *b)
{
	return is_same_ip(&a->destination, &b->destination) &&
	       is_same_ip(&a->gateway, &b->gateway) && a->prefix_length == b->prefix_length &&
	       a->type == b->type && a->protocol == b->protocol && a->table == b->table &&
	       a->metric == b->metric && a->ifindex == b->ifindex;
}

static int take_route(const struct nlmsghdr *nlh, void *arg)
{
	struct gons_i_state *state = arg;
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	struct gons_i_state_route route = { 0 };
	struct gons_i_state_route *known = NULL;

	if (nlh->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(nlh) < sizeof(*rtm) ||
	    (rtm->rtm_family != AF_INET && rtm->rtm_family != AF_INET6) ||
	    (rtm->rtm_flags & RTM_F_CLONED))
		return MNL_CB_OK;
	route.destination.family = rtm->rtm_family;
	route.prefix_length = rtm->rtm_dst_len;
	route.type = rtm->rtm_type;
	route.protocol = rtm->rtm_protocol;
	route.table = rtm->rtm_table;
	take_route_attributes(nlh, &route);
	if (route.table == RT_TABLE_LOCAL)
		return MNL_CB_OK;
	for (size_t i = 0; i < state->routes.n && !known; i++)
		if (is_same_route(&state->routes.list[i], &route))
			known = &state->routes.list[i];
	if (!known)
		known = GONS_I_ADD(state, routes);
	if (!known)
		return MNL_CB_STOP;
	*known = route;
	return MNL_CB_OK;
}

/* ---- neighbours ---- */

static int take_neighbour(const struct nlmsghdr *nlh, void *arg)
{
	struct gons_i_state *state = arg;
	const struct ndmsg *ndm = mnl_nlmsg_get_payload(nlh);
	struct gons_i_state_neighbour neighbour = { 0 };
	struct gons_i_state_neighbour *known = NULL;
	const struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWNEIGH || mnl_nlmsg_get_payload_len(nlh) < sizeof(*ndm) ||
	    (ndm->ndm_family != AF_INET && ndm->ndm_family != AF_INET6) ||
	    (ndm->ndm_state & NUD_NOARP))
		return MNL_CB_OK;
	neighbour.ifindex = ndm->ndm_ifindex;
	neighbour.state = ndm->ndm_state;
	mnl_attr_for_each(attr, nlh, sizeof(*ndm)) {
		if (mnl_attr_get_type(attr) == NDA_DST)
			take_ip(attr, ndm->ndm_family, &neighbour.ip);
		else if (mnl_attr_get_type(attr) == NDA_LLADDR)
			take_lladdr(attr, neighbour.lladdr, &neighbour.lladdr_size);
	}
	for (size_t i = 0; i < state->neighbours.n && !known; i++)
		if (state->neighbours.list[i].ifindex == neighbour.ifindex &&
		    gons_i_ip_same(&state->neighbours.list[i].ip, &neighbour.ip))
			known = &state->neighbours.list[i];
	if (!known)
		known = GONS_I_ADD(state, neighbours);
	if (!known)
		return MNL_CB_STOP;
	*known = neighbour;
	return MNL_CB_OK;
}

/* ---- all of them ---- */

void gons_i_state_read_rtnetlink(int nsfd, struct gons_i_state *state)
{
	static const struct {
		uint16_t type;
		size_t header_size;
		mnl_cb_t take;
		const char *what;
	} dumps[] = {
		{ RTM_GETLINK, sizeof(struct ifinfomsg), take_link, "links" },
		{ RTM_GETADDR, sizeof(struct ifaddrmsg), take_address, "addresses" },
		{ RTM_GETROUTE, sizeof(struct rtmsg), take_route, "routes" },
		{ RTM_GETNEIGH, sizeof(struct ndmsg), take_neighbour, "neighbours" },
	};
	struct gons_i_rtnl *rtnl = gons_i_rtnl_open(nsfd);

	if (!rtnl) {
		gons_i_state_incomplete(state, "%s", gons_error());
		return;
	}
	for (size_t i = 0; i < sizeof(dumps) / sizeof(dumps[0]); i++) {
		char buf[GONS_I_RTNL_REQUEST_SIZE];
		struct nlmsghdr *nlh = gons_i_rtnl_request(buf, dumps[i].type, NLM_F_DUMP);

		mnl_nlmsg_put_extra_header(nlh, dumps[i].header_size);
		if (gons_i_rtnl_dump(rtnl, nlh, dumps[i].take, state) == 0)
			continue;
		(void)gons_i_rtnl_fail(rtnl, "cannot list the %s", dumps[i].what);
		gons_i_state_incomplete(state, "%s", gons_error());
	}
	gons_i_rtnl_close(rtnl);
}

/* ---- look-ups ---- */

static int take_route_link(const struct nlmsghdr *nlh, void *arg)
{
	struct gons_i_state_route route = { 0 };

	if (nlh->nlmsg_type != RTM_NEWROUTE ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(struct rtmsg))
		return MNL_CB_OK;
	take_route_attributes(nlh, &route);
	*(int *)arg = route.ifindex;
	return MNL_CB_OK;
}

int gons_i_state_route_to(int nsfd, const struct gons_i_ip *ip, int *ret_ifindex)
{
	struct gons_i_rtnl *rtnl = gons_i_rtnl_open(nsfd);
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	const size_t size = ip->family == AF_INET ? 4 : 16;
	struct nlmsghdr *nlh;
	struct rtmsg *rtm;
	int errnum = 0;

	*ret_ifindex = 0;
	if (!rtnl)
		return errno;
	nlh = gons_i_rtnl_request(buf, RTM_GETROUTE, 0);
	rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	rtm->rtm_family = ip->family;
	rtm->rtm_dst_len = (unsigned char)(8 * size);
	mnl_attr_put(nlh, RTA_DST, size, ip->bytes);
	if (gons_i_rtnl_request_send(rtnl, nlh, take_route_link, ret_ifindex) < 0)
		errnum = errno;
	gons_i_rtnl_close(rtnl);
	return errnum;
}

static int take_nsid(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr;

	if (nlh->nlmsg_type == RTM_NEWNSID)
		mnl_attr_for_each(attr, nlh, sizeof(struct rtgenmsg))
			if (mnl_attr_get_type(attr) == NETNSA_NSID && gons_i_attr_is_u32(attr))
				*(int *)arg = (int)mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

int gons_i_state_nsid(int nsfd, int other_nsfd)
{
	struct gons_i_rtnl *rtnl = gons_i_rtnl_open(nsfd);
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh;
	int id = -1;

	if (!rtnl)
		return -1;
	nlh = gons_i_rtnl_request(buf, RTM_GETNSID, 0);
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct rtgenmsg));
	mnl_attr_put_u32(nlh, NETNSA_FD, (uint32_t)other_nsfd);
	if (gons_i_rtnl_request_send(rtnl, nlh, take_nsid, &id) < 0)
		id = -1;
	gons_i_rtnl_close(rtnl);
	return id;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routes in the main table, and neighbours.
 */
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include <gons/ip.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "netns/ip_request.h"
#include "netns/link_request.h"
#include "netns/prefix.h"
#include "netns/rtnl.h"
#include "netns/rtnl_add.h"

struct route {
	struct gons_i_prefix destination, gateway;
	bool has_gateway;
	int ifindex;
	char text[160]; /* "10.0.0.0/8 through 10.1.1.1 on link 3", for messages */
};

static int read_destination(const char *text, struct route *route)
{
	struct gons_i_prefix *destination = &route->destination;
	char network[GONS_I_PREFIX_TEXT_SIZE];

	if (text && strcmp(text, "default") == 0) {
		memset(destination, 0, sizeof(*destination));
		destination->family = route->has_gateway ? route->gateway.family : AF_INET;
		destination->size = destination->family == AF_INET6 ? sizeof(struct in6_addr)
								    : sizeof(struct in_addr);
		return 0;
	}
	if (gons_i_prefix_read(text, destination) < 0) {
		gons_i_add_remedy("the destination of a route is \"default\", a network such as "
				  "\"10.0.0.0/8\" or a host address");
		return -1;
	}
	if (!gons_i_prefix_mask(destination))
		return 0;
	(void)gons_i_fail(EINVAL, "the destination %s has bits beyond its prefix length", text);
	gons_i_add_remedy("the network is %s", gons_i_prefix_text(destination, network));
	return -1;
}

static int read_gateway(const char *text, struct route *route)
{
	route->has_gateway = text != NULL;
	if (!text)
		return 0;
	if (gons_i_prefix_read_address(text, &route->gateway) < 0)
		return -1;
	if (route->gateway.has_length)
		return gons_i_fail(EINVAL, "the gateway %s has a prefix length", text);
	return 0;
}

static void describe(struct route *route, const char *destination, const char *gateway)
{
	char on[32] = "";

	if (route->ifindex > 0)
		(void)snprintf(on, sizeof(on), " on link %d", route->ifindex);
	(void)snprintf(route->text, sizeof(route->text), "%.50s%s%.50s%s", destination,
		       gateway ? " through " : "", gateway ? gateway : "", on);
}

static int read_route(const char *destination, const char *gateway, int ifindex,
		      struct route *ret_route)
{
	ret_route->ifindex = ifindex;
	if (ifindex < 0)
		return gons_i_fail(EINVAL, "ifindex is negative (%d)", ifindex);
	if (read_gateway(gateway, ret_route) < 0 || read_destination(destination, ret_route) < 0)
		return -1;
	if (gateway && ret_route->gateway.family != ret_route->destination.family)
		return gons_i_fail(EINVAL,
				   "the destination %s and the gateway %s are not both IPv4 or "
				   "both IPv6",
				   destination, gateway);
	describe(ret_route, destination, gateway);
	return 0;
}

static struct nlmsghdr *request(char *buf, uint16_t type, uint16_t flags, const struct route *route)
{
	return gons_i_route_request(buf, type, flags, &route->destination,
				    route->has_gateway ? &route->gateway : NULL, route->ifindex);
}

static int fail_add(const struct gons_i_rtnl *rtnl, const struct route *route)
{
	(void)gons_i_rtnl_fail(rtnl, "cannot add the route to %s", route->text);
	if (errno == ENETUNREACH || errno == EHOSTUNREACH)
		gons_i_add_remedy("give a link an address in the network of the gateway first, and "
				  "bring it up");
	else if (errno == ENETDOWN)
		gons_i_add_remedy("bring the link up by gons_link_up()");
	else if (errno == EEXIST)
		gons_i_add_cause("there is a route to this destination already");
	return -1;
}

GONS_EXPORT int gons_route_add(int nsfd, const char *destination, const char *gateway, int ifindex)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct gons_i_rtnl *rtnl;
	struct route route;
	bool is_refused;
	int result;

	if (read_route(destination, gateway, ifindex, &route) < 0)
		return -1;
	if (!gateway && ifindex == 0)
		return gons_i_fail(EINVAL, "the route to %s has no gateway and no ifindex",
				   destination);
	rtnl = gons_i_rtnl_open(nsfd);
	if (!rtnl)
		return -1;
	result =
		gons_i_rtnl_add(rtnl, request(buf, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &route),
				RTM_DELROUTE, &is_refused);
	if (is_refused)
		(void)fail_add(rtnl, &route);
	gons_i_rtnl_close(rtnl);
	return result;
}

GONS_EXPORT int gons_route_delete(int nsfd, const char *destination, const char *gateway,
				  int ifindex)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct gons_i_rtnl *rtnl;
	struct route route;
	int result;

	if (read_route(destination, gateway, ifindex, &route) < 0)
		return -1;
	rtnl = gons_i_rtnl_open(nsfd);
	if (!rtnl)
		return -1;
	result = gons_i_rtnl_request_send(rtnl, request(buf, RTM_DELROUTE, 0, &route), NULL, NULL);
	if (result < 0)
		(void)gons_i_rtnl_fail(rtnl, "cannot delete the route to %s", route.text);
	if (result < 0 && errno == ESRCH)
		gons_i_add_cause("the main routing table does not have it");
	gons_i_rtnl_close(rtnl);
	return result;
}

/* ---- neighbours ---- */

GONS_EXPORT int gons_neighbour_add(int nsfd, int ifindex, const char *address,
				   const unsigned char lladdr[6])
{
	uncancelled int cancel = gons_i_forbid_cancel();
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct gons_i_prefix neighbour;
	struct gons_i_rtnl *rtnl;
	struct nlmsghdr *nlh;
	struct ndmsg *ndm;
	bool is_refused;
	int result;

	if (gons_i_check_ifindex(ifindex) < 0 ||
	    gons_i_prefix_read_address(address, &neighbour) < 0)
		return -1;
	if (neighbour.has_length)
		return gons_i_fail(EINVAL, "the neighbour %s has a prefix length", address);
	if (!lladdr)
		return gons_i_fail(EINVAL, "lladdr is NULL");
	rtnl = gons_i_rtnl_open(nsfd);
	if (!rtnl)
		return -1;
	nlh = gons_i_rtnl_request(buf, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
	ndm = mnl_nlmsg_put_extra_header(nlh, sizeof(*ndm));
	ndm->ndm_family = neighbour.family;
	ndm->ndm_ifindex = ifindex;
	ndm->ndm_state = NUD_PERMANENT;
	mnl_attr_put(nlh, NDA_DST, neighbour.size, neighbour.bytes);
	mnl_attr_put(nlh, NDA_LLADDR, 6, lladdr);
	result = gons_i_rtnl_add(rtnl, nlh, RTM_DELNEIGH, &is_refused);
	if (is_refused)
		(void)gons_i_rtnl_fail(rtnl, "cannot add the neighbour %s to link %d", address,
				       ifindex);
	gons_i_rtnl_close(rtnl);
	return result;
}

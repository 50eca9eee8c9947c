/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses and routes, host by host, and whether the kernel is ready to use them.
 */
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/core/switch.h"
#include "net/configure.h"
#include "netns/batch.h"
#include "netns/ip_request.h"
#include "netns/link.h"
#include "netns/link_request.h"
#include "netns/monitor.h"

enum { LOOPBACK = 1, TIMEOUT_MS = 30000, WHAT_SIZE = 64 };

/* How much is known to be ready. */
struct ready {
	size_t links_up, addresses_local;
};

static int take_answer(const struct nlmsghdr *nlh, void *arg)
{
	struct ready *ready = arg;
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;

	if (nlh->nlmsg_type == RTM_NEWROUTE && mnl_nlmsg_get_payload_len(nlh) >= sizeof(*rtm))
		ready->addresses_local += rtm->rtm_type == RTN_LOCAL;
	if (nlh->nlmsg_type != RTM_NEWLINK ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(struct ifinfomsg))
		return MNL_CB_OK;
	mnl_attr_for_each(attr, nlh, sizeof(struct ifinfomsg)) {
		if (mnl_attr_get_type(attr) == IFLA_OPERSTATE &&
		    mnl_attr_validate(attr, MNL_TYPE_U8) == 0)
			ready->links_up += mnl_attr_get_u8(attr) == IF_OPER_UP;
	}
	return MNL_CB_OK;
}

/* ---- requests ---- */

static int bring_up(struct gons_i_batch *batch, int ifindex)
{
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = gons_i_link_request(buf, RTM_NEWLINK, 0, ifindex);
	struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);

	ifi->ifi_flags = IFF_UP;
	ifi->ifi_change = IFF_UP;
	return gons_i_batch_add(batch, nlh);
}

static int request_link(struct gons_i_batch *batch, int ifindex)
{
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = gons_i_link_request(buf, RTM_GETLINK, 0, ifindex);

	mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return gons_i_batch_add(batch, nlh);
}

static int add_address(struct gons_i_batch *batch, int ifindex, const struct gons_i_prefix *address)
{
	char buf[GONS_I_RTNL_REQUEST_SIZE];

	return gons_i_batch_add(batch,
				gons_i_address_request(buf, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL,
						       ifindex, address));
}

static int add_route(const struct gons_i_net_route *route, void *arg)
{
	char buf[GONS_I_RTNL_REQUEST_SIZE];

	return gons_i_batch_add(
		arg, gons_i_route_request(buf, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL,
					  &route->destination, route->gateway, route->ifindex));
}

/* Requests the route to an own address, which is of type local as soon as the address can be
 * used. */
static int request_route(struct gons_i_batch *batch, const struct gons_i_prefix *address)
{
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = gons_i_rtnl_request(buf, RTM_GETROUTE, 0);
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));

	rtm->rtm_family = address->family;
	rtm->rtm_dst_len = (unsigned char)(address->size * 8);
	mnl_attr_put(nlh, RTA_DST, address->size, address->bytes);
	return gons_i_batch_add(batch, nlh);
}

/* ---- waiting ---- */

/* Links whose state the kernel has not updated yet. */
static int wait_for_links(const struct gons_i_net_model *model, const struct gons_i_net_host *host)
{
	for (size_t i = 0; i < host->n_ports; i++)
		if (gons_i_link_pair_up(-1, model->ports[host->ports[i]].ifindex, -1, 0,
					TIMEOUT_MS) < 0)
			return -1;
	return 0;
}

/* Requests the routes to all IPv6 addresses: 1 if the addresses are usable, 0 if not, or -1. An
 * IPv4 address is usable at once. */
static int are_usable(struct gons_i_batch *batch, const struct gons_i_net_model *model,
		      const struct gons_i_net_host *host, struct ready *ready)
{
	size_t n = 0;

	ready->addresses_local = 0;
	for (size_t i = 0; i < host->n_ports; i++) {
		const struct gons_i_net_port *port = &model->ports[host->ports[i]];

		for (size_t k = 0; k < port->n_addresses; k++) {
			if (port->addresses[k].family != AF_INET6)
				continue;
			n++;
			if (request_route(batch, &port->addresses[k]) < 0)
				return -1;
		}
	}
	if (gons_i_batch_flush(batch) < 0)
		return -1;
	return ready->addresses_local == n;
}

/* The kernel announces a route a moment before look-ups find it. It holds the lock of the table
 * meanwhile, for which a dump waits: without this, a look-up after the only notification could be too
 * early. */
static int wait_for_announced_routes(struct gons_i_batch *batch)
{
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = gons_i_rtnl_request(buf, RTM_GETROUTE, NLM_F_DUMP);
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));

	rtm->rtm_family = AF_INET6;
	rtm->rtm_table = RT_TABLE_LOCAL;
	if (gons_i_rtnl_dump(batch->rtnl, nlh, NULL, NULL) == 0)
		return 0;
	return gons_i_rtnl_fail(batch->rtnl, "cannot list the IPv6 routes of %s", batch->what);
}

static int wait_for_notification(struct gons_i_monitor *monitor, const struct gons_i_net_host *host)
{
	switch (gons_i_monitor_wait(monitor, NULL, NULL)) {
	case GONS_I_MONITOR_TIMEOUT:
		return gons_i_fail(ETIMEDOUT,
				   "the IPv6 addresses of host %s are not usable after %d ms",
				   host->name, TIMEOUT_MS);
	case GONS_I_MONITOR_FAILED:
		return gons_i_fail(errno, "cannot wait for the addresses of host %s", host->name);
	default:
		return 0;
	}
}

/* The kernel adds the local route of an IPv6 address on another thread, a moment later. */
static int wait_for_addresses(struct gons_i_batch *batch, const struct gons_i_net_model *model,
			      const struct gons_i_net_host *host, struct ready *ready)
{
	struct gons_i_monitor monitor;
	int usable = are_usable(batch, model, host, ready);

	if (usable != 0)
		return usable < 0 ? -1 : 0;
	if (gons_i_monitor_open(&monitor, batch->rtnl, -1, RTMGRP_IPV6_ROUTE, TIMEOUT_MS) < 0)
		return -1;
	for (;;) {
		usable = wait_for_announced_routes(batch) < 0
				 ? -1
				 : are_usable(batch, model, host, ready);
		if (usable == 0 && wait_for_notification(&monitor, host) < 0)
			usable = -1;
		if (usable != 0)
			break;
	}
	gons_i_monitor_close(&monitor);
	return usable < 0 ? -1 : 0;
}

/* ---- hosts ---- */

static int fill_batch(struct gons_i_batch *batch, const struct gons_i_net_model *model,
		      size_t number)
{
	const struct gons_i_net_host *host = &model->hosts[number];

	if (bring_up(batch, LOOPBACK) < 0)
		return -1;
	/* Before the addresses, which can be used at once on a link that is ready. */
	for (size_t i = 0; i < host->n_ports; i++) {
		const struct gons_i_net_port *port = &model->ports[host->ports[i]];

		if ((port->comes_up_first && bring_up(batch, port->ifindex) < 0) ||
		    request_link(batch, port->ifindex) < 0)
			return -1;
	}
	for (size_t i = 0; i < host->n_ports; i++) {
		const struct gons_i_net_port *port = &model->ports[host->ports[i]];

		for (size_t k = 0; k < port->n_addresses; k++)
			if (add_address(batch, port->ifindex, &port->addresses[k]) < 0)
				return -1;
	}
	if (gons_i_net_routes(model, number, add_route, batch) < 0)
		return -1;
	return gons_i_batch_flush(batch);
}

/* Puts the calling thread into a host, and opens a batch there. */
static int enter(const struct gons_i_net_host *host, int nsfd, char what[WHAT_SIZE],
		 struct gons_i_batch *batch, struct ready *ready)
{
	(void)snprintf(what, WHAT_SIZE, "the network of host %s", host->name);
	*ready = (struct ready){ 0, 0 };
	if (gons_i_join(nsfd, CLONE_NEWNET) < 0)
		return gons_i_fail(errno, "cannot enter %s", what);
	return gons_i_batch_open(batch, nsfd, what, take_answer, ready);
}

static int configure_host(const struct gons_i_net_model *model, size_t number, int nsfd)
{
	const struct gons_i_net_host *host = &model->hosts[number];
	struct gons_i_batch batch;
	struct ready ready;
	char what[WHAT_SIZE];
	int result;

	if (enter(host, nsfd, what, &batch, &ready) < 0)
		return -1;
	result = fill_batch(&batch, model, number);
	if (result == 0 && ready.links_up < host->n_ports)
		result = wait_for_links(model, host);
	gons_i_batch_close(&batch);
	return result;
}

static int finish_host(const struct gons_i_net_model *model, size_t number, int nsfd)
{
	const struct gons_i_net_host *host = &model->hosts[number];
	struct gons_i_batch batch;
	struct ready ready;
	char what[WHAT_SIZE];
	int result;

	if (host->n_ports == 0)
		return 0;
	if (enter(host, nsfd, what, &batch, &ready) < 0)
		return -1;
	result = wait_for_addresses(&batch, model, host, &ready);
	gons_i_batch_close(&batch);
	return result;
}

/* Bridges and their ports have neither addresses nor routes, but have to be up. */
static int configure_bridges(const struct gons_i_net_model *model, int bridge_fd)
{
	struct gons_i_batch batch;
	struct ready ready = { 0, 0 };
	size_t n = 0;
	int result = 0;

	if (gons_i_join(bridge_fd, CLONE_NEWNET) < 0)
		return gons_i_fail(errno, "cannot enter the network namespace of the bridges");
	if (gons_i_batch_open(&batch, bridge_fd, "the network of bridges", take_answer, &ready) < 0)
		return -1;
	for (size_t i = 0; result == 0 && i < model->n_segments; i++)
		if (model->segments[i].name[0])
			result = bring_up(&batch, model->segments[i].ifindex);
	for (size_t i = 0; result == 0 && i < model->n_ports; i++)
		if (model->ports[i].bridge_ifindex > 0) {
			n++;
			result = request_link(&batch, model->ports[i].bridge_ifindex);
		}
	if (result == 0)
		result = gons_i_batch_flush(&batch);
	gons_i_batch_close(&batch);
	for (size_t i = 0; result == 0 && ready.links_up < n && i < model->n_ports; i++)
		if (model->ports[i].bridge_ifindex > 0)
			result = gons_i_link_pair_up(-1, model->ports[i].bridge_ifindex, -1, 0,
						     TIMEOUT_MS);
	return result;
}

int gons_i_net_configure(const struct gons_i_net_model *model, gons_set *const *sets, int bridge_fd)
{
	for (size_t i = 0; i < model->n_hosts; i++)
		if (configure_host(model, i, gons_set_fd(sets[i], CLONE_NEWNET)) < 0)
			return -1;
	if (bridge_fd >= 0 && configure_bridges(model, bridge_fd) < 0)
		return -1;
	/* Last, since the kernel has worked in the background while the other hosts were
	 * configured. */
	for (size_t i = 0; i < model->n_hosts; i++)
		if (finish_host(model, i, gons_set_fd(sets[i], CLONE_NEWNET)) < 0)
			return -1;
	return 0;
}

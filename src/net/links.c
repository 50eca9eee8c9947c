/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bridges and cables, over one socket: each request names the namespaces of both ends.
 */
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdio.h>
#include <string.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/diagnosis/cause.h"
#include "net/links.h"
#include "netns/batch.h"
#include "netns/link_request.h"

/* One end of a pair, or a bridge. */
struct end {
	const char *name;
	int ifindex, nsfd;
	unsigned mtu;
};

void gons_i_net_link_address(int ifindex, unsigned char address[GONS_I_NET_MAC_SIZE])
{
	/* Computed from the ifindex, so that a plan always gives the same; locally administered. */
	const unsigned char bytes[GONS_I_NET_MAC_SIZE] = { 0x02,
							   0x67,
							   0x6f,
							   (unsigned char)(ifindex >> 16),
							   (unsigned char)(ifindex >> 8),
							   (unsigned char)ifindex };

	memcpy(address, bytes, sizeof(bytes));
}

void gons_i_net_bridge_port_name(const struct gons_i_net_model *model,
				 const struct gons_i_net_port *port,
				 char name[GONS_I_NET_NAME_SIZE])
{
	/* Named after the host; no name in a plan contains "+". */
	(void)snprintf(name, GONS_I_NET_NAME_SIZE, "%.8s+%u", model->hosts[port->host].name,
		       (unsigned)port->bridge_ifindex % 1000000);
}

static void put_end(struct nlmsghdr *nlh, struct ifinfomsg *ifi, const struct end *end)
{
	unsigned char address[GONS_I_NET_MAC_SIZE];

	gons_i_net_link_address(end->ifindex, address);
	ifi->ifi_index = end->ifindex;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, end->name);
	mnl_attr_put_u32(nlh, IFLA_NET_NS_FD, (uint32_t)end->nsfd);
	mnl_attr_put(nlh, IFLA_ADDRESS, sizeof(address), address);
	if (end->mtu != 0)
		mnl_attr_put_u32(nlh, IFLA_MTU, end->mtu);
}

static struct nlmsghdr *new_link(char *buf, const struct end *end, unsigned flags)
{
	struct nlmsghdr *nlh = gons_i_link_request(buf, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);

	struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);

	ifi->ifi_flags = flags;
	ifi->ifi_change = flags;
	put_end(nlh, ifi, end);
	return nlh;
}

static int add_bridge(struct gons_i_batch *batch, const struct gons_i_net_segment *segment,
		      int bridge_fd)
{
	const struct end end = { segment->name, segment->ifindex, bridge_fd, segment->mtu };
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	/* Not up yet: what each host sends to all others when its link comes up would keep the
	 * kernel busy with a copy for every pair of hosts. */
	struct nlmsghdr *nlh = new_link(buf, &end, 0);
	struct nlattr *info = gons_i_link_nest(nlh, IFLA_LINKINFO);

	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "bridge");
	mnl_attr_nest_end(nlh, info);
	return gons_i_batch_add(batch, nlh);
}

/* master: the number of a bridge that end is a port of, or 0. */
static int add_pair(struct gons_i_batch *batch, const struct end *end, const struct end *peer,
		    int master)
{
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	/* The peer is not up yet: the kernel cannot bring it up before both exist. */
	struct nlmsghdr *nlh = new_link(buf, end, IFF_UP);
	struct nlattr *info, *data, *nest;

	if (master != 0)
		mnl_attr_put_u32(nlh, IFLA_MASTER, (uint32_t)master);
	info = gons_i_link_nest(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "veth");
	data = gons_i_link_nest(nlh, IFLA_INFO_DATA);
	nest = gons_i_link_nest(nlh, VETH_INFO_PEER);
	put_end(nlh, mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg)), peer);
	mnl_attr_nest_end(nlh, nest);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	return gons_i_batch_add(batch, nlh);
}

static struct end end_of(const struct gons_i_net_model *model, const struct gons_i_net_port *port,
			 gons_set *const *sets)
{
	return (struct end){ port->link, port->ifindex, gons_set_fd(sets[port->host], CLONE_NEWNET),
			     model->segments[port->segment].mtu };
}

static int add_port(struct gons_i_batch *batch, const struct gons_i_net_model *model,
		    const struct gons_i_net_port *port, gons_set *const *sets, int bridge_fd)
{
	const struct gons_i_net_segment *segment = &model->segments[port->segment];
	const struct end host_end = end_of(model, port, sets);
	struct end end = { NULL, port->bridge_ifindex, bridge_fd, segment->mtu };
	char name[GONS_I_NET_NAME_SIZE];

	gons_i_net_bridge_port_name(model, port, name);
	end.name = name;
	return add_pair(batch, &end, &host_end, segment->ifindex);
}

static int add_segment(struct gons_i_batch *batch, const struct gons_i_net_model *model,
		       const struct gons_i_net_segment *segment, gons_set *const *sets,
		       int bridge_fd)
{
	const struct gons_i_net_port *ports = &model->ports[segment->first_port];

	if (!segment->name[0]) {
		const size_t first = ports[0].comes_up_first ? 0 : 1;
		const struct end peer = end_of(model, &ports[first], sets);
		const struct end end = end_of(model, &ports[1 - first], sets);

		return add_pair(batch, &end, &peer, 0);
	}
	if (add_bridge(batch, segment, bridge_fd) < 0)
		return -1;
	for (size_t i = 0; i < segment->n_ports; i++)
		if (add_port(batch, model, &ports[i], sets, bridge_fd) < 0)
			return -1;
	return 0;
}

/* gVisor takes a link that does not exist yet for one that does if the request has its number. */
static int fail(int errnum)
{
	if (errnum != EEXIST || !gons_i_is_gvisor())
		return -1;
	(void)gons_i_fail(EOPNOTSUPP, "cannot create the links of the network of a plan");
	(void)gons_i_diagnose_gvisor("links that are given their numbers");
	return -1;
}

int gons_i_net_links_create(const struct gons_i_net_model *model, gons_set *const *sets,
			    int bridge_fd)
{
	struct gons_i_batch batch;
	int result = 0;

	if (gons_i_batch_open(&batch, -1, "the network of a plan", NULL, NULL) < 0)
		return -1;
	for (size_t i = 0; result == 0 && i < model->n_segments; i++)
		result = add_segment(&batch, model, &model->segments[i], sets, bridge_fd);
	if (result == 0)
		result = gons_i_batch_flush(&batch);
	gons_i_batch_close(&batch);
	return result < 0 ? fail(errno) : 0;
}

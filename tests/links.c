/* SPDX-License-Identifier: Apache-2.0 */
#include "links.h"

#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdio.h>
#include <string.h>

#include "check.h"

int blue, red, green;

void need_namespaces(const char *kind)
{
	gons_require(CLONE_NEWNET);
	if (kind)
		gons_require_link(kind);
	blue = gons_must(gons_netns_new_transient());
	red = gons_must(gons_netns_new_transient());
	green = gons_must(gons_netns_new_transient());
}

/* ---- links of a namespace ---- */

enum { MOST = 4096 };

struct seeing {
	struct seen_link *links;
	int n, max;
};

static void see_data(const struct nlattr *data, struct seen_link *link)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, data) {
		int type = mnl_attr_get_type(attr);

		if (strcmp(link->kind, "vlan") == 0 && type == IFLA_VLAN_ID)
			link->vlan_id = mnl_attr_get_u16(attr);
		if (strcmp(link->kind, "vxlan") == 0 && type == IFLA_VXLAN_ID)
			link->vni = (int)mnl_attr_get_u32(attr);
		if (strcmp(link->kind, "macvlan") == 0 && type == IFLA_MACVLAN_MODE)
			link->macvlan_mode = (int)mnl_attr_get_u32(attr);
	}
}

static void see_info(const struct nlattr *info, struct seen_link *link)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, info) {
		if (mnl_attr_get_type(attr) == IFLA_INFO_KIND)
			(void)snprintf(link->kind, sizeof(link->kind), "%s",
				       mnl_attr_get_str(attr));
		if (mnl_attr_get_type(attr) == IFLA_INFO_DATA) /* follows the kind */
			see_data(attr, link);
	}
}

static void see_attribute(const struct nlattr *attr, struct seen_link *link)
{
	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		(void)snprintf(link->name, sizeof(link->name), "%s", mnl_attr_get_str(attr));
		break;
	case IFLA_ADDRESS:
		if (mnl_attr_get_payload_len(attr) == sizeof(link->address))
			memcpy(link->address, mnl_attr_get_payload(attr), sizeof(link->address));
		break;
	case IFLA_MTU:
		link->mtu = mnl_attr_get_u32(attr);
		break;
	case IFLA_OPERSTATE:
		link->state = mnl_attr_get_u8(attr);
		break;
	case IFLA_MASTER:
		link->master = (int)mnl_attr_get_u32(attr);
		break;
	case IFLA_LINK:
		link->below = (int)mnl_attr_get_u32(attr);
		break;
	case IFLA_LINK_NETNSID:
		link->below_nsid = (int)mnl_attr_get_u32(attr);
		break;
	case IFLA_LINKINFO:
		see_info(attr, link);
		break;
	}
}

static int see(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;
	struct seeing *seeing = arg;
	struct seen_link link = { .ifindex = ifi->ifi_index,
				  .flags = ifi->ifi_flags,
				  .below = ifi->ifi_index,
				  .below_nsid = -1 };

	mnl_attr_for_each(attr, nlh, sizeof(*ifi))
		see_attribute(attr, &link);
	if (seeing->n < seeing->max)
		seeing->links[seeing->n] = link;
	seeing->n++;
	return MNL_CB_OK;
}

/* Reads one dump; EINTR if it was interrupted. */
static int dump(struct mnl_socket *socket, struct seeing *seeing)
{
	char buf[32768];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	int status = MNL_CB_OK;

	seeing->n = 0;
	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	ifi->ifi_family = AF_UNSPEC;
	assert_true(mnl_socket_sendto(socket, nlh, nlh->nlmsg_len) > 0);
	while (status > MNL_CB_STOP) {
		ssize_t got = mnl_socket_recvfrom(socket, buf, sizeof(buf));

		assert_true(got > 0);
		status = mnl_cb_run(buf, (size_t)got, 0, 0, see, seeing);
	}
	return status;
}

int see_links(int nsfd, struct seen_link *links, int max)
{
	struct seeing seeing = { .links = links, .max = max };

	GONS_SCOPE {
		struct mnl_socket *socket = gons_must(gons_netns_mnl_open(nsfd, NETLINK_ROUTE));

		while (dump(socket, &seeing) < 0) {
			assert_int_equal(errno, EINTR);
			/* The rest of that dump is still in the socket. */
			socket = gons_must(gons_netns_mnl_open(nsfd, NETLINK_ROUTE));
		}
	}
	return seeing.n;
}

static bool pick(int nsfd, int ifindex, const char *name, struct seen_link *link)
{
	static struct seen_link links[MOST];
	int n = see_links(nsfd, links, MOST);

	assert_true(n <= MOST);
	for (int i = 0; i < n; i++)
		if (name ? strcmp(links[i].name, name) == 0 : links[i].ifindex == ifindex) {
			if (link)
				*link = links[i];
			return true;
		}
	return false;
}

bool see_link(int nsfd, int ifindex, struct seen_link *link)
{
	return pick(nsfd, ifindex, NULL, link);
}

bool see_name(int nsfd, const char *name, struct seen_link *link)
{
	return pick(nsfd, 0, name, link);
}

int count_links(int nsfd)
{
	int left = 0;

	GONS_SCOPE {
		int bare = gons_must(gons_netns_new_transient());

		left = see_links(nsfd, NULL, 0) - see_links(bare, NULL, 0);
	}
	return left;
}

/* ---- changes ---- */

struct change {
	char buf[1024];
	struct nlmsghdr *nlh;
	struct ifinfomsg *ifi;
};

static void start(struct change *change, uint16_t type, uint16_t flags, int ifindex)
{
	change->nlh = mnl_nlmsg_put_header(change->buf);
	change->nlh->nlmsg_type = type;
	change->nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	change->ifi = mnl_nlmsg_put_extra_header(change->nlh, sizeof(*change->ifi));
	change->ifi->ifi_index = ifindex;
}

static int finish(struct change *change, int nsfd)
{
	char buf[8192];
	int errnum = 0;

	GONS_SCOPE {
		struct mnl_socket *socket = gons_must(gons_netns_mnl_open(nsfd, NETLINK_ROUTE));
		ssize_t got;

		assert_true(mnl_socket_sendto(socket, change->nlh, change->nlh->nlmsg_len) > 0);
		got = mnl_socket_recvfrom(socket, buf, sizeof(buf));
		assert_true(got > 0);
		if (mnl_cb_run(buf, (size_t)got, 0, 0, NULL, NULL) < 0)
			errnum = errno;
	}
	return errnum;
}

int make_veth(int nsfd, int ifindex, const char *name)
{
	struct change change;
	struct nlattr *info, *data, *peer;
	struct ifinfomsg *ifi;

	start(&change, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, ifindex);
	mnl_attr_put_strz(change.nlh, IFLA_IFNAME, name);
	info = mnl_attr_nest_start(change.nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(change.nlh, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(change.nlh, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(change.nlh, VETH_INFO_PEER);
	ifi = mnl_nlmsg_put_extra_header(change.nlh, sizeof(*ifi));
	ifi->ifi_index = ifindex ? ifindex + 1000 : 0; /* otherwise it may get that one */
	mnl_attr_nest_end(change.nlh, peer);
	mnl_attr_nest_end(change.nlh, data);
	mnl_attr_nest_end(change.nlh, info);
	return finish(&change, nsfd);
}

int rename_link(int nsfd, int ifindex, const char *name)
{
	struct change change;

	start(&change, RTM_NEWLINK, 0, ifindex);
	mnl_attr_put_strz(change.nlh, IFLA_IFNAME, name);
	return finish(&change, nsfd);
}

int move_link(int nsfd, int ifindex, int to_nsfd, const char *name)
{
	struct change change;

	start(&change, RTM_NEWLINK, 0, ifindex);
	mnl_attr_put_u32(change.nlh, IFLA_NET_NS_FD, (uint32_t)to_nsfd);
	if (name)
		mnl_attr_put_strz(change.nlh, IFLA_IFNAME, name);
	return finish(&change, nsfd);
}

int set_address(int nsfd, int ifindex, const unsigned char *address)
{
	struct change change;

	start(&change, RTM_NEWLINK, 0, ifindex);
	mnl_attr_put(change.nlh, IFLA_ADDRESS, 6, address);
	return finish(&change, nsfd);
}

int set_flags(int nsfd, int ifindex, unsigned mask, unsigned flags)
{
	struct change change;

	start(&change, RTM_NEWLINK, 0, ifindex);
	change.ifi->ifi_change = mask;
	change.ifi->ifi_flags = flags;
	return finish(&change, nsfd);
}

int delete_link(int nsfd, int ifindex)
{
	struct change change;

	start(&change, RTM_DELLINK, 0, ifindex);
	return finish(&change, nsfd);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links of kinds that tests use most, and what is done to links.
 */
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "netns/link.h"
#include "netns/link_request.h"
#include "netns/rtnl.h"

GONS_EXPORT int gons_veth_new_transient(const struct gons_link_options *options,
					struct gons_link *ret_link)
{
	return gons_i_link_new("veth", options, NULL, NULL, ret_link);
}

GONS_EXPORT int gons_dummy_new_transient(const struct gons_link_options *options,
					 struct gons_link *ret_link)
{
	return gons_i_link_new("dummy", options, NULL, NULL, ret_link);
}

GONS_EXPORT int gons_bridge_new_transient(const struct gons_link_options *options,
					  struct gons_link *ret_link)
{
	return gons_i_link_new("bridge", options, NULL, NULL, ret_link);
}

static int check_parent(const char *long_name, const struct gons_link_options *options)
{
	if (options && options->parent_ifindex != 0)
		return 0;
	return gons_i_fail(EINVAL, "a %s needs a parent_ifindex", long_name);
}

static void put_macvlan(struct nlmsghdr *nlh, const void *arg)
{
	(void)arg;
	mnl_attr_put_u32(nlh, IFLA_MACVLAN_MODE, MACVLAN_MODE_BRIDGE);
}

GONS_EXPORT int gons_macvlan_new_transient(const struct gons_link_options *options,
					   struct gons_link *ret_link)
{
	if (check_parent("macvlan", options) < 0)
		return -1;
	return gons_i_link_new("macvlan", options, put_macvlan, NULL, ret_link);
}

static void put_vlan(struct nlmsghdr *nlh, const void *id)
{
	mnl_attr_put_u16(nlh, IFLA_VLAN_ID, (uint16_t) * (const unsigned *)id);
}

GONS_EXPORT int gons_vlan_new_transient(unsigned id, const struct gons_link_options *options,
					struct gons_link *ret_link)
{
	if (id < 1 || id > 4094)
		return gons_i_fail(EINVAL, "%u is no VLAN id: these are 1 to 4094", id);
	if (check_parent("VLAN", options) < 0)
		return -1;
	return gons_i_link_new("vlan", options, put_vlan, &id, ret_link);
}

/* ---- what is done to links ---- */

GONS_EXPORT int gons_link_delete(int nsfd, int ifindex)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct gons_i_rtnl *rtnl;
	int result;

	if (gons_i_check_ifindex(ifindex) < 0)
		return -1;
	rtnl = gons_i_rtnl_open(nsfd);
	if (!rtnl)
		return -1;
	result = gons_i_rtnl_request_send(rtnl, gons_i_link_request(buf, RTM_DELLINK, 0, ifindex),
					  NULL, NULL);
	if (result < 0 && errno == ENODEV)
		result = 0;
	if (result < 0)
		(void)gons_i_rtnl_fail(rtnl, "cannot delete link %d", ifindex);
	gons_i_rtnl_close(rtnl);
	return result;
}

GONS_EXPORT int gons_link_set_master(int nsfd, int ifindex, int master)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct gons_i_rtnl *rtnl;
	struct nlmsghdr *nlh;
	int result;

	if (gons_i_check_ifindex(ifindex) < 0)
		return -1;
	if (master < 0)
		return gons_i_fail(EINVAL, "%d is no ifindex of a master", master);
	rtnl = gons_i_rtnl_open(nsfd);
	if (!rtnl)
		return -1;
	nlh = gons_i_link_request(buf, RTM_NEWLINK, 0, ifindex);
	mnl_attr_put_u32(nlh, IFLA_MASTER, (uint32_t)master);
	result = gons_i_rtnl_request_send(rtnl, nlh, NULL, NULL);
	if (result < 0 && master == 0)
		(void)gons_i_rtnl_fail(rtnl, "cannot free link %d from its master", ifindex);
	else if (result < 0)
		(void)gons_i_rtnl_fail(rtnl, "cannot make link %d a port of link %d", ifindex,
				       master);
	if (result < 0 && master > 0 && (errno == EINVAL || errno == EOPNOTSUPP))
		gons_i_explain("there is no link %d, or it takes no such ports", master);
	gons_i_rtnl_close(rtnl);
	return result;
}

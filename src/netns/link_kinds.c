/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links of the kinds that tests use most.
 */
#include <linux/if_link.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "netns/link.h"

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

static int check_parent(const char *kind, const struct gons_link_options *options)
{
	if (options && options->parent_ifindex != 0)
		return 0;
	return gons_i_fail(EINVAL, "a %s needs a parent_ifindex", kind);
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
		return gons_i_fail(EINVAL, "id is %u, and a VLAN id is 1 to 4094", id);
	if (check_parent("VLAN", options) < 0)
		return -1;
	return gons_i_link_new("vlan", options, put_vlan, &id, ret_link);
}

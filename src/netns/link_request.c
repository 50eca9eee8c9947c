/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a request about a link begins.
 */
#include <linux/rtnetlink.h>

#include "gons/base/error.h"
#include "netns/link_request.h"
#include "netns/rtnl.h"

struct nlmsghdr *gons_i_link_request(void *buf, uint16_t type, uint16_t flags, int ifindex)
{
	struct nlmsghdr *nlh = gons_i_rtnl_request(buf, type, flags);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));

	ifi->ifi_family = AF_UNSPEC;
	ifi->ifi_index = ifindex;
	return nlh;
}

struct nlattr *gons_i_link_nest(struct nlmsghdr *nlh, uint16_t type)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);

	nest->nla_type &= NLA_TYPE_MASK;
	return nest;
}

int gons_i_check_ifindex(int ifindex)
{
	return ifindex > 0 ? 0 : gons_i_fail(EINVAL, "%d is not an ifindex of a link", ifindex);
}

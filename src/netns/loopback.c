/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loopback link.
 */
#include <linux/if.h>
#include <linux/rtnetlink.h>

#include <gons/netns.h>

#include "gons/base/common.h"
#include "netns/link_request.h"
#include "netns/rtnl.h"

enum { LOOPBACK = 1 }; /* its ifindex, in every namespace */

static int is_up(const struct nlmsghdr *nlh, void *up)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_type == RTM_NEWLINK && mnl_nlmsg_get_payload_len(nlh) >= sizeof(*ifi) &&
	    ifi->ifi_index == LOOPBACK)
		*(bool *)up = ifi->ifi_flags & IFF_UP;
	return MNL_CB_OK;
}

GONS_EXPORT int gons_netns_loopback_up(void)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct gons_i_rtnl *rtnl = gons_i_rtnl_open(-1);
	struct ifinfomsg *ifi;
	struct nlmsghdr *nlh;
	bool up = false;
	int result;

	if (!rtnl)
		return -1;
	/* Asked first, because whoever may not bring it up may still find it up. */
	result = gons_i_rtnl_dump(rtnl, gons_i_link_request(buf, RTM_GETLINK, 0, LOOPBACK), is_up,
				  &up);
	if (result < 0) {
		(void)gons_i_rtnl_fail(rtnl, "cannot find the loopback link");
	} else if (!up) {
		nlh = gons_i_link_request(buf, RTM_NEWLINK, 0, LOOPBACK);
		ifi = mnl_nlmsg_get_payload(nlh);
		ifi->ifi_change = IFF_UP;
		ifi->ifi_flags = IFF_UP;
		result = gons_i_rtnl_request_send(rtnl, nlh, NULL, NULL);
		if (result < 0)
			(void)gons_i_rtnl_fail(rtnl, "cannot bring up the loopback link");
	}
	gons_i_rtnl_close(rtnl);
	return result;
}

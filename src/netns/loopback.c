/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loopback link.
 */
#include <linux/if.h>
#include <linux/rtnetlink.h>

#include <gons/netns.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "netns/link.h"
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

/* A process that may not bring it up may find it up. Keeps the message. */
static bool was_up(struct gons_i_rtnl *rtnl)
{
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct gons_i_failure failure;
	bool up = false;

	gons_i_failure_save(&failure);
	if (gons_i_rtnl_dump(rtnl, gons_i_link_request(buf, RTM_GETLINK, 0, LOOPBACK), is_up, &up) <
	    0)
		up = false;
	(void)gons_i_failure_restore(&failure);
	return up;
}

GONS_EXPORT int gons_netns_loopback_up(void)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct gons_i_rtnl *rtnl = gons_i_rtnl_open(-1);
	struct gons_i_failure before;
	int result;

	if (!rtnl)
		return -1;
	gons_i_failure_save(&before);
	/* The kernel describes a link at length, so its state is requested only after a refusal. */
	result = gons_i_link_request_up(rtnl, LOOPBACK);
	if (result < 0)
		(void)gons_i_rtnl_fail(rtnl, "cannot bring up the loopback link");
	if (result < 0 && was_up(rtnl)) {
		(void)gons_i_failure_restore(&before);
		result = 0;
	}
	gons_i_rtnl_close(rtnl);
	return result;
}

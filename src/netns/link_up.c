/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Brings links up, and waits until they are up. gons subscribes to notifications before it sends
 * the request, so it misses none. If they come too fast for the socket, it requests the state of
 * the link again.
 */
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "netns/kind.h"
#include "netns/link.h"
#include "netns/link_request.h"
#include "netns/monitor.h"
#include "netns/rtnl.h"

/* The state of a wait for a link. */
struct wait {
	struct gons_i_rtnl *rtnl;
	struct gons_i_monitor monitor;
	int ifindex;
	/* As far as it is known: */
	char name[GONS_I_NAME_SIZE];
	unsigned flags;
	uint8_t state;
	uint32_t carrier_changes;
	bool is_gone;
};

static int take_state(const struct nlmsghdr *nlh, void *arg)
{
	struct wait *wait = arg;
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifi))
		return MNL_CB_OK;
	/* A bridge also sends notifications about its ports, of another family. */
	if ((nlh->nlmsg_type != RTM_NEWLINK && nlh->nlmsg_type != RTM_DELLINK) ||
	    ifi->ifi_family != AF_UNSPEC || ifi->ifi_index != wait->ifindex)
		return MNL_CB_OK;
	if (nlh->nlmsg_type == RTM_DELLINK) {
		wait->is_gone = true;
		return MNL_CB_OK;
	}
	wait->flags = ifi->ifi_flags;
	mnl_attr_for_each(attr, nlh, sizeof(*ifi)) {
		if (mnl_attr_get_type(attr) == IFLA_OPERSTATE &&
		    mnl_attr_validate(attr, MNL_TYPE_U8) == 0)
			wait->state = mnl_attr_get_u8(attr);
		if (mnl_attr_get_type(attr) == IFLA_CARRIER_CHANGES && gons_i_attr_is_u32(attr))
			wait->carrier_changes = mnl_attr_get_u32(attr);
		if (mnl_attr_get_type(attr) == IFLA_IFNAME)
			gons_i_attr_text(attr, wait->name, sizeof(wait->name));
	}
	return MNL_CB_OK;
}

/* UNKNOWN is final if the carrier has never changed. Otherwise it lasts for a moment, until the
 * kernel has updated the state, and until then the link may drop packets. Since Linux 6.10 the
 * kernel updates the state before it answers. */
static bool is_up(const struct wait *wait)
{
	return (wait->flags & IFF_UP) &&
	       (wait->state == IF_OPER_UP ||
		(wait->state == IF_OPER_UNKNOWN && (wait->flags & IFF_LOWER_UP) &&
		 wait->carrier_changes == 0));
}

static int request_state(struct wait *wait)
{
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = gons_i_link_request(buf, RTM_GETLINK, 0, wait->ifindex);

	if (gons_i_rtnl_dump(wait->rtnl, nlh, take_state, wait) < 0)
		return gons_i_rtnl_fail(wait->rtnl, "cannot find link %d", wait->ifindex);
	return 0;
}

int gons_i_link_request_up(struct gons_i_rtnl *rtnl, int ifindex)
{
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = gons_i_link_request(buf, RTM_NEWLINK, 0, ifindex);
	struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);

	ifi->ifi_change = IFF_UP;
	ifi->ifi_flags = IFF_UP;
	return gons_i_rtnl_request_send(rtnl, nlh, NULL, NULL);
}

int gons_i_link_set_up(struct gons_i_rtnl *rtnl, int ifindex)
{
	if (gons_i_link_request_up(rtnl, ifindex) < 0)
		return gons_i_rtnl_fail(rtnl, "cannot bring up link %d", ifindex);
	return 0;
}

/* ---- waiting ---- */

static const char *state_name(uint8_t state)
{
	static const char *const names[] = { "UNKNOWN", "NOTPRESENT", "DOWN", "LOWERLAYERDOWN",
					     "TESTING", "DORMANT",    "UP" };

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "not known to gons";
}

static int fail_timeout(const struct wait *wait)
{
	(void)gons_i_fail(ETIMEDOUT, "link %d (%s) is not up after %d ms", wait->ifindex,
			  wait->name, wait->monitor.timeout_ms);
	if (!(wait->flags & IFF_UP)) {
		gons_i_add_cause("it was set to down meanwhile");
	} else {
		gons_i_add_cause("its operational state is %s%s", state_name(wait->state),
				 wait->flags & IFF_LOWER_UP ? "" : ", it has no carrier");
		if (!(wait->flags & IFF_LOWER_UP))
			gons_i_add_remedy("bring up its peer, its parent or one of its ports");
	}
	return -1;
}

static int wait_until_up(struct wait *wait)
{
	if (request_state(wait) < 0)
		return -1;
	while (!is_up(wait)) {
		switch (gons_i_monitor_wait(&wait->monitor, take_state, wait)) {
		case GONS_I_MONITOR_FAILED:
			return gons_i_fail(errno, "cannot wait for link %d", wait->ifindex);
		case GONS_I_MONITOR_TIMEOUT:
			return fail_timeout(wait);
		case GONS_I_MONITOR_LOST:
			if (request_state(wait) < 0)
				return -1;
			break;
		case GONS_I_MONITOR_RECEIVED:
			break;
		}
		if (wait->is_gone)
			return gons_i_fail(ENODEV, "link %d was deleted or moved during the wait",
					   wait->ifindex);
	}
	return 0;
}

static int start(struct wait *wait, int nsfd, int ifindex, int timeout_ms)
{
	*wait = (struct wait){ .ifindex = ifindex };
	wait->rtnl = gons_i_rtnl_open(nsfd);
	if (!wait->rtnl ||
	    gons_i_monitor_open(&wait->monitor, wait->rtnl, nsfd, RTMGRP_LINK, timeout_ms) < 0)
		return -1;
	return gons_i_link_set_up(wait->rtnl, ifindex);
}

static void stop(struct wait *wait)
{
	gons_i_monitor_close(&wait->monitor);
	gons_i_rtnl_close(wait->rtnl);
}

int gons_i_link_pair_up(int nsfd, int ifindex, int peer_nsfd, int peer_ifindex, int timeout_ms)
{
	struct wait link, peer = { .rtnl = NULL };
	int result = start(&link, nsfd, ifindex, timeout_ms);

	if (result == 0 && peer_ifindex > 0)
		result = start(&peer, peer_nsfd, peer_ifindex, timeout_ms);
	if (result == 0)
		result = wait_until_up(&link);
	if (result == 0 && peer_ifindex > 0)
		result = wait_until_up(&peer);
	stop(&peer);
	stop(&link);
	return result;
}

GONS_EXPORT int gons_link_up(int nsfd, int ifindex, int timeout_ms)
{
	uncancelled int cancel = gons_i_forbid_cancel();

	if (gons_i_check_ifindex(ifindex) < 0 || gons_i_check_timeout(timeout_ms) < 0 ||
	    gons_i_netns_optional(nsfd, &nsfd) < 0)
		return -1;
	return gons_i_link_pair_up(nsfd, ifindex, -1, 0, timeout_ms);
}

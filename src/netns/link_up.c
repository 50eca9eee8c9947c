/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bringing links up. The kernel's notifications are subscribed to before anything is asked,
 * so that none can be missed; where they come too fast for the socket, the state is asked for
 * again.
 */
#include <limits.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>

#include "gons/base/clock.h"
#include "gons/base/common.h"
#include "gons/base/error.h"
#include "netns/kind.h"
#include "netns/link.h"
#include "netns/link_request.h"
#include "netns/rtnl.h"

struct rise {
	struct gons_i_rtnl *rtnl;
	int monitor_fd;
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
	struct rise *rise = arg;
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifi))
		return MNL_CB_OK;
	/* A bridge tells of its ports, too, in messages of another family. */
	if ((nlh->nlmsg_type != RTM_NEWLINK && nlh->nlmsg_type != RTM_DELLINK) ||
	    ifi->ifi_family != AF_UNSPEC || ifi->ifi_index != rise->ifindex)
		return MNL_CB_OK;
	if (nlh->nlmsg_type == RTM_DELLINK) {
		rise->is_gone = true;
		return MNL_CB_OK;
	}
	rise->flags = ifi->ifi_flags;
	mnl_attr_for_each(attr, nlh, sizeof(*ifi)) {
		if (mnl_attr_get_type(attr) == IFLA_OPERSTATE &&
		    mnl_attr_validate(attr, MNL_TYPE_U8) == 0)
			rise->state = mnl_attr_get_u8(attr);
		if (mnl_attr_get_type(attr) == IFLA_CARRIER_CHANGES && gons_i_attr_is_u32(attr))
			rise->carrier_changes = mnl_attr_get_u32(attr);
		if (mnl_attr_get_type(attr) == IFLA_IFNAME)
			gons_i_attr_text(attr, rise->name, sizeof(rise->name));
	}
	return MNL_CB_OK;
}

/* UNKNOWN is for good where the carrier has never changed. Else it is so for a moment, until the
 * kernel gets to working the state out, and the link may drop what is sent until then; since Linux
 * 6.10 it does that before it answers. */
static bool is_up(const struct rise *rise)
{
	return (rise->flags & IFF_UP) &&
	       (rise->state == IF_OPER_UP ||
		(rise->state == IF_OPER_UNKNOWN && (rise->flags & IFF_LOWER_UP) &&
		 rise->carrier_changes == 0));
}

static int ask_state(struct rise *rise)
{
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = gons_i_link_request(buf, RTM_GETLINK, 0, rise->ifindex);

	if (gons_i_rtnl_dump(rise->rtnl, nlh, take_state, rise) < 0)
		return gons_i_rtnl_fail(rise->rtnl, "cannot find link %d", rise->ifindex);
	return 0;
}

int gons_i_link_set_up(struct gons_i_rtnl *rtnl, int ifindex)
{
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = gons_i_link_request(buf, RTM_NEWLINK, 0, ifindex);
	struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);

	ifi->ifi_change = IFF_UP;
	ifi->ifi_flags = IFF_UP;
	if (gons_i_rtnl_request_send(rtnl, nlh, NULL, NULL) < 0)
		return gons_i_rtnl_fail(rtnl, "cannot bring up link %d", ifindex);
	return 0;
}

/* ---- waiting ---- */

static const char *state_name(uint8_t state)
{
	static const char *const names[] = { "UNKNOWN", "NOTPRESENT", "DOWN", "LOWERLAYERDOWN",
					     "TESTING", "DORMANT",    "UP" };

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "a new one";
}

static void take_all(const void *messages, int left, struct rise *rise)
{
	const struct nlmsghdr *nlh = messages;

	for (; gons_i_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
		(void)take_state(nlh, rise);
}

/* Takes what the kernel has told, without waiting, but not for ever where it tells more meanwhile:
 * there is a timeout to be looked at. 0, or -1 with errno and message. */
static int hear(struct rise *rise)
{
	const int most = 1000;
	_Alignas(struct nlmsghdr) char buf[8192];
	struct sockaddr_nl from = { .nl_pid = 0 };
	socklen_t from_size = sizeof(from);
	ssize_t got;

	for (int i = 0; i < most; i++) {
		got = recvfrom(rise->monitor_fd, buf, sizeof(buf), MSG_DONTWAIT | MSG_TRUNC,
			       (struct sockaddr *)&from, &from_size);
		if (got > (ssize_t)sizeof(buf))
			return ask_state(rise);
		if (got > 0 && from.nl_pid == 0) /* the kernel's */
			take_all(buf, (int)got, rise);
		else if (got == 0 || (got < 0 && errno == EAGAIN))
			return 0;
		else if (got < 0 && errno == ENOBUFS)
			return ask_state(rise);
		else if (got < 0 && errno != EINTR)
			return gons_i_fail(errno, "cannot wait for link %d", rise->ifindex);
	}
	return 0;
}

static int fail_in_time(const struct rise *rise, int timeout_ms)
{
	(void)gons_i_fail(ETIMEDOUT, "link %d (%s) is not up after %d ms", rise->ifindex,
			  rise->name, timeout_ms);
	gons_i_explain("its operational state is %s%s", state_name(rise->state),
		       !(rise->flags & IFF_UP)	       ? ", and somebody has set it to down"
		       : !(rise->flags & IFF_LOWER_UP) ? ", for it has no carrier: bring up its "
							 "peer, its parent or a port"
						       : "");
	return -1;
}

static int wait_for(struct rise *rise, int64_t end_ns, int timeout_ms)
{
	struct pollfd pollfd = { .fd = rise->monitor_fd, .events = POLLIN };

	if (ask_state(rise) < 0)
		return -1;
	while (!is_up(rise)) {
		int64_t left_ns = timeout_ms < 0 ? 0 : end_ns - gons_i_nanoseconds();
		int left_ms = timeout_ms < 0
				      ? -1
				      : (int)((left_ns + GONS_I_NS_OF_MS - 1) / GONS_I_NS_OF_MS);

		if (timeout_ms >= 0 && left_ns <= 0)
			return fail_in_time(rise, timeout_ms);
		if (poll(&pollfd, 1, left_ms) < 0 && errno != EINTR)
			return gons_i_fail(errno, "cannot wait for link %d", rise->ifindex);
		if (hear(rise) < 0)
			return -1;
		if (rise->is_gone)
			return gons_i_fail(ENODEV,
					   "link %d was deleted or moved while it was waited for",
					   rise->ifindex);
	}
	return 0;
}

static int start(struct rise *rise, int nsfd, int ifindex)
{
	*rise = (struct rise){ .ifindex = ifindex, .monitor_fd = -1 };
	rise->rtnl = gons_i_rtnl_open(nsfd);
	if (!rise->rtnl)
		return -1;
	rise->monitor_fd = gons_i_netlink_open(nsfd, NETLINK_ROUTE);
	if (rise->monitor_fd < 0 || gons_i_netlink_bind(rise->monitor_fd, RTMGRP_LINK, NULL) < 0)
		return -1;
	return gons_i_link_set_up(rise->rtnl, ifindex);
}

static void stop(struct rise *rise)
{
	gons_i_rtnl_close(rise->rtnl);
	gons_i_close_fd(&rise->monitor_fd);
}

int gons_i_link_pair_up(int nsfd, int ifindex, int peer_nsfd, int peer_ifindex, int timeout_ms)
{
	int64_t end_ns =
		timeout_ms < 0 ? 0 : gons_i_nanoseconds() + (int64_t)timeout_ms * GONS_I_NS_OF_MS;
	struct rise link, peer = { .monitor_fd = -1 };
	int result = start(&link, nsfd, ifindex);

	if (result == 0 && peer_ifindex > 0)
		result = start(&peer, peer_nsfd, peer_ifindex);
	if (result == 0)
		result = wait_for(&link, end_ns, timeout_ms);
	if (result == 0 && peer_ifindex > 0)
		result = wait_for(&peer, end_ns, timeout_ms);
	stop(&peer);
	stop(&link);
	return result;
}

GONS_EXPORT int gons_link_up(int nsfd, int ifindex, int timeout_ms)
{
	uncancelled int cancel = gons_i_forbid_cancel();

	if (gons_i_check_ifindex(ifindex) < 0 || gons_i_netns_optional(nsfd, &nsfd) < 0)
		return -1;
	return gons_i_link_pair_up(nsfd, ifindex, -1, 0, timeout_ms);
}

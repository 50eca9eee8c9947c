/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting until the addresses of a link can be used: until duplicate address detection is over, and
 * the link-local address exists.
 *
 * The kernel adds the link-local address when the link is up and has a carrier, and sends a
 * notification after duplicate address detection. So whether to wait is decided from the state of
 * the link and all its addresses, and decided again after each notification about either.
 */
#include <arpa/inet.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include <gons/ip.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "netns/kind.h"
#include "netns/link_request.h"
#include "netns/monitor.h"
#include "netns/rtnl.h"

struct snapshot {
	int ifindex;
	/* The link: */
	bool is_there, wants_link_local, has_carrier;
	/* Its addresses: */
	bool has_link_local;
	char tentative[INET6_ADDRSTRLEN], duplicate[INET6_ADDRSTRLEN]; /* "": none */
};

/* ---- the link ---- */

/* Types of devices to which the kernel adds a link-local address. */
static bool is_type_with_link_local(unsigned short type)
{
	return type == ARPHRD_ETHER || type == ARPHRD_NONE || type == ARPHRD_RAWIP ||
	       type == ARPHRD_INFINIBAND || type == ARPHRD_6LOWPAN || type == ARPHRD_TUNNEL6;
}

static bool is_ipv6_disabled(const struct nlattr *conf)
{
	int32_t value = 0;

	if (mnl_attr_get_payload_len(conf) >= (DEVCONF_DISABLE_IPV6 + 1) * sizeof(value))
		memcpy(&value,
		       (const char *)mnl_attr_get_payload(conf) +
			       DEVCONF_DISABLE_IPV6 * sizeof(value),
		       sizeof(value));
	return value != 0;
}

/* IPv6 is enabled if the link has its attributes. */
static bool makes_link_local(const struct nlattr *families)
{
	const struct nlattr *family, *attr;
	bool makes = false;

	mnl_attr_for_each_nested(family, families) {
		if (mnl_attr_get_type(family) != AF_INET6)
			continue;
		makes = true;
		mnl_attr_for_each_nested(attr, family) {
			if (mnl_attr_get_type(attr) == IFLA_INET6_CONF && is_ipv6_disabled(attr))
				return false;
			if (mnl_attr_get_type(attr) == IFLA_INET6_ADDR_GEN_MODE &&
			    mnl_attr_validate(attr, MNL_TYPE_U8) == 0 &&
			    mnl_attr_get_u8(attr) == IN6_ADDR_GEN_MODE_NONE)
				return false;
		}
	}
	return makes;
}

/* A VRF gets no link-local address. */
static bool is_vrf(const struct nlattr *info)
{
	char kind[GONS_I_NAME_SIZE] = "";
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, info)
		if (mnl_attr_get_type(attr) == IFLA_INFO_KIND)
			gons_i_attr_text(attr, kind, sizeof(kind));
	return strcmp(kind, "vrf") == 0;
}

static int take_link(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct snapshot *snapshot = arg;
	const struct nlattr *attr;
	bool makes = false, is_special = false;

	if (nlh->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifi) ||
	    ifi->ifi_index != snapshot->ifindex)
		return MNL_CB_OK;
	mnl_attr_for_each(attr, nlh, sizeof(*ifi)) {
		if (mnl_attr_get_type(attr) == IFLA_AF_SPEC)
			makes = makes_link_local(attr);
		if (mnl_attr_get_type(attr) == IFLA_LINKINFO)
			is_special = is_vrf(attr);
	}
	snapshot->is_there = true;
	snapshot->has_carrier = ifi->ifi_flags & IFF_LOWER_UP;
	snapshot->wants_link_local = (ifi->ifi_flags & IFF_UP) &&
				     !(ifi->ifi_flags & IFF_LOOPBACK) && makes && !is_special &&
				     is_type_with_link_local(ifi->ifi_type);
	return MNL_CB_OK;
}

/* ---- its addresses ---- */

static void note_address(struct snapshot *snapshot, const struct ifaddrmsg *ifa, uint32_t flags,
			 const struct nlattr *attr)
{
	const struct in6_addr *address = mnl_attr_get_payload(attr);
	char *text = NULL;

	if (mnl_attr_get_payload_len(attr) != sizeof(*address))
		return;
	if (flags & IFA_F_DADFAILED)
		text = snapshot->duplicate;
	else if ((flags & IFA_F_TENTATIVE) && !(flags & IFA_F_OPTIMISTIC))
		text = snapshot->tentative;
	if (text)
		(void)inet_ntop(AF_INET6, address, text, INET6_ADDRSTRLEN);
	else if (ifa->ifa_scope == RT_SCOPE_LINK)
		snapshot->has_link_local = true;
}

static int take_address(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	struct snapshot *snapshot = arg;
	const struct nlattr *attr, *address = NULL;
	uint32_t flags;

	if (nlh->nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifa) ||
	    ifa->ifa_index != (uint32_t)snapshot->ifindex || ifa->ifa_family != AF_INET6)
		return MNL_CB_OK;
	flags = ifa->ifa_flags;
	mnl_attr_for_each(attr, nlh, sizeof(*ifa)) {
		if (mnl_attr_get_type(attr) == IFA_FLAGS && gons_i_attr_is_u32(attr))
			flags = mnl_attr_get_u32(attr);
		if (mnl_attr_get_type(attr) == IFA_ADDRESS)
			address = attr;
	}
	if (address)
		note_address(snapshot, ifa, flags, address);
	return MNL_CB_OK;
}

static int take_snapshot(struct gons_i_rtnl *rtnl, int ifindex, struct snapshot *ret_snapshot)
{
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct ifaddrmsg *ifa;
	struct nlmsghdr *nlh;

	*ret_snapshot = (struct snapshot){ .ifindex = ifindex };
	nlh = gons_i_rtnl_request(buf, RTM_GETADDR, NLM_F_DUMP);
	ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
	ifa->ifa_family = AF_INET6;
	ifa->ifa_index = (uint32_t)ifindex;
	if (gons_i_rtnl_dump(rtnl, nlh, take_address, ret_snapshot) < 0 && errno != ENODEV)
		return gons_i_rtnl_fail(rtnl, "cannot list the addresses of link %d", ifindex);
	/* The kernel adds the local route of an address, without which no packet is accepted, a
	 * moment after it has ended the detection. It holds the lock of rtnetlink from before to
	 * after that, for which this request waits. So the link comes last. */
	nlh = gons_i_link_request(buf, RTM_GETLINK, 0, ifindex);
	if (gons_i_rtnl_dump(rtnl, nlh, take_link, ret_snapshot) < 0)
		return gons_i_rtnl_fail(rtnl, "cannot find link %d", ifindex);
	return 0;
}

/* ---- waiting ---- */

static bool is_ready(const struct snapshot *snapshot)
{
	return snapshot->tentative[0] == '\0' &&
	       (snapshot->has_link_local || !snapshot->wants_link_local);
}

static int fail_duplicate(const struct snapshot *snapshot)
{
	(void)gons_i_fail(EADDRINUSE, "the address %s of link %d cannot be used",
			  snapshot->duplicate, snapshot->ifindex);
	gons_i_add_cause("duplicate address detection found another host that has it");
	return -1;
}

static int fail_timeout(const struct snapshot *snapshot, int timeout_ms)
{
	(void)gons_i_fail(ETIMEDOUT, "not all addresses of link %d can be used after %d ms",
			  snapshot->ifindex, timeout_ms);
	if (snapshot->tentative[0] != '\0') {
		gons_i_add_cause("%s is tentative", snapshot->tentative);
	} else if (snapshot->has_carrier) {
		gons_i_add_cause("it has no link-local address");
	} else {
		gons_i_add_cause("it has no link-local address, because it has no carrier");
		gons_i_add_remedy("bring up its peer, its parent or one of its ports");
	}
	return -1;
}

static int wait_until_ready(struct gons_i_rtnl *rtnl, struct gons_i_monitor *monitor, int ifindex)
{
	struct snapshot snapshot;

	for (;;) {
		if (take_snapshot(rtnl, ifindex, &snapshot) < 0)
			return -1;
		if (snapshot.duplicate[0] != '\0')
			return fail_duplicate(&snapshot);
		if (is_ready(&snapshot))
			return 0;
		/* After any notification, the link and its addresses are read again. */
		switch (gons_i_monitor_wait(monitor, NULL, NULL)) {
		case GONS_I_MONITOR_FAILED:
			return gons_i_fail(errno, "cannot wait for the addresses of link %d",
					   ifindex);
		case GONS_I_MONITOR_TIMEOUT:
			return fail_timeout(&snapshot, monitor->timeout_ms);
		case GONS_I_MONITOR_LOST:
		case GONS_I_MONITOR_RECEIVED:
			break;
		}
	}
}

GONS_EXPORT int gons_address_wait(int nsfd, int ifindex, int timeout_ms)
{
	const unsigned groups = RTMGRP_LINK | RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_IFINFO;
	uncancelled int cancel = gons_i_forbid_cancel();
	struct gons_i_monitor monitor;
	struct gons_i_rtnl *rtnl;
	int result = -1;

	if (gons_i_check_ifindex(ifindex) < 0)
		return -1;
	if (gons_i_check_timeout(timeout_ms) < 0)
		return -1;
	if (gons_i_netns_optional(nsfd, &nsfd) < 0)
		return -1;
	rtnl = gons_i_rtnl_open(nsfd);
	if (!rtnl)
		return -1;
	if (gons_i_monitor_open(&monitor, rtnl, nsfd, groups, timeout_ms) == 0) {
		result = wait_until_ready(rtnl, &monitor, ifindex);
		gons_i_monitor_close(&monitor);
	}
	gons_i_rtnl_close(rtnl);
	return result;
}

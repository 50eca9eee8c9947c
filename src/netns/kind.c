/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kinds of virtual links: whether this kernel has one.
 */
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include <gons/netns.h>
#include <gons/privilege.h>

#include "gons/child.h"
#include "gons/internal.h"
#include "netns/rtnl.h"

/* Makes a link of this kind in a network namespace that goes with the child. Without a
 * parent, an id or whatever else the kind needs it may be refused; only one answer means
 * that the kind is unknown. */
static int try_kind(void *arg)
{
	const char *kind = arg;
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct mnl_socket *socket;
	struct nlmsghdr *nlh;
	struct nlattr *info;
	struct ifinfomsg *ifi;
	int result;

	if (gons_netns_enter_transient() < 0)
		return -1;
	socket = gons_i_rtnl_open();
	if (!socket)
		return -1;
	nlh = gons_i_rtnl_request(buf, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_family = AF_UNSPEC;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, "gons-probe");
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, kind);
	mnl_attr_nest_end(nlh, info);
	result = gons_i_rtnl_talk(socket, nlh, NULL, NULL, "make a link");
	gons_i_rtnl_close(socket);
	if (result == 0 || errno == EPERM)
		return result;
	if (errno != EOPNOTSUPP)
		return 0;
	(void)gons_i_fail(EOPNOTSUPP, "cannot make a link of kind %s", kind);
	gons_i_hint("this kernel lacks it: load the module %s, if there is one", kind);
	return -1;
}

GONS_EXPORT int gons_can_link(const char *kind)
{
	if (!kind || kind[0] == '\0' || strlen(kind) >= IFNAMSIZ) {
		(void)gons_i_fail(EINVAL, "\"%s\" is no kind of link", kind ? kind : "(null)");
		return 0;
	}
	return gons_i_in_child(try_kind, (void *)kind) == 0;
}

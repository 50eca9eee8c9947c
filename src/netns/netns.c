/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network namespaces: the core's calls with the type fixed, named ones, loopback.
 */
#include <limits.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include <gons/netns.h>

#include "gons/internal.h"
#include "netns/link.h"

GONS_EXPORT int gons_netns_enter_transient(void)
{
	return gons_enter_transient(CLONE_NEWNET);
}

GONS_EXPORT int gons_netns_new_transient(void)
{
	return gons_new_transient(CLONE_NEWNET);
}

GONS_EXPORT int gons_netns_execute(int nsfd, void (*fn)(void *), void *arg)
{
	if (gons_i_check_type(nsfd, CLONE_NEWNET) < 0)
		return -1;
	return gons_execute(nsfd, fn, arg);
}

GONS_EXPORT int gons_netns_current(void)
{
	return gons_current(CLONE_NEWNET);
}

GONS_EXPORT uint64_t gons_netns_ino(int nsfd)
{
	return gons_ino(nsfd, CLONE_NEWNET);
}

GONS_EXPORT uint64_t gons_netns_path_ino(const char *path)
{
	return gons_path_ino(path, CLONE_NEWNET);
}

GONS_EXPORT uint64_t gons_netns_current_ino(void)
{
	return gons_current_ino(CLONE_NEWNET);
}

GONS_EXPORT int gons_netns_open_named(const char *name)
{
	char path[PATH_MAX];

	if (!name || name[0] == '\0' || strchr(name, '/') || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return gons_i_fail(EINVAL, "\"%s\" cannot be the name of a network namespace",
				   name ? name : "(null)");
	if ((size_t)snprintf(path, sizeof(path), "/run/netns/%s", name) >= sizeof(path))
		return gons_i_fail(ENAMETOOLONG, "the name of a network namespace is too long");
	return gons_open(path, CLONE_NEWNET);
}

/* ---- loopback ---- */

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
	result = gons_i_rtnl_ask(rtnl, gons_i_link_request(buf, RTM_GETLINK, 0, LOOPBACK), is_up,
				 &up);
	if (result < 0) {
		(void)gons_i_rtnl_fail(rtnl, "cannot find the loopback link");
	} else if (!up) {
		nlh = gons_i_link_request(buf, RTM_NEWLINK, 0, LOOPBACK);
		ifi = mnl_nlmsg_get_payload(nlh);
		ifi->ifi_change = IFF_UP;
		ifi->ifi_flags = IFF_UP;
		result = gons_i_rtnl_talk(rtnl, nlh, NULL, NULL);
		if (result < 0)
			(void)gons_i_rtnl_fail(rtnl, "cannot bring up the loopback link");
	}
	gons_i_rtnl_close(rtnl);
	return result;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Namespaces as netlink sees them: sockets that live in one, and ids.
 */
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>

#include <gons/netns.h>

#include "gons/internal.h"
#include "netns/rtnl.h"

/* ---- sockets for the caller ---- */

static int close_socket(void *data)
{
	uncancelled int cancel = gons_i_forbid_cancel();

	if (mnl_socket_close(*(struct mnl_socket **)data) == 0 || errno == EINTR)
		return 0;
	return gons_i_fail(errno, "cannot close a netlink socket, which the scope owns");
}

static void drop_socket(void *data)
{
	uncancelled int cancel = gons_i_forbid_cancel();

	(void)mnl_socket_close(*(struct mnl_socket **)data);
}

GONS_EXPORT struct mnl_socket *gons_netns_mnl_open(int nsfd, int bus)
{
	static const struct gons_i_undo undo = { close_socket, drop_socket };
	uncancelled int cancel = gons_i_forbid_cancel();
	struct mnl_socket *socket;

	if (gons_i_scope_reserve(1) < 0)
		return NULL;
	socket = gons_i_netlink_open(nsfd, bus);
	if (socket)
		(void)gons_i_scope_push(&undo, &socket, sizeof(socket));
	return socket;
}

/* ---- ids ---- */

static struct nlmsghdr *id_request(char *buf, uint16_t type, int nsfd)
{
	struct nlmsghdr *nlh = gons_i_rtnl_request(buf, type, 0);

	(void)mnl_nlmsg_put_extra_header(nlh, sizeof(struct rtgenmsg));
	mnl_attr_put_u32(nlh, NETNSA_FD, (uint32_t)nsfd);
	return nlh;
}

static int take_id(const struct nlmsghdr *nlh, void *id)
{
	const struct nlattr *attr;

	if (nlh->nlmsg_type == RTM_NEWNSID)
		mnl_attr_for_each(attr, nlh, sizeof(struct rtgenmsg)) if (mnl_attr_get_type(attr) ==
									  NETNSA_NSID) *
			(int *)id = (int)mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

static int ask_id(struct gons_i_rtnl *rtnl, int nsfd)
{
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	int id = NETNSA_NSID_NOT_ASSIGNED;

	if (gons_i_rtnl_ask(rtnl, id_request(buf, RTM_GETNSID, nsfd), take_id, &id,
			    "cannot ask for the id of a network namespace") < 0)
		return -1;
	if (id < 0)
		return gons_i_fail(ENOENT, "the network namespace has no id here");
	return id;
}

static int assign_id(struct gons_i_rtnl *rtnl, int nsfd)
{
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = id_request(buf, RTM_NEWNSID, nsfd);

	mnl_attr_put_u32(nlh, NETNSA_NSID, (uint32_t)NETNSA_NSID_NOT_ASSIGNED);
	/* Somebody else may have been faster. */
	if (gons_i_rtnl_talk(rtnl, nlh, NULL, NULL, "cannot give a network namespace an id") < 0 &&
	    errno != EEXIST)
		return -1;
	return ask_id(rtnl, nsfd);
}

GONS_EXPORT int gons_netns_nsid(int nsfd)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct gons_i_rtnl *rtnl;
	int id;

	if (gons_i_check_type(nsfd, CLONE_NEWNET) < 0)
		return -1;
	rtnl = gons_i_rtnl_open(-1);
	if (!rtnl)
		return -1;
	id = ask_id(rtnl, nsfd);
	if (id < 0 && errno == ENOENT)
		id = assign_id(rtnl, nsfd);
	gons_i_rtnl_close(rtnl);
	return id;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes existing links: down, name, MTU, namespace, master; and deletes them.
 */
#include <ctype.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/types.h"
#include "gons/core/nsfd.h"
#include "netns/link.h"
#include "netns/link_request.h"
#include "netns/rtnl.h"

enum { NAME_LENGTH = GONS_I_NAME_SIZE - 1 };

/* The kernel would replace "%d" by a number. */
int gons_i_check_link_name(const char *name)
{
	bool is_bad = name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0;

	if (strlen(name) > NAME_LENGTH)
		return gons_i_fail(EINVAL, "the name \"%s\" has more than %d characters", name,
				   NAME_LENGTH);
	for (const char *c = name; *c; c++)
		is_bad |= isspace((unsigned char)*c) || strchr("/:%", *c);
	return is_bad ? gons_i_fail(EINVAL, "\"%s\" cannot be the name of a link", name) : 0;
}

int gons_i_link_set_name(struct gons_i_rtnl *rtnl, int ifindex, const char *name)
{
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = gons_i_link_request(buf, RTM_NEWLINK, 0, ifindex);

	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	if (gons_i_rtnl_request_send(rtnl, nlh, NULL, NULL) == 0)
		return 0;
	(void)gons_i_rtnl_fail(rtnl, "cannot rename link %d to %s", ifindex, name);
	if (errno == EBUSY)
		gons_i_add_remedy("bring it down by gons_link_down(): Linux before 6.2 does not "
				  "rename a link that is up");
	else if (errno == EEXIST)
		gons_i_add_cause("another link of this namespace has this name");
	return -1;
}

GONS_EXPORT int gons_link_rename(int nsfd, int ifindex, const char *name)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct gons_i_rtnl *rtnl;
	int result;

	if (gons_i_check_ifindex(ifindex) < 0)
		return -1;
	if (!name)
		return gons_i_fail(EINVAL, "name is NULL");
	if (gons_i_check_link_name(name) < 0)
		return -1;
	rtnl = gons_i_rtnl_open(nsfd);
	if (!rtnl)
		return -1;
	result = gons_i_link_set_name(rtnl, ifindex, name);
	gons_i_rtnl_close(rtnl);
	return result;
}

GONS_EXPORT int gons_link_down(int nsfd, int ifindex)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct gons_i_rtnl *rtnl;
	struct ifinfomsg *ifi;
	struct nlmsghdr *nlh;
	int result;

	if (gons_i_check_ifindex(ifindex) < 0)
		return -1;
	rtnl = gons_i_rtnl_open(nsfd);
	if (!rtnl)
		return -1;
	nlh = gons_i_link_request(buf, RTM_NEWLINK, 0, ifindex);
	ifi = mnl_nlmsg_get_payload(nlh);
	ifi->ifi_change = IFF_UP;
	result = gons_i_rtnl_request_send(rtnl, nlh, NULL, NULL);
	if (result < 0)
		(void)gons_i_rtnl_fail(rtnl, "cannot bring down link %d", ifindex);
	gons_i_rtnl_close(rtnl);
	return result;
}

GONS_EXPORT int gons_link_set_mtu(int nsfd, int ifindex, unsigned mtu)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct gons_i_rtnl *rtnl;
	struct nlmsghdr *nlh;
	int result;

	if (gons_i_check_ifindex(ifindex) < 0)
		return -1;
	rtnl = gons_i_rtnl_open(nsfd);
	if (!rtnl)
		return -1;
	nlh = gons_i_link_request(buf, RTM_NEWLINK, 0, ifindex);
	mnl_attr_put_u32(nlh, IFLA_MTU, mtu);
	result = gons_i_rtnl_request_send(rtnl, nlh, NULL, NULL);
	if (result < 0)
		(void)gons_i_rtnl_fail(rtnl, "cannot set the MTU of link %d to %u", ifindex, mtu);
	gons_i_rtnl_close(rtnl);
	return result;
}

GONS_EXPORT int gons_link_delete(int nsfd, int ifindex)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct gons_i_rtnl *rtnl;
	int result;

	if (gons_i_check_ifindex(ifindex) < 0)
		return -1;
	rtnl = gons_i_rtnl_open(nsfd);
	if (!rtnl)
		return -1;
	result = gons_i_rtnl_request_send(rtnl, gons_i_link_request(buf, RTM_DELLINK, 0, ifindex),
					  NULL, NULL);
	if (result < 0 && errno == ENODEV)
		result = 0;
	if (result < 0)
		(void)gons_i_rtnl_fail(rtnl, "cannot delete link %d", ifindex);
	if (result < 0 && errno == EOPNOTSUPP)
		gons_i_add_cause("the kernel does not delete links of this kind");
	gons_i_rtnl_close(rtnl);
	return result;
}

GONS_EXPORT int gons_link_set_master(int nsfd, int ifindex, int master)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct gons_i_rtnl *rtnl;
	struct nlmsghdr *nlh;
	int result;

	if (gons_i_check_ifindex(ifindex) < 0)
		return -1;
	if (master < 0)
		return gons_i_fail(EINVAL, "master is negative (%d)", master);
	rtnl = gons_i_rtnl_open(nsfd);
	if (!rtnl)
		return -1;
	nlh = gons_i_link_request(buf, RTM_NEWLINK, 0, ifindex);
	mnl_attr_put_u32(nlh, IFLA_MASTER, (uint32_t)master);
	result = gons_i_rtnl_request_send(rtnl, nlh, NULL, NULL);
	if (result < 0 && master == 0)
		(void)gons_i_rtnl_fail(rtnl, "cannot take link %d off its master", ifindex);
	else if (result < 0)
		(void)gons_i_rtnl_fail(rtnl, "cannot make link %d a port of link %d", ifindex,
				       master);
	if (result < 0 && master > 0 && (errno == EINVAL || errno == EOPNOTSUPP))
		gons_i_add_cause("link %d does not exist, or does not take this link as a port",
				 master);
	else if (result < 0 && master > 0 && errno == EBUSY)
		gons_i_add_cause("link %d is possibly the parent of another link", ifindex);
	gons_i_rtnl_close(rtnl);
	return result;
}

/* ---- into another namespace ---- */

struct moved {
	int ifindex; /* 0: not known */
};

static int take_ifindex(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_type == RTM_NEWLINK && mnl_nlmsg_get_payload_len(nlh) >= sizeof(*ifi))
		((struct moved *)arg)->ifindex = ifi->ifi_index;
	return MNL_CB_OK;
}

static int take_name(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWLINK ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(struct ifinfomsg))
		return MNL_CB_OK;
	mnl_attr_for_each(attr, nlh, sizeof(struct ifinfomsg))
		if (mnl_attr_get_type(attr) == IFLA_IFNAME)
			gons_i_attr_text(attr, arg, GONS_I_NAME_SIZE);
	return MNL_CB_OK;
}

/* Moves the link. ret_name is its name. */
static int move(struct gons_i_rtnl *rtnl, int ifindex, int to_fd, const char *name,
		char ret_name[GONS_I_NAME_SIZE])
{
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = gons_i_link_request(buf, RTM_GETLINK, 0, ifindex);

	ret_name[0] = '\0';
	if (gons_i_rtnl_dump(rtnl, nlh, take_name, ret_name) < 0)
		return gons_i_rtnl_fail(rtnl, "cannot find link %d", ifindex);
	nlh = gons_i_link_request(buf, RTM_NEWLINK, 0, ifindex);
	mnl_attr_put_u32(nlh, IFLA_NET_NS_FD, (uint32_t)to_fd);
	if (name) {
		mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
		strcpy(ret_name, name);
	}
	if (gons_i_rtnl_request_send(rtnl, nlh, NULL, NULL) == 0)
		return 0;
	(void)gons_i_rtnl_fail(rtnl, "cannot move link %d to another network namespace", ifindex);
	if (errno == EEXIST)
		gons_i_add_cause("a link named %s is in that namespace already", ret_name);
	else if (errno == EINVAL && gons_i_rtnl_extack(rtnl)[0] == '\0')
		gons_i_add_cause(
			"links of this kind stay in the namespace where they were created");
	return -1;
}

/* The ifindex of the link of this name; 0: no such link; -1 with errno and message. */
static int find_name(int nsfd, const char *name)
{
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = gons_i_link_request(buf, RTM_GETLINK, 0, 0);
	struct gons_i_rtnl *rtnl = gons_i_rtnl_open(nsfd);
	struct moved moved = { .ifindex = 0 };
	int result;

	if (!rtnl)
		return -1;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	result = gons_i_rtnl_dump(rtnl, nlh, take_ifindex, &moved);
	if (result < 0 && errno == ENODEV)
		result = 0;
	else if (result < 0)
		(void)gons_i_rtnl_fail(rtnl, "cannot look for a link named %s", name);
	gons_i_rtnl_close(rtnl);
	return result < 0 ? -1 : moved.ifindex;
}

/* The kernel first moves a link under its old name, and leaves it in the other namespace if it
 * cannot get the new name there. */
static int check_free(const struct gons_i_rtnl *rtnl, int ifindex, int to_nsfd, const char *name)
{
	struct gons_i_rtnl *to = name ? gons_i_rtnl_open(to_nsfd) : NULL;
	const bool is_same = to == rtnl; /* sockets of a namespace are shared */
	int found;

	if (!name)
		return 0;
	if (!to)
		return -1;
	found = find_name(to_nsfd, name);
	gons_i_rtnl_close(to);
	if (found <= 0 || (is_same && found == ifindex))
		return found < 0 ? -1 : 0;
	(void)gons_i_fail(EEXIST, "cannot move link %d to another network namespace", ifindex);
	gons_i_add_cause("a link named %s is in that namespace already", name);
	return -1;
}

static int find_moved(int to_nsfd, const char *name)
{
	int ifindex = find_name(to_nsfd, name);

	return ifindex != 0 ? ifindex
			    : gons_i_fail(ENODEV, "cannot find link %s, which was moved", name);
}

GONS_EXPORT int gons_link_move(int nsfd, int ifindex, int to_nsfd, const char *name)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	char name_there[GONS_I_NAME_SIZE];
	cleanup_fd int own_fd = -1;
	struct gons_i_rtnl *rtnl;
	int result;

	if (gons_i_check_ifindex(ifindex) < 0 || (name && gons_i_check_link_name(name) < 0) ||
	    gons_i_netns_optional(to_nsfd, &to_nsfd) < 0)
		return -1;
	if (to_nsfd == -1) {
		own_fd = gons_i_open_own(gons_i_type_entry(CLONE_NEWNET));
		if (own_fd < 0)
			return -1;
	}
	rtnl = gons_i_rtnl_open(nsfd);
	if (!rtnl)
		return -1;
	result = check_free(rtnl, ifindex, to_nsfd, name);
	if (result == 0)
		result = move(rtnl, ifindex, to_nsfd == -1 ? own_fd : to_nsfd, name, name_there);
	gons_i_rtnl_close(rtnl);
	return result < 0 ? -1 : find_moved(to_nsfd, name_there);
}

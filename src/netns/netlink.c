/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Netlink sockets in a network namespace for the caller, and ids of network namespaces (nsid).
 */
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <sys/stat.h>

#include <gons/netns.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/core/nsfd.h"
#include "gons/core/scope.h"
#include "netns/rtnl.h"

/* ---- sockets for the caller ---- */

/* mnl_socket_close() frees the socket. If the program has called it, only the descriptor can still
 * be checked. */
struct owned_socket {
	struct mnl_socket *socket;
	ino_t ino;
	int fd;
};

static int fail_closed(void)
{
	(void)gons_i_fail(EBADF, "cannot close a netlink socket of the scope");
	gons_i_add_cause("the program has closed it");
	gons_i_add_remedy("do not call mnl_socket_close()");
	return -1;
}

static int close_socket(void *data)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	const struct owned_socket *owned = data;

	if (!gons_i_is_socket(owned->fd, owned->ino))
		return fail_closed();
	if (mnl_socket_close(owned->socket) == 0 || errno == EINTR)
		return 0;
	return gons_i_fail(errno, "cannot close a netlink socket of the scope");
}

static void drop_socket(void *data)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	const struct owned_socket *owned = data;

	if (gons_i_is_socket(owned->fd, owned->ino))
		(void)mnl_socket_close(owned->socket);
}

GONS_EXPORT struct mnl_socket *gons_netns_mnl_open(int nsfd, int bus)
{
	static const struct gons_i_undo undo = { .undo = close_socket, .drop = drop_socket };
	uncancelled int cancel = gons_i_forbid_cancel();
	struct owned_socket owned;
	cleanup_fd int fd = -1;
	struct stat st;

	if (gons_i_netns_optional(nsfd, &nsfd) < 0 || gons_i_scope_reserve(1) < 0)
		return NULL;
	fd = gons_i_netlink_open(nsfd, bus);
	if (fd < 0)
		return NULL;
	owned.socket = fstat(fd, &st) == 0 ? mnl_socket_fdopen(fd) : NULL;
	if (!owned.socket) {
		(void)gons_i_fail(errno, "cannot open a netlink socket");
		return NULL;
	}
	owned.ino = st.st_ino;
	owned.fd = gons_i_take_fd(&fd);
	(void)gons_i_scope_push(&undo, &owned, sizeof(owned));
	return owned.socket;
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

	if (nlh->nlmsg_type != RTM_NEWNSID)
		return MNL_CB_OK;
	mnl_attr_for_each(attr, nlh, sizeof(struct rtgenmsg)) {
		if (mnl_attr_get_type(attr) == NETNSA_NSID && gons_i_attr_is_u32(attr))
			*(int *)id = (int)mnl_attr_get_u32(attr);
	}
	return MNL_CB_OK;
}

/* The id is negative if the namespace has none yet. */
static int request_id(struct gons_i_rtnl *rtnl, int nsfd, int *ret_id)
{
	char buf[GONS_I_RTNL_REQUEST_SIZE];

	*ret_id = NETNSA_NSID_NOT_ASSIGNED;
	if (gons_i_rtnl_dump(rtnl, id_request(buf, RTM_GETNSID, nsfd), take_id, ret_id) < 0)
		return gons_i_rtnl_fail(rtnl, "cannot request the id of a network namespace");
	return 0;
}

static int assign_id(struct gons_i_rtnl *rtnl, int nsfd)
{
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = id_request(buf, RTM_NEWNSID, nsfd);

	mnl_attr_put_u32(nlh, NETNSA_NSID, (uint32_t)NETNSA_NSID_NOT_ASSIGNED);
	/* Another process may have been faster. */
	if (gons_i_rtnl_request_send(rtnl, nlh, NULL, NULL) < 0 && errno != EEXIST)
		return gons_i_rtnl_fail(rtnl, "cannot give a network namespace an id");
	return 0;
}

GONS_EXPORT int gons_netns_nsid(int nsfd)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct gons_i_rtnl *rtnl;
	int id, result;

	if (gons_i_check_type(nsfd, CLONE_NEWNET) < 0)
		return -1;
	rtnl = gons_i_rtnl_open(-1);
	if (!rtnl)
		return -1;
	result = request_id(rtnl, nsfd, &id);
	if (result == 0 && id < 0) {
		result = assign_id(rtnl, nsfd) < 0 ? -1 : request_id(rtnl, nsfd, &id);
		if (result == 0 && id < 0)
			result = gons_i_fail(ENOENT,
					     "the kernel did not give a network namespace an id");
	}
	gons_i_rtnl_close(rtnl);
	return result < 0 ? -1 : id;
}

GONS_EXPORT int gons_netns_path_nsid(const char *path)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	cleanup_fd int fd = gons_i_open_checked(path, CLONE_NEWNET);

	return fd < 0 ? -1 : gons_netns_nsid(fd);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtnetlink requests: send one, wait for its acknowledgement. Nothing about links in here.
 */
#include <linux/capability.h>
#include <sys/socket.h>

#include <gons/privilege.h>

#include "gons/internal.h"
#include "netns/rtnl.h"

struct mnl_socket *gons_i_rtnl_open(void)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);

	if (socket && mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) == 0)
		return socket;
	(void)gons_i_fail(errno, "cannot open a netlink socket");
	if (socket)
		gons_i_rtnl_close(socket);
	return NULL;
}

void gons_i_rtnl_close(struct mnl_socket *socket)
{
	int saved = errno;

	(void)mnl_socket_close(socket); /* the descriptor is gone either way */
	errno = saved;
}

struct nlmsghdr *gons_i_rtnl_request(char *buf, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	nlh->nlmsg_seq = 1; /* of a socket that is opened for few requests, one at a time */
	return nlh;
}

static int fail(const char *what)
{
	(void)gons_i_fail(errno, "cannot %s", what);
	if (errno == EPERM && gons_has_cap(CAP_NET_ADMIN) != 1) {
		errno = EPERM;
		gons_i_hint("CAP_NET_ADMIN is missing in this user namespace");
	} else if (errno == EPERM) {
		gons_i_hint("the network namespace belongs to another user namespace");
	}
	return -1;
}

int gons_i_rtnl_talk(struct mnl_socket *socket, struct nlmsghdr *request, mnl_cb_t cb, void *arg,
		     const char *what)
{
	unsigned port = mnl_socket_get_portid(socket);
	char buf[8192]; /* what MNL_SOCKET_BUFFER_SIZE is where a page has 8 KiB or less */
	int status = MNL_CB_OK;
	ssize_t got;

	if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		return fail(what);
	while (status > MNL_CB_STOP) {
		got = mnl_socket_recvfrom(socket, buf, sizeof(buf));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(what);
		status = mnl_cb_run(buf, (size_t)got, request->nlmsg_seq, port, cb, arg);
	}
	return status < 0 ? fail(what) : 0;
}

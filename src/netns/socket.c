/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens sockets in a network namespace, and waits until a program has bound one.
 *
 * The kernel has no notification that a socket was bound. So sock_diag(7) is queried repeatedly, in
 * the first milliseconds more often than later.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <gons/netns.h>

#include "gons/base/clock.h"
#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/core/scope.h"
#include "gons/diagnosis/refusal.h"
#include "netns/execute.h"
#include "netns/rtnl.h"
#include "netns/sysctl.h"

struct opening {
	int domain, type, protocol, fd;
};

static bool is_ping(const struct opening *opening)
{
	return (opening->type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)) == SOCK_DGRAM &&
	       ((opening->domain == AF_INET && opening->protocol == IPPROTO_ICMP) ||
		(opening->domain == AF_INET6 && opening->protocol == IPPROTO_ICMPV6));
}

/* Ping sockets take no capability: this sysctl of the network namespace has the groups whose members
 * may open them, of both families. Returns whether it is the cause. */
static bool diagnose_ping(void)
{
	cleanup_fd int fd = gons_i_sysctl_open("sys/net/ipv4/ping_group_range", O_RDONLY);
	const unsigned long group = getegid();
	char range[64] = "";
	unsigned long first, last;
	char *rest;

	if (fd < 0 || read(fd, range, sizeof(range) - 1) <= 0)
		return false;
	first = strtoul(range, &rest, 10);
	last = strtoul(rest, NULL, 10);
	if (first <= group && group <= last)
		return false;
	gons_i_add_cause("the group %lu of this process is not in net.ipv4.ping_group_range of "
			 "the network namespace (%lu %lu)",
			 group, first, last);
	gons_i_add_remedy("call gons_netns_sysctl_set() with \"net.ipv4.ping_group_range\" and "
			  "\"%lu %lu\"",
			  group, group);
	return true;
}

static void diagnose_permission(const struct opening *opening)
{
	const int errnum = errno;

	if (errnum == EACCES && is_ping(opening) && diagnose_ping())
		;
	else if (errnum == EACCES) /* of a missing capability the kernel says EPERM */
		gons_i_diagnose_unknown();
	else if (opening->domain == AF_KEY)
		gons_i_diagnose_in_netns(CAP_NET_ADMIN, "CAP_NET_ADMIN");
	else
		gons_i_diagnose_in_netns(CAP_NET_RAW, "CAP_NET_RAW");
	errno = errnum;
}

static int open_socket(void *arg)
{
	struct opening *opening = arg;

	opening->fd = socket(opening->domain, opening->type | SOCK_CLOEXEC, opening->protocol);
	if (opening->fd >= 0)
		return 0;
	(void)gons_i_fail(errno, "cannot open a socket (domain %d, type %d, protocol %d)",
			  opening->domain, opening->type, opening->protocol);
	if (errno == EPERM || errno == EACCES)
		diagnose_permission(opening);
	else if (errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT)
		gons_i_add_cause("this kernel lacks it, or its module is not loaded");
	return -1;
}

GONS_EXPORT int gons_netns_socket(int nsfd, int domain, int type, int protocol)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct opening opening = { domain, type, protocol, -1 };

	if (gons_i_netns_optional(nsfd, &nsfd) < 0 || gons_i_scope_reserve(1) < 0)
		return -1;
	if (gons_i_netns_execute(nsfd, open_socket, &opening) < 0) {
		gons_i_close_fd(&opening.fd);
		return -1;
	}
	return gons_i_scope_push_fd(opening.fd);
}

/* ---- waiting for a socket ---- */

struct query {
	int fd;
	unsigned sequence;
	int type;
	uint16_t port;
};

enum { TCP_LISTENS = 10 }; /* TCP_LISTEN of <netinet/tcp.h> */

static int send_query(struct query *query, int family)
{
	static const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = gons_i_rtnl_request(buf, SOCK_DIAG_BY_FAMILY, 0);
	struct inet_diag_req_v2 *request = mnl_nlmsg_put_extra_header(nlh, sizeof(*request));

	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nlh->nlmsg_seq = ++query->sequence;
	request->sdiag_family = (uint8_t)family;
	request->sdiag_protocol = query->type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
	request->idiag_states = query->type == SOCK_STREAM ? 1U << TCP_LISTENS : UINT32_MAX;
	request->id.idiag_sport = htons(query->port);
	while (sendto(query->fd, nlh, nlh->nlmsg_len, 0, (const struct sockaddr *)&kernel,
		      sizeof(kernel)) < 0)
		if (errno != EINTR)
			return -1;
	return 0;
}

/* Reads one message of an answer: 1: the socket is in it; 0: not; -1 with errno. */
static int read_message(const struct nlmsghdr *nlh, const struct query *query)
{
	const struct inet_diag_msg *message = mnl_nlmsg_get_payload(nlh);
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_type == NLMSG_ERROR && mnl_nlmsg_get_payload_len(nlh) >= sizeof(*error) &&
	    error->error < 0) {
		errno = -error->error;
		return -1;
	}
	return nlh->nlmsg_type == SOCK_DIAG_BY_FAMILY &&
	       mnl_nlmsg_get_payload_len(nlh) >= sizeof(*message) &&
	       message->id.idiag_sport == htons(query->port);
}

/* Reads the whole answer: 1 if the socket is in it, 0 if not, -1 with errno. */
static int read_answer(const struct query *query)
{
	_Alignas(struct nlmsghdr) char buf[8192];
	const struct nlmsghdr *nlh;
	int found = 0, left, result;
	ssize_t got;

	for (;;) {
		got = recv(query->fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		left = (int)got;
		for (nlh = (const void *)buf; gons_i_nlmsg_ok(nlh, left);
		     nlh = mnl_nlmsg_next(nlh, &left)) {
			if (nlh->nlmsg_seq != query->sequence)
				continue;
			if (nlh->nlmsg_type == NLMSG_DONE)
				return found;
			result = read_message(nlh, query);
			if (result < 0)
				return -1;
			found |= result;
		}
	}
}

/* Whether the socket exists: 1, 0, or -1 with errno and message. */
static int is_bound(struct query *query)
{
	static const int families[] = { AF_INET, AF_INET6 };
	int result = 0;

	for (int i = 0; result == 0 && i < 2; i++)
		result = send_query(query, families[i]) < 0 ? -1 : read_answer(query);
	if (result >= 0)
		return result;
	(void)gons_i_fail(errno == ENOENT ? EOPNOTSUPP : errno, "cannot list the sockets");
	if (errno == EOPNOTSUPP) {
		gons_i_add_cause("this kernel cannot list sockets of this kind");
		gons_i_add_remedy("load the module %s, if there is one",
				  query->type == SOCK_STREAM ? "tcp_diag" : "udp_diag");
	}
	return -1;
}

static int fail_timeout(const struct query *query, int timeout_ms)
{
	if (query->type == SOCK_STREAM)
		(void)gons_i_fail(ETIMEDOUT, "no socket listens on TCP port %u after %d ms",
				  query->port, timeout_ms);
	else
		(void)gons_i_fail(ETIMEDOUT, "no socket is bound to UDP port %u after %d ms",
				  query->port, timeout_ms);
	gons_i_add_cause("the program is not ready yet, has ended, or is in another network "
			 "namespace");
	return -1;
}

static int wait_until_bound(struct query *query, int timeout_ms)
{
	const int64_t start_ns = gons_i_nanoseconds();
	enum { MOST_NS = 10 * GONS_I_NS_OF_MS };
	int64_t passed_ns, pause_ns;
	struct timespec pause;
	int result;

	for (;;) {
		result = is_bound(query);
		if (result != 0)
			return result < 0 ? -1 : 0;
		passed_ns = gons_i_nanoseconds() - start_ns;
		if (timeout_ms >= 0 && passed_ns >= (int64_t)timeout_ms * GONS_I_NS_OF_MS)
			return fail_timeout(query, timeout_ms);
		/* A tenth of the time that has passed, from 0.1 to 10 ms. */
		pause_ns = passed_ns / 10;
		if (pause_ns < GONS_I_NS_OF_MS / 10)
			pause_ns = GONS_I_NS_OF_MS / 10;
		if (pause_ns > MOST_NS)
			pause_ns = MOST_NS;
		pause = (struct timespec){ .tv_nsec = pause_ns };
		(void)ppoll(NULL, 0, &pause, NULL);
	}
}

GONS_EXPORT int gons_netns_wait_listen(int nsfd, int type, uint16_t port, int timeout_ms)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct query query = { .type = type, .port = port };
	int result;

	if (type != SOCK_STREAM && type != SOCK_DGRAM)
		return gons_i_fail(EINVAL, "type is %d, not SOCK_STREAM or SOCK_DGRAM", type);
	if (port == 0)
		return gons_i_fail(EINVAL, "port is 0");
	if (gons_i_check_timeout(timeout_ms) < 0)
		return -1;
	if (gons_i_netns_optional(nsfd, &nsfd) < 0)
		return -1;
	query.fd = gons_i_netlink_open(nsfd, NETLINK_SOCK_DIAG);
	if (query.fd < 0)
		return -1;
	result = gons_i_netlink_bind(query.fd, 0, NULL) < 0 ? -1
							    : wait_until_bound(&query, timeout_ms);
	gons_i_close_fd(&query.fd);
	return result;
}

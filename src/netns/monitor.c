/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting for notifications of rtnetlink.
 */
#include <poll.h>
#include <sys/socket.h>

#include "gons/base/clock.h"
#include "gons/base/common.h"
#include "netns/monitor.h"
#include "netns/rtnl.h"

int gons_i_monitor_open(struct gons_i_monitor *monitor, int nsfd, unsigned groups, int timeout_ms)
{
	monitor->timeout_ms = timeout_ms;
	monitor->end_ns =
		timeout_ms < 0 ? 0 : gons_i_nanoseconds() + (int64_t)timeout_ms * GONS_I_NS_OF_MS;
	monitor->fd = gons_i_netlink_open(nsfd, NETLINK_ROUTE);
	if (monitor->fd >= 0 && gons_i_netlink_bind(monitor->fd, groups, NULL) == 0)
		return 0;
	gons_i_monitor_close(monitor);
	return -1;
}

void gons_i_monitor_close(struct gons_i_monitor *monitor)
{
	gons_i_close_fd(&monitor->fd);
}

static void take_all(const void *messages, int left, mnl_cb_t take, void *arg)
{
	const struct nlmsghdr *nlh = messages;

	for (; gons_i_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
		(void)take(nlh, arg);
}

/* Takes what is there without waiting. It stops after many messages even where the kernel goes on
 * telling more, because there is a timeout to be looked at. */
static enum gons_i_monitored receive(struct gons_i_monitor *monitor, mnl_cb_t take, void *arg)
{
	const int most = 1000;
	_Alignas(struct nlmsghdr) char buf[8192];
	struct sockaddr_nl from = { .nl_pid = 0 };
	socklen_t from_size = sizeof(from);
	ssize_t got;

	for (int i = 0; i < most; i++) {
		got = recvfrom(monitor->fd, buf, sizeof(buf), MSG_DONTWAIT | MSG_TRUNC,
			       (struct sockaddr *)&from, &from_size);
		if (got > (ssize_t)sizeof(buf) || (got < 0 && errno == ENOBUFS))
			return GONS_I_MONITOR_LOST;
		if (got == 0 || (got < 0 && errno == EAGAIN))
			break;
		if (got < 0 && errno != EINTR)
			return GONS_I_MONITOR_FAILED;
		if (got > 0 && from.nl_pid == 0) /* the kernel's */
			take_all(buf, (int)got, take, arg);
	}
	return GONS_I_MONITOR_TOLD;
}

enum gons_i_monitored gons_i_monitor_wait(struct gons_i_monitor *monitor, mnl_cb_t take, void *arg)
{
	struct pollfd pollfd = { .fd = monitor->fd, .events = POLLIN };
	int64_t left_ns;
	int left_ms = -1;

	if (monitor->timeout_ms >= 0) {
		left_ns = monitor->end_ns - gons_i_nanoseconds();
		if (left_ns <= 0)
			return GONS_I_MONITOR_TIMEOUT;
		left_ms = (int)((left_ns + GONS_I_NS_OF_MS - 1) / GONS_I_NS_OF_MS);
	}
	if (poll(&pollfd, 1, left_ms) < 0 && errno != EINTR)
		return GONS_I_MONITOR_FAILED;
	return receive(monitor, take, arg);
}

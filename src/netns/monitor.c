/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting for notifications of rtnetlink.
 */
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "gons/base/clock.h"
#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/diagnosis/cause.h"
#include "netns/monitor.h"
#include "netns/rtnl.h"
#include "netns/rtnl_socket.h"

static bool is_intact(const struct gons_i_rtnl_monitor *monitor)
{
	return monitor->fd >= 0 && gons_i_is_socket(monitor->fd, monitor->ino);
}

/* An element for a monitor that is not in use; NULL: all are in use. */
static struct gons_i_rtnl_monitor *find_free(struct gons_i_rtnl *rtnl)
{
	for (int i = 0; i < GONS_I_RTNL_MONITORS; i++)
		if (!rtnl->monitors[i].is_used)
			return &rtnl->monitors[i];
	return NULL;
}

static int open_socket(int nsfd)
{
	int fd = gons_i_netlink_open(nsfd, NETLINK_ROUTE);

	if (fd >= 0 && gons_i_netlink_bind(fd, 0, NULL) < 0)
		gons_i_close_fd(&fd);
	return fd;
}

/* Groups are bits in bind(2), and numbers in setsockopt(2). */
static int change_membership(int fd, unsigned groups, int option)
{
	int result = 0;

	for (int group = 1; groups; group++, groups >>= 1)
		if (groups & 1)
			result |= setsockopt(fd, SOL_NETLINK, option, &group, sizeof(group));
	return result;
}

int gons_i_monitor_open(struct gons_i_monitor *monitor, struct gons_i_rtnl *rtnl, int nsfd,
			unsigned groups, int timeout_ms)
{
	struct gons_i_rtnl_monitor *kept = find_free(rtnl);
	struct stat st;

	*monitor = (struct gons_i_monitor){ .groups = groups, .timeout_ms = timeout_ms };
	if (timeout_ms >= 0)
		monitor->end_ns = gons_i_nanoseconds() + (int64_t)timeout_ms * GONS_I_NS_OF_MS;
	if (kept && is_intact(kept)) {
		monitor->fd = kept->fd;
	} else {
		monitor->fd = open_socket(nsfd);
		if (monitor->fd < 0)
			return -1;
		if (kept && fstat(monitor->fd, &st) == 0)
			*kept = (struct gons_i_rtnl_monitor){ monitor->fd, st.st_ino, false };
	}
	monitor->rtnl = rtnl;
	if (kept && kept->fd == monitor->fd)
		kept->is_used = true;
	if (change_membership(monitor->fd, groups, NETLINK_ADD_MEMBERSHIP) == 0)
		return 0;
	(void)gons_i_fail(errno, "cannot subscribe to notifications");
	if (errno == ENOPROTOOPT)
		(void)gons_i_diagnose_gvisor("notifications of rtnetlink");
	gons_i_monitor_close(monitor);
	return -1;
}

/* Discards notifications that came while the socket was unused. */
static void drain(int fd)
{
	char byte;

	while (recv(fd, &byte, sizeof(byte), MSG_DONTWAIT) >= 0 || errno == ENOBUFS ||
	       errno == EINTR)
		;
}

void gons_i_monitor_close(struct gons_i_monitor *monitor)
{
	struct gons_i_rtnl *rtnl = monitor->rtnl;
	int saved = errno;

	if (!rtnl)
		return;
	monitor->rtnl = NULL;
	for (int i = 0; i < GONS_I_RTNL_MONITORS; i++) {
		struct gons_i_rtnl_monitor *kept = &rtnl->monitors[i];

		if (!kept->is_used || kept->fd != monitor->fd)
			continue;
		kept->is_used = false;
		if (is_intact(kept)) {
			(void)change_membership(kept->fd, monitor->groups, NETLINK_DROP_MEMBERSHIP);
			drain(kept->fd);
		}
		errno = saved;
		return;
	}
	gons_i_close_fd(&monitor->fd);
	errno = saved;
}

static void take_all(const void *messages, int left, mnl_cb_t take, void *arg)
{
	const struct nlmsghdr *nlh = messages;

	for (; take && gons_i_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
		(void)take(nlh, arg);
}

/* Receives the queued messages without waiting. It stops after many messages, even if more keep
 * coming, so that the caller can check its timeout. */
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
		if (got > 0 && from.nl_pid == 0) /* from the kernel */
			take_all(buf, (int)got, take, arg);
	}
	return GONS_I_MONITOR_RECEIVED;
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

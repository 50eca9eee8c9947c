/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a kernel may answer to the requests of rtnetlink. No socket is read or written. The input
 * contains the call and, for the corpus, its expected result; then the datagrams that the sockets
 * receive, each of
 *
 *     a byte: who sends it, and how (below)
 *     two bytes, little-endian: its length
 *     netlink messages; sequence number and port count from the right ones
 */
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <gons/link.h>
#include <gons/netns.h>

#include "fuzz.h"
#include "gons/base/error.h"
#include "netns/link.h"
#include "netns/rtnl.h"

enum { MAKING = 5, CALLS = 7, MUST_FAIL = 0x40, MUST_SUCCEED = 0x80 };
enum { STRANGER = 1, OVERFLOW = 2, TOO_LONG = 4, ENDLESS = 8, STALE = 16 };

#ifdef FUZZING
#include <sanitizer/asan_interface.h>

enum { IS_REPLAY = 0, MOST_PIECES = 300 }; /* what never ends would take most of the time */

/* What is behind an answer must not be read. On the stack it would be another function's next. */
static void forbid(char *rest, size_t size, bool is_forbidden)
{
	if (size > 16384 && is_forbidden)
		ASAN_POISON_MEMORY_REGION(rest, size);
	else if (size > 16384)
		ASAN_UNPOISON_MEMORY_REGION(rest, size);
}
#else
enum { IS_REPLAY = 1, MOST_PIECES = 1 << 30 };

static void forbid(const char *rest, size_t size, bool is_forbidden)
{
	(void)rest;
	(void)size;
	(void)is_forbidden;
}
#endif

static struct {
	const uint8_t *data;
	size_t size;
	int pieces;
	uint32_t sequence;
	bool is_deletion;
	bool is_acknowledged; /* the last request, by a slow reading of what was handed out */
	int64_t now_ns;
} kernel;

/* Of the one socket that all requests are sent over. */
static int port_fd;
static uint32_t port;

/* ---- in the place of the system calls ---- */

ssize_t __wrap_sendto(int fd, const void *buf, size_t size, int flags, const struct sockaddr *to,
		      socklen_t to_size);
ssize_t __wrap_recvfrom(int fd, void *buf, size_t size, int flags, struct sockaddr *from,
			socklen_t *from_size);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_now);
ssize_t __wrap_getrandom(void *buf, size_t size, unsigned flags);

/* A request is well-formed, whatever was heard before. */
ssize_t __wrap_sendto(int fd, const void *buf, size_t size, int flags, const struct sockaddr *to,
		      socklen_t to_size)
{
	const struct nlmsghdr *nlh = buf;

	check(fd == port_fd);
	(void)flags;
	check(to && to_size == sizeof(struct sockaddr_nl));
	check(mnl_nlmsg_ok(nlh, (int)size) && nlh->nlmsg_len == size);
	check(nlh->nlmsg_flags & NLM_F_ACK);
	kernel.sequence = nlh->nlmsg_seq;
	kernel.is_deletion = nlh->nlmsg_type == RTM_DELLINK;
	kernel.is_acknowledged = false;
	return (ssize_t)size;
}

/* Takes sequence number and port of each message for differences; notes an acknowledgement. */
static void address(uint8_t *bytes, size_t size, int how)
{
	struct nlmsghdr nlh;
	int32_t error;

	while (size >= sizeof(nlh)) {
		memcpy(&nlh, bytes, sizeof(nlh));
		if (!(how & STALE)) {
			nlh.nlmsg_seq += kernel.sequence;
			nlh.nlmsg_pid += port;
			memcpy(bytes, &nlh, sizeof(nlh));
		}
		if (nlh.nlmsg_len < sizeof(nlh) || nlh.nlmsg_len > size)
			return;
		error = -1;
		if (nlh.nlmsg_type == NLMSG_ERROR && nlh.nlmsg_len >= sizeof(nlh) + sizeof(error))
			memcpy(&error, bytes + sizeof(nlh), sizeof(error));
		if (kernel.is_deletion && error == -ENODEV)
			error = 0; /* it is gone */
		if (!(how & STRANGER) && nlh.nlmsg_seq == kernel.sequence &&
		    nlh.nlmsg_pid == port && (error >= 0 || nlh.nlmsg_type == NLMSG_DONE))
			kernel.is_acknowledged = true;
		if (MNL_ALIGN(nlh.nlmsg_len) >= size)
			return;
		bytes += MNL_ALIGN(nlh.nlmsg_len);
		size -= MNL_ALIGN(nlh.nlmsg_len);
	}
}

ssize_t __wrap_recvfrom(int fd, void *buf, size_t size, int flags, struct sockaddr *from,
			socklen_t *from_size)
{
	struct sockaddr_nl sender = { .nl_family = AF_NETLINK };
	size_t length;
	int how;

	(void)fd;
	forbid(buf, size, false);
	check(flags & MSG_DONTWAIT); /* nothing is waited for that may not come */
	if (kernel.size < 3 || ++kernel.pieces > MOST_PIECES) {
		errno = EAGAIN;
		return -1;
	}
	how = kernel.data[0];
	length = kernel.data[1] | (size_t)kernel.data[2] << 8;
	if (length > kernel.size - 3)
		length = kernel.size - 3;
	if (how & OVERFLOW) {
		errno = ENOBUFS;
	} else {
		check(length <= size);
		sender.nl_pid = how & STRANGER ? 4711 : 0;
		memcpy(from, &sender, sizeof(sender));
		*from_size = sizeof(sender);
		memcpy(buf, kernel.data + 3, length);
		address(buf, length, how);
		forbid((char *)buf + length, size - length, true);
	}
	if (!(how & ENDLESS)) {
		kernel.data += 3 + length;
		kernel.size -= 3 + length;
	}
	return how & OVERFLOW ? -1 : how & TOO_LONG ? (ssize_t)size + 1 : (ssize_t)length;
}

int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	(void)fds;
	(void)n;
	check(timeout_ms >= 0);
	if (kernel.size >= 3 && kernel.pieces < MOST_PIECES)
		return 1;
	kernel.now_ns += (int64_t)timeout_ms * 1000000;
	return 0;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_now)
{
	(void)clock;
	kernel.now_ns += 1000; /* time goes on by itself, too */
	*ret_now = (struct timespec){ kernel.now_ns / 1000000000, kernel.now_ns % 1000000000 };
	return 0;
}

ssize_t __wrap_getrandom(void *buf, size_t size, unsigned flags)
{
	(void)flags;
	memset(buf, 4, size);
	return (ssize_t)size;
}

/* ---- the calls ---- */

static struct gons_i_rtnl *rtnl; /* kept open, so that all use this socket */
static int own_fd;

static void check_sentence(int result)
{
	if (result >= 0)
		return;
	check(result == -1);
	check(errno > 0 && errno <= 4095);
	check(gons_error()[0] != '\0');
}

/* What was said to be done was acknowledged. */
static void check_result(int result)
{
	check_sentence(result);
	check(result < 0 || kernel.is_acknowledged);
}

static int identify(void)
{
	struct gons_i_identity identity;
	int result = gons_i_link_identify(rtnl, "blue", &identity);

	check(result < 0 || identity.ifindex > 0);
	check(result < 0 || memchr(identity.name, '\0', sizeof(identity.name)));
	check(result < 0 || identity.address_size <= sizeof(identity.address));
	return result;
}

/* A link with its end: whatever the scope can delete or not, it ends. */
static int make(const char *kind)
{
	const struct gons_link_options options = { .up = true };
	struct gons_link link;
	int scope = gons_scope_begin();
	int result = gons_link_new_transient(kind, &options, &link);

	check_result(result);
	check(result < 0 || link.ifindex > 0);
	gons_i_failure_clear(0);
	if (gons_scope_end(scope) < 0) {
		check_sentence(-1);
		result = -1;
	}
	return result;
}

static int call(int which)
{
	switch (which) {
	case 0:
		return identify();
	case 1:
		return gons_netns_loopback_up();
	case 2:
		return gons_netns_nsid(own_fd);
	case 3:
		return gons_link_delete(-1, 7);
	case 4:
		return gons_link_up(-1, 7, 10);
	}
	return make(which == 5 ? "dummy" : "veth");
}

static void set_up(void)
{
	struct sockaddr_nl own;
	socklen_t own_size = sizeof(own);

	if (access("/proc/sentry-meminfo", F_OK) == 0) {
		puts("gons: skipped: gVisor has no notifications of rtnetlink");
		exit(77);
	}
	own_fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	port_fd = fcntl(0, F_DUPFD_CLOEXEC, 0); /* what the socket gets */
	check(own_fd >= 0 && port_fd >= 0 && close(port_fd) == 0);
	rtnl = gons_i_rtnl_open(-1);
	check(rtnl && getsockname(port_fd, (struct sockaddr *)&own, &own_size) == 0);
	port = own.nl_pid;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int result;

	if (!rtnl)
		set_up();
	if (size == 0)
		return 0;
	memset(&kernel, 0, sizeof(kernel));
	kernel.data = data + 1;
	kernel.size = size - 1;
	gons_i_failure_clear(0);
	result = call((data[0] & ~(MUST_FAIL | MUST_SUCCEED)) % CALLS);
	if ((data[0] & ~(MUST_FAIL | MUST_SUCCEED)) % CALLS < MAKING)
		check_result(result);
	if (IS_REPLAY && (data[0] & MUST_FAIL))
		check(result == -1);
	if (IS_REPLAY && (data[0] & MUST_SUCCEED))
		check(result >= 0);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses with a prefix length: what is sent to the kernel is compared with the result of
 * another reader. The input is the text; NUL ends it early.
 */
#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include <gons/ip.h>
#include <gons/link.h>

#include "fuzz.h"
#include "gons/base/error.h"
#include "netns/rtnl.h"

static struct nlmsghdr acknowledgement[4];
static _Alignas(struct nlmsghdr) char request[GONS_I_RTNL_REQUEST_SIZE];
static bool is_sent;

ssize_t __wrap_sendto(int fd, const void *buf, size_t size, int flags, const struct sockaddr *to,
		      socklen_t to_size);
ssize_t __wrap_recvfrom(int fd, void *buf, size_t size, int flags, struct sockaddr *from,
			socklen_t *from_size);

ssize_t __wrap_sendto(int fd, const void *buf, size_t size, int flags, const struct sockaddr *to,
		      socklen_t to_size)
{
	struct sockaddr_nl own;
	socklen_t own_size = sizeof(own);

	(void)flags;
	(void)to;
	(void)to_size;
	check(size <= sizeof(request) && !is_sent);
	memcpy(request, buf, size);
	is_sent = true;
	check(getsockname(fd, (struct sockaddr *)&own, &own_size) == 0);
	memset(acknowledgement, 0, sizeof(acknowledgement));
	acknowledgement[0] =
		(struct nlmsghdr){ sizeof(struct nlmsghdr) + sizeof(struct nlmsgerr), NLMSG_ERROR,
				   NLM_F_CAPPED, ((struct nlmsghdr *)(void *)request)->nlmsg_seq,
				   own.nl_pid };
	return (ssize_t)size;
}

ssize_t __wrap_recvfrom(int fd, void *buf, size_t size, int flags, struct sockaddr *from,
			socklen_t *from_size)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	(void)fd;
	(void)flags;
	check(size >= sizeof(acknowledgement));
	memcpy(buf, acknowledgement, acknowledgement[0].nlmsg_len);
	memcpy(from, &kernel, sizeof(kernel));
	*from_size = sizeof(kernel);
	return acknowledgement[0].nlmsg_len;
}

/* By getaddrinfo(3), which takes more than gons does: "1.2", "0x1.2.3.4", zones. */
static void check_request(const char *text)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST };
	const struct nlmsghdr *nlh = (const void *)request;
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	const size_t length = strcspn(text, "/");
	const struct nlattr *attr;
	struct addrinfo *found;
	const void *bytes;
	size_t size;
	char host[64];
	int local = 0;

	check(length < sizeof(host));
	(void)snprintf(host, sizeof(host), "%.*s", (int)length, text);
	check(getaddrinfo(host, NULL, &hints, &found) == 0);
	check(found->ai_family == ifa->ifa_family);
	size = ifa->ifa_family == AF_INET6 ? 16 : 4;
	bytes = size == 16 ? (void *)&((struct sockaddr_in6 *)(void *)found->ai_addr)->sin6_addr
			   : (void *)&((struct sockaddr_in *)(void *)found->ai_addr)->sin_addr;
	mnl_attr_for_each(attr, nlh, sizeof(*ifa)) {
		if (mnl_attr_get_type(attr) == IFA_BROADCAST) {
			check(size == 4 && ifa->ifa_prefixlen < 31);
			continue;
		}
		check(mnl_attr_get_payload_len(attr) == size);
		check(memcmp(mnl_attr_get_payload(attr), bytes, size) == 0);
		local += mnl_attr_get_type(attr) == IFA_LOCAL;
	}
	freeaddrinfo(found);
	check(local == 1 && ifa->ifa_index == 7);
	check(ifa->ifa_prefixlen <= size * 8);
	if (text[length] == '\0')
		check(ifa->ifa_prefixlen == size * 8);
	else
		check(ifa->ifa_prefixlen == strtoul(text + length + 1, NULL, 10));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	static struct gons_i_rtnl *rtnl;
	int mark;

	if (!rtnl)
		rtnl = gons_i_rtnl_open(-1);
	check(text && rtnl);
	is_sent = false;
	mark = gons_scope_begin();
	check(mark >= 0);
	gons_i_failure_clear(0);
	if (gons_address_add(-1, 7, text) == 0) {
		check(is_sent);
		check_request(text);
	} else {
		check(!is_sent && errno == EINVAL && gons_error()[0] != '\0');
	}
	is_sent = false; /* the end of the scope deletes it */
	check(gons_scope_end(mark) == 0);
	free(text);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses of links.
 */
#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "netns/link.h"
#include "netns/link_request.h"
#include "netns/rtnl.h"

struct address {
	unsigned char family, length; /* of the prefix */
	size_t size;
	unsigned char bytes[sizeof(struct in6_addr)];
};

/* Digits only, no sign, no blanks; -1 for anything else. */
static int parse_length(const char *text, int most)
{
	int length = 0;

	if (*text == '\0')
		return -1;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		length = length * 10 + (*text - '0');
		if (length > most)
			return -1;
	}
	return length;
}

static int parse(const char *cidr, struct address *address)
{
	static const unsigned char unspecified[sizeof(address->bytes)];
	char text[INET6_ADDRSTRLEN];
	const char *slash = cidr ? strchr(cidr, '/') : NULL;
	size_t length = slash ? (size_t)(slash - cidr) : cidr ? strlen(cidr) : 0;
	int most, prefix;

	memset(address, 0, sizeof(*address));
	if (length == 0 || length >= sizeof(text))
		return gons_i_fail(EINVAL, "\"%s\" is no IPv4 or IPv6 address",
				   cidr ? cidr : "(null)");
	memcpy(text, cidr, length);
	text[length] = '\0';
	address->family = strchr(text, ':') ? AF_INET6 : AF_INET;
	address->size =
		address->family == AF_INET6 ? sizeof(struct in6_addr) : sizeof(struct in_addr);
	if (inet_pton(address->family, text, address->bytes) != 1) {
		(void)gons_i_fail(EINVAL, "\"%s\" is no IPv4 or IPv6 address", cidr);
		if (strchr(text, '%'))
			gons_i_explain("the link says which zone it is: leave out the \"%%\"");
		return -1;
	}
	/* The kernel would take 0.0.0.0, and give the link nothing. */
	if (memcmp(address->bytes, unspecified, address->size) == 0)
		return gons_i_fail(EINVAL, "\"%s\" stands for no address", cidr);
	most = (int)address->size * 8;
	prefix = slash ? parse_length(slash + 1, most) : most;
	if (prefix < 0)
		return gons_i_fail(EINVAL, "\"%s\" has no prefix length from 0 to %d", cidr, most);
	address->length = (unsigned char)prefix;
	return 0;
}

GONS_EXPORT int gons_address_add(int nsfd, int ifindex, const char *cidr)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct gons_i_rtnl *rtnl;
	struct address address;
	struct ifaddrmsg *ifa;
	struct nlmsghdr *nlh;
	int result;

	if (gons_i_check_ifindex(ifindex) < 0 || parse(cidr, &address) < 0)
		return -1;
	rtnl = gons_i_rtnl_open(nsfd);
	if (!rtnl)
		return -1;
	nlh = gons_i_rtnl_request(buf, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
	ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
	ifa->ifa_family = address.family;
	ifa->ifa_prefixlen = address.length;
	ifa->ifa_flags = address.family == AF_INET6 ? IFA_F_NODAD : 0;
	ifa->ifa_index = (uint32_t)ifindex;
	mnl_attr_put(nlh, IFA_LOCAL, address.size, address.bytes);
	mnl_attr_put(nlh, IFA_ADDRESS, address.size, address.bytes);
	result = gons_i_rtnl_request_send(rtnl, nlh, NULL, NULL);
	if (result < 0)
		(void)gons_i_rtnl_fail(rtnl, "cannot give link %d the address %s", ifindex, cidr);
	gons_i_rtnl_close(rtnl);
	return result;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses can be used at once; invalid ones are refused. */
#include "check.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gons/ip.h>
#include <gons/link.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "links.h"

static void enter_blue(void)
{
	need_namespaces(NULL);
	gons_must(gons_enter(blue));
}

/* ---- addresses in the kernel ---- */

struct seen_address {
	int ifindex, family, length;
	unsigned flags;
	unsigned char bytes[16];
	unsigned char broadcast[4]; /* 0.0.0.0: none */
};

struct seeing {
	struct seen_address *addresses;
	int n, max;
};

static int see(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	struct seeing *seeing = arg;
	struct seen_address address = { .ifindex = (int)ifa->ifa_index,
					.family = ifa->ifa_family,
					.length = ifa->ifa_prefixlen,
					.flags = ifa->ifa_flags };
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(*ifa)) {
		if (mnl_attr_get_type(attr) == IFA_ADDRESS)
			memcpy(address.bytes, mnl_attr_get_payload(attr),
			       mnl_attr_get_payload_len(attr));
		if (mnl_attr_get_type(attr) == IFA_BROADCAST)
			memcpy(address.broadcast, mnl_attr_get_payload(attr), 4);
	}
	if (seeing->n < seeing->max)
		seeing->addresses[seeing->n++] = address;
	return MNL_CB_OK;
}

/* Reads at most max addresses of the calling thread's network namespace. */
static int see_addresses(struct seen_address *addresses, int max)
{
	struct seeing seeing = { .addresses = addresses, .max = max };

	GONS_SCOPE {
		char buf[32768];
		struct mnl_socket *socket = gons_must(gons_netns_mnl_open(-1, NETLINK_ROUTE));
		struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
		int status = MNL_CB_OK;

		(void)mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifaddrmsg));
		nlh->nlmsg_type = RTM_GETADDR;
		nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
		assert_true(mnl_socket_sendto(socket, nlh, nlh->nlmsg_len) > 0);
		while (status > MNL_CB_STOP) {
			ssize_t got = mnl_socket_recvfrom(socket, buf, sizeof(buf));

			assert_true(got > 0);
			status = mnl_cb_run(buf, (size_t)got, 0, 0, see, &seeing);
		}
		assert_int_equal(status, MNL_CB_STOP);
	}
	return seeing.n;
}

static void assert_has(int ifindex, const char *text, int length)
{
	struct seen_address addresses[128];
	int n = see_addresses(addresses, 128);
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;
	unsigned char bytes[16] = { 0 };
	uint32_t broadcast = 0;

	assert_int_equal(inet_pton(family, text, bytes), 1);
	if (family == AF_INET && length < 31) {
		memcpy(&broadcast, bytes, 4);
		broadcast |= htonl(UINT32_MAX >> length);
	}
	for (int i = 0; i < n; i++)
		if (addresses[i].family == family && memcmp(addresses[i].bytes, bytes, 16) == 0) {
			assert_int_equal(addresses[i].ifindex, ifindex);
			assert_int_equal(addresses[i].length, length);
			assert_true(addresses[i].flags & IFA_F_PERMANENT);
			assert_false(addresses[i].flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED));
			assert_memory_equal(addresses[i].broadcast, &broadcast, 4);
			return;
		}
	fail_msg("%s is not there", text);
}

/* Returns 0 if a socket can be bound to the address now, otherwise the errno. */
static int try_bind(const char *text)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	bool is_6 = strchr(text, ':');
	int fd = socket(is_6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int result;

	assert_true(fd >= 0);
	assert_int_equal(is_6 ? inet_pton(AF_INET6, text, &in6.sin6_addr)
			      : inet_pton(AF_INET, text, &in.sin_addr),
			 1);
	result = is_6 ? bind(fd, (struct sockaddr *)&in6, sizeof(in6))
		      : bind(fd, (struct sockaddr *)&in, sizeof(in));
	result = result < 0 ? errno : 0;
	assert_int_equal(close(fd), 0);
	return result;
}

/* ---- added ---- */

static void loopback_takes_addresses_of_both_kinds(void **state)
{
	(void)state;
	enter_blue();
	gons_must(gons_netns_loopback_up());
	assert_int_equal(try_bind("10.1.2.3"), EADDRNOTAVAIL);
	assert_int_equal(try_bind("fd00::1"), EADDRNOTAVAIL);
	gons_must(gons_address_add(-1, 1, "10.1.2.3/24"));
	gons_must(gons_address_add(0, 1, "fd00::1/64"));
	assert_has(1, "10.1.2.3", 24);
	assert_has(1, "fd00::1", 64);
	assert_int_equal(try_bind("10.1.2.3"), 0);
	assert_int_equal(try_bind("fd00::1"), 0);
}

static void an_address_of_a_veth_can_be_used_at_once(void **state)
{
	const struct gons_link_options options = { .up = 1 };
	struct gons_link link;
	char text[32];

	(void)state;
	enter_blue();
	gons_require_link("veth");
	gons_must(gons_veth_new_transient(&options, &link));
	for (int i = 1; i < 50; i++) {
		(void)snprintf(text, sizeof(text), "fd00::%d/64", i);
		gons_must(gons_address_add(-1, link.ifindex, text));
		*strchr(text, '/') = '\0';
		assert_int_equal(try_bind(text), 0);
	}
	assert_has(link.ifindex, "fd00::1", 64);
}

static void addresses_can_be_added_to_a_link_that_is_down(void **state)
{
	struct gons_link link;

	(void)state;
	enter_blue();
	gons_require_link("veth");
	gons_must(gons_veth_new_transient(NULL, &link));
	gons_must(gons_address_add(-1, link.ifindex, "fd00::1/64"));
	gons_must(gons_address_add(-1, link.ifindex, "10.0.0.1/24"));
	assert_int_equal(set_flags(-1, link.peer_ifindex, IFF_UP, IFF_UP), 0);
	gons_must(gons_link_up(-1, link.ifindex, 10000));
	assert_int_equal(try_bind("fd00::1"), 0);
	assert_has(link.ifindex, "fd00::1", 64);
	assert_has(link.ifindex, "10.0.0.1", 24);
}

static void an_address_without_a_prefix_length_is_a_host_address(void **state)
{
	(void)state;
	enter_blue();
	gons_must(gons_address_add(-1, 1, "10.1.2.3"));
	gons_must(gons_address_add(-1, 1, "fd00::1"));
	gons_must(gons_address_add(-1, 1, "10.1.2.4/32"));
	gons_must(gons_address_add(-1, 1, "10.1.2.5/0"));
	gons_must(gons_address_add(-1, 1, "fd00::2/008"));
	assert_has(1, "10.1.2.3", 32);
	assert_has(1, "fd00::1", 128);
	assert_has(1, "10.1.2.4", 32);
	assert_has(1, "10.1.2.5", 0);
	assert_has(1, "fd00::2", 8);
}

static void an_address_is_added_in_another_namespace(void **state)
{
	struct seen_address addresses[4];

	(void)state;
	enter_blue();
	gons_must(gons_address_add(red, 1, "10.1.2.3/24"));
	assert_int_equal(see_addresses(addresses, 4), 0);
	gons_must(gons_enter(red));
	assert_has(1, "10.1.2.3", 24);
}

/* ---- refused ---- */

static void invalid_addresses_are_refused(void **state)
{
	static const char *const cidrs[] = {
		"",
		" ",
		"/",
		"/24",
		"lo",
		"10.0.0.1/",
		"10.0.0.1/33",
		"10.0.0.1/-1",
		"10.0.0.1/+8",
		"10.0.0.1/ 8",
		"10.0.0.1/8 ",
		"10.0.0.1/8/8",
		"10.0.0.1/8x",
		"10.0.0.1/0x8",
		"10.0.0.1/255.0.0.0",
		"10.0.0.1/4294967304",
		"10.0.0.1/99999999999999999999999999",
		" 10.0.0.1/8",
		"10.0.0/8",
		"10.0.0.256/8",
		"10.0.0.1.2/8",
		"010.0.0.1/8",
		"0x0a000001/8",
		"167772161/8",
		"10.0.0.1%lo/8",
		"0.0.0.0/8",
		"::/64",
		"fe80::1%x",
		"fe80::1%x/64",
		"fe80::1/129",
		"fe80::1/",
		"fe80:::1/64",
		"1:2:3:4:5:6:7:8:9/64",
		"[fe80::1]/64",
		"::ffff:10.0.0.1.2/96",
	};
	struct seen_address addresses[4];
	char long_text[5000];

	(void)state;
	enter_blue();
	for (size_t i = 0; i < sizeof(cidrs) / sizeof(cidrs[0]); i++) {
		assert_refused(gons_address_add(-1, 1, cidrs[i]), EINVAL, cidrs[i]);
		/* before the link is looked up */
		assert_refused(gons_address_add(-1, 4711, cidrs[i]), EINVAL, cidrs[i]);
	}
	assert_refused(gons_address_add(-1, 1, NULL), EINVAL, "address is NULL");
	assert_refused(gons_address_add(-1, 1, "10.0.0.1/33"), EINVAL, "from 0 to 32");
	assert_refused(gons_address_add(-1, 1, "fe80::1/129"), EINVAL, "from 0 to 128");
	assert_refused(gons_address_add(-1, 1, "fe80::1%x"), EINVAL, "leave out the \"%\"");
	memset(long_text, '1', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	assert_refused(gons_address_add(-1, 1, long_text), EINVAL, "...");
	long_text[7] = '/';
	assert_refused(gons_address_add(-1, 1, long_text), EINVAL, "...");
	assert_int_equal(see_addresses(addresses, 4), 0);
}

static void addresses_that_the_kernel_refuses_have_its_extack_in_the_message(void **state)
{
	(void)state;
	enter_blue();
	gons_must(gons_address_add(-1, 1, "10.0.0.1/8"));
	gons_must(gons_address_add(-1, 1, "fd00::1/8"));
	assert_refused(gons_address_add(-1, 1, "10.0.0.1/8"), EEXIST,
		       "cannot give link 1 the address 10.0.0.1/8");
	assert_refused(gons_address_add(-1, 1, "fd00::1/8"), EEXIST, "fd00::1/8");
	assert_refused(gons_address_add(-1, 4711, "10.0.0.1/8"), ENODEV, "link 4711");
	assert_refused(gons_address_add(-1, 4711, "fd00::1/8"), ENODEV, "link 4711");
	assert_refused(gons_address_add(-1, 0, "fd00::1/8"), EINVAL, "0 is not an ifindex");
	assert_refused(gons_address_add(-1, -1, "fd00::1/8"), EINVAL, "-1 is not an ifindex");
}

static void an_ipv6_address_is_refused_where_ipv6_is_disabled(void **state)
{
	int fd;

	(void)state;
	enter_blue();
	fd = open("/proc/sys/net/ipv6/conf/lo/disable_ipv6", O_WRONLY | O_CLOEXEC);
	if (fd < 0) {
		print_error(
			"gons: skipped: an_ipv6_address_is_refused_where_ipv6_is_disabled: cannot disable IPv6\n");
		skip();
	}
	assert_int_equal(write(fd, "1", 1), 1);
	assert_int_equal(close(fd), 0);
	assert_refused(gons_address_add(-1, 1, "fd00::1/64"), EACCES, "fd00::1/64");
	gons_must(gons_address_add(-1, 1, "10.0.0.1/24"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(loopback_takes_addresses_of_both_kinds),
		check_test(an_address_of_a_veth_can_be_used_at_once),
		check_test(addresses_can_be_added_to_a_link_that_is_down),
		check_test(an_address_without_a_prefix_length_is_a_host_address),
		check_test(an_address_is_added_in_another_namespace),
		check_test(invalid_addresses_are_refused),
		check_test(addresses_that_the_kernel_refuses_have_its_extack_in_the_message),
		check_test(an_ipv6_address_is_refused_where_ipv6_is_disabled),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Routes, neighbours, addresses deleted and undone. The kernel's tables are read by getsockname(2) and
 * from /proc/net, and not by gons. */
#include "check.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gons/ip.h>
#include <gons/link.h>
#include <gons/netns.h>
#include <libmnl/libmnl.h>
#include <linux/capability.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "links.h"

static struct gons_link cable; /* from blue to red */

/* A pair of links with the addresses 10.0.0.1/24 and fd00::1/64 in blue, ...2 in red. */
static void make_cable(void)
{
	struct gons_link_options options = { .up = 1 };

	need_namespaces("veth");
	options.nsfd = blue;
	options.peer_nsfd = red;
	gons_must(gons_veth_new_transient(&options, &cable));
	gons_must(gons_address_add(blue, cable.ifindex, "10.0.0.1/24"));
	gons_must(gons_address_add(blue, cable.ifindex, "fd00::1/64"));
	gons_must(gons_address_add(red, cable.peer_ifindex, "10.0.0.2/24"));
	gons_must(gons_address_add(red, cable.peer_ifindex, "fd00::2/64"));
}

/* Which source address the calling thread's namespace takes for this destination; "" where the
 * destination cannot be reached, with errno. */
static const char *source_for(const char *destination)
{
	static char text[INET6_ADDRSTRLEN];
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(9) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(9) };
	bool is_6 = strchr(destination, ':');
	struct sockaddr *address = is_6 ? (struct sockaddr *)&in6 : (struct sockaddr *)&in;
	socklen_t size = is_6 ? sizeof(in6) : sizeof(in);
	int fd = socket(is_6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int errnum;

	assert_true(fd >= 0);
	assert_int_equal(is_6 ? inet_pton(AF_INET6, destination, &in6.sin6_addr)
			      : inet_pton(AF_INET, destination, &in.sin_addr),
			 1);
	text[0] = '\0';
	errnum = connect(fd, address, size) < 0 ? errno : 0;
	if (errnum == 0) {
		assert_int_equal(getsockname(fd, address, &size), 0);
		assert_non_null(inet_ntop(address->sa_family,
					  is_6 ? (void *)&in6.sin6_addr : (void *)&in.sin_addr,
					  text, sizeof(text)));
	}
	assert_int_equal(close(fd), 0);
	errno = errnum;
	return text;
}

static void assert_unreachable(const char *destination)
{
	assert_string_equal(source_for(destination), "");
	assert_true(errno == ENETUNREACH || errno == EHOSTUNREACH);
}

/* ---- routes ---- */

static void routes_lead_through_a_gateway(void **state)
{
	(void)state;
	make_cable();
	gons_must(gons_enter(blue));
	assert_unreachable("10.9.0.1");
	assert_unreachable("fd09::1");
	gons_must(gons_route_add(-1, "10.9.0.0/16", "10.0.0.2", 0));
	gons_must(gons_route_add(0, "fd09::/16", "fd00::2", 0));
	assert_string_equal(source_for("10.9.0.1"), "10.0.0.1");
	assert_string_equal(source_for("fd09::1"), "fd00::1");
	assert_unreachable("10.8.0.1");
	gons_must(gons_route_delete(-1, "10.9.0.0/16", "10.0.0.2", 0));
	gons_must(gons_route_delete(-1, "fd09::/16", NULL, cable.ifindex));
	assert_unreachable("10.9.0.1");
	assert_unreachable("fd09::1");
}

static void a_default_route_has_the_family_of_its_gateway(void **state)
{
	(void)state;
	make_cable();
	gons_must(gons_enter(blue));
	gons_must(gons_route_add(-1, "default", "10.0.0.2", 0));
	assert_string_equal(source_for("192.0.2.1"), "10.0.0.1");
	assert_unreachable("2001:db8::1");
	gons_must(gons_route_add(-1, "default", "fd00::2", cable.ifindex));
	assert_string_equal(source_for("2001:db8::1"), "fd00::1");
	gons_must(gons_route_delete(-1, "default", NULL, 0));
	gons_must(gons_route_delete(-1, "::/0", NULL, 0));
	assert_unreachable("192.0.2.1");
	assert_unreachable("2001:db8::1");
}

static void a_route_of_another_namespace_is_added_from_outside(void **state)
{
	(void)state;
	make_cable();
	gons_must(gons_route_add(red, "0.0.0.0/0", "10.0.0.1", 0));
	gons_must(gons_route_add(red, "2001:db8::1", "fd00::1", 0));
	gons_must(gons_enter(red));
	assert_string_equal(source_for("192.0.2.1"), "10.0.0.2");
	assert_string_equal(source_for("2001:db8::1"), "fd00::2");
	assert_unreachable("2001:db8::2");
}

static void with_one_route_loopback_takes_multicast_and_everything(void **state)
{
	struct ip_mreq group = { .imr_multiaddr.s_addr = inet_addr("224.0.0.251") };
	int fd;

	(void)state;
	need_namespaces(NULL);
	gons_must(gons_enter(blue));
	gons_must(gons_netns_loopback_up());
	fd = gons_must(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	assert_int_equal(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group)), -1);
	assert_int_equal(errno, ENODEV);
	gons_must(gons_route_add(-1, "224.0.0.0/4", NULL, 1));
	assert_int_equal(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group)), 0);
	assert_int_equal(close(fd), 0);
	gons_must(gons_route_add(-1, "default", NULL, 1));
	assert_string_equal(source_for("192.0.2.1"), "0.0.0.0");
}

static void routes_go_with_the_scope(void **state)
{
	(void)state;
	make_cable();
	gons_must(gons_enter(blue));
	GONS_SCOPE {
		gons_must(gons_route_add(-1, "10.9.0.0/16", "10.0.0.2", 0));
		gons_must(gons_route_add(-1, "fd09::/16", "fd00::2", 0));
	}
	assert_unreachable("10.9.0.1");
	assert_unreachable("fd09::1");
	GONS_SCOPE {
		gons_must(gons_route_add(-1, "10.9.0.0/16", "10.0.0.2", 0));
		gons_must(gons_route_delete(-1, "10.9.0.0/16", NULL, 0)); /* no error at the end */
	}
	GONS_SCOPE {
		gons_must(gons_route_add(-1, "10.9.0.0/16", "10.0.0.2", 0));
		gons_must(gons_link_down(-1, cable.ifindex)); /* deletes it */
	}
}

/* Without touching the kernel: before the namespace is looked at. */
static void invalid_routes_are_refused(void **state)
{
	static const struct {
		const char *destination, *gateway;
		int ifindex;
		const char *words;
	} bad[] = {
		{ NULL, NULL, 1, "address is NULL" },
		{ "", NULL, 1, "\"\" is not an IPv4 or IPv6 address" },
		{ "Default", NULL, 1, "\"Default\" is not an IPv4 or IPv6 address" },
		{ "10.0.0.0/33", NULL, 1, "from 0 to 32" },
		{ "fd00::/129", NULL, 1, "from 0 to 128" },
		{ "10.0.0.5/24", NULL, 1, "the network is 10.0.0.0/24" },
		{ "10.0.0.0/8", NULL, -1, "ifindex is negative (-1)" },
		{ "fd00::5/64", NULL, 1, "the network is fd00::/64" },
		{ "10.0.0.0/8", "10.0.0.1/8", 1, "the gateway 10.0.0.1/8 has a prefix length" },
		{ "10.0.0.0/8", "fd00::1", 1, "not both IPv4 or both IPv6" },
		{ "fd00::/8", "10.0.0.1", 1, "not both IPv4 or both IPv6" },
		{ "10.0.0.0/8", "0.0.0.0", 1, "\"0.0.0.0\" is the unspecified address" },
		{ "10.0.0.0/8", "x", 1, "\"x\" is not an IPv4 or IPv6 address" },
	};

	(void)state;
	need_namespaces(NULL);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_refused(
			gons_route_add(blue, bad[i].destination, bad[i].gateway, bad[i].ifindex),
			EINVAL, bad[i].words);
		assert_refused(
			gons_route_delete(blue, bad[i].destination, bad[i].gateway, bad[i].ifindex),
			EINVAL, bad[i].words);
	}
	assert_refused(gons_route_add(blue, "10.0.0.0/8", NULL, 0), EINVAL,
		       "has no gateway and no ifindex");
}

static void refused_routes_have_the_kernels_extack_in_the_message(void **state)
{
	(void)state;
	make_cable();
	assert_refused(gons_route_add(blue, "10.9.0.0/16", "10.8.0.1", 0), ENETUNREACH,
		       "cannot add the route to 10.9.0.0/16 through 10.8.0.1");
	assert_contains(gons_error(), "gateway");
	assert_refused(gons_route_add(blue, "fd09::/16", "fd08::1", 0), EHOSTUNREACH, "fd08::1");
	assert_refused(gons_route_add(blue, "10.9.0.0/16", NULL, 4711), ENODEV, "on link 4711");
	assert_refused(gons_route_add(blue, "fd09::/16", NULL, 4711), ENODEV, "on link 4711");
	gons_must(gons_route_add(blue, "10.9.0.0/16", "10.0.0.2", 0));
	assert_refused(gons_route_add(blue, "10.9.0.0/16", "10.0.0.3", 0), EEXIST,
		       "there is a route to this destination already");
	gons_must(gons_route_add(blue, "fd09::/16", "fd00::2", 0));
	assert_refused(gons_route_add(blue, "fd09::/16", "fd00::2", 0), EEXIST, "fd09::/16");
	assert_refused(gons_route_delete(blue, "10.7.0.0/16", NULL, 0), ESRCH,
		       "cannot delete the route to 10.7.0.0/16");
	assert_refused(gons_route_delete(blue, "fd07::/16", NULL, 0), ESRCH, "fd07::/16");
	gons_must(gons_link_down(blue, cable.ifindex));
	assert_refused(gons_route_add(blue, "10.7.0.0/16", NULL, cable.ifindex), ENETDOWN,
		       "gons_link_up()");
	assert_refused(gons_route_add(blue, "fd07::/16", NULL, cable.ifindex), ENETDOWN,
		       "gons_link_up()");
}

static void a_link_that_was_down_keeps_its_ipv4_addresses_only(void **state)
{
	(void)state;
	make_cable();
	gons_must(gons_route_add(blue, "10.9.0.0/16", "10.0.0.2", 0));
	gons_must(gons_link_down(blue, cable.ifindex));
	gons_must(gons_link_up(blue, cable.ifindex, 10000));
	assert_refused(gons_address_delete(blue, cable.ifindex, "fd00::1/64"), EADDRNOTAVAIL,
		       "fd00::1/64");
	assert_refused(gons_route_delete(blue, "10.9.0.0/16", NULL, 0), ESRCH,
		       "the main routing table does not have it");
	GONS_MUST_IN(blue)
		assert_string_equal(source_for("10.0.0.2"), "10.0.0.1");
}

/* ---- neighbours ---- */

/* Whether /proc/net/arp has a permanent entry of this address. */
static bool has_neighbour(const char *address, const char *lladdr)
{
	char wanted[64];
	const char *line = strstr(read_text("/proc/thread-self/net/arp"), address);

	if (!line)
		return false;
	(void)snprintf(wanted, sizeof(wanted), "0x6         %s", lladdr);
	return strstr(line, wanted) != NULL;
}

static void a_permanent_neighbour_needs_no_arp(void **state)
{
	static const unsigned char first[6] = { 2, 0, 0, 0, 0, 9 },
				   second[6] = { 2, 0, 0, 0, 0, 8 };

	(void)state;
	make_cable();
	gons_must(gons_enter(blue));
	GONS_SCOPE {
		gons_must(gons_neighbour_add(-1, cable.ifindex, "10.0.0.9", first));
		assert_true(has_neighbour("10.0.0.9", "02:00:00:00:00:09"));
		gons_must(gons_neighbour_add(-1, cable.ifindex, "10.0.0.9", second));
		assert_true(has_neighbour("10.0.0.9", "02:00:00:00:00:08"));
		gons_must(gons_neighbour_add(-1, cable.ifindex, "fd00::9", first));
	}
	assert_false(has_neighbour("10.0.0.9", "02:00:00:00:00:08"));
}

static void invalid_neighbours_are_refused(void **state)
{
	static const unsigned char mac[6] = { 2, 0, 0, 0, 0, 9 };

	(void)state;
	need_namespaces(NULL);
	assert_refused(gons_neighbour_add(blue, 1, "10.0.0.9/24", mac), EINVAL, "prefix length");
	assert_refused(gons_neighbour_add(blue, 1, "x", mac), EINVAL, "\"x\" is not an IPv4");
	assert_refused(gons_neighbour_add(blue, 1, NULL, mac), EINVAL, "address is NULL");
	assert_refused(gons_neighbour_add(blue, 1, "10.0.0.9", NULL), EINVAL, "lladdr is NULL");
	assert_refused(gons_neighbour_add(blue, 0, "10.0.0.9", mac), EINVAL, "0 is not an ifindex");
	assert_refused(gons_neighbour_add(blue, 4711, "10.0.0.9", mac), ENODEV, "link 4711");
}

/* ---- addresses ---- */

static void an_added_address_is_deleted(void **state)
{
	(void)state;
	need_namespaces(NULL);
	gons_must(gons_enter(blue));
	gons_must(gons_netns_loopback_up());
	gons_must(gons_address_add(-1, 1, "10.1.2.3/24"));
	gons_must(gons_address_add(-1, 1, "fd00::1/64"));
	assert_string_equal(source_for("10.1.2.3"), "10.1.2.3");
	gons_must(gons_address_delete(-1, 1, "10.1.2.3/24"));
	gons_must(gons_address_delete(-1, 1, "fd00::1/64"));
	assert_unreachable("10.1.2.3");
	assert_unreachable("fd00::1");
	assert_refused(gons_address_delete(-1, 1, "10.1.2.3/24"), EADDRNOTAVAIL,
		       "cannot take the address 10.1.2.3/24 from link 1");
	assert_refused(gons_address_delete(-1, 1, "fd00::1/64"), EADDRNOTAVAIL, "fd00::1/64");
	assert_refused(gons_address_delete(-1, 4711, "10.1.2.3/24"), ENODEV, "link 4711");
	assert_refused(gons_address_delete(-1, 1, "10.1.2.3/33"), EINVAL, "from 0 to 32");
	assert_refused(gons_address_delete(-1, 0, "10.1.2.3/24"), EINVAL, "0 is not an ifindex");
}

static void addresses_go_with_the_scope(void **state)
{
	(void)state;
	need_namespaces(NULL);
	gons_must(gons_enter(blue));
	gons_must(gons_netns_loopback_up());
	GONS_SCOPE {
		gons_must(gons_address_add(-1, 1, "10.1.2.3/24"));
		gons_must(gons_address_add(-1, 1, "fd00::1/64"));
		gons_must(gons_address_add(-1, 1, "10.1.2.4/24"));
		gons_must(gons_address_delete(-1, 1, "10.1.2.4/24")); /* no error at the end */
	}
	assert_unreachable("10.1.2.3");
	assert_unreachable("fd00::1");
}

/* ---- waiting ---- */

/* A bound socket for the link-local address of a link of the calling thread's namespace, or -1. */
static int bind_link_local(const char *link)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
				    .sin6_scope_id = if_nametoindex(link) };
	const char *line = read_text("/proc/thread-self/net/if_inet6");
	unsigned bytes[16], scope;
	char name[16];
	int fd;

	for (; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		for (int i = 0; i < 16; i++)
			assert_int_equal(sscanf(line + 2 * i, "%2x", &bytes[i]), 1);
		assert_int_equal(sscanf(line + 32, " %*x %*x %x %*x %15s", &scope, name), 2);
		if (scope != 0x20 || strcmp(name, link) != 0)
			continue;
		for (int i = 0; i < 16; i++)
			in6.sin6_addr.s6_addr[i] = (unsigned char)bytes[i];
		fd = gons_must(gons_netns_socket(-1, AF_INET6, SOCK_DGRAM, 0));
		return bind(fd, (struct sockaddr *)&in6, sizeof(in6));
	}
	return -1;
}

static void a_link_local_address_can_be_used_after_waiting(void **state)
{
	(void)state;
	make_cable();
	gons_must(gons_address_wait(blue, cable.ifindex, 30000));
	gons_must(gons_address_wait(red, cable.peer_ifindex, -1));
	gons_must(gons_address_wait(blue, cable.ifindex, 0));
	gons_must(gons_enter(blue));
	assert_int_equal(bind_link_local(cable.name), 0);
	gons_must(gons_enter(red));
	assert_int_equal(bind_link_local(cable.peer_name), 0);
}

static void waiting_for_addresses_skips_links_without_link_local_addresses(void **state)
{
	struct gons_link link;

	(void)state;
	require_writable_sysctls(__func__);
	need_namespaces("veth");
	gons_must(gons_enter(blue));
	gons_must(gons_netns_loopback_up());
	gons_must(gons_address_wait(-1, 1, 0));
	gons_must(gons_netns_sysctl_set(-1, "net.ipv6.conf.default.addr_gen_mode", "1"));
	gons_must(gons_veth_new_transient(&(struct gons_link_options){ .up = 1 }, &link));
	gons_must(gons_address_wait(-1, link.ifindex, 0));
	gons_must(gons_netns_sysctl_set(-1, "net.ipv6.conf.default.addr_gen_mode", "0"));
	gons_must(gons_netns_sysctl_set(-1, "net.ipv6.conf.default.disable_ipv6", "1"));
	gons_must(gons_veth_new_transient(&(struct gons_link_options){ .up = 1 }, &link));
	gons_must(gons_address_wait(-1, link.ifindex, 0));
	gons_must(gons_netns_sysctl_set(-1, "net.ipv6.conf.default.disable_ipv6", "0"));
	gons_must(gons_veth_new_transient(NULL, &link)); /* is down */
	gons_must(gons_address_wait(-1, link.ifindex, 0));
}

static void waiting_for_addresses_ends_with_the_reason(void **state)
{
	static const unsigned char mac[6] = { 2, 0, 0, 0, 0, 1 };
	struct gons_link_options options = { .address = mac };
	struct gons_link link;

	(void)state;
	need_namespaces("veth");
	gons_must(gons_enter(blue));
	options.peer_nsfd = red;
	gons_must(gons_veth_new_transient(&options, &link));
	assert_int_equal(set_flags(-1, link.ifindex, IFF_UP, IFF_UP), 0);
	assert_refused(gons_address_wait(-1, link.ifindex, 10), ETIMEDOUT, "it has no carrier");
	assert_refused(gons_address_wait(-1, 4711, 10), ENODEV, "link 4711");
	assert_refused(gons_address_wait(-1, 0, 10), EINVAL, "0 is not an ifindex");
	assert_refused(gons_address_wait(-1, 1, -2), EINVAL, "(-2)");
	/* The same MAC address on both sides makes the same link-local address. */
	assert_int_equal(set_address(red, link.peer_ifindex, mac), 0);
	gons_must(gons_link_up(red, link.peer_ifindex, 10000));
	if (gons_address_wait(-1, link.ifindex, 30000) == 0)
		assert_refused(gons_address_wait(red, link.peer_ifindex, 30000), EADDRINUSE,
			       "fe80::ff:fe00:1");
	else
		assert_int_equal(errno, EADDRINUSE);
	assert_contains(gons_error(), "duplicate");
}

/* Brings a new pair of links up, and counts the frames that nobody but the kernel has sent: until its
 * addresses are usable, and one second more. */
static int count_frames_of_kernel(void)
{
	const struct timespec second = { .tv_sec = 1 };
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	struct gons_link pair;
	char frame[2048];
	int fd, frames = 0;

	gons_must(gons_veth_new_transient(NULL, &pair));
	assert_int_equal(set_flags(-1, pair.peer_ifindex, IFF_UP, IFF_UP), 0);
	gons_must(gons_link_up(-1, pair.ifindex, 10000));
	/* While the link was down, a socket of it would have an error. */
	address.sll_ifindex = pair.ifindex;
	fd = gons_must(gons_netns_socket(-1, AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	gons_must(gons_address_wait(-1, pair.ifindex, 30000));
	(void)nanosleep(&second, NULL);
	while (recv(fd, frame, sizeof(frame), 0) > 0)
		frames++;
	return frames;
}

static void a_new_link_is_quiet_without_ipv6(void **state)
{
	(void)state;
	require_writable_sysctls(__func__);
	require_cap(__func__, CAP_NET_RAW, "CAP_NET_RAW");
	need_namespaces("veth");
	gons_must(gons_enter(blue));
	assert_true(count_frames_of_kernel() > 0);
	gons_must(gons_netns_sysctl_set(-1, "net.ipv6.conf.default.disable_ipv6", "1"));
	assert_int_equal(count_frames_of_kernel(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(routes_lead_through_a_gateway),
		check_test(a_default_route_has_the_family_of_its_gateway),
		check_test(a_route_of_another_namespace_is_added_from_outside),
		check_test(with_one_route_loopback_takes_multicast_and_everything),
		check_test(routes_go_with_the_scope),
		check_test(invalid_routes_are_refused),
		check_test(refused_routes_have_the_kernels_extack_in_the_message),
		check_test(a_link_that_was_down_keeps_its_ipv4_addresses_only),
		check_test(a_permanent_neighbour_needs_no_arp),
		check_test(invalid_neighbours_are_refused),
		check_test(an_added_address_is_deleted),
		check_test(addresses_go_with_the_scope),
		check_test(a_link_local_address_can_be_used_after_waiting),
		check_test(waiting_for_addresses_skips_links_without_link_local_addresses),
		check_test(waiting_for_addresses_ends_with_the_reason),
		check_test(a_new_link_is_quiet_without_ipv6),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Networks from plans: real datagrams reach every address, names and addresses are as chosen,
 * and all of it ends with the scope. */
#include "check.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <gons/net.h>
#include <gons/netns.h>

enum { PORT = 7777, MAX_ADDRESSES = 64, MAX_HOSTS = 64 };

/* ---- what a host has ---- */

struct addresses {
	struct sockaddr_in6 list[MAX_ADDRESSES]; /* IPv4 ones are mapped */
	char texts[MAX_ADDRESSES][INET6_ADDRSTRLEN];
	size_t n;
};

static void add_address(struct addresses *addresses, const struct sockaddr *address)
{
	struct sockaddr_in6 *in6 = &addresses->list[addresses->n];
	char *text = addresses->texts[addresses->n++];

	assert_true(addresses->n < MAX_ADDRESSES);
	if (address->sa_family == AF_INET6) {
		memcpy(in6, address, sizeof(*in6));
	} else {
		in6->sin6_family = AF_INET6;
		memset(in6->sin6_addr.s6_addr + 10, 0xff, 2);
		memcpy(in6->sin6_addr.s6_addr + 12,
		       &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
	}
	in6->sin6_port = htons(PORT);
	(void)getnameinfo(address,
			  address->sa_family == AF_INET ? sizeof(struct sockaddr_in)
							: sizeof(struct sockaddr_in6),
			  text, INET6_ADDRSTRLEN, NULL, 0, NI_NUMERICHOST);
}

/* Those of all links but lo, without link-local ones. */
static void read_addresses(void *arg)
{
	struct addresses *addresses = arg;
	struct ifaddrs *all;

	memset(addresses, 0, sizeof(*addresses));
	assert_int_equal(getifaddrs(&all), 0);
	for (const struct ifaddrs *one = all; one; one = one->ifa_next) {
		const struct sockaddr_in6 *in6 = (const void *)one->ifa_addr;

		if (!in6 || strcmp(one->ifa_name, "lo") == 0)
			continue;
		assert_true(one->ifa_flags & IFF_UP);
		if (in6->sin6_family == AF_INET ||
		    (in6->sin6_family == AF_INET6 && !IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr)))
			add_address(addresses, one->ifa_addr);
	}
	freeifaddrs(all);
}

static void assert_has_address(const gons_net *net, const char *host, const char *text)
{
	struct addresses addresses;

	gons_must(gons_net_execute(net, host, read_addresses, &addresses));
	for (size_t i = 0; i < addresses.n; i++)
		if (strcmp(addresses.texts[i], text) == 0)
			return;
	fail_msg("%s has no address %s", host, text);
}

/* ---- datagrams ---- */

static int open_receiver(const gons_net *net, const char *host)
{
	const struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(PORT) };
	const int off = 0;
	int fd = gons_must(gons_netns_socket(gons_net_nsfd(net, host), AF_INET6, SOCK_DGRAM, 0));

	assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)), 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&any, sizeof(any)), 0);
	return fd;
}

/* Whether what is sent from one socket to an address arrives at the other socket. */
static bool arrives(int from_fd, const struct sockaddr_in6 *to, int to_fd)
{
	struct pollfd pollfd = { .fd = to_fd, .events = POLLIN };
	char text[8] = "";

	if (sendto(from_fd, "gons", 4, 0, (const struct sockaddr *)to, sizeof(*to)) != 4)
		return false;
	return poll(&pollfd, 1, 10000) == 1 && recv(to_fd, text, sizeof(text), MSG_DONTWAIT) == 4;
}

/* Each of the hosts, whose names are separated by blanks, reaches each address of each other one. */
static void assert_all_reached(const gons_net *net, const char *hosts)
{
	static struct addresses addresses[MAX_HOSTS];
	static char names[MAX_HOSTS][16];
	int fds[MAX_HOSTS];
	size_t n = 0;

	for (int length; sscanf(hosts, "%15s%n", names[n], &length) == 1; hosts += length) {
		fds[n] = open_receiver(net, names[n]);
		gons_must(gons_net_execute(net, names[n], read_addresses, &addresses[n]));
		n++;
		assert_true(n < MAX_HOSTS);
	}
	assert_true(n > 0);
	for (size_t from = 0; from < n; from++)
		for (size_t to = 0; to < n; to++)
			for (size_t i = 0; from != to && i < addresses[to].n; i++)
				if (!arrives(fds[from], &addresses[to].list[i], fds[to]))
					fail_msg("%s does not reach %s of %s: %s", names[from],
						 addresses[to].texts[i], names[to],
						 strerror(errno));
}

static void build_and_reach(const char *plan, const char *hosts)
{
	assert_all_reached(gons_must(gons_net_new(plan, 0)), hosts);
}

/* ---- shapes ---- */

static void require_all(void)
{
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	gons_require_link("veth");
	gons_require_link("bridge");
}

static void both_ends_of_a_cable_reach_each_other(void **state)
{
	(void)state;
	require_all();
	build_and_reach("a -- b", "a b");
}

static void a_chain_of_eight_hosts_is_passed_from_end_to_end(void **state)
{
	(void)state;
	require_writable_sysctls(__func__);
	require_all();
	build_and_reach("a -- b -- c -- d -- e -- f -- g -- h", "a b c d e f g h");
}

static void hosts_on_bridges_reach_those_behind_a_router(void **state)
{
	(void)state;
	require_writable_sysctls(__func__);
	require_all();
	build_and_reach("left: a, b, router; right: router, c, d; d -- e", "a b router c d e");
}

static void every_host_of_a_ring_is_reached(void **state)
{
	(void)state;
	require_writable_sysctls(__func__);
	require_all();
	build_and_reach("a -- b -- c -- d -- e -- a", "a b c d e");
}

static void two_routers_connect_the_same_networks(void **state)
{
	(void)state;
	require_writable_sysctls(__func__);
	require_all();
	build_and_reach("left: a, r1, r2; right: r1, r2, b", "a r1 r2 b");
}

static void all_hosts_of_a_star_reach_each_other(void **state)
{
	char plan[2048] = "", hosts[512] = "hub";

	(void)state;
	require_writable_sysctls(__func__);
	require_all();
	for (int i = 1; i <= 30; i++) {
		(void)sprintf(plan + strlen(plan), "hub -- h%d\n", i);
		(void)sprintf(hosts + strlen(hosts), " h%d", i);
	}
	build_and_reach(plan, hosts);
}

static void all_hosts_of_a_tree_reach_each_other(void **state)
{
	char plan[2048] = "", hosts[512] = "root";

	(void)state;
	require_writable_sysctls(__func__);
	require_all();
	for (int i = 1; i <= 3; i++) {
		(void)sprintf(plan + strlen(plan), "root -- n%d\n", i);
		(void)sprintf(hosts + strlen(hosts), " n%d", i);
		for (int k = 1; k <= 4; k++) {
			(void)sprintf(plan + strlen(plan), "n%d -- n%d%d\n", i, i, k);
			(void)sprintf(hosts + strlen(hosts), " n%d%d", i, k);
		}
	}
	build_and_reach(plan, hosts);
}

static void networks_of_ipv6_alone_have_no_ipv4(void **state)
{
	gons_net *net;

	(void)state;
	require_writable_sysctls(__func__);
	require_all();
	net = gons_must(gons_net_new("a fd01::1/64 -- fd01::2/64 r fd02::2/64 -- fd02::1/64 b", 0));
	assert_all_reached(net, "a r b");
	assert_string_equal(gons_net_address(net, "b", AF_INET6), "fd02::1");
	assert_refused(gons_net_address(net, "b", AF_INET), EADDRNOTAVAIL, "b has no IPv4");
}

static void hosts_of_one_family_and_of_both_are_mixed(void **state)
{
	struct addresses far;
	gons_net *net;
	int from;

	(void)state;
	require_writable_sysctls(__func__);
	require_all();
	net = gons_must(gons_net_new(
		"a 10.1.0.1/24 -- 10.1.0.2/24, fd01::2/64 r 10.2.0.2/24, fd02::2/64 -- b\n"
		"r fd03::1/64 -- fd03::2/64 c",
		0));
	assert_string_equal(gons_net_address(net, "b", AF_INET), "10.2.0.1");
	assert_string_equal(gons_net_address(net, "b", AF_INET6), "fd02::1");
	assert_all_reached(net, "b r");
	from = open_receiver(net, "a");
	gons_must(gons_net_execute(net, "c", read_addresses, &far));
	assert_int_equal(far.n, 1);
	/* It has no IPv6 address to send from. */
	assert_int_equal(
		sendto(from, "x", 1, 0, (struct sockaddr *)&far.list[0], sizeof(far.list[0])), -1);
}

static void the_same_network_on_two_cables_is_told_apart(void **state)
{
	(void)state;
	require_writable_sysctls(__func__);
	require_all();
	build_and_reach("a 10.0.0.1/24 -- 10.0.0.2/24 r 10.0.0.3/24 -- 10.0.0.4/24 b", "a r b");
}

static void ends_in_different_networks_reach_each_other(void **state)
{
	(void)state;
	require_writable_sysctls(__func__);
	require_all();
	build_and_reach("a 10.0.1.1/24 -- 10.0.2.1/24 b 10.0.3.1/24 -- c", "a b c");
}

static void networks_of_two_addresses_and_point_to_point_ones_work(void **state)
{
	(void)state;
	require_writable_sysctls(__func__);
	require_all();
	build_and_reach("a 10.0.0.0/31 -- r; r 10.0.0.5/30 -- b", "a r b");
	build_and_reach("b fd00::1/127 -- c", "b c");
}

/* ---- options and names ---- */

static void a_host_that_does_not_forward_is_reached_but_not_passed(void **state)
{
	gons_net *net;
	struct addresses far;
	int from, to;

	(void)state;
	require_all();
	net = gons_must(gons_net_new("a -- r -- b; host r [forward=no]", 0));
	from = open_receiver(net, "a");
	gons_must(gons_net_execute(net, "b", read_addresses, &far));
	for (size_t i = 0; i < far.n; i++) {
		assert_int_equal(sendto(from, "x", 1, 0, (struct sockaddr *)&far.list[i],
					sizeof(far.list[i])),
				 -1);
		assert_int_equal(errno, ENETUNREACH);
	}
	to = open_receiver(net, "r");
	gons_must(gons_net_execute(net, "r", read_addresses, &far));
	assert_int_equal(far.n, 4);
	for (size_t i = 0; i < far.n; i++)
		assert_true(arrives(from, &far.list[i], to));
}

static void an_isolated_host_has_loopback_alone(void **state)
{
	gons_net *net;
	struct addresses addresses;
	struct sockaddr_in6 loopback = { .sin6_family = AF_INET6,
					 .sin6_port = htons(PORT),
					 .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd;

	(void)state;
	require_all();
	net = gons_must(gons_net_new("a -- b; host alone", 0));
	gons_must(gons_net_execute(net, "alone", read_addresses, &addresses));
	assert_int_equal(addresses.n, 0);
	assert_refused(gons_net_address(net, "alone", AF_INET6), EADDRNOTAVAIL, "no IPv6");
	fd = open_receiver(net, "alone");
	assert_true(arrives(fd, &loopback, fd));
}

static void read_link(void *arg)
{
	struct ifreq *request = arg;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(ioctl(fd, SIOCGIFMTU, request), 0);
	assert_int_equal(close(fd), 0);
}

static int mtu_of(const gons_net *net, const char *host, const char *link)
{
	struct ifreq request = { .ifr_mtu = 0 };

	(void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", link);
	gons_must(gons_net_execute(net, host, read_link, &request));
	return request.ifr_mtu;
}

static void names_of_links_and_mtus_are_those_of_the_plan(void **state)
{
	gons_net *net;

	(void)state;
	require_writable_sysctls(__func__);
	require_all();
	net = gons_must(gons_net_new("client:wan0 -- router:lan0 [mtu=1400]\n"
				     "router -- server [mtu=1000]\n"
				     "router:eth1 -- x\n"
				     "abcdefghijklmno:ABCDEFGHIJKLMN9 -- router\n"
				     "lan: router:to_lan, y [mtu=1300]",
				     0));
	assert_int_equal(mtu_of(net, "client", "wan0"), 1400);
	assert_int_equal(mtu_of(net, "router", "lan0"), 1400);
	assert_int_equal(mtu_of(net, "server", "eth0"), 1000);
	assert_int_equal(mtu_of(net, "router", "eth0"), 1000);
	assert_int_equal(mtu_of(net, "router", "eth1"), 1500);
	assert_int_equal(mtu_of(net, "router", "eth2"), 1500);
	assert_int_equal(mtu_of(net, "router", "to_lan"), 1300);
	assert_int_equal(mtu_of(net, "y", "eth0"), 1300);
	assert_int_equal(mtu_of(net, "abcdefghijklmno", "ABCDEFGHIJKLMN9"), 1500);
	assert_refused(gons_net_address(net, "server", AF_INET6), EADDRNOTAVAIL, "server");
	assert_true(gons_net_ifindex(net, "client", "wan0") > 1);
	assert_refused(gons_net_ifindex(net, "client", "eth0"), ENODEV, "no link \"eth0\"");
}

static void addresses_that_the_plan_names_are_there(void **state)
{
	gons_net *net;

	(void)state;
	require_writable_sysctls(__func__);
	require_all();
	net = gons_must(gons_net_new(
		"client 10.0.1.2/24 -- 10.0.1.1/24 router 10.0.2.1/24, fd00:2::1/64 -- 10.0.2.2/24, "
		"fd00:2::2/64 server\n"
		"lan: a 10.0.3.1/24, b 10.0.3.2/24, router",
		0));
	assert_string_equal(gons_net_address(net, "client", AF_INET), "10.0.1.2");
	assert_string_equal(gons_net_address(net, "server", AF_INET), "10.0.2.2");
	assert_string_equal(gons_net_address(net, "server", AF_INET6), "fd00:2::2");
	assert_has_address(net, "router", "10.0.1.1");
	assert_has_address(net, "router", "10.0.2.1");
	assert_has_address(net, "router", "fd00:2::1");
	assert_has_address(net, "router", "10.0.3.3"); /* free */
	assert_all_reached(net, "router server");
}

static void chosen_networks_differ_from_those_in_the_plan(void **state)
{
	gons_net *net;

	(void)state;
	require_all();
	net = gons_must(gons_net_new("a -- b; c 10.0.1.7/16 -- d; e fd00:100::1/64 -- f", 0));
	assert_string_equal(gons_net_address(net, "a", AF_INET), "10.1.1.1");
	assert_string_equal(gons_net_address(net, "a", AF_INET6), "fd00:101::1");
	assert_string_equal(gons_net_address(net, "d", AF_INET), "10.0.0.1");
}

static void the_same_plan_always_gets_the_same_addresses(void **state)
{
	static const char plan[] = "a -- b -- c; lan: c, d, e";
	char first[4096] = "", second[4096] = "";

	(void)state;
	require_writable_sysctls(__func__);
	require_all();
	for (int i = 0; i < 2; i++) {
		FILE *stream = fmemopen(i ? second : first, sizeof(first), "w");

		gons_must(gons_net_draw(gons_must(gons_net_new(plan, 0)), stream));
		assert_int_equal(fclose(stream), 0);
	}
	assert_string_equal(first, second);
	assert_contains(first, "eth0\\n10.0.1.1/24\\nfd00:1::1/64");
	assert_contains(first, "eth0\\n10.0.3.3/24\\nfd00:3::3/64");
	assert_contains(first, "\"lan\" -- \"e\":");
}

static void a_large_bridge_gets_a_large_network(void **state)
{
	char plan[8192] = "lan: h0";
	gons_net *net;

	(void)state;
	require_all();
	for (int i = 1; i < 300; i++)
		(void)sprintf(plan + strlen(plan), ", h%d", i);
	net = gons_must(gons_net_new(plan, 0));
	assert_string_equal(gons_net_address(net, "h0", AF_INET), "10.0.2.1");
	assert_string_equal(gons_net_address(net, "h299", AF_INET), "10.0.3.44");
	assert_all_reached(net, "h0 h150 h299");
}

/* ---- names ---- */

static void look_up_server(void *arg)
{
	const struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_DGRAM };
	struct addrinfo *found = NULL;

	assert_int_equal(getaddrinfo("server", NULL, &hints, &found), 0);
	(void)getnameinfo(found->ai_addr, found->ai_addrlen, arg, INET_ADDRSTRLEN, NULL, 0,
			  NI_NUMERICHOST);
	freeaddrinfo(found);
}

static void read_host_name(void *arg)
{
	assert_int_equal(gethostname(arg, 64), 0);
}

static void count_links(void *arg)
{
	*(int *)arg = count_class_net(AT_FDCWD, "/sys/class/net");
}

static void hosts_have_names_and_find_each_other_by_name(void **state)
{
	char found[INET_ADDRSTRLEN] = "", name[64] = "", outside[64] = "";
	struct stat before, after;
	gons_net *net;
	int links = 0;

	(void)state;
	require_writable_sysctls(__func__);
	require_sethostname(__func__);
	require_mapped_user(__func__);
	require_all();
	gons_require(CLONE_NEWNS | CLONE_NEWUTS);
	assert_int_equal(gethostname(outside, sizeof(outside)), 0);
	assert_int_equal(stat("/etc/nsswitch.conf", &before), 0);
	net = gons_must(gons_net_new("client -- router -- server", CLONE_NEWNS | CLONE_NEWUTS));
	gons_must(gons_net_execute(net, "client", look_up_server, found));
	assert_string_equal(found, gons_net_address(net, "server", AF_INET));
	gons_must(gons_net_execute(net, "router", read_host_name, name));
	assert_string_equal(name, "router");
	gons_must(gons_net_execute(net, "router", count_links, &links));
	assert_int_equal(links, 3);
	assert_int_equal(gethostname(name, sizeof(name)), 0);
	assert_string_equal(name, outside);
	assert_null(strstr(read_text("/etc/hosts"), "# gons:"));
	assert_int_equal(stat("/etc/nsswitch.conf", &after), 0);
	assert_int_equal(after.st_ino, before.st_ino);
	assert_int_equal(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
	assert_int_equal(gons_set_types(gons_net_host(net, "client")),
			 CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS);
	assert_all_reached(net, "client router server");
}

static void graphviz_accepts_the_drawing(void **state)
{
	FILE *dot;

	(void)state;
	require_all();
	if (system("dot -V >/dev/null 2>&1") != 0)
		skip_for(__func__, "there is no dot, of Graphviz");
	dot = popen("dot -Tsvg 2>&1 | grep -q '</svg>'", "we");
	assert_non_null(dot);
	gons_must(gons_net_draw(
		gons_must(gons_net_new("a-1.x:l.0 -- b_2; lan: b_2, c [mtu=1400]; host d", 0)),
		dot));
	assert_int_equal(pclose(dot), 0);
}

/* ---- a read-only /proc/sys, as in containers ---- */

static void hosts_forward_or_say_why_not_where_proc_sys_is_read_only(void **state)
{
	gons_net *net;

	(void)state;
	gons_require_link("veth");
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	if (!enter_read_only_proc_sys())
		skip_for(__func__, "/proc/sys cannot be mounted read-only here");
	gons_must(gons_net_new("a -- b", 0));
	net = gons_net_new("a -- router -- c", 0);
	if (net) {
		assert_all_reached(net, "a router c");
	} else {
		assert_int_equal(errno, EROFS);
		assert_contains(gons_error(), "/proc/sys is mounted read-only");
		assert_contains(gons_error(), "start the container with");
	}
}

/* ---- several, nested, ended ---- */

static void two_networks_at_once_are_independent(void **state)
{
	gons_net *first, *second;

	(void)state;
	require_all();
	first = gons_must(gons_net_new("a -- b", 0));
	second = gons_must(gons_net_new("a -- b", 0));
	assert_int_not_equal(gons_ino(gons_net_nsfd(first, "a"), CLONE_NEWNET),
			     gons_ino(gons_net_nsfd(second, "a"), CLONE_NEWNET));
	assert_all_reached(first, "a b");
	assert_all_reached(second, "a b");
}

static void build_inside(void *arg)
{
	*(gons_net **)arg = gons_must(gons_net_new("a -- b; lan: b, c", CLONE_NEWNS));
}

static void a_network_is_built_in_a_host_of_another_one(void **state)
{
	gons_net *outer, *inner = NULL;

	(void)state;
	require_writable_sysctls(__func__);
	require_sethostname(__func__);
	require_mapped_user(__func__);
	require_all();
	outer = gons_must(gons_net_new("a -- b", CLONE_NEWNS | CLONE_NEWUTS));
	gons_must(gons_net_execute(outer, "a", build_inside, &inner));
	assert_all_reached(inner, "a b c");
	assert_all_reached(outer, "a b");
}

static void a_network_ends_with_its_scope_and_keeps_no_descriptor(void **state)
{
	int before = count_entries("/proc/self/fd"), threads = count_entries("/proc/self/task");
	uint64_t ino = own_ino("net");

	(void)state;
	require_writable_sysctls(__func__);
	require_sethostname(__func__);
	require_mapped_user(__func__);
	require_all();
	before = count_entries("/proc/self/fd");
	GONS_SCOPE {
		gons_must(gons_net_new("a -- b -- c; lan: c, d", 0));
		/* Two for each host, and two for the bridge; and one for each where gons has waited. */
		assert_in_range(count_entries("/proc/self/fd"), before + 10, before + 15);
		assert_int_equal(own_ino("net"), ino);
		gons_must(gons_net_new("a -- b", CLONE_NEWNS | CLONE_NEWUTS));
		assert_in_range(count_entries("/proc/self/fd"), before + 18, before + 25);
		assert_int_equal(count_entries("/proc/self/task"), threads);
	}
	assert_int_equal(count_entries("/proc/self/fd"), before);
}

/* ---- refusals ---- */

static void fail_if_called(void *arg)
{
	(void)arg;
	fail();
}

static void hosts_that_are_not_in_the_plan_are_refused(void **state)
{
	gons_net *net;

	(void)state;
	require_all();
	net = gons_must(gons_net_new("a -- b", 0));
	assert_refused(gons_net_host(net, "c"), ENOENT, "no host \"c\"");
	assert_refused(gons_net_nsfd(net, "c"), ENOENT, "no host \"c\"");
	assert_refused(gons_net_ifindex(net, "c", "eth0"), ENOENT, "no host \"c\"");
	assert_refused(gons_net_address(net, "c", AF_INET), ENOENT, "no host \"c\"");
	assert_refused(gons_net_execute(net, "c", fail_if_called, NULL), ENOENT, "no host \"c\"");
	assert_refused(gons_net_host(net, NULL), EINVAL, "host is NULL");
	assert_refused(gons_net_ifindex(net, "a", NULL), EINVAL, "link is NULL");
	assert_refused(gons_net_address(net, "a", AF_UNIX), EAFNOSUPPORT, "family is 1");
	assert_refused(gons_net_execute(net, "a", NULL, NULL), EINVAL, "fn is NULL");
	assert_refused(gons_net_draw(net, NULL), EINVAL, "stream is NULL");
}

static void a_drawing_that_cannot_be_written_is_refused(void **state)
{
	FILE *full;

	(void)state;
	require_all();
	full = fopen("/dev/full", "we");
	assert_non_null(full);
	assert_refused(gons_net_draw(gons_must(gons_net_new("a -- b", 0)), full), ENOSPC,
		       "cannot write the drawing");
	(void)fclose(full);
}

static void a_network_without_free_descriptors_leaves_nothing(void **state)
{
	struct rlimit before, limit;
	gons_net *net = NULL;
	int lowest, fds;

	(void)state;
	require_writable_sysctls(__func__);
	require_mapped_user(__func__);
	require_all();
	fds = count_entries("/proc/self/fd");
	lowest = dup(STDIN_FILENO);
	assert_int_equal(close(lowest), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = before;
	for (rlim_t more = 0; !net && more < 32; more++) {
		int errnum;

		limit.rlim_cur = (rlim_t)lowest + more;
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
		net = gons_net_new("a -- b; lan: b, c", CLONE_NEWNS);
		errnum = errno;
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
		if (net)
			break;
		assert_int_equal(errnum, EMFILE);
		assert_int_equal(count_entries("/proc/self/fd"), fds);
	}
	assert_non_null(net);
}

static int name_host_despite_a_filter(void *arg)
{
	(void)arg;
	want(refuse_call(SYS_sethostname, EPERM));
	want(gons_net_new("a -- b", CLONE_NEWUTS) == NULL);
	want(failed_with(-1, EPERM,
			 "cannot set the host name a: Operation not permitted: a "
			 "seccomp filter refuses sethostname(2); run without the filter"));
	return 0;
}

static void a_filter_that_refuses_host_names_is_named(void **state)
{
	(void)state;
	require_all();
	assert_int_equal(in_child(name_host_despite_a_filter, NULL), 0);
}

static int build_without_capabilities(void *arg)
{
	(void)arg;
	want(lose_capabilities(~0ULL));
	want(gons_net_new("a -- b", 0) == NULL);
	want(errno == EPERM && strstr(gons_error(), "CAP_SYS_ADMIN"));
	return 0;
}

static void without_capabilities_no_network_is_built(void **state)
{
	(void)state;
	require_setns(__func__);
	assert_int_equal(in_child(build_without_capabilities, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(both_ends_of_a_cable_reach_each_other),
		check_test(a_chain_of_eight_hosts_is_passed_from_end_to_end),
		check_test(hosts_on_bridges_reach_those_behind_a_router),
		check_test(every_host_of_a_ring_is_reached),
		check_test(two_routers_connect_the_same_networks),
		check_test(all_hosts_of_a_star_reach_each_other),
		check_test(all_hosts_of_a_tree_reach_each_other),
		check_test(networks_of_ipv6_alone_have_no_ipv4),
		check_test(hosts_of_one_family_and_of_both_are_mixed),
		check_test(the_same_network_on_two_cables_is_told_apart),
		check_test(ends_in_different_networks_reach_each_other),
		check_test(networks_of_two_addresses_and_point_to_point_ones_work),
		check_test(a_host_that_does_not_forward_is_reached_but_not_passed),
		check_test(an_isolated_host_has_loopback_alone),
		check_test(names_of_links_and_mtus_are_those_of_the_plan),
		check_test(addresses_that_the_plan_names_are_there),
		check_test(chosen_networks_differ_from_those_in_the_plan),
		check_test(the_same_plan_always_gets_the_same_addresses),
		check_test(a_large_bridge_gets_a_large_network),
		check_test(hosts_have_names_and_find_each_other_by_name),
		check_test(graphviz_accepts_the_drawing),
		check_test(hosts_forward_or_say_why_not_where_proc_sys_is_read_only),
		check_test(two_networks_at_once_are_independent),
		check_test(a_network_is_built_in_a_host_of_another_one),
		check_test(a_network_ends_with_its_scope_and_keeps_no_descriptor),
		check_test(hosts_that_are_not_in_the_plan_are_refused),
		check_test(a_drawing_that_cannot_be_written_is_refused),
		check_test(a_network_without_free_descriptors_leaves_nothing),
		check_test(a_filter_that_refuses_host_names_is_named),
		check_test(without_capabilities_no_network_is_built),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The failure report of broken networks: the first finding names the cause, and the reported state
 * is that of the kernel.
 */
#include <arpa/inet.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <gons/ip.h>
#include <gons/link.h>
#include <gons/mntns.h>
#include <gons/net.h>
#include <gons/netns.h>
#include <gons/set.h>
#include <gons/test.h>

#include "check.h"

enum { PORT = 4711 };

/* client -- router -- server; the cables are links[0] and links[1]. */
struct chain {
	int client, router, server;
	struct gons_link links[2];
};

static void put(int nsfd, const char *sysctl, const char *value)
{
	gons_must(gons_netns_sysctl_set(nsfd, sysctl, value));
}

static int new_host(void)
{
	int nsfd = gons_must(gons_netns_new_transient());

	GONS_MUST_IN(nsfd) {
		/* So that link-local addresses take no time; without IPv6 there are none. */
		(void)put_text("/proc/sys/net/ipv6/conf/default/accept_dad", "0");
		gons_must(gons_netns_loopback_up());
	}
	return nsfd;
}

static void cable(int left, const char *name, int right, const char *peer_name,
		  struct gons_link *link)
{
	const struct gons_link_options options = {
		.nsfd = left, .name = name, .peer_nsfd = right, .peer_name = peer_name, .up = 1
	};

	gons_must(gons_veth_new_transient(&options, link));
}

static struct chain new_hosts(const char *test)
{
	struct chain chain;

	require_writable_sysctls(test);
	gons_require(CLONE_NEWNET);
	gons_require_link("veth");
	chain.client = new_host();
	chain.router = new_host();
	chain.server = new_host();
	cable(chain.client, "eth0", chain.router, "eth0", &chain.links[0]);
	cable(chain.router, "eth1", chain.server, "eth0", &chain.links[1]);
	return chain;
}

/* The addresses of a chain in one address family. */
struct addresses {
	const char *client, *client_side, *server_side, *server; /* the middle two: of the router */
	const char *client_gateway, *server_gateway;
	const char *forwarding; /* a sysctl */
};
static const struct addresses ipv4 = {
	.client = "10.0.1.2/24",
	.client_side = "10.0.1.1/24",
	.server_side = "10.0.2.1/24",
	.server = "10.0.2.2/24",
	.client_gateway = "10.0.1.1",
	.server_gateway = "10.0.2.1",
	.forwarding = "net.ipv4.ip_forward",
};
static const struct addresses ipv6 = {
	.client = "fd00:1::2/64",
	.client_side = "fd00:1::1/64",
	.server_side = "fd00:2::1/64",
	.server = "fd00:2::2/64",
	.client_gateway = "fd00:1::1",
	.server_gateway = "fd00:2::1",
	.forwarding = "net.ipv6.conf.all.forwarding",
};

/* A chain in which everything works. */
static struct chain new_chain_with(const char *test, const struct addresses *addresses)
{
	const struct chain chain = new_hosts(test);
	const struct {
		int nsfd, ifindex;
		const char *address;
	} ends[] = {
		{ chain.client, chain.links[0].ifindex, addresses->client },
		{ chain.router, chain.links[0].peer_ifindex, addresses->client_side },
		{ chain.router, chain.links[1].ifindex, addresses->server_side },
		{ chain.server, chain.links[1].peer_ifindex, addresses->server },
	};

	for (size_t i = 0; i < 4; i++)
		gons_must(gons_address_add(ends[i].nsfd, ends[i].ifindex, ends[i].address));
	gons_must(gons_route_add(chain.client, "default", addresses->client_gateway, 0));
	gons_must(gons_route_add(chain.server, "default", addresses->server_gateway, 0));
	for (size_t i = 0; i < 4; i++)
		gons_must(gons_address_wait(ends[i].nsfd, ends[i].ifindex, 10000));
	put(chain.router, addresses->forwarding, "1");
	return chain;
}

static struct chain new_chain(const char *test)
{
	return new_chain_with(test, &ipv4);
}

static struct chain new_ipv6_chain(const char *test)
{
	if (access("/proc/sys/net/ipv6", F_OK) < 0)
		skip_for(test, "there is no IPv6");
	return new_chain_with(test, &ipv6);
}

/* Fills in the name of an IPv4 or IPv6 socket. Returns its size. */
static socklen_t set_name(struct sockaddr_storage *name, const char *address, uint16_t port)
{
	struct sockaddr_in *in = (struct sockaddr_in *)name;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)name;

	memset(name, 0, sizeof(*name));
	if (strchr(address, ':')) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		assert_int_equal(inet_pton(AF_INET6, address, &in6->sin6_addr), 1);
		return sizeof(*in6);
	}
	in->sin_family = AF_INET;
	in->sin_port = htons(port);
	assert_int_equal(inet_pton(AF_INET, address, &in->sin_addr), 1);
	return sizeof(*in);
}

/* The scope closes it. */
static int udp_socket(int nsfd, const char *address, uint16_t port)
{
	struct sockaddr_storage name;
	const socklen_t size = set_name(&name, address, port);
	int fd = gons_must(gons_netns_socket(nsfd, name.ss_family, SOCK_DGRAM, 0));

	assert_int_equal(bind(fd, (struct sockaddr *)&name, size), 0);
	return fd;
}

/* Sends a datagram from the client, as a test does. Whether it could be sent does not matter. */
static void send_datagram(const struct chain *chain, const char *to, uint16_t port, size_t size)
{
	static const char data[2000];
	struct sockaddr_storage name;
	const socklen_t name_size = set_name(&name, to, port);
	int fd = udp_socket(chain->client, strchr(to, ':') ? "::" : "0.0.0.0", 0);
	int discover = IP_PMTUDISC_DO;

	(void)setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &discover, sizeof(discover));
	(void)connect(fd, (struct sockaddr *)&name, name_size);
	(void)send(fd, data, size, 0);
}

/* Sends a datagram to the server's port. */
static void send_one(const struct chain *chain, size_t size)
{
	send_datagram(chain, "10.0.2.2", PORT, size);
}

static char report_text[65536];

static const char *report(void)
{
	FILE *stream = fmemopen(report_text, sizeof(report_text), "w");

	assert_non_null(stream);
	gons_must(gons_report(stream));
	(void)fclose(stream);
	return report_text;
}

/* The first line of the findings. */
static const char *first_finding(void)
{
	static char line[400];
	const char *begin = strstr(report(), "Findings:");

	if (!begin)
		return "none";
	begin = strchr(begin, '\n') + strlen("\n  ");
	(void)snprintf(line, sizeof(line), "%.*s", (int)strcspn(begin, "\n"), begin);
	return line;
}

/* Tries for a second: packets take a moment, and the kernel first looks for neighbours. */
static void assert_found(const char *words, const char *more)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	const char *finding = first_finding();

	for (int i = 0; i < 1000 && !strstr(finding, words); i++) {
		(void)nanosleep(&pause, NULL);
		finding = first_finding();
	}
	assert_contains(finding, words);
	assert_contains(finding, more);
}

static void assert_found_after_one(const struct chain *chain, const char *words, const char *more)
{
	send_one(chain, 5);
	assert_found(words, more);
}

/* ---- broken networks ---- */

static void a_network_that_works_has_no_findings(void **state)
{
	const struct chain chain = new_chain(__func__);
	int server = udp_socket(chain.server, "0.0.0.0", PORT);
	char buf[8];

	(void)state;
	send_one(&chain, 5);
	assert_int_equal(recv(server, buf, sizeof(buf), 0), 5);
	assert_string_equal(first_finding(), "none");
}

static void a_wrong_netmask_is_found(void **state)
{
	const struct chain chain = new_chain(__func__);
	const int ifindex = chain.links[1].peer_ifindex;

	(void)state;
	gons_must(gons_address_delete(chain.server, ifindex, "10.0.2.2/24"));
	gons_must(gons_address_add(chain.server, ifindex, "10.0.2.2/32"));
	assert_found_after_one(&chain, "netmask is wrong", "10.0.2.2/32");
}

static void a_missing_default_route_is_found(void **state)
{
	const struct chain chain = new_chain(__func__);

	(void)state;
	gons_must(gons_route_delete(chain.client, "default", "10.0.1.1", 0));
	assert_found_after_one(&chain, "has no route to ", "10.0.2.");
}

static void a_link_that_is_down_is_found(void **state)
{
	const struct chain chain = new_chain(__func__);

	(void)state;
	gons_must(gons_link_down(chain.router, chain.links[1].ifindex));
	assert_found_after_one(&chain, "eth1 in ", " is down");
}

static void a_peer_that_is_down_is_found(void **state)
{
	const struct chain chain = new_chain(__func__);

	(void)state;
	gons_must(gons_link_down(chain.server, chain.links[1].peer_ifindex));
	assert_found_after_one(&chain, "the peer of eth1 in ", " is down");
}

static void forwarding_that_is_off_is_found(void **state)
{
	const struct chain chain = new_chain(__func__);

	(void)state;
	put(chain.router, "net.ipv4.ip_forward", "0");
	assert_found_after_one(&chain, "forwarding is off in ", "net.ipv4.ip_forward = 0");
}

static void a_wrong_port_is_found(void **state)
{
	const struct chain chain = new_chain(__func__);

	(void)state;
	(void)udp_socket(chain.server, "0.0.0.0", PORT + 1);
	assert_found_after_one(&chain, "nothing listens on UDP port 4711 in ",
			       "listening there: 4712");
}

/* Each end of a connection has a port on which nothing listens, but a socket is there. */
static void the_port_of_a_connected_socket_is_no_finding(void **state)
{
	const struct chain chain = new_chain(__func__);
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	const int listener = gons_must(gons_netns_socket(chain.server, AF_INET, SOCK_STREAM, 0));
	const int client = gons_must(gons_netns_socket(chain.client, AF_INET, SOCK_STREAM, 0));
	const int refused = gons_must(gons_netns_socket(chain.server, AF_INET, SOCK_STREAM, 0));
	int accepted;

	(void)state;
	(void)inet_pton(AF_INET, "10.0.2.2", &address.sin_addr);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
	accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(accepted >= 0);
	/* Something else is refused there, so that the report looks for a port. */
	(void)inet_pton(AF_INET, "10.0.1.2", &address.sin_addr);
	assert_int_equal(connect(refused, (struct sockaddr *)&address, sizeof(address)), -1);
	assert_int_equal(errno, ECONNREFUSED);
	assert_found("nothing listens on a TCP port in ", "1 packet was sent (TcpOutRsts)");
	assert_null(strstr(report_text, "is connected"));
	assert_int_equal(close(accepted), 0);
}

static void a_socket_on_loopback_only_is_found(void **state)
{
	const struct chain chain = new_chain(__func__);

	(void)state;
	(void)udp_socket(chain.server, "127.0.0.1", PORT);
	assert_found_after_one(&chain, "UDP port 4711 in ", "is bound to 127.0.0.1 only");
	assert_found("refused there: 1 packet (UdpNoPorts)", "");
	assert_null(strstr(report_text, "nothing listens on"));
}

static void a_duplicate_address_is_found(void **state)
{
	const struct chain chain = new_chain(__func__);

	(void)state;
	gons_must(gons_address_add(chain.server, chain.links[1].peer_ifindex, "10.0.2.1/24"));
	assert_found_after_one(&chain, "duplicate address ", "10.0.2.1");
}

static void an_mtu_that_swallows_packets_is_found(void **state)
{
	const struct chain chain = new_chain(__func__);

	(void)state;
	/* The router sends packets that are too long for the server's end of the cable. */
	gons_must(gons_link_set_mtu(chain.server, chain.links[1].peer_ifindex, 1400));
	send_one(&chain, 1450);
	assert_found("MTU 1400 ", "on the path");
}

static void an_mtu_of_a_router_that_is_too_small_is_found(void **state)
{
	const struct chain chain = new_chain(__func__);

	(void)state;
	gons_must(gons_link_set_mtu(chain.router, chain.links[1].ifindex, 1400));
	gons_must(gons_link_set_mtu(chain.server, chain.links[1].peer_ifindex, 1400));
	send_one(&chain, 1450);
	assert_found("MTU 1400 on the path", "eth1");
}

static void a_stale_neighbour_is_found(void **state)
{
	const unsigned char lladdr[6] = { 2, 0, 0, 0, 0, 9 };
	const struct chain chain = new_chain(__func__);

	(void)state;
	gons_must(gons_neighbour_add(chain.client, chain.links[0].ifindex, "10.0.1.1", lladdr));
	assert_found_after_one(&chain, "neighbour 10.0.1.1 in ", "02:00:00:00:00:09 (PERMANENT)");
}

static void a_reverse_path_filter_that_drops_is_found(void **state)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	const struct chain chain = new_chain(__func__);
	int server = udp_socket(chain.server, "0.0.0.0", PORT);
	int client;
	char buf[8];

	(void)state;
	send_one(&chain, 5); /* then the neighbours know each other */
	assert_int_equal(recv(server, buf, sizeof(buf), 0), 5);
	gons_must(gons_close(server));
	put(chain.router, "net.ipv4.conf.all.rp_filter", "1");
	/* Packets of the client come from an address that the router has no route back to. */
	gons_must(gons_address_add(chain.client, chain.links[0].ifindex, "10.9.9.9/32"));
	client = udp_socket(chain.client, "10.9.9.9", 0);
	assert_int_equal(inet_pton(AF_INET, "10.0.2.2", &name.sin_addr), 1);
	(void)sendto(client, "x", 1, 0, (struct sockaddr *)&name, sizeof(name));
	gons_must(gons_close(client));
	assert_found("because it has no route back to the sender", "rp_filter");
}

static void a_firewall_that_drops_is_found(void **state)
{
	struct chain chain;
	int status = -1;

	(void)state;
	if (system("command -v nft >/dev/null 2>&1") != 0)
		skip_for("a_firewall_that_drops_is_found", "nft is not installed");
	chain = new_chain(__func__);
	GONS_MUST_IN(chain.server) {
		status = system("nft 'add table inet f; add chain inet f in { type filter hook "
				"input priority 0; policy accept; }; add rule inet f in udp dport "
				"4711 drop' 2>/dev/null");
	}
	if (status != 0)
		skip_for("a_firewall_that_drops_is_found", "the kernel has no nftables");
	(void)udp_socket(chain.server, "0.0.0.0", PORT);
	assert_found_after_one(&chain, "a firewall drops packets in ",
			       "chain \"in\" at hook input, nftables table \"inet f\"");
}

static void a_neighbour_that_does_not_answer_is_found(void **state)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	const struct chain chain = new_chain(__func__);

	(void)state;
	gons_must(gons_route_delete(chain.client, "default", "10.0.1.1", 0));
	gons_must(gons_route_add(chain.client, "default", "10.0.1.7", 0));
	/* Otherwise it takes three seconds. Older kernels hide it from all but the first user namespace. */
	(void)gons_netns_sysctl_set(chain.client, "net.ipv4.neigh.eth0.retrans_time_ms", "20");
	send_one(&chain, 5);
	for (int i = 0; i < 1000 && !strstr(report(), "FAILED"); i++)
		(void)nanosleep(&pause, NULL);
	assert_found("neighbour 10.0.1.7 on eth0 in ",
		     "FAILED: no namespace of the test has this address");
}

/* ---- IPv6 ---- */

static void an_ipv6_network_that_works_has_no_findings(void **state)
{
	const struct chain chain = new_ipv6_chain(__func__);
	int server = udp_socket(chain.server, "::", PORT);
	char buf[8];

	(void)state;
	send_datagram(&chain, "fd00:2::2", PORT, 5);
	assert_int_equal(recv(server, buf, sizeof(buf), 0), 5);
	assert_string_equal(first_finding(), "none");
}

static void ipv6_forwarding_that_is_off_is_found(void **state)
{
	const struct chain chain = new_ipv6_chain("ipv6_forwarding_that_is_off_is_found");

	(void)state;
	put(chain.router, "net.ipv6.conf.all.forwarding", "0");
	(void)udp_socket(chain.server, "::", PORT);
	send_datagram(&chain, "fd00:2::2", PORT, 5);
	assert_found("forwarding is off in ", "net.ipv6.conf.all.forwarding = 0");
}

static void a_missing_ipv6_route_is_found(void **state)
{
	const struct chain chain = new_ipv6_chain("a_missing_ipv6_route_is_found");

	(void)state;
	gons_must(gons_route_delete(chain.client, "default", "fd00:1::1", 0));
	(void)udp_socket(chain.server, "::", PORT);
	send_datagram(&chain, "fd00:2::2", PORT, 5);
	assert_found("has no route to ", "fd00:2::");
}

static void a_wrong_ipv6_port_is_found(void **state)
{
	const struct chain chain = new_ipv6_chain("a_wrong_ipv6_port_is_found");

	(void)state;
	(void)udp_socket(chain.server, "::", PORT);
	send_datagram(&chain, "fd00:2::2", PORT + 1, 5);
	assert_found("nothing listens on UDP port 4712 in ", "");
}

/* ---- which namespaces ---- */

static void namespaces_of_a_set_are_reported(void **state)
{
	gons_set *set;

	(void)state;
	gons_require(CLONE_NEWNET);
	set = gons_must(gons_set_unshare(NULL, CLONE_NEWNET, NULL));
	(void)report();
	gons_set_close(set);
	assert_contains(report_text, "namespace 1 (net:[");
}

static void hosts_of_a_network_have_their_names(void **state)
{
	const gons_net *net;

	(void)state;
	gons_require(CLONE_NEWNET);
	gons_require_link("veth");
	net = gons_must(gons_net_new("alice -- bob", 0));
	gons_must(gons_link_down(gons_net_nsfd(net, "bob"), gons_net_ifindex(net, "bob", "eth0")));
	assert_string_equal(first_finding(),
			    "eth0 in bob is down (it is the peer of eth0 in alice)");
	assert_contains(report_text, "\nbob (net:[");
	assert_contains(report_text, "link eth0 (peer eth0 in alice)");
}

/* Thirty hosts at a bridge, one of them with its link down. */
static void a_network_of_thirty_hosts_takes_a_line_for_each_host_without_findings(void **state)
{
	char plan[1024] = "lan: ";
	size_t used = strlen(plan), lines = 0;
	const gons_net *net;

	(void)state;
	gons_require(CLONE_NEWNET);
	gons_require_link("bridge");
	for (int i = 0; i < 30; i++)
		used += (size_t)snprintf(plan + used, sizeof(plan) - used, "%sh%d", i ? ", " : "",
					 i);
	net = gons_must(gons_net_new(plan, 0));
	gons_must(gons_link_down(gons_net_nsfd(net, "h7"), gons_net_ifindex(net, "h7", "eth0")));
	assert_contains(first_finding(), "eth0 in h7 is down");
	assert_contains(report_text, "\nh8 (net:[");
	assert_contains(report_text, ": no findings; links 2, addresses ");
	for (const char *c = report_text; *c; c++)
		lines += *c == '\n';
	assert_in_range(lines, 30, 120);
}

/* ---- the state ---- */

static void the_reported_state_is_that_of_the_kernel(void **state)
{
	const struct chain chain = new_chain(__func__);

	(void)state;
	(void)udp_socket(chain.server, "10.0.2.2", PORT);
	(void)report();
	assert_contains(report_text, "link eth0 (peer eth1 in ");
	assert_contains(report_text, "veth UP ");
	assert_contains(report_text, "address 10.0.1.2/24 on eth0");
	assert_contains(report_text, "route default via 10.0.1.1 dev eth0");
	assert_contains(report_text, "udp bound 10.0.2.2:4711 (test-report, process ");
	assert_contains(report_text, "sysctl net.ipv4.ip_forward = 1 (0 in a new namespace)");
	assert_contains(report_text,
			"sysctl net.ipv4.conf.{all,default,eth0,eth1,lo}.forwarding = 1 (");
}

static void raw_sockets_are_shown_with_their_protocol(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET);
	require_cap(__func__, CAP_NET_RAW, "CAP_NET_RAW");
	gons_must(gons_netns_enter_transient());
	gons_must(gons_netns_socket(-1, AF_INET, SOCK_RAW, IPPROTO_ICMP));
	(void)report();
	assert_contains(report_text, "  raw protocol 1 (test-report, process ");
}

static void mounts_of_the_test_are_compared_with_those_outside(void **state)
{
	const char *begin;

	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	gons_must(gons_enter_network());
	gons_must(gons_mntns_private(GONS_PRIVATE_TMP));
	(void)report();
	begin = strstr(report_text, "\nmounts of the test (mnt:[");
	assert_non_null(begin);
	assert_contains(begin, "), compared with those outside of the test:\n");
	assert_contains(begin, "\n  mounted /tmp tmpfs");
	assert_contains(begin, "\n  mounted /sys sysfs (ro");
}

static int with_the_same_mount_on_top(void *arg)
{
	(void)arg;
	want(unshare(CLONE_NEWNS) == 0);
	want(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	want(mount("none", "/tmp", "tmpfs", MS_NODEV, NULL) == 0);
	want(gons_scope_begin() >= 0 && gons_enter_transient(CLONE_NEWNET | CLONE_NEWNS) == 0);
	(void)report();
	want(!strstr(report_text, "mounted /tmp tmpfs"));
	want(mount("none", "/tmp", "tmpfs", MS_NODEV, NULL) == 0);
	(void)report();
	want(strstr(report_text, "mounted /tmp tmpfs"));
	return 0;
}

static void a_mount_that_covers_one_of_the_same_look_is_shown(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	assert_int_equal(in_child(with_the_same_mount_on_top, NULL), 0);
}

static int with_few_descriptors(void *arg)
{
	struct rlimit limit;

	(void)arg;
	want(gons_scope_begin() >= 0 && gons_netns_enter_transient() == 0);
	want(gons_netns_new_transient() >= 0);
	want(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	limit.rlim_cur = 3;
	want(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	(void)report();
	want(strstr(report_text, "cannot read 1 more network namespaces: "));
	return 0;
}

static void namespaces_that_cannot_be_read_are_counted(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET);
	assert_int_equal(in_child(with_few_descriptors, NULL), 0);
}

static void an_empty_namespace_takes_one_line(void **state)
{
	const char *end;

	(void)state;
	gons_require(CLONE_NEWNET);
	gons_must(gons_netns_enter_transient());
	(void)report();
	assert_contains(report_text, "the test's namespace (net:[");
	assert_contains(report_text, "]): loopback down, and nothing else\n");
	end = strchr(report_text, '\n');
	assert_string_equal(end, "\n");
}

static void the_machines_own_namespace_is_not_reported(void **state)
{
	(void)state;
	assert_string_equal(report(), "The test has no network namespace of its own.\n");
}

static int report_in_child(void *arg)
{
	const char *outside = arg;

	(void)report();
	want(!strstr(report_text, outside));
	want(strstr(report_text, "the test's namespace (net:["));
	want(gons_scope_begin() >= 0 && gons_netns_enter_transient() == 0);
	(void)report();
	want(!strstr(report_text, outside));
	want(strstr(report_text, "the test's namespace (net:["));
	want(strstr(report_text, "namespace 1 (net:["));
	return 0;
}

static void the_machines_own_namespace_is_not_reported_by_forked_children(void **state)
{
	char outside[64];

	(void)state;
	gons_require(CLONE_NEWNET);
	(void)snprintf(outside, sizeof(outside), "net:[%llu]", (unsigned long long)own_ino("net"));
	gons_must(gons_netns_enter_transient());
	assert_int_equal(in_child(report_in_child, outside), 0);
}

static void a_report_without_a_stream_is_refused(void **state)
{
	(void)state;
	assert_refused(gons_report(NULL), EINVAL, "stream is NULL");
}

static void a_full_disk_is_reported(void **state)
{
	FILE *full = fopen("/dev/full", "we");

	(void)state;
	assert_non_null(full);
	assert_refused(gons_report(full), ENOSPC, "cannot write the report");
	(void)fclose(full);
}

static void a_report_leaves_everything_as_it_was(void **state)
{
	uint64_t before[SWITCHABLE];

	(void)state;
	gons_require(CLONE_NEWNET);
	gons_must(gons_netns_enter_transient());
	take_inodes(before);
	(void)report();
	assert_inodes(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(a_network_that_works_has_no_findings),
		check_test(a_wrong_netmask_is_found),
		check_test(a_missing_default_route_is_found),
		check_test(a_link_that_is_down_is_found),
		check_test(a_peer_that_is_down_is_found),
		check_test(forwarding_that_is_off_is_found),
		check_test(a_wrong_port_is_found),
		check_test(the_port_of_a_connected_socket_is_no_finding),
		check_test(a_socket_on_loopback_only_is_found),
		check_test(a_duplicate_address_is_found),
		check_test(an_mtu_that_swallows_packets_is_found),
		check_test(an_mtu_of_a_router_that_is_too_small_is_found),
		check_test(a_stale_neighbour_is_found),
		check_test(a_reverse_path_filter_that_drops_is_found),
		check_test(a_firewall_that_drops_is_found),
		check_test(a_neighbour_that_does_not_answer_is_found),
		check_test(an_ipv6_network_that_works_has_no_findings),
		check_test(ipv6_forwarding_that_is_off_is_found),
		check_test(a_missing_ipv6_route_is_found),
		check_test(a_wrong_ipv6_port_is_found),
		check_test(namespaces_of_a_set_are_reported),
		check_test(hosts_of_a_network_have_their_names),
		check_test(a_network_of_thirty_hosts_takes_a_line_for_each_host_without_findings),
		check_test(the_reported_state_is_that_of_the_kernel),
		check_test(raw_sockets_are_shown_with_their_protocol),
		check_test(mounts_of_the_test_are_compared_with_those_outside),
		check_test(namespaces_that_cannot_be_read_are_counted),
		check_test(a_mount_that_covers_one_of_the_same_look_is_shown),
		check_test(an_empty_namespace_takes_one_line),
		check_test(the_machines_own_namespace_is_not_reported_by_forked_children),
		check_test(the_machines_own_namespace_is_not_reported),
		check_test(a_report_without_a_stream_is_refused),
		check_test(a_full_disk_is_reported),
		check_test(a_report_leaves_everything_as_it_was),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

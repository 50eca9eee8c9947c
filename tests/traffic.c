/* SPDX-License-Identifier: Apache-2.0 */
/* Real traffic between network namespaces, over links of gons. */
#include "check.h"

#include <arpa/inet.h>
#include <gons/ip.h>
#include <gons/link.h>
#include <linux/capability.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "links.h"

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_ll ll;
};

static socklen_t fill(union address *address, const char *text, uint16_t port)
{
	memset(address, 0, sizeof(*address));
	if (strchr(text, ':')) {
		address->in6.sin6_family = AF_INET6;
		address->in6.sin6_port = htons(port);
		assert_int_equal(inet_pton(AF_INET6, text, &address->in6.sin6_addr), 1);
		return sizeof(address->in6);
	}
	address->in.sin_family = AF_INET;
	address->in.sin_port = htons(port);
	assert_int_equal(inet_pton(AF_INET, text, &address->in.sin_addr), 1);
	return sizeof(address->in);
}

/* A socket stays in the namespace where it is opened. */
struct opening {
	int family, type, fd;
};

static void open_socket(void *arg)
{
	struct opening *opening = arg;

	opening->fd = socket(opening->family, opening->type | SOCK_CLOEXEC, 0);
}

static int socket_in(int nsfd, const char *text, int type)
{
	const struct timeval patience = { .tv_sec = 60 };
	struct opening opening = { strchr(text, ':') ? AF_INET6 : AF_INET, type, -1 };

	gons_must(gons_netns_execute(nsfd, open_socket, &opening));
	assert_true(opening.fd >= 0);
	assert_int_equal(
		setsockopt(opening.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
	assert_int_equal(
		setsockopt(opening.fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)), 0);
	return opening.fd;
}

static void assert_echo(int from, int to)
{
	char text[16] = "";

	assert_int_equal(send(from, "there", 6, 0), 6);
	assert_int_equal(recv(to, text, sizeof(text), 0), 6);
	assert_string_equal(text, "there");
}

/* Sends a datagram from one namespace to this address in another one, and back. */
static void exchange(int from_nsfd, int to_nsfd, const char *text, int type)
{
	int server = socket_in(to_nsfd, text, type), client = socket_in(from_nsfd, text, type);
	union address address, peer;
	socklen_t size = fill(&address, text, 4711), peer_size = sizeof(peer);
	const int on = 1;
	int accepted;

	assert_int_equal(setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	assert_int_equal(bind(server, &address.any, size), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(server, 1), 0);
	if (connect(client, &address.any, size) < 0)
		fail_msg("%s: %s", text, strerror(errno));
	if (type == SOCK_STREAM) {
		accepted = accept4(server, NULL, NULL, SOCK_CLOEXEC);
		assert_true(accepted >= 0);
	} else {
		assert_int_equal(send(client, "hello", 6, 0), 6);
		assert_int_equal(recvfrom(server, (char[16]){ 0 }, 16, 0, &peer.any, &peer_size),
				 6);
		assert_int_equal(connect(server, &peer.any, peer_size), 0);
		accepted = dup(server);
	}
	assert_echo(client, accepted);
	assert_echo(accepted, client);
	assert_int_equal(close(accepted), 0);
	assert_int_equal(close(client), 0);
	assert_int_equal(close(server), 0);
}

static void exchange_all(int from_nsfd, int to_nsfd, const char *ipv4, const char *ipv6)
{
	exchange(from_nsfd, to_nsfd, ipv4, SOCK_DGRAM);
	exchange(from_nsfd, to_nsfd, ipv4, SOCK_STREAM);
	exchange(from_nsfd, to_nsfd, ipv6, SOCK_DGRAM);
	exchange(from_nsfd, to_nsfd, ipv6, SOCK_STREAM);
}

/* Options for a veth between two new namespaces. */
static struct gons_link_options need_two_hosts(void)
{
	struct gons_link_options options = { .up = 1 };

	gons_require(CLONE_NEWNET);
	gons_require_link("veth");
	options.nsfd = gons_must(gons_netns_new_transient());
	options.peer_nsfd = gons_must(gons_netns_new_transient());
	return options;
}

static void a_veth_joins_two_namespaces(void **state)
{
	const struct gons_link_options options = need_two_hosts();
	struct gons_link link;

	(void)state;
	gons_must(gons_veth_new_transient(&options, &link));
	gons_must(gons_address_add(options.nsfd, link.ifindex, "10.0.0.1/24"));
	gons_must(gons_address_add(options.peer_nsfd, link.peer_ifindex, "10.0.0.2/24"));
	gons_must(gons_address_add(options.nsfd, link.ifindex, "fd00::1/64"));
	gons_must(gons_address_add(options.peer_nsfd, link.peer_ifindex, "fd00::2/64"));
	exchange_all(options.nsfd, options.peer_nsfd, "10.0.0.2", "fd00::2");
	exchange_all(options.peer_nsfd, options.nsfd, "10.0.0.1", "fd00::1");
}

/* Each host has a cable to the bridge, which is in a namespace of its own. */
static void a_bridge_joins_three_namespaces(void **state)
{
	struct gons_link_options options = { .up = 1 };
	struct gons_link bridge, cable;
	char text[2][32];
	int hosts[3], middle;

	(void)state;
	gons_require(CLONE_NEWNET);
	gons_require_link("veth");
	gons_require_link("bridge");
	middle = gons_must(gons_netns_new_transient());
	options.nsfd = middle;
	gons_must(gons_bridge_new_transient(&options, &bridge));
	for (int i = 0; i < 3; i++) {
		hosts[i] = gons_must(gons_netns_new_transient());
		options.peer_nsfd = hosts[i];
		gons_must(gons_veth_new_transient(&options, &cable));
		gons_must(gons_link_set_master(middle, cable.ifindex, bridge.ifindex));
		(void)snprintf(text[0], sizeof(text[0]), "10.0.0.%d/24", i + 1);
		(void)snprintf(text[1], sizeof(text[1]), "fd00::%d/64", i + 1);
		gons_must(gons_address_add(hosts[i], cable.peer_ifindex, text[0]));
		gons_must(gons_address_add(hosts[i], cable.peer_ifindex, text[1]));
	}
	gons_must(gons_link_up(middle, bridge.ifindex, 10000));
	for (int i = 0; i < 9; i++) {
		if (i / 3 == i % 3)
			continue;
		(void)snprintf(text[0], sizeof(text[0]), "10.0.0.%d", i % 3 + 1);
		(void)snprintf(text[1], sizeof(text[1]), "fd00::%d", i % 3 + 1);
		exchange_all(hosts[i / 3], hosts[i % 3], text[0], text[1]);
	}
	/* Without its port a host is isolated; with it, it is connected again. */
	assert_true(cable.ifindex > 0);
	gons_must(gons_link_set_master(middle, cable.ifindex, 0));
	gons_must(gons_link_set_master(middle, cable.ifindex, bridge.ifindex));
	exchange_all(hosts[0], hosts[2], "10.0.0.3", "fd00::3");
}

static void macvlans_of_one_parent_reach_each_other(void **state)
{
	struct gons_link_options options = { .up = 1 };
	struct gons_link cable, link;
	int hosts[2];

	(void)state;
	gons_require(CLONE_NEWNET);
	gons_require_link("veth");
	gons_require_link("macvlan");
	options.nsfd = options.peer_nsfd = gons_must(gons_netns_new_transient());
	gons_must(gons_veth_new_transient(&options, &cable));
	options.peer_nsfd = 0;
	options.link_nsfd = options.nsfd;
	options.parent_ifindex = cable.ifindex;
	for (int i = 0; i < 2; i++) {
		options.nsfd = hosts[i] = gons_must(gons_netns_new_transient());
		gons_must(gons_macvlan_new_transient(&options, &link));
		gons_must(gons_address_add(hosts[i], link.ifindex,
					   i ? "10.0.0.2/24" : "10.0.0.1/24"));
		gons_must(
			gons_address_add(hosts[i], link.ifindex, i ? "fd00::2/64" : "fd00::1/64"));
	}
	exchange_all(hosts[0], hosts[1], "10.0.0.2", "fd00::2");
}

/* Bare frames: below IP, a repeated ARP request would hide a lost one. */
static void open_packets(void *arg)
{
	struct opening *opening = arg;

	opening->fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static int packets_in(int nsfd, int ifindex, uint16_t protocol)
{
	const union address address = { .ll = { .sll_family = AF_PACKET,
						.sll_protocol = htons(protocol),
						.sll_ifindex = ifindex } };
	const struct timeval patience = { .tv_sec = 60 };
	struct opening opening = { .fd = -1 };

	gons_must(gons_netns_execute(nsfd, open_packets, &opening));
	assert_true(opening.fd >= 0);
	assert_int_equal(bind(opening.fd, &address.any, sizeof(address.ll)), 0);
	assert_int_equal(
		setsockopt(opening.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
	return opening.fd;
}

static void the_first_frame_through_a_new_veth_arrives(void **state)
{
	enum { PROTOCOL = ETH_P_802_EX1 }; /* experimental: the kernel sends none */
	const struct gons_link_options options = need_two_hosts();
	struct gons_link link;

	(void)state;
	require_cap(__func__, CAP_NET_RAW, "CAP_NET_RAW");
	for (int i = 0; i < 50; i++) {
		union address to = { .ll = { .sll_family = AF_PACKET,
					     .sll_protocol = htons(PROTOCOL),
					     .sll_halen = 6 } };
		char text[64] = "";
		int from_fd, to_fd;

		gons_must(gons_veth_new_transient(&options, &link));
		from_fd = packets_in(options.nsfd, link.ifindex, PROTOCOL);
		to_fd = packets_in(options.peer_nsfd, link.peer_ifindex, PROTOCOL);
		to.ll.sll_ifindex = link.ifindex;
		memset(to.ll.sll_addr, 0xff, 6);
		assert_int_equal(sendto(from_fd, "first", 6, 0, &to.any, sizeof(to.ll)), 6);
		assert_true(recv(to_fd, text, sizeof(text), 0) >= 6);
		assert_string_equal(text, "first");
		assert_int_equal(close(from_fd), 0);
		assert_int_equal(close(to_fd), 0);
	}
}

static void the_same_port_is_free_in_each_namespace(void **state)
{
	union address address;
	const socklen_t size = fill(&address, "127.0.0.1", 4711);
	int taken[3];

	(void)state;
	gons_require(CLONE_NEWNET);
	for (int i = 0; i < 3; i++) {
		int nsfd, again;

		gons_must(gons_netns_enter_transient());
		gons_must(gons_netns_loopback_up());
		nsfd = gons_must(gons_netns_current());
		taken[i] = socket_in(nsfd, "127.0.0.1", SOCK_STREAM);
		assert_int_equal(bind(taken[i], &address.any, size), 0);
		assert_int_equal(listen(taken[i], 1), 0);
		again = socket_in(nsfd, "127.0.0.1", SOCK_STREAM);
		assert_int_equal(bind(again, &address.any, size), -1);
		assert_int_equal(errno, EADDRINUSE);
		assert_int_equal(close(again), 0);
	}
	for (int i = 0; i < 3; i++)
		assert_int_equal(close(taken[i]), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(the_first_frame_through_a_new_veth_arrives),
		check_test(the_same_port_is_free_in_each_namespace),
		check_test(a_veth_joins_two_namespaces),
		check_test(a_bridge_joins_three_namespaces),
		check_test(macvlans_of_one_parent_reach_each_other),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* IPv6 on one cable: a datagram goes to a link-local address. Each link has a network fe80::/64 of
 * its own, so the sender must say which of its links it means, by sin6_scope_id. */
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <gons/cmocka.h>
#include <gons/ip.h>
#include <gons/link.h>
#include <gons/netns.h>

static void a_datagram_reaches_a_link_local_address(void **state)
{
	const struct timeval limit = { .tv_sec = 5 };
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(4711) };
	struct gons_link_options options = { .up = 1 };
	struct gons_link cable;
	char text[8] = "";
	int client, server;

	(void)state;
	if (access("/proc/sys/net/ipv6", F_OK) < 0) {
		print_error("gons: skipped: ipv6: there is no /proc/sys/net/ipv6\n");
		skip();
	}
	gons_require(CLONE_NEWNET);
	gons_require_link("veth");
	options.nsfd = gons_must(gons_netns_new_transient());
	options.peer_nsfd = gons_must(gons_netns_new_transient());
	gons_must(gons_veth_new_transient(&options, &cable));
	/* They can be used at once. For addresses that others add, call gons_address_wait(). */
	gons_must(gons_address_add(options.nsfd, cable.ifindex, "fe80::1/64"));
	gons_must(gons_address_add(options.peer_nsfd, cable.peer_ifindex, "fe80::2/64"));

	server = gons_must(gons_netns_socket(options.peer_nsfd, AF_INET6, SOCK_DGRAM, 0));
	assert_int_equal(setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	assert_int_equal(bind(server, (struct sockaddr *)&address, sizeof(address)), 0);

	client = gons_must(gons_netns_socket(options.nsfd, AF_INET6, SOCK_DGRAM, 0));
	assert_int_equal(inet_pton(AF_INET6, "fe80::2", &address.sin6_addr), 1);
	address.sin6_scope_id = (uint32_t)cable.ifindex; /* of the client, not of the server */
	assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(send(client, "hello", 5, 0), 5);

	assert_int_equal(recv(server, text, sizeof(text), 0), 5);
	assert_string_equal(text, "hello");
}

int main(void)
{
	const struct CMUnitTest tests[] = { gons_unit_test(
		a_datagram_reaches_a_link_local_address) };

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

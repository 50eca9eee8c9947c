/* SPDX-License-Identifier: Apache-2.0 */
/* Two hosts and a router, built link by link: each is a network namespace, and veth pairs connect
 * them. A datagram goes from one host to the other. router.c does the same by a plan. */
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <gons/cmocka.h>
#include <gons/ip.h>
#include <gons/link.h>
#include <gons/netns.h>

/* Creates a host with a cable to the router, and a default route through the router. */
static int make_host(int router, const char *own, const char *routers, const char *gateway)
{
	int host = gons_must(gons_netns_new_transient());
	struct gons_link_options options = { .nsfd = host, .peer_nsfd = router, .up = 1 };
	struct gons_link cable;

	gons_must(gons_veth_new_transient(&options, &cable));
	gons_must(gons_address_add(host, cable.ifindex, own));
	gons_must(gons_address_add(router, cable.peer_ifindex, routers));
	gons_must(gons_route_add(host, "default", gateway, 0));
	return host;
}

static void a_datagram_crosses_the_router(void **state)
{
	const struct timeval limit = { .tv_sec = 5 };
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(4711) };
	int router, client_host, server_host, client, server;
	char text[8];

	(void)state;
	gons_require(CLONE_NEWNET);
	gons_require_link("veth");
	router = gons_must(gons_netns_new_transient());
	if (gons_netns_sysctl_set(router, "net.ipv4.ip_forward", "1") < 0) {
		print_error("gons: skipped: a_datagram_crosses_the_router: %s\n", gons_error());
		skip(); /* /proc/sys may be read-only, as in a container */
	}
	client_host = make_host(router, "10.0.1.2/24", "10.0.1.1/24", "10.0.1.1");
	server_host = make_host(router, "10.0.2.2/24", "10.0.2.1/24", "10.0.2.1");

	client = gons_must(gons_netns_socket(client_host, AF_INET, SOCK_DGRAM, 0));
	server = gons_must(gons_netns_socket(server_host, AF_INET, SOCK_DGRAM, 0));
	assert_int_equal(setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	assert_int_equal(inet_pton(AF_INET, "10.0.2.2", &address.sin_addr), 1);
	assert_int_equal(bind(server, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);

	assert_int_equal(send(client, "hello", 6, 0), 6);
	assert_int_equal(recv(server, text, sizeof(text), 0), 6);
	assert_string_equal(text, "hello");
}

int main(void)
{
	const struct CMUnitTest tests[] = { gons_unit_test(a_datagram_crosses_the_router) };

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

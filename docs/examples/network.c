/* SPDX-License-Identifier: Apache-2.0 */
/* Two hosts and a router from one line of text: a datagram goes from the client to the server. */
#include <arpa/inet.h>
#include <sys/socket.h>

#include <gons/cmocka.h>
#include <gons/net.h>
#include <gons/netns.h>

static void a_datagram_crosses_the_router(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(4711) };
	gons_net *net;
	char text[8] = "";
	int client, server;

	(void)state;
	gons_require(CLONE_NEWNET);
	gons_require_link("veth");
	net = gons_must(gons_net_new("client -- router -- server", 0));

	server = gons_must(gons_netns_socket(gons_net_nsfd(net, "server"), AF_INET, SOCK_DGRAM, 0));
	assert_int_equal(bind(server, (struct sockaddr *)&address, sizeof(address)), 0);

	client = gons_must(gons_netns_socket(gons_net_nsfd(net, "client"), AF_INET, SOCK_DGRAM, 0));
	address.sin_addr.s_addr = inet_addr(gons_net_address(net, "server", AF_INET));
	assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(send(client, "hello", 5, 0), 5);

	assert_int_equal(recv(server, text, sizeof(text), 0), 5);
	assert_string_equal(text, "hello");
}

int main(void)
{
	const struct CMUnitTest tests[] = { gons_unit_test(a_datagram_crosses_the_router) };

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Two hosts and a router from one line of text: a datagram crosses the router. */
#include <arpa/inet.h>
#include <gons/cmocka.h>
#include <gons/net.h>

static void a_datagram_arrives(void **state)
{
	const struct timeval limit = { .tv_sec = 5 };
	struct sockaddr_in peer = { .sin_family = AF_INET, .sin_port = htons(4711) };
	gons_net *net = gons_must(gons_net_new("left -- router -- right", 0));
	int from = gons_must(gons_netns_socket(gons_net_nsfd(net, "left"), AF_INET, SOCK_DGRAM, 0));
	int to = gons_must(gons_netns_socket(gons_net_nsfd(net, "right"), AF_INET, SOCK_DGRAM, 0));
	char text[8] = "";

	(void)state;
	peer.sin_addr.s_addr = inet_addr(gons_must(gons_net_address(net, "right", AF_INET)));
	assert_int_equal(setsockopt(to, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	assert_int_equal(bind(to, (struct sockaddr *)&peer, sizeof(peer)), 0);
	assert_int_equal(sendto(from, "hello", 5, 0, (struct sockaddr *)&peer, sizeof(peer)), 5);
	assert_int_equal(recv(to, text, sizeof(text) - 1, 0), 5);
	assert_string_equal(text, "hello");
}

int main(void)
{
	const struct CMUnitTest tests[] = { gons_unit_test_in(a_datagram_arrives, CLONE_NEWNET) };

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

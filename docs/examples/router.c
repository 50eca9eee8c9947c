/* SPDX-License-Identifier: Apache-2.0 */
/* Two hosts and a router, in one test and in one process: each is a network namespace, joined
 * by veth pairs. A datagram goes from one host to the other. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/route.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gons/cmocka.h>
#include <gons/ip.h>
#include <gons/link.h>

static struct sockaddr_in address(const char *text)
{
	return (struct sockaddr_in){ AF_INET, htons(4711), { inet_addr(text) }, "" };
}

/* These run in a host's or the router's namespace; what they open stays there. */
static void open_socket(void *fd)
{
	*(int *)fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static void forward(void *value)
{
	int fd = open("/proc/sys/net/ipv4/ip_forward", O_WRONLY | O_CLOEXEC);

	if (fd < 0) {
		print_error("gons: skipped: a_datagram_crosses_the_router: read-only /proc/sys\n");
		skip(); /* skips the test, from wherever it is */
	}
	assert_int_equal(write(fd, value, 1) + close(fd), 1);
}

static int make_host(int router, const char *own, const char *other, struct sockaddr_in gateway)
{
	struct gons_link_options options = { .up = 1, .peer_nsfd = router };
	struct rtentry route = { .rt_flags = RTF_UP | RTF_GATEWAY };
	struct gons_link link;
	int fd;

	options.nsfd = gons_must(gons_netns_new_transient());
	gons_must(gons_veth_new_transient(&options, &link));
	gons_must(gons_address_add(options.nsfd, link.ifindex, own));
	gons_must(gons_address_add(router, link.peer_ifindex, other));
	gons_must(gons_netns_execute(options.nsfd, open_socket, &fd));
	memcpy(&route.rt_gateway, &gateway, sizeof(gateway));
	route.rt_dst.sa_family = route.rt_genmask.sa_family = AF_INET; /* 0.0.0.0/0 */
	assert_int_equal(ioctl(fd, SIOCADDRT, &route), 0);
	return fd;
}

static void a_datagram_crosses_the_router(void **state)
{
	struct sockaddr_in right_address = address("10.0.2.2");
	int router, left, right;
	char text[8] = "1";

	(void)state;
	gons_require(CLONE_NEWNET);
	gons_require_link("veth");
	router = gons_must(gons_netns_new_transient());
	gons_must(gons_netns_execute(router, forward, text));
	left = make_host(router, "10.0.1.2/24", "10.0.1.1/24", address("10.0.1.1"));
	right = make_host(router, "10.0.2.2/24", "10.0.2.1/24", address("10.0.2.1"));
	assert_int_equal(bind(right, (void *)&right_address, sizeof(right_address)), 0);
	assert_int_equal(connect(left, (void *)&right_address, sizeof(right_address)), 0);
	assert_int_equal(send(left, "hello", 6, 0), 6);
	assert_int_equal(recv(right, text, sizeof(text), 0), 6);
	assert_string_equal(text, "hello");
	assert_int_equal(close(left) | close(right), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { gons_unit_test(a_datagram_crosses_the_router) };

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

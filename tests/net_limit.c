/* SPDX-License-Identifier: Apache-2.0 */
/* A thousand hosts in one plan. */
#include "check.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <gons/net.h>
#include <gons/netns.h>

enum { HOSTS = 1000 };

/* A descriptor for each host, and few more: the network keeps no sockets. */
static void limit_descriptors(void)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	if (limit.rlim_max < HOSTS + 64)
		skip_for(__func__, "RLIMIT_NOFILE is below 1064");
	limit.rlim_cur = HOSTS + 64;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* A connected datagram socket: the kernel has found a route. */
static void reach(const gons_net *net, const char *from, const char *to, int family)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(1) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(1) };
	const bool is_v4 = family == AF_INET;
	const char *address = gons_must(gons_net_address(net, to, family));

	GONS_SCOPE {
		int fd = gons_must(
			gons_netns_socket(gons_net_nsfd(net, from), family, SOCK_DGRAM, 0));

		assert_int_equal(inet_pton(family, address,
					   is_v4 ? (void *)&in.sin_addr : (void *)&in6.sin6_addr),
				 1);
		assert_int_equal(connect(fd,
					 is_v4 ? (struct sockaddr *)&in : (struct sockaddr *)&in6,
					 is_v4 ? sizeof(in) : sizeof(in6)),
				 0);
	}
}

static void a_thousand_hosts_reach_each_other(void **state)
{
	char *plan = malloc(HOSTS * 32), *at = plan;
	char name[16];
	gons_net *net;
	int fds;

	(void)state;
	require_writable_sysctls(__func__);
	gons_require(CLONE_NEWNET);
	gons_require_link("veth");
	limit_descriptors();
	assert_non_null(plan);
	for (int i = 1; i < HOSTS; i++)
		at += sprintf(at, "hub -- h%d\n", i);
	fds = count_entries("/proc/self/fd");
	net = gons_net_new(plan, 0);
	free(plan);
	gons_must(net);
	assert_int_equal(count_entries("/proc/self/fd"), fds + HOSTS);
	for (int i = 1; i < HOSTS; i++) {
		(void)snprintf(name, sizeof(name), "h%d", i);
		reach(net, name, i == 1 ? "h2" : "h1", AF_INET);
		reach(net, "hub", name, AF_INET6);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { check_test(a_thousand_hosts_reach_each_other) };

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the failure report costs tests that pass: the same test without variables, without a report
 * and with the capture on, in turns. The test has two hosts, and the program sends datagrams from
 * one to the other. The target is 5 percent with the capture on.
 *
 * The memory of a namespace is what its full capture takes: the receive buffer of one socket.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <gons/ip.h>
#include <gons/link.h>
#include <gons/netns.h>
#include <gons/test.h>

#include "measure.h"

enum { ROUNDS = 401, DATAGRAMS = 100, KINDS = 3, TARGET_PERCENT = 5 };

static const struct {
	const char *name, *report, *capture;
} kinds[KINDS] = {
	{ "GONS_REPORT=0", "0", "0" },
	{ "without variables", "1", "0" },
	{ "GONS_CAPTURE=1", "1", "1" },
};

static void must(bool success, const char *what)
{
	if (success)
		return;
	(void)fprintf(stderr, "%s: %s\n", what, gons_error());
	exit(EXIT_FAILURE);
}

static int new_socket(int nsfd, const char *address)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons(4711) };
	int fd = gons_netns_socket(nsfd, AF_INET, SOCK_DGRAM, 0);

	must(fd >= 0 && inet_pton(AF_INET, address, &name.sin_addr) == 1 &&
		     bind(fd, (struct sockaddr *)&name, sizeof(name)) == 0,
	     "socket");
	return fd;
}

/* A test that passes. */
static void run_test(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(4711) };
	struct gons_link_options options = { .name = "eth0", .peer_name = "eth0", .up = true };
	struct gons_link link;
	int client, server;
	char data[100] = "";

	must(gons_test_begin("a test", 0) == 0, "gons_test_begin");
	options.nsfd = gons_netns_new_transient();
	options.peer_nsfd = gons_netns_new_transient();
	must(options.nsfd >= 0 && options.peer_nsfd >= 0, "gons_netns_new_transient");
	must(gons_veth_new_transient(&options, &link) == 0, "gons_veth_new_transient");
	must(gons_address_add(options.nsfd, link.ifindex, "10.0.0.1/24") == 0 &&
		     gons_address_add(options.peer_nsfd, link.peer_ifindex, "10.0.0.2/24") == 0,
	     "gons_address_add");
	client = new_socket(options.nsfd, "10.0.0.1");
	server = new_socket(options.peer_nsfd, "10.0.0.2");
	must(inet_pton(AF_INET, "10.0.0.2", &to.sin_addr) == 1, "inet_pton");
	for (int i = 0; i < DATAGRAMS; i++)
		must(sendto(client, data, sizeof(data), 0, (struct sockaddr *)&to, sizeof(to)) ==
				     sizeof(data) &&
			     recv(server, data, sizeof(data), 0) == sizeof(data),
		     "datagram");
	must(gons_test_end(false) == 0, "gons_test_end");
}

int main(void)
{
	double times[KINDS][ROUNDS], base;

	prepare("report", CLONE_NEWNET);
	for (size_t round = 0; round < ROUNDS; round++)
		for (size_t kind = 0; kind < KINDS; kind++) {
			double begin;

			(void)setenv("GONS_REPORT", kinds[kind].report, 1);
			(void)setenv("GONS_CAPTURE", kinds[kind].capture, 1);
			begin = now_us();
			run_test();
			times[kind][round] = now_us() - begin;
		}
	base = quantile(times[1], ROUNDS, 0.5);
	printf("%-24s %10s %10s %10s\n", "a test that passes", "median us", "p90 us", "percent");
	for (size_t kind = 0; kind < KINDS; kind++) {
		const double median = quantile(times[kind], ROUNDS, 0.5);
		const double percent = 100 * (median / base - 1);

		printf("%-24s %10.1f %10.1f %+10.1f%s\n", kinds[kind].name, median,
		       quantile(times[kind], ROUNDS, 0.9), percent,
		       kind != 2		   ? ""
		       : percent <= TARGET_PERCENT ? "  (target 5: met)"
						   : "  (target 5: missed)");
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links of gons beside the same messages sent by hand over one open libmnl socket; many links
 * beside ip(8); and how soon a link that is up is noticed.
 */
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gons/link.h>
#include <gons/netns.h>
#include <gons/privilege.h>

#include "measure.h"

static int blue, red;

/* ---- messages by hand ---- */

struct hand {
	struct mnl_socket *socket;
	char buf[8192];
	struct nlmsghdr *nlh;
	int ifindex;
};

static struct hand hand; /* in blue */

static void open_hand(struct hand *it, unsigned groups)
{
	it->socket = gons_netns_mnl_open(blue, NETLINK_ROUTE);
	GONS(it->socket ? 0 : -1);
	BARE(mnl_socket_bind(it->socket, groups, MNL_SOCKET_AUTOPID));
}

static void start(struct hand *it, uint16_t type, uint16_t flags, int ifindex)
{
	struct ifinfomsg *ifi;

	it->nlh = mnl_nlmsg_put_header(it->buf);
	it->nlh->nlmsg_type = type;
	it->nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	ifi = mnl_nlmsg_put_extra_header(it->nlh, sizeof(*ifi));
	ifi->ifi_index = ifindex;
}

static int take_index(const struct nlmsghdr *nlh, void *index)
{
	*(int *)index = ((const struct ifinfomsg *)mnl_nlmsg_get_payload(nlh))->ifi_index;
	return MNL_CB_OK;
}

static void finish(struct hand *it)
{
	int status = MNL_CB_OK;

	BARE(mnl_socket_sendto(it->socket, it->nlh, it->nlh->nlmsg_len));
	while (status > MNL_CB_STOP) {
		ssize_t got = BARE(mnl_socket_recvfrom(it->socket, it->buf, sizeof(it->buf)));

		status = BARE(mnl_cb_run(it->buf, (size_t)got, 0, 0, take_index, &it->ifindex));
	}
}

static void pair_bare(void *arg)
{
	static const unsigned char address[6] = { 2, 0, 0, 0, 0, 1 },
				   other[6] = { 2, 0, 0, 0, 0, 2 };
	struct nlattr *info, *data, *peer;

	(void)arg;
	start(&hand, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
	mnl_attr_put_strz(hand.nlh, IFLA_IFNAME, "veth-0123456789");
	mnl_attr_put(hand.nlh, IFLA_ADDRESS, 6, address);
	info = mnl_attr_nest_start(hand.nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(hand.nlh, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(hand.nlh, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(hand.nlh, VETH_INFO_PEER);
	(void)mnl_nlmsg_put_extra_header(hand.nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(hand.nlh, IFLA_IFNAME, "veth-9876543210");
	mnl_attr_put_u32(hand.nlh, IFLA_NET_NS_FD, (uint32_t)red);
	mnl_attr_put(hand.nlh, IFLA_ADDRESS, 6, other);
	mnl_attr_nest_end(hand.nlh, peer);
	mnl_attr_nest_end(hand.nlh, data);
	mnl_attr_nest_end(hand.nlh, info);
	finish(&hand);
	start(&hand, RTM_GETLINK, 0, 0);
	mnl_attr_put_strz(hand.nlh, IFLA_IFNAME, "veth-0123456789");
	finish(&hand);
	start(&hand, RTM_GETLINK, 0, hand.ifindex);
	finish(&hand);
	start(&hand, RTM_DELLINK, 0, hand.ifindex);
	finish(&hand);
}

static void pair_gons(void *arg)
{
	const struct gons_link_options options = { .nsfd = blue, .peer_nsfd = red };
	int mark = GONS(gons_scope_begin());

	(void)arg;
	GONS(gons_veth_new_transient(&options, NULL));
	GONS(gons_scope_end(mark));
}

static void measure_pair(void)
{
	const struct job job = {
		"veth pair made and deleted", pair_gons, pair_bare, NULL, NULL, 100, 1, 1.3
	};

	table_head("In microseconds", "gons", "by hand");
	table_measure(&job);
}

/* ---- many links ---- */

static double many_gons(unsigned n)
{
	const struct gons_link_options options = { .nsfd = blue };
	double begin = now_us();
	int mark = GONS(gons_scope_begin());

	for (unsigned i = 0; i < n; i++)
		GONS(gons_link_new_transient("ifb", &options, NULL));
	GONS(gons_scope_end(mark));
	return (now_us() - begin) / n;
}

static void run_ip(void *arg)
{
	const unsigned n = *(unsigned *)arg;
	FILE *ip = popen("ip -batch -", "we");

	BARE(ip ? 0 : -1);
	for (unsigned i = 0; i < n; i++)
		(void)fprintf(ip, "link add ifb-%u type ifb\n", i);
	for (unsigned i = n; i-- > 0;)
		(void)fprintf(ip, "link delete ifb-%u\n", i);
	BARE(pclose(ip) == 0 ? 0 : -1);
}

static double many_ip(unsigned n)
{
	double begin = now_us();

	GONS(gons_netns_execute(blue, run_ip, &n));
	return (now_us() - begin) / n;
}

static void measure_many(void)
{
	enum { FEW = 15, MANY = 3 };
	double (*const ways[])(unsigned) = { many_gons, many_ip };
	double few[2][FEW], many[2][MANY];

	if (!gons_can_link("ifb") || system("command -v ip >/dev/null") != 0) {
		printf("\nno comparison of many links: no ifb, or no ip(8)\n");
		return;
	}
	for (int i = 0; i < FEW; i++)
		for (int way = 0; way < 2; way++)
			few[way][i] = ways[way](10);
	for (int i = 0; i < MANY; i++)
		for (int way = 0; way < 2; way++)
			many[way][i] = ways[way](1000);
	printf("\nEach ifb link of many, made and deleted, in microseconds\n%-12s %10s %10s %7s\n",
	       "", "of 10", "of 1000", "ratio");
	for (int way = 0; way < 2; way++) {
		double of_few = quantile(few[way], FEW, 0.5),
		       of_many = quantile(many[way], MANY, 0.5);

		printf("%-12s %10.2f %10.2f %7.3f%s\n", way ? "ip -batch" : "gons", of_few, of_many,
		       of_many / of_few,
		       way			 ? ""
		       : of_many / of_few <= 1.5 ? "  <= 1.50 met"
						 : "  <= 1.50 MISSED");
	}
}

/* ---- how soon ---- */

static pthread_barrier_t ready;
static struct gons_link awaited;
static double noticed_gons, noticed_bare;

static void *wait_gons(void *arg)
{
	(void)arg;
	(void)pthread_barrier_wait(&ready);
	GONS(gons_link_up(blue, awaited.ifindex, 60000));
	noticed_gons = now_us();
	return NULL;
}

static int take_state(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;

	if (ifi->ifi_index == awaited.ifindex)
		mnl_attr_for_each(attr, nlh, sizeof(*ifi))
			if (mnl_attr_get_type(attr) == IFLA_OPERSTATE)
				*(int *)arg = mnl_attr_get_u8(attr);
	return MNL_CB_OK;
}

static void *wait_bare(void *arg)
{
	struct hand *monitor = arg;
	int state = 0;

	(void)pthread_barrier_wait(&ready);
	while (state != IF_OPER_UP) {
		ssize_t got = BARE(
			mnl_socket_recvfrom(monitor->socket, monitor->buf, sizeof(monitor->buf)));

		BARE(mnl_cb_run(monitor->buf, (size_t)got, 0, 0, take_state, &state));
	}
	noticed_bare = now_us();
	return NULL;
}

/* Brings the other end up when both wait, and tells how much later gons is back. */
static double lateness(void)
{
	static struct hand monitor;
	const struct gons_link_options options = { .nsfd = red, .peer_nsfd = blue };
	struct gons_link pair;
	pthread_t threads[2];
	int mark = GONS(gons_scope_begin());

	GONS(gons_veth_new_transient(&options, &pair));
	awaited.ifindex = pair.peer_ifindex;
	open_hand(&monitor, RTMGRP_LINK);
	BARE(-pthread_barrier_init(&ready, NULL, 3));
	BARE(-pthread_create(&threads[0], NULL, wait_gons, NULL));
	BARE(-pthread_create(&threads[1], NULL, wait_bare, &monitor));
	(void)pthread_barrier_wait(&ready);
	(void)usleep(20000); /* until both sleep */
	GONS(gons_link_up(red, pair.ifindex, -1));
	BARE(-pthread_join(threads[0], NULL));
	BARE(-pthread_join(threads[1], NULL));
	BARE(-pthread_barrier_destroy(&ready));
	GONS(gons_scope_end(mark));
	return noticed_gons - noticed_bare;
}

static void measure_lateness(void)
{
	enum { ROUNDS = 100 };
	double late[ROUNDS];

	for (int i = 0; i < ROUNDS; i++)
		late[i] = lateness();
	printf("\ngons_link_up() is back, after a bare recvmsg(2) has the notification: median %.0f us, "
	       "p90 %.0f us, most %.0f us; <= 1000 us %s\n",
	       quantile(late, ROUNDS, 0.5), quantile(late, ROUNDS, 0.9), quantile(late, ROUNDS, 1),
	       quantile(late, ROUNDS, 0.5) <= 1000 ? "met" : "MISSED");
}

int main(void)
{
	prepare("links", CLONE_NEWNET);
	if (!gons_can_link("veth")) {
		(void)fprintf(stderr, "gons: skipped: links: %s\n", gons_error());
		return 77;
	}
	blue = GONS(gons_netns_new_transient());
	red = GONS(gons_netns_new_transient());
	open_hand(&hand, 0);
	measure_pair();
	measure_lateness();
	measure_many();
	return 0;
}

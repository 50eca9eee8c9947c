/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network of two hosts and a router beside the same messages sent by hand over open libmnl
 * sockets, both with one datagram across and left to the kernel; a star of 30 hosts beside 30
 * hosts one by one.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gons/net.h>
#include <gons/netns.h>

#include "measure.h"

enum { CLIENT, ROUTER, SERVER, HOSTS, PORT = 4711 };

/* ---- the datagram ---- */

static void cross(int from_fd, int to_fd, const char *address)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	struct pollfd pollfd = { .fd = to_fd, .events = POLLIN };
	char text[8];

	BARE(bind(to_fd, (struct sockaddr *)&to, sizeof(to)));
	BARE(inet_pton(AF_INET, address, &to.sin_addr) == 1 ? 0 : -1);
	BARE(sendto(from_fd, "hello", 5, 0, (struct sockaddr *)&to, sizeof(to)));
	BARE(poll(&pollfd, 1, 10000) == 1 ? 0 : -1);
	BARE(recv(to_fd, text, sizeof(text), 0));
}

/* ---- by gons ---- */

static void router_gons(void *arg)
{
	int mark = GONS(gons_scope_begin());
	gons_net *net = gons_net_new("client -- router -- server", 0);
	int client, server;

	(void)arg;
	GONS(net ? 0 : -1);
	client = GONS(gons_netns_socket(gons_net_nsfd(net, "client"), AF_INET, SOCK_DGRAM, 0));
	server = GONS(gons_netns_socket(gons_net_nsfd(net, "server"), AF_INET, SOCK_DGRAM, 0));
	cross(client, server, gons_net_address(net, "server", AF_INET));
	GONS(gons_scope_end(mark));
}

/* ---- by hand ---- */

static int home, ns[HOSTS];
static struct mnl_socket *sockets[HOSTS];
static char buf[8192];
static struct nlmsghdr *nlh;

static void *start(uint16_t type, uint16_t flags, size_t header)
{
	memset(buf, 0, 1024);
	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	return mnl_nlmsg_put_extra_header(nlh, header);
}

static void finish(int host)
{
	int status = MNL_CB_OK;

	BARE(mnl_socket_sendto(sockets[host], nlh, nlh->nlmsg_len));
	while (status > MNL_CB_STOP) {
		ssize_t got = BARE(mnl_socket_recvfrom(sockets[host], buf, sizeof(buf)));

		status = BARE(mnl_cb_run(buf, (size_t)got, 0, 0, NULL, NULL));
	}
}

static void write_file(const char *path, const char *value)
{
	int fd = BARE(open(path, O_WRONLY | O_CLOEXEC));

	BARE(write(fd, value, strlen(value)));
	BARE(close(fd));
}

static void make_host(int host)
{
	BARE(unshare(CLONE_NEWNET));
	ns[host] = BARE(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
	sockets[host] = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	BARE(sockets[host] ? 0 : -1);
	BARE(mnl_socket_bind(sockets[host], 0, MNL_SOCKET_AUTOPID));
	if (host != ROUTER)
		return;
	write_file("/proc/sys/net/ipv4/ip_forward", "1");
	write_file("/proc/sys/net/ipv6/conf/all/forwarding", "1");
}

/* The link in a host, with this number, and its peer in the router. */
static void make_pair(int host, const char *name, int ifindex, const char *peer_name)
{
	struct nlattr *info, *data, *peer;
	struct ifinfomsg *ifi =
		start(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg));

	ifi->ifi_index = ifindex;
	ifi->ifi_flags = ifi->ifi_change = IFF_UP;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(nlh, VETH_INFO_PEER);
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_index = ifindex;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, peer_name);
	mnl_attr_put_u32(nlh, IFLA_NET_NS_FD, (uint32_t)ns[ROUTER]);
	mnl_attr_nest_end(nlh, peer);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	finish(host);
}

static void set_up(int host, int ifindex)
{
	struct ifinfomsg *ifi = start(RTM_NEWLINK, 0, sizeof(*ifi));

	ifi->ifi_index = ifindex;
	ifi->ifi_flags = ifi->ifi_change = IFF_UP;
	finish(host);
}

/* Which has the kernel work its state out. */
static void get_link(int host, int ifindex)
{
	struct ifinfomsg *ifi = start(RTM_GETLINK, 0, sizeof(*ifi));

	ifi->ifi_index = ifindex;
	finish(host);
}

static void put_address(uint16_t type, const char *text, int family)
{
	unsigned char bytes[16];

	(void)inet_pton(family, text, bytes);
	mnl_attr_put(nlh, type, family == AF_INET ? 4 : 16, bytes);
}

static void add_address(int host, int ifindex, const char *text)
{
	const int family = strchr(text, ':') ? AF_INET6 : AF_INET;
	struct ifaddrmsg *ifa =
		start(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifaddrmsg));

	ifa->ifa_family = (unsigned char)family;
	ifa->ifa_prefixlen = family == AF_INET ? 24 : 64;
	ifa->ifa_flags = family == AF_INET ? 0 : IFA_F_NODAD;
	ifa->ifa_index = (uint32_t)ifindex;
	put_address(IFA_LOCAL, text, family);
	put_address(IFA_ADDRESS, text, family);
	finish(host);
}

static void add_default(int host, const char *gateway)
{
	const int family = strchr(gateway, ':') ? AF_INET6 : AF_INET;
	struct rtmsg *rtm = start(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct rtmsg));

	rtm->rtm_family = (unsigned char)family;
	rtm->rtm_table = RT_TABLE_MAIN;
	rtm->rtm_protocol = RTPROT_STATIC;
	rtm->rtm_type = RTN_UNICAST;
	put_address(RTA_GATEWAY, gateway, family);
	finish(host);
}

static int open_in(int host)
{
	int fd;

	BARE(setns(ns[host], CLONE_NEWNET));
	fd = BARE(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	BARE(setns(home, CLONE_NEWNET));
	return fd;
}

static void router_bare(void *arg)
{
	int client, server;

	(void)arg;
	for (int i = 0; i < HOSTS; i++)
		make_host(i);
	BARE(setns(home, CLONE_NEWNET));
	make_pair(CLIENT, "eth0", 2, "eth0");
	make_pair(SERVER, "eth0", 3, "eth1");
	for (int i = 0; i < HOSTS; i++)
		set_up(i, 1);
	set_up(ROUTER, 2);
	set_up(ROUTER, 3);
	get_link(CLIENT, 2);
	get_link(ROUTER, 2);
	get_link(ROUTER, 3);
	get_link(SERVER, 3);
	add_address(CLIENT, 2, "10.0.1.1");
	add_address(CLIENT, 2, "fd00:1::1");
	add_address(ROUTER, 2, "10.0.1.2");
	add_address(ROUTER, 2, "fd00:1::2");
	add_address(ROUTER, 3, "10.0.2.1");
	add_address(ROUTER, 3, "fd00:2::1");
	add_address(SERVER, 3, "10.0.2.2");
	add_address(SERVER, 3, "fd00:2::2");
	add_default(CLIENT, "10.0.1.2");
	add_default(CLIENT, "fd00:1::2");
	add_default(SERVER, "10.0.2.1");
	add_default(SERVER, "fd00:2::1");
	client = open_in(CLIENT);
	server = open_in(SERVER);
	cross(client, server, "10.0.2.2");
	BARE(close(client));
	BARE(close(server));
	for (int i = 0; i < HOSTS; i++) {
		BARE(mnl_socket_close(sockets[i]));
		BARE(close(ns[i]));
	}
}

/* ---- a star ---- */

static void build(const char *plan)
{
	int mark = GONS(gons_scope_begin());

	GONS(gons_net_new(plan, 0) ? 0 : -1);
	GONS(gons_scope_end(mark));
}

static void star(void *arg)
{
	build(arg);
}

static void one_by_one(void *arg)
{
	(void)arg;
	for (int i = 0; i < 30; i++)
		build("hub -- h");
}

int main(void)
{
	static char plan[1024];
	const struct job jobs[] = {
		{ "two hosts and a router", router_gons, router_bare, NULL, NULL, 100, 1, 1.3 },
		{ "a star of 30 hosts", star, one_by_one, NULL, plan, 10, 1, 1.0 },
	};

	for (int i = 0; i < 30; i++)
		(void)sprintf(plan + strlen(plan), "hub -- h%d;", i);
	prepare("network", CLONE_NEWNET);
	home = BARE(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
	table_head("Networks", "gons", "by hand; 30 times one host");
	for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++)
		table_measure(&jobs[i]);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network of two hosts and a router, with a datagram across, beside
 * - the same messages sent by hand over open libmnl sockets, and left to the kernel at the end,
 * - the scripts that the arguments name, each of which makes the same network.
 *
 * Then a star of 30 hosts beside 30 hosts one by one; the end of a scope with a veth pair beside
 * deleting the pair; 200 tests in a row beside one alone; and what a host takes.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <gons/link.h>
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

/* ---- scripts ---- */

extern char **environ;

/* Standard input and output are pipes, or /dev/null where fds is NULL. */
static pid_t start_script(const char *path, const int fds[2])
{
	char name[32];
	char *argv[] = { (char *)(uintptr_t)path, name, NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int errnum;

	(void)snprintf(name, sizeof(name), "-bench%d", (int)getpid());
	(void)posix_spawn_file_actions_init(&actions);
	if (fds) {
		(void)posix_spawn_file_actions_adddup2(&actions, fds[0], STDIN_FILENO);
		(void)posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
	} else {
		(void)posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null",
						       O_WRONLY, 0);
	}
	(void)posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	errnum = posix_spawn(&pid, path, &actions, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	return errnum == 0 ? pid : -1;
}

static int run_script(const char *path)
{
	const pid_t pid = start_script(path, NULL);
	int status;

	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

static void router_script(void *arg)
{
	BARE(run_script(arg));
}

/* A program that makes the network once for each line that it reads, and answers by a line. */
static struct {
	pid_t pid;
	FILE *to, *from;
} program;

static bool is_answered(void)
{
	char line[32];

	return fgets(line, sizeof(line), program.from) != NULL;
}

static bool start_program(const char *path)
{
	int to[2], from[2];

	BARE(pipe2(to, O_CLOEXEC));
	BARE(pipe2(from, O_CLOEXEC));
	program.pid = start_script(path, (const int[]){ to[0], from[1] });
	(void)close(to[0]);
	(void)close(from[1]);
	program.to = fdopen(to[1], "w");
	program.from = fdopen(from[0], "r");
	return program.pid > 0 && program.to && program.from && is_answered();
}

static void router_program(void *arg)
{
	(void)arg;
	(void)fputc('\n', program.to);
	(void)fflush(program.to);
	BARE(is_answered() ? 0 : -1);
}

static void stop_program(void)
{
	(void)fclose(program.to);
	(void)fclose(program.from);
	if (program.pid > 0)
		(void)waitpid(program.pid, NULL, 0);
}

static void measure_script(char *path)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	struct job job = { name, router_gons, router_script, NULL, path, 20, 1, 0.1 };
	const char *ending = strrchr(path, '.');
	bool stays = ending && strcmp(ending, ".py") == 0;

	if (stays ? !start_program(path) : run_script(path) < 0) {
		printf("%-36s not measured: it does not work here\n", name);
	} else {
		if (stays)
			job.bare = router_program;
		table_measure(&job);
	}
	if (stays)
		stop_program();
}

/* ---- the end of a scope ---- */

static struct {
	int mark, nsfd, ifindex;
} pair = { -1, -1, 0 };

static void end_pair(void *arg)
{
	(void)arg;
	GONS(gons_scope_end(pair.mark));
	pair.mark = -1;
}

static void delete_pair(void *arg)
{
	(void)arg;
	GONS(gons_link_delete(pair.nsfd, pair.ifindex));
}

static void new_pair(void *arg)
{
	struct gons_link_options options = { .up = true };
	struct gons_link link;

	if (pair.mark >= 0)
		end_pair(arg);
	pair.mark = GONS(gons_scope_begin());
	options.nsfd = pair.nsfd = GONS(gons_netns_new_transient());
	options.peer_nsfd = GONS(gons_netns_new_transient());
	GONS(gons_veth_new_transient(&options, &link));
	pair.ifindex = link.ifindex;
}

/* ---- one after the other ---- */

enum { IN_A_ROW = 200, ALONE = 7, ROWS = 3, PAUSE_MS = 300 };

/* Of network namespaces, also those that wait for their end; -1 where the kernel does not tell. */
static long count_namespaces(void)
{
	FILE *file = fopen("/proc/slabinfo", "re");
	char line[512];
	long n = -1;

	while (file && n < 0 && fgets(line, sizeof(line), file))
		if (strncmp(line, "net_namespace ", 14) == 0)
			n = strtol(line + 14, NULL, 10);
	if (file)
		(void)fclose(file);
	return n;
}

static void let_kernel_end_them(void)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };

	(void)nanosleep(&pause, NULL);
}

static double time_row(unsigned n)
{
	double start = now_us();

	for (unsigned i = 0; i < n; i++)
		router_gons(NULL);
	return (now_us() - start) / n;
}

static void show_backlog(void)
{
	long before, now, most = 0, last = 0;

	let_kernel_end_them();
	before = count_namespaces();
	for (int i = 0; before >= 0 && i < IN_A_ROW; i++) {
		router_gons(NULL);
		now = count_namespaces() - before;
		most = now > most ? now : most;
		last = now;
	}
	let_kernel_end_them();
	if (before < 0)
		printf("%-36s not measured: /proc/slabinfo does not tell\n",
		       "namespaces that wait");
	else
		printf("%-36s %ld of %d at most, %ld at the end, %ld after %d ms\n",
		       "namespaces that wait for the kernel", most, IN_A_ROW * HOSTS, last,
		       count_namespaces() - before, PAUSE_MS);
}

static void measure_row(void)
{
	double alone[ALONE * ROWS], rows[ROWS], one, each;

	for (int i = 0; i < ROWS; i++) {
		for (int k = 0; k < ALONE; k++) {
			let_kernel_end_them();
			alone[i * ALONE + k] = time_row(1);
		}
		let_kernel_end_them();
		rows[i] = time_row(IN_A_ROW);
	}
	one = quantile(alone, ALONE * ROWS, 0.5);
	each = quantile(rows, ROWS, 0.5);
	printf("\n%-36s %10.2f us alone, %10.2f us in a row of %d, ratio %.3f  <= 1.50 %s\n",
	       "a test", one, each, IN_A_ROW, each / one, each <= 1.5 * one ? "met" : "MISSED");
	show_backlog();
}

/* ---- what a host takes ---- */

/* What the kernel has for itself, in KiB. */
static long kernel_memory(void)
{
	static const char *const names[] = { "Slab:", "Percpu:", "KernelStack:", "VmallocUsed:" };
	FILE *file = fopen("/proc/meminfo", "re");
	char line[128];
	long sum = 0;

	while (file && fgets(line, sizeof(line), file))
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (strncmp(line, names[i], strlen(names[i])) == 0)
				sum += strtol(line + strlen(names[i]), NULL, 10);
	if (file)
		(void)fclose(file);
	return sum;
}

static int count_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int n = 0;

	while (directory && readdir(directory))
		n++;
	if (directory)
		(void)closedir(directory);
	return n;
}

/* What the process has in memory, in KiB. */
static long own_memory(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	long size = 0, resident = 0;

	if (!file || fscanf(file, "%ld %ld", &size, &resident) != 2)
		resident = 0;
	if (file)
		(void)fclose(file);
	return resident * sysconf(_SC_PAGESIZE) / 1024;
}

static void show_host(void)
{
	enum { MANY = 400 };
	static char plan[MANY * 16];
	int mark = GONS(gons_scope_begin()), descriptors;
	long own, kernel;

	for (int i = 1; i < MANY; i++)
		(void)sprintf(plan + strlen(plan), "hub -- h%d;", i);
	let_kernel_end_them();
	kernel = kernel_memory();
	own = own_memory();
	descriptors = count_descriptors();
	GONS(gons_net_new(plan, 0) ? 0 : -1);
	printf("%-36s %.2f descriptors, %.2f KiB of the process, %ld KiB of the kernel\n",
	       "a host of a star of 400", (count_descriptors() - descriptors) / (double)MANY,
	       (double)(own_memory() - own) / MANY, (kernel_memory() - kernel) / MANY);
	GONS(gons_scope_end(mark));
}

int main(int argc, char **argv)
{
	static char plan[1024];
	const struct job jobs[] = {
		{ "two hosts and a router", router_gons, router_bare, NULL, NULL, 100, 1, 1.3 },
		{ "a star of 30 hosts", star, one_by_one, NULL, plan, 10, 1, 1.0 },
		{ "the end of a veth pair", end_pair, delete_pair, new_pair, NULL, 50, 1, 0.02 },
	};

	for (int i = 0; i < 30; i++)
		(void)sprintf(plan + strlen(plan), "hub -- h%d;", i);
	(void)signal(SIGPIPE, SIG_IGN); /* of a program that does not work */
	prepare("network", CLONE_NEWNET);
	home = BARE(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
	table_head("Networks", "gons", "the other");
	table_measure(&jobs[0]);
	for (int i = 1; i < argc; i++)
		measure_script(argv[i]);
	table_measure(&jobs[1]);
	new_pair(NULL);
	table_measure(&jobs[2]);
	end_pair(NULL);
	measure_row();
	show_host();
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets, sysctls, tun and tap, offload, and waiting in network namespaces. */
#include "check.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gons/ip.h>
#include <gons/link.h>
#include <gons/mntns.h>
#include <gons/netns.h>
#include <gons/privilege.h>
#include <linux/capability.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "links.h"

/* ---- sockets ---- */

static void a_socket_lives_in_the_other_namespace(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(7),
				       .sin_addr.s_addr = inet_addr("10.1.2.3") };
	int fd = -1;

	(void)state;
	need_namespaces(NULL);
	gons_must(gons_address_add(red, 1, "10.1.2.3/24"));
	gons_must(gons_address_add(blue, 1, "10.1.2.4/24"));
	GONS_SCOPE {
		fd = gons_must(gons_netns_socket(red, AF_INET, SOCK_DGRAM, 0));
		assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		fd = gons_must(gons_netns_socket(blue, AF_INET, SOCK_DGRAM, 0));
		assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), -1);
		assert_int_equal(errno, EADDRNOTAVAIL);
	}
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_refused(gons_netns_socket(red, 4711, SOCK_DGRAM, 0), EAFNOSUPPORT,
		       "cannot open a socket (domain 4711");
	fd = gons_must(open("/dev/null", O_RDONLY | O_CLOEXEC));
	assert_refused(gons_netns_socket(fd, AF_INET, SOCK_DGRAM, 0), EINVAL, "namespace");
	assert_int_equal(close(fd), 0);
	assert_refused(gons_netns_socket(fd, AF_INET, SOCK_DGRAM, 0), EBADF, "closed");
}

struct server {
	int type, fd;
};

static void *listen_late(void *arg)
{
	struct server *server = arg;
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(8080) };

	(void)poll(NULL, 0, 20);
	if (bind(server->fd, (struct sockaddr *)&any, sizeof(any)) == 0 &&
	    server->type == SOCK_STREAM)
		(void)listen(server->fd, 1);
	return NULL;
}

static void a_port_is_waited_for(void **state)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM };
	struct server server;
	pthread_t thread;

	(void)state;
	need_namespaces(NULL);
	for (int i = 0; i < 2; i++) {
		server.type = types[i];
		server.fd = gons_must(gons_netns_socket(red, AF_INET6, types[i], 0));
		assert_refused(gons_netns_wait_listen(red, types[i], 8080, 0), ETIMEDOUT, "8080");
		assert_int_equal(pthread_create(&thread, NULL, listen_late, &server), 0);
		gons_must(gons_netns_wait_listen(red, types[i], 8080, 10000));
		assert_int_equal(pthread_join(thread, NULL), 0);
		gons_must(gons_netns_wait_listen(red, types[i], 8080, 0));
		assert_refused(gons_netns_wait_listen(red, types[i], 8081, 1), ETIMEDOUT,
			       "8081 after 1 ms");
		assert_refused(gons_netns_wait_listen(blue, types[i], 8080, 0), ETIMEDOUT, "8080");
	}
	assert_refused(gons_netns_wait_listen(red, SOCK_RAW, 8080, 0), EINVAL,
		       "not SOCK_STREAM or SOCK_DGRAM");
	assert_refused(gons_netns_wait_listen(red, SOCK_STREAM, 0, 0), EINVAL, "port is 0");
	assert_refused(gons_netns_wait_listen(red, SOCK_STREAM, 1, -2), EINVAL, "(-2)");
}

/* ---- sysctls ---- */

static void a_sysctl_is_set_in_its_namespace_and_restored(void **state)
{
	char value[64];

	(void)state;
	require_writable_sysctls(__func__);
	need_namespaces(NULL);
	gons_must(gons_netns_sysctl_get(red, "net.ipv4.ip_default_ttl", value, sizeof(value)));
	assert_string_equal(value, "64");
	GONS_SCOPE {
		gons_must(gons_netns_sysctl_set(red, "net.ipv4.ip_default_ttl", "9"));
		gons_must(gons_netns_sysctl_set(red, "net/ipv4/ip_default_ttl", "10\n"));
		gons_must(gons_netns_sysctl_get(red, "net/ipv4/ip_default_ttl", value, 3));
		assert_string_equal(value, "10");
		gons_must(gons_netns_sysctl_get(blue, "net.ipv4.ip_default_ttl", value, 3));
		assert_string_equal(value, "64");
	}
	gons_must(gons_netns_sysctl_get(red, "net.ipv4.ip_default_ttl", value, sizeof(value)));
	assert_string_equal(value, "64");
	gons_must(gons_enter(red));
	gons_must(gons_netns_sysctl_set(0, "net.ipv4.ip_forward", "1"));
	assert_string_equal(read_text("/proc/sys/net/ipv4/ip_forward"), "1\n");
}

static void a_link_with_a_dot_in_its_name_has_sysctls(void **state)
{
	struct gons_link_options options = { .name = "eth0.100" };
	char value[8];

	(void)state;
	require_writable_sysctls(__func__);
	need_namespaces("veth");
	options.nsfd = red;
	gons_must(gons_veth_new_transient(&options, NULL));
	gons_must(gons_netns_sysctl_set(red, "net.ipv4.conf.eth0/100.forwarding", "1"));
	gons_must(gons_netns_sysctl_get(red, "net/ipv4/conf/eth0.100/forwarding", value, 8));
	assert_string_equal(value, "1");
}

static void a_sysctl_of_a_deleted_link_is_not_restored(void **state)
{
	struct gons_link link;

	(void)state;
	require_writable_sysctls(__func__);
	need_namespaces("veth");
	gons_must(gons_enter(red));
	gons_must(gons_veth_new_transient(&(struct gons_link_options){ .name = "eth0" }, &link));
	GONS_SCOPE {
		gons_must(gons_netns_sysctl_set(-1, "net.ipv4.conf.eth0.forwarding", "1"));
		gons_must(gons_link_delete(-1, link.ifindex));
	}
}

static void invalid_sysctls_are_refused(void **state)
{
	static const char *const names[] = { "",
					     "net",
					     "net.",
					     "kernel.hostname",
					     "net/../kernel/hostname",
					     "net.ipv4...x",
					     "net/ipv4/./ip_forward",
					     "/proc/sys/net/ipv4/ip_forward" };
	char value[8], long_text[5000];

	(void)state;
	require_writable_sysctls(__func__);
	need_namespaces(NULL);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_refused(gons_netns_sysctl_set(red, names[i], "1"), EINVAL, names[i]);
		assert_refused(gons_netns_sysctl_get(red, names[i], value, 8), EINVAL, names[i]);
	}
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	assert_refused(gons_netns_sysctl_set(red, NULL, "1"), EINVAL, "name is NULL");
	assert_refused(gons_netns_sysctl_set(red, long_text, "1"), EINVAL, "4999 characters");
	assert_refused(gons_netns_sysctl_set(red, "net.ipv4.ip_forward", NULL), EINVAL,
		       "value is NULL");
	assert_refused(gons_netns_sysctl_set(red, "net.ipv4.ip_forward", long_text), EINVAL,
		       "4999 characters");
	assert_refused(gons_netns_sysctl_set(red, "net.ipv4.route.flush", "1"), EACCES,
		       "written and not read, so no value could be restored; write it by");
	assert_refused(gons_netns_sysctl_get(red, "net.ipv4.route.flush", value, sizeof(value)),
		       EACCES, "written and not read");
	assert_refused(gons_netns_sysctl_get(red, "net.ipv4.ip_forward", NULL, 1), EINVAL,
		       "value is NULL");
	assert_refused(gons_netns_sysctl_get(red, "net.ipv4.ip_forward", value, 0), EINVAL,
		       "size is 0");
	assert_refused(gons_netns_sysctl_get(red, "net.ipv4.ip_forward", value, 1), ERANGE,
		       "needs 2 bytes");
	assert_refused(gons_netns_sysctl_set(red, "net.ipv4.nonsense", "1"), ENOENT,
		       "cannot open the sysctl net.ipv4.nonsense");
	assert_refused(gons_netns_sysctl_set(red, "net.ipv4.ip_default_ttl", "soon"), EINVAL,
		       "to \"soon\"");
}

/* As root of a user namespace that does not own the network namespace, it is not told to be root. */
static int set_as_nobody(void *arg)
{
	(void)arg;
	want(setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0);
	want(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);
	want(failed_with(gons_netns_sysctl_set(-1, "net.ipv4.ip_forward", "1"), EACCES,
			 "nobody may; run as root, or call gons_become_root() first"));
	want(unshare(CLONE_NEWUSER) == 0);
	want(put_text("/proc/thread-self/uid_map", "0 65534 1"));
	want(failed_with(gons_netns_sysctl_set(-1, "net.ipv4.ip_forward", "1"), EACCES,
			 "nobody may; call gons_become_root() first"));
	return 0;
}

static void who_may_set_a_sysctl_is_said(void **state)
{
	(void)state;
	require_writable_sysctls(__func__);
	gons_require(CLONE_NEWUSER | CLONE_NEWNET);
	if (!can_become_nobody())
		skip_for(__func__, "it takes root");
	gons_must(gons_netns_enter_transient());
	assert_int_equal(in_child(set_as_nobody, NULL), 0);
}

/* As by docker's AppArmor profile. */
static int set_where_no_file_can_be_opened(void *arg)
{
	(void)arg;
	want(refuse_call(SYS_openat, EACCES));
	want(failed_with(gons_netns_sysctl_set(-1, "net.ipv4.ip_forward", "1"), EACCES,
			 "security module"));
	want(strstr(gons_error(), "possibly refuses it"));
	return 0;
}

static void a_module_that_refuses_root_a_sysctl_is_suspected(void **state)
{
	(void)state;
	require_writable_sysctls(__func__);
	gons_require(CLONE_NEWNET);
	gons_must(gons_netns_enter_transient());
	assert_int_equal(in_child(set_where_no_file_can_be_opened, NULL), 0);
}

/* With a read-only /proc/sys, as in containers, root of the machine still sets sysctls; for
 * other users the message has a remedy. */
static void a_read_only_proc_sys_is_explained_or_does_not_matter(void **state)
{
	char value[8];

	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	gons_must(gons_netns_enter_transient());
	if (!enter_read_only_proc_sys())
		skip_for(__func__, "/proc/sys cannot be mounted read-only here");
	if (gons_netns_sysctl_set(-1, "net.ipv4.ip_forward", "1") < 0) {
		assert_int_equal(errno, EROFS);
		assert_contains(gons_error(), "/proc/sys is mounted read-only");
		assert_contains(gons_error(), "start the container with");
	} else {
		gons_must(gons_netns_sysctl_get(-1, "net.ipv4.ip_forward", value, 8));
		assert_string_equal(value, "1");
	}
}

/* ---- tun and tap ---- */

static void need_tun(void)
{
	need_namespaces(NULL);
	gons_require_link("tap");
	gons_require_link("tun");
}

static void frames_pass_a_tap(void **state)
{
	static const unsigned char mac[6] = { 2, 0, 0, 0, 0, 7 };
	struct gons_link_options options = { .name = "tap0", .mtu = 1400, .up = 1, .address = mac };
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP) };
	unsigned char frame[64] = { 2, 0, 0, 0, 0, 8, 2, 0, 0, 0, 0, 7, 0x88, 0xb5, 'x' };
	unsigned char got[2048];
	struct seen_link seen;
	struct gons_link link;
	ssize_t size;
	int fd, packet;

	(void)state;
	need_tun();
	options.nsfd = red;
	fd = gons_must(gons_tap_new_transient(&options, &link));
	assert_string_equal(link.name, "tap0");
	assert_int_equal(link.address_size, 6);
	assert_memory_equal(link.address, mac, 6);
	assert_true(see_link(red, link.ifindex, &seen));
	assert_int_equal(seen.mtu, 1400);
	assert_memory_equal(seen.address, mac, 6);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	packet = gons_must(gons_netns_socket(red, AF_PACKET, SOCK_RAW, 0));
	to.sll_ifindex = link.ifindex;
	assert_int_equal(
		sendto(packet, frame, sizeof(frame), 0, (struct sockaddr *)&to, sizeof(to)),
		sizeof(frame));
	do /* also packets of the kernel itself */
		size = read(fd, got, sizeof(got));
	while (size > 0 && got[12] != 0x88);
	assert_int_equal(size, sizeof(frame));
	assert_memory_equal(got, frame, sizeof(frame));
	assert_int_equal(gons_close(fd), 0);
	assert_false(see_link(red, link.ifindex, &seen));
}

static void a_tun_device_ends_with_the_scope(void **state)
{
	struct gons_link_options options = { .prefix = "vpn" };
	struct seen_link seen;
	struct gons_link link;

	(void)state;
	need_tun();
	gons_must(gons_enter(red));
	GONS_SCOPE {
		gons_must(gons_tun_new_transient(&options, &link));
		assert_memory_equal(link.name, "vpn", 3);
		assert_int_equal(link.address_size, 0);
		assert_true(see_link(-1, link.ifindex, &seen));
		assert_string_equal(seen.kind, "tun");
		gons_must(gons_link_up(-1, link.ifindex, 5000));
	}
	assert_false(see_link(-1, link.ifindex, &seen));
	gons_must(gons_link_new_transient("tap", NULL, &link));
	assert_memory_equal(link.name, "tap-", 4);
	assert_true(see_link(-1, link.ifindex, &seen));
}

static void invalid_tap_devices_are_refused(void **state)
{
	struct gons_link_options options = { .name = "tap0" };

	(void)state;
	need_tun();
	gons_must(gons_enter(red));
	gons_must(gons_tap_new_transient(&options, NULL));
	assert_refused(gons_tap_new_transient(&options, NULL), EEXIST, "tap0 is taken");
	options.name = "lo";
	assert_refused(gons_tun_new_transient(&options, NULL), EEXIST, "lo is taken");
	options = (struct gons_link_options){ .peer_name = "x" };
	assert_refused(gons_tap_new_transient(&options, NULL), EINVAL, "peer_name");
	options = (struct gons_link_options){ .peer_nsfd = blue };
	assert_refused(gons_tap_new_transient(&options, NULL), EINVAL, "peer_nsfd");
	options = (struct gons_link_options){ .parent_ifindex = 1 };
	assert_refused(gons_tap_new_transient(&options, NULL), EINVAL, "parent_ifindex");
	options = (struct gons_link_options){ .address = (unsigned char *)"\2\0\0\0\0\1" };
	assert_refused(gons_tun_new_transient(&options, NULL), EINVAL, "MAC address");
	options = (struct gons_link_options){ .reserved = { 1 } };
	assert_refused(gons_tun_new_transient(&options, NULL), EINVAL, "reserved[0]");
	options = (struct gons_link_options){ .mtu = 1 << 30 };
	assert_refused(gons_tun_new_transient(&options, NULL), EINVAL, "MTU");
	assert_int_equal(count_links(-1), 1);
}

static void gons_can_link_answers_for_tun_as_creating_one_does(void **state)
{
	(void)state;
	need_namespaces(NULL);
	gons_must(gons_enter(red));
	if (gons_can_link("tun")) {
		gons_must(gons_tun_new_transient(NULL, NULL));
		gons_must(gons_tap_new_transient(NULL, NULL));
		return;
	}
	assert_contains(gons_error(), "/dev/net/tun");
	assert_refused(gons_tun_new_transient(NULL, NULL), errno, "/dev/net/tun");
	assert_false(gons_can_link("tap"));
}

/* ---- offload ---- */

/* Whether the next UDP datagram of the packet socket has its checksum. */
static bool has_checksum(int packet)
{
	unsigned char frame[2048], *ip = frame + 14, *udp;
	struct pollfd pollfd = { .fd = packet, .events = POLLIN };
	unsigned sum = 17, length;

	do {
		assert_int_equal(poll(&pollfd, 1, 10000), 1);
		assert_true(recv(packet, frame, sizeof(frame), 0) > 42);
	} while (ip[9] != 17);
	udp = ip + (ip[0] & 15) * 4;
	length = (unsigned)udp[4] << 8 | udp[5];
	udp[length] = 0;
	for (int i = 12; i < 20; i += 2)
		sum += (unsigned)ip[i] << 8 | ip[i + 1];
	for (unsigned i = 0; i < length; i += 2)
		sum += (unsigned)udp[i] << 8 | udp[i + 1];
	sum += length;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

static void without_offload_captured_checksums_are_right(void **state)
{
	struct gons_link_options options = { .up = 1 };
	struct sockaddr_ll all = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP) };
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(67),
				  .sin_addr.s_addr = inet_addr("10.0.0.2") };
	struct gons_link link;
	int udp, packet;

	(void)state;
	need_namespaces("veth");
	require_cap(__func__, CAP_NET_RAW, "CAP_NET_RAW");
	options.nsfd = blue;
	options.peer_nsfd = red;
	gons_must(gons_veth_new_transient(&options, &link));
	gons_must(gons_address_add(blue, link.ifindex, "10.0.0.1/24"));
	gons_must(gons_neighbour_add(blue, link.ifindex, "10.0.0.2", link.peer_address));
	udp = gons_must(gons_netns_socket(blue, AF_INET, SOCK_DGRAM, 0));
	packet = gons_must(gons_netns_socket(red, AF_PACKET, SOCK_RAW, 0));
	all.sll_ifindex = link.peer_ifindex;
	assert_int_equal(bind(packet, (struct sockaddr *)&all, sizeof(all)), 0);
	gons_must(gons_link_offload(blue, link.ifindex, false));
	assert_int_equal(sendto(udp, "discover", 8, 0, (struct sockaddr *)&to, sizeof(to)), 8);
	assert_true(has_checksum(packet));
	gons_must(gons_link_offload(blue, link.ifindex, true));
	assert_int_equal(sendto(udp, "discover", 8, 0, (struct sockaddr *)&to, sizeof(to)), 8);
	assert_false(has_checksum(packet));
	assert_refused(gons_link_offload(blue, 4711, false), ENODEV, "link 4711");
	assert_refused(gons_link_offload(blue, 0, false), EINVAL, "0 is not an ifindex");
	assert_refused(gons_link_offload(blue, 1, false), EOPNOTSUPP, "cannot switch it");
}

/* ---- gons_enter_network ---- */

static void gons_enter_network_gives_a_sysfs_and_a_loopback_link_that_is_up(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	uint64_t net = own_ino("net"), mnt = own_ino("mnt");
	int server, client;

	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	GONS_SCOPE {
		gons_must(gons_enter_network());
		assert_int_not_equal(own_ino("net"), net);
		assert_int_not_equal(own_ino("mnt"), mnt);
		assert_int_equal(count_class_net(AT_FDCWD, "/sys/class/net"),
				 count_class_net(gons_must(gons_sysfs_open()), "class/net"));
		server = gons_must(gons_netns_socket(0, AF_INET, SOCK_STREAM, 0));
		assert_int_equal(bind(server, (struct sockaddr *)&address, size), 0);
		assert_int_equal(listen(server, 1), 0);
		assert_int_equal(getsockname(server, (struct sockaddr *)&address, &size), 0);
		client = gons_must(gons_netns_socket(0, AF_INET, SOCK_STREAM, 0));
		assert_int_equal(connect(client, (struct sockaddr *)&address, size), 0);
	}
	assert_int_equal(own_ino("net"), net);
	assert_int_equal(own_ino("mnt"), mnt);
}

static int refuse_a_network(void *arg)
{
	uint64_t net = own_ino("net"), mnt = own_ino("mnt");

	(void)arg;
	want(gons_scope_begin() >= 0);
	want(refuse_call(SYS_fsopen, ENOSYS) && refuse_call(SYS_mount, EACCES));
	want(gons_enter_network() == -1 && gons_error()[0] != '\0');
	want(own_ino("net") == net && own_ino("mnt") == mnt);
	return 0;
}

static void if_part_of_a_network_is_refused_the_thread_stays(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	assert_int_equal(in_child(refuse_a_network, NULL), 0);
}

static void a_namespace_has_its_id_by_path(void **state)
{
	char path[64];

	(void)state;
	need_namespaces(NULL);
	gons_must(gons_enter(blue));
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", red);
	assert_int_equal(gons_must(gons_netns_path_nsid(path)), gons_must(gons_netns_nsid(red)));
	assert_refused(gons_netns_path_nsid(NULL), EINVAL, "path");
	assert_refused(gons_netns_path_nsid("/nowhere"), ENOENT, "/nowhere");
	assert_refused(gons_netns_path_nsid("/dev/null"), EINVAL, "/dev/null");
}

/* ---- descriptor 0 ---- */

static int use_descriptor_0(void *arg)
{
	struct gons_link_options options = { .up = 0 };
	static const unsigned char mac[6] = { 2, 0, 0, 0, 0, 1 };
	static const char words[] = "descriptor 0 is a namespace";
	char value[8];
	int fd;

	(void)arg;
	want(gons_scope_begin() >= 0);
	fd = gons_netns_new_transient();
	want(fd > 0 && dup2(fd, 0) == 0);
	want(failed_with(gons_bridge_new_transient(&options, NULL), EINVAL, words));
	want(failed_with(gons_tap_new_transient(&options, NULL), EINVAL, words));
	want(failed_with(gons_link_up(0, 1, 0), EINVAL, words));
	want(failed_with(gons_link_down(0, 1), EINVAL, words));
	want(failed_with(gons_link_delete(0, 1), EINVAL, words));
	want(failed_with(gons_link_rename(0, 1, "x"), EINVAL, words));
	want(failed_with(gons_link_set_mtu(0, 1, 1500), EINVAL, words));
	want(failed_with(gons_link_set_master(0, 1, 0), EINVAL, words));
	want(failed_with(gons_link_move(0, 1, fd, NULL), EINVAL, words));
	want(failed_with(gons_link_move(fd, 1, 0, NULL), EINVAL, words));
	want(failed_with(gons_link_offload(0, 1, true), EINVAL, words));
	want(failed_with(gons_address_add(0, 1, "10.0.0.1/24"), EINVAL, words));
	want(failed_with(gons_address_delete(0, 1, "10.0.0.1/24"), EINVAL, words));
	want(failed_with(gons_address_wait(0, 1, 0), EINVAL, words));
	want(failed_with(gons_route_add(0, "default", NULL, 1), EINVAL, words));
	want(failed_with(gons_route_delete(0, "default", NULL, 1), EINVAL, words));
	want(failed_with(gons_neighbour_add(0, 1, "10.0.0.2", mac), EINVAL, words));
	want(failed_with(gons_netns_socket(0, AF_INET, SOCK_DGRAM, 0), EINVAL, words));
	want(failed_with(gons_netns_sysctl_set(0, "net.ipv4.ip_forward", "1"), EINVAL, words));
	want(failed_with(gons_netns_sysctl_get(0, "net.ipv4.ip_forward", value, 8), EINVAL, words));
	want(failed_with(gons_netns_wait_listen(0, SOCK_STREAM, 1, 0), EINVAL, words));
	want(!gons_netns_mnl_open(0, 0) && errno == EINVAL);
	/* -1 always means the caller's namespace; 0 means it only if descriptor 0 is no namespace. */
	want(gons_netns_mnl_open(-1, 0) != NULL);
	want(close(0) == 0 && gons_netns_mnl_open(0, 0) != NULL);
	return 0;
}

static void a_descriptor_0_that_is_a_namespace_is_refused(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET);
	assert_int_equal(in_child(use_descriptor_0, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(a_socket_lives_in_the_other_namespace),
		check_test(a_port_is_waited_for),
		check_test(a_sysctl_is_set_in_its_namespace_and_restored),
		check_test(who_may_set_a_sysctl_is_said),
		check_test(a_module_that_refuses_root_a_sysctl_is_suspected),
		check_test(a_link_with_a_dot_in_its_name_has_sysctls),
		check_test(a_sysctl_of_a_deleted_link_is_not_restored),
		check_test(invalid_sysctls_are_refused),
		check_test(a_read_only_proc_sys_is_explained_or_does_not_matter),
		check_test(frames_pass_a_tap),
		check_test(a_tun_device_ends_with_the_scope),
		check_test(invalid_tap_devices_are_refused),
		check_test(gons_can_link_answers_for_tun_as_creating_one_does),
		check_test(without_offload_captured_checksums_are_right),
		check_test(gons_enter_network_gives_a_sysfs_and_a_loopback_link_that_is_up),
		check_test(if_part_of_a_network_is_refused_the_thread_stays),
		check_test(a_namespace_has_its_id_by_path),
		check_test(a_descriptor_0_that_is_a_namespace_is_refused),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

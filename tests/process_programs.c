/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real programs in namespaces: the tests wait until they are ready, and they end with the scope.
 * Tests of missing programs are skipped by name.
 */
#include "check.h"

#include <arpa/inet.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gons/ip.h>
#include <gons/link.h>
#include <gons/mntns.h>
#include <gons/netns.h>
#include <gons/process.h>

enum { LONG_MS = 60000 };

/* /usr/sbin is not in the PATH of all users. */
static const char *const environment[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL
};

static bool is_installed(const char *program)
{
	static const char *const folders[] = { "/usr/sbin", "/usr/bin", "/sbin", "/bin" };
	char path[300];

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folders[i], program);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

#define require_program(program)                                                                   \
	do {                                                                                       \
		if (!is_installed(program))                                                        \
			skip_for(__func__, program " is not installed");                           \
	} while (0)

/* The program sets its groups, which the kernel forbids in the user namespace of an ordinary
 * user. */
#define require_groups(program)                                                                    \
	do {                                                                                       \
		require_program(program);                                                          \
		if (strcmp(read_text("/proc/self/setgroups"), "allow\n") != 0)                     \
			skip_for(__func__, program " needs setgroups(2)");                         \
	} while (0)

/* Two ends of a cable: "left", where the test is, and "right". */
static struct {
	int right;
	struct gons_link link;
} net;

static void set_up_net(void)
{
	struct gons_link_options options = { 0 };

	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	gons_must(gons_mntns_enter_transient());
	gons_must(gons_netns_enter_transient());
	gons_must(gons_mntns_mount_sysfs_ro());
	gons_must(gons_netns_loopback_up());
	net.right = gons_must(gons_netns_new_transient());
	options.peer_nsfd = net.right;
	options.up = 1;
	gons_must(gons_veth_new_transient(&options, &net.link));
}

static gons_process *start_in(int nsfd, const char *const argv[])
{
	const struct gons_process_options options = { .nsfd = nsfd, .environment = environment };

	return gons_must(gons_process_start(argv, &options));
}

/* Runs a program to its end, and returns its standard output in a static buffer. */
static const char *run_in(int nsfd, const char *const argv[])
{
	const struct gons_process_options options = { .nsfd = nsfd,
						      .environment = environment,
						      .timeout_ms = LONG_MS };
	static char output[4096];
	struct gons_process_result result;

	gons_must(gons_process_run(argv, &options, &result));
	(void)snprintf(output, sizeof(output), "%s", result.output);
	if (result.status != 0)
		fail_msg("%s: status 0x%x\n%s%s", argv[0], (unsigned)result.status, result.output,
			 result.error_output);
	gons_process_result_free(&result);
	return output;
}

static void ping_reaches_the_other_namespace(void **state)
{
	const char *const argv[] = { "ping", "-n", "-c", "2", "-i", "0.2", "10.9.0.2", NULL };

	(void)state;
	require_mapped_user(__func__);
	require_program("ping");
	set_up_net();
	gons_must(gons_address_add(0, net.link.ifindex, "10.9.0.1/24"));
	gons_must(gons_address_add(net.right, net.link.peer_ifindex, "10.9.0.2/24"));
	assert_contains(run_in(0, argv), "2 packets transmitted, 2 received");
}

static void ping_of_an_absent_host_fails_with_its_status(void **state)
{
	const char *const argv[] = { "ping", "-n", "-c", "1", "10.9.0.2", NULL };
	const struct gons_process_options options = { .environment = environment };
	struct gons_process_result result;

	(void)state;
	require_mapped_user(__func__);
	require_program("ping");
	set_up_net();
	gons_must(gons_process_run(argv, &options, &result));
	assert_true(WIFEXITED(result.status));
	assert_int_equal(WEXITSTATUS(result.status), 2);
	assert_contains(result.error_output, "unreachable");
	gons_process_result_free(&result);
}

static void socat_serves_and_is_asked(void **state)
{
	const char *const server_argv[] = {
		"socat", "-d", "-d", "TCP4-LISTEN:7,reuseaddr,fork", "SYSTEM:echo here", NULL
	};
	const char *const client_argv[] = { "socat", "-u", "TCP4:10.9.0.2:7", "-", NULL };
	gons_process *server;

	(void)state;
	require_program("socat");
	set_up_net();
	gons_must(gons_address_add(0, net.link.ifindex, "10.9.0.1/24"));
	gons_must(gons_address_add(net.right, net.link.peer_ifindex, "10.9.0.2/24"));
	server = start_in(net.right, server_argv);
	gons_must(gons_process_wait_output(server, "listening on", LONG_MS));
	assert_string_equal(run_in(0, client_argv), "here\n");
	assert_refused(gons_process_wait(server, 0, NULL), ETIMEDOUT, "has not ended");
}

/* A new /tmp and /run for programs that keep files there. */
static void hide_directories(void)
{
	static const char *const hidden[] = { "/tmp", "/run", "/var/lib" };

	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		assert_int_equal(mount("tmpfs", hidden[i], "tmpfs", 0, NULL), 0);
	assert_int_equal(mkdir("/var/lib/misc", 0755), 0);
	assert_int_equal(mkdir("/var/lib/dhcp", 0755), 0);
}

static gons_process *start_dnsmasq(bool in_background)
{
	const char *const argv[] = { "dnsmasq",
				     in_background ? "--pid-file=/run/d.pid"
						   : "--keep-in-foreground",
				     "--log-facility=-",
				     "--log-dhcp",
				     "--conf-file=/dev/null",
				     "--no-resolv",
				     "--no-hosts",
				     "--port=0",
				     "--user=root",
				     "--group=root",
				     "--no-ping",
				     "--dhcp-authoritative",
				     "--leasefile-ro",
				     "--dhcp-range=10.9.0.50,10.9.0.50,1h",
				     NULL };

	return start_in(net.right, argv);
}

static void dnsmasq_gives_udhcpc_an_address(void **state)
{
	const char *const argv[] = { "busybox", "udhcpc", "-i", NULL, "-f", "-q",	 "-n",
				     "-t",	"10",	  "-T", "1",  "-s", "/bin/true", NULL };
	const char *client_argv[sizeof(argv) / sizeof(argv[0])];
	gons_process *server;
	const struct gons_process_options options = { .environment = environment };
	struct gons_process_result result;

	(void)state;
	require_groups("dnsmasq");
	require_program("busybox");
	set_up_net();
	hide_directories();
	gons_must(gons_address_add(net.right, net.link.peer_ifindex, "10.9.0.2/24"));
	server = start_dnsmasq(false);
	gons_must(gons_process_wait_output(server, "IP range 10.9.0.50", LONG_MS));
	memcpy(client_argv, argv, sizeof(argv));
	client_argv[3] = net.link.name;
	gons_must(gons_process_run(client_argv, &options, &result));
	if (!strstr(result.error_output, "10.9.0.50") && !strstr(result.output, "10.9.0.50"))
		fail_msg("%s%s", result.output, result.error_output);
	gons_process_result_free(&result);
	gons_must(gons_process_wait_output(server, "DHCPACK", LONG_MS));
}

static void dhclient_stays_in_the_background_until_the_scope_ends(void **state)
{
	const char *const argv[] = { "dhclient",      "-v",  "-4",	   "-sf",
				     "/bin/true",     "-pf", "/run/c.pid", "-lf",
				     "/run/c.leases", NULL,  NULL };
	const char *client_argv[sizeof(argv) / sizeof(argv[0])];
	gons_process *server;
	int client = -1;

	(void)state;
	require_groups("dnsmasq");
	require_program("dhclient");
	set_up_net();
	hide_directories();
	gons_must(gons_address_add(net.right, net.link.peer_ifindex, "10.9.0.2/24"));
	server = start_dnsmasq(false);
	gons_must(gons_process_wait_output(server, "IP range 10.9.0.50", LONG_MS));
	memcpy(client_argv, argv, sizeof(argv));
	client_argv[9] = net.link.name;
	GONS_SCOPE {
		(void)run_in(0, client_argv);
		gons_must(gons_process_wait_output(server, "DHCPACK", LONG_MS));
		/* The program in the background writes it, possibly after the other one has ended. */
		while ((client = atoi(read_text("/run/c.pid"))) < 1)
			(void)usleep(1000);
		assert_int_equal(kill(client, 0), 0);
	}
	assert_int_equal(kill(client, 0), -1);
	assert_int_equal(errno, ESRCH);
}

static void dnsmasq_in_the_background_ends_with_the_scope(void **state)
{
	gons_process *server;
	int background = -1;

	(void)state;
	require_groups("dnsmasq");
	set_up_net();
	hide_directories();
	gons_must(gons_address_add(net.right, net.link.peer_ifindex, "10.9.0.2/24"));
	GONS_SCOPE {
		server = start_dnsmasq(true);
		gons_must(gons_process_wait(server, LONG_MS, NULL));
		background = atoi(read_text("/run/d.pid"));
		assert_true(background > 1 && background != gons_process_pid(server));
		assert_int_equal(kill(background, 0), 0);
	}
	assert_int_equal(kill(background, 0), -1);
	assert_int_equal(errno, ESRCH);
}

static void send_datagram(void)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_port = htons(9),
					.sin_addr.s_addr = inet_addr("10.9.0.2") };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(sendto(fd, "captured", 8, 0, (const struct sockaddr *)&to, sizeof(to)), 8);
	assert_int_equal(close(fd), 0);
}

static void tcpdump_writes_what_it_sees_when_it_is_ended(void **state)
{
	const char *const argv[] = { "tcpdump", "-U", "-Z",	   "root",	 "-n", "-i",
				     NULL,	"-w", "/tmp/pcap", "udp port 9", NULL };
	const char *const read_argv[] = { "tcpdump", "-n", "-A", "-r", "/tmp/pcap", NULL };
	const char *capture_argv[sizeof(argv) / sizeof(argv[0])];
	gons_process *capture;

	(void)state;
	require_groups("tcpdump");
	require_cap(__func__, CAP_NET_RAW, "CAP_NET_RAW");
	set_up_net();
	hide_directories();
	gons_must(gons_address_add(0, net.link.ifindex, "10.9.0.1/24"));
	gons_must(gons_address_add(net.right, net.link.peer_ifindex, "10.9.0.2/24"));
	memcpy(capture_argv, argv, sizeof(argv));
	capture_argv[6] = net.link.name;
	GONS_SCOPE {
		struct stat header, st;

		capture = start_in(0, capture_argv);
		gons_must(gons_process_wait_output(capture, "listening on", LONG_MS));
		assert_int_equal(stat("/tmp/pcap", &header), 0);
		do {
			send_datagram();
			(void)usleep(10000);
			assert_int_equal(stat("/tmp/pcap", &st), 0);
		} while (st.st_size <= header.st_size);
	}
	assert_contains(run_in(0, read_argv), "captured");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(ping_reaches_the_other_namespace),
		check_test(ping_of_an_absent_host_fails_with_its_status),
		check_test(socat_serves_and_is_asked),
		check_test(dnsmasq_gives_udhcpc_an_address),
		check_test(dhclient_stays_in_the_background_until_the_scope_ends),
		check_test(dnsmasq_in_the_background_ends_with_the_scope),
		check_test(tcpdump_writes_what_it_sees_when_it_is_ended),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

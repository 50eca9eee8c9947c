/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a failed test leaves for its reader: report and packets in files, and namespaces that are
 * held open. Each test here forks a child that runs a test of its own, which fails.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_packet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gons/ip.h>
#include <gons/link.h>
#include <gons/netns.h>
#include <gons/process.h>
#include <gons/test.h>

#include "check.h"

static char dir[] = "/tmp/gons-capture-XXXXXX";

static int make_dir(void **state)
{
	int result = check_begin(state);

	(void)strcpy(dir + strlen(dir) - 6, "XXXXXX");
	return result == 0 && mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	DIR *list = opendir(dir);
	const struct dirent *entry;

	while (list && (entry = readdir(list)))
		(void)unlinkat(dirfd(list), entry->d_name, 0);
	if (list)
		(void)closedir(list);
	(void)rmdir(dir);
	return check_end(state);
}

/* Two namespaces with a cable, and a datagram to a port that nobody listens on. 0, or 1. */
static int send_into_nothing(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(4711) };
	int left = gons_netns_new_transient();
	int right = gons_netns_new_transient();
	const struct gons_link_options options = {
		.nsfd = left, .name = "left0", .peer_nsfd = right, .peer_name = "right0", .up = 1
	};
	struct gons_link link;
	int fd = -1;

	want(left >= 0 && right >= 0);
	want(gons_veth_new_transient(&options, &link) == 0);
	want(gons_address_add(left, link.ifindex, "10.0.0.1/24") == 0);
	want(gons_address_add(right, link.peer_ifindex, "10.0.0.2/24") == 0);
	GONS_IN(left) {
		fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	}
	want(fd >= 0 && inet_pton(AF_INET, "10.0.0.2", &to.sin_addr) == 1);
	want(sendto(fd, "hello", 5, 0, (struct sockaddr *)&to, sizeof(to)) == 5);
	(void)close(fd);
	return 0;
}

struct run {
	const char *artifacts, *capture, *report, *hold;
	bool failed;
	int error_fd; /* what the test writes to standard error, or -1 */
};

static void set(const char *name, const char *value)
{
	if (value)
		(void)setenv(name, value, 1);
	else
		(void)unsetenv(name);
}

static int run_one(void *arg)
{
	const struct run *run = arg;

	set("GONS_ARTIFACTS", run->artifacts);
	set("GONS_CAPTURE", run->capture);
	set("GONS_REPORT", run->report);
	set("GONS_HOLD", run->hold);
	if (run->error_fd >= 0)
		want(dup2(run->error_fd, STDERR_FILENO) == STDERR_FILENO);
	want(gons_test_begin("a/test of mine", 0) == 0);
	want(send_into_nothing() == 0);
	want(gons_test_end(run->failed) == 0);
	return 0;
}

/* Runs it, and returns what it has written to standard error. */
static const char *errors_by_ending(int (*fn)(void *), struct run run, int wanted)
{
	static char text[65536];
	FILE *file = tmpfile();
	size_t size;

	assert_non_null(file);
	run.error_fd = fileno(file);
	assert_int_equal(in_child(fn, &run), wanted);
	rewind(file);
	size = fread(text, 1, sizeof(text) - 1, file);
	text[size] = '\0';
	(void)fclose(file);
	return text;
}

static const char *errors_by(int (*fn)(void *), struct run run)
{
	return errors_by_ending(fn, run, 0);
}

static const char *errors_of(struct run run)
{
	return errors_by(run_one, run);
}

static const char *artifact(const char *suffix)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/test-capture.a_test_of_mine.%s", dir, suffix);
	return path;
}

static unsigned char *read_file(const char *path, size_t *ret_size)
{
	FILE *file = fopen(path, "re");
	unsigned char *data = calloc(1, 1 << 20);

	assert_non_null(file);
	assert_non_null(data);
	*ret_size = fread(data, 1, (1 << 20) - 1, file);
	(void)fclose(file);
	return data;
}

static void require_network(void)
{
	gons_require(CLONE_NEWNET);
	gons_require_link("veth");
}

/* ---- files ---- */

/* The kernel's memory for the packets of a socket; 0: it is no packet(7) socket. */
static unsigned packet_memory(int fd)
{
	int domain = 0;
	unsigned values[9] = { 0 };
	socklen_t domain_size = sizeof(domain), size = sizeof(values);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_size) < 0 ||
	    domain != AF_PACKET || getsockopt(fd, SOL_SOCKET, SO_MEMINFO, values, &size) < 0)
		return 0;
	return values[0];
}

/* More packets than there is room for. */
static int send_too_much(void *arg)
{
	enum { LIMIT = 4 << 20, ONE_PACKET = 4096 };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(4711) };
	static const char data[1400];
	const struct run *run = arg;
	unsigned most = 0;
	int fd;

	set("GONS_ARTIFACTS", run->artifacts);
	want(dup2(run->error_fd, STDERR_FILENO) == STDERR_FILENO);
	want(gons_test_begin("a/test of mine", CLONE_NEWNET) == 0);
	fd = gons_netns_socket(-1, AF_INET, SOCK_DGRAM, 0);
	want(fd >= 0 && inet_pton(AF_INET, "127.0.0.1", &to.sin_addr) == 1);
	for (int i = 0; i < 4000; i++)
		want(sendto(fd, data, sizeof(data), 0, (struct sockaddr *)&to, sizeof(to)) > 0 ||
		     errno == ECONNREFUSED);
	for (int i = 3; i < 2048; i++)
		most = packet_memory(i) > most ? packet_memory(i) : most;
	want(most > 0 && most < LIMIT + ONE_PACKET);
	want(gons_test_end(true) == 0);
	return 0;
}

static void packets_of_a_namespace_take_four_mebibytes_at_most(void **state)
{
	const char *errors;

	(void)state;
	require_network();
	require_cap(__func__, CAP_NET_RAW, "CAP_NET_RAW");
	errors = errors_by(send_too_much, (struct run){ .artifacts = dir });
	assert_contains(errors, " later packets were not recorded, because the buffer was full\n");
}

static void a_failed_test_writes_its_report_into_files(void **state)
{
	const char *errors;
	unsigned char *text;
	size_t size;

	(void)state;
	require_network();
	require_cap(__func__, CAP_NET_RAW, "CAP_NET_RAW");
	errors = errors_of((struct run){ .artifacts = dir, .failed = true });
	assert_contains(errors, "gons: report of a/test of mine\n");
	assert_contains(errors, artifact("txt"));
	text = read_file(artifact("txt"), &size);
	assert_contains((char *)text, "link left0 (peer right0 in namespace 2)");
	free(text);
	text = read_file(artifact("json"), &size);
	assert_contains((char *)text, "\"name\":\"left0\"");
	assert_contains((char *)text, "\"findings\":[\"nothing listens on UDP port 4711");
	free(text);
}

static void the_json_report_is_json(void **state)
{
	char command[256];

	(void)state;
	require_network();
	(void)errors_of((struct run){ .artifacts = dir, .failed = true });
	if (system("command -v python3 >/dev/null 2>&1") != 0)
		skip_for("the_json_report_is_json", "python3 is not installed");
	(void)snprintf(command, sizeof(command), "python3 -m json.tool %s >/dev/null",
		       artifact("json"));
	assert_int_equal(system(command), 0);
}

static uint32_t u32(const unsigned char *data)
{
	uint32_t value;

	memcpy(&value, data, sizeof(value));
	return value;
}

/* Walks over the blocks of a pcapng file. */
static void the_packets_are_a_valid_file_in_the_order_of_time(void **state)
{
	unsigned char *data;
	size_t size, interfaces = 0, packets = 0;
	uint64_t last = 0;

	(void)state;
	require_network();
	require_cap(__func__, CAP_NET_RAW, "CAP_NET_RAW");
	(void)errors_of((struct run){ .artifacts = dir, .failed = true });
	data = read_file(artifact("pcapng"), &size);
	assert_int_equal(u32(data), 0x0A0D0D0A);
	for (size_t at = 0; at < size; at += u32(data + at + 4)) {
		const unsigned char *block = data + at;
		const uint32_t length = u32(block + 4);
		uint64_t time;

		assert_true(length >= 12 && length % 4 == 0 && at + length <= size);
		assert_int_equal(u32(block + length - 4), length);
		interfaces += u32(block) == 1;
		if (u32(block) != 6)
			continue;
		packets++;
		assert_true(u32(block + 8) < interfaces);
		time = (uint64_t)u32(block + 12) << 32 | u32(block + 16);
		assert_true(time >= last);
		last = time;
	}
	/* ARP and the datagram, at both ends of the cable. */
	assert_true(interfaces >= 2);
	assert_true(packets >= 6);
	free(data);
}

static void tcpdump_reads_the_packets(void **state)
{
	char command[256];

	(void)state;
	require_network();
	require_cap(__func__, CAP_NET_RAW, "CAP_NET_RAW");
	if (system("command -v tcpdump >/dev/null 2>&1") != 0)
		skip_for("tcpdump_reads_the_packets", "tcpdump is not installed");
	(void)errors_of((struct run){ .artifacts = dir, .failed = true });
	(void)snprintf(command, sizeof(command),
		       "tcpdump -nr %s 2>&1 | grep -q \"Couldn't change\"", artifact("pcapng"));
	if (system(command) == 0)
		skip_for("tcpdump_reads_the_packets",
			 "tcpdump gives up root, which a user namespace with one id refuses");
	(void)snprintf(command, sizeof(command),
		       "tcpdump -nr %s 2>/dev/null | grep -q '10.0.0.2.4711: UDP, length 5'",
		       artifact("pcapng"));
	assert_int_equal(system(command), 0);
}

static void the_last_packets_are_in_the_report(void **state)
{
	const char *errors;

	(void)state;
	require_network();
	require_cap(__func__, CAP_NET_RAW, "CAP_NET_RAW");
	errors = errors_of((struct run){ .artifacts = dir, .capture = "1", .failed = true });
	assert_contains(errors, "namespace 1 left0 sends ARP who has 10.0.0.2? tell 10.0.0.1\n");
	assert_contains(errors, " > 10.0.0.2:4711, 5 bytes\n");
	assert_contains(errors, "ICMP 10.0.0.2 > 10.0.0.1: port unreachable\n");
	/* The kernel sends more of these than the report has room for. */
	assert_null(strstr(errors, ": multicast listener report\n"));
}

static int send_nothing(void *arg)
{
	const struct run *run = arg;

	set("GONS_ARTIFACTS", run->artifacts);
	want(dup2(run->error_fd, STDERR_FILENO) == STDERR_FILENO);
	want(gons_test_begin("a/test of mine", 0) == 0);
	want(gons_netns_new_transient() >= 0);
	want(gons_test_end(true) == 0);
	return 0;
}

static void without_packets_there_is_no_file_of_packets(void **state)
{
	const char *errors;

	(void)state;
	require_network();
	require_cap(__func__, CAP_NET_RAW, "CAP_NET_RAW");
	(void)errors_of((struct run){ .artifacts = dir, .failed = true });
	assert_int_equal(access(artifact("pcapng"), F_OK), 0);
	errors = errors_by(send_nothing, (struct run){ .artifacts = dir });
	assert_contains(errors, "Packets: none\n");
	assert_null(strstr(errors, "pcapng"));
	assert_int_equal(access(artifact("pcapng"), F_OK), -1);
	assert_int_equal(access(artifact("txt"), F_OK), 0);
}

/* A multicast listener report of version 2 without records, to ff02::16: Ethernet, IPv6 with a hop-by-hop
 * option (router alert), ICMPv6. */
static const char listener_report[] = "\x33\x33\0\0\0\x16\0\0\0\0\0\0\x86\xdd"
				      "\x60\0\0\0\0\x10\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
				      "\xff\2\0\0\0\0\0\0\0\0\0\0\0\0\0\x16"
				      "\x3a\0\5\2\0\0\1\0"
				      "\x8f\0\0\0\0\0\0\0";

static int send_listener_reports(void *arg)
{
	const struct run *run = arg;
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = 1 };
	int fd;

	set("GONS_CAPTURE", run->capture);
	want(dup2(run->error_fd, STDERR_FILENO) == STDERR_FILENO);
	want(gons_test_begin("t", CLONE_NEWNET) == 0);
	fd = gons_netns_socket(-1, AF_PACKET, SOCK_RAW, 0);
	want(fd >= 0);
	want(sendto(fd, listener_report, sizeof(listener_report) - 1, 0, (struct sockaddr *)&to,
		    sizeof(to)) > 0);
	want(gons_test_end(true) == 0);
	return 0;
}

/* The loopback link sends it and receives it. */
static void a_recording_of_listener_reports_alone_says_so(void **state)
{
	const char *errors;

	(void)state;
	require_network();
	require_cap(__func__, CAP_NET_RAW, "CAP_NET_RAW");
	errors = errors_by(send_listener_reports, (struct run){ .capture = "1" });
	assert_contains(errors, "\nPackets: none but 2 multicast listener reports\n");
}

static int run_without_net_raw(void *arg)
{
	return !lose_capabilities(1ULL << CAP_NET_RAW) || run_one(arg) != 0;
}

static void the_report_says_why_packets_cannot_be_recorded(void **state)
{
	const char *errors;

	(void)state;
	require_network();
	errors = errors_by(run_without_net_raw, (struct run){ .capture = "1", .failed = true });
	assert_contains(errors, "Packets: cannot record packets: Operation not permitted: "
				"CAP_NET_RAW is missing; ");
	assert_null(strstr(errors, "Packets: none"));
}

static void a_test_that_passes_writes_nothing(void **state)
{
	(void)state;
	require_network();
	assert_string_equal(errors_of((struct run){ .artifacts = dir, .capture = "1" }), "");
	assert_int_equal(count_entries(dir), 0);
}

static void *wait_for_ever(void *arg)
{
	while (pause() < 0)
		;
	return arg;
}

/* Tests without leaks around two that leave something. */
static int leaks(void *arg)
{
	const struct run *run = arg;
	pthread_t thread;

	set("GONS_CAPTURE", "1");
	want(dup2(run->error_fd, STDERR_FILENO) == STDERR_FILENO);
	for (int i = 0; i < 4; i++) {
		want(gons_test_begin("t", CLONE_NEWNET) == 0);
		if (i == 1)
			want(dup(STDIN_FILENO) >= 0);
		if (i == 2)
			want(pthread_create(&thread, NULL, wait_for_ever, NULL) == 0);
		if (i == 0 || i == 3) {
			want(gons_test_end(false) == 0);
			continue;
		}
		want(gons_test_end(false) == -1 && errno == EBUSY);
		want(strstr(gons_error(), i == 1 ? "left open" : "left running"));
	}
	return 0;
}

static void what_a_recorded_test_left_behind_is_found(void **state)
{
	const char *errors;

	(void)state;
	require_network();
	errors = errors_by(leaks, (struct run){ .failed = false });
	assert_contains(errors, "was left open: ");
	assert_contains(errors, "was left running\n");
}

static void the_report_can_be_turned_off(void **state)
{
	(void)state;
	require_network();
	assert_string_equal(errors_of((struct run){ .report = "0", .failed = true }), "");
}

static void a_directory_that_is_missing_is_told_and_changes_no_verdict(void **state)
{
	const char *errors;

	(void)state;
	require_network();
	errors = errors_of((struct run){ .artifacts = "/no/such/directory", .failed = true });
	assert_contains(errors, "gons: report of a/test of mine\n");
	assert_contains(errors, "gons: cannot write /no/such/directory/");
}

static void a_full_disk_is_told_and_changes_no_verdict(void **state)
{
	const char *errors;

	(void)state;
	require_network();
	assert_int_equal(symlink("/dev/full", artifact("txt")), 0);
	errors = errors_of((struct run){ .artifacts = dir, .failed = true });
	assert_contains(errors, "gons: report of a/test of mine\n");
	assert_contains(errors, "gons: cannot write the report of a/test of mine into ");
	assert_contains(errors, strerror(ENOSPC));
}

/* ---- tests that end their process ---- */

static int end_by_signal(const struct run *run, int number)
{
	set("GONS_ARTIFACTS", run->artifacts);
	want(dup2(run->error_fd, STDERR_FILENO) == STDERR_FILENO);
	want(gons_test_begin("a/test of mine", 0) == 0);
	want(send_into_nothing() == 0);
	(void)raise(number);
	return 0;
}

static int aborts(void *arg)
{
	return end_by_signal(arg, SIGABRT);
}

static int is_terminated(void *arg)
{
	return end_by_signal(arg, SIGTERM);
}

static int times_out(void *arg)
{
	return end_by_signal(arg, SIGALRM);
}

static void *abort_here(void *arg)
{
	(void)arg;
	abort();
}

static int aborts_on_another_thread(void *arg)
{
	const struct run *run = arg;
	pthread_t thread;

	want(dup2(run->error_fd, STDERR_FILENO) == STDERR_FILENO);
	want(gons_test_begin("a/test of mine", 0) == 0);
	want(send_into_nothing() == 0);
	want(pthread_create(&thread, NULL, abort_here, NULL) == 0);
	(void)pthread_join(thread, NULL);
	return 0;
}

static int exits(void *arg)
{
	const struct run *run = arg;

	want(dup2(run->error_fd, STDERR_FILENO) == STDERR_FILENO);
	want(gons_test_begin("a/test of mine", 0) == 0);
	want(send_into_nothing() == 0);
	exit(5);
}

static int aborts_outside_of_a_test(void *arg)
{
	const struct run *run = arg;

	want(dup2(run->error_fd, STDERR_FILENO) == STDERR_FILENO);
	want(gons_test_begin("a/test of mine", 0) == 0);
	want(send_into_nothing() == 0);
	want(gons_test_end(false) == 0);
	abort();
}

static void assert_reports_end(int (*fn)(void *), int wanted, const char *how)
{
	const char *errors = errors_by_ending(fn, (struct run){ .failed = true }, wanted);

	assert_contains(errors, how);
	assert_contains(errors, "gons: report of a/test of mine\n");
	assert_contains(errors, "nothing listens on a UDP port in namespace 2");
}

static void a_test_that_aborts_is_reported(void **state)
{
	(void)state;
	require_network();
	assert_reports_end(aborts, 128 + SIGABRT, "gons: a/test of mine was ended by SIGABRT\n");
}

static void a_test_that_the_runner_terminates_is_reported(void **state)
{
	(void)state;
	require_network();
	assert_reports_end(is_terminated, 128 + SIGTERM,
			   "gons: a/test of mine was ended by SIGTERM\n");
}

static void a_test_that_its_alarm_ends_is_reported(void **state)
{
	(void)state;
	require_network();
	assert_reports_end(times_out, 128 + SIGALRM, "gons: a/test of mine was ended by SIGALRM\n");
}

static void a_test_whose_other_thread_aborts_is_reported(void **state)
{
	(void)state;
	require_network();
	assert_reports_end(aborts_on_another_thread, 128 + SIGABRT,
			   "gons: a/test of mine was ended by SIGABRT\n");
}

static void a_test_that_calls_exit_is_reported(void **state)
{
	(void)state;
	require_network();
	assert_reports_end(exits, 5, "gons: a/test of mine called exit(3)\n");
}

static void a_test_that_aborts_writes_files(void **state)
{
	unsigned char *text;
	size_t size;

	(void)state;
	require_network();
	require_cap(__func__, CAP_NET_RAW, "CAP_NET_RAW");
	(void)errors_by_ending(aborts, (struct run){ .artifacts = dir }, 128 + SIGABRT);
	text = read_file(artifact("txt"), &size);
	assert_contains((char *)text, "link left0 (peer right0 in namespace 2)");
	free(text);
	assert_int_equal(access(artifact("json"), F_OK), 0);
	assert_int_equal(access(artifact("pcapng"), F_OK), 0);
}

static void a_process_that_aborts_outside_of_a_test_writes_no_report(void **state)
{
	const char *errors;

	(void)state;
	require_network();
	errors = errors_by_ending(aborts_outside_of_a_test, (struct run){ .failed = false },
				  128 + SIGABRT);
	assert_string_equal(errors, "");
}

/* ---- programs ---- */

static int run_with_a_program(void *arg)
{
	const char *const argv[] = { "sh", "-c", "echo I am here; echo and ill >&2; exit 3", NULL };
	const struct run *run = arg;
	gons_process *process;

	set("GONS_ON_FAILURE", "echo links: $(ls /proc/self/net)");
	want(dup2(run->error_fd, STDERR_FILENO) == STDERR_FILENO);
	want(gons_test_begin("t", CLONE_NEWNET) == 0);
	process = gons_process_start(argv, NULL);
	want(process);
	(void)gons_process_wait(process, 10000, NULL);
	want(gons_test_end(true) == 0);
	return 0;
}

static void programs_and_commands_are_part_of_the_report(void **state)
{
	const char *errors;

	(void)state;
	require_network();
	errors = errors_by(run_with_a_program, (struct run){ .failed = true });
	assert_contains(errors, "program sh -c ");
	assert_contains(errors, "ended with status 3, its output ends with\n");
	assert_contains(errors, "    | I am here\n");
	assert_contains(errors, "    | and ill\n");
	assert_contains(errors, "the test's namespace: echo links: ");
	assert_contains(errors, "    | links: ");
}

/* ---- holding ---- */

/* Reads lines until one has the words; returns it. */
static char *wait_for_line(FILE *stream, const char *words)
{
	static char line[512];

	while (fgets(line, sizeof(line), stream))
		if (strstr(line, words))
			return line;
	fail_msg("there is no line with \"%s\"", words);
	return NULL;
}

static void a_held_test_prints_a_command_that_gets_in(void **state)
{
	struct run run = { .hold = "60", .failed = true };
	char command[700], found[64] = "";
	char *line, *user;
	FILE *errors, *output;
	int ends[2], status;
	unsigned long ino;
	pid_t pid;

	(void)state;
	require_network();
	if (system("command -v nsenter >/dev/null 2>&1") != 0)
		skip_for("a_held_test_prints_a_command_that_gets_in", "nsenter is not installed");
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		run.error_fd = ends[1];
		_exit(run_one(&run));
	}
	(void)close(ends[1]);
	errors = fdopen(ends[0], "re");
	assert_non_null(errors);
	line = wait_for_line(errors, "namespace 2 (net:[");
	assert_int_equal(sscanf(strstr(line, "net:["), "net:[%lu]", &ino), 1);
	line = wait_for_line(errors, "# namespace 2");
	/* From another terminal; this process is in the user namespace already. */
	user = strstr(line, " --user --preserve-credentials");
	if (user)
		memset(user, ' ', strlen(" --user --preserve-credentials"));
	(void)snprintf(command, sizeof(command), "%.*s readlink /proc/self/ns/net",
		       (int)(strchr(line, '#') - line), line);
	(void)wait_for_line(errors, "To go on: ");
	output = popen(command, "re");
	assert_non_null(output);
	assert_non_null(fgets(found, sizeof(found), output));
	assert_int_equal(pclose(output), 0);
	assert_int_equal(kill(pid, SIGUSR1), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	(void)fclose(errors);
	assert_int_equal(status, 0);
	(void)snprintf(command, sizeof(command), "net:[%lu]\n", ino);
	assert_string_equal(found, command);
}

static void a_held_test_goes_on_after_its_time(void **state)
{
	(void)state;
	require_network();
	assert_contains(errors_of((struct run){ .hold = "2", .failed = true }),
			"has failed and waits");
}

#define dir_test(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		dir_test(packets_of_a_namespace_take_four_mebibytes_at_most),
		dir_test(a_failed_test_writes_its_report_into_files),
		dir_test(the_json_report_is_json),
		dir_test(the_packets_are_a_valid_file_in_the_order_of_time),
		dir_test(tcpdump_reads_the_packets),
		dir_test(the_last_packets_are_in_the_report),
		dir_test(without_packets_there_is_no_file_of_packets),
		dir_test(the_report_says_why_packets_cannot_be_recorded),
		dir_test(a_recording_of_listener_reports_alone_says_so),
		dir_test(a_test_that_passes_writes_nothing),
		dir_test(what_a_recorded_test_left_behind_is_found),
		dir_test(the_report_can_be_turned_off),
		dir_test(a_directory_that_is_missing_is_told_and_changes_no_verdict),
		dir_test(a_full_disk_is_told_and_changes_no_verdict),
		dir_test(a_test_that_aborts_is_reported),
		dir_test(a_test_that_the_runner_terminates_is_reported),
		dir_test(a_test_that_its_alarm_ends_is_reported),
		dir_test(a_test_whose_other_thread_aborts_is_reported),
		dir_test(a_test_that_calls_exit_is_reported),
		dir_test(a_test_that_aborts_writes_files),
		dir_test(a_process_that_aborts_outside_of_a_test_writes_no_report),
		dir_test(programs_and_commands_are_part_of_the_report),
		dir_test(a_held_test_prints_a_command_that_gets_in),
		dir_test(a_held_test_goes_on_after_its_time),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A test of a daemon. The test starts the daemon in a new network namespace, waits until it listens,
 * and sends it a datagram as a client does. The daemon ends with the test.
 *
 * Here the daemon is this program itself with the argument "serve". Put the path of yours into argv.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <gons/cmocka.h>
#include <gons/process.h>

static struct sockaddr_in address(void)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons(7),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

/* The daemon: sends back each datagram. */
static int serve(void)
{
	int server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in own = address(), client;
	char data[100];

	if (server < 0 || bind(server, (struct sockaddr *)&own, sizeof(own)) < 0)
		return 1;
	printf("listening\n");
	fflush(stdout);
	for (;;) {
		socklen_t size = sizeof(client);
		ssize_t got =
			recvfrom(server, data, sizeof(data), 0, (struct sockaddr *)&client, &size);

		if (got < 0)
			return 1;
		sendto(server, data, (size_t)got, 0, (const struct sockaddr *)&client, size);
	}
}

static void the_daemon_answers(void **state)
{
	static const char *const argv[] = { "/proc/self/exe", "serve", NULL };
	const struct timeval timeout = { .tv_sec = 5 };
	gons_process *daemon = gons_must(gons_process_start(argv, NULL));
	struct sockaddr_in to = address();
	char answer[100] = "";
	int client;

	(void)state;
	gons_must(gons_process_wait_output(daemon, "listening", 5000));
	client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(client >= 0);
	assert_int_equal(setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)), 0);
	assert_int_equal(sendto(client, "hello", 5, 0, (struct sockaddr *)&to, sizeof(to)), 5);
	assert_int_equal(recv(client, answer, sizeof(answer) - 1, 0), 5);
	assert_string_equal(answer, "hello");
	assert_int_equal(close(client), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		/* Other tests, and the machine itself, can use port 7 at the same time. */
		gons_unit_test_in(the_daemon_answers, CLONE_NEWNET),
	};

	if (argc == 2 && strcmp(argv[1], "serve") == 0)
		return serve();
	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A test with threads. Each thread enters a network namespace of its own, so that all of them can
 * listen on the same port. The scope of a thread ends with the thread, but its socket keeps the
 * network alive. Assertions belong to the thread of the test, so each thread returns its result.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gons/cmocka.h>
#include <gons/netns.h>

enum { THREADS = 8 };

static struct server {
	pthread_t thread;
	int fd; /* a socket that listens, or -1 */
	char error[256];
} servers[THREADS]; /* not on the stack: a failed assertion leaves threads running */

static int listen_on_port_80(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(80) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void *serve(void *arg)
{
	struct server *server = arg;

	server->fd = -1;
	if (gons_netns_enter_transient() < 0 || gons_netns_loopback_up() < 0) {
		snprintf(server->error, sizeof(server->error), "%s", gons_error());
		return NULL;
	}
	server->fd = listen_on_port_80();
	if (server->fd < 0)
		snprintf(server->error, sizeof(server->error), "cannot listen: %m");
	return NULL;
}

static void threads_listen_on_the_same_port(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&servers[i].thread, NULL, serve, &servers[i]), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(servers[i].thread, NULL), 0);
	for (int i = 0; i < THREADS; i++) {
		assert_string_equal(servers[i].error, "");
		assert_int_equal(close(servers[i].fd), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { gons_unit_test(threads_listen_on_the_same_port) };

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

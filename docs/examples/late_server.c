/* SPDX-License-Identifier: Apache-2.0 */
/* A test of a client that starts before its server: it must try again until the server listens. Here
 * the client is this program itself with the argument "connect". Put the path of yours into argv. */
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gons/cmocka.h>
#include <gons/process.h>

static struct sockaddr_in address;

/* The client: tries to connect until it succeeds. */
static int keep_connecting(void)
{
	for (;;) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd < 0)
			return 1;
		if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
			return 0;
		fprintf(stderr, "refused\n");
		close(fd);
		usleep(100000);
	}
}

static void a_client_finds_a_server_that_starts_later(void **state)
{
	static const char *const argv[] = { "/proc/self/exe", "connect", NULL };
	gons_process *client = gons_must(gons_process_start(argv, NULL));
	int server;

	(void)state;
	gons_must(gons_process_wait_output(client, "refused\nrefused\n", 5000));

	server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(server >= 0);
	assert_int_equal(bind(server, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(server, 1), 0);
	gons_must(gons_process_wait(client, 5000, NULL)); /* fails if its status is not 0 */
	assert_int_equal(close(server), 0);
}

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		gons_unit_test_in(a_client_finds_a_server_that_starts_later, CLONE_NEWNET),
	};

	address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(80) };
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (argc == 2 && strcmp(argv[1], "connect") == 0)
		return keep_connecting();
	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

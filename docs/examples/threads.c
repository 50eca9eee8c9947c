/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A test with threads: each is in a network namespace of its own, so all of them can listen
 * on the same port. A thread that ends has its scope ended; assertions belong to the thread
 * that cmocka runs the test on.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gons/cmocka.h>

enum { THREADS = 8 };

static bool listen_on_port_80(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(80) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ok = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	     listen(fd, 1) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

static void *serve(void *barrier)
{
	uint64_t ino = 0;

	if (gons_netns_enter_transient() == 0 && gons_netns_loopback_up() == 0 &&
	    listen_on_port_80())
		ino = gons_netns_current_ino();
	pthread_barrier_wait(barrier); /* nobody leaves before everybody is in */
	return (void *)(uintptr_t)ino;
}

static void threads_have_networks_of_their_own(void **state)
{
	uint64_t own = gons_must(gons_netns_current_ino());
	pthread_barrier_t barrier;
	pthread_t threads[THREADS];
	void *inos[THREADS];

	(void)state;
	gons_require(CLONE_NEWNET);
	pthread_barrier_init(&barrier, NULL, THREADS);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, serve, &barrier), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], &inos[i]), 0);
	pthread_barrier_destroy(&barrier);
	for (int i = 0; i < THREADS; i++) {
		assert_non_null(inos[i]);
		assert_int_not_equal((uintptr_t)inos[i], own);
		for (int j = 0; j < i; j++)
			assert_ptr_not_equal(inos[i], inos[j]);
	}
	assert_int_equal(gons_netns_current_ino(), own);
}

int main(void)
{
	const struct CMUnitTest tests[] = { gons_unit_test(threads_have_networks_of_their_own) };

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

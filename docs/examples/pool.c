/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many short jobs, each in a network of its own. A pool has a thread that creates the networks in
 * advance and brings their loopback links up, so that no job waits for that.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>

#include <gons/netns.h>
#include <gons/privilege.h>
#include <gons/set.h>

enum { JOBS = 40, AHEAD = 8 };

/* Called with each new set, usually on the thread of the pool. */
static int bring_loopback_up(const gons_set *set, void *arg)
{
	int result = -1;

	(void)arg;
	GONS_IN(gons_set_fd(set, CLONE_NEWNET))
		result = gons_netns_loopback_up();
	return result;
}

/* The socket stays in the network of the set, wherever it is used. It belongs to the scope. */
static int listen_on_port_80(const gons_set *set)
{
	const struct sockaddr_in address = { .sin_family = AF_INET,
					     .sin_port = htons(80),
					     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = gons_netns_socket(gons_set_fd(set, CLONE_NEWNET), AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		return -1;
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -1;
	return listen(fd, 1);
}

static int run_jobs(gons_pool *pool)
{
	for (int i = 0; i < JOBS; i++) {
		gons_set *set = gons_pool_get(pool);
		int result;

		if (!set)
			return -1;
		result = listen_on_port_80(set);
		gons_set_close(set); /* the socket keeps the network alive */
		if (result < 0)
			return -1;
	}
	printf("%d sockets listen on port 80\n", JOBS);
	return 0;
}

int main(void)
{
	gons_pool *pool;
	int result;

	if (gons_become_root() < 0 || !gons_can(CLONE_NEWNET)) {
		fprintf(stderr, "gons: skipped: pool: %s\n", gons_error());
		return 77;
	}
	pool = gons_pool_new(CLONE_NEWNET, bring_loopback_up, NULL);
	result = pool && gons_pool_start(pool, AHEAD) == 0 ? run_jobs(pool) : -1;
	if (result < 0)
		fprintf(stderr, "%s\n", gons_error());
	gons_pool_close(pool);
	return result < 0 ? 1 : 0;
}

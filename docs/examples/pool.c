/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many short jobs, each in a network of its own. A pool's thread makes the networks ahead, with
 * the loopback link up, so that no job waits for one: it is inside within microseconds.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gons/netns.h>
#include <gons/privilege.h>
#include <gons/set.h>

enum { JOBS = 100, AHEAD = 8 };

static void loopback_up(void *result)
{
	*(int *)result = gons_netns_loopback_up();
}

/* Called with each new set, mostly on the pool's thread. */
static int furnish(const gons_set *set, void *arg)
{
	int result = -1;

	(void)arg;
	if (gons_execute(gons_set_fd(set, CLONE_NEWNET), loopback_up, &result) < 0)
		return -1;
	return result;
}

/* Everybody gets port 80. */
static void listen_on_port_80(void *result)
{
	const struct sockaddr_in address = { .sin_family = AF_INET,
					     .sin_port = htons(80),
					     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
	    listen(fd, 1) == 0)
		*(int *)result = fd; /* it stays in that network, whoever uses it */
}

int main(void)
{
	gons_pool *pool;
	int fds[JOBS];

	if (gons_become_root() < 0 || !gons_can(CLONE_NEWNET)) {
		(void)fprintf(stderr, "gons: skipped: pool: %s\n", gons_error());
		return 77;
	}
	pool = gons_pool_new(CLONE_NEWNET, furnish, NULL);
	if (!pool || gons_pool_start(pool, AHEAD) < 0)
		goto failed;
	for (int i = 0; i < JOBS; i++) {
		gons_set *set = gons_pool_get(pool);

		fds[i] = -1;
		if (!set ||
		    gons_execute(gons_set_fd(set, CLONE_NEWNET), listen_on_port_80, &fds[i]) < 0)
			goto failed;
		gons_set_close(set);
		if (fds[i] < 0)
			return 1;
	}
	gons_pool_close(pool);
	printf("%d listen on port 80\n", JOBS);
	return 0;
failed:
	(void)fprintf(stderr, "%s\n", gons_error());
	return 1;
}

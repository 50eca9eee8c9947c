/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A function in an existing network namespace: on a thread of gons's, new or kept, beside a
 * new thread by bare system calls; and in place.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

#include <gons/set.h>

#include "measure.h"

struct namespace
{
	gons_set *set;
	int fd;
};

static void nothing(void *arg)
{
	(void)arg;
}

static bool nothing_to_restore(void *arg)
{
	(void)arg;
	return true;
}

static void do_gons(void *arg)
{
	const struct namespace *namespace = arg;

	GONS(gons_set_do(namespace->set, nothing, NULL));
}

static void restore_gons(void *arg)
{
	const struct namespace *namespace = arg;

	GONS(gons_set_do_restore(namespace->set, nothing_to_restore, NULL));
}

static void execute_gons(void *arg)
{
	const struct namespace *namespace = arg;

	GONS(gons_execute(namespace->fd, nothing, NULL));
}

static void *join(void *arg)
{
	const struct namespace *namespace = arg;

	BARE(setns(namespace->fd, CLONE_NEWNET));
	nothing(NULL);
	return NULL;
}

static void thread_bare(void *arg)
{
	pthread_t thread;

	BARE(-pthread_create(&thread, NULL, join, arg));
	BARE(-pthread_join(thread, NULL));
}

/* What a caller does for itself in between. */
static void work(void *arg)
{
	double end = now_us() + 100;

	(void)arg;
	while (now_us() < end)
		;
}

int main(void)
{
	static struct namespace net;
	static const struct job jobs[] = {
		{ "set_do", do_gons, thread_bare, NULL, &net, 2000, 20, 1.3 },
		{ "set_do_restore", restore_gons, thread_bare, NULL, &net, 2000, 20, 0.6 },
		{ "the same, 100 us apart", restore_gons, thread_bare, work, &net, 2000, 1, 0 },
		{ "execute, in place", execute_gons, thread_bare, NULL, &net, 2000, 20, 0 },
	};

	prepare("sets", CLONE_NEWNET);
	net.set = gons_set_unshare(NULL, CLONE_NEWNET, NULL);
	GONS(net.set ? 0 : -1);
	net.fd = GONS(gons_set_fd(net.set, CLONE_NEWNET));
	table_head("A function in a network namespace, in microseconds, beside a bare new thread",
		   "gons", "bare");
	for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++)
		table_measure(&jobs[i]);
	gons_set_close(net.set);
	return 0;
}

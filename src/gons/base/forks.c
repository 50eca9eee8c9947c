/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts how often this process and its ancestors forked. A record with another count was created
 * by an ancestor, before a fork. A process id does not show this, since a nested PID namespace can
 * have the same id again.
 */
#include "gons/base/forks.h"

static unsigned forks;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int once_error;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void gons_i_forks_forbid(void)
{
	(void)pthread_mutex_lock(&lock); /* cannot fail: it is never locked twice */
}

void gons_i_forks_allow(void)
{
	(void)pthread_mutex_unlock(&lock);
}

void gons_i_forks_wait(pthread_cond_t *cond)
{
	(void)pthread_cond_wait(cond, &lock);
}

void gons_i_forks_cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	/* None of these can fail. */
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(cond, &attr);
	(void)pthread_condattr_destroy(&attr);
}

int gons_i_forks_wait_until(pthread_cond_t *cond, const struct timespec *end)
{
	return pthread_cond_timedwait(cond, &lock, end);
}

static void count_fork(void)
{
	forks++;
	gons_i_forks_allow();
}

void gons_i_forks_free_in_bare_child(void)
{
	(void)pthread_mutex_init(&lock, NULL);
}

static void watch_forks(void)
{
	once_error = pthread_atfork(gons_i_forks_forbid, gons_i_forks_allow, count_fork);
}

int gons_i_forks_prepare(void)
{
	(void)pthread_once(&once, watch_forks);
	return once_error;
}

unsigned gons_i_forks(void)
{
	return forks;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often this process's ancestors forked: what tells what was made before the last fork from
 * what this process made. A process id can come again, in a nested PID namespace.
 */
#include "internal.h"

static unsigned forks;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int once_error;

static void count_fork(void)
{
	forks++;
}

static void watch_forks(void)
{
	once_error = pthread_atfork(NULL, NULL, count_fork);
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

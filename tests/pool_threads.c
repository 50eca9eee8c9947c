/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads create, use and close pools, and all use one shared pool, for the number of seconds in
 * the argument. Also a test for ThreadSanitizer.
 */
#include "check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include <gons/set.h>

enum { THREADS = 8 };

static time_t seconds = 1;
static struct timespec end;
static gons_pool *shared;
static _Atomic unsigned long used, pools;

static bool is_over(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec > end.tv_sec || (now.tv_sec == end.tv_sec && now.tv_nsec >= end.tv_nsec);
}

static void look(void *ino)
{
	*(uint64_t *)ino = own_ino("uts");
}

static int furnish(const gons_set *set, void *arg)
{
	uint64_t ino;

	(void)arg;
	return gons_execute(gons_set_fd(set, CLONE_NEWUTS), look, &ino);
}

/* Takes a set and enters it. Returns NULL, or what is wrong. */
static const char *use(gons_pool *pool)
{
	gons_set *set = gons_pool_get(pool);
	uint64_t own = own_ino("uts"), ino = 0;

	if (!set || gons_execute(gons_set_fd(set, CLONE_NEWUTS), look, &ino) < 0) {
		gons_set_close(set);
		return gons_error();
	}
	if (ino != gons_ino(gons_set_fd(set, CLONE_NEWUTS), CLONE_NEWUTS) || ino == own)
		return "in another namespace than that of the set";
	gons_set_close(set);
	used++;
	return NULL;
}

static const char *use_own(unsigned round)
{
	const int types = round % 4 == 0 ? CLONE_NEWUTS | CLONE_NEWNET : CLONE_NEWUTS;
	gons_pool *pool = gons_pool_new(types, round % 3 == 0 ? furnish : NULL, NULL);
	const char *wrong = NULL;

	if (!pool || gons_pool_start(pool, 1 + round % 5) < 0)
		return gons_error();
	for (unsigned i = 0; i < round % 7 && !wrong; i++)
		wrong = use(pool);
	if (gons_pool_len(pool) > 1 + round % 5)
		wrong = "more are ready than were asked for";
	gons_pool_close(pool);
	pools++;
	return wrong;
}

/* Takes leak snapshots meanwhile, as test wrappers do. */
static const char *take_snapshots(void)
{
	gons_leaks *leaks = gons_leaks_begin();

	return leaks && gons_leaks_end(leaks, NULL, NULL) >= 0 ? NULL : gons_error();
}

static void *work(void *arg)
{
	unsigned round = *(const unsigned *)arg;
	const char *wrong = NULL;

	for (; !wrong && !is_over(); round++) {
		wrong = use_own(round);
		for (int i = 0; i < 3 && !wrong; i++)
			wrong = use(shared);
		if (!wrong && round % 16 == 0)
			wrong = take_snapshots();
	}
	if (wrong)
		print_error("%s\n", wrong);
	return (void *)wrong;
}

static void pools_are_made_used_and_closed_by_8_threads(void **state)
{
	pthread_t threads[THREADS];
	unsigned rounds[THREADS];
	void *wrong;

	(void)state;
	gons_require(CLONE_NEWUTS | CLONE_NEWNET);
	shared = gons_must(gons_pool_new(CLONE_NEWUTS, furnish, NULL));
	gons_must(gons_pool_start(shared, 4));
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += seconds;
	for (unsigned i = 0; i < THREADS; i++) {
		rounds[i] = i;
		assert_int_equal(pthread_create(&threads[i], NULL, work, &rounds[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		assert_null(wrong);
	}
	gons_pool_close(shared);
	print_message("%lu pools, %lu sets used\n", pools, used);
}

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = { check_test(
		pools_are_made_used_and_closed_by_8_threads) };

	if (argc > 1)
		seconds = atol(argv[1]);
	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

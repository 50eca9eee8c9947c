/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pools: the sets that they return, who creates them, and the errors when this fails.
 */
#include "check.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <gons/set.h>

#define ALL_TYPES (CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP)

/* The scope closes the pool, also when the test fails. */
static void close_pool(void *pool)
{
	gons_pool_close(pool);
}

static gons_pool *new_pool(int types, int (*after_create)(const gons_set *, void *), void *arg)
{
	gons_pool *pool = gons_must(gons_pool_new(types, after_create, arg));

	gons_must(gons_defer(close_pool, pool));
	return pool;
}

static void close_set(void *set)
{
	gons_set_close(set);
}

static gons_set *get(gons_pool *pool)
{
	gons_set *set = gons_must(gons_pool_get(pool));

	gons_must(gons_defer(close_set, set));
	return set;
}

/* Waits until this many sets are ready. */
static void await_len(gons_pool *pool, unsigned len)
{
	while (gons_pool_len(pool) != len)
		(void)sched_yield();
}

/* Waits until no pool is creating a set: a snapshot is not taken before. */
static void await_rest(void)
{
	assert_int_equal(gons_leaks_end(gons_must(gons_leaks_begin()), NULL, NULL), 0);
}

static void wait_for(sem_t *sem)
{
	while (sem_wait(sem) < 0) /* EINTR */
		;
}

static uint64_t ino_of(const gons_set *set, int type)
{
	return gons_must(gons_ino(gons_must(gons_set_fd(set, type)), type));
}

/* ---- the sets of a pool ---- */

enum { MANY = 20 };

static void each_set_of_a_pool_has_new_namespaces_of_all_types(void **state)
{
	const unsigned ahead[] = { 1, 3, MANY + 5 };
	uint64_t seen[MANY];

	(void)state;
	gons_require(ALL_TYPES);
	for (int run = 0; run < 3; run++) {
		gons_pool *pool = new_pool(ALL_TYPES, NULL, NULL);

		gons_must(gons_pool_start(pool, ahead[run]));
		for (int i = 0; i < MANY; i++) {
			gons_set *set = get(pool);

			assert_int_equal(gons_set_types(set), ALL_TYPES);
			for (int j = 0; j < SWITCHABLE; j++)
				assert_int_not_equal(ino_of(set, switchable[j].type),
						     own_ino(switchable[j].name));
			seen[i] = ino_of(set, CLONE_NEWNET);
			for (int j = 0; j < i; j++)
				assert_int_not_equal(seen[i], seen[j]);
		}
	}
}

static void a_set_outlives_its_pool(void **state)
{
	gons_pool *pool;
	gons_set *set;

	(void)state;
	gons_require(CLONE_NEWNET);
	pool = gons_must(gons_pool_new(CLONE_NEWNET, NULL, NULL));
	gons_must(gons_pool_start(pool, 2));
	set = get(pool);
	gons_pool_close(pool);
	gons_must(gons_enter(gons_set_fd(set, CLONE_NEWNET)));
	assert_int_equal(own_ino("net"), ino_of(set, CLONE_NEWNET));
}

static void a_pool_creates_the_requested_number_of_sets_ahead(void **state)
{
	gons_pool *pool = new_pool(CLONE_NEWUTS, NULL, NULL);

	(void)state;
	gons_require(CLONE_NEWUTS);
	assert_int_equal(gons_pool_len(pool), 0);
	gons_must(gons_pool_start(pool, 4));
	await_len(pool, 4);
	/* The pool's thread sleeps until half of the sets are taken. */
	(void)get(pool);
	(void)get(pool);
	assert_int_equal(gons_pool_len(pool), 2);
	(void)get(pool);
	await_len(pool, 4);
	assert_int_equal(gons_pool_len(NULL), 0);
}

static void a_full_pool_uses_no_cpu_time(void **state)
{
	gons_pool *pool = new_pool(CLONE_NEWUTS, NULL, NULL);
	clock_t begun;

	(void)state;
	gons_require(CLONE_NEWUTS);
	gons_must(gons_pool_start(pool, 4));
	await_len(pool, 4);
	await_rest();
	begun = clock(); /* CPU time of all threads */
	(void)usleep(400000);
	assert_true(clock() - begun < CLOCKS_PER_SEC / 10);
}

/* ---- after_create ---- */

struct visit {
	uint64_t set_ino, own_ino;
	char thread[16];
	bool blocked; /* SIGTERM */
};

struct visits {
	pthread_mutex_t lock;
	struct visit list[2 * MANY];
	int n;
};

static int look_around(const gons_set *set, void *arg)
{
	struct visits *visits = arg;
	struct visit visit = { .own_ino = own_ino("net") };
	sigset_t mask;

	visit.set_ino = gons_ino(gons_set_fd(set, CLONE_NEWNET), CLONE_NEWNET);
	(void)prctl(PR_GET_NAME, visit.thread);
	(void)pthread_sigmask(SIG_SETMASK, NULL, &mask);
	visit.blocked = sigismember(&mask, SIGTERM);
	/* Closed when this returns. */
	if (gons_current(CLONE_NEWNET) < 0)
		return -1;
	(void)pthread_mutex_lock(&visits->lock);
	if (visits->n < 2 * MANY)
		visits->list[visits->n++] = visit;
	(void)pthread_mutex_unlock(&visits->lock);
	return 0;
}

static void after_create_sees_each_set_from_outside(void **state)
{
	static struct visits visits = { .lock = PTHREAD_MUTEX_INITIALIZER };
	gons_pool *pool = new_pool(CLONE_NEWNET, look_around, &visits);
	int fds;

	(void)state;
	gons_require(CLONE_NEWNET);
	gons_must(gons_pool_start(pool, 3));
	await_len(pool, 3);
	assert_int_equal(visits.n, 3);
	fds = count_entries("/proc/self/fd");
	for (int i = 0; i < 3; i++) {
		const struct visit *visit = &visits.list[i];

		assert_string_equal(visit->thread, "gons-pool");
		assert_true(visit->blocked);
		assert_int_equal(visit->own_ino, own_ino("net"));
		assert_int_not_equal(visit->set_ino, visit->own_ino);
	}
	/* The sets come in the order in which they were created. No other descriptors are open. */
	assert_int_equal(ino_of(get(pool), CLONE_NEWNET), visits.list[0].set_ino);
	assert_int_equal(count_entries("/proc/self/fd"), fds);
}

static void name_host(void *name)
{
	(void)sethostname(name, strlen(name));
}

static int furnish(const gons_set *set, void *arg)
{
	return gons_execute(gons_set_fd(set, CLONE_NEWUTS), name_host, arg);
}

static void assert_hostname(const char *name)
{
	char actual[65] = "";

	assert_int_equal(gethostname(actual, sizeof(actual) - 1), 0);
	assert_string_equal(actual, name);
}

static void after_create_prepares_each_set(void **state)
{
	static char name[] = "furnished"; /* the pool's thread continues until the scope ends */
	gons_pool *pool = new_pool(CLONE_NEWUTS, furnish, name);

	(void)state;
	require_sethostname(__func__);
	gons_require(CLONE_NEWUTS);
	gons_must(gons_pool_start(pool, 2));
	for (int i = 0; i < 5; i++)
		GONS_SCOPE {
			gons_must(gons_enter(gons_set_fd(get(pool), CLONE_NEWUTS)));
			assert_hostname("furnished");
		}
}

/* ---- sets that the caller creates ---- */

/* Tells the test that the pool's thread is here, and stops it here. */
struct gate {
	sem_t reached, open;
	pthread_t caller;
};

static int stop_maker(const gons_set *set, void *arg)
{
	struct gate *gate = arg;

	(void)set;
	if (pthread_equal(pthread_self(), gate->caller))
		return 0;
	(void)sem_post(&gate->reached);
	wait_for(&gate->open);
	return 0;
}

/* A pool whose thread has begun to create its first set. */
static gons_pool *stopped_pool(int types, struct gate *gate)
{
	gons_pool *pool = new_pool(types, stop_maker, gate);

	gate->caller = pthread_self();
	(void)sem_init(&gate->reached, 0, 0);
	(void)sem_init(&gate->open, 0, 0);
	gons_must(gons_pool_start(pool, 2));
	wait_for(&gate->reached);
	return pool;
}

static void open_gate(void *arg)
{
	struct gate *gate = arg;

	for (int i = 0; i < 100; i++)
		(void)sem_post(&gate->open);
}

static void gons_pool_get_does_not_wait_for_the_pools_thread(void **state)
{
	static struct gate gate;
	gons_pool *pool;

	(void)state;
	gons_require(CLONE_NEWNET);
	pool = stopped_pool(CLONE_NEWNET, &gate);
	gons_must(gons_defer(open_gate, &gate));
	for (int i = 0; i < 3; i++)
		assert_int_not_equal(ino_of(get(pool), CLONE_NEWNET), own_ino("net"));
	assert_int_equal(gons_pool_len(pool), 0);
}

static void sets_are_created_in_the_namespaces_where_the_pool_was_started(void **state)
{
	static struct gate gate;
	char started[] = "started", elsewhere[] = "elsewhere";
	gons_pool *pool;

	(void)state;
	require_sethostname(__func__);
	gons_require(CLONE_NEWUTS);
	gons_must(gons_enter_transient(CLONE_NEWUTS));
	name_host(started);
	pool = stopped_pool(CLONE_NEWUTS, &gate);
	gons_must(gons_defer(open_gate, &gate));
	gons_must(gons_enter_transient(CLONE_NEWUTS));
	name_host(elsewhere);
	GONS_SCOPE {
		/* This call creates the set. */
		gons_must(gons_enter(gons_set_fd(get(pool), CLONE_NEWUTS)));
		assert_hostname("started");
	}
	open_gate(&gate);
	await_len(pool, 2);
	gons_must(gons_enter(gons_set_fd(get(pool), CLONE_NEWUTS))); /* created ahead */
	assert_hostname("started");
}

static void a_pool_that_was_not_started_creates_sets_on_demand(void **state)
{
	static struct visits visits = { .lock = PTHREAD_MUTEX_INITIALIZER };
	gons_pool *pool = new_pool(CLONE_NEWNET, look_around, &visits);
	int threads = count_entries("/proc/self/task");
	char name[16];

	(void)state;
	gons_require(CLONE_NEWNET);
	(void)prctl(PR_GET_NAME, name);
	for (int i = 0; i < 3; i++) {
		uint64_t ino = ino_of(get(pool), CLONE_NEWNET);

		assert_int_equal(visits.n, i + 1);
		assert_int_equal(ino, visits.list[i].set_ino);
	}
	assert_string_equal(visits.list[0].thread, name);
	assert_int_equal(gons_pool_len(pool), 0);
	/* The kernel may still list a joined thread for a moment. */
	while (count_entries("/proc/self/task") > threads)
		(void)sched_yield();
}

/* ---- failures ---- */

struct failing {
	_Atomic int calls;
	int from, to; /* calls that fail, from 0 on */
	bool with_message;
	sem_t failed;
};

static int fail_some(const gons_set *set, void *arg)
{
	struct failing *failing = arg;
	int call = failing->calls++;

	(void)set;
	if (call < failing->from || call >= failing->to)
		return 0;
	errno = ENOTUNIQ;
	if (failing->with_message)
		(void)gons_open("/none/at/all", 0);
	(void)sem_post(&failing->failed);
	return -1;
}

static void a_failed_refill_is_returned_once_after_the_sets_created_before(void **state)
{
	static struct failing failing = { .from = 2, .to = 3 };
	gons_pool *pool = new_pool(CLONE_NEWUTS, fail_some, &failing);
	int fds;

	(void)state;
	gons_require(CLONE_NEWUTS);
	(void)sem_init(&failing.failed, 0, 0);
	fds = count_entries("/proc/self/fd");
	gons_must(gons_pool_start(pool, 5));
	wait_for(&failing.failed);
	(void)get(pool);
	(void)get(pool);
	await_rest();
	assert_refused(gons_pool_get(pool), ENOTUNIQ, "after_create has refused a set: %m");
	assert_int_equal(count_entries("/proc/self/fd"), fds + 1 + 2);
	/* Then the pool works again: first by the caller, later by its thread. */
	(void)get(pool);
	await_len(pool, 5);
	assert_int_equal(failing.calls, 3 + 1 + 5);
}

static void the_message_of_after_create_is_passed_on(void **state)
{
	static struct failing failing = { .from = 0, .to = 1000, .with_message = true };
	gons_pool *pool = new_pool(CLONE_NEWUTS, fail_some, &failing);

	(void)state;
	gons_require(CLONE_NEWUTS);
	(void)sem_init(&failing.failed, 0, 0);
	/* The caller, the pool's thread and again the caller meet the failure. */
	assert_refused(gons_pool_get(pool), ENOENT, "the namespace /none/at/all");
	gons_must(gons_pool_start(pool, 1));
	for (int i = 0; i < 3; i++)
		assert_refused(gons_pool_get(pool), ENOENT, "the namespace /none/at/all");
	assert_int_equal(gons_pool_len(pool), 0);
}

/* The function has handled a failure of gons before. */
static int fail_otherwise(const gons_set *set, void *arg)
{
	(void)set;
	(void)arg;
	(void)gons_set_types(NULL);
	errno = ENOTUNIQ;
	return -1;
}

static void a_stale_message_of_after_create_is_left_out(void **state)
{
	gons_pool *pool = new_pool(CLONE_NEWUTS, fail_otherwise, NULL);

	(void)state;
	gons_require(CLONE_NEWUTS);
	assert_refused(gons_pool_get(pool), ENOTUNIQ, "after_create has refused a set: %m");
}

static int move_the_thread(const gons_set *set, void *moved)
{
	int result = unshare(CLONE_NEWUTS);

	(void)set;
	(void)sem_post(moved);
	return result;
}

static void an_after_create_that_leaves_the_pools_namespaces_is_refused(void **state)
{
	static sem_t moved;
	gons_pool *pool = new_pool(CLONE_NEWUTS | CLONE_NEWIPC, move_the_thread, &moved);

	(void)state;
	gons_require(CLONE_NEWUTS | CLONE_NEWIPC);
	(void)sem_init(&moved, 0, 0);
	gons_must(gons_pool_start(pool, 2));
	wait_for(&moved);
	await_rest();
	assert_int_equal(gons_pool_len(pool), 0);
	assert_refused(gons_pool_get(pool), EINVAL,
		       "after_create has left the pool's thread in other namespaces");
}

static void misuse_of_a_pool_is_refused(void **state)
{
	gons_pool *pool = new_pool(CLONE_NEWUTS, NULL, NULL);

	(void)state;
	assert_refused(gons_pool_new(0, NULL, NULL), EINVAL, "not a namespace type");
	assert_refused(gons_pool_new(1, NULL, NULL), EINVAL, "not namespace types");
	assert_refused(gons_pool_start(NULL, 1), EINVAL, "pool is NULL");
	assert_refused(gons_pool_start(pool, 0), EINVAL, "n is 0");
	assert_refused(gons_pool_get(NULL), EINVAL, "pool is NULL");
	gons_must(gons_pool_start(pool, 1));
	assert_refused(gons_pool_start(pool, 1), EINVAL, "the pool has been started already");
	gons_pool_close(NULL);
}

/* ---- threads ---- */

struct getter {
	pthread_t thread;
	gons_pool *pool;
	uint64_t ino[MANY];
};

static void *get_many(void *arg)
{
	struct getter *getter = arg;

	for (int i = 0; i < MANY; i++) {
		gons_set *set = gons_pool_get(getter->pool);

		getter->ino[i] = gons_ino(gons_set_fd(set, CLONE_NEWNET), CLONE_NEWNET);
		if (gons_defer(close_set, set) < 0) /* when the thread ends */
			getter->ino[i] = 0;
	}
	return NULL;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void many_threads_get_distinct_sets_of_a_pool(void **state)
{
	enum { THREADS = 8 };
	gons_pool *pool = new_pool(CLONE_NEWNET, NULL, NULL);
	struct getter getters[THREADS];
	uint64_t all[THREADS * MANY];
	size_t n = 0;

	(void)state;
	gons_require(CLONE_NEWNET);
	gons_must(gons_pool_start(pool, 4));
	for (int i = 0; i < THREADS; i++) {
		getters[i].pool = pool;
		assert_int_equal(pthread_create(&getters[i].thread, NULL, get_many, &getters[i]),
				 0);
	}
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(getters[i].thread, NULL), 0);
	/* The namespaces of an ended thread are gone, and the kernel may reuse their inode
	 * numbers. */
	for (int i = 0; i < THREADS; i++) {
		uint64_t *ino = getters[i].ino;

		qsort(ino, MANY, sizeof(*ino), compare);
		assert_true(ino[0] > 0);
		for (int j = 1; j < MANY; j++)
			assert_true(ino[j - 1] < ino[j]);
		n += MANY;
	}
	assert_int_equal(n, sizeof(all) / sizeof(all[0]));
}

static void *get_until_cancelled(void *pool)
{
	for (;;) {
		gons_set_close(gons_pool_get(pool));
		pthread_testcancel();
	}
	return NULL;
}

static void a_thread_cancelled_in_gons_pool_get_leaks_nothing(void **state)
{
	gons_pool *pool = new_pool(CLONE_NEWNET, NULL, NULL);
	pthread_t threads[4];

	(void)state;
	gons_require(CLONE_NEWNET);
	gons_must(gons_pool_start(pool, 3));
	for (int run = 0; run < 10; run++) {
		for (int i = 0; i < 4; i++)
			assert_int_equal(
				pthread_create(&threads[i], NULL, get_until_cancelled, pool), 0);
		for (int i = 0; i < 4; i++)
			assert_int_equal(pthread_cancel(threads[i]), 0);
		for (int i = 0; i < 4; i++)
			assert_int_equal(pthread_join(threads[i], NULL), 0);
	}
	(void)get(pool);
	await_len(pool, gons_pool_len(pool)); /* the lock is not held */
}

static int open_gate_late(const gons_set *set, void *arg)
{
	struct gate *gate = arg;

	(void)set;
	(void)sem_post(&gate->reached);
	return 0;
}

static void a_pool_can_be_closed_while_it_refills(void **state)
{
	static struct gate gate;

	(void)state;
	gons_require(CLONE_NEWNET);
	for (int i = 0; i < MANY; i++) {
		gons_pool *pool = gons_must(gons_pool_new(CLONE_NEWNET, open_gate_late, &gate));

		(void)sem_init(&gate.reached, 0, 0);
		gons_must(gons_pool_start(pool, 50));
		for (int j = 0; j < i % 4; j++)
			wait_for(&gate.reached);
		gons_pool_close(pool);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(each_set_of_a_pool_has_new_namespaces_of_all_types),
		check_test(a_set_outlives_its_pool),
		check_test(a_pool_creates_the_requested_number_of_sets_ahead),
		check_test(a_full_pool_uses_no_cpu_time),
		check_test(after_create_sees_each_set_from_outside),
		check_test(after_create_prepares_each_set),
		check_test(gons_pool_get_does_not_wait_for_the_pools_thread),
		check_test(sets_are_created_in_the_namespaces_where_the_pool_was_started),
		check_test(a_pool_that_was_not_started_creates_sets_on_demand),
		check_test(a_failed_refill_is_returned_once_after_the_sets_created_before),
		check_test(the_message_of_after_create_is_passed_on),
		check_test(an_after_create_that_leaves_the_pools_namespaces_is_refused),
		check_test(a_stale_message_of_after_create_is_left_out),
		check_test(misuse_of_a_pool_is_refused),
		check_test(many_threads_get_distinct_sets_of_a_pool),
		check_test(a_thread_cancelled_in_gons_pool_get_leaks_nothing),
		check_test(a_pool_can_be_closed_while_it_refills),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pools: sets of namespaces that a thread of the pool, the creator, creates in advance.
 *
 * The creator fills the pool and sleeps until half of it was taken, because it costs a caller of
 * gons_pool_get() as much to wake a thread as to do all the rest. A caller that finds the pool empty
 * creates a set itself: to wait for the creator could take as long, and longer if the creator does
 * not get a CPU.
 */
#include <stdlib.h>
#include <sys/prctl.h>

#include "gons/base/error.h"
#include "gons/base/forks.h"
#include "gons/base/procfs.h"
#include "gons/base/types.h"
#include "gons/core/nsfd.h"
#include "gons/core/thread.h"
#include "gons/leak/exempt.h"
#include "gons/sets/pid_init.h"
#include "gons/sets/set.h"
#include "gons/sets/thread_attributes.h"

/* A set, and the descriptors that gons keeps for it. */
struct ready_set {
	gons_set *set;
	int fds[GONS_I_TYPES + GONS_I_PID_INIT_FDS];
	unsigned n;
};

enum state { IDLE, STARTING, STARTED };

struct gons_pool {
	int types;
	int (*after_create)(const gons_set *, void *);
	void *arg;

	/* Where the creator was started; constant while it is. */
	struct ready_set origin;

	/* The lock of forks.c guards the following members. */
	enum state state;
	unsigned forks; /* of the process when it was started: in a child there is no creator */
	struct ready_set *ready; /* a ring */
	unsigned wanted, first, len;
	bool refused; /* after_create has refused the next set: gons_pool_get() will report it */
	bool resting; /* the creator failed, or a set was refused; no caller has got a set since */
	unsigned got; /* number of sets given out; wraps around */
	struct gons_i_failure failure;
	bool filling, ending;
	pthread_cond_t work, news; /* for the creator, and from it */
	pthread_t thread;
	pid_t tid; /* of it, by gettid(2) */
	struct gons_i_exempt_thread creator;
};

/* ---- exempt from leak reports ---- */

static void set_ready(struct ready_set *ready, gons_set *set)
{
	*ready = (struct ready_set){ .set = set };
	for (size_t i = 0; set && i < GONS_I_TYPES; i++)
		if (set->fd[i] >= 0)
			ready->fds[ready->n++] = set->fd[i];
	if (set)
		ready->n += gons_i_pid_init_fds(set->pid_init, ready->fds + ready->n);
}

/* With the lock held: exempts the descriptors as the pool's own. */
static int exempt(const struct ready_set *ready, unsigned owner)
{
	for (unsigned i = 0; i < ready->n; i++)
		if (gons_i_exempt_add_fd(ready->fds[i], owner) < 0)
			return -1;
	return 0;
}

/* With the lock held: undoes exempt(). */
static void forget(const struct ready_set *ready)
{
	for (unsigned i = 0; i < ready->n; i++)
		gons_i_exempt_remove_fd(ready->fds[i]);
}

static int exempt_locked(const struct ready_set *ready, unsigned owner)
{
	int result;

	gons_i_forks_forbid();
	result = exempt(ready, owner);
	if (result < 0)
		forget(ready);
	gons_i_forks_allow();
	return result;
}

/* Closes the set, keeping errno and message. */
static void discard(gons_set *set)
{
	struct gons_i_failure failure;

	gons_i_failure_save(&failure);
	gons_set_close(set);
	(void)gons_i_failure_restore(&failure);
}

/* ---- creating sets ---- */

/* Calls after_create. 0, or -1 with the message of what failed in it. */
static int call_after_create(const struct gons_pool *pool, const gons_set *set)
{
	int mark = gons_scope_begin();
	struct gons_i_failure failure;
	int result;

	if (mark < 0)
		return -1;
	gons_i_failure_clear(0);
	result = pool->after_create(set, pool->arg);
	if (result < 0) {
		if (!gons_i_is_explained())
			(void)gons_i_fail(errno ? errno : ECANCELED,
					  "after_create has refused a set");
		gons_i_failure_save(&failure);
	}
	if (gons_scope_end(mark) < 0)
		return -1;
	return result < 0 ? gons_i_failure_restore(&failure) : 0;
}

/* Creates a set from these namespaces, NULL: those of the calling thread. */
static gons_set *create(const struct gons_pool *pool, const gons_set *from, bool *ret_refused)
{
	gons_set *set = gons_set_unshare(from, pool->types, NULL);

	*ret_refused = set && pool->after_create && call_after_create(pool, set) < 0;
	if (!*ret_refused)
		return set;
	discard(set);
	return NULL;
}

/* ---- the creator ---- */

static bool wants_more(const struct gons_pool *pool)
{
	return pool->filling && !pool->refused && !pool->resting && !pool->ending;
}

/* Later sets are created from the creator's namespaces, so after_create must not have moved it. */
static bool is_at_origin(const struct gons_pool *pool)
{
	const gons_set *origin = pool->origin.set;

	if (!pool->after_create || !origin || gons_i_is_in(origin->fd))
		return true;
	(void)gons_i_fail(EINVAL, "after_create has left the pool's thread in other namespaces");
	gons_i_add_remedy("enter the set's namespaces by GONS_IN, gons_execute() or gons_set_do()");
	return false;
}

/* Creates one set. No leak snapshot is taken before its descriptors are exempt. */
static void create_ahead(struct gons_pool *pool)
{
	struct gons_i_failure failure;
	unsigned got_before;
	struct ready_set ready;
	gons_set *set;
	bool refused;

	gons_i_exempt_begin_change();
	gons_i_forks_forbid();
	got_before = pool->got;
	gons_i_forks_allow();
	set = create(pool, NULL, &refused);
	if (set && !is_at_origin(pool)) {
		discard(set);
		set = NULL;
		refused = true;
	}
	set_ready(&ready, set);
	if (ready.set && exempt_locked(&ready, pool->creator.owner) < 0) {
		gons_set_close(ready.set);
		ready.set = NULL;
	}
	gons_i_failure_save(&failure);
	gons_i_forks_forbid();
	if (ready.set) {
		pool->ready[(pool->first + pool->len) % pool->wanted] = ready;
		pool->len++;
		pool->filling = pool->len < pool->wanted;
	} else {
		pool->refused = refused;
		pool->resting = !refused && pool->got == got_before;
		pool->failure = failure;
	}
	gons_i_forks_allow();
	gons_i_exempt_end_change();
}

static void *run_creator(void *arg)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct gons_pool *pool = arg;
	int tid;

	(void)prctl(PR_SET_NAME, "gons-pool");
	tid = gons_i_tid();
	gons_i_forks_forbid();
	pool->tid = gettid();
	pool->creator.tid = tid;
	if (tid < 0)
		gons_i_failure_save(&pool->failure);
	else
		gons_i_exempt_add_thread(&pool->creator);
	(void)pthread_cond_broadcast(&pool->news);
	while (tid > 0 && !pool->ending) {
		if (!wants_more(pool)) {
			gons_i_forks_wait(&pool->work);
			continue;
		}
		gons_i_forks_allow();
		create_ahead(pool);
		gons_i_forks_forbid();
	}
	gons_i_forks_allow();
	return NULL;
}

/* ---- beginning and end ---- */

/* The resources of a started pool. */
struct held {
	struct ready_set origin;
	struct ready_set *ready;
	unsigned wanted, first, len;
};

/* Closes what was created in advance. Afterwards the pool is like one that was not started. */
static void empty(struct gons_pool *pool)
{
	struct held old;

	gons_i_exempt_begin_change();
	gons_i_forks_forbid();
	old = (struct held){ pool->origin, pool->ready, pool->wanted, pool->first, pool->len };
	for (unsigned i = 0; i < old.len; i++)
		forget(&old.ready[(old.first + i) % old.wanted]);
	forget(&old.origin);
	gons_i_exempt_remove_thread(&pool->creator);
	pool->state = IDLE;
	pool->origin = (struct ready_set){ .set = NULL };
	pool->ready = NULL;
	pool->wanted = pool->first = pool->len = 0;
	pool->refused = pool->resting = pool->filling = pool->ending = false;
	pool->creator = (struct gons_i_exempt_thread){ .tid = 0 };
	pool->tid = 0;
	gons_i_forks_allow();
	for (unsigned i = 0; i < old.len; i++)
		gons_set_close(old.ready[(old.first + i) % old.wanted].set);
	gons_set_close(old.origin.set);
	free(old.ready);
	gons_i_exempt_end_change();
}

static void init_conditions(struct gons_pool *pool)
{
	/* Neither can fail: glibc and musl allocate nothing. */
	(void)pthread_cond_init(&pool->work, NULL);
	(void)pthread_cond_init(&pool->news, NULL);
}

/* In a forked child, the sets that are ready are the parent's, and there is no creator. */
static void leave_parent(struct gons_pool *pool)
{
	bool inherited;

	gons_i_forks_forbid();
	inherited = pool->state != IDLE && pool->forks != gons_i_forks();
	gons_i_forks_allow();
	if (!inherited)
		return;
	empty(pool);
	/* The thread of the parent, which this process lacks, may have been waiting for them. */
	init_conditions(pool);
}

GONS_EXPORT gons_pool *gons_pool_new(int types, int (*after_create)(const gons_set *, void *),
				     void *arg)
{
	gons_pool *pool;

	if (gons_i_check_types(types) < 0 || gons_i_exempt_prepare() < 0)
		return NULL;
	pool = calloc(1, sizeof(*pool));
	if (!pool) {
		(void)gons_i_fail(ENOMEM, "cannot create a pool");
		return NULL;
	}
	pool->types = types;
	pool->after_create = after_create;
	pool->arg = arg;
	init_conditions(pool);
	return pool;
}

/* Starts the creator and waits until it is exempt. */
static int start_creator(struct gons_pool *pool)
{
	struct gons_i_failure failure;
	int errnum = gons_i_thread_create(&pool->thread, GONS_I_STACK_USUAL, run_creator, pool);

	if (errnum != 0)
		return gons_i_fail_thread(errnum, "cannot create the thread of a pool");
	gons_i_forks_forbid();
	while (pool->creator.tid == 0)
		gons_i_forks_wait(&pool->news);
	if (pool->creator.tid > 0)
		pool->state = STARTED;
	failure = pool->failure;
	gons_i_forks_allow();
	if (pool->state == STARTED)
		return 0;
	gons_i_thread_join(pool->thread, &pool->tid); /* it has ended by itself */
	return gons_i_failure_restore(&failure);
}

static int start(struct gons_pool *pool, unsigned n)
{
	const int types = pool->types & GONS_I_SWITCHABLE_FLAGS;
	gons_set *origin;

	pool->ready = calloc(n, sizeof(*pool->ready));
	if (!pool->ready)
		return gons_i_fail(ENOMEM, "cannot create a pool of %u sets", n);
	pool->wanted = n;
	pool->filling = true;
	origin = types ? gons_set_current(types) : NULL;
	if (types && !origin)
		return -1;
	set_ready(&pool->origin, origin);
	gons_i_forks_forbid();
	pool->creator.owner = gons_i_exempt_new();
	gons_i_forks_allow();
	return exempt_locked(&pool->origin, pool->creator.owner) < 0 ? -1 : start_creator(pool);
}

GONS_EXPORT int gons_pool_start(gons_pool *pool, unsigned n)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct gons_i_failure failure;
	enum state state;
	int result;

	if (!pool)
		return gons_i_fail(EINVAL, "pool is NULL");
	if (n == 0)
		return gons_i_fail(EINVAL, "n is 0");
	leave_parent(pool);
	gons_i_forks_forbid();
	state = pool->state;
	if (state == IDLE) {
		pool->state = STARTING;
		pool->forks = gons_i_forks();
	}
	gons_i_forks_allow();
	if (state != IDLE)
		return gons_i_fail(EINVAL, "the pool has been started already");
	gons_i_exempt_begin_change();
	result = start(pool, n);
	if (result < 0) {
		gons_i_failure_save(&failure);
		empty(pool);
		(void)gons_i_failure_restore(&failure);
	}
	gons_i_exempt_end_change();
	return result;
}

GONS_EXPORT void gons_pool_close(gons_pool *pool)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	int saved = errno;
	bool started;

	if (!pool)
		return;
	leave_parent(pool);
	gons_i_forks_forbid();
	started = pool->state == STARTED;
	pool->ending = true;
	(void)pthread_cond_broadcast(&pool->work);
	gons_i_forks_allow();
	if (started)
		gons_i_thread_join(pool->thread, &pool->tid);
	empty(pool);
	(void)pthread_cond_destroy(&pool->work);
	(void)pthread_cond_destroy(&pool->news);
	free(pool);
	errno = saved;
}

/* ---- getting ---- */

GONS_EXPORT unsigned gons_pool_len(gons_pool *pool)
{
	unsigned len = 0;

	if (!pool)
		return 0;
	leave_parent(pool);
	gons_i_forks_forbid();
	len = pool->len;
	gons_i_forks_allow();
	return len;
}

/* With the lock held: the next of the ring, and whether the creator is to be woken. */
static gons_set *take(struct gons_pool *pool, bool *ret_wake)
{
	struct ready_set ready = pool->ready[pool->first];

	pool->first = (pool->first + 1) % pool->wanted;
	pool->len--;
	forget(&ready);
	*ret_wake = pool->resting || (!pool->filling && pool->len <= (pool->wanted - 1) / 2);
	pool->filling |= *ret_wake;
	pool->resting = false;
	pool->got++;
	return ready.set;
}

/* Creates a set like those of the creator, wherever the calling thread is. */
static gons_set *create_now(struct gons_pool *pool, const gons_set *origin)
{
	bool refused, wake;
	gons_set *set = create(pool, origin, &refused);

	if (!set)
		return NULL;
	gons_i_forks_forbid();
	wake = pool->resting;
	pool->resting = false;
	pool->got++;
	gons_i_forks_allow();
	if (wake)
		(void)pthread_cond_signal(&pool->work);
	return set;
}

GONS_EXPORT gons_set *gons_pool_get(gons_pool *pool)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	bool to_create = false, wake = false;
	const gons_set *origin;
	gons_set *set = NULL;

	if (!pool) {
		(void)gons_i_fail(EINVAL, "pool is NULL");
		return NULL;
	}
	leave_parent(pool);
	gons_i_forks_forbid();
	origin = pool->state == STARTED ? pool->origin.set : NULL;
	if (pool->len > 0)
		set = take(pool, &wake);
	else if (pool->refused) {
		pool->refused = false;
		pool->resting = true;
		(void)gons_i_failure_restore(&pool->failure);
	} else
		to_create = true;
	gons_i_forks_allow();
	if (wake)
		(void)pthread_cond_signal(&pool->work); /* without the lock that it needs */
	return to_create ? create_now(pool, origin) : set;
}

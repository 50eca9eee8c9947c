/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that are kept, to run one function after another in the namespaces of sets.
 *
 * A worker waits where it was started: in the namespaces that the calling thread was in then. To
 * run a function it goes to where its caller is now, and from there into the set's namespaces.
 * It is kept only where the kernel shows it at its old place afterwards, and what it has of its
 * own is unchanged; and it is only asked by who could have started one just like it.
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "gons/base/clock.h"
#include "gons/base/error.h"
#include "gons/base/forks.h"
#include "gons/base/procfs.h"
#include "gons/core/nsfd.h"
#include "gons/core/saved_context.h"
#include "gons/core/switch.h"
#include "gons/core/thread.h"
#include "gons/core/thread_state.h"
#include "gons/leak/exempt.h"
#include "gons/sets/futex.h"
#include "gons/sets/internal.h"
#include "gons/sets/join.h"
#include "gons/sets/thread_attributes.h"
#include "gons/sets/set_thread.h"

/* A worker that waits keeps its namespaces alive, so it does not wait for long. */
enum { MOST_KEPT = 8, PATIENCE_S = 1 };

/* What a worker takes over from its caller, by the caller's pidfd. */
#define CALLERS (CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP)

struct worker {
	atomic_uint users; /* the thread, and who asks it */
	pthread_t thread;
	unsigned forks; /* of the process, when it was started */
	struct gons_i_exempt_thread kept; /* no leak of anybody's, until it is joined */

	/* Under the lock. */
	struct worker *next;
	pid_t tid;
	pid_t away_with; /* that thread, into namespaces that it will leave with its scope; or 0 */
	bool waits; /* may be taken */
	bool doomed; /* must not be kept */

	/* The worker's own. */
	bool served;
	int64_t quick; /* less than any system call takes, in nanoseconds */
	struct gons_i_thread_attributes traits;
	uint64_t places[GONS_I_PLACES];

	/* Between who asks and the worker. */
	struct gons_i_request *request;
	atomic_uint asked, answered; /* how often; futexes */
	atomic_uint asleep, callers_asleep; /* who waits for them */
	atomic_int cpu, caller_cpu; /* where they were last */
};

static struct {
	pthread_mutex_t lock; /* along with that of kept.c it is held only to fork */
	struct worker *first;
	struct worker *ended; /* by themselves, and are to be joined */
	atomic_uint n_waiting;
} workers = { .lock = PTHREAD_MUTEX_INITIALIZER };

static bool fork_error;

static void lock_workers(void)
{
	(void)pthread_mutex_lock(&workers.lock);
}

static void unlock_workers(void)
{
	(void)pthread_mutex_unlock(&workers.lock);
}

static void free_list(struct worker *worker, bool all)
{
	while (worker) {
		struct worker *next = worker->next;

		if (all || worker->waits)
			free(worker);
		worker = next;
	}
}

/* They are the parent's, and a child has no such threads. One that serves may be who forks. */
static void forget_workers(void)
{
	free_list(workers.first, false);
	free_list(workers.ended, true);
	workers.first = NULL;
	workers.ended = NULL;
	workers.n_waiting = 0;
	unlock_workers();
}

static void prepare_process(void)
{
	gons_i_on_return(gons_i_set_threads_leave);
	fork_error = gons_i_exempt_prepare() < 0 ||
		     pthread_atfork(lock_workers, unlock_workers, forget_workers) != 0;
}

static void release(struct worker *worker)
{
	if (--worker->users == 0)
		free(worker);
}

/* Waits until it has ended. */
static void join(const struct worker *worker)
{
	(void)pthread_join(worker->thread, NULL);
	gons_i_forks_forbid();
	gons_i_exempt_remove_thread(&worker->kept);
	gons_i_forks_allow();
}

/* ---- handing over ---- */

/* For the answer to request number such. Others may have asked since, for a worker can be taken
 * before it answers. */
static void wait_for_answer(struct worker *worker, const struct gons_i_request *request,
			    unsigned number, bool is_awake)
{
	/* On one CPU, one would wait for the other and keep it from running. */
	bool elsewhere = worker->cpu != worker->caller_cpu;

	if (!is_awake || !elsewhere || !gons_i_spin(&worker->answered, number))
		(void)gons_i_sleep(&worker->answered, number, &worker->callers_asleep, NULL);
	if (request->ended)
		join(worker); /* nobody else does */
	release(worker);
}

/* Has a worker that was taken serve. */
static void ask(struct worker *worker, struct gons_i_request *request)
{
	unsigned number = worker->asked + 1;

	worker->request = request;
	worker->caller_cpu = sched_getcpu();
	/* Where one that was asleep is woken is not known. */
	wait_for_answer(worker, request, number, !gons_i_change(&worker->asked, &worker->asleep));
}

/* ---- the list ---- */

/* The calling thread where it is in namespaces that it will leave; or 0. */
static pid_t away_thread(void)
{
	return gons_i_is_away() ? gettid() : 0;
}

/* Marks it as taken by one more user. Under the lock. */
static void take(struct worker *worker)
{
	worker->waits = false;
	workers.n_waiting--;
	worker->users++;
}

/* Takes it off the list. Under the lock. */
static void strike(const struct worker *worker)
{
	for (struct worker **link = &workers.first; *link; link = &(*link)->next)
		if (*link == worker) {
			*link = worker->next;
			return;
		}
}

/* Joins those that have ended by themselves. */
static void join_ended(void)
{
	struct worker *worker;

	lock_workers();
	worker = workers.ended;
	workers.ended = NULL;
	unlock_workers();
	while (worker) {
		struct worker *next = worker->next;

		join(worker);
		release(worker);
		worker = next;
	}
}

/* One that could have been started by the calling thread now; it does not wait any more. */
static struct worker *take_worker(void)
{
	struct gons_i_thread_attributes traits;
	struct worker *worker = NULL;

	if (workers.n_waiting == 0) /* only to save the work, so without the lock */
		return NULL;
	gons_i_thread_attributes_read(&traits);
	lock_workers();
	for (worker = workers.first; worker; worker = worker->next)
		if (worker->waits && memcmp(&worker->traits, &traits, sizeof(traits)) == 0 &&
		    gons_i_shares_all(worker->tid))
			break;
	if (worker) {
		take(worker);
		worker->away_with = away_thread(); /* it goes to where the caller is */
	}
	unlock_workers();
	return worker;
}

/* ---- the worker ---- */

/* Whether it is in the namespaces that it was started in. */
static bool is_home(const struct worker *worker)
{
	uint64_t places[GONS_I_PLACES];

	return gons_i_places_read(places) && memcmp(places, worker->places, sizeof(places)) == 0;
}

/* Whether the kernel says that it is as it was when it was started. */
static bool is_unchanged(const struct worker *worker, pid_t caller)
{
	struct gons_i_thread_attributes traits;

	gons_i_thread_attributes_read(&traits);
	return memcmp(&traits, &worker->traits, sizeof(traits)) == 0 && is_home(worker) &&
	       gons_i_shares_all(caller);
}

static void answer(struct worker *worker)
{
	(void)gons_i_change(&worker->answered, &worker->callers_asleep);
}

/* It ends, and who asked waits for that. */
static void answer_for_good(void *arg)
{
	struct worker *worker = arg;

	lock_workers();
	strike(worker);
	unlock_workers();
	worker->request->ended = true;
	answer(worker);
	release(worker);
}

/* Returns whether the thread may be kept, and how long the function took. */
static bool call_function(struct worker *worker, const struct gons_i_request *request,
			  int64_t *ret_took)
{
	int mark = gons_scope_begin();
	sigset_t all;
	bool keep;

	(void)sigfillset(&all);
	pthread_cleanup_push(answer_for_good, worker); /* for pthread_exit(3) */
	gons_i_failure_forget(0); /* the last function's */
	(void)pthread_sigmask(SIG_SETMASK, &request->mask, NULL);
	*ret_took = -gons_i_nanoseconds();
	keep = request->fn(request->arg);
	*ret_took += gons_i_nanoseconds();
	(void)pthread_sigmask(SIG_SETMASK, &all, NULL);
	pthread_cleanup_pop(0);
	return mark >= 0 && gons_scope_end(mark) == 0 && keep;
}

enum outcome {
	LOST, /* where it must not be used again */
	BACK,
	UNMOVED, /* back, and sure to be as it was */
};

static enum outcome serve(struct worker *worker)
{
	struct gons_i_request *request = worker->request;
	struct gons_set set; /* a copy, for the function may close the set */
	bool unmoved;
	int64_t took;

	/* Into its caller's namespaces, wherever the last function has left it. */
	if (!request->set || (worker->served && gons_i_join(request->pidfd, CALLERS) < 0))
		return LOST;
	worker->served = true;
	set = *request->set;
	if (gons_i_switch_for_good(set.fd, set.types) < 0) {
		gons_i_failure_save(&request->failure);
		return LOST;
	}
	request->ran = true;
	if (!call_function(worker, request, &took))
		return LOST;
	/* Who was back sooner than from any system call has made none. */
	unmoved = took < worker->quick;
	/* It leaves before it answers: the caller may close the set next, which is to be gone. */
	if ((!unmoved && !gons_i_is_in(set.fd)) || gons_i_join(request->pidfd, set.types) < 0)
		return LOST;
	return unmoved ? UNMOVED : BACK;
}

/* Lets itself be taken from now on, or not any more. Returns whether it is waiting. */
static bool offer(struct worker *worker)
{
	bool offered;

	lock_workers();
	offered = !worker->doomed && workers.n_waiting < MOST_KEPT;
	worker->waits = offered;
	if (offered)
		workers.n_waiting++;
	unlock_workers();
	return offered; /* it may have been taken already */
}

/* False when it is late: it has been taken. */
static bool withdraw(struct worker *worker)
{
	bool waits;

	lock_workers();
	waits = worker->waits;
	if (waits) {
		worker->waits = false;
		workers.n_waiting--;
	}
	unlock_workers();
	return waits;
}

/* False when nobody has come for long, and nobody will. */
static bool wait_for_request(struct worker *worker, unsigned served)
{
	const struct timespec patience = { .tv_sec = PATIENCE_S };

	worker->cpu = sched_getcpu();
	if (worker->cpu != worker->caller_cpu && gons_i_spin(&worker->asked, served + 1))
		return true;
	/* Where its caller was, it may be all that keeps those namespaces. */
	if (!is_home(worker) && withdraw(worker))
		return false;
	while (!gons_i_sleep(&worker->asked, served + 1, &worker->asleep, &patience))
		if (withdraw(worker))
			return false;
	return true;
}

/* Serves until it is not to be kept. Returns whether somebody waits for an answer then. */
static bool serve_all(struct worker *worker)
{
	const bool known = gons_i_places_read(worker->places);
	unsigned served = 0;

	gons_i_thread_attributes_read(&worker->traits);
	worker->quick = gons_i_time_a_call();
	do {
		const pid_t caller = worker->request->caller;
		enum outcome outcome = serve(worker);

		served++;
		if (worker->forks != gons_i_forks())
			return false; /* in a child that the function has forked */
		if (outcome == LOST || !known || !offer(worker))
			return true;
		answer(worker);
		if (outcome != UNMOVED && !is_unchanged(worker, caller)) {
			if (withdraw(worker))
				return false;
			(void)gons_i_sleep(&worker->asked, served + 1, &worker->asleep, NULL);
			return true;
		}
	} while (wait_for_request(worker, served));
	return false;
}

static void *live(void *arg)
{
	struct worker *worker = arg;

	lock_workers();
	worker->tid = gettid();
	unlock_workers();
	worker->kept = (struct gons_i_exempt_thread){ gons_i_tid(), GONS_I_EXEMPT_LIBRARY, NULL };
	gons_i_forks_forbid();
	gons_i_exempt_add_thread(&worker->kept);
	gons_i_forks_allow();
	(void)prctl(PR_SET_NAME, "gons-set");
	if (serve_all(worker)) {
		answer_for_good(worker);
		return NULL;
	}
	if (worker->forks != gons_i_forks())
		return NULL;
	lock_workers();
	strike(worker);
	worker->next = workers.ended;
	workers.ended = worker;
	unlock_workers();
	return NULL;
}

/* ---- starting and ending them ---- */

static struct worker *new_worker(struct gons_i_request *request)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct worker *worker = calloc(1, sizeof(*worker));

	(void)pthread_once(&once, prepare_process);
	if (!worker || fork_error) {
		free(worker);
		(void)gons_i_fail(ENOMEM, "cannot create a thread to run a function on");
		return NULL;
	}
	worker->users = 2;
	worker->asked = 1;
	worker->request = request;
	worker->away_with = away_thread();
	return worker;
}

static int start_worker(struct gons_i_request *request)
{
	struct worker *worker = new_worker(request);
	int errnum;

	if (!worker)
		return -1;
	join_ended();
	request->ended = false; /* of one that was not fit */
	lock_workers();
	worker->forks = gons_i_forks();
	errnum = gons_i_thread_create(&worker->thread, GONS_I_STACK_USUAL, live, worker);
	if (errnum == 0) {
		worker->next = workers.first;
		workers.first = worker;
	}
	unlock_workers();
	if (errnum != 0) {
		free(worker);
		return gons_i_fail_thread(errnum, "cannot create a thread to run a function on");
	}
	wait_for_answer(worker, request, 1, false);
	return 0;
}

int gons_i_set_thread_do(struct gons_i_request *request)
{
	struct worker *worker = take_worker();

	if (worker)
		ask(worker, request);
	if (!request->ran && request->failure.errnum == 0 && start_worker(request) < 0)
		return -1;
	return request->ran ? 0 : gons_i_failure_restore(&request->failure);
}

/* Ends those that wait; those that serve are not kept. away_with: 0 for all. */
static void end_workers(pid_t away_with)
{
	struct worker *worker;

	do {
		lock_workers();
		for (worker = workers.first; worker; worker = worker->next) {
			if (away_with != 0 && worker->away_with != away_with)
				continue;
			worker->doomed = true;
			if (worker->waits)
				break;
		}
		if (worker)
			take(worker);
		unlock_workers();
		if (worker)
			ask(worker, &(struct gons_i_request){ .set = NULL });
	} while (worker);
	join_ended();
}

void gons_i_set_threads_leave(void)
{
	end_workers(gettid());
}

__attribute__((destructor)) void gons_i_set_threads_end(void)
{
	end_workers(0);
}

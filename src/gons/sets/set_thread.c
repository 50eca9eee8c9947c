/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Set threads: threads that run one function after another in the namespaces of sets.
 *
 * A set thread waits in the namespaces in which it was started, those of its first caller. To run a
 * function it enters its caller's namespaces, and then those of the set. It is used again only
 * after it has returned, and after it has compared its namespaces and attributes, as the kernel
 * shows them, with those at its start. And only callers that would start an equal thread use it.
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
#include "gons/sets/set.h"
#include "gons/sets/join.h"
#include "gons/sets/thread_attributes.h"
#include "gons/sets/set_thread.h"

/* A set thread that waits keeps its namespaces alive, so it does not wait for long. */
enum { MOST_KEPT = 8, PATIENCE_S = 1 };

/* The caller's namespaces that it joins, by the caller's pidfd. */
#define CALLERS (CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP)

struct set_thread {
	atomic_uint users; /* itself, and its caller */
	pthread_t pthread;
	unsigned forks; /* of the process, when it was started */
	struct gons_i_exempt_thread exempt; /* exempt from leak reports until it is joined */

	/* Guarded by the lock. */
	struct set_thread *next;
	pid_t tid;
	pid_t leaving_caller; /* the caller that will leave its namespaces with its scope; or 0 */
	bool waits; /* may be taken */
	bool must_end;

	/* Used by the set thread alone. */
	bool served;
	struct gons_i_thread_attributes attributes;
	uint64_t namespaces[GONS_I_NAMESPACE_IDS];

	/* Between the caller and the set thread. */
	struct gons_i_request *request;
	atomic_uint requests, answers; /* numbers of requests and answers so far; futexes */
	atomic_uint asleep, callers_asleep; /* threads that wait for them */
	atomic_int cpu, caller_cpu; /* where they were last */
};

static struct {
	pthread_mutex_t lock; /* held together with that of forks.c only to fork */
	struct set_thread *first;
	struct set_thread *ended; /* those that ended without a caller that joins them */
	atomic_uint n_waiting;
} threads = { .lock = PTHREAD_MUTEX_INITIALIZER };

static bool fork_error;

static void lock_threads(void)
{
	(void)pthread_mutex_lock(&threads.lock);
}

static void unlock_threads(void)
{
	(void)pthread_mutex_unlock(&threads.lock);
}

static void free_list(struct set_thread *thread, bool all)
{
	while (thread) {
		struct set_thread *next = thread->next;

		if (all || thread->waits)
			free(thread);
		thread = next;
	}
}

/* A forked child has none of the parent's threads but the one that forked, which may be a set
 * thread that runs a function. */
static void forget_threads(void)
{
	free_list(threads.first, false);
	free_list(threads.ended, true);
	threads.first = NULL;
	threads.ended = NULL;
	threads.n_waiting = 0;
	unlock_threads();
}

static void prepare_process(void)
{
	gons_i_set_return_hook(gons_i_set_threads_leave);
	fork_error = gons_i_exempt_prepare() < 0 ||
		     pthread_atfork(lock_threads, unlock_threads, forget_threads) != 0;
}

static void release(struct set_thread *thread)
{
	if (--thread->users == 0)
		free(thread);
}

/* Waits until the thread has ended. */
static void join(const struct set_thread *thread)
{
	gons_i_thread_join(thread->pthread, &thread->tid);
	gons_i_forks_forbid();
	gons_i_exempt_remove_thread(&thread->exempt);
	gons_i_forks_allow();
}

/* ---- requests and answers ---- */

/* Waits for the answer to the request with this number. There may be later requests already, since
 * a set thread can be taken before it answers. */
static void wait_for_answer(struct set_thread *thread, const struct gons_i_request *request,
			    unsigned number, bool is_awake)
{
	/* On the same CPU, spinning would keep the other thread from running. */
	bool elsewhere = thread->cpu != thread->caller_cpu;

	if (!is_awake || !elsewhere || !gons_i_spin(&thread->answers, number))
		(void)gons_i_sleep(&thread->answers, number, &thread->callers_asleep, NULL);
	if (request->ended)
		join(thread);
	release(thread);
}

/* Hands a request to a set thread that was taken, and waits for the answer. */
static void hand_over(struct set_thread *thread, struct gons_i_request *request)
{
	unsigned number = thread->requests + 1;

	thread->request = request;
	thread->caller_cpu = sched_getcpu();
	/* The CPU on which a thread wakes up is not known. */
	wait_for_answer(thread, request, number,
			!gons_i_change(&thread->requests, &thread->asleep));
}

/* ---- the list ---- */

/* The calling thread, if it is in namespaces that it will leave with its scope; or 0. */
static pid_t self_if_leaving(void)
{
	return gons_i_has_returns() ? gettid() : 0;
}

/* Takes a waiting thread for the caller, which becomes one of its users. Under the lock. */
static void take(struct set_thread *thread)
{
	thread->waits = false;
	threads.n_waiting--;
	thread->users++;
}

/* Removes a thread from the list. Under the lock. */
static void unlist(const struct set_thread *thread)
{
	for (struct set_thread **link = &threads.first; *link; link = &(*link)->next)
		if (*link == thread) {
			*link = thread->next;
			return;
		}
}

/* Joins the threads that have ended without a caller that joins them. */
static void join_ended(void)
{
	struct set_thread *thread;

	lock_threads();
	thread = threads.ended;
	threads.ended = NULL;
	unlock_threads();
	while (thread) {
		struct set_thread *next = thread->next;

		join(thread);
		release(thread);
		thread = next;
	}
}

/* Takes a set thread that is equal to one that the calling thread would start now; or NULL. */
static struct set_thread *take_thread(void)
{
	struct gons_i_thread_attributes attributes;
	struct set_thread *thread = NULL;

	if (threads.n_waiting == 0) /* without the lock: a wrong answer only costs time */
		return NULL;
	gons_i_thread_attributes_read(&attributes);
	lock_threads();
	for (thread = threads.first; thread; thread = thread->next)
		if (thread->waits &&
		    memcmp(&thread->attributes, &attributes, sizeof(attributes)) == 0 &&
		    gons_i_shares_all(thread->tid))
			break;
	if (thread) {
		take(thread);
		thread->leaving_caller = self_if_leaving(); /* it enters the caller's namespaces */
	}
	unlock_threads();
	return thread;
}

/* ---- the set thread ---- */

/* Whether the set thread is in the namespaces in which it was started. */
static bool has_returned(const struct set_thread *thread)
{
	uint64_t namespaces[GONS_I_NAMESPACE_IDS];

	return gons_i_namespace_ids_read(namespaces) &&
	       memcmp(namespaces, thread->namespaces, sizeof(namespaces)) == 0;
}

/* Whether the set thread has the namespaces and attributes with which it was started. */
static bool is_unchanged(const struct set_thread *thread, pid_t caller)
{
	struct gons_i_thread_attributes attributes;

	gons_i_thread_attributes_read(&attributes);
	return memcmp(&attributes, &thread->attributes, sizeof(attributes)) == 0 &&
	       has_returned(thread) && gons_i_shares_all(caller);
}

static void answer(struct set_thread *thread)
{
	(void)gons_i_change(&thread->answers, &thread->callers_asleep);
}

/* The set thread ends, and its caller waits for that. */
static void answer_and_end(void *arg)
{
	struct set_thread *thread = arg;

	lock_threads();
	unlist(thread);
	unlock_threads();
	thread->request->ended = true;
	answer(thread);
	release(thread);
}

/* Returns whether the set thread may be reused. */
static bool call_function(struct set_thread *thread, const struct gons_i_request *request)
{
	int mark = gons_scope_begin();
	sigset_t all;
	bool keep;

	(void)sigfillset(&all);
	pthread_cleanup_push(answer_and_end, thread); /* for pthread_exit(3) */
	gons_i_failure_clear(0); /* of the last function */
	(void)pthread_sigmask(SIG_SETMASK, &request->mask, NULL);
	keep = request->fn(request->arg);
	(void)pthread_sigmask(SIG_SETMASK, &all, NULL);
	pthread_cleanup_pop(0);
	return mark >= 0 && gons_scope_end(mark) == 0 && keep;
}

/* Returns whether the set thread has returned from the set's namespaces and may be kept. */
static bool serve(struct set_thread *thread)
{
	struct gons_i_request *request = thread->request;
	struct gons_set set; /* a copy, for the function may close the set */

	/* The set thread may be in the namespaces of the previous caller. */
	if (!request->set || (thread->served && gons_i_join(request->pidfd, CALLERS) < 0))
		return false;
	thread->served = true;
	gons_i_exempt_take_part(request->exempt_depth);
	set = *request->set;
	if (gons_i_switch_for_good(set.fd, set.types) < 0) {
		gons_i_failure_save(&request->failure);
		return false;
	}
	request->ran = true;
	/* It returns before it answers: the caller may close the set next, and expects the set's
	 * namespaces to end. */
	return call_function(thread, request) && gons_i_is_in(set.fd) &&
	       gons_i_join(request->pidfd, set.types & GONS_I_ENTERABLE_FLAGS) == 0;
}

/* Lets callers take this thread from now on, if it may be kept. Returns whether it does. */
static bool offer(struct set_thread *thread)
{
	bool offered;

	lock_threads();
	offered = !thread->must_end && threads.n_waiting < MOST_KEPT;
	thread->waits = offered;
	if (offered)
		threads.n_waiting++;
	unlock_threads();
	return offered; /* it may have been taken already */
}

/* Stops letting callers take this thread. False if it has been taken already. */
static bool withdraw(struct set_thread *thread)
{
	bool waits;

	lock_threads();
	waits = thread->waits;
	if (waits) {
		thread->waits = false;
		threads.n_waiting--;
	}
	unlock_threads();
	return waits;
}

/* False if no request came for a while, and none can come any more. */
static bool wait_for_request(struct set_thread *thread, unsigned served)
{
	const struct timespec limit = { .tv_sec = PATIENCE_S };

	thread->cpu = sched_getcpu();
	if (thread->cpu != thread->caller_cpu && gons_i_spin(&thread->requests, served + 1))
		return true;
	/* In its caller's namespaces, it may be all that keeps them alive. */
	if (!has_returned(thread) && withdraw(thread))
		return false;
	while (!gons_i_sleep(&thread->requests, served + 1, &thread->asleep, &limit))
		if (withdraw(thread))
			return false;
	return true;
}

/*
 * Serves until it must end. Returns whether a caller waits for an answer then.
 *
 * It compares itself after it has answered, so that the caller does not wait for that. By then
 * it may have been taken, and may not fit: then it answers without having run the function, and the
 * caller takes another one.
 */
static bool serve_all(struct set_thread *thread)
{
	const bool known = gons_i_namespace_ids_read(thread->namespaces);
	unsigned served = 0;

	gons_i_thread_attributes_read(&thread->attributes);
	do {
		const pid_t caller = thread->request->caller;
		const bool may_be_kept = serve(thread);

		served++;
		if (thread->forks != gons_i_forks())
			return false; /* in a child that the function has forked */
		if (!may_be_kept || !known || !offer(thread))
			return true;
		answer(thread);
		if (!is_unchanged(thread, caller)) {
			if (withdraw(thread))
				return false;
			(void)gons_i_sleep(&thread->requests, served + 1, &thread->asleep, NULL);
			return true;
		}
	} while (wait_for_request(thread, served));
	return false;
}

static void *run_set_thread(void *arg)
{
	struct set_thread *thread = arg;

	lock_threads();
	thread->tid = gettid();
	unlock_threads();
	thread->exempt = (struct gons_i_exempt_thread){ .tid = gons_i_tid(),
							.owner = GONS_I_EXEMPT_LIBRARY };
	gons_i_forks_forbid();
	gons_i_exempt_add_thread(&thread->exempt);
	gons_i_forks_allow();
	(void)prctl(PR_SET_NAME, "gons-set");
	if (serve_all(thread)) {
		answer_and_end(thread);
		return NULL;
	}
	if (thread->forks != gons_i_forks())
		return NULL;
	lock_threads();
	unlist(thread);
	thread->next = threads.ended;
	threads.ended = thread;
	unlock_threads();
	return NULL;
}

/* ---- starting and ending them ---- */

static struct set_thread *new_thread(struct gons_i_request *request)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct set_thread *thread = calloc(1, sizeof(*thread));

	(void)pthread_once(&once, prepare_process);
	if (!thread || fork_error) {
		free(thread);
		(void)gons_i_fail(ENOMEM, "cannot create a thread to run a function on");
		return NULL;
	}
	thread->users = 2;
	thread->requests = 1;
	thread->request = request;
	thread->leaving_caller = self_if_leaving();
	return thread;
}

static int start_thread(struct gons_i_request *request)
{
	struct set_thread *thread = new_thread(request);
	int errnum;

	if (!thread)
		return -1;
	join_ended();
	request->ended = false; /* it may have been set by a thread that did not fit */
	lock_threads();
	thread->forks = gons_i_forks();
	errnum = gons_i_thread_create(&thread->pthread, GONS_I_STACK_USUAL, run_set_thread, thread);
	if (errnum == 0) {
		thread->next = threads.first;
		threads.first = thread;
	}
	unlock_threads();
	if (errnum != 0) {
		free(thread);
		return gons_i_fail_thread(errnum, "cannot create a thread to run a function on");
	}
	wait_for_answer(thread, request, 1, false);
	return 0;
}

int gons_i_set_thread_do(struct gons_i_request *request)
{
	struct set_thread *thread = take_thread();

	if (thread)
		hand_over(thread, request);
	if (!request->ran && request->failure.errnum == 0 && start_thread(request) < 0)
		return -1;
	return request->ran ? 0 : gons_i_failure_restore(&request->failure);
}

/* Ends idle threads now, and busy ones after their function. leaving_caller 0 means all. */
static void end_threads(pid_t leaving_caller)
{
	struct set_thread *thread;

	do {
		lock_threads();
		for (thread = threads.first; thread; thread = thread->next) {
			if (leaving_caller != 0 && thread->leaving_caller != leaving_caller)
				continue;
			thread->must_end = true;
			if (thread->waits)
				break;
		}
		if (thread)
			take(thread);
		unlock_threads();
		if (thread)
			hand_over(thread, &(struct gons_i_request){ .set = NULL });
	} while (thread);
	join_ended();
}

void gons_i_set_threads_leave(void)
{
	end_threads(gettid());
}

__attribute__((destructor)) void gons_i_set_threads_end(void)
{
	end_threads(0);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions that run on another thread, in a set's namespaces.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/core/thread.h"
#include "gons/leak/exempt.h"
#include "gons/sets/set.h"
#include "gons/sets/join.h"
#include "gons/sets/set_thread.h"

#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL /* Linux 6.9 */
#endif

struct call {
	const gons_set *set;
	void (*fn)(void *);
	void *arg;
	sigset_t mask;
	unsigned exempt_depth;
	pid_t tid;
	bool joined;
	struct gons_i_failure failure;
};

/* The thread ends afterwards, so that nothing has to be restored. */
static void *run(void *arg)
{
	struct call *call = arg;

	call->tid = gettid();
	gons_i_exempt_take_part(call->exempt_depth);
	if (gons_i_switch_for_good(call->set->fd, call->set->types) < 0) {
		gons_i_failure_save(&call->failure);
		return NULL;
	}
	call->joined = true;
	(void)pthread_sigmask(SIG_SETMASK, &call->mask, NULL);
	call->fn(call->arg);
	return NULL;
}

static int do_once(const gons_set *set, void (*fn)(void *), void *arg)
{
	struct call call = {
		.set = set, .fn = fn, .arg = arg, .exempt_depth = gons_i_exempt_depth()
	};
	pthread_t thread;
	int errnum;

	(void)pthread_sigmask(SIG_SETMASK, NULL, &call.mask);
	errnum = gons_i_thread_create(&thread, GONS_I_STACK_USUAL, run, &call);
	if (errnum != 0)
		return gons_i_fail_thread(errnum, "cannot create a thread to run a function on");
	gons_i_thread_join(thread, &call.tid);
	return call.joined ? 0 : gons_i_failure_restore(&call.failure);
}

static bool is_callable(const gons_set *set, bool has_fn)
{
	if (!gons_i_set_is_valid(set))
		return false;
	if (!has_fn)
		(void)gons_i_fail(EINVAL, "fn is NULL");
	return has_fn && gons_i_set_check_enterable(set) == 0;
}

GONS_EXPORT int gons_set_do(const gons_set *set, void (*fn)(void *), void *arg)
{
	uncancelled int cancel = gons_i_forbid_cancel();

	return is_callable(set, fn != NULL) ? do_once(set, fn, arg) : -1;
}

/* ---- on a thread that may be used again ---- */

struct once {
	bool (*fn)(void *);
	void *arg;
};

static void call_once(void *arg)
{
	const struct once *once = arg;

	(void)once->fn(once->arg);
}

/* Before Linux 6.9 only the first thread of a process has one. */
static int open_pidfd(void)
{
	pid_t tid = gettid();

	return (int)(tid == getpid() ? syscall(SYS_pidfd_open, tid, 0)
				     : syscall(SYS_pidfd_open, tid, PIDFD_THREAD));
}

GONS_EXPORT int gons_set_do_restore(const gons_set *set, bool (*fn)(void *), void *arg)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct once once = { fn, arg };
	struct gons_i_request request = { .set = set, .fn = fn, .arg = arg };
	cleanup_fd int pidfd = -1;

	if (!is_callable(set, fn != NULL))
		return -1;
	/* A thread that has been in another mount namespace cannot share its directories with
	 * the others again. */
	if (!(request.set->types & CLONE_NEWNS))
		pidfd = open_pidfd();
	if (pidfd < 0)
		return do_once(request.set, call_once, &once);
	request.caller = gettid();
	request.pidfd = pidfd;
	request.exempt_depth = gons_i_exempt_depth();
	(void)pthread_sigmask(SIG_SETMASK, NULL, &request.mask);
	return gons_i_set_thread_do(&request);
}

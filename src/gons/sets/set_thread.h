/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_WORKER_H
#define GONS_WORKER_H

#include <signal.h>

#include "gons/base/error.h"
#include "gons/sets/internal.h"

/* A function that is to run on another thread, in a set's namespaces. */
struct gons_i_request {
	const gons_set *set; /* NULL: the worker is to end */
	bool (*fn)(void *);
	void *arg;
	pid_t caller; /* the thread */
	sigset_t mask; /* its, and so fn's */
	int pidfd; /* of the calling thread: where a worker comes from, and goes back to */
	bool ran; /* else there is a failure, or none where the worker was not fit */
	bool ended; /* the worker, which is to be joined */
	struct gons_i_failure failure;
};

/* Has a kept thread, or a new one that may be kept, do it. 0 or -1. */
int gons_i_set_thread_do(struct gons_i_request *request);

/* Ends those kept threads that this thread used last in namespaces which it now leaves, since they
 * are in those, too. */
void gons_i_set_threads_leave(void);

/* Ends all that wait. */
void gons_i_set_threads_end(void);

#endif

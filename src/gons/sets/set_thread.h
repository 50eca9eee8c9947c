/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_SETS_SET_THREAD_H
#define GONS_I_SETS_SET_THREAD_H

#include <signal.h>

#include "gons/base/error.h"
#include "gons/sets/set.h"

/* A function to be run on a set thread, in a set's namespaces. */
struct gons_i_request {
	const gons_set *set; /* NULL: the set thread has to end */
	bool (*fn)(void *);
	void *arg;
	pid_t caller; /* the thread */
	sigset_t mask; /* of the caller, and so of fn */
	unsigned exempt_depth; /* of the caller */
	int pidfd; /* of the calling thread, whose namespaces the set thread enters */
	bool ran; /* fn was called; if not, failure says why; if that is empty, the set thread did not
		   * equal the caller any more */
	bool ended; /* the set thread has ended, and has to be joined */
	struct gons_i_failure failure;
};

/* Runs the function on an idle set thread, or on a new one, which may be reused later. Returns
 * 0 or -1. */
int gons_i_set_thread_do(struct gons_i_request *request);

/* To be called when the calling thread leaves its namespaces: ends the idle set threads that it
 * used there, since these threads are in the same namespaces. */
void gons_i_set_threads_leave(void);

/* Ends all idle set threads. */
void gons_i_set_threads_end(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_CORE_THREAD_H
#define GONS_I_CORE_THREAD_H

#include "gons/base/child.h"
#include "gons/base/common.h"

/* The caller's functions need a stack of the usual size, gons's own do not. */
enum gons_i_stack { GONS_I_STACK_USUAL, GONS_I_STACK_SMALL };

/* pthread_create(3) of a thread with all signals blocked. Returns an error number. */
int gons_i_thread_create(pthread_t *ret_thread, enum gons_i_stack stack, void *(*fn)(void *),
			 void *arg);

/* pthread_join(3), and waits until /proc/self/task lists it no more: a joined thread ends a moment
 * later. *tid is its number of gettid(2), which the thread itself may have stored. */
void gons_i_thread_join(pthread_t thread, const pid_t *tid);

/* Says "<what>: <reason>" of such an error number, and what limit that is. Returns -1. */
int gons_i_fail_thread(int errnum, const char *what);

#endif

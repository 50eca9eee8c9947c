/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_CORE_THREAD_H
#define GONS_I_CORE_THREAD_H

#include "gons/base/child.h"
#include "gons/base/common.h"

/* Functions of the program need a stack of the usual size; gons's own functions do with a small
 * one. */
enum gons_i_stack { GONS_I_STACK_USUAL, GONS_I_STACK_SMALL };

/* pthread_create(3) of a thread with all signals blocked. Returns an error number. */
int gons_i_thread_create(pthread_t *ret_thread, enum gons_i_stack stack, void *(*fn)(void *),
			 void *arg);

/* pthread_join(3), and then waits until /proc/self/task does not list the thread any more, which is
 * a moment later. *tid is its gettid(2), and is read after the join, so the thread itself may store
 * it. */
void gons_i_thread_join(pthread_t thread, const pid_t *tid);

/* Sets the message for an error number of pthread_create(3): what failed, and which limit is
 * reached. Returns -1. */
int gons_i_fail_thread(int errnum, const char *what);

#endif

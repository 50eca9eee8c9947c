/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_BASE_FORKS_H
#define GONS_I_BASE_FORKS_H

#include <time.h>

#include "gons/base/common.h"

/* Counts forks from the first call on, which the scope and what is kept make. 0, or an error
 * number. */
int gons_i_forks_prepare(void);

/* Between these no thread forks, and no other thread is between them. */
void gons_i_forks_forbid(void);
void gons_i_forks_allow(void);
void gons_i_forks_wait(pthread_cond_t *cond); /* allows it meanwhile */

/* The same until a moment of CLOCK_MONOTONIC, for what gons_i_forks_cond_init() has initialized. 0, or
 * an error number. */
void gons_i_forks_cond_init(pthread_cond_t *cond);
int gons_i_forks_wait_until(pthread_cond_t *cond, const struct timespec *end);

/* Another number means that what it was taken for is the parent's: a thread, a record. */
unsigned gons_i_forks(void);

/*
 * In a child of clone(2) itself, where no fork handler runs: frees the lock, which another thread
 * of the parent may have held at that moment, and would hold forever. The child has one thread.
 * What the lock guards may be half-written there, so such a child may only read what is set early.
 */
void gons_i_forks_free_in_bare_child(void);

#endif

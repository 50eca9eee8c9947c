/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_BASE_FORKS_H
#define GONS_I_BASE_FORKS_H

#include <time.h>

#include "gons/base/common.h"

/* Starts to count forks, at the first call. To be called before anything is recorded that a forked
 * child must recognise as its parent's. 0, or an error number. */
int gons_i_forks_prepare(void);

/* One lock for the whole library. While a thread holds it, no thread forks. gons_i_forks_wait()
 * releases it while it waits. */
void gons_i_forks_forbid(void);
void gons_i_forks_allow(void);
void gons_i_forks_wait(pthread_cond_t *cond);

/* The same, but waits until end, by CLOCK_MONOTONIC, at most. gons_i_forks_cond_init() has
 * initialized cond. 0, or an error number. */
void gons_i_forks_cond_init(pthread_cond_t *cond);
int gons_i_forks_wait_until(pthread_cond_t *cond, const struct timespec *end);

/* How often this process and its ancestors forked. If a record or a thread was noted with another
 * number, it belongs to the parent. */
unsigned gons_i_forks(void);

/*
 * In a child of clone(2), where no fork handler runs: frees the lock, which another thread of the
 * parent may have held at that moment. The child has only one thread, so nobody else would free it.
 * What the lock guards may be half-written there, so such a child may only read what was set before
 * threads were started.
 */
void gons_i_forks_free_in_bare_child(void);

#endif

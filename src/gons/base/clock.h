/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_BASE_CLOCK_H
#define GONS_I_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

enum { GONS_I_NS_OF_MS = 1000000 };

/* The time since a fixed moment in the past: a clock that is never set. */
static inline int64_t gons_i_nanoseconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail */
	return (int64_t)now.tv_sec * 1000 * GONS_I_NS_OF_MS + now.tv_nsec;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_BASE_CLOCK_H
#define GONS_I_BASE_CLOCK_H

#include <linux/types.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { GONS_I_NS_OF_MS = 1000000 };

/* The time since a fixed moment in the past: a clock that is never set. Asks the kernel, since
 * faketime(1) can stop the clock of the C library, and then a wait would never end. */
static inline int64_t gons_i_nanoseconds(void)
{
	__kernel_long_t now[2];

	(void)syscall(SYS_clock_gettime, CLOCK_MONOTONIC, now); /* cannot fail */
	return (int64_t)now[0] * 1000 * GONS_I_NS_OF_MS + now[1];
}

#endif

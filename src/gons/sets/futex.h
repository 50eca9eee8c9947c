/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_FUTEX_H
#define GONS_FUTEX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* Less than any system call takes, in nanoseconds. */
int64_t gons_i_time_a_call(void);

/* Looks out for a moment for number to reach the wanted one. Waking a thread takes the kernel
 * longer than most functions take. Returns whether it has. */
bool gons_i_spin(const atomic_uint *number, unsigned wanted);

/* Sleeps until it has; or, returning false, until the time is over (NULL: never). */
bool gons_i_sleep(atomic_uint *number, unsigned wanted, atomic_uint *sleepers,
		  const struct timespec *timeout);

/* Adds 1 to it. Returns whether somebody had to be woken. */
bool gons_i_change(atomic_uint *number, const atomic_uint *sleepers);

#endif

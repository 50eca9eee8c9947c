/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_SETS_FUTEX_H
#define GONS_I_SETS_FUTEX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* Waits up to 50 microseconds, without sleeping, until number reaches wanted: the kernel takes
 * longer to wake a thread than most functions take. Returns whether it was reached. */
bool gons_i_spin(const atomic_uint *number, unsigned wanted);

/* Sleeps until number reaches wanted, or until the timeout is over (NULL: never); then false. */
bool gons_i_sleep(atomic_uint *number, unsigned wanted, atomic_uint *sleepers,
		  const struct timespec *timeout);

/* Adds 1 to number. Returns whether a thread had to be woken. */
bool gons_i_change(atomic_uint *number, const atomic_uint *sleepers);

#endif

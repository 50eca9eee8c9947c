/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_SETS_FUTEX_H
#define GONS_I_SETS_FUTEX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* Waits for a moment, without sleeping, until number reaches the wanted one: waking a thread takes
 * the kernel longer than most functions take. Returns whether it has. */
bool gons_i_spin(const atomic_uint *number, unsigned wanted);

/* Sleeps until it has; or, returning false, until the timeout is over (NULL: none). */
bool gons_i_sleep(atomic_uint *number, unsigned wanted, atomic_uint *sleepers,
		  const struct timespec *timeout);

/* Adds 1 to it. Returns whether a thread had to be woken. */
bool gons_i_change(atomic_uint *number, const atomic_uint *sleepers);

#endif

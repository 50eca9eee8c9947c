/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers by which two threads hand requests and answers to each other.
 */
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>

#include "gons/base/clock.h"
#include "gons/base/common.h"
#include "gons/sets/futex.h"

/* Longer than handing over takes, shorter than anything worth sleeping for. */
enum { SPIN_NS = 50000 };

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#endif
}

static bool has_reached(unsigned number, unsigned wanted)
{
	return (int)(number - wanted) >= 0; /* also where it has wrapped around */
}

bool gons_i_spin(const atomic_uint *number, unsigned wanted)
{
	const int64_t end = gons_i_nanoseconds() + SPIN_NS;

	do {
		for (int i = 0; i < 32; i++) {
			if (has_reached(atomic_load(number), wanted))
				return true;
			relax();
		}
	} while (gons_i_nanoseconds() < end);
	return false;
}

bool gons_i_sleep(atomic_uint *number, unsigned wanted, atomic_uint *sleepers,
		  const struct timespec *timeout)
{
	bool over = false;
	unsigned now;

	atomic_fetch_add(sleepers, 1);
	while (!has_reached(now = atomic_load(number), wanted) && !over)
		over = syscall(SYS_futex, number, FUTEX_WAIT_PRIVATE, now, timeout, NULL, 0) < 0 &&
		       errno == ETIMEDOUT;
	atomic_fetch_sub(sleepers, 1);
	return has_reached(now, wanted);
}

bool gons_i_change(atomic_uint *number, const atomic_uint *sleepers)
{
	atomic_fetch_add(number, 1);
	if (atomic_load(sleepers) == 0)
		return false;
	(void)syscall(SYS_futex, number, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
	return true;
}

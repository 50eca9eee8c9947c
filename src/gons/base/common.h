/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_BASE_COMMON_H
#define GONS_I_BASE_COMMON_H

/* What every file of the library needs. Names shared between files are gons_i_*: they are global
 * in libgons.a, and the symbol map keeps them out of libgons.so. */

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <gons/gons.h>

/* Marks a definition that gons.map exports. */
#define GONS_EXPORT __attribute__((visibility("default")))

/* ---- descriptors ---- */

/* Closes *fd unless it is negative, and keeps errno. Never retried: Linux has freed
 * the descriptor even when close(2) says EINTR. */
static inline void gons_i_close_fd(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	errno = saved;
}

#define cleanup_fd __attribute__((cleanup(gons_i_close_fd)))

/* Hands a cleanup_fd over, on the line that succeeds. */
static inline int gons_i_take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/* ---- cancellation ---- */

/* No thread is cancelled (pthread_cancel(3)) inside gons, where it would lose what is not
 * recorded yet; but it may be in functions of the caller's that gons calls:
 *
 *     uncancelled int cancel = gons_i_forbid_cancel();
 */
static inline int gons_i_forbid_cancel(void)
{
	int old;

	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old); /* cannot fail */
	return old;
}

static inline void gons_i_allow_cancel(const int *old)
{
	(void)pthread_setcancelstate(*old, NULL);
}

#define uncancelled __attribute__((cleanup(gons_i_allow_cancel), unused))

#endif

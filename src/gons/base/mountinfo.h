/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_BASE_MOUNTINFO_H
#define GONS_I_BASE_MOUNTINFO_H

/* The mounts of /proc/PID/mountinfo, one at a time, and async-signal-safe as gons_i_lines. */

#include "gons/base/signal_safe_read.h"

struct gons_i_mount {
	int id, parent;
	const char *root; /* the directory of the file system that is mounted */
	const char *point; /* where, from the root directory of the thread */
	const char *options; /* of the mount, not of its super block */
	bool is_shared; /* what is mounted on it appears in other mount namespaces, too */
	const char *type; /* of the file system; "" where the line was cut before it */
};

/* The next mount of a mountinfo that gons_i_lines_open() has opened; its texts are valid until the
 * next call. 1, 0 at the end, -1 with errno alone. */
int gons_i_mountinfo_next(struct gons_i_lines *lines, struct gons_i_mount *ret_mount);

#endif

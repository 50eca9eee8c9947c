/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_BASE_MOUNTINFO_H
#define GONS_I_BASE_MOUNTINFO_H

/*
 * /proc/PID/mountinfo, one mount at a time, without memory from malloc(3): also for forked
 * children, in which another thread of the parent may have held the allocator's lock.
 */

#include <stdbool.h>
#include <stddef.h>

struct gons_i_mountinfo {
	int fd;
	size_t begin, end; /* of what was read and not yet taken */
	bool is_cut; /* the last line, whose rest is to be passed over */
	char buf[8192]; /* a longer line is cut */
};

struct gons_i_mount {
	int id, parent;
	const char *root; /* the directory of the file system that is mounted */
	const char *point; /* where, from the root directory of the thread */
	const char *options; /* of the mount, not of its super block */
	bool is_shared; /* what is mounted on it appears in other mount namespaces, too */
	const char *type; /* of the file system; "" where the line was cut before it */
};

/* 0, or -1 with errno alone. */
int gons_i_mountinfo_open(struct gons_i_mountinfo *info, const char *path);

/* The texts of ret_mount are valid until the next call. 1, 0 at the end, -1 with errno alone. */
int gons_i_mountinfo_next(struct gons_i_mountinfo *info, struct gons_i_mount *ret_mount);

void gons_i_mountinfo_close(struct gons_i_mountinfo *info); /* keeps errno */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_SUBMOUNTS_H
#define GONS_SUBMOUNTS_H

/* The mounts below a directory. */

#include <stdbool.h>
#include <stddef.h>

struct gons_i_submounts {
	struct gons_i_submount {
		char *path;
		int fd; /* a detached copy, with all that is mounted below it */
	} * list;
	size_t n;
};

/* Copies what is mounted below dir, as it can be seen now. Returns 0 or -1. */
int gons_i_submounts_clone(const char *dir, struct gons_i_submounts *ret_submounts);

/* Mounts the copies where the originals were, except where that is no longer there. */
int gons_i_submounts_attach(struct gons_i_submounts *submounts);

void gons_i_submounts_free(struct gons_i_submounts *submounts); /* keeps errno */

/* Lists the mounts below dir, a sysfs, that hide a part of it: "/sys/firmware (tmpfs)". */
bool gons_i_masking_submounts(const char *dir, char *buf, size_t size);

#endif

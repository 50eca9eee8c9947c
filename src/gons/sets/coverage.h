/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_SETS_COVERAGE_H
#define GONS_I_SETS_COVERAGE_H

#include <stddef.h>

/*
 * Coverage counters of functions that run in a child, in a program that is built for coverage.
 * LLVM's counters are passed to the parent in shared memory. gcov's are written to their files,
 * below the root directory of the parent.
 */
struct gons_i_coverage {
	char *buffer; /* or NULL */
	size_t size;
	int root_fd; /* or -1 */
};

/* In the parent, before the child is forked. Does nothing in other programs. */
void gons_i_coverage_prepare(struct gons_i_coverage *coverage);

/* In the child, before and after the function. */
void gons_i_coverage_begin(void);
void gons_i_coverage_end(const struct gons_i_coverage *coverage);

/* In the parent, when the child has ended. */
void gons_i_coverage_finish(struct gons_i_coverage *coverage);

#endif

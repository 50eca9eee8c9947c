/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The coverage of functions that run in a child.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <gons/set.h>

#include "gons/base/common.h"
#include "gons/sets/coverage.h"

/* Whether the program, which has this function, is built for coverage or may be. */
static bool is_possible(void)
{
	return gons_set_coverage_ != NULL;
}

void gons_i_coverage_prepare(struct gons_i_coverage *coverage)
{
	*coverage = (struct gons_i_coverage){ .root_fd = -1 };
	if (!is_possible())
		return;
	if (gons_set_coverage_(GONS_COVERAGE_HAS_FILES, NULL, 0))
		coverage->root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	coverage->size = gons_set_coverage_(GONS_COVERAGE_SIZE, NULL, 0);
	if (coverage->size == 0)
		return;
	coverage->buffer = mmap(NULL, coverage->size, PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (coverage->buffer == MAP_FAILED)
		coverage->buffer = NULL;
}

void gons_i_coverage_begin(void)
{
	if (is_possible())
		(void)gons_set_coverage_(GONS_COVERAGE_RESET, NULL, 0);
}

/* gcov names its files by absolute paths, which may not exist in the namespaces of the function.
 * With a relative GCOV_PREFIX these paths start in the working directory, which becomes the
 * parent's root. */
static void move_files(int root_fd)
{
	const char *prefix = getenv("GCOV_PREFIX");
	char relative[4096];

	if (fchdir(root_fd) < 0 || (size_t)snprintf(relative, sizeof(relative), ".%s",
						    prefix ? prefix : "") >= sizeof(relative))
		return;
	(void)setenv("GCOV_PREFIX", relative, 1);
}

void gons_i_coverage_end(const struct gons_i_coverage *coverage)
{
	if (!is_possible())
		return;
	if (coverage->root_fd >= 0)
		move_files(coverage->root_fd);
	(void)gons_set_coverage_(GONS_COVERAGE_WRITE, coverage->buffer, coverage->size);
}

void gons_i_coverage_finish(struct gons_i_coverage *coverage)
{
	gons_i_close_fd(&coverage->root_fd);
	if (!coverage->buffer)
		return;
	/* Nothing has been written when the function has not returned. */
	if (coverage->buffer[0] != 0)
		(void)gons_set_coverage_(GONS_COVERAGE_MERGE, coverage->buffer, coverage->size);
	(void)munmap(coverage->buffer, coverage->size);
}

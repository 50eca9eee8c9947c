/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_FUZZ_H
#define GONS_FUZZ_H

/* What the fuzz targets share. */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <gons/gons.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not assert(3), which a build may leave out. */
#define check(condition) ((condition) ? (void)0 : give_up(__FILE__, #condition, __LINE__))

static inline void give_up(const char *file, const char *condition, int line)
{
	(void)fprintf(stderr, "%s:%d: not so: %s; \"%s\"\n", file, line, condition, gons_error());
	abort();
}

#endif

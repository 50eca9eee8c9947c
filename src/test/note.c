/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notes for people who read the output of tests, and the name of the test that they are about.
 */
#include <stdarg.h>
#include <stdlib.h>

#include "test/test.h"

static __thread FILE *stream; /* for delayed notes; NULL: notes are not delayed */
static __thread char *delayed;
static __thread size_t delayed_size;
static __thread const char *name; /* of the open test */
static __thread bool is_skipped;

void gons_i_test_delay_notes(void)
{
	if (!stream)
		stream = open_memstream(&delayed, &delayed_size); /* NULL: not delayed */
}

void gons_i_test_write_notes(void)
{
	if (!stream)
		return;
	(void)fclose(stream);
	stream = NULL;
	if (delayed)
		gons_i_test_note("%s", delayed);
	free(delayed);
	delayed = NULL;
}

FILE *gons_i_test_stream(void)
{
	return stream ? stream : stderr;
}

void gons_i_test_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vfprintf(gons_i_test_stream(), format, args);
	va_end(args);
	(void)fflush(gons_i_test_stream());
}

void gons_i_test_set_name(const char *new_name)
{
	name = new_name;
	if (new_name)
		is_skipped = false;
}

const char *gons_i_test_name(void)
{
	return name;
}

void gons_i_test_skips(void)
{
	is_skipped = true;
}

bool gons_i_test_is_skipped(void)
{
	return is_skipped;
}

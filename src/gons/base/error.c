/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The message of a failing call. Each thread has one buffer; a message that is too long for it ends
 * in "...".
 */
#include <features.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gons/base/common.h"
#include "gons/base/error.h"

#ifdef __GLIBC_PREREQ
#define HAS_STRERRORDESC __GLIBC_PREREQ(2, 32)
#else
#define HAS_STRERRORDESC 0
#endif

enum { MESSAGE_SIZE = GONS_I_MESSAGE_SIZE };

static __thread char message[MESSAGE_SIZE];
static __thread int explained; /* the errno that it is about */

const char *gons_i_errno_text(int errnum)
{
	const char *text;

#if HAS_STRERRORDESC
	text = strerrordesc_np(errnum);
#else
	text = strerror(errnum);
#endif
	return text ? text : "Unknown error";
}

__attribute__((format(printf, 2, 0))) static void vappend(char *text, const char *format,
							  va_list args)
{
	size_t used = strlen(text);
	int wanted = vsnprintf(text + used, MESSAGE_SIZE - used, format, args);

	if (wanted < 0 || (size_t)wanted >= MESSAGE_SIZE - used)
		memcpy(text + MESSAGE_SIZE - sizeof("..."), "...", sizeof("..."));
}

__attribute__((format(printf, 2, 3))) static void append(char *text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vappend(text, format, args);
	va_end(args);
}

void gons_i_set_message(int errnum, const char *format, ...)
{
	char text[MESSAGE_SIZE] = ""; /* the arguments may point into the old message */
	va_list args;

	va_start(args, format);
	vappend(text, format, args);
	va_end(args);
	append(text, ": %s", gons_i_errno_text(errnum));
	if (errnum == EMFILE)
		append(text, "; the limit on open descriptors (RLIMIT_NOFILE) is reached");
	memcpy(message, text, sizeof(message));
	explained = errnum;
	errno = errnum;
}

__attribute__((format(printf, 2, 0))) static void add(const char *separator, const char *format,
						      va_list args)
{
	char text[MESSAGE_SIZE]; /* the arguments may point into the old message */
	int saved = errno;

	memcpy(text, message, sizeof(text));
	append(text, "%s", separator);
	vappend(text, format, args);
	memcpy(message, text, sizeof(message));
	errno = saved;
}

void gons_i_add_cause(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(": ", format, args);
	va_end(args);
}

void gons_i_add_remedy(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add("; ", format, args);
	va_end(args);
}

int gons_i_check_reserved(const uint64_t reserved[GONS_I_RESERVED], const char *what)
{
	for (size_t i = 0; i < GONS_I_RESERVED; i++)
		if (reserved[i] != 0)
			return gons_i_fail(EINVAL, "reserved[%zu] of %s is not 0", i, what);
	return 0;
}

int gons_i_check_timeout(int timeout_ms)
{
	if (timeout_ms >= -1)
		return 0;
	(void)gons_i_fail(EINVAL, "timeout_ms is negative (%d)", timeout_ms);
	gons_i_add_remedy("use -1 to wait without limit");
	return -1;
}

void gons_i_failure_save(struct gons_i_failure *failure)
{
	failure->errnum = errno;
	memcpy(failure->message, message, sizeof(message));
}

int gons_i_failure_restore(const struct gons_i_failure *failure)
{
	memcpy(message, failure->message, sizeof(message));
	explained = failure->errnum;
	errno = failure->errnum;
	return -1;
}

void gons_i_failure_clear(int errnum)
{
	message[0] = '\0';
	errno = errnum;
}

bool gons_i_is_explained(void)
{
	return message[0] != '\0' && explained == errno;
}

GONS_EXPORT const char *gons_error(void)
{
	return message;
}

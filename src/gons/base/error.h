/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_BASE_ERROR_H
#define GONS_I_BASE_ERROR_H

/* The message that gons_error() returns. */

#include "gons/base/common.h"

/*
 * A message has up to four parts: what failed and on what; the text of errno; the cause on this
 * machine, with the value that was found; what to do.
 *
 *     gons_i_fail(errno, "cannot open %s", path);
 *     gons_i_add_cause("procfs is not mounted");
 *     gons_i_add_remedy("mount it on /proc");
 *
 * "cannot open /proc/7: No such file or directory: procfs is not mounted; mount it on /proc"
 */

/* Sets the message to the first two parts, and errno. EMFILE comes with its cause and its remedy.
 * gons_i_fail() is -1 in sight of compilers and analysers, which then know that its caller fails. */
void gons_i_set_message(int errnum, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define gons_i_fail(...) (gons_i_set_message(__VA_ARGS__), -1)

/* The text of an errno. In English, since the messages are, and because looking up a translation
 * takes locks, which a forked child must not. */
const char *gons_i_errno_text(int errnum);

/* Append ": <cause>" and "; <remedy>" to the message. gons_i_add_remedy() also appends what else has
 * failed. Both keep errno. */
void gons_i_add_cause(const char *format, ...) __attribute__((format(printf, 1, 2)));
void gons_i_add_remedy(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Checks that the reserved members of a public struct are 0: later versions may use them. what is
 * the struct's name. Returns 0, or -1 with EINVAL. */
enum { GONS_I_RESERVED = 4 };
int gons_i_check_reserved(const uint64_t reserved[GONS_I_RESERVED], const char *what);

/* EINVAL if a timeout is negative and not -1, which stands for no limit. Returns 0 or -1. */
int gons_i_check_timeout(int timeout_ms);

/* The calling thread's last failure, kept while something else may fail, or handed to
 * another thread or process. */
enum { GONS_I_MESSAGE_SIZE = 1024 };
struct gons_i_failure {
	int errnum;
	char message[GONS_I_MESSAGE_SIZE];
};
void gons_i_failure_save(struct gons_i_failure *failure);
int gons_i_failure_restore(const struct gons_i_failure *failure); /* returns -1 */

/* Whether the message is about the present errno, and not about an earlier failure. */
bool gons_i_is_explained(void);

/* Clears the message, as if no call had failed, and sets errno to errnum. */
void gons_i_failure_clear(int errnum);

#endif

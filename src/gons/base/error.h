/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_BASE_ERROR_H
#define GONS_I_BASE_ERROR_H

/* The message that gons_error() returns. */

#include "gons/base/common.h"

/* Sets the message "<formatted>: <text of errnum>" and errno; for EMFILE it also says which
 * limit that is. Returns -1. */
int gons_i_fail(int errnum, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends "; <formatted>" to the message: the cause, or what would help. Keeps errno. */
void gons_i_explain(const char *format, ...) __attribute__((format(printf, 1, 2)));

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

/* There was none yet; errno becomes errnum. */
void gons_i_failure_forget(int errnum);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_CORE_BIRTHS_H
#define GONS_I_CORE_BIRTHS_H

/* Which process id was the last one when a network namespace was made: who is in it by birth has a
 * later one. */

#include "gons/base/file.h"

/* The last process id (also of a thread) that was given; -1: cannot be told. */
int gons_i_last_pid(void);

/* Notes, for the calling thread, that the namespace nsfd (-1: that which it is in) was made after
 * last_pid. Keeps errno. */
void gons_i_birth_note(int nsfd, int last_pid);

/* What was noted, or -1. */
int gons_i_birth_find(const struct gons_i_file_id *id);

#endif

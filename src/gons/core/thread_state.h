/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_CORE_THREAD_STATE_H
#define GONS_I_CORE_THREAD_STATE_H

#include <stdbool.h>

/* A thread is stranded while it is in a namespace that the kernel did not let it leave. */
bool gons_i_is_stranded(void);

/* Notes that the kernel has refused (with this errno) or allowed (0) a return to this type. */
void gons_i_set_stranded(int type, int errnum);

/* Counts the returns that are recorded on the thread's scope: change is 1 or -1. */
void gons_i_add_returns(int change);

/* Whether this thread is in namespaces that it will leave when its scope ends. */
bool gons_i_has_returns(void);

/* The types of those namespaces, and why the first one could not be left. */
int gons_i_stranded_types(void);
int gons_i_stranded_errno(void);

#endif

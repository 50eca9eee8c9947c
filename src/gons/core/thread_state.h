/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_CORE_THREAD_STATE_H
#define GONS_I_CORE_THREAD_STATE_H

#include <stdbool.h>

/* Notes that the kernel has refused (with this errno) or allowed (0) a return to this type. */
void gons_i_set_stranded(int type, int errnum);
void gons_i_go_away(int returns); /* 1 or -1 */

/* True while this thread is in namespaces that it will leave with its scope. */
bool gons_i_is_away(void);

/* True while this thread is in a namespace that the kernel did not let it leave. */
bool gons_i_is_stranded(void);

/* The types of those namespaces, and why the first one could not be left. */
int gons_i_stranded_types(void);
int gons_i_stranded_errno(void);

#endif

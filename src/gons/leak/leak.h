/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_LEAK_LEAK_H
#define GONS_I_LEAK_LEAK_H

/* Snapshots that are compared more than once, for a run of tests. */

#include <stdbool.h>

#include <gons/leak.h>

/* What a comparison looks at: the thread's namespaces, root and working directory alone, or
 * everything that gons_leaks_begin() lists. */
enum gons_i_leaks_scope { GONS_I_LEAKS_CONTEXT, GONS_I_LEAKS_ALL };

/*
 * Compares, reports what is different, and returns the thread, as gons_leaks_end() does.
 * Afterwards the snapshot has the present state, so the next comparison reports only later
 * changes. Returns the number of findings; -1 with EPERM when the thread is stranded in another
 * namespace.
 */
int gons_i_leaks_compare(gons_leaks *leaks, enum gons_i_leaks_scope scope,
			 void (*report)(const char *message, void *arg), void *arg);

/* After a comparison of namespaces and directories alone: takes the rest of the snapshot anew, so
 * that everything can be compared next. Returns 0, or -1. */
int gons_i_leaks_refresh(gons_leaks *leaks);

/* Whether the snapshot is of the calling thread, and not of the parent's thread that forked. */
bool gons_i_leaks_is_own(const gons_leaks *leaks);

/* NULL is ignored. Keeps errno. */
void gons_i_leaks_free(gons_leaks *leaks);

#endif

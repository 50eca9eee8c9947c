/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_CORE_ENTER_H
#define GONS_I_CORE_ENTER_H

#include "gons/core/saved_context.h"

/*
 * Enters the namespaces of these descriptors, of n different types, in their order (the mount
 * namespace last: paths mean something else then), and records the return under *ret_number. A
 * namespace that the thread is in already, of any type, is skipped. EINVAL for a user or time
 * namespace that the thread is not in. 0, or -1 with the thread where it was.
 */
int gons_i_enter(const int *nsfds, size_t n, enum gons_i_return_check check, unsigned *ret_number);

/* gons_execute(), which fails with EINVAL if nsfd is not of this type. */
int gons_i_execute(int nsfd, int type, void (*fn)(void *), void *arg);

/* Adds to the message what to use for a user or time namespace, from which a thread cannot return. */
void gons_i_add_remedy_for_entering(int types);

#endif

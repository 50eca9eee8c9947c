/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_SETS_JOIN_H
#define GONS_I_SETS_JOIN_H

#include "gons/base/types.h"

/* Puts the calling thread, which will not return, into the namespaces of these types; fds is in the
 * order of gons_i_types. Only a child process can enter a user or time namespace that it is not in.
 * After -1 the thread may be in some of them. */
int gons_i_switch_for_good(const int fds[GONS_I_TYPES], int types);

#endif

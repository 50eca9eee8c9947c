/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_SETS_JOIN_H
#define GONS_I_SETS_JOIN_H

#include "gons/base/types.h"

/* Puts a thread or child that need not return into those of fds that types has (in the order of
 * gons_i_types), in an order that works. A user or time namespace, other than its own, takes a
 * child. After -1 it may be in some of them. */
int gons_i_switch_for_good(const int fds[GONS_I_TYPES], int types);

#endif

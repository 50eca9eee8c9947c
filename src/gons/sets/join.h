/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_SETS_JOIN_H
#define GONS_I_SETS_JOIN_H

#include "gons/base/types.h"

/* Puts a thread or child that nobody wants back, into those of fds that types has (in the order
 * of gons_i_types), in an order that works; a user, PID or time namespace takes a child. -1 where
 * it may be half-way there. */
int gons_i_switch_for_good(const int fds[GONS_I_TYPES], int types);

#endif

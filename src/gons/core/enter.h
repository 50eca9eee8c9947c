/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_CORE_ENTER_H
#define GONS_I_CORE_ENTER_H

#include "gons/core/saved_context.h"

/* Checks these descriptors, switches to them in their order and records the way back, under the
 * number returned. */
int gons_i_enter(const int *nsfds, size_t n, enum gons_i_return_check proof, unsigned *ret_number);

#endif

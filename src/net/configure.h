/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_NET_CONFIGURE_H
#define GONS_I_NET_CONFIGURE_H

#include <gons/set.h>

#include "net/model.h"

/* Gives the links of all hosts their addresses and routes, and returns when they are usable. Moves
 * the calling thread. 0, or -1 with errno and message. */
int gons_i_net_configure(const struct gons_i_net_model *model, gons_set *const *sets,
			 int bridge_fd);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_NET_LINKS_H
#define GONS_I_NET_LINKS_H

#include <gons/set.h>

#include "net/model.h"

/* Creates all bridges and cables, in their namespaces. Of each cable, one end is up. 0, or -1 with
 * errno and message. */
int gons_i_net_links_create(const struct gons_i_net_model *model, gons_set *const *sets,
			    int bridge_fd);

#endif

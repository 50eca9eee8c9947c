/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_NET_LINKS_H
#define GONS_I_NET_LINKS_H

#include <gons/set.h>

#include "net/model.h"

/* Creates all bridges and cables, in their namespaces. Of each cable, one end is up. 0, or -1 with
 * errno and message. */
int gons_i_net_links_create(const struct gons_i_net_model *model, gons_set *const *sets,
			    int bridge_fd);

/* The MAC address of the link with this number. */
enum { GONS_I_NET_MAC_SIZE = 6 };
void gons_i_net_link_address(int ifindex, unsigned char address[GONS_I_NET_MAC_SIZE]);

/* The name of the other end of a port, which is on a bridge. */
void gons_i_net_bridge_port_name(const struct gons_i_net_model *model,
				 const struct gons_i_net_port *port,
				 char name[GONS_I_NET_NAME_SIZE]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_NETNS_IP_REQUEST_H
#define GONS_I_NETNS_IP_REQUEST_H

/* Requests of rtnetlink for addresses and routes. */

#include "netns/prefix.h"
#include "netns/rtnl.h"

/* Each begins a request of this type with these flags in buf, of GONS_I_RTNL_REQUEST_SIZE bytes. */

/* type: RTM_NEWADDR or RTM_DELADDR. A new IPv6 address skips duplicate address detection. */
struct nlmsghdr *gons_i_address_request(char *buf, uint16_t type, uint16_t flags, int ifindex,
					const struct gons_i_prefix *address);

/* type: RTM_NEWROUTE or RTM_DELROUTE. gateway NULL: on the link; ifindex 0: by the gateway. */
struct nlmsghdr *gons_i_route_request(char *buf, uint16_t type, uint16_t flags,
				      const struct gons_i_prefix *destination,
				      const struct gons_i_prefix *gateway, int ifindex);

#endif

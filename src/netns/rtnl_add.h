/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_NETNS_RTNL_ADD_H
#define GONS_I_NETNS_RTNL_ADD_H

/* What rtnetlink added and the scope deletes: addresses, routes, neighbours. */

#include "netns/rtnl.h"

/*
 * Sends a request that adds something, and records the request of the type undo_type with the
 * same contents for the end of the scope. What is gone by then is not an error. 0, or -1 with errno
 * and message where it was not sent or not recorded, and with errno alone where the kernel refused.
 */
int gons_i_rtnl_add(struct gons_i_rtnl *rtnl, struct nlmsghdr *request, uint16_t undo_type,
		    bool *ret_is_refused);

#endif

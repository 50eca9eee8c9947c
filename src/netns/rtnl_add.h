/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_NETNS_RTNL_ADD_H
#define GONS_I_NETNS_RTNL_ADD_H

/* Addresses, routes and neighbours, which the scope deletes. */

#include "netns/rtnl.h"

/*
 * Sends a request that adds something, and records the request of the type undo_type with the
 * same contents for the end of the scope. No error if the object is gone by then. 0, or -1 with
 * errno and message if the request was not sent or not recorded, and with errno alone if the kernel
 * refused it.
 */
int gons_i_rtnl_add(struct gons_i_rtnl *rtnl, struct nlmsghdr *request, uint16_t undo_type,
		    bool *ret_is_refused);

#endif

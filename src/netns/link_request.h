/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_NETNS_LINK_REQUEST_H
#define GONS_I_NETNS_LINK_REQUEST_H

#include "netns/rtnl.h"

/* 0; -1 with EINVAL and message for a number that cannot be an ifindex. */
int gons_i_check_ifindex(int ifindex);

/* Starts a request about this link. */
struct nlmsghdr *gons_i_link_request(void *buf, uint16_t type, uint16_t flags, int ifindex);

/* mnl_attr_nest_start(3) for what describes a new link: without NLA_F_NESTED, which Linux does not
 * ask for here, and gVisor does not know. */
struct nlattr *gons_i_link_nest(struct nlmsghdr *nlh, uint16_t type);

#endif

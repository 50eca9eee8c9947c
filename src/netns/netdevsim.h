/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_NETNS_NETDEVSIM_H
#define GONS_I_NETNS_NETDEVSIM_H

/* Whether devices of netdevsim can be created from where the calling thread is, which takes the
 * module and the right to write to its files. rtnl is one of the thread's namespace. Allocates
 * nothing. 0, or -1 with errno and message. */
struct gons_i_rtnl;
int gons_i_netdevsim_try(struct gons_i_rtnl *rtnl);

#endif

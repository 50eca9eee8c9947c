/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_NET_HOST_H
#define GONS_I_NET_HOST_H

#include <gons/set.h>

#include "net/net.h"

/* Puts the calling thread into a new mount namespace. */
int gons_i_net_enter_mounts(void);

/* Puts the calling thread into the new namespaces of a host, and returns a set of them. NULL with
 * errno and message. */
gons_set *gons_i_net_host_create(const struct gons_i_net_host *host, int types);

/* Puts the calling thread into a new network namespace for bridges, and returns that. -1 with errno
 * and message. */
int gons_i_net_bridges_create(void);

/* The descriptor of a host's namespace, or of the bridges' (number n_hosts); -1: none. */
int gons_i_net_place_fd(const gons_net *net, size_t number);

/* Closes all descriptors of that host, but not its socket. */
void gons_i_net_close_place(gons_net *net, size_t number);

#endif

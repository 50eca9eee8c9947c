/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_NET_NET_H
#define GONS_I_NET_NET_H

#include <arpa/inet.h>

#include <gons/net.h>

#include "net/model.h"
#include "netns/rtnl.h"

/* The first addresses of a host; "" if it has none. */
struct gons_i_net_texts {
	char v4[INET_ADDRSTRLEN], v6[INET6_ADDRSTRLEN];
};

struct gons_net {
	struct gons_i_net_model model;
	gons_set **sets; /* of the hosts */
	struct gons_i_net_texts *texts;
	int bridge_fd; /* the network namespace of all bridges, or -1 */
	/* A socket in the namespace of each host, and last in that of the bridges, for the end; see
	 * build.c. NULL: none. */
	struct gons_i_rtnl **rtnls;
	bool keeps_rtnls; /* all that it needs */
	int last_pid; /* before the first host was created; -1: not known */
	int64_t built_ns; /* when the last host was configured */
};

#endif

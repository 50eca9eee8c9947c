/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_NET_NET_H
#define GONS_I_NET_NET_H

#include <arpa/inet.h>

#include <gons/net.h>

#include "net/model.h"

/* The first addresses of a host; "" if it has none. */
struct gons_i_net_texts {
	char v4[INET_ADDRSTRLEN], v6[INET6_ADDRSTRLEN];
};

struct gons_net {
	struct gons_i_net_model model;
	gons_set **sets; /* of the hosts */
	struct gons_i_net_texts *texts;
	int bridge_fd; /* the network namespace of all bridges, or -1 */
};

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_NET_BUILD_H
#define GONS_I_NET_BUILD_H

#include <gons/set.h>

#include "net/model.h"

/*
 * Creates the network that a complete model describes. sets has an element for each host, NULL at
 * first, and gets what was created, also after a failure; *ret_bridge_fd is the network namespace
 * of the bridges, or -1. types: of CLONE_NEWNS and CLONE_NEWUTS. 0, or -1 with errno and message.
 */
int gons_i_net_build(const struct gons_i_net_model *model, int types, gons_set **sets,
		     int *ret_bridge_fd);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_NET_BUILD_H
#define GONS_I_NET_BUILD_H

#include "net/net.h"

/*
 * Creates the network that the complete model of net describes. Its sets and sockets are NULL at
 * first, and what was created is there also after a failure. types: of CLONE_NEWNS and CLONE_NEWUTS.
 * 0, or -1 with errno and message.
 */
int gons_i_net_build(gons_net *net, int types);

#endif

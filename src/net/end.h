/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_NET_END_H
#define GONS_I_NET_END_H

#include "net/net.h"

/*
 * The network ends in its turn on the scope: closes the descriptors of its namespaces, and puts its
 * links aside until everything else of the scope is undone. They are deleted then in the namespaces
 * that somebody can still enter. 0, or -1 with errno and message.
 */
int gons_i_net_end(gons_net *net);

#endif

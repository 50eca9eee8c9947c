/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_NETNS_CAN_BE_ENTERED_H
#define GONS_I_NETNS_CAN_BE_ENTERED_H

/*
 * Whether anybody but gons can still enter a network namespace.
 */

#include <sys/types.h>

#include "netns/rtnl.h"

/* Notes the time of the namespace's file, before the scope closes its descriptors of it. */
void gons_i_can_be_entered_note(struct gons_i_rtnl *rtnl);

/* Sets the fate of each of these, and changes their order. */
void gons_i_can_be_entered_find(struct gons_i_rtnl **rtnls, size_t n);

/* Has count() say how many sockets gons has open in the network namespace with this inode number
 * besides those of rtnetlink; NULL: none. */
void gons_i_can_be_entered_set_counter(int (*count)(ino_t ino));

#endif

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

/* Finds out, for each of these, whether its namespace can be entered, and sets the member fate.
 * Changes their order. */
void gons_i_can_be_entered_find(struct gons_i_rtnl **rtnls, size_t n);

/* Sets the function that counts the sockets, other than those of rtnetlink, that gons has open in the
 * network namespace with this inode number; NULL: there are none. */
void gons_i_can_be_entered_count_sockets_by(int (*count)(ino_t ino));

#endif

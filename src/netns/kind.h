/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_NETNS_KIND_H
#define GONS_I_NETNS_KIND_H

#include "netns/rtnl.h"

enum { GONS_I_NAME_SIZE = 16 }; /* of a kind, and of a link: IFNAMSIZ with the NUL */

/* 0; -1 with EINVAL for what cannot be a kind. */
int gons_i_check_kind(const char *kind);

/* Requests a link of this kind without any options: 0, or -1 with errno alone. */
int gons_i_kind_request(struct gons_i_rtnl *rtnl, const char *kind);

/* Sets the message after the kernel refused a link of this kind: if it does not know the
 * kind, the message names the module to load. Keeps errno; returns -1. */
int gons_i_fail_kind(const struct gons_i_rtnl *rtnl, const char *kind);

#endif

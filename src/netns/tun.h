/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_NETNS_TUN_H
#define GONS_I_NETNS_TUN_H

#include <stdbool.h>

#include <gons/link.h>

/* Whether kind is "tun" or "tap", which rtnetlink does not create. */
bool gons_i_is_tun(const char *kind);

/* Creates a link of this kind for gons_link_new_transient(), which does not return the descriptor:
 * the scope owns it. */
int gons_i_tun_new(const char *kind, const struct gons_link_options *options,
		   struct gons_link *ret_link);

/* Creates such a link in the calling thread's network namespace and deletes it again. 0, or -1 with
 * errno and the message that gons_tap_new_transient() would leave. Allocates nothing. */
int gons_i_tun_try(const char *kind);

#endif

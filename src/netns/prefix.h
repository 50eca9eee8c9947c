/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_NETNS_PREFIX_H
#define GONS_I_NETNS_PREFIX_H

/* Addresses and networks as text: "10.0.0.1/24", "fd00::1", "default". */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

struct gons_i_prefix {
	unsigned char family, length; /* length: of the prefix, in bits */
	bool has_length; /* the text has a length; otherwise length is that of a host address */
	size_t size; /* of the address: 4 or 16 bytes */
	unsigned char bytes[sizeof(struct in6_addr)];
};

/* Reads "ADDRESS[/LENGTH]". 0, or -1 with EINVAL and message. */
int gons_i_prefix_read(const char *text, struct gons_i_prefix *ret_prefix);

/* The same, and refuses the unspecified addresses 0.0.0.0 and "::". */
int gons_i_prefix_read_address(const char *text, struct gons_i_prefix *ret_prefix);

/* Clears the bits after the prefix. Returns whether any was set. */
bool gons_i_prefix_mask(struct gons_i_prefix *prefix);

/* Formats it as text. */
enum { GONS_I_PREFIX_TEXT_SIZE = INET6_ADDRSTRLEN + 4 };
const char *gons_i_prefix_text(const struct gons_i_prefix *prefix,
			       char text[GONS_I_PREFIX_TEXT_SIZE]);

#endif

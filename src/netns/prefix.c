/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads addresses and networks from text.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "netns/prefix.h"

/* The number, if the text is digits only; -1 for anything else. */
static int read_length(const char *text, int most)
{
	int length = 0;

	if (*text == '\0')
		return -1;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		length = length * 10 + (*text - '0');
		if (length > most)
			return -1;
	}
	return length;
}

int gons_i_prefix_read(const char *text, struct gons_i_prefix *ret_prefix)
{
	char address[INET6_ADDRSTRLEN];
	const char *slash;
	size_t length;
	int most, bits;

	memset(ret_prefix, 0, sizeof(*ret_prefix));
	if (!text)
		return gons_i_fail(EINVAL, "the address is NULL");
	slash = strchr(text, '/');
	length = slash ? (size_t)(slash - text) : strlen(text);
	if (length == 0 || length >= sizeof(address))
		return gons_i_fail(EINVAL, "\"%s\" is not an IPv4 or IPv6 address", text);
	memcpy(address, text, length);
	address[length] = '\0';
	ret_prefix->family = strchr(address, ':') ? AF_INET6 : AF_INET;
	ret_prefix->size =
		ret_prefix->family == AF_INET6 ? sizeof(struct in6_addr) : sizeof(struct in_addr);
	if (inet_pton(ret_prefix->family, address, ret_prefix->bytes) != 1) {
		(void)gons_i_fail(EINVAL, "\"%s\" is not an IPv4 or IPv6 address", text);
		if (strchr(address, '%'))
			gons_i_add_remedy("leave out the \"%%\" and what follows it: the link "
					  "already says which zone it is");
		return -1;
	}
	most = (int)ret_prefix->size * 8;
	bits = slash ? read_length(slash + 1, most) : most;
	if (bits < 0)
		return gons_i_fail(EINVAL, "\"%s\" does not have a prefix length from 0 to %d",
				   text, most);
	ret_prefix->length = (unsigned char)bits;
	ret_prefix->has_length = slash != NULL;
	return 0;
}

int gons_i_prefix_read_address(const char *text, struct gons_i_prefix *ret_prefix)
{
	static const unsigned char unspecified[sizeof(ret_prefix->bytes)];

	if (gons_i_prefix_read(text, ret_prefix) < 0)
		return -1;
	/* The kernel accepts 0.0.0.0 without adding an address. */
	if (memcmp(ret_prefix->bytes, unspecified, ret_prefix->size) == 0)
		return gons_i_fail(EINVAL, "\"%s\" is the unspecified address", text);
	return 0;
}

bool gons_i_prefix_mask(struct gons_i_prefix *prefix)
{
	bool had_any = false;

	for (size_t i = 0; i < prefix->size; i++) {
		int bits = prefix->length - (int)i * 8;
		unsigned char mask = bits >= 8	? 0xff
				     : bits > 0 ? (unsigned char)(0xff << (8 - bits))
						: 0;

		had_any |= (prefix->bytes[i] & ~mask) != 0;
		prefix->bytes[i] &= mask;
	}
	return had_any;
}

const char *gons_i_prefix_text(const struct gons_i_prefix *prefix,
			       char text[GONS_I_PREFIX_TEXT_SIZE])
{
	char address[INET6_ADDRSTRLEN] = "";

	(void)inet_ntop(prefix->family, prefix->bytes, address, sizeof(address));
	(void)snprintf(text, GONS_I_PREFIX_TEXT_SIZE, "%s/%u", address, prefix->length);
	return text;
}

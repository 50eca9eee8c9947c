/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks the options of a new link, and chooses names and addresses that they leave open.
 */
#include <ctype.h>
#include <string.h>
#include <sys/random.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "netns/link.h"

enum {
	NAME_LENGTH = GONS_I_NAME_SIZE - 1,
	RANDOM_LENGTH = 4, /* of a name at least: a million and a half of them */
	PREFIX_LENGTH = NAME_LENGTH - RANDOM_LENGTH,
	ADDRESS_SIZE = GONS_I_MAC_SIZE,
};

/* ---- checks ---- */

static int check_prefix(const char *prefix)
{
	if (strlen(prefix) > PREFIX_LENGTH) {
		(void)gons_i_fail(EINVAL, "the prefix \"%s\" has more than %d characters", prefix,
				  PREFIX_LENGTH);
		gons_i_add_cause("a name has %d characters, of which %d at least are random",
				 NAME_LENGTH, RANDOM_LENGTH);
		return -1;
	}
	for (const char *c = prefix; *c; c++)
		/* The kernel replaces "%d" by a number that it chooses. */
		if (!isascii(*c) || !isgraph((unsigned char)*c) || strchr("/:%", *c))
			return gons_i_fail(EINVAL,
					   "the prefix \"%s\" has a character that names of links "
					   "cannot have",
					   prefix);
	return 0;
}

static int check_address(const unsigned char *address)
{
	static const unsigned char zeros[ADDRESS_SIZE];

	if (!address)
		return 0;
	if (memcmp(address, zeros, ADDRESS_SIZE) == 0)
		return gons_i_fail(EINVAL, "address is all zeros, which no link can have");
	if (address[0] & 1)
		return gons_i_fail(EINVAL,
				   "address is %02x:%02x:%02x:%02x:%02x:%02x, which is a multicast "
				   "address",
				   address[0], address[1], address[2], address[3], address[4],
				   address[5]);
	return 0;
}

static int check_names(const char *kind, bool has_peer, const struct gons_link_options *options)
{
	if (options->prefix && (options->name || options->peer_name))
		return gons_i_fail(EINVAL, "prefix and %s are both set",
				   options->name ? "name" : "peer_name");
	if (options->peer_name && !has_peer)
		return gons_i_fail(EINVAL, "peer_name is \"%s\", but a link of kind %s has no peer",
				   options->peer_name, kind);
	if ((options->prefix && check_prefix(options->prefix) < 0) ||
	    (options->name && gons_i_check_link_name(options->name) < 0))
		return -1;
	return options->peer_name ? gons_i_check_link_name(options->peer_name) : 0;
}

int gons_i_link_check_options(const char *kind, bool has_peer,
			      const struct gons_link_options *options)
{
	if (gons_i_check_reserved(options->reserved, "gons_link_options") < 0)
		return -1;
	if (options->parent_ifindex < 0)
		return gons_i_fail(EINVAL, "parent_ifindex is negative (%d)",
				   options->parent_ifindex);
	return check_names(kind, has_peer, options) < 0 ? -1 : check_address(options->address);
}

/* ---- random choices ---- */

static int fill_random(void *buf, size_t size)
{
	ssize_t got;

	do
		got = getrandom(buf, size, 0);
	while (got < 0 && errno == EINTR);
	return got == (ssize_t)size ? 0 : gons_i_fail(errno, "cannot get random numbers");
}

int gons_i_link_choose_address(const unsigned char *wanted, unsigned char address[GONS_I_MAC_SIZE])
{
	if (wanted) {
		memcpy(address, wanted, ADDRESS_SIZE);
		return 0;
	}
	if (fill_random(address, ADDRESS_SIZE) < 0)
		return -1;
	address[0] = (unsigned char)((address[0] & 0xfc) | 2); /* unicast, locally administered */
	return 0;
}

int gons_i_link_choose_name(const char *kind, const char *prefix, const char *wanted,
			    char name[GONS_I_NAME_SIZE])
{
	static const char characters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	unsigned char bytes[NAME_LENGTH];
	size_t length;

	if (wanted) {
		strcpy(name, wanted);
		return 0;
	}
	if (fill_random(bytes, sizeof(bytes)) < 0)
		return -1;
	length = prefix ? strlen(prefix) : strnlen(kind, PREFIX_LENGTH - 1);
	memset(name, 0, GONS_I_NAME_SIZE);
	memcpy(name, prefix ? prefix : kind, length);
	if (!prefix)
		name[length++] = '-';
	for (; length < NAME_LENGTH; length++) /* a letter first: a number could be an ifindex */
		name[length] = characters[bytes[length] % (length == 0 ? 26 : 36)];
	return 0;
}

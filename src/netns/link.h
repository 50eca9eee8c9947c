/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_NETNS_LINK_H
#define GONS_I_NETNS_LINK_H

/* What the files about links share with each other. */

#include <gons/link.h>

#include "netns/kind.h"
#include "netns/link_request.h"
#include "netns/rtnl.h"
#include "netns/deferred_undo.h"

/* ---- link.c ---- */

/* gons_link_new_transient() with info_data of gons, which comes before that of the caller. */
int gons_i_link_new(const char *kind, const struct gons_link_options *options,
		    void (*info_data)(struct nlmsghdr *, const void *), const void *arg,
		    struct gons_link *ret_link);

/* ---- link_options.c ---- */

enum { GONS_I_MAC_SIZE = 6, GONS_I_LINK_UP_TIMEOUT_MS = 5000 };

/* Checks the options, but not the namespaces. 0, or -1 with EINVAL and message. */
int gons_i_link_check_options(const char *kind, bool has_peer,
			      const struct gons_link_options *options);

/* wanted, or a random locally administered one if it is NULL. 0, or -1 with errno and message. */
int gons_i_link_choose_address(const unsigned char *wanted, unsigned char address[GONS_I_MAC_SIZE]);

/* wanted, or if that is NULL a random name, which begins with the prefix, or with the kind if
 * prefix is NULL. */
int gons_i_link_choose_name(const char *kind, const char *prefix, const char *wanted,
			    char name[GONS_I_NAME_SIZE]);

/* ---- link_find_and_delete.c: links that are deleted at the end of the scope ---- */

/* How a link is recognised. */
struct gons_i_identity {
	int ifindex;
	char name[GONS_I_NAME_SIZE];
	unsigned char address[32]; /* MAX_ADDR_LEN */
	size_t address_size;
	bool is_unique_address; /* it is random, so no other link has it */
	/* The peer or parent (IFLA_LINK), and the id of its namespace; the link itself and -1
	 * where there is none. */
	int iflink, iflink_nsid;
};

/* What the kernel tells about a link. */
struct gons_i_link_reading {
	struct gons_i_identity identity;
	char kind[GONS_I_NAME_SIZE];
	uint32_t group; /* IFLA_GROUP */
};

/* False for other messages. */
bool gons_i_link_read(const struct nlmsghdr *nlh, struct gons_i_link_reading *ret_reading);

/* In the namespace where a link of this kind was created: whether this is it, renamed or not. */
bool gons_i_link_is_same(const struct gons_i_link_reading *reading, const char *kind,
			 const struct gons_i_identity *identity);

/* Deletes a link in the namespace of rtnl. No error if it is gone. */
int gons_i_link_delete_here(struct gons_i_rtnl *rtnl, int ifindex, const char *name);

struct gons_i_owned {
	struct gons_i_undo_item item; /* its namespaces, first the one where it was created */
	char kind[GONS_I_NAME_SIZE];
	struct gons_i_identity link, peer; /* peer without a name: none */
};

/* Reads the link that has this name. */
int gons_i_link_identify(struct gons_i_rtnl *rtnl, const char *name,
			 struct gons_i_identity *ret_identity);

/* For links in this namespace. NULL with errno and message. */
struct gons_i_owned *gons_i_owned_new(int nsfd);
int gons_i_owned_free(struct gons_i_owned *owned); /* keeps errno; returns -1 */

/* The socket of the namespace where the link was created. */
static inline struct gons_i_rtnl *gons_i_owned_rtnl(const struct gons_i_owned *owned)
{
	return owned->item.rtnls[0];
}

/* Records it, in room that gons_i_undo_item_reserve() made; the record owns it then. */
void gons_i_owned_record(struct gons_i_owned *owned);

/* Deletes it at once instead, keeping errno and message, and frees it. Returns -1. */
int gons_i_owned_undo(struct gons_i_owned *owned);

/* ---- link_change.c ---- */

/* 0; -1 with EINVAL and message for what cannot be the name of a link. */
int gons_i_check_link_name(const char *name);

/* 0, or -1 with errno and message. */
int gons_i_link_set_name(struct gons_i_rtnl *rtnl, int ifindex, const char *name);

/* ---- link_up.c ---- */

/* Brings a link up, and its peer unless peer_ifindex is 0, and waits until they are up. */
int gons_i_link_pair_up(int nsfd, int ifindex, int peer_nsfd, int peer_ifindex, int timeout_ms);

/* Requests that a link be brought up. 0, or -1 with errno alone. */
int gons_i_link_request_up(struct gons_i_rtnl *rtnl, int ifindex);

/* Sets the link up without waiting. 0, or -1 with errno and message. */
int gons_i_link_set_up(struct gons_i_rtnl *rtnl, int ifindex);

#endif

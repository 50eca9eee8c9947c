/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_NETNS_DEFERRED_UNDO_H
#define GONS_I_NETNS_DEFERRED_UNDO_H

/*
 * What need not be undone, because its network namespaces end with the scope.
 */

#include "netns/rtnl.h"

struct gons_i_scope_rest; /* of a scope: what was left for its very end */

/* Something in up to three network namespaces, to be undone with the scope. Embed it as the first
 * member of what is allocated by malloc(3). */
enum { GONS_I_ITEM_RTNLS = 3 };
struct gons_i_item {
	struct gons_i_item *next;
	struct gons_i_rtnl *rtnls[GONS_I_ITEM_RTNLS]; /* NULL: no further one. The item's */
	struct gons_i_scope_rest *rest; /* NULL: it is undone in its turn */
	/* Undoes it; 0, or -1 with errno and message. */
	int (*undo)(struct gons_i_item *item);
};

/* Opens or references the socket of another namespace of the item. */
int gons_i_item_add(struct gons_i_item *item, int nsfd);
void gons_i_item_add_rtnl(struct gons_i_item *item, struct gons_i_rtnl *rtnl);

/* Closes the sockets and frees the item. Keeps errno. */
void gons_i_item_free(struct gons_i_item *item);

/* Makes room for the item's records, so that gons_i_item_record() cannot fail. 0 or -1. */
int gons_i_item_reserve(void);

/* Records the item, which is the scope's then. may_wait: whether it may be undone at the very end of
 * the scope instead of in its turn; is_there says at that moment whether it may still. */
void gons_i_item_record(struct gons_i_item *item, bool (*is_there)(struct gons_i_item *item));

#endif

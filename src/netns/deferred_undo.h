/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_NETNS_DEFERRED_UNDO_H
#define GONS_I_NETNS_DEFERRED_UNDO_H

/*
 * Links, addresses and routes that need not be deleted, because their network namespaces end with
 * the scope.
 */

#include "netns/rtnl.h"

struct gons_i_scope_rest; /* the items that were put aside for the end of a scope */

/* Something in up to three network namespaces, to be undone with the scope. Embed it as the first
 * member of what is allocated by malloc(3). */
enum { GONS_I_UNDO_ITEM_RTNLS = 3 };
struct gons_i_undo_item {
	struct gons_i_undo_item *next;
	struct gons_i_rtnl
		*rtnls[GONS_I_UNDO_ITEM_RTNLS]; /* owned by the item; NULL: no further one */
	struct gons_i_scope_rest *rest; /* NULL: it is undone in its turn, and not put aside */
	/* Undoes it; 0, or -1 with errno and message. */
	int (*undo)(struct gons_i_undo_item *item);
};

/* Opens or references the socket of another namespace of the item. */
int gons_i_undo_item_add(struct gons_i_undo_item *item, int nsfd);
void gons_i_undo_item_add_rtnl(struct gons_i_undo_item *item, struct gons_i_rtnl *rtnl);

/* Closes the sockets and frees the item. Keeps errno. */
void gons_i_undo_item_free(struct gons_i_undo_item *item);

/* Makes room for the item's records, so that gons_i_undo_item_record() cannot fail. 0 or -1. */
int gons_i_undo_item_reserve(void);

/* Records the item, which the scope then owns. is_there (may be NULL) is called when the item's
 * turn comes: if it returns false, the item is undone at once, and not put aside. */
void gons_i_undo_item_record(struct gons_i_undo_item *item,
			     bool (*is_there)(struct gons_i_undo_item *item));

#endif

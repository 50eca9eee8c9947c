/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links, addresses and routes of a scope are not deleted where their network namespace ends with
 * the scope. Deleting a link makes the kernel wait for tens of milliseconds; the links of a
 * namespace that ends are deleted by the kernel in the background. So such an item is not undone in
 * its turn, but put aside until everything else of the scope is undone. Then
 * can_be_entered.c finds out which of the namespaces somebody else can still enter, and the items
 * in those are undone, newest first. docs/design.md has the reasons.
 */
#include <stdlib.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/core/scope.h"
#include "netns/can_be_entered.h"
#include "netns/deferred_undo.h"
#include "netns/rtnl_socket.h"

/* ---- the rest of a scope ---- */

struct gons_i_scope_rest {
	struct gons_i_undo_item *first; /* the newest, which is undone first */
	struct gons_i_undo_item **end;
};

/* Each socket once. NULL if memory is short. */
static struct gons_i_rtnl **list_sockets(const struct gons_i_scope_rest *rest, size_t *ret_n)
{
	struct gons_i_rtnl **rtnls = NULL, **larger;
	size_t n = 0, room = 0;

	for (struct gons_i_undo_item *item = rest->first; item; item = item->next)
		for (int i = 0; i < GONS_I_UNDO_ITEM_RTNLS && item->rtnls[i]; i++) {
			if (item->rtnls[i]->fate == GONS_I_FATE_STAYS)
				continue;
			if (n == room) {
				room = room * 2 + 16;
				larger = realloc(rtnls, room * sizeof(*rtnls));
				if (!larger) {
					free(rtnls);
					return NULL;
				}
				rtnls = larger;
			}
			item->rtnls[i]->fate = GONS_I_FATE_STAYS; /* until it is judged */
			rtnls[n++] = item->rtnls[i];
		}
	*ret_n = n;
	return rtnls;
}

static void forget_fates(const struct gons_i_scope_rest *rest)
{
	for (struct gons_i_undo_item *item = rest->first; item; item = item->next)
		for (int i = 0; i < GONS_I_UNDO_ITEM_RTNLS && item->rtnls[i]; i++)
			item->rtnls[i]->fate = GONS_I_FATE_UNKNOWN;
}

static bool ends(const struct gons_i_undo_item *item)
{
	for (int i = 0; i < GONS_I_UNDO_ITEM_RTNLS && item->rtnls[i]; i++)
		if (item->rtnls[i]->fate != GONS_I_FATE_ENDS)
			return false;
	return true;
}

static void free_rest(struct gons_i_scope_rest *rest)
{
	struct gons_i_undo_item *item;

	while ((item = rest->first)) {
		rest->first = item->next;
		gons_i_undo_item_free(item);
	}
	free(rest);
}

static int undo_rest(void *data)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct gons_i_scope_rest *rest = *(struct gons_i_scope_rest **)data;
	struct gons_i_failure failure = { .errnum = 0 };
	struct gons_i_rtnl **rtnls;
	size_t n = 0;

	forget_fates(rest);
	rtnls = list_sockets(rest, &n);
	if (rtnls)
		gons_i_can_be_entered_find(rtnls, n);
	free(rtnls);
	for (struct gons_i_undo_item *item = rest->first; item; item = item->next)
		if (!ends(item) && item->undo(item) < 0 && failure.errnum == 0)
			gons_i_failure_save(&failure);
	forget_fates(rest);
	free_rest(rest);
	return failure.errnum == 0 ? 0 : gons_i_failure_restore(&failure);
}

static void drop_rest(void *data)
{
	uncancelled int cancel = gons_i_forbid_cancel();

	free_rest(*(struct gons_i_scope_rest **)data);
}

static const struct gons_i_undo rest_undo = { .undo = undo_rest, .drop = drop_rest };

/* ---- items ---- */

void gons_i_undo_item_add_rtnl(struct gons_i_undo_item *item, struct gons_i_rtnl *rtnl)
{
	int i = 0;

	while (item->rtnls[i] && item->rtnls[i] != rtnl)
		i++;
	if (item->rtnls[i])
		gons_i_rtnl_close(rtnl);
	else
		item->rtnls[i] = rtnl;
}

int gons_i_undo_item_add(struct gons_i_undo_item *item, int nsfd)
{
	struct gons_i_rtnl *rtnl = gons_i_rtnl_open(nsfd);

	if (!rtnl)
		return -1;
	gons_i_undo_item_add_rtnl(item, rtnl);
	return 0;
}

void gons_i_undo_item_free(struct gons_i_undo_item *item)
{
	int saved = errno;

	for (int i = 0; i < GONS_I_UNDO_ITEM_RTNLS && item->rtnls[i]; i++)
		gons_i_rtnl_close(item->rtnls[i]);
	free(item);
	errno = saved;
}

struct recorded {
	struct gons_i_undo_item *item;
	bool (*is_there)(struct gons_i_undo_item *item);
};

static int undo_item(void *data)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	const struct recorded *recorded = data;
	struct gons_i_undo_item *item = recorded->item;
	int result;

	if (item->rest && (!recorded->is_there || recorded->is_there(item))) {
		for (int i = 0; i < GONS_I_UNDO_ITEM_RTNLS && item->rtnls[i]; i++)
			gons_i_can_be_entered_note(item->rtnls[i]);
		item->next = NULL;
		*item->rest->end = item;
		item->rest->end = &item->next;
		return 0;
	}
	result = item->undo(item);
	gons_i_undo_item_free(item);
	return result;
}

static void drop_item(void *data)
{
	uncancelled int cancel = gons_i_forbid_cancel();

	gons_i_undo_item_free(((const struct recorded *)data)->item);
}

int gons_i_undo_item_reserve(void)
{
	struct gons_i_scope_rest *rest;

	if (gons_i_scope_reserve(2) < 0)
		return -1;
	if (gons_i_scope_bottom(&rest_undo))
		return 0;
	rest = calloc(1, sizeof(*rest));
	if (!rest)
		return gons_i_fail(ENOMEM, "cannot store a record on the scope");
	rest->end = &rest->first;
	gons_i_scope_insert_at_bottom(&rest_undo, &rest, sizeof(rest));
	return 0;
}

static bool may_end(const struct gons_i_undo_item *item)
{
	for (int i = 0; i < GONS_I_UNDO_ITEM_RTNLS && item->rtnls[i]; i++)
		if (item->rtnls[i]->id.ino == 0 ||
		    !gons_i_scope_may_end(&item->rtnls[i]->id, gons_i_rtnl_is_own(item->rtnls[i])))
			return false;
	return true;
}

void gons_i_undo_item_record(struct gons_i_undo_item *item,
			     bool (*is_there)(struct gons_i_undo_item *item))
{
	static const struct gons_i_undo undo = { .undo = undo_item, .drop = drop_item };
	const struct recorded recorded = { item, is_there };
	struct gons_i_scope_rest **rest = gons_i_scope_bottom(&rest_undo);

	item->rest = rest && may_end(item) ? *rest : NULL;
	(void)gons_i_scope_push(&undo, &recorded, sizeof(recorded));
}

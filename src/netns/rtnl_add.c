/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses, routes and neighbours that are deleted with the scope. An item holds the request that
 * deletes one, and a socket in its namespace, so that the thread need not be there at the end.
 */
#include <stdlib.h>
#include <string.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "netns/rtnl_add.h"
#include "netns/deferred_undo.h"

struct addition {
	struct gons_i_undo_item item;
	_Alignas(struct nlmsghdr) char request[GONS_I_RTNL_REQUEST_SIZE / 2]; /* that undoes it */
};

/* The kernel's answers if the object or its link does not exist any more. */
static bool is_gone(int errnum)
{
	return errnum == ENODEV || errnum == ESRCH || errnum == ENOENT || errnum == EADDRNOTAVAIL ||
	       errnum == ENETDOWN;
}

static int undo_addition(struct gons_i_undo_item *item)
{
	struct addition *addition = (struct addition *)(void *)item; /* its first member */
	struct nlmsghdr *request = (struct nlmsghdr *)(void *)addition->request;

	if (gons_i_rtnl_request_send(item->rtnls[0], request, NULL, NULL) == 0 || is_gone(errno))
		return 0;
	return gons_i_rtnl_fail(item->rtnls[0],
				"cannot delete an address, a route or a neighbour of the scope");
}

int gons_i_rtnl_add(struct gons_i_rtnl *rtnl, struct nlmsghdr *request, uint16_t undo_type,
		    bool *ret_is_refused)
{
	struct addition *addition;
	struct nlmsghdr *undo_request;

	*ret_is_refused = false;
	if (gons_i_undo_item_reserve() < 0)
		return -1;
	addition = calloc(1, sizeof(*addition));
	if (!addition || request->nlmsg_len > sizeof(addition->request)) {
		free(addition);
		return gons_i_fail(ENOMEM, "cannot record what is to be deleted");
	}
	memcpy(addition->request, request, request->nlmsg_len);
	undo_request = (struct nlmsghdr *)(void *)addition->request;
	undo_request->nlmsg_type = undo_type;
	undo_request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	if (gons_i_rtnl_request_send(rtnl, request, NULL, NULL) < 0) {
		/* If there was no room for the answer, the kernel may have carried out the
		 * request. */
		if (errno == ENOBUFS) {
			(void)gons_i_rtnl_request_send(rtnl, undo_request, NULL, NULL);
			errno = ENOBUFS;
		}
		free(addition);
		*ret_is_refused = true;
		return -1;
	}
	addition->item.undo = undo_addition;
	gons_i_undo_item_add_rtnl(&addition->item, gons_i_rtnl_ref(rtnl));
	gons_i_undo_item_record(&addition->item, NULL);
	return 0;
}

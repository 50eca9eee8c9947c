/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What rtnetlink added and the scope deletes. A record keeps the request and a reference to the
 * socket of the namespace, so that it works wherever the thread is at the end.
 */
#include <stdlib.h>
#include <string.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/core/scope.h"
#include "netns/undo.h"

struct addition {
	struct gons_i_rtnl *rtnl;
	_Alignas(struct nlmsghdr) char request[GONS_I_RTNL_REQUEST_SIZE / 2]; /* that undoes it */
};

static void free_addition(struct addition *addition)
{
	int saved = errno;

	gons_i_rtnl_close(addition->rtnl);
	free(addition);
	errno = saved;
}

/* The kernel's answers for what does not exist any more, or whose link does not. */
static bool is_gone(int errnum)
{
	return errnum == ENODEV || errnum == ESRCH || errnum == ENOENT || errnum == EADDRNOTAVAIL ||
	       errnum == ENETDOWN;
}

static int undo_addition(void *data)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct addition *addition = *(struct addition **)data;
	struct nlmsghdr *request = (struct nlmsghdr *)(void *)addition->request;
	int result = gons_i_rtnl_request_send(addition->rtnl, request, NULL, NULL);

	if (result < 0 && is_gone(errno))
		result = 0;
	if (result < 0)
		(void)gons_i_rtnl_fail(
			addition->rtnl,
			"cannot delete an address, a route or a neighbour, which the "
			"scope owns");
	free_addition(addition);
	return result;
}

static void drop_addition(void *data)
{
	uncancelled int cancel = gons_i_forbid_cancel();

	free_addition(*(struct addition **)data);
}

int gons_i_rtnl_add(struct gons_i_rtnl *rtnl, struct nlmsghdr *request, uint16_t undo_type,
		    bool *ret_is_refused)
{
	static const struct gons_i_undo undo = { .undo = undo_addition, .drop = drop_addition };
	struct addition *addition;
	struct nlmsghdr *undo_request;

	*ret_is_refused = false;
	if (gons_i_scope_reserve(1) < 0)
		return -1;
	addition = malloc(sizeof(*addition));
	if (!addition || request->nlmsg_len > sizeof(addition->request)) {
		free(addition);
		return gons_i_fail(ENOMEM, "cannot record what is to be deleted");
	}
	memcpy(addition->request, request, request->nlmsg_len);
	undo_request = (struct nlmsghdr *)(void *)addition->request;
	undo_request->nlmsg_type = undo_type;
	undo_request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	if (gons_i_rtnl_request_send(rtnl, request, NULL, NULL) < 0) {
		free(addition);
		*ret_is_refused = true;
		return -1;
	}
	addition->rtnl = gons_i_rtnl_ref(rtnl);
	(void)gons_i_scope_push(&undo, &addition, sizeof(addition));
	return 0;
}

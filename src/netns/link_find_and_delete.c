/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links that are deleted at the end of the scope, and how they are found again.
 *
 * In the namespace where the link was created, its ifindex may by now belong to another link: a
 * link that is moved in keeps its ifindex if that is free, and every namespace counts from 1. So
 * the link is compared before it is deleted. If the link was moved away, the kernel has given the
 * other namespace an id (nsid) in the one that it left, and requests can name that id.
 */
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "netns/kind.h"
#include "netns/link.h"
#include "netns/link_request.h"
#include "netns/rtnl.h"

/* ---- reading links ---- */

static void read_link(const struct nlmsghdr *nlh, struct gons_i_link_reading *reading)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct gons_i_identity *identity = &reading->identity;
	const struct nlattr *attr, *inner;

	memset(reading, 0, sizeof(*reading));
	identity->ifindex = identity->iflink = ifi->ifi_index;
	identity->iflink_nsid = -1;
	mnl_attr_for_each(attr, nlh, sizeof(*ifi)) {
		switch (mnl_attr_get_type(attr)) {
		case IFLA_IFNAME:
			gons_i_attr_text(attr, identity->name, sizeof(identity->name));
			break;
		case IFLA_LINK:
			if (gons_i_attr_is_u32(attr))
				identity->iflink = (int)mnl_attr_get_u32(attr);
			break;
		case IFLA_LINK_NETNSID:
			if (gons_i_attr_is_u32(attr))
				identity->iflink_nsid = (int)mnl_attr_get_u32(attr);
			break;
		case IFLA_GROUP:
			if (gons_i_attr_is_u32(attr))
				reading->group = mnl_attr_get_u32(attr);
			break;
		case IFLA_ADDRESS:
			if (mnl_attr_get_payload_len(attr) > sizeof(identity->address))
				break;
			identity->address_size = mnl_attr_get_payload_len(attr);
			memcpy(identity->address, mnl_attr_get_payload(attr),
			       identity->address_size);
			break;
		case IFLA_LINKINFO:
			mnl_attr_for_each_nested(inner, attr)
				if (mnl_attr_get_type(inner) == IFLA_INFO_KIND)
					gons_i_attr_text(inner, reading->kind,
							 sizeof(reading->kind));
			break;
		}
	}
}

static bool is_link(const struct nlmsghdr *nlh)
{
	return nlh->nlmsg_type == RTM_NEWLINK &&
	       mnl_nlmsg_get_payload_len(nlh) >= sizeof(struct ifinfomsg);
}

bool gons_i_link_read(const struct nlmsghdr *nlh, struct gons_i_link_reading *ret_reading)
{
	if (!is_link(nlh))
		return false;
	read_link(nlh, ret_reading);
	return true;
}

static int take_link(const struct nlmsghdr *nlh, void *reading)
{
	(void)gons_i_link_read(nlh, reading);
	return MNL_CB_OK;
}

int gons_i_link_identify(struct gons_i_rtnl *rtnl, const char *name,
			 struct gons_i_identity *ret_identity)
{
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = gons_i_link_request(buf, RTM_GETLINK, 0, 0);
	struct gons_i_link_reading reading = { .kind = "" };

	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	if (gons_i_rtnl_dump(rtnl, nlh, take_link, &reading) < 0)
		return gons_i_rtnl_fail(rtnl, "cannot find the new link %s", name);
	if (reading.identity.ifindex <= 0)
		return gons_i_fail(ENODEV, "the kernel does not list the new link %s", name);
	*ret_identity = reading.identity;
	return 0;
}

/* ---- recognising links ---- */

static bool has_name(const struct gons_i_link_reading *reading,
		     const struct gons_i_identity *identity)
{
	return strcmp(reading->identity.name, identity->name) == 0;
}

static bool has_address(const struct gons_i_link_reading *reading,
			const struct gons_i_identity *identity)
{
	return identity->address_size > 0 &&
	       identity->address_size == reading->identity.address_size &&
	       memcmp(identity->address, reading->identity.address, identity->address_size) == 0;
}

/* Links of these kinds cannot be moved, so a link of this kind and ifindex is the one that was
 * created. Their address does not tell: they take that of a port. */
static bool is_immovable(const char *kind)
{
	return strcmp(kind, "bridge") == 0 || strcmp(kind, "bond") == 0 ||
	       strcmp(kind, "team") == 0;
}

/* In the namespace where the link was created: whether this is it, renamed or not. */
bool gons_i_link_is_same(const struct gons_i_link_reading *reading, const char *kind,
			 const struct gons_i_identity *identity)
{
	return reading->identity.ifindex == identity->ifindex && strcmp(reading->kind, kind) == 0 &&
	       (is_immovable(kind) || has_name(reading, identity) ||
		has_address(reading, identity));
}

static bool is_same(const struct gons_i_link_reading *reading, const struct gons_i_owned *owned)
{
	return gons_i_link_is_same(reading, owned->kind, &owned->link);
}

/* In the same namespace: whether it has another name and address, but the same peer or parent. */
static bool is_connected(const struct gons_i_link_reading *reading,
			 const struct gons_i_owned *owned)
{
	const struct gons_i_identity *now = &reading->identity, *before = &owned->link;

	return now->ifindex == before->ifindex && strcmp(reading->kind, owned->kind) == 0 &&
	       before->iflink > 0 && before->iflink != before->ifindex &&
	       now->iflink == before->iflink && now->iflink_nsid == before->iflink_nsid;
}

static bool is_same_elsewhere(const struct gons_i_link_reading *reading,
			      const struct gons_i_identity *identity)
{
	return identity->name[0] != '\0' &&
	       (has_name(reading, identity) ||
		(identity->is_unique_address && has_address(reading, identity)));
}

/* ---- deleting them ---- */

/* Deletes a link in the namespace nsid (negative: the present one). No error if it is gone. */
static int delete_link(struct gons_i_rtnl *rtnl, int nsid, int ifindex, const char *name)
{
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = gons_i_link_request(buf, RTM_DELLINK, 0, ifindex);

	if (nsid >= 0)
		mnl_attr_put_u32(nlh, IFLA_TARGET_NETNSID, (uint32_t)nsid);
	if (gons_i_rtnl_request_send(rtnl, nlh, NULL, NULL) < 0 && errno != ENODEV)
		return gons_i_rtnl_fail(rtnl, "cannot delete link %d (%s)", ifindex, name);
	return 0;
}

int gons_i_link_delete_here(struct gons_i_rtnl *rtnl, int ifindex, const char *name)
{
	return delete_link(rtnl, -1, ifindex, name);
}

static int fail_search(const struct gons_i_owned *owned)
{
	return gons_i_rtnl_fail(gons_i_owned_rtnl(owned), "cannot look for link %d (%s)",
				owned->link.ifindex, owned->link.name);
}

struct search {
	const struct gons_i_owned *owned;
	int ifindex; /* 0: not found */
};

static int compare(const struct nlmsghdr *nlh, void *arg)
{
	struct search *search = arg;
	struct gons_i_link_reading reading;

	if (!gons_i_link_read(nlh, &reading))
		return MNL_CB_OK;
	if (strcmp(reading.kind, search->owned->kind) == 0 &&
	    (is_same_elsewhere(&reading, &search->owned->link) ||
	     is_same_elsewhere(&reading, &search->owned->peer)))
		search->ifindex = reading.identity.ifindex;
	return search->ifindex > 0 ? MNL_CB_STOP : MNL_CB_OK;
}

/* The kernel's errnos for a namespace that this thread may not read, or that has ended. */
static bool is_unreadable(int errnum)
{
	return errnum == EPERM || errnum == EACCES || errnum == EINVAL || errnum == EOPNOTSUPP ||
	       errnum == ENOENT || errnum == ENONET;
}

/* Looks for the link or its peer in a namespace, and deletes it: 1. 0 if it is not there, or the
 * namespace cannot be read. */
static int delete_in(const struct gons_i_owned *owned, int nsid)
{
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = gons_i_link_request(buf, RTM_GETLINK, NLM_F_DUMP, 0);
	struct search search = { .owned = owned };

	mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	if (nsid >= 0)
		mnl_attr_put_u32(nlh, IFLA_TARGET_NETNSID, (uint32_t)nsid);
	if (gons_i_rtnl_dump(gons_i_owned_rtnl(owned), nlh, compare, &search) < 0)
		return is_unreadable(errno) ? 0 : fail_search(owned);
	if (search.ifindex == 0)
		return 0;
	return delete_link(gons_i_owned_rtnl(owned), nsid, search.ifindex, owned->link.name) < 0
		       ? -1
		       : 1;
}

/* The ids (nsid) of other namespaces, in that of the link. */
struct ids {
	int *ids;
	size_t n, room;
};

static int take_id(const struct nlmsghdr *nlh, void *arg)
{
	struct ids *ids = arg;
	const struct nlattr *attr;
	int *larger;

	mnl_attr_for_each(attr, nlh, sizeof(struct rtgenmsg)) {
		if (mnl_attr_get_type(attr) != NETNSA_NSID || !gons_i_attr_is_u32(attr))
			continue;
		if (ids->n == ids->room) {
			larger = realloc(ids->ids, (ids->room * 2 + 16) * sizeof(int));
			if (!larger)
				return MNL_CB_ERROR;
			ids->ids = larger;
			ids->room = ids->room * 2 + 16;
		}
		ids->ids[ids->n++] = (int)mnl_attr_get_u32(attr);
	}
	return MNL_CB_OK;
}

/* The link is not where it was created: looks for it elsewhere. 1 when it was found. */
static int delete_moved(const struct gons_i_owned *owned)
{
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = gons_i_rtnl_request(buf, RTM_GETNSID, NLM_F_DUMP);
	struct ids ids = { .ids = NULL };
	int result = delete_in(owned, -1);

	(void)mnl_nlmsg_put_extra_header(nlh, sizeof(struct rtgenmsg));
	if (result == 0 && gons_i_rtnl_dump(gons_i_owned_rtnl(owned), nlh, take_id, &ids) < 0)
		result = fail_search(owned);
	for (size_t i = 0; result == 0 && i < ids.n; i++)
		result = delete_in(owned, ids.ids[i]);
	free(ids.ids);
	return result;
}

static int delete_owned(const struct gons_i_owned *owned)
{
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = gons_i_link_request(buf, RTM_GETLINK, 0, owned->link.ifindex);
	struct gons_i_link_reading reading = { .kind = "" };
	int result;

	if (owned->link.ifindex == 0) /* created, but not found then */
		return delete_moved(owned) < 0 ? -1 : 0;
	if (gons_i_rtnl_dump(gons_i_owned_rtnl(owned), nlh, take_link, &reading) < 0 &&
	    errno != ENODEV)
		return gons_i_rtnl_fail(gons_i_owned_rtnl(owned), "cannot find link %d (%s)",
					owned->link.ifindex, owned->link.name);
	if (!is_same(&reading, owned)) {
		result = delete_moved(owned);
		/* Last, since another link may be on the same parent. */
		if (result != 0 || !is_connected(&reading, owned))
			return result < 0 ? -1 : 0;
	}
	return delete_link(gons_i_owned_rtnl(owned), -1, owned->link.ifindex, owned->link.name);
}

/* ---- on the scope ---- */

static struct gons_i_owned *owned_of(struct gons_i_undo_item *item)
{
	return (struct gons_i_owned *)(void *)item; /* its first member */
}

static int undo_link(struct gons_i_undo_item *item)
{
	return delete_owned(owned_of(item));
}

/* Whether the link and its peer or parent are where they were created. */
static bool is_in_place(struct gons_i_undo_item *item)
{
	const struct gons_i_owned *owned = owned_of(item);
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = gons_i_link_request(buf, RTM_GETLINK, 0, owned->link.ifindex);
	struct gons_i_link_reading reading = { .kind = "" };

	return owned->link.ifindex > 0 &&
	       gons_i_rtnl_dump(gons_i_owned_rtnl(owned), nlh, take_link, &reading) == 0 &&
	       is_same(&reading, owned) && reading.identity.iflink == owned->link.iflink &&
	       reading.identity.iflink_nsid == owned->link.iflink_nsid;
}

struct gons_i_owned *gons_i_owned_new(int nsfd)
{
	struct gons_i_owned *owned = calloc(1, sizeof(*owned));

	if (!owned) {
		(void)gons_i_fail(ENOMEM, "cannot record a link to be deleted");
		return NULL;
	}
	owned->item.undo = undo_link;
	if (gons_i_undo_item_add(&owned->item, nsfd) == 0)
		return owned;
	(void)gons_i_owned_free(owned);
	return NULL;
}

int gons_i_owned_free(struct gons_i_owned *owned)
{
	gons_i_undo_item_free(&owned->item);
	return -1;
}

void gons_i_owned_record(struct gons_i_owned *owned)
{
	gons_i_undo_item_record(&owned->item, is_in_place);
}

int gons_i_owned_undo(struct gons_i_owned *owned)
{
	struct gons_i_failure failure;
	int result;

	gons_i_failure_save(&failure);
	result = delete_owned(owned);
	(void)gons_i_failure_restore(&failure);
	if (result < 0)
		gons_i_add_remedy("delete link %s, which gons could not delete", owned->link.name);
	return gons_i_owned_free(owned);
}

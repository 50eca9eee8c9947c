/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtual links: each is created by a single request, directly in the namespaces that it and its
 * peer belong to.
 *
 * The kernel looks a parent up in the namespace of the socket, and creates the link in the one
 * of IFLA_NET_NS_FD. So the request goes over a socket of the parent's namespace. (With
 * IFLA_LINK_NETNSID instead, kernels before 6.15 create the link there and move it after.)
 */
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <string.h>
#include <sys/mman.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/types.h"
#include "gons/core/nsfd.h"
#include "gons/core/scope.h"
#include "netns/kind.h"
#include "netns/link.h"
#include "netns/link_request.h"
#include "netns/rtnl.h"
#include "netns/tun.h"

enum {
	ADDRESS_SIZE = GONS_I_MAC_SIZE,
	INFO_DATA_SIZE = 2048,
	WRITABLE_SIZE = 4 << 20, /* even by a function that ignores its room */
	NAMES_LIMIT = 100, /* how many are tried */
};

struct creation {
	const char *kind;
	struct gons_link_options options; /* with -1 for the calling thread's namespace */
	bool has_peer, is_awaited, is_random_address, is_random_peer_address, is_to_be_renamed;
	int socket_nsfd; /* where the request is sent */
	unsigned char address[ADDRESS_SIZE], peer_address[ADDRESS_SIZE];
	/* Within the request, to be filled in: */
	char *name, *peer_name;
	uint32_t *nsfd, *peer_nsfd;
	_Alignas(struct nlmsghdr) char request[4 * INFO_DATA_SIZE];
};

/* ---- kinds ---- */

static bool is_one_of(const char *kind, const char *const *kinds)
{
	for (; *kinds; kinds++)
		if (strcmp(kind, *kinds) == 0)
			return true;
	return false;
}

/* For each of these kinds the peer is attribute 1 of info_data. */
static bool has_peer(const char *kind)
{
	static const char *const pairs[] = { "veth", "vxcan", "netkit", NULL };

	return is_one_of(kind, pairs);
}

/* Kinds to which the kernel gives a random MAC address. Others take that of a port or of their
 * parent, or have none. */
static bool has_random_address(const char *kind)
{
	static const char *const kinds[] = { "veth", "dummy", "macvlan", "macvtap",
					     "ifb",  "vxlan", "geneve",	 NULL };

	return is_one_of(kind, kinds);
}

/* ---- options ---- */

static int check_options(struct creation *creation)
{
	struct gons_link_options *options = &creation->options;

	if (gons_i_link_check_options(creation->kind, creation->has_peer, options) < 0 ||
	    gons_i_netns_optional(options->nsfd, &options->nsfd) < 0 ||
	    gons_i_netns_optional(options->peer_nsfd, &options->peer_nsfd) < 0 ||
	    gons_i_netns_optional(options->link_nsfd, &options->link_nsfd) < 0)
		return -1;
	if (options->peer_nsfd >= 0 && !creation->has_peer)
		return gons_i_fail(EINVAL, "peer_nsfd is %d, but a link of kind %s has no peer",
				   options->peer_nsfd, creation->kind);
	return 0;
}

static int prepare(struct creation *creation, const char *kind,
		   const struct gons_link_options *options)
{
	static const struct gons_link_options none = { .prefix = NULL };
	static const char *const awaiting_ports[] = { "bond", "team", NULL };

	if (gons_i_check_kind(kind) < 0)
		return -1;
	creation->kind = kind;
	creation->options = options ? *options : none;
	creation->has_peer = has_peer(kind);
	creation->is_awaited = !is_one_of(kind, awaiting_ports);
	creation->is_random_address = !creation->options.address && has_random_address(kind);
	creation->is_random_peer_address = creation->has_peer && has_random_address(kind);
	if (check_options(creation) < 0)
		return -1;
	creation->socket_nsfd = creation->options.nsfd;
	if (creation->options.parent_ifindex > 0 || creation->options.link_nsfd >= 0)
		creation->socket_nsfd = creation->options.link_nsfd;
	return gons_i_link_choose_address(creation->options.address, creation->address) < 0 ||
			       gons_i_link_choose_address(NULL, creation->peer_address) < 0
		       ? -1
		       : 0;
}

/* ---- the request ---- */

/* Returns the address of the attribute's data. */
static void *put(struct nlmsghdr *nlh, uint16_t type, size_t size, const void *data)
{
	struct nlattr *attr = mnl_nlmsg_get_payload_tail(nlh);

	mnl_attr_put(nlh, type, size, data);
	return mnl_attr_get_payload(attr);
}

/* The attributes that the link and its peer both have. */
static void put_end(struct creation *creation, struct nlmsghdr *nlh, bool is_peer)
{
	static const char no_name[GONS_I_NAME_SIZE];
	const int nsfd = is_peer ? creation->options.peer_nsfd : creation->options.nsfd;
	char **ret_name = is_peer ? &creation->peer_name : &creation->name;
	uint32_t **ret_nsfd = is_peer ? &creation->peer_nsfd : &creation->nsfd;

	*ret_name = put(nlh, IFLA_IFNAME, sizeof(no_name), no_name);
	if (nsfd != creation->socket_nsfd)
		*ret_nsfd = put(nlh, IFLA_NET_NS_FD, sizeof(nsfd), &nsfd);
	if (creation->options.mtu != 0)
		mnl_attr_put_u32(nlh, IFLA_MTU, creation->options.mtu);
	if (is_peer && creation->is_random_peer_address)
		mnl_attr_put(nlh, IFLA_ADDRESS, ADDRESS_SIZE, creation->peer_address);
	if (!is_peer && (creation->is_random_address || creation->options.address))
		mnl_attr_put(nlh, IFLA_ADDRESS, ADDRESS_SIZE, creation->address);
}

/* ---- info_data of the caller ---- */

static int unmap(void *data)
{
	(void)munmap(*(void **)data, WRITABLE_SIZE);
	return 0;
}

static void drop_mapping(void *data)
{
	(void)unmap(data);
}

/*
 * The caller's function writes into a mapping that is much larger than the room that it may use, so
 * that a function that exceeds it gets an error. The scope owns the mapping meanwhile, because the
 * function may leave by longjmp(3).
 */
static int call_info_data(const struct creation *creation, struct nlmsghdr *nlh)
{
	static const struct gons_i_undo undo = { .undo = unmap, .drop = drop_mapping };
	const struct gons_link_options *options = &creation->options;
	const uint32_t before = nlh->nlmsg_len;
	struct nlmsghdr *writable;
	unsigned record;
	uint32_t after;

	if (gons_i_scope_reserve(1) < 0)
		return -1;
	writable = mmap(NULL, WRITABLE_SIZE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (writable == MAP_FAILED)
		return gons_i_fail(errno, "cannot map memory for info_data to write to");
	record = gons_i_scope_push(&undo, &writable, sizeof(writable));
	memcpy(writable, nlh, before);
	options->info_data(writable, INFO_DATA_SIZE, options->info_data_arg);
	after = writable->nlmsg_len;
	if (after >= before && after - before <= INFO_DATA_SIZE) {
		memcpy((char *)nlh + before, (char *)writable + before, after - before);
		nlh->nlmsg_len = after;
	}
	gons_i_scope_remove(record);
	(void)munmap(writable, WRITABLE_SIZE);
	if (after < before)
		return gons_i_fail(EINVAL, "info_data removed what was in the message");
	if (after - before > INFO_DATA_SIZE)
		return gons_i_fail(EMSGSIZE, "info_data wrote %u bytes, and may write %d at most",
				   after - before, INFO_DATA_SIZE);
	return 0;
}

static int build(struct creation *creation, void (*info_data)(struct nlmsghdr *, const void *),
		 const void *arg)
{
	const struct gons_link_options *options = &creation->options;
	struct nlmsghdr *nlh =
		gons_i_link_request(creation->request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
	struct nlattr *info, *data, *peer;
	uint32_t empty;

	put_end(creation, nlh, false);
	if (options->parent_ifindex > 0)
		mnl_attr_put_u32(nlh, IFLA_LINK, (uint32_t)options->parent_ifindex);
	info = gons_i_link_nest(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, creation->kind);
	data = gons_i_link_nest(nlh, IFLA_INFO_DATA);
	empty = nlh->nlmsg_len;
	if (creation->has_peer) {
		peer = gons_i_link_nest(nlh, VETH_INFO_PEER);
		(void)mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
		put_end(creation, nlh, true);
		mnl_attr_nest_end(nlh, peer);
	}
	if (info_data)
		info_data(nlh, arg);
	if (options->info_data && call_info_data(creation, nlh) < 0)
		return -1;
	if (nlh->nlmsg_len == empty) /* some kinds would take an empty attribute for data */
		mnl_attr_nest_cancel(nlh, data);
	else
		mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	return 0;
}

/* ---- creating it ---- */

static int fail(const struct creation *creation, const struct gons_i_rtnl *rtnl)
{
	const struct gons_link_options *options = &creation->options;

	(void)gons_i_fail_kind(rtnl, creation->kind);
	if (gons_i_rtnl_extack(rtnl)[0] != '\0')
		return -1;
	if (errno == EEXIST && options->name && options->peer_name)
		gons_i_add_cause("the name %s or %s is taken in its namespace", options->name,
				 options->peer_name);
	else if (errno == EEXIST && (options->name || options->peer_name))
		gons_i_add_cause("the name %s is taken in its namespace",
				 options->name ? options->name : options->peer_name);
	else if (errno == EEXIST)
		gons_i_add_cause("%d random names were tried", NAMES_LIMIT);
	if (errno == ENODEV && options->parent_ifindex > 0)
		gons_i_add_cause("its parent, link %d, does not exist in the namespace link_nsfd",
				 options->parent_ifindex);
	if (errno == EINVAL && options->mtu != 0 && options->parent_ifindex == 0)
		gons_i_add_cause("its MTU of %u is possibly out of range, or it needs a "
				 "parent_ifindex or info_data",
				 options->mtu);
	else if (errno == EINVAL && options->mtu != 0)
		gons_i_add_cause("its MTU of %u is possibly out of range", options->mtu);
	else if (errno == EINVAL && options->parent_ifindex == 0)
		gons_i_add_cause("it possibly needs a parent_ifindex or info_data");
	if (errno == EBUSY && options->parent_ifindex > 0)
		gons_i_add_cause("its parent, link %d, is possibly a port of another link",
				 options->parent_ifindex);
	return -1;
}

/* Sends the request, under other names as long as a random one is taken. */
static int send_request(struct creation *creation, struct gons_i_rtnl *rtnl, const char *name)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)(void *)creation->request;
	const bool has_random = !name || (creation->has_peer && !creation->options.peer_name);

	for (int i = 0; i < NAMES_LIMIT; i++) {
		if (gons_i_link_choose_name(creation->kind, creation->options.prefix, name,
					    creation->name) < 0 ||
		    (creation->has_peer &&
		     gons_i_link_choose_name(creation->kind, creation->options.prefix,
					     creation->options.peer_name, creation->peer_name) < 0))
			return -1;
		/* Where the answer found no room, identify() finds out whether the link was
		 * created. */
		if (gons_i_rtnl_request_send(rtnl, nlh, NULL, NULL) == 0 || errno == ENOBUFS)
			return 0;
		/* With an extack it is not the name that exists. */
		if (errno != EEXIST || gons_i_rtnl_extack(rtnl)[0] != '\0' || !has_random)
			break;
		if (name && i > 0) /* the given name is taken, since two random ones hardly are */
			break;
	}
	return fail(creation, rtnl);
}

static int send_to_parent(struct creation *creation)
{
	struct gons_i_rtnl *rtnl;
	cleanup_fd int own_fd = -1;
	int result;

	if ((creation->nsfd && creation->options.nsfd < 0) ||
	    (creation->peer_nsfd && creation->options.peer_nsfd < 0)) {
		own_fd = gons_i_open_own(gons_i_type_entry(CLONE_NEWNET));
		if (own_fd < 0)
			return -1;
		if (creation->nsfd && creation->options.nsfd < 0)
			*creation->nsfd = (uint32_t)own_fd;
		if (creation->peer_nsfd && creation->options.peer_nsfd < 0)
			*creation->peer_nsfd = (uint32_t)own_fd;
	}
	rtnl = gons_i_rtnl_open(creation->socket_nsfd);
	if (!rtnl)
		return -1;
	result = send_request(creation, rtnl, creation->options.name);
	/* Linux before 6.14 looks for a link of that name in the namespace of the socket. */
	if (result < 0 && errno == EEXIST && creation->options.name && creation->nsfd) {
		result = send_request(creation, rtnl, NULL);
		creation->is_to_be_renamed = result == 0;
	}
	gons_i_rtnl_close(rtnl);
	return result;
}

/* Fills in what the links are recognised by, from what they were created with and from what the
 * kernel says. */
static int identify(const struct creation *creation, struct gons_i_owned *owned)
{
	strcpy(owned->kind, creation->kind);
	strcpy(owned->link.name, creation->name);
	if (gons_i_link_identify(gons_i_owned_rtnl(owned), creation->name, &owned->link) < 0)
		return -1;
	/* Another link may have the same address, from a parent or a port, or because it was given
	 * that. */
	owned->link.is_unique_address = creation->is_random_address;
	if (!creation->has_peer)
		return 0;
	owned->peer.ifindex = owned->link.iflink;
	strcpy(owned->peer.name, creation->peer_name);
	if (creation->is_random_peer_address) {
		memcpy(owned->peer.address, creation->peer_address, ADDRESS_SIZE);
		owned->peer.address_size = ADDRESS_SIZE;
		owned->peer.is_unique_address = true;
	}
	return 0;
}

static int bring_up(const struct creation *creation, const struct gons_i_owned *owned)
{
	if (creation->is_awaited)
		return gons_i_link_pair_up(creation->options.nsfd, owned->link.ifindex,
					   creation->options.peer_nsfd, owned->peer.ifindex,
					   GONS_I_LINK_UP_TIMEOUT_MS);
	return gons_i_link_set_up(gons_i_owned_rtnl(owned), owned->link.ifindex);
}

static int rename_created(const struct creation *creation, struct gons_i_owned *owned)
{
	if (!creation->is_to_be_renamed)
		return 0;
	if (gons_i_link_set_name(gons_i_owned_rtnl(owned), owned->link.ifindex,
				 creation->options.name) < 0)
		return -1;
	strcpy(owned->link.name, creation->options.name);
	return 0;
}

/* Reads the peer's address if gons has not chosen it. */
static int find_peer_address(const struct creation *creation, struct gons_i_owned *owned)
{
	struct gons_i_identity peer;
	struct gons_i_rtnl *rtnl;
	int result;

	if (!creation->has_peer || creation->is_random_peer_address ||
	    owned->link.address_size == 0)
		return 0;
	rtnl = gons_i_rtnl_open(creation->options.peer_nsfd);
	if (!rtnl)
		return -1;
	result = gons_i_link_identify(rtnl, owned->peer.name, &peer);
	gons_i_rtnl_close(rtnl);
	if (result < 0)
		return -1;
	memcpy(owned->peer.address, peer.address, sizeof(peer.address));
	owned->peer.address_size = peer.address_size;
	return 0;
}

static void describe(const struct gons_i_owned *owned, struct gons_link *ret_link)
{
	memset(ret_link, 0, sizeof(*ret_link));
	ret_link->ifindex = owned->link.ifindex;
	ret_link->peer_ifindex = owned->peer.ifindex;
	strcpy(ret_link->name, owned->link.name);
	strcpy(ret_link->peer_name, owned->peer.name);
	memcpy(ret_link->address, owned->link.address, owned->link.address_size);
	memcpy(ret_link->peer_address, owned->peer.address, owned->peer.address_size);
	ret_link->address_size = (unsigned)owned->link.address_size;
}

static int create(struct creation *creation, struct gons_link *ret_link)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct gons_i_owned *owned;

	if (gons_i_undo_item_reserve() < 0)
		return -1;
	owned = gons_i_owned_new(creation->options.nsfd);
	if (!owned)
		return -1;
	if ((creation->has_peer &&
	     gons_i_undo_item_add(&owned->item, creation->options.peer_nsfd) < 0) ||
	    gons_i_undo_item_add(&owned->item, creation->socket_nsfd) < 0 ||
	    send_to_parent(creation) < 0)
		return gons_i_owned_free(owned);
	if (identify(creation, owned) < 0 || rename_created(creation, owned) < 0 ||
	    find_peer_address(creation, owned) < 0 ||
	    (creation->options.up && bring_up(creation, owned) < 0))
		return gons_i_owned_undo(owned);
	if (ret_link)
		describe(owned, ret_link);
	gons_i_owned_record(owned);
	return 0;
}

int gons_i_link_new(const char *kind, const struct gons_link_options *options,
		    void (*info_data)(struct nlmsghdr *, const void *), const void *arg,
		    struct gons_link *ret_link)
{
	struct creation creation = { .name = NULL }; /* and holds nothing while info_data runs */

	if (prepare(&creation, kind, options) < 0 || build(&creation, info_data, arg) < 0)
		return -1;
	return create(&creation, ret_link);
}

GONS_EXPORT int gons_link_new_transient(const char *kind, const struct gons_link_options *options,
					struct gons_link *ret_link)
{
	if (!kind)
		return gons_i_fail(EINVAL, "kind is NULL");
	if (gons_i_is_tun(kind))
		return gons_i_tun_new(kind, options, ret_link) < 0 ? -1 : 0;
	return gons_i_link_new(kind, options, NULL, NULL, ret_link);
}

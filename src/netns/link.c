/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtual links: one is made by a single request, directly in the namespaces that it and its
 * peer belong to.
 *
 * The kernel looks a parent up in the namespace of the socket, and makes the link in the one
 * of IFLA_NET_NS_FD. So the request goes over a socket of the parent's namespace. (With
 * IFLA_LINK_NETNSID instead, kernels before 6.15 make the link there and move it after.)
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
	WRITABLE_SIZE = 4 << 20, /* of it by a function that ignores its room */
	NAMES_LIMIT = 100, /* how many are tried */
};

struct making {
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

/* Each of these has its peer under attribute 1. */
static bool has_peer(const char *kind)
{
	static const char *const pairs[] = { "veth", "vxcan", "netkit", NULL };

	return is_one_of(kind, pairs);
}

/* Kinds that get a random MAC address anyway. Others take a port's or their parent's, or
 * have none. */
static bool has_random_address(const char *kind)
{
	static const char *const kinds[] = { "veth", "dummy", "macvlan", "macvtap",
					     "ifb",  "vxlan", "geneve",	 NULL };

	return is_one_of(kind, kinds);
}

/* ---- options ---- */

static int check_options(struct making *making)
{
	struct gons_link_options *options = &making->options;

	if (gons_i_link_check_options(making->kind, making->has_peer, options) < 0 ||
	    gons_i_netns_optional(options->nsfd, &options->nsfd) < 0 ||
	    gons_i_netns_optional(options->peer_nsfd, &options->peer_nsfd) < 0 ||
	    gons_i_netns_optional(options->link_nsfd, &options->link_nsfd) < 0)
		return -1;
	if (options->peer_nsfd >= 0 && !making->has_peer)
		return gons_i_fail(EINVAL,
				   "a link of kind %s has no peer to be put into a "
				   "namespace",
				   making->kind);
	return 0;
}

static int prepare(struct making *making, const char *kind, const struct gons_link_options *options)
{
	static const struct gons_link_options none = { .prefix = NULL };
	static const char *const awaiting_ports[] = { "bond", "team", NULL };

	if (gons_i_check_kind(kind) < 0)
		return -1;
	making->kind = kind;
	making->options = options ? *options : none;
	making->has_peer = has_peer(kind);
	making->is_awaited = !is_one_of(kind, awaiting_ports);
	making->is_random_address = !making->options.address && has_random_address(kind);
	making->is_random_peer_address = making->has_peer && has_random_address(kind);
	if (check_options(making) < 0)
		return -1;
	making->socket_nsfd = making->options.nsfd;
	if (making->options.parent_ifindex > 0 || making->options.link_nsfd >= 0)
		making->socket_nsfd = making->options.link_nsfd;
	return gons_i_link_choose_address(making->options.address, making->address) < 0 ||
			       gons_i_link_choose_address(NULL, making->peer_address) < 0
		       ? -1
		       : 0;
}

/* ---- the request ---- */

/* Returns where the attribute's data is. */
static void *put(struct nlmsghdr *nlh, uint16_t type, size_t size, const void *data)
{
	struct nlattr *attr = mnl_nlmsg_get_payload_tail(nlh);

	mnl_attr_put(nlh, type, size, data);
	return mnl_attr_get_payload(attr);
}

/* What the link and its peer both have. */
static void put_end(struct making *making, struct nlmsghdr *nlh, bool is_peer)
{
	static const char no_name[GONS_I_NAME_SIZE];
	const int nsfd = is_peer ? making->options.peer_nsfd : making->options.nsfd;
	char **ret_name = is_peer ? &making->peer_name : &making->name;
	uint32_t **ret_nsfd = is_peer ? &making->peer_nsfd : &making->nsfd;

	*ret_name = put(nlh, IFLA_IFNAME, sizeof(no_name), no_name);
	if (nsfd != making->socket_nsfd)
		*ret_nsfd = put(nlh, IFLA_NET_NS_FD, sizeof(nsfd), &nsfd);
	if (making->options.mtu != 0)
		mnl_attr_put_u32(nlh, IFLA_MTU, making->options.mtu);
	if (is_peer && making->is_random_peer_address)
		mnl_attr_put(nlh, IFLA_ADDRESS, ADDRESS_SIZE, making->peer_address);
	if (!is_peer && (making->is_random_address || making->options.address))
		mnl_attr_put(nlh, IFLA_ADDRESS, ADDRESS_SIZE, making->address);
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
 * The caller's function writes into a mapping that is much larger than what it may use, so that one
 * that does not look at its room can be told so. The mapping is on the scope meanwhile, because the
 * function may leave by longjmp(3).
 */
static int call_info_data(const struct making *making, struct nlmsghdr *nlh)
{
	static const struct gons_i_undo undo = { .undo = unmap, .drop = drop_mapping };
	const struct gons_link_options *options = &making->options;
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
		return gons_i_fail(EINVAL, "info_data made the message shorter");
	if (after - before > INFO_DATA_SIZE)
		return gons_i_fail(EMSGSIZE, "info_data wrote %u bytes where it has room for %d",
				   after - before, INFO_DATA_SIZE);
	return 0;
}

static int build(struct making *making, void (*info_data)(struct nlmsghdr *, const void *),
		 const void *arg)
{
	const struct gons_link_options *options = &making->options;
	struct nlmsghdr *nlh =
		gons_i_link_request(making->request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
	struct nlattr *info, *data, *peer;
	uint32_t empty;

	put_end(making, nlh, false);
	if (options->parent_ifindex > 0)
		mnl_attr_put_u32(nlh, IFLA_LINK, (uint32_t)options->parent_ifindex);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, making->kind);
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	empty = nlh->nlmsg_len;
	if (making->has_peer) {
		peer = mnl_attr_nest_start(nlh, VETH_INFO_PEER);
		(void)mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
		put_end(making, nlh, true);
		mnl_attr_nest_end(nlh, peer);
	}
	if (info_data)
		info_data(nlh, arg);
	if (options->info_data && call_info_data(making, nlh) < 0)
		return -1;
	if (nlh->nlmsg_len == empty) /* kinds take this for data */
		mnl_attr_nest_cancel(nlh, data);
	else
		mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	return 0;
}

/* ---- making it ---- */

static int fail(const struct making *making, const struct gons_i_rtnl *rtnl)
{
	const struct gons_link_options *options = &making->options;

	(void)gons_i_fail_kind(rtnl, making->kind);
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
		gons_i_add_cause("its parent, link %d, does not exist in the namespace where it "
				 "is looked up",
				 options->parent_ifindex);
	if (errno == EINVAL && options->mtu != 0)
		gons_i_add_cause("its MTU of %u is possibly out of range", options->mtu);
	if (errno == EINVAL && options->parent_ifindex == 0)
		gons_i_add_cause("it possibly needs a parent_ifindex or info_data");
	if (errno == EBUSY && options->parent_ifindex > 0)
		gons_i_add_cause("its parent, link %d, is possibly a port of another link",
				 options->parent_ifindex);
	return -1;
}

/* Sends the request, under other names as long as a random one is taken. */
static int send_request(struct making *making, struct gons_i_rtnl *rtnl, const char *name)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)(void *)making->request;
	const bool has_random = !name || (making->has_peer && !making->options.peer_name);

	for (int i = 0; i < NAMES_LIMIT; i++) {
		if (gons_i_link_choose_name(making->kind, making->options.prefix, name,
					    making->name) < 0 ||
		    (making->has_peer &&
		     gons_i_link_choose_name(making->kind, making->options.prefix,
					     making->options.peer_name, making->peer_name) < 0))
			return -1;
		/* Where the answer found no room, identify() sees whether it was made. */
		if (gons_i_rtnl_request_send(rtnl, nlh, NULL, NULL) == 0 || errno == ENOBUFS)
			return 0;
		/* The kernel says so when it is not the name that exists. */
		if (errno != EEXIST || gons_i_rtnl_extack(rtnl)[0] != '\0' || !has_random)
			break;
		if (name && i > 0) /* it is hardly the random one that is taken twice */
			break;
	}
	return fail(making, rtnl);
}

static int send_to_parent(struct making *making)
{
	struct gons_i_rtnl *rtnl;
	cleanup_fd int own_fd = -1;
	int result;

	if ((making->nsfd && making->options.nsfd < 0) ||
	    (making->peer_nsfd && making->options.peer_nsfd < 0)) {
		own_fd = gons_i_open_own(gons_i_type_entry(CLONE_NEWNET));
		if (own_fd < 0)
			return -1;
		if (making->nsfd && making->options.nsfd < 0)
			*making->nsfd = (uint32_t)own_fd;
		if (making->peer_nsfd && making->options.peer_nsfd < 0)
			*making->peer_nsfd = (uint32_t)own_fd;
	}
	rtnl = gons_i_rtnl_open(making->socket_nsfd);
	if (!rtnl)
		return -1;
	result = send_request(making, rtnl, making->options.name);
	/* Linux before 6.14 looks for a link of that name where the request is sent. */
	if (result < 0 && errno == EEXIST && making->options.name && making->nsfd) {
		result = send_request(making, rtnl, NULL);
		making->is_to_be_renamed = result == 0;
	}
	gons_i_rtnl_close(rtnl);
	return result;
}

/* Fills in what the links are known by, from what they were made with and from what the
 * kernel says. */
static int identify(const struct making *making, struct gons_i_owned *owned)
{
	strcpy(owned->kind, making->kind);
	strcpy(owned->link.name, making->name);
	if (gons_i_link_identify(gons_i_owned_rtnl(owned), making->name, &owned->link) < 0)
		return -1;
	/* Others may have it from a parent or a port, or were given the same one. */
	owned->link.is_unique_address = making->is_random_address;
	if (!making->has_peer)
		return 0;
	owned->peer.ifindex = owned->link.below;
	strcpy(owned->peer.name, making->peer_name);
	if (making->is_random_peer_address) {
		memcpy(owned->peer.address, making->peer_address, ADDRESS_SIZE);
		owned->peer.address_size = ADDRESS_SIZE;
		owned->peer.is_unique_address = true;
	}
	return 0;
}

static int bring_up(const struct making *making, const struct gons_i_owned *owned)
{
	if (making->is_awaited)
		return gons_i_link_pair_up(making->options.nsfd, owned->link.ifindex,
					   making->options.peer_nsfd, owned->peer.ifindex,
					   GONS_I_LINK_UP_TIMEOUT_MS);
	return gons_i_link_set_up(gons_i_owned_rtnl(owned), owned->link.ifindex);
}

static int rename_made(const struct making *making, struct gons_i_owned *owned)
{
	if (!making->is_to_be_renamed)
		return 0;
	if (gons_i_link_set_name(gons_i_owned_rtnl(owned), owned->link.ifindex,
				 making->options.name) < 0)
		return -1;
	strcpy(owned->link.name, making->options.name);
	return 0;
}

/* The peer's address where gons has not chosen it. */
static int find_peer_address(const struct making *making, struct gons_i_owned *owned)
{
	struct gons_i_identity peer;
	struct gons_i_rtnl *rtnl;
	int result;

	if (!making->has_peer || making->is_random_peer_address || owned->link.address_size == 0)
		return 0;
	rtnl = gons_i_rtnl_open(making->options.peer_nsfd);
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

static int make(struct making *making, struct gons_link *ret_link)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct gons_i_owned *owned;

	if (gons_i_item_reserve() < 0)
		return -1;
	owned = gons_i_owned_new(making->options.nsfd);
	if (!owned)
		return -1;
	if ((making->has_peer && gons_i_item_add(&owned->item, making->options.peer_nsfd) < 0) ||
	    gons_i_item_add(&owned->item, making->socket_nsfd) < 0 || send_to_parent(making) < 0)
		return gons_i_owned_free(owned);
	if (identify(making, owned) < 0 || rename_made(making, owned) < 0 ||
	    find_peer_address(making, owned) < 0 ||
	    (making->options.up && bring_up(making, owned) < 0))
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
	struct making making = { .name = NULL }; /* and holds nothing while info_data runs */

	if (prepare(&making, kind, options) < 0 || build(&making, info_data, arg) < 0)
		return -1;
	return make(&making, ret_link);
}

GONS_EXPORT int gons_link_new_transient(const char *kind, const struct gons_link_options *options,
					struct gons_link *ret_link)
{
	if (kind && gons_i_is_tun(kind))
		return gons_i_tun_new(kind, options, ret_link) < 0 ? -1 : 0;
	return gons_i_link_new(kind, options, NULL, NULL, ret_link);
}

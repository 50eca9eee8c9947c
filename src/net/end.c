/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The links of a network when its scope ends. The kernel deletes those of hosts that end with the
 * scope. In a host that somebody can still enter they are deleted here, and so is a link whose other
 * end was moved out of its host. deferred_undo.c finds out which hosts end.
 */
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "gons/base/clock.h"
#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/core/netns_creation.h"
#include "net/end.h"
#include "net/host.h"
#include "net/links.h"
#include "netns/can_be_entered.h"
#include "netns/link.h"

/* A link of the plan. */
struct link {
	const char *kind;
	struct gons_i_identity identity; /* as it was created */
	bool is_there;
};

/* What is in a host, or in the network namespace of the bridges. */
struct place {
	struct gons_i_undo_item item; /* its only socket is that of the namespace */
	uint32_t free_group; /* that no link is in; 0: not found */
	size_t n;
	struct link links[]; /* in the order of their ifindexes */
};

static struct gons_i_rtnl *rtnl_of(const struct place *place)
{
	return place->item.rtnls[0];
}

/* ---- which links are there ---- */

static int compare_ifindexes(const void *ifindex, const void *link)
{
	return *(const int *)ifindex - ((const struct link *)link)->identity.ifindex;
}

static int take_link(const struct nlmsghdr *nlh, void *arg)
{
	struct place *place = arg;
	struct gons_i_link_reading reading;
	struct link *link;

	if (!gons_i_link_read(nlh, &reading))
		return MNL_CB_OK;
	if (reading.group >= place->free_group && place->free_group != 0)
		place->free_group = reading.group + 1;
	link = bsearch(&reading.identity.ifindex, place->links, place->n, sizeof(*link),
		       compare_ifindexes);
	if (link)
		link->is_there = gons_i_link_is_same(&reading, link->kind, &link->identity);
	return MNL_CB_OK;
}

static int find_links(struct place *place)
{
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = gons_i_link_request(buf, RTM_GETLINK, NLM_F_DUMP, 0);

	mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	place->free_group = 1;
	for (size_t i = 0; i < place->n; i++)
		place->links[i].is_there = false;
	if (gons_i_rtnl_dump(rtnl_of(place), nlh, take_link, place) == 0)
		return 0;
	return gons_i_rtnl_fail(rtnl_of(place), "cannot list the links of a network");
}

/*
 * Whether the link has its number, name and address as ever. This needs no lock of the kernel's,
 * which a dump of the links waits for while namespaces of earlier networks end.
 */
static bool is_unchanged(const struct place *place, const struct link *link)
{
	const int fd = gons_i_rtnl_fd(rtnl_of(place));
	struct ifreq request = { .ifr_ifindex = link->identity.ifindex };

	return ioctl(fd, SIOCGIFNAME, &request) == 0 &&
	       strcmp(request.ifr_name, link->identity.name) == 0 &&
	       ioctl(fd, SIOCGIFHWADDR, &request) == 0 &&
	       memcmp(request.ifr_hwaddr.sa_data, link->identity.address,
		      link->identity.address_size) == 0;
}

static int look_for_links(struct place *place)
{
	bool are_unchanged = gons_i_rtnl_is_intact(rtnl_of(place));

	for (size_t i = 0; are_unchanged && i < place->n; i++)
		are_unchanged = is_unchanged(place, &place->links[i]);
	if (!are_unchanged)
		return find_links(place);
	for (size_t i = 0; i < place->n; i++)
		place->links[i].is_there = true;
	return 0;
}

static size_t count_links(const struct place *place)
{
	size_t n = 0;

	for (size_t i = 0; i < place->n; i++)
		n += place->links[i].is_there;
	return n;
}

/* ---- deleting them ---- */

static int send_group(const struct place *place, uint16_t type, int ifindex)
{
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = gons_i_link_request(buf, type, 0, ifindex);

	mnl_attr_put_u32(nlh, IFLA_GROUP, place->free_group);
	if (gons_i_rtnl_request_send(rtnl_of(place), nlh, NULL, NULL) == 0 || errno == ENODEV)
		return 0;
	return -1;
}

/* The kernel waits for each link that it deletes, but only once for those of a group. False: they
 * are still there. */
static bool delete_group(const struct place *place)
{
	if (count_links(place) < 2 || place->free_group == 0)
		return false;
	for (size_t i = 0; i < place->n; i++)
		if (place->links[i].is_there &&
		    send_group(place, RTM_SETLINK, place->links[i].identity.ifindex) < 0)
			return false;
	return send_group(place, RTM_DELLINK, 0) == 0;
}

static int delete_one(const struct place *place, const struct link *link)
{
	return gons_i_link_delete_here(rtnl_of(place), link->identity.ifindex, link->identity.name);
}

static int undo_place(struct gons_i_undo_item *item)
{
	struct place *place = (struct place *)(void *)item; /* its first member */

	if (find_links(place) < 0)
		return -1;
	if (delete_group(place))
		return 0;
	for (size_t i = 0; i < place->n; i++)
		if (place->links[i].is_there && delete_one(place, &place->links[i]) < 0)
			return -1;
	return 0;
}

/* ---- hosts, and the namespace of the bridges ---- */

struct ending {
	const gons_net *net;
	struct place **places; /* the bridges' is the last one; NULL: without links, or unknown */
	size_t n_places;
	struct gons_i_failure failure; /* the first one */
};

static void note_failure(struct ending *ending, int result)
{
	if (result < 0 && ending->failure.errnum == 0)
		gons_i_failure_save(&ending->failure);
}

static void add_link(struct place *place, const char *kind, int ifindex, const char *name)
{
	struct link *link = &place->links[place->n++];

	link->kind = kind;
	link->identity.ifindex = ifindex;
	strcpy(link->identity.name, name);
	gons_i_net_link_address(ifindex, link->identity.address);
	link->identity.address_size = GONS_I_NET_MAC_SIZE;
}

static void add_links_of_host(struct place *place, const struct gons_i_net_model *model,
			      const struct gons_i_net_host *host)
{
	for (size_t i = 0; i < host->n_ports; i++) {
		const struct gons_i_net_port *port = &model->ports[host->ports[i]];

		add_link(place, "veth", port->ifindex, port->link);
	}
}

static void add_links_of_bridges(struct place *place, const struct gons_i_net_model *model)
{
	char name[GONS_I_NET_NAME_SIZE];

	for (size_t i = 0; i < model->n_segments; i++)
		if (model->segments[i].name[0])
			add_link(place, "bridge", model->segments[i].ifindex,
				 model->segments[i].name);
	for (size_t i = 0; i < model->n_ports; i++)
		if (model->ports[i].bridge_ifindex > 0) {
			gons_i_net_bridge_port_name(model, &model->ports[i], name);
			add_link(place, "veth", model->ports[i].bridge_ifindex, name);
		}
}

/* Takes the socket that was kept since the network was created, or opens one. */
static struct gons_i_rtnl *open_rtnl(const gons_net *net, size_t number, int nsfd)
{
	struct gons_i_rtnl *kept = net->rtnls[number];

	return kept && gons_i_rtnl_is_intact(kept) ? gons_i_rtnl_ref(kept) : gons_i_rtnl_open(nsfd);
}

/* NULL if the links cannot be looked at: the kernel deletes them if the namespace ends. */
static struct place *open_place(const gons_net *net, size_t number, size_t room)
{
	const int nsfd = gons_i_net_place_fd(net, number);
	struct place *place = calloc(1, sizeof(*place) + room * sizeof(place->links[0]));
	struct gons_i_rtnl *rtnl = place && nsfd >= 0 ? open_rtnl(net, number, nsfd) : NULL;

	if (!rtnl) {
		free(place);
		return NULL;
	}
	place->item.undo = undo_place;
	gons_i_undo_item_add_rtnl(&place->item, rtnl);
	gons_i_netns_creation_note(nsfd, net->last_pid);
	gons_i_can_be_entered_note(rtnl);
	return place;
}

/* Each namespace has lost its descriptor when the next one gets its socket, so that the end takes no
 * more descriptors than the network. */
static void open_places(struct ending *ending, gons_net *net)
{
	const struct gons_i_net_model *model = &net->model;
	struct place *place;

	for (size_t i = 0; i < ending->n_places; i++) {
		const bool is_host = i < model->n_hosts;
		const size_t room =
			is_host ? model->hosts[i].n_ports : model->n_segments + model->n_ports;

		place = room > 0 ? open_place(net, i, room) : NULL;
		if (place && is_host)
			add_links_of_host(place, model, &model->hosts[i]);
		else if (place)
			add_links_of_bridges(place, model);
		ending->places[i] = place;
		gons_i_net_close_place(net, i);
	}
}

/*
 * The kernel counts a netlink socket for some milliseconds after it was closed, and a namespace with
 * more sockets than gons's own is one that can be entered. So if the sockets that configured the
 * hosts could not be kept, a network that is younger gets older first.
 */
static void let_sockets_end(const gons_net *net)
{
	enum { AGE_MS = 50 };
	const int64_t age_ns = gons_i_nanoseconds() - net->built_ns;

	if (!net->keeps_rtnls && age_ns < AGE_MS * (int64_t)GONS_I_NS_OF_MS)
		(void)poll(NULL, 0, AGE_MS - (int)(age_ns / GONS_I_NS_OF_MS));
}

/* ---- links with one end in place ---- */

static struct link *find_end(const struct ending *ending, size_t number, int ifindex)
{
	struct place *place = ending->places[number];

	return place ? bsearch(&ifindex, place->links, place->n, sizeof(place->links[0]),
			       compare_ifindexes)
		     : NULL;
}

/* The ifindex of the link at the other end. */
static int other_end(const struct gons_i_net_model *model, const struct gons_i_net_port *port)
{
	const struct gons_i_net_port *first =
		&model->ports[model->segments[port->segment].first_port];

	return port->bridge_ifindex > 0 ? port->bridge_ifindex : first[port == first].ifindex;
}

/* Deletes a link now if one of its ends was moved: that one is perhaps where nothing ends. */
static int delete_half(const struct ending *ending, const struct gons_i_net_port *port,
		       size_t other_place)
{
	struct link *link = find_end(ending, port->host, port->ifindex);
	struct link *other = find_end(ending, other_place, other_end(&ending->net->model, port));

	if (!link || !other || link->is_there == other->is_there)
		return 0;
	if (link->is_there)
		return delete_one(ending->places[port->host], link);
	return delete_one(ending->places[other_place], other);
}

static void delete_halves(struct ending *ending)
{
	const struct gons_i_net_model *model = &ending->net->model;

	for (size_t i = 0; i < model->n_ports; i++) {
		const struct gons_i_net_port *port = &model->ports[i];
		const size_t first = model->segments[port->segment].first_port;

		if (port->bridge_ifindex > 0)
			note_failure(ending, delete_half(ending, port, model->n_hosts));
		else if (i == first)
			note_failure(ending, delete_half(ending, port, port[1].host));
	}
}

/* ---- the end ---- */

/* By the number of links: the last one is undone first, and with its links those of many others
 * disappear. */
static int compare_places(const void *a, const void *b)
{
	const struct place *first = *(struct place *const *)a, *second = *(struct place *const *)b;
	const size_t n = first ? count_links(first) : 0, m = second ? count_links(second) : 0;

	return (n > m) - (n < m);
}

static void put_aside(struct place *place)
{
	if (!place)
		return;
	if (count_links(place) == 0 || gons_i_undo_item_reserve() < 0)
		gons_i_undo_item_free(&place->item);
	else
		gons_i_undo_item_record(&place->item, NULL);
}

int gons_i_net_end(gons_net *net)
{
	const size_t n = net->model.n_hosts + 1;
	struct ending ending = { .net = net,
				 .n_places = n,
				 .places = calloc(n, sizeof(struct place *)) };

	if (!ending.places)
		return 0;
	open_places(&ending, net);
	let_sockets_end(net);
	for (size_t i = 0; i < n; i++)
		if (ending.places[i] && look_for_links(ending.places[i]) < 0) {
			note_failure(&ending, -1);
			gons_i_undo_item_free(&ending.places[i]->item);
			ending.places[i] = NULL;
		}
	delete_halves(&ending);
	qsort(ending.places, n, sizeof(ending.places[0]), compare_places);
	for (size_t i = 0; i < n; i++)
		put_aside(ending.places[i]);
	free(ending.places);
	return ending.failure.errnum == 0 ? 0 : gons_i_failure_restore(&ending.failure);
}

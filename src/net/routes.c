/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routes: from each host a walk over the segments, nearest first, through hosts that forward.
 *
 * A host with one way out gets a default route. Another one gets a route for each network, or for
 * each address where another segment has the same network.
 */
#include <stdlib.h>
#include <string.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "net/model.h"

#define NONE ((size_t)-1)

/* The first step of a packet: out of a port of the host, to a port of the next host. */
struct hop {
	size_t own, next; /* next: NONE if the destination is on the link itself */
};

struct walk {
	const struct gons_i_net_model *model;
	size_t from;
	int family;
	size_t *queue; /* of hosts, nearest first */
	size_t n_queue;
	bool *host_seen, *segment_seen;
	struct hop *host_hop, *segment_hop;
	/* The routes that were found, in order. */
	struct gons_i_net_route *routes;
	size_t n_routes;
};

static void walk_free(struct walk *walk)
{
	free(walk->queue);
	free(walk->host_seen);
	free(walk->segment_seen);
	free(walk->host_hop);
	free(walk->segment_hop);
	free(walk->routes);
}

static int walk_new(struct walk *walk, const struct gons_i_net_model *model, size_t from)
{
	*walk = (struct walk){ .model = model, .from = from };
	walk->queue = calloc(model->n_hosts, sizeof(*walk->queue));
	walk->host_seen = calloc(model->n_hosts, sizeof(*walk->host_seen));
	walk->host_hop = calloc(model->n_hosts, sizeof(*walk->host_hop));
	walk->segment_seen = calloc(model->n_segments + 1, sizeof(*walk->segment_seen));
	walk->segment_hop = calloc(model->n_segments + 1, sizeof(*walk->segment_hop));
	if (walk->queue && walk->host_seen && walk->host_hop && walk->segment_seen &&
	    walk->segment_hop)
		return 0;
	walk_free(walk);
	return gons_i_fail(ENOMEM, "cannot find routes");
}

static bool has_family(const struct walk *walk, const struct gons_i_net_port *port)
{
	return gons_i_net_port_address(port, walk->family) != NULL;
}

/* Continues the walk over one port of a host that was reached. */
static void walk_port(struct walk *walk, size_t host, size_t own)
{
	const struct gons_i_net_model *model = walk->model;
	const size_t number = model->ports[own].segment;
	const struct gons_i_net_segment *segment = &model->segments[number];
	const bool is_start = host == walk->from;

	if (walk->segment_seen[number] || !has_family(walk, &model->ports[own]))
		return;
	walk->segment_seen[number] = true;
	walk->segment_hop[number] = is_start ? (struct hop){ own, NONE } : walk->host_hop[host];
	for (size_t i = segment->first_port; i < segment->first_port + segment->n_ports; i++) {
		const size_t other = model->ports[i].host;

		if (walk->host_seen[other] || !has_family(walk, &model->ports[i]))
			continue;
		walk->host_seen[other] = true;
		walk->host_hop[other] = is_start ? (struct hop){ own, i } : walk->host_hop[host];
		walk->queue[walk->n_queue++] = other;
	}
}

static void walk_all(struct walk *walk)
{
	const struct gons_i_net_model *model = walk->model;

	memset(walk->host_seen, 0, model->n_hosts * sizeof(*walk->host_seen));
	memset(walk->segment_seen, 0, model->n_segments * sizeof(*walk->segment_seen));
	walk->host_seen[walk->from] = true;
	walk->queue[0] = walk->from;
	walk->n_queue = 1;
	for (size_t i = 0; i < walk->n_queue; i++) {
		const size_t at = walk->queue[i];
		const struct gons_i_net_host *host = &model->hosts[at];

		if (at != walk->from && !host->forwards)
			continue;
		for (size_t k = 0; k < host->n_ports; k++)
			walk_port(walk, at, host->ports[k]);
	}
}

/* ---- from the walk to routes ---- */

/* Whether a port has an address in this network, so that the kernel has a route to it. */
static bool is_in(const struct gons_i_net_port *port, const struct gons_i_prefix *network)
{
	for (size_t i = 0; i < port->n_addresses; i++) {
		const struct gons_i_prefix own = gons_i_net_network_of(&port->addresses[i]);

		if (gons_i_net_same_prefix(&own, network))
			return true;
	}
	return false;
}

/* The gateway's address in a network of the own port's, if it has one. */
static const struct gons_i_prefix *gateway_of(const struct walk *walk, const struct hop *hop)
{
	const struct gons_i_net_port *own = &walk->model->ports[hop->own];
	const struct gons_i_net_port *next = &walk->model->ports[hop->next];

	for (size_t i = 0; i < next->n_addresses; i++) {
		const struct gons_i_prefix network = gons_i_net_network_of(&next->addresses[i]);

		if (network.family == walk->family && is_in(own, &network))
			return &next->addresses[i];
	}
	return gons_i_net_port_address(next, walk->family);
}

static int add_route(struct walk *walk, const struct gons_i_prefix *destination, bool is_exact,
		     const struct hop *hop)
{
	struct gons_i_net_route *route;

	if (!gons_i_net_grow(&walk->routes, walk->n_routes, sizeof(*route)))
		return -1;
	route = &walk->routes[walk->n_routes++];
	route->destination = *destination;
	route->is_exact = is_exact;
	route->gateway = hop->next == NONE ? NULL : gateway_of(walk, hop);
	route->ifindex = walk->model->ports[hop->own].ifindex;
	return 0;
}

/* To each address of a port that is in this network (NULL: in any). */
static int add_port(struct walk *walk, const struct gons_i_net_port *port,
		    const struct gons_i_prefix *network, const struct hop *hop)
{
	for (size_t i = 0; i < port->n_addresses; i++) {
		struct gons_i_prefix address = port->addresses[i];
		const struct gons_i_prefix own = gons_i_net_network_of(&address);

		if (address.family != walk->family ||
		    (network && !gons_i_net_same_prefix(&own, network)))
			continue;
		address.length = (unsigned char)(address.size * 8);
		if (add_route(walk, &address, true, hop) < 0)
			return -1;
	}
	return 0;
}

static int add_network(struct walk *walk, const struct gons_i_net_segment *segment,
		       const struct gons_i_net_network *network, const struct hop *hop)
{
	const struct gons_i_net_port *own = &walk->model->ports[hop->own];

	if (!network->is_ambiguous) {
		if (hop->next == NONE && is_in(own, &network->prefix))
			return 0;
		return add_route(walk, &network->prefix, false, hop);
	}
	for (size_t i = 0; i < segment->n_ports; i++) {
		const struct gons_i_net_port *port = &walk->model->ports[segment->first_port + i];

		if (port->host != walk->from && add_port(walk, port, &network->prefix, hop) < 0)
			return -1;
	}
	return 0;
}

static int add_segments(struct walk *walk)
{
	const struct gons_i_net_model *model = walk->model;

	for (size_t i = 0; i < model->n_segments; i++) {
		const struct gons_i_net_segment *segment = &model->segments[i];

		for (size_t k = 0; walk->segment_seen[i] && k < segment->n_networks; k++)
			if (segment->networks[k].prefix.family == walk->family &&
			    add_network(walk, segment, &segment->networks[k],
					&walk->segment_hop[i]) < 0)
				return -1;
	}
	return 0;
}

/* A host that does not forward is reached by its other addresses, too. */
static int add_far_ports(struct walk *walk)
{
	const struct gons_i_net_model *model = walk->model;

	for (size_t i = 1; i < walk->n_queue; i++) {
		const struct gons_i_net_host *host = &model->hosts[walk->queue[i]];

		for (size_t k = 0; k < host->n_ports; k++) {
			const struct gons_i_net_port *port = &model->ports[host->ports[k]];

			if (!walk->segment_seen[port->segment] &&
			    add_port(walk, port, NULL, &walk->host_hop[walk->queue[i]]) < 0)
				return -1;
		}
	}
	return 0;
}

static bool is_same_hop(const struct gons_i_net_route *a, const struct gons_i_net_route *b)
{
	return a->ifindex == b->ifindex && a->gateway == b->gateway;
}

/* Whether a default route may replace them. */
static bool is_far(const struct gons_i_net_route *route)
{
	return route->gateway && !route->is_exact;
}

/* The route that leads where all far ones lead, or NULL if there are several. */
static const struct gons_i_net_route *find_default(const struct walk *walk)
{
	const struct gons_i_net_route *only = NULL;

	for (size_t i = 0; i < walk->n_routes; i++) {
		const struct gons_i_net_route *route = &walk->routes[i];

		if (!is_far(route))
			continue;
		if (only && !is_same_hop(only, route))
			return NULL;
		only = route;
	}
	return only;
}

static int emit_routes(const struct walk *walk, int (*add)(const struct gons_i_net_route *, void *),
		       void *arg)
{
	const struct gons_i_net_route *only = find_default(walk);
	struct gons_i_net_route default_route;

	for (size_t i = 0; i < walk->n_routes; i++)
		if (!walk->routes[i].gateway && add(&walk->routes[i], arg) < 0)
			return -1;
	for (size_t i = 0; i < walk->n_routes; i++)
		if (walk->routes[i].gateway && !(only && is_far(&walk->routes[i])) &&
		    add(&walk->routes[i], arg) < 0)
			return -1;
	if (!only)
		return 0;
	default_route = *only;
	default_route.destination.length = 0;
	(void)gons_i_prefix_mask(&default_route.destination);
	return add(&default_route, arg);
}

int gons_i_net_routes(const struct gons_i_net_model *model, size_t host,
		      int (*add)(const struct gons_i_net_route *route, void *arg), void *arg)
{
	static const int families[] = { AF_INET, AF_INET6 };
	struct walk walk;
	int result = walk_new(&walk, model, host);

	if (result < 0)
		return -1;
	for (size_t i = 0; result == 0 && i < 2; i++) {
		walk.family = families[i];
		walk.n_routes = 0;
		walk_all(&walk);
		result = add_segments(&walk);
		if (result == 0)
			result = add_far_ports(&walk);
		if (result == 0)
			result = emit_routes(&walk, add, arg);
	}
	walk_free(&walk);
	return result;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chooses what a plan leaves open: names of links, their numbers, and addresses. All of it is
 * chosen in the order of the plan, so that the same plan always gets the same network.
 *
 * A segment without any address gets the first free networks of 10.0.1.0/24, 10.0.2.0/24... and
 * fd00:1::/64, fd00:2::/64..., with the same number. In a segment with addresses, a port without
 * one gets the next free address of each family's first network.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "net/model.h"

enum {
	FIRST_IFINDEX = 2, /* 1 is the loopback link */
	LAST_NUMBER = 0xffff, /* of a chosen network */
	LEAST_MTU_IPV6 = 1280,
};

/* ---- links ---- */

static bool has_link(const struct gons_i_net_model *model, size_t host, const char *link)
{
	const struct gons_i_net_host *owner = &model->hosts[host];

	for (size_t i = 0; i < owner->n_ports; i++)
		if (strcmp(model->ports[owner->ports[i]].link, link) == 0)
			return true;
	return false;
}

static void name_links(struct gons_i_net_model *model, size_t host)
{
	const struct gons_i_net_host *owner = &model->hosts[host];
	unsigned number = 0;

	for (size_t i = 0; i < owner->n_ports; i++) {
		struct gons_i_net_port *port = &model->ports[owner->ports[i]];
		char name[GONS_I_NET_NAME_SIZE];

		if (port->link[0])
			continue;
		do
			(void)snprintf(name, sizeof(name), "eth%u", number++);
		while (has_link(model, host, name));
		(void)strcpy(port->link, name);
	}
}

static int list_ports(struct gons_i_net_model *model)
{
	for (size_t i = 0; i < model->n_ports; i++) {
		struct gons_i_net_host *host = &model->hosts[model->ports[i].host];

		if (!gons_i_net_grow(&host->ports, host->n_ports, sizeof(*host->ports)))
			return -1;
		host->ports[host->n_ports++] = i;
	}
	for (size_t i = 0; i < model->n_hosts; i++) {
		struct gons_i_net_host *host = &model->hosts[i];

		name_links(model, i);
		if (!host->says_forward)
			host->forwards = host->n_ports > 1;
	}
	return 0;
}

/* No two links of a network get the same ifindex: the kernel may look for that of a new link in the
 * namespace of the socket that sends the request. */
static void number_links(struct gons_i_net_model *model)
{
	int ifindex = FIRST_IFINDEX;

	for (size_t i = 0; i < model->n_segments; i++)
		if (model->segments[i].name[0])
			model->segments[i].ifindex = ifindex++;
	for (size_t i = 0; i < model->n_ports; i++) {
		model->ports[i].ifindex = ifindex++;
		if (model->segments[model->ports[i].segment].name[0])
			model->ports[i].bridge_ifindex = ifindex++;
	}
}

/* Hosts are configured in the order of the plan, and bridges last. */
static void order_ends(struct gons_i_net_model *model)
{
	for (size_t i = 0; i < model->n_segments; i++) {
		const struct gons_i_net_segment *segment = &model->segments[i];
		struct gons_i_net_port *ports = &model->ports[segment->first_port];

		for (size_t k = 0; k < segment->n_ports; k++)
			ports[k].comes_up_first =
				segment->name[0] || ports[k].host < ports[1 - k].host;
	}
}

/* ---- addresses ---- */

/* The port that has exactly this address, or NULL. */
static const struct gons_i_net_port *find_address(const struct gons_i_net_model *model,
						  size_t first_port, size_t n_ports,
						  const struct gons_i_prefix *address)
{
	for (size_t i = first_port; i < first_port + n_ports; i++) {
		const struct gons_i_net_port *port = &model->ports[i];

		for (size_t k = 0; k < port->n_addresses; k++)
			if (&port->addresses[k] != address &&
			    port->addresses[k].family == address->family &&
			    memcmp(port->addresses[k].bytes, address->bytes, address->size) == 0)
				return port;
	}
	return NULL;
}

static int check_addresses(const struct gons_i_net_model *model)
{
	char text[GONS_I_PREFIX_TEXT_SIZE];

	for (size_t i = 0; i < model->n_ports; i++) {
		const struct gons_i_net_port *port = &model->ports[i];
		const unsigned mtu = model->segments[port->segment].mtu;

		for (size_t k = 0; k < port->n_addresses; k++) {
			const struct gons_i_prefix *address = &port->addresses[k];
			const struct gons_i_net_port *other =
				find_address(model, 0, i + 1, address);

			if (other)
				return gons_i_net_fail_at(
					port->position,
					"expected another address, since \"%s\" has %s already",
					model->hosts[other->host].name,
					gons_i_prefix_text(address, text));
			if (address->family == AF_INET6 && mtu != 0 && mtu < LEAST_MTU_IPV6)
				return gons_i_net_fail_at(
					port->position,
					"expected an mtu of 1280 at least, which the IPv6 address "
					"%s needs",
					gons_i_prefix_text(address, text));
		}
	}
	return 0;
}

/* The number-th address of a network. False if the network has too few. */
static bool address_of(const struct gons_i_prefix *network, unsigned number,
		       struct gons_i_prefix *ret_address)
{
	const int bits = (int)network->size * 8 - network->length;
	unsigned reserved = network->family == AF_INET && bits > 1 ? 1 : 0; /* the broadcast one */

	if (bits < 32 && number + reserved >= 1ULL << bits)
		return false;
	*ret_address = *network;
	for (size_t i = 0; i < sizeof(number); i++)
		ret_address->bytes[network->size - 1 - i] |= (unsigned char)(number >> 8 * i);
	return true;
}

/* Gives each port of a segment that has no address one of this network. */
static int fill_network(struct gons_i_net_model *model, const struct gons_i_net_segment *segment,
			const struct gons_i_prefix *network, const bool *wants)
{
	char text[GONS_I_PREFIX_TEXT_SIZE];
	unsigned number = network->length + 1U == network->size * 8 ? 0 : 1; /* one of two */

	for (size_t i = 0; i < segment->n_ports; i++) {
		struct gons_i_net_port *port = &model->ports[segment->first_port + i];
		struct gons_i_prefix address;

		if (!wants[i])
			continue;
		do
			if (!address_of(network, number++, &address))
				return gons_i_net_fail_at(
					port->position,
					"expected an address, since none is free in %s",
					gons_i_prefix_text(network, text));
		while (find_address(model, 0, model->n_ports, &address));
		if (gons_i_net_add_address(port, &address) < 0)
			return -1;
	}
	return 0;
}

/* Whether a network has addresses in common with one of those that the plan names. */
static bool is_taken(const struct gons_i_prefix *networks, size_t n,
		     const struct gons_i_prefix *network)
{
	for (size_t i = 0; i < n; i++)
		if (gons_i_net_overlap(&networks[i], network))
			return true;
	return false;
}

/* The networks that the plan names, none of which is chosen. */
struct chosen {
	struct gons_i_prefix *taken;
	size_t n_taken;
	unsigned number; /* of the next network */
};

static int list_taken(const struct gons_i_net_model *model, struct chosen *chosen)
{
	for (size_t i = 0; i < model->n_ports; i++)
		for (size_t k = 0; k < model->ports[i].n_addresses; k++) {
			struct gons_i_prefix network =
				gons_i_net_network_of(&model->ports[i].addresses[k]);

			if (is_taken(chosen->taken, chosen->n_taken, &network))
				continue;
			if (!gons_i_net_grow(&chosen->taken, chosen->n_taken, sizeof(network)))
				return -1;
			chosen->taken[chosen->n_taken++] = network;
		}
	return 0;
}

/* 10.NUMBER/24, or a shorter prefix for many ports, and fd00:NUMBER::/64. */
static int choose_networks(struct chosen *chosen, const struct gons_i_net_segment *segment,
			   struct gons_i_prefix *ret_v4, struct gons_i_prefix *ret_v6)
{
	struct gons_i_prefix v4 = { .family = AF_INET, .length = 24, .size = 4, .bytes = { 10 } };
	struct gons_i_prefix v6 = {
		.family = AF_INET6, .length = 64, .size = 16, .bytes = { 0xfd }
	};
	unsigned step = 1;

	for (; segment->n_ports + 2 > 1U << (32 - v4.length) && v4.length > 8; v4.length--)
		step *= 2;
	for (chosen->number = (chosen->number + step - 1) / step * step;
	     chosen->number + step - 1 <= LAST_NUMBER; chosen->number += step) {
		v4.bytes[1] = (unsigned char)(chosen->number >> 8);
		v4.bytes[2] = (unsigned char)chosen->number;
		v6.bytes[2] = v4.bytes[1];
		v6.bytes[3] = v4.bytes[2];
		if (is_taken(chosen->taken, chosen->n_taken, &v4) ||
		    is_taken(chosen->taken, chosen->n_taken, &v6))
			continue;
		chosen->number += step;
		*ret_v4 = v4;
		*ret_v6 = v6;
		return 0;
	}
	return gons_i_net_fail_at(segment->position, "expected addresses, since no network of "
						     "10.0.0.0/8 and fd00::/16 is free");
}

/* The first network of this family that a port of the segment has an address in. */
static bool find_network(const struct gons_i_net_model *model,
			 const struct gons_i_net_segment *segment, int family,
			 struct gons_i_prefix *ret_network)
{
	for (size_t i = 0; i < segment->n_ports; i++) {
		const struct gons_i_prefix *address =
			gons_i_net_port_address(&model->ports[segment->first_port + i], family);

		if (!address)
			continue;
		*ret_network = gons_i_net_network_of(address);
		return true;
	}
	return false;
}

static int fill_segment(struct gons_i_net_model *model, const struct gons_i_net_segment *segment,
			struct chosen *chosen, bool *wants)
{
	struct gons_i_prefix v4, v6;
	bool any = false, has_v4, has_v6;

	for (size_t i = 0; i < segment->n_ports; i++) {
		wants[i] = model->ports[segment->first_port + i].n_addresses == 0;
		any |= wants[i];
	}
	if (!any)
		return 0;
	has_v4 = find_network(model, segment, AF_INET, &v4);
	has_v6 = find_network(model, segment, AF_INET6, &v6);
	if (!has_v4 && !has_v6) {
		if (choose_networks(chosen, segment, &v4, &v6) < 0)
			return -1;
		has_v4 = true;
		has_v6 = segment->mtu == 0 || segment->mtu >= LEAST_MTU_IPV6;
	}
	if (has_v4 && fill_network(model, segment, &v4, wants) < 0)
		return -1;
	return has_v6 ? fill_network(model, segment, &v6, wants) : 0;
}

static int fill_addresses(struct gons_i_net_model *model)
{
	struct chosen chosen = { .number = 1 };
	bool *wants = calloc(model->n_ports + 1, sizeof(*wants));
	int result =
		wants ? list_taken(model, &chosen) : gons_i_fail(ENOMEM, "cannot choose addresses");

	for (size_t i = 0; result == 0 && i < model->n_segments; i++)
		result = fill_segment(model, &model->segments[i], &chosen, wants);
	free(wants);
	free(chosen.taken);
	return result;
}

/* ---- networks ---- */

static int list_networks(const struct gons_i_net_model *model, struct gons_i_net_segment *segment)
{
	for (size_t i = 0; i < segment->n_ports; i++) {
		const struct gons_i_net_port *port = &model->ports[segment->first_port + i];

		for (size_t k = 0; k < port->n_addresses; k++) {
			struct gons_i_prefix network = gons_i_net_network_of(&port->addresses[k]);
			size_t n = 0;

			while (n < segment->n_networks &&
			       !gons_i_net_same_prefix(&segment->networks[n].prefix, &network))
				n++;
			if (n < segment->n_networks)
				continue;
			if (!gons_i_net_grow(&segment->networks, n, sizeof(*segment->networks)))
				return -1;
			segment->networks[n].prefix = network;
			segment->n_networks++;
		}
	}
	return 0;
}

static bool overlaps_other(const struct gons_i_net_model *model, size_t segment,
			   const struct gons_i_prefix *network)
{
	for (size_t i = 0; i < model->n_segments; i++)
		for (size_t k = 0; i != segment && k < model->segments[i].n_networks; k++)
			if (gons_i_net_overlap(&model->segments[i].networks[k].prefix, network))
				return true;
	return false;
}

static int list_all_networks(struct gons_i_net_model *model)
{
	for (size_t i = 0; i < model->n_segments; i++)
		if (list_networks(model, &model->segments[i]) < 0)
			return -1;
	for (size_t i = 0; i < model->n_segments; i++)
		for (size_t k = 0; k < model->segments[i].n_networks; k++) {
			struct gons_i_net_network *network = &model->segments[i].networks[k];

			network->is_ambiguous = overlaps_other(model, i, &network->prefix);
		}
	return 0;
}

int gons_i_net_complete(struct gons_i_net_model *model)
{
	if (list_ports(model) < 0 || check_addresses(model) < 0 || fill_addresses(model) < 0)
		return -1;
	number_links(model);
	order_ends(model);
	return list_all_networks(model);
}

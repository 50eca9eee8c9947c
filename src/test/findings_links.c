/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings about links, their addresses and their neighbours.
 */
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <string.h>

#include "test/findings.h"

/* ---- links ---- */

void gons_i_find_links(struct gons_i_report *report, struct gons_i_report_namespace *namespace)
{
	for (size_t i = 0; i < namespace->state.links.n; i++) {
		const struct gons_i_state_link *link = &namespace->state.links.list[i];
		const struct gons_i_report_namespace *peer_namespace;
		const struct gons_i_state_link *peer =
			gons_i_report_peer(report, namespace, link, &peer_namespace);

		if ((link->flags & IFF_LOOPBACK) && !(link->flags & IFF_UP) &&
		    (namespace->state.links.n > 1 || namespace->state.sockets.n > 0))
			gons_i_finding_add(report, GONS_I_RANK_TENTATIVE, namespace,
					   "%s in %s is down: 127.0.0.1 cannot be reached",
					   link->name, namespace->name);
		else if (!(link->flags & IFF_UP) && peer)
			gons_i_finding_add(report, GONS_I_RANK_LINK_DOWN, namespace,
					   "%s in %s is down (it is the peer of %s in %s)",
					   link->name, namespace->name, peer->name,
					   peer_namespace->name);
		else if (!(link->flags & IFF_UP) &&
			 (link->master ||
			  gons_i_link_has_address(&namespace->state, link->ifindex, 0)))
			gons_i_finding_add(report, GONS_I_RANK_LINK_DOWN, namespace,
					   "%s in %s is down", link->name, namespace->name);
		else if ((link->flags & IFF_UP) && link->operstate == IF_OPER_LOWERLAYERDOWN &&
			 !peer)
			gons_i_finding_add(report, GONS_I_RANK_LINK_DOWN, namespace,
					   strcmp(link->kind, "veth") == 0
						   ? "the peer of %s in %s is down"
						   : "the link below %s in %s is down",
					   link->name, namespace->name);
	}
}

/* ---- addresses ---- */

void gons_i_find_addresses(struct gons_i_report *report, struct gons_i_report_namespace *namespace)
{
	const struct gons_i_state *state = &namespace->state;
	char text[GONS_I_IP_TEXT_SIZE];

	for (size_t i = 0; i < state->addresses.n; i++) {
		const struct gons_i_state_address *address = &state->addresses.list[i];
		const char *name = gons_i_state_link_name(state, address->ifindex);
		struct gons_i_report_namespace *other;
		int other_ifindex = 0;

		if (address->flags & IFA_F_DADFAILED)
			gons_i_finding_add(
				report, GONS_I_RANK_DUPLICATE_ADDRESS, namespace,
				"duplicate address %s on %s in %s: another host has it (duplicate address "
				"detection has failed)",
				gons_i_ip_text(&address->ip, text), name, namespace->name);
		else if ((address->flags & IFA_F_TENTATIVE) && gons_i_address_is_usable(address))
			gons_i_finding_add(
				report, GONS_I_RANK_TENTATIVE, namespace,
				"address %s on %s in %s is tentative: it cannot be used yet",
				gons_i_ip_text(&address->ip, text), name, namespace->name);
		if (!gons_i_address_is_usable(address))
			continue;
		other = gons_i_report_owner(report, &address->ip, &other_ifindex);
		/* Once for two owners: of the second one. */
		if (!other || (other == namespace && other_ifindex == address->ifindex))
			continue;
		other->has_findings = true;
		gons_i_finding_add(report, GONS_I_RANK_DUPLICATE_ADDRESS, namespace,
				   "duplicate address %s: on %s in %s and on %s in %s",
				   gons_i_ip_text(&address->ip, text),
				   gons_i_state_link_name(&other->state, other_ifindex),
				   other->name, name, namespace->name);
	}
}

static bool is_candidate(const struct gons_i_state_address *address, int ifindex, uint8_t family)
{
	return address->ifindex == ifindex && address->ip.family == family &&
	       gons_i_address_is_usable(address);
}

/* Whether an address of each end of a cable is in the network of the other. If not, returns a pair
 * of addresses for the finding; true if an end has no address. */
static bool share_network(const struct gons_i_state *a, int a_ifindex, const struct gons_i_state *b,
			  int b_ifindex, uint8_t family, const struct gons_i_state_address **ret_a,
			  const struct gons_i_state_address **ret_b)
{
	*ret_a = *ret_b = NULL;
	for (size_t i = 0; i < a->addresses.n; i++) {
		const struct gons_i_state_address *one = &a->addresses.list[i];

		if (!is_candidate(one, a_ifindex, family))
			continue;
		for (size_t j = 0; j < b->addresses.n; j++) {
			const struct gons_i_state_address *two = &b->addresses.list[j];

			if (!is_candidate(two, b_ifindex, family))
				continue;
			if (gons_i_ip_in(&one->ip, &two->ip, two->prefix_length) &&
			    gons_i_ip_in(&two->ip, &one->ip, one->prefix_length))
				return true;
			*ret_a = one;
			*ret_b = two;
		}
	}
	return *ret_a == NULL;
}

void gons_i_find_netmasks(struct gons_i_report *report, struct gons_i_report_namespace *namespace)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	char text[2][GONS_I_IP_TEXT_SIZE];

	for (size_t i = 0; i < 2 * namespace->state.links.n; i++) {
		const struct gons_i_state_link *link = &namespace->state.links.list[i / 2];
		const struct gons_i_report_namespace *other;
		const struct gons_i_state_link *peer =
			gons_i_report_peer(report, namespace, link, &other);
		const struct gons_i_state_address *a, *b;
		bool has_b;

		/* Looks at each cable once. */
		if (!peer || other < namespace || (other == namespace && peer < link) ||
		    share_network(&namespace->state, link->ifindex, &other->state, peer->ifindex,
				  families[i % 2], &a, &b))
			continue;
		(void)gons_i_ip_text(&a->ip, text[0]);
		(void)gons_i_ip_text(&b->ip, text[1]);
		has_b = gons_i_ip_in(&b->ip, &a->ip, a->prefix_length);
		gons_i_finding_add(
			report, GONS_I_RANK_NETMASK, namespace,
			"%s/%u on %s in %s and %s/%u on %s in %s are the ends of one cable, but %s is not "
			"in the network of %s/%u: an address or a netmask is wrong",
			text[0], a->prefix_length, link->name, namespace->name, text[1],
			b->prefix_length, peer->name, other->name, has_b ? text[0] : text[1],
			has_b ? text[1] : text[0], has_b ? b->prefix_length : a->prefix_length);
	}
}

void gons_i_find_networks_on_two_links(struct gons_i_report *report,
				       struct gons_i_report_namespace *namespace)
{
	const struct gons_i_state *state = &namespace->state;
	char text[GONS_I_IP_TEXT_SIZE];

	for (size_t i = 0; i < state->addresses.n; i++)
		for (size_t j = 0; j < i; j++) {
			const struct gons_i_state_address *a = &state->addresses.list[j];
			const struct gons_i_state_address *b = &state->addresses.list[i];

			if (a->ifindex == b->ifindex || a->prefix_length != b->prefix_length ||
			    !gons_i_address_is_usable(a) || !gons_i_address_is_usable(b) ||
			    a->prefix_length >= (a->ip.family == AF_INET ? 31 : 127) ||
			    !gons_i_ip_in(&a->ip, &b->ip, b->prefix_length))
				continue;
			gons_i_finding_add(report, GONS_I_RANK_TWO_LINKS, namespace,
					   "the network of %s/%u is on two links in %s: %s and %s",
					   gons_i_ip_text(&a->ip, text), a->prefix_length,
					   namespace->name,
					   gons_i_state_link_name(state, a->ifindex),
					   gons_i_state_link_name(state, b->ifindex));
		}
}

/* ---- neighbours ---- */

void gons_i_find_neighbours(struct gons_i_report *report, struct gons_i_report_namespace *namespace)
{
	char text[GONS_I_IP_TEXT_SIZE], lladdr[2][GONS_I_LLADDR_TEXT_SIZE];

	for (size_t i = 0; i < namespace->state.neighbours.n; i++) {
		const struct gons_i_state_neighbour *neighbour =
			&namespace->state.neighbours.list[i];
		int ifindex = 0;
		const struct gons_i_report_namespace *owner =
			gons_i_report_owner(report, &neighbour->ip, &ifindex);
		const struct gons_i_state_link *link =
			owner ? gons_i_state_link(&owner->state, ifindex) : NULL;

		(void)gons_i_ip_text(&neighbour->ip, text);
		if (neighbour->state & (NUD_FAILED | NUD_INCOMPLETE))
			gons_i_finding_add(
				report, GONS_I_RANK_NEIGHBOUR, namespace,
				"neighbour %s on %s in %s %s: %s has this address", text,
				gons_i_state_link_name(&namespace->state, neighbour->ifindex),
				namespace->name,
				neighbour->state & NUD_FAILED ? "FAILED"
							      : "does not answer (INCOMPLETE)",
				owner ? owner->name : "no namespace of the test");
		else if (link && owner != namespace && neighbour->lladdr_size > 0 &&
			 link->lladdr_size == neighbour->lladdr_size &&
			 memcmp(link->lladdr, neighbour->lladdr, link->lladdr_size) != 0)
			gons_i_finding_add(
				report, GONS_I_RANK_WRONG_NEIGHBOUR, namespace,
				"neighbour %s in %s has a wrong MAC address, %s%s: %s is on %s in %s, "
				"which has %s",
				text, namespace->name,
				gons_i_lladdr_text(neighbour->lladdr, neighbour->lladdr_size,
						   lladdr[0]),
				neighbour->state & NUD_PERMANENT ? " (PERMANENT)" : "", text,
				link->name, owner->name,
				gons_i_lladdr_text(link->lladdr, link->lladdr_size, lladdr[1]));
	}
}

/* ---- MTUs ---- */

void gons_i_find_mtus(struct gons_i_report *report, struct gons_i_report_namespace *namespace)
{
	const struct gons_i_state *state = &namespace->state;
	const uint64_t counted = gons_i_state_counter(state, "IpFragFails") +
				 gons_i_state_counter(state, "Ip6InTooBigErrors");
	const struct gons_i_state_link *smallest = state->links.list;
	char count[GONS_I_PACKETS_TEXT_SIZE];

	if (state->links.n == 0)
		return;
	for (size_t i = 0; i < state->links.n; i++) {
		const struct gons_i_state_link *link = &state->links.list[i];
		const struct gons_i_report_namespace *other;
		const struct gons_i_state_link *peer =
			gons_i_report_peer(report, namespace, link, &other);

		if (link->mtu < smallest->mtu)
			smallest = link;
		if (peer && link->mtu > peer->mtu)
			gons_i_finding_add(
				report,
				link->tx_dropped || peer->rx_dropped ? GONS_I_RANK_COUNTED_MTU
								     : GONS_I_RANK_MTU,
				namespace,
				"MTU %u on the path: %s in %s, the other end of the cable, has MTU %u; "
				"packets of more than %u bytes from %s are dropped at %s in %s",
				peer->mtu, link->name, namespace->name, link->mtu, peer->mtu,
				namespace->name, peer->name, other->name);
	}
	if (counted)
		gons_i_finding_add(
			report, GONS_I_RANK_COUNTED_MTU, namespace,
			"MTU %u on the path: %s in %s could not send %s that would be larger "
			"(IpFragFails, Ip6InTooBigErrors)",
			smallest->mtu, smallest->name, namespace->name,
			gons_i_packets_text(counted, count));
}

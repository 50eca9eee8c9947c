/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds suspicious things in the network namespaces of a failed test, and describes them. Each
 * function looks for one kind of mistake. A finding names its evidence if that is not obvious.
 *
 * Counters start at 0 in a new network namespace, so they show what happened in the test.
 */
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "test/report.h"

/* The order of findings: what the kernel has counted is surer than what only looks odd. */
enum rank {
	RANK_LINK_DOWN,
	RANK_DUPLICATE_ADDRESS,
	RANK_NETMASK,
	RANK_WRONG_NEIGHBOUR,
	RANK_COUNTED_NO_ROUTE,
	RANK_BAD_ROUTE,
	RANK_COUNTED_FILTER,
	RANK_COUNTED_FORWARDING,
	RANK_COUNTED_PORT,
	RANK_COUNTED_MTU,
	RANK_NEIGHBOUR,
	RANK_TENTATIVE,
	RANK_FIREWALL,
	RANK_COUNTED_OTHER,
	RANK_MTU,
	RANK_FORWARDING,
	RANK_NO_ROUTE,
	RANK_LOOPBACK_ONLY,
	RANK_TWO_LINKS,
};

__attribute__((format(printf, 4, 5))) static void find(struct gons_i_report *report, enum rank rank,
						       struct gons_i_report_namespace *namespace,
						       const char *format, ...)
{
	struct gons_i_finding *finding;
	va_list args;

	namespace->has_findings = true;
	if (report->n_findings == GONS_I_FINDINGS_MOST)
		return;
	finding = &report->findings[report->n_findings];
	finding->rank = (int)rank;
	finding->number = report->n_findings++;
	va_start(args, format);
	(void)vsnprintf(finding->text, sizeof(finding->text), format, args);
	va_end(args);
}

static bool is_usable(const struct gons_i_state_address *address)
{
	return !gons_i_ip_is_loopback(&address->ip) && !gons_i_ip_is_link_local(&address->ip);
}

/* family 0: of either. */
static bool has_address(const struct gons_i_state *state, int ifindex, uint8_t family)
{
	for (size_t i = 0; i < state->addresses.n; i++) {
		const struct gons_i_state_address *address = &state->addresses.list[i];

		if (address->ifindex == ifindex && is_usable(address) &&
		    (family == 0 || address->ip.family == family))
			return true;
	}
	return false;
}

/* "1 packet", "2 packets"; buf is returned. */
enum { COUNT_SIZE = 40 };
static const char *packets(uint64_t n, char buf[COUNT_SIZE])
{
	(void)snprintf(buf, COUNT_SIZE, "%llu packet%s", (unsigned long long)n, n == 1 ? "" : "s");
	return buf;
}

static const char *link_name(const struct gons_i_state *state, int ifindex)
{
	const struct gons_i_state_link *link = gons_i_state_link(state, ifindex);

	return link ? link->name : "a link that is gone";
}

/* The namespace and the link that have this address; or NULL. */
static struct gons_i_report_namespace *owner_of(const struct gons_i_report *report,
						const struct gons_i_ip *ip, int *ret_ifindex)
{
	for (size_t i = 0; i < report->n; i++)
		for (size_t j = 0; j < report->namespaces[i].state.addresses.n; j++) {
			const struct gons_i_state_address *address =
				&report->namespaces[i].state.addresses.list[j];

			if (!gons_i_ip_same(&address->ip, ip))
				continue;
			*ret_ifindex = address->ifindex;
			return &report->namespaces[i];
		}
	return NULL;
}

/* ---- links ---- */

static void find_links(struct gons_i_report *report, struct gons_i_report_namespace *namespace)
{
	for (size_t i = 0; i < namespace->state.links.n; i++) {
		const struct gons_i_state_link *link = &namespace->state.links.list[i];
		const struct gons_i_report_namespace *peer_namespace;
		const struct gons_i_state_link *peer =
			gons_i_report_peer(report, namespace, link, &peer_namespace);

		if ((link->flags & IFF_LOOPBACK) && !(link->flags & IFF_UP) &&
		    (namespace->state.links.n > 1 || namespace->state.sockets.n > 0))
			find(report, RANK_TENTATIVE, namespace,
			     "%s in %s is down: 127.0.0.1 cannot be reached", link->name,
			     namespace->name);
		else if (!(link->flags & IFF_UP) && peer)
			find(report, RANK_LINK_DOWN, namespace,
			     "%s in %s is down (it is the peer of %s in %s)", link->name,
			     namespace->name, peer->name, peer_namespace->name);
		else if (!(link->flags & IFF_UP) &&
			 (link->master || has_address(&namespace->state, link->ifindex, 0)))
			find(report, RANK_LINK_DOWN, namespace, "%s in %s is down", link->name,
			     namespace->name);
		else if ((link->flags & IFF_UP) && link->operstate == IF_OPER_LOWERLAYERDOWN &&
			 !peer)
			find(report, RANK_LINK_DOWN, namespace,
			     strcmp(link->kind, "veth") == 0 ? "the peer of %s in %s is down"
							     : "the link below %s in %s is down",
			     link->name, namespace->name);
	}
}

/* ---- addresses ---- */

static void find_duplicates(struct gons_i_report *report, struct gons_i_report_namespace *namespace)
{
	const struct gons_i_state *state = &namespace->state;
	char text[GONS_I_IP_TEXT_SIZE];

	for (size_t i = 0; i < state->addresses.n; i++) {
		const struct gons_i_state_address *address = &state->addresses.list[i];
		const char *name = link_name(state, address->ifindex);
		struct gons_i_report_namespace *other;
		int other_ifindex = 0;

		if (address->flags & IFA_F_DADFAILED)
			find(report, RANK_DUPLICATE_ADDRESS, namespace,
			     "duplicate address %s on %s in %s: another host has it (duplicate address "
			     "detection has failed)",
			     gons_i_ip_text(&address->ip, text), name, namespace->name);
		else if ((address->flags & IFA_F_TENTATIVE) && is_usable(address))
			find(report, RANK_TENTATIVE, namespace,
			     "address %s on %s in %s is tentative: it cannot be used yet",
			     gons_i_ip_text(&address->ip, text), name, namespace->name);
		if (!is_usable(address))
			continue;
		other = owner_of(report, &address->ip, &other_ifindex);
		/* The first one has its own finding. */
		if (!other || (other == namespace && other_ifindex == address->ifindex))
			continue;
		other->has_findings = true;
		find(report, RANK_DUPLICATE_ADDRESS, namespace,
		     "duplicate address %s: on %s in %s and on %s in %s",
		     gons_i_ip_text(&address->ip, text), link_name(&other->state, other_ifindex),
		     other->name, name, namespace->name);
	}
}

/* The ends of a cable reach each other if the address of one is in the network of the other. */
static bool reach_each_other(const struct gons_i_state *a, int a_ifindex,
			     const struct gons_i_state *b, int b_ifindex, uint8_t family,
			     const struct gons_i_state_address **ret_a,
			     const struct gons_i_state_address **ret_b)
{
	*ret_a = *ret_b = NULL;
	for (size_t i = 0; i < a->addresses.n; i++)
		for (size_t j = 0; j < b->addresses.n; j++) {
			const struct gons_i_state_address *one = &a->addresses.list[i];
			const struct gons_i_state_address *two = &b->addresses.list[j];

			if (one->ifindex != a_ifindex || two->ifindex != b_ifindex ||
			    one->ip.family != family || two->ip.family != family ||
			    !is_usable(one) || !is_usable(two))
				continue;
			if (gons_i_ip_in(&one->ip, &two->ip, two->prefix_length) &&
			    gons_i_ip_in(&two->ip, &one->ip, one->prefix_length))
				return true;
			*ret_a = one;
			*ret_b = two;
		}
	return *ret_a == NULL;
}

static void find_netmasks(struct gons_i_report *report, struct gons_i_report_namespace *namespace)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	char text[2][GONS_I_IP_TEXT_SIZE];

	for (size_t i = 0; i < 2 * namespace->state.links.n; i++) {
		const struct gons_i_state_link *link = &namespace->state.links.list[i / 2];
		const struct gons_i_report_namespace *other;
		const struct gons_i_state_link *peer =
			gons_i_report_peer(report, namespace, link, &other);
		const struct gons_i_state_address *a, *b;

		/* Each cable once. */
		if (!peer || other < namespace || (other == namespace && peer < link) ||
		    reach_each_other(&namespace->state, link->ifindex, &other->state, peer->ifindex,
				     families[i % 2], &a, &b))
			continue;
		find(report, RANK_NETMASK, namespace,
		     "%s/%u on %s in %s and %s/%u on %s in %s are the ends of one cable, but at least "
		     "one network does not contain both: an address or a netmask is wrong",
		     gons_i_ip_text(&a->ip, text[0]), a->prefix_length, link->name, namespace->name,
		     gons_i_ip_text(&b->ip, text[1]), b->prefix_length, peer->name, other->name);
	}
}

static void find_networks_on_two_links(struct gons_i_report *report,
				       struct gons_i_report_namespace *namespace)
{
	const struct gons_i_state *state = &namespace->state;
	char text[GONS_I_IP_TEXT_SIZE];

	for (size_t i = 0; i < state->addresses.n; i++)
		for (size_t j = 0; j < i; j++) {
			const struct gons_i_state_address *a = &state->addresses.list[j];
			const struct gons_i_state_address *b = &state->addresses.list[i];

			if (a->ifindex == b->ifindex || a->prefix_length != b->prefix_length ||
			    !is_usable(a) || !is_usable(b) ||
			    a->prefix_length >= (a->ip.family == AF_INET ? 31 : 127) ||
			    !gons_i_ip_in(&a->ip, &b->ip, b->prefix_length))
				continue;
			find(report, RANK_TWO_LINKS, namespace,
			     "the network of %s/%u is on two links in %s: %s and %s",
			     gons_i_ip_text(&a->ip, text), a->prefix_length, namespace->name,
			     link_name(state, a->ifindex), link_name(state, b->ifindex));
		}
}

/* ---- routes ---- */

static const char *route_trouble(int errnum)
{
	switch (errnum) {
	case ENETUNREACH:
		return NULL; /* no route */
	case EINVAL:
		return "a blackhole route";
	case EHOSTUNREACH:
		return "a route of type unreachable, or a link that is down";
	case EACCES:
		return "a route of type prohibit";
	default:
		return "no usable route";
	}
}

static void find_route(struct gons_i_report *report, struct gons_i_report_namespace *namespace,
		       const struct gons_i_report_namespace *target, const struct gons_i_ip *ip,
		       bool *found)
{
	const struct gons_i_state *state = &namespace->state;
	const char *counter = ip->family == AF_INET ? "IpOutNoRoutes" : "Ip6OutNoRoutes";
	const uint64_t counted = gons_i_state_counter(state, counter);
	char text[GONS_I_IP_TEXT_SIZE], count[COUNT_SIZE];
	const char *trouble;
	int ifindex, errnum;

	errnum = gons_i_state_route_to(namespace->fd, ip, &ifindex);
	if (errnum == 0)
		return;
	*found = true;
	trouble = route_trouble(errnum);
	(void)gons_i_ip_text(ip, text);
	if (trouble)
		find(report, RANK_BAD_ROUTE, namespace, "%s has %s to %s (%s)", namespace->name,
		     trouble, text, target->name);
	else if (counted)
		find(report, RANK_COUNTED_NO_ROUTE, namespace,
		     "%s has no route to %s (%s); it had no route for %s (%s)", namespace->name,
		     text, target->name, packets(counted, count), counter);
	else
		find(report, RANK_NO_ROUTE, namespace, "%s has no route to %s (%s)",
		     namespace->name, text, target->name);
}

/* One missing route for each address family is enough. Namespaces without addresses of the
 * family are left out. */
static void find_routes(struct gons_i_report *report, struct gons_i_report_namespace *namespace,
			uint8_t family)
{
	const char *counter = family == AF_INET ? "IpOutNoRoutes" : "Ip6OutNoRoutes";
	bool takes_part = false, found = false;
	char count[COUNT_SIZE];
	uint64_t counted;

	for (size_t i = 0; i < namespace->state.addresses.n; i++)
		takes_part |= namespace->state.addresses.list[i].ip.family == family &&
			      is_usable(&namespace->state.addresses.list[i]);
	for (size_t i = 0; i < report->n && takes_part && !found; i++) {
		const struct gons_i_report_namespace *target = &report->namespaces[i];

		for (size_t j = 0; j < target->state.addresses.n && !found; j++) {
			const struct gons_i_state_address *address =
				&target->state.addresses.list[j];

			if (target != namespace && address->ip.family == family &&
			    is_usable(address))
				find_route(report, namespace, target, &address->ip, &found);
		}
	}
	counted = gons_i_state_counter(&namespace->state, counter);
	if (counted && !found)
		find(report, RANK_COUNTED_OTHER, namespace,
		     "%s had no route for %s to addresses outside of the test (%s)",
		     namespace->name, packets(counted, count), counter);
}

/* A host that does not forward drops packets between other hosts. */
static void find_forwarding(struct gons_i_report *report, struct gons_i_report_namespace *namespace,
			    uint8_t family)
{
	const struct gons_i_state *state = &namespace->state;
	const char *counter = family == AF_INET ? "IpInAddrErrors" : "Ip6InAddrErrors";
	const char *sysctl =
		family == AF_INET ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding";
	const uint64_t counted = gons_i_state_counter(state, counter);
	char dropped[3 * COUNT_SIZE] = "", buf[COUNT_SIZE];
	unsigned links = 0;

	for (size_t i = 0; i < state->links.n; i++)
		links += !(state->links.list[i].flags & IFF_LOOPBACK) &&
			 !state->links.list[i].master &&
			 has_address(state, state->links.list[i].ifindex, family);
	if (links < 2 || strcmp(gons_i_state_sysctl(state, sysctl), "0") != 0)
		return;
	if (counted)
		(void)snprintf(dropped, sizeof(dropped), "; it dropped %s for other hosts (%s)",
			       packets(counted, buf), counter);
	find(report, counted ? RANK_COUNTED_FORWARDING : RANK_FORWARDING, namespace,
	     "forwarding is off in %s (%s = 0), which has %u links%s", namespace->name, sysctl,
	     links, dropped);
}

/* ---- neighbours ---- */

static void find_neighbours(struct gons_i_report *report, struct gons_i_report_namespace *namespace)
{
	char text[GONS_I_IP_TEXT_SIZE], lladdr[2][GONS_I_LLADDR_TEXT_SIZE];

	for (size_t i = 0; i < namespace->state.neighbours.n; i++) {
		const struct gons_i_state_neighbour *neighbour =
			&namespace->state.neighbours.list[i];
		int ifindex = 0;
		const struct gons_i_report_namespace *owner =
			owner_of(report, &neighbour->ip, &ifindex);
		const struct gons_i_state_link *link =
			owner ? gons_i_state_link(&owner->state, ifindex) : NULL;

		(void)gons_i_ip_text(&neighbour->ip, text);
		if (neighbour->state & (NUD_FAILED | NUD_INCOMPLETE))
			find(report, RANK_NEIGHBOUR, namespace,
			     "neighbour %s on %s in %s %s: %s has this address", text,
			     link_name(&namespace->state, neighbour->ifindex), namespace->name,
			     neighbour->state & NUD_FAILED ? "FAILED"
							   : "does not answer (INCOMPLETE)",
			     owner ? owner->name : "no namespace of the test");
		else if (link && owner != namespace && neighbour->lladdr_size > 0 &&
			 link->lladdr_size == neighbour->lladdr_size &&
			 memcmp(link->lladdr, neighbour->lladdr, link->lladdr_size) != 0)
			find(report, RANK_WRONG_NEIGHBOUR, namespace,
			     "neighbour %s in %s has the MAC address %s, but %s in %s, which has "
			     "that address, has %s",
			     text, namespace->name,
			     gons_i_lladdr_text(neighbour->lladdr, neighbour->lladdr_size,
						lladdr[0]),
			     link->name, owner->name,
			     gons_i_lladdr_text(link->lladdr, link->lladdr_size, lladdr[1]));
	}
}

/* ---- sockets ---- */

static bool is_receiver(const struct gons_i_state_socket *socket, uint8_t protocol)
{
	if (socket->protocol != protocol || socket->local_port == 0)
		return false;
	return protocol == IPPROTO_UDP ? socket->remote_port == 0 : socket->state == TCP_LISTEN;
}

static const char *protocol_name(uint8_t protocol)
{
	return protocol == IPPROTO_UDP ? "UDP" : "TCP";
}

/* "4712, 127.0.0.1:53"; "nothing" for none. */
static const char *list_receivers(const struct gons_i_state *state, uint8_t protocol, char *buf,
				  size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < state->sockets.n && used < size; i++) {
		const struct gons_i_state_socket *socket = &state->sockets.list[i];
		char text[GONS_I_IP_TEXT_SIZE];
		const char *comma = used ? ", " : "";

		if (!is_receiver(socket, protocol))
			continue;
		if (gons_i_ip_is_any(&socket->local))
			used += (size_t)snprintf(buf + used, size - used, "%s%u", comma,
						 socket->local_port);
		else
			used += (size_t)snprintf(buf + used, size - used, "%s%s:%u", comma,
						 gons_i_ip_text(&socket->local, text),
						 socket->local_port);
	}
	return used ? buf : "nothing";
}

static const struct gons_i_state_socket *receiver_on(const struct gons_i_state *state,
						     uint8_t protocol, uint16_t port,
						     const struct gons_i_ip *ip)
{
	for (size_t i = 0; i < state->sockets.n; i++) {
		const struct gons_i_state_socket *socket = &state->sockets.list[i];

		if (is_receiver(socket, protocol) && socket->local_port == port &&
		    (!ip || gons_i_ip_is_any(&socket->local) || gons_i_ip_same(&socket->local, ip)))
			return socket;
	}
	return NULL;
}

/* Sockets in other namespaces that are connected to this one show the intended port. Returns
 * whether one of these ports has no receiver. */
static bool find_wrong_port(struct gons_i_report *report, struct gons_i_report_namespace *namespace,
			    uint8_t protocol)
{
	for (size_t i = 0; i < report->n; i++)
		for (size_t j = 0; j < report->namespaces[i].state.sockets.n; j++) {
			const struct gons_i_state_socket *socket =
				&report->namespaces[i].state.sockets.list[j];
			char list[160];
			int ifindex;

			if (socket->protocol != protocol || socket->remote_port == 0 ||
			    owner_of(report, &socket->remote, &ifindex) != namespace ||
			    receiver_on(&namespace->state, protocol, socket->remote_port,
					&socket->remote))
				continue;
			find(report, RANK_COUNTED_PORT, namespace,
			     "nothing listens on %s port %u in %s, to which a socket in %s is "
			     "connected; listening there: %s",
			     protocol_name(protocol), socket->remote_port, namespace->name,
			     report->namespaces[i].name,
			     list_receivers(&namespace->state, protocol, list, sizeof(list)));
			return true;
		}
	return false;
}

/* Recorded packets show the intended port, too. */
static bool find_recorded_port(struct gons_i_report *report,
			       struct gons_i_report_namespace *namespace, uint8_t protocol)
{
	for (size_t i = 0; i < report->capture.n; i++) {
		const struct gons_i_packet *packet = &report->capture.packets[i];
		const struct gons_i_destination to = gons_i_packet_destination(packet);
		char list[160];
		int ifindex;

		if (to.protocol != protocol || packet->direction == PACKET_OUTGOING ||
		    owner_of(report, &to.ip, &ifindex) != namespace ||
		    receiver_on(&namespace->state, protocol, to.port, &to.ip))
			continue;
		find(report, RANK_COUNTED_PORT, namespace,
		     "nothing listens on %s port %u in %s, to which a packet was sent (seen in the "
		     "capture); listening there: %s",
		     protocol_name(protocol), to.port, namespace->name,
		     list_receivers(&namespace->state, protocol, list, sizeof(list)));
		return true;
	}
	return false;
}

static void find_ports(struct gons_i_report *report, struct gons_i_report_namespace *namespace,
		       uint8_t protocol)
{
	const struct gons_i_state *state = &namespace->state;
	const uint64_t counted = protocol == IPPROTO_UDP
					 ? gons_i_state_counter(state, "UdpNoPorts") +
						   gons_i_state_counter(state, "Udp6NoPorts")
					 : gons_i_state_counter(state, "TcpOutRsts");
	const char *counter = protocol == IPPROTO_UDP ? "UdpNoPorts" : "TcpOutRsts";
	char list[160], text[GONS_I_IP_TEXT_SIZE], count[COUNT_SIZE];
	bool loopback_only = false;

	for (size_t i = 0; i < state->sockets.n; i++) {
		const struct gons_i_state_socket *socket = &state->sockets.list[i];

		if (!is_receiver(socket, protocol) || !gons_i_ip_is_loopback(&socket->local) ||
		    report->n < 2)
			continue;
		loopback_only = true;
		find(report, counted ? RANK_COUNTED_PORT : RANK_LOOPBACK_ONLY, namespace,
		     "the socket on %s port %u in %s is bound to %s only: other hosts cannot reach "
		     "it%s%s",
		     protocol_name(protocol), socket->local_port, namespace->name,
		     gons_i_ip_text(&socket->local, text),
		     counted ? "; packets to ports without a listener were refused: " : "",
		     counted ? counter : "");
	}
	if (counted && !find_wrong_port(report, namespace, protocol) &&
	    !find_recorded_port(report, namespace, protocol) && !loopback_only)
		find(report, RANK_COUNTED_PORT, namespace,
		     "nothing listens on a %s port in %s to which %s %s sent (%s); "
		     "listening there: %s",
		     protocol_name(protocol), namespace->name, packets(counted, count),
		     counted == 1 ? "was" : "were", counter,
		     list_receivers(state, protocol, list, sizeof(list)));
}

/* ---- dropped packets ---- */

static void find_mtus(struct gons_i_report *report, struct gons_i_report_namespace *namespace)
{
	const struct gons_i_state *state = &namespace->state;
	const uint64_t counted = gons_i_state_counter(state, "IpFragFails") +
				 gons_i_state_counter(state, "Ip6InTooBigErrors");
	const struct gons_i_state_link *smallest = NULL;
	char count[COUNT_SIZE];

	for (size_t i = 0; i < state->links.n; i++) {
		const struct gons_i_state_link *link = &state->links.list[i];
		const struct gons_i_report_namespace *other;
		const struct gons_i_state_link *peer =
			gons_i_report_peer(report, namespace, link, &other);

		if (!smallest || link->mtu < smallest->mtu)
			smallest = link;
		if (peer && link->mtu > peer->mtu)
			find(report,
			     link->tx_dropped || peer->rx_dropped ? RANK_COUNTED_MTU : RANK_MTU,
			     namespace,
			     "MTU %u on the path: the ends of a cable have different MTUs, %u on "
			     "%s in %s and %u on %s in %s; larger packets are dropped",
			     peer->mtu, link->mtu, link->name, namespace->name, peer->mtu,
			     peer->name, other->name);
	}
	if (counted && smallest)
		find(report, RANK_COUNTED_MTU, namespace,
		     "MTU %u on the path: %s in %s could not send %s that would be larger "
		     "(IpFragFails, Ip6InTooBigErrors)",
		     smallest->mtu, smallest->name, namespace->name, packets(counted, count));
}

static void find_counters(struct gons_i_report *report, struct gons_i_report_namespace *namespace)
{
	static const struct {
		const char *name, *text;
		enum rank rank;
	} counters[] = {
		{ "TcpExtIPReversePathFilter",
		  "the reverse path filter (net.ipv4.conf.*.rp_filter) dropped packets",
		  RANK_COUNTED_FILTER },
		{ "UdpRcvbufErrors", "datagrams were dropped, because a receive buffer was full",
		  RANK_COUNTED_OTHER },
		{ "UdpInCsumErrors", "datagrams had a wrong checksum", RANK_COUNTED_OTHER },
		{ "TcpInCsumErrors", "segments had a wrong checksum", RANK_COUNTED_OTHER },
		{ "TcpExtListenDrops", "connections were dropped, because a backlog was full",
		  RANK_COUNTED_OTHER },
		{ "IpExtInNoRoutes", "packets were not forwarded, because there was no route",
		  RANK_COUNTED_OTHER },
		{ "IpReasmFails", "fragments could not be reassembled", RANK_COUNTED_OTHER },
	};

	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		uint64_t value = gons_i_state_counter(&namespace->state, counters[i].name);

		if (value > 0)
			find(report, counters[i].rank, namespace, "%s in %s: %llu (%s)",
			     counters[i].text, namespace->name, (unsigned long long)value,
			     counters[i].name);
	}
}

static void find_firewall(struct gons_i_report *report, struct gons_i_report_namespace *namespace)
{
	for (size_t i = 0; i < namespace->state.chains.n; i++) {
		const struct gons_i_state_chain *chain = &namespace->state.chains.list[i];

		if (chain->drops)
			find(report, RANK_FIREWALL, namespace,
			     "a firewall drops packets in %s: chain %s of nftables table %s %s%s%s",
			     namespace->name, chain->name, chain->family, chain->table,
			     chain->is_base ? " at hook " : "", chain->hook);
	}
}

/* ---- all of them ---- */

static int compare(const void *a, const void *b)
{
	const struct gons_i_finding *one = a, *two = b;

	if (one->rank != two->rank)
		return one->rank < two->rank ? -1 : 1;
	return one->number < two->number ? -1 : 1;
}

void gons_i_report_find(struct gons_i_report *report)
{
	for (size_t i = 0; i < report->n; i++) {
		struct gons_i_report_namespace *namespace = &report->namespaces[i];

		find_links(report, namespace);
		find_duplicates(report, namespace);
		find_netmasks(report, namespace);
		find_networks_on_two_links(report, namespace);
		find_routes(report, namespace, AF_INET);
		find_routes(report, namespace, AF_INET6);
		find_forwarding(report, namespace, AF_INET);
		find_forwarding(report, namespace, AF_INET6);
		find_neighbours(report, namespace);
		find_ports(report, namespace, IPPROTO_UDP);
		find_ports(report, namespace, IPPROTO_TCP);
		find_mtus(report, namespace);
		find_counters(report, namespace);
		find_firewall(report, namespace);
	}
	qsort(report->findings, report->n_findings, sizeof(report->findings[0]), compare);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings about routes and forwarding.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "test/findings.h"

/* What a route look-up has found instead of a route; NULL: nothing. */
static const char *describe_route_error(int errnum)
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

static bool has_default_route(const struct gons_i_state *state, uint8_t family)
{
	for (size_t i = 0; i < state->routes.n; i++) {
		const struct gons_i_state_route *route = &state->routes.list[i];

		if (route->destination.family == family && route->prefix_length == 0 &&
		    route->type == RTN_UNICAST)
			return true;
	}
	return false;
}

/* Adds a finding if there is no route. Returns whether it did. */
static bool find_route_to(struct gons_i_report *report, struct gons_i_report_namespace *namespace,
			  const struct gons_i_report_namespace *target, const struct gons_i_ip *ip)
{
	const struct gons_i_state *state = &namespace->state;
	const char *counter = ip->family == AF_INET ? "IpOutNoRoutes" : "Ip6OutNoRoutes";
	const uint64_t counted = gons_i_state_counter(state, counter);
	char text[GONS_I_IP_TEXT_SIZE], count[GONS_I_PACKETS_TEXT_SIZE];
	const char *trouble, *or_default;
	int ifindex, errnum;

	errnum = gons_i_state_route_to(namespace->fd, ip, &ifindex);
	if (errnum == 0)
		return false;
	trouble = describe_route_error(errnum);
	(void)gons_i_ip_text(ip, text);
	or_default = has_default_route(state, ip->family) ? "" : ", and no default route";
	if (trouble)
		gons_i_finding_add(report, GONS_I_RANK_BAD_ROUTE, namespace, "%s has %s to %s (%s)",
				   namespace->name, trouble, text, target->name);
	else if (counted)
		gons_i_finding_add(report, GONS_I_RANK_COUNTED_NO_ROUTE, namespace,
				   "%s has no route to %s (%s)%s; it could not send %s (%s)",
				   namespace->name, text, target->name, or_default,
				   gons_i_packets_text(counted, count), counter);
	else
		gons_i_finding_add(report, GONS_I_RANK_NO_ROUTE, namespace,
				   "%s has no route to %s (%s)%s", namespace->name, text,
				   target->name, or_default);
	return true;
}

/* Looks for an address of a namespace with sockets, or of one without, that this one has no route to.
 * Adds a finding for the first. */
static bool find_unreachable(struct gons_i_report *report,
			     struct gons_i_report_namespace *namespace, uint8_t family,
			     bool has_sockets)
{
	for (size_t i = 0; i < report->n; i++) {
		const struct gons_i_report_namespace *target = &report->namespaces[i];

		if (target == namespace || (target->state.sockets.n > 0) != has_sockets)
			continue;
		for (size_t j = 0; j < target->state.addresses.n; j++) {
			const struct gons_i_state_address *address =
				&target->state.addresses.list[j];

			if (address->ip.family == family && gons_i_address_is_usable(address) &&
			    find_route_to(report, namespace, target, &address->ip))
				return true;
		}
	}
	return false;
}

/* Adds at most one finding for each address family. Skips namespaces without an address of it. */
void gons_i_find_routes(struct gons_i_report *report, struct gons_i_report_namespace *namespace,
			uint8_t family)
{
	const char *counter = family == AF_INET ? "IpOutNoRoutes" : "Ip6OutNoRoutes";
	bool has_family = false;
	char count[GONS_I_PACKETS_TEXT_SIZE];
	uint64_t counted;

	for (size_t i = 0; i < namespace->state.addresses.n; i++)
		has_family |= namespace->state.addresses.list[i].ip.family == family &&
			      gons_i_address_is_usable(&namespace->state.addresses.list[i]);
	/* First those with sockets: it is more likely that the test sends something there. */
	if (has_family && (find_unreachable(report, namespace, family, true) ||
			   find_unreachable(report, namespace, family, false)))
		return;
	counted = gons_i_state_counter(&namespace->state, counter);
	if (counted)
		gons_i_finding_add(report, GONS_I_RANK_COUNTED_OTHER, namespace,
				   "%s had no route for %s to addresses outside of the test (%s)",
				   namespace->name, gons_i_packets_text(counted, count), counter);
}

/* A host with several links drops packets between other hosts if it does not forward. */
void gons_i_find_forwarding(struct gons_i_report *report, struct gons_i_report_namespace *namespace,
			    uint8_t family)
{
	const struct gons_i_state *state = &namespace->state;
	const char *counter = family == AF_INET ? "IpInAddrErrors" : "Ip6InAddrErrors";
	const char *sysctl =
		family == AF_INET ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding";
	const uint64_t counted = gons_i_state_counter(state, counter);
	char dropped[3 * GONS_I_PACKETS_TEXT_SIZE] = "", buf[GONS_I_PACKETS_TEXT_SIZE];
	unsigned links = 0;

	for (size_t i = 0; i < state->links.n; i++)
		links += !(state->links.list[i].flags & IFF_LOOPBACK) &&
			 !state->links.list[i].master &&
			 gons_i_link_has_address(state, state->links.list[i].ifindex, family);
	if (links < 2 || strcmp(gons_i_state_sysctl(state, sysctl), "0") != 0)
		return;
	if (counted)
		(void)snprintf(dropped, sizeof(dropped), "; it dropped %s for other hosts (%s)",
			       gons_i_packets_text(counted, buf), counter);
	gons_i_finding_add(report,
			   counted ? GONS_I_RANK_COUNTED_FORWARDING : GONS_I_RANK_FORWARDING,
			   namespace, "forwarding is off in %s (%s = 0), which has %u links%s",
			   namespace->name, sysctl, links, dropped);
}

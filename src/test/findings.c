/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks for findings: suspicious things in the network namespaces of a failed test. Each function
 * looks for one kind of mistake. A finding names its evidence if that is not obvious.
 *
 * Counters start at 0 in a new network namespace, so they show what happened in the test.
 */
#include <stdlib.h>

#include "test/findings.h"

/* ---- dropped packets ---- */

static void find_counters(struct gons_i_report *report, struct gons_i_report_namespace *namespace)
{
	static const struct {
		const char *name, *verb, *rest; /* "router dropped 1 packet because ..." */
		enum gons_i_finding_rank rank;
	} counters[] = {
		{ "TcpExtIPReversePathFilter", "dropped",
		  "because it has no route back to the sender over the same link: the reverse path "
		  "filter, net.ipv4.conf.*.rp_filter",
		  GONS_I_RANK_COUNTED_FILTER },
		{ "UdpRcvbufErrors", "dropped", "of UDP because a receive buffer was full",
		  GONS_I_RANK_COUNTED_OTHER },
		{ "UdpInCsumErrors", "dropped", "of UDP with a wrong checksum",
		  GONS_I_RANK_COUNTED_OTHER },
		{ "TcpInCsumErrors", "dropped", "of TCP with a wrong checksum",
		  GONS_I_RANK_COUNTED_OTHER },
		{ "TcpExtListenDrops", "dropped",
		  "of new TCP connections because the backlog of a socket was full",
		  GONS_I_RANK_COUNTED_OTHER },
		{ "IpExtInNoRoutes", "had no route for", "to other hosts",
		  GONS_I_RANK_COUNTED_OTHER },
		{ "IpReasmFails", "could not reassemble", "of fragments",
		  GONS_I_RANK_COUNTED_OTHER },
	};
	char count[GONS_I_PACKETS_TEXT_SIZE];

	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		uint64_t value = gons_i_state_counter(&namespace->state, counters[i].name);

		if (value > 0)
			gons_i_finding_add(report, counters[i].rank, namespace, "%s %s %s %s (%s)",
					   namespace->name, counters[i].verb,
					   gons_i_packets_text(value, count), counters[i].rest,
					   counters[i].name);
	}
}

static void find_firewall(struct gons_i_report *report, struct gons_i_report_namespace *namespace)
{
	for (size_t i = 0; i < namespace->state.chains.n; i++) {
		const struct gons_i_state_chain *chain = &namespace->state.chains.list[i];

		if (chain->drops)
			gons_i_finding_add(
				report, GONS_I_RANK_FIREWALL, namespace,
				"a firewall drops packets in %s, by its policy or by a rule: chain \"%s\"%s%s, "
				"nftables table \"%s %s\"",
				namespace->name, chain->name, chain->is_base ? " at hook " : "",
				chain->hook, chain->family, chain->table);
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

		gons_i_find_links(report, namespace);
		gons_i_find_addresses(report, namespace);
		gons_i_find_netmasks(report, namespace);
		gons_i_find_networks_on_two_links(report, namespace);
		gons_i_find_routes(report, namespace, AF_INET);
		gons_i_find_routes(report, namespace, AF_INET6);
		gons_i_find_forwarding(report, namespace, AF_INET);
		gons_i_find_forwarding(report, namespace, AF_INET6);
		gons_i_find_neighbours(report, namespace);
		gons_i_find_ports(report, namespace, IPPROTO_UDP);
		gons_i_find_ports(report, namespace, IPPROTO_TCP);
		gons_i_find_mtus(report, namespace);
		find_counters(report, namespace);
		find_firewall(report, namespace);
	}
	qsort(report->findings, report->n_findings, sizeof(report->findings[0]), compare);
}

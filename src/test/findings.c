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
		const char *name, *text;
		enum gons_i_finding_rank rank;
	} counters[] = {
		{ "TcpExtIPReversePathFilter",
		  "the reverse path filter (net.ipv4.conf.*.rp_filter) dropped packets",
		  GONS_I_RANK_COUNTED_FILTER },
		{ "UdpRcvbufErrors", "datagrams were dropped, because a receive buffer was full",
		  GONS_I_RANK_COUNTED_OTHER },
		{ "UdpInCsumErrors", "datagrams had a wrong checksum", GONS_I_RANK_COUNTED_OTHER },
		{ "TcpInCsumErrors", "segments had a wrong checksum", GONS_I_RANK_COUNTED_OTHER },
		{ "TcpExtListenDrops", "connections were dropped, because a backlog was full",
		  GONS_I_RANK_COUNTED_OTHER },
		{ "IpExtInNoRoutes", "packets were not forwarded, because there was no route",
		  GONS_I_RANK_COUNTED_OTHER },
		{ "IpReasmFails", "fragments could not be reassembled", GONS_I_RANK_COUNTED_OTHER },
	};

	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		uint64_t value = gons_i_state_counter(&namespace->state, counters[i].name);

		if (value > 0)
			gons_i_finding_add(report, counters[i].rank, namespace,
					   "%s in %s: %llu (%s)", counters[i].text, namespace->name,
					   (unsigned long long)value, counters[i].name);
	}
}

static void find_firewall(struct gons_i_report *report, struct gons_i_report_namespace *namespace)
{
	for (size_t i = 0; i < namespace->state.chains.n; i++) {
		const struct gons_i_state_chain *chain = &namespace->state.chains.list[i];

		if (chain->drops)
			gons_i_finding_add(
				report, GONS_I_RANK_FIREWALL, namespace,
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

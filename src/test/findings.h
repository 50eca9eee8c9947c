/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_TEST_FINDINGS_H
#define GONS_I_TEST_FINDINGS_H

/* The functions that look for findings, and what they share. */

#include "test/report.h"

/* The order of findings: what the kernel has counted is surer than what only looks odd. */
enum gons_i_finding_rank {
	GONS_I_RANK_LINK_DOWN,
	GONS_I_RANK_DUPLICATE_ADDRESS,
	GONS_I_RANK_NETMASK,
	GONS_I_RANK_WRONG_NEIGHBOUR,
	GONS_I_RANK_COUNTED_NO_ROUTE,
	GONS_I_RANK_BAD_ROUTE,
	GONS_I_RANK_COUNTED_FILTER,
	GONS_I_RANK_COUNTED_FORWARDING,
	GONS_I_RANK_COUNTED_PORT,
	GONS_I_RANK_COUNTED_MTU,
	GONS_I_RANK_NEIGHBOUR,
	GONS_I_RANK_TENTATIVE,
	GONS_I_RANK_FIREWALL,
	GONS_I_RANK_COUNTED_OTHER,
	GONS_I_RANK_MTU,
	GONS_I_RANK_FORWARDING,
	GONS_I_RANK_NO_ROUTE,
	GONS_I_RANK_LOOPBACK_ONLY,
	GONS_I_RANK_TWO_LINKS,
};

/* Adds a finding about this namespace (findings_shared.c). */
void gons_i_finding_add(struct gons_i_report *report, enum gons_i_finding_rank rank,
			struct gons_i_report_namespace *namespace, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* ---- finders: each looks at one namespace ---- */

/* findings_links.c */
void gons_i_find_links(struct gons_i_report *report, struct gons_i_report_namespace *namespace);
void gons_i_find_addresses(struct gons_i_report *report, struct gons_i_report_namespace *namespace);
void gons_i_find_netmasks(struct gons_i_report *report, struct gons_i_report_namespace *namespace);
void gons_i_find_networks_on_two_links(struct gons_i_report *report,
				       struct gons_i_report_namespace *namespace);
void gons_i_find_neighbours(struct gons_i_report *report,
			    struct gons_i_report_namespace *namespace);
void gons_i_find_mtus(struct gons_i_report *report, struct gons_i_report_namespace *namespace);

/* findings_routes.c; family is AF_INET or AF_INET6 */
void gons_i_find_routes(struct gons_i_report *report, struct gons_i_report_namespace *namespace,
			uint8_t family);
void gons_i_find_forwarding(struct gons_i_report *report, struct gons_i_report_namespace *namespace,
			    uint8_t family);

/* findings_ports.c; protocol is IPPROTO_UDP or IPPROTO_TCP */
void gons_i_find_ports(struct gons_i_report *report, struct gons_i_report_namespace *namespace,
		       uint8_t protocol);

/* ---- findings_shared.c: look-ups ---- */

/* Whether an address is neither a loopback nor a link-local one. */
bool gons_i_address_is_usable(const struct gons_i_state_address *address);

/* Whether a link has a usable address of this family; 0: of any. */
bool gons_i_link_has_address(const struct gons_i_state *state, int ifindex, uint8_t family);

/* The name of a link, or words for one that was deleted. */
const char *gons_i_state_link_name(const struct gons_i_state *state, int ifindex);

/* The namespace and the link that have this address; or NULL. */
struct gons_i_report_namespace *gons_i_report_owner(const struct gons_i_report *report,
						    const struct gons_i_ip *ip, int *ret_ifindex);

/* "1 packet", "2 packets"; buf is returned. */
enum { GONS_I_PACKETS_TEXT_SIZE = 40 };
const char *gons_i_packets_text(uint64_t n, char buf[GONS_I_PACKETS_TEXT_SIZE]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Adding a finding, and look-ups for the functions that look for findings.
 */
#include <stdarg.h>
#include <string.h>

#include "test/findings.h"

void gons_i_finding_add(struct gons_i_report *report, enum gons_i_finding_rank rank,
			struct gons_i_report_namespace *namespace, const char *format, ...)
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

bool gons_i_address_is_usable(const struct gons_i_state_address *address)
{
	return !gons_i_ip_is_loopback(&address->ip) && !gons_i_ip_is_link_local(&address->ip);
}

bool gons_i_link_has_address(const struct gons_i_state *state, int ifindex, uint8_t family)
{
	for (size_t i = 0; i < state->addresses.n; i++) {
		const struct gons_i_state_address *address = &state->addresses.list[i];

		if (address->ifindex == ifindex && gons_i_address_is_usable(address) &&
		    (family == 0 || address->ip.family == family))
			return true;
	}
	return false;
}

const char *gons_i_packets_text(uint64_t n, char buf[GONS_I_PACKETS_TEXT_SIZE])
{
	(void)snprintf(buf, GONS_I_PACKETS_TEXT_SIZE, "%llu packet%s", (unsigned long long)n,
		       n == 1 ? "" : "s");
	return buf;
}

const char *gons_i_state_link_name(const struct gons_i_state *state, int ifindex)
{
	const struct gons_i_state_link *link = gons_i_state_link(state, ifindex);

	return link ? link->name : "a link that is gone";
}

struct gons_i_report_namespace *gons_i_report_owner(const struct gons_i_report *report,
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

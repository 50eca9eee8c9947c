/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The failure report as text: the findings, then each namespace, one line for each object, in
 * the notation of "ip -brief".
 */
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netinet/tcp.h>
#include <string.h>

#include "gons/base/file.h"
#include "test/report.h"

enum {
	LINES = 100, /* of a namespace at most */
	SHOWN_WHOLE = 6, /* with more namespaces, those without findings take one line */
};

struct output {
	FILE *stream;
	unsigned lines, left_out;
};

/* Counts one more line. Returns whether it may be written. */
static bool begin_line(struct output *output)
{
	if (output->lines < LINES) {
		output->lines++;
		return true;
	}
	output->left_out++;
	return false;
}

/* ---- links ---- */

/* A link that is up, but whose other end is down, has no carrier: the kernel calls it down, too. */
static const char *state_name(const struct gons_i_state_link *link)
{
	static const char *const names[] = { "UNKNOWN", "NOTPRESENT", "NO-CARRIER", "NO-CARRIER",
					     "TESTING", "DORMANT",    "UP" };

	if (!(link->flags & IFF_UP))
		return "DOWN";
	return link->operstate < sizeof(names) / sizeof(names[0]) ? names[link->operstate] : "?";
}

static void write_counter(FILE *stream, const char *name, uint64_t value)
{
	if (value > 0)
		(void)fprintf(stream, " %s %llu", name, (unsigned long long)value);
}

static void write_links(const struct gons_i_report *report,
			const struct gons_i_report_namespace *namespace, struct output *output)
{
	const struct gons_i_state *state = &namespace->state;

	for (size_t i = 0; i < state->links.n; i++) {
		const struct gons_i_state_link *link = &state->links.list[i];
		const struct gons_i_report_namespace *other;
		const struct gons_i_state_link *peer =
			gons_i_report_peer(report, namespace, link, &other);
		char text[GONS_I_LLADDR_TEXT_SIZE];

		if (!begin_line(output))
			continue;
		(void)fprintf(output->stream, "  link %s", link->name);
		if (peer)
			(void)fprintf(output->stream, " (peer %s in %s)", peer->name, other->name);
		(void)fprintf(output->stream, " %s %s %s mtu %u",
			      link->kind[0] ? link->kind : "loopback", state_name(link),
			      link->lladdr_size && !(link->flags & IFF_LOOPBACK)
				      ? gons_i_lladdr_text(link->lladdr, link->lladdr_size, text)
				      : "-",
			      link->mtu);
		if (link->master) {
			const struct gons_i_state_link *master =
				gons_i_state_link(state, link->master);

			(void)fprintf(output->stream, " master %s", master ? master->name : "?");
		}
		write_counter(output->stream, "received", link->rx_packets);
		write_counter(output->stream, "sent", link->tx_packets);
		write_counter(output->stream, "receive errors", link->rx_errors);
		write_counter(output->stream, "send errors", link->tx_errors);
		write_counter(output->stream, "received and dropped", link->rx_dropped);
		write_counter(output->stream, "dropped before sending", link->tx_dropped);
		(void)fputc('\n', output->stream);
	}
}

/* ---- addresses, routes, neighbours ---- */

static const char *name_of(const struct gons_i_state *state, int ifindex)
{
	const struct gons_i_state_link *link = gons_i_state_link(state, ifindex);

	return link ? link->name : "?";
}

static void write_addresses(const struct gons_i_state *state, struct output *output)
{
	char text[GONS_I_IP_TEXT_SIZE];

	for (size_t i = 0; i < state->addresses.n; i++) {
		const struct gons_i_state_address *address = &state->addresses.list[i];

		if (gons_i_ip_is_loopback(&address->ip) || !begin_line(output))
			continue;
		(void)fprintf(output->stream, "  address %s/%u on %s%s%s%s\n",
			      gons_i_ip_text(&address->ip, text), address->prefix_length,
			      name_of(state, address->ifindex),
			      address->flags & IFA_F_TENTATIVE ? " TENTATIVE" : "",
			      address->flags & IFA_F_DADFAILED ? " DUPLICATE" : "",
			      address->flags & IFA_F_DEPRECATED ? " deprecated" : "");
	}
}

static const char *route_type(uint8_t type)
{
	switch (type) {
	case RTN_BLACKHOLE:
		return "blackhole ";
	case RTN_UNREACHABLE:
		return "unreachable ";
	case RTN_PROHIBIT:
		return "prohibit ";
	case RTN_MULTICAST:
		return "multicast ";
	case RTN_UNICAST:
		return "";
	default:
		return "other ";
	}
}

/* The kernel creates routes to fe80::/64 and ff00::/8 on each link. */
static bool is_created_by_kernel(const struct gons_i_state_route *route)
{
	return route->type == RTN_MULTICAST ||
	       (route->protocol == RTPROT_KERNEL && (gons_i_ip_is_link_local(&route->destination) ||
						     route->destination.bytes[0] == 0xff));
}

static void write_routes(const struct gons_i_state *state, struct output *output)
{
	char text[GONS_I_IP_TEXT_SIZE];

	for (size_t i = 0; i < state->routes.n; i++) {
		const struct gons_i_state_route *route = &state->routes.list[i];

		if (is_created_by_kernel(route) || !begin_line(output))
			continue;
		(void)fprintf(output->stream, "  route %s", route_type(route->type));
		if (route->prefix_length == 0)
			(void)fprintf(output->stream, "default%s",
				      route->destination.family == AF_INET6 ? " (IPv6)" : "");
		else
			(void)fprintf(output->stream, "%s/%u",
				      gons_i_ip_text(&route->destination, text),
				      route->prefix_length);
		if (route->gateway.family)
			(void)fprintf(output->stream, " via %s",
				      gons_i_ip_text(&route->gateway, text));
		if (route->ifindex)
			(void)fprintf(output->stream, " dev %s", name_of(state, route->ifindex));
		if (route->table != RT_TABLE_MAIN)
			(void)fprintf(output->stream, " table %u", route->table);
		(void)fputc('\n', output->stream);
	}
}

static const char *neighbour_state(uint16_t state)
{
	static const struct {
		uint16_t state;
		const char *name;
	} names[] = {
		{ NUD_FAILED, "FAILED" },	{ NUD_INCOMPLETE, "INCOMPLETE" },
		{ NUD_REACHABLE, "REACHABLE" }, { NUD_STALE, "STALE" },
		{ NUD_DELAY, "DELAY" },		{ NUD_PROBE, "PROBE" },
		{ NUD_PERMANENT, "PERMANENT" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (state & names[i].state)
			return names[i].name;
	return "NONE";
}

static void write_neighbours(const struct gons_i_state *state, struct output *output)
{
	char text[GONS_I_IP_TEXT_SIZE], lladdr[GONS_I_LLADDR_TEXT_SIZE];

	for (size_t i = 0; i < state->neighbours.n; i++) {
		const struct gons_i_state_neighbour *neighbour = &state->neighbours.list[i];

		if (begin_line(output))
			(void)fprintf(output->stream, "  neighbour %s dev %s %s%s%s\n",
				      gons_i_ip_text(&neighbour->ip, text),
				      name_of(state, neighbour->ifindex),
				      gons_i_lladdr_text(neighbour->lladdr, neighbour->lladdr_size,
							 lladdr),
				      neighbour->lladdr_size ? " " : "",
				      neighbour_state(neighbour->state));
	}
}

/* ---- sockets ---- */

static const char *protocol_name(uint8_t protocol)
{
	return protocol == IPPROTO_UDP ? "udp" : protocol == IPPROTO_TCP ? "tcp" : "raw";
}

static const char *socket_state(const struct gons_i_state_socket *socket)
{
	static const char *const names[] = { "",	   "connected",	 "SYN-SENT",  "SYN-RECV",
					     "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT", "CLOSED",
					     "CLOSE-WAIT", "LAST-ACK",	 "listening", "CLOSING" };

	if (socket->protocol == IPPROTO_RAW)
		return "protocol";
	if (socket->protocol == IPPROTO_UDP)
		return socket->remote_port ? "connected" : "bound";
	return socket->state < sizeof(names) / sizeof(names[0]) ? names[socket->state] : "?";
}

static void write_endpoint(FILE *stream, const struct gons_i_ip *ip, uint16_t port)
{
	char text[GONS_I_IP_TEXT_SIZE];

	if (gons_i_ip_is_any(ip))
		(void)fprintf(stream, "%s:%u", ip->family == AF_INET ? "0.0.0.0" : "[::]", port);
	else
		(void)fprintf(stream, ip->family == AF_INET ? "%s:%u" : "[%s]:%u",
			      gons_i_ip_text(ip, text), port);
}

static void write_sockets(const struct gons_i_state *state, struct output *output)
{
	for (size_t i = 0; i < state->sockets.n; i++) {
		const struct gons_i_state_socket *socket = &state->sockets.list[i];

		if (!begin_line(output))
			continue;
		(void)fprintf(output->stream, "  %s %s ", protocol_name(socket->protocol),
			      socket_state(socket));
		if (socket->protocol == IPPROTO_RAW)
			(void)fprintf(output->stream, "%u", socket->local_port);
		else
			write_endpoint(output->stream, &socket->local, socket->local_port);
		if (socket->remote_port) {
			(void)fputs(" to ", output->stream);
			write_endpoint(output->stream, &socket->remote, socket->remote_port);
		}
		if (socket->pid)
			(void)fprintf(output->stream, " (%s, process %d)", socket->command,
				      socket->pid);
		(void)fputc('\n', output->stream);
	}
}

/* ---- counters and sysctls ---- */

/* Whether a counter is about errors or drops: its name has one of these parts. */
static bool counts_errors(const char *name)
{
	static const char *const parts[] = { "Err",	  "Drop",     "Discard",    "NoRoutes",
					     "NoPorts",	  "Fail",     "Unreach",    "Rsts",
					     "TimeExcds", "Overflow", "PathFilter", "TooBig",
					     "Timeouts",  "Retrans" };

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strstr(name, parts[i]))
			return true;
	return false;
}

static void write_counters(const struct gons_i_state *state, struct output *output)
{
	bool first = true;

	for (size_t i = 0; i < state->counters.n; i++) {
		const struct gons_i_state_counter *counter = &state->counters.list[i];

		if (!counts_errors(counter->name) || (first && !begin_line(output)))
			continue;
		(void)fprintf(output->stream, "%s%s %llu", first ? "  counters " : ", ",
			      counter->name, (unsigned long long)counter->value);
		first = false;
	}
	if (!first)
		(void)fputc('\n', output->stream);
}

/* The sysctl with the default for new links: net.ipv4.conf.default.x if name is
 * net.ipv4.conf.eth0.x. */
static const char *default_name(const char *name, char buf[96])
{
	const char *end = NULL, *begin = strstr(name, ".conf.");

	begin = begin ? begin + 6 : strstr(name, ".neigh.");
	if (begin && strncmp(begin, ".neigh.", 7) == 0)
		begin += 7;
	end = begin ? strrchr(begin, '.') : NULL;
	if (!end)
		return name;
	(void)snprintf(buf, 96, "%.*sdefault%s", (int)(begin - name), name, end);
	return buf;
}

/* The value in a new namespace, or NULL if the sysctl has this value. */
static const char *fresh_value(const struct gons_i_report *report,
			       const struct gons_i_state_sysctl *sysctl)
{
	char buf[96];
	const char *value = gons_i_state_sysctl(&report->fresh, sysctl->name);

	/* The kernel sets this one to the link's MTU. */
	if (value[0] == '\0' && strstr(sysctl->name, "net.ipv6.conf.") &&
	    strstr(sysctl->name, ".mtu"))
		return NULL;
	if (value[0] == '\0')
		value = gons_i_state_sysctl(&report->fresh, default_name(sysctl->name, buf));
	return value[0] == '\0' || strcmp(value, sysctl->value) == 0 ? NULL : value;
}

/* Whether both are the same setting of two links (or "all", or "default") with the same value. */
static bool is_same_setting(const struct gons_i_report *report, const struct gons_i_state_sysctl *a,
			    const struct gons_i_state_sysctl *b)
{
	char one[96], two[96];
	const char *a_fresh, *b_fresh;

	if (strcmp(a->value, b->value) != 0 ||
	    strcmp(default_name(a->name, one), default_name(b->name, two)) != 0)
		return false;
	a_fresh = fresh_value(report, a);
	b_fresh = fresh_value(report, b);
	return a_fresh && b_fresh && strcmp(a_fresh, b_fresh) == 0;
}

/* "net.ipv4.conf.{all,eth0}.forwarding" for this sysctl and the later ones of the same setting. */
static void write_sysctl_names(const struct gons_i_report *report, const struct gons_i_state *state,
			       size_t first, FILE *stream)
{
	const struct gons_i_state_sysctl *list = state->sysctls.list;
	char buf[96];
	const char *general = default_name(list[first].name, buf);
	const char *in_general = strstr(general, ".default."), *comma = "";
	size_t n = 0, begin, end;

	for (size_t i = first; i < state->sysctls.n; i++)
		n += is_same_setting(report, &list[first], &list[i]);
	if (n < 2 || !in_general) {
		(void)fputs(list[first].name, stream);
		return;
	}
	/* The names differ only in what one of them has in place of "default". */
	begin = (size_t)(in_general - general) + 1;
	end = strlen(in_general) - strlen(".default");
	(void)fprintf(stream, "%.*s{", (int)begin, general);
	for (size_t i = first; i < state->sysctls.n; i++) {
		const char *name = list[i].name;

		if (!is_same_setting(report, &list[first], &list[i]))
			continue;
		(void)fprintf(stream, "%s%.*s", comma, (int)(strlen(name) - begin - end),
			      name + begin);
		comma = ",";
	}
	(void)fprintf(stream, "}%s", in_general + strlen(".default"));
}

static void write_sysctls(const struct gons_i_report *report, const struct gons_i_state *state,
			  struct output *output)
{
	for (size_t i = 0; i < state->sysctls.n; i++) {
		const struct gons_i_state_sysctl *sysctl = &state->sysctls.list[i];
		const char *fresh = fresh_value(report, sysctl);
		bool is_listed = false;

		for (size_t j = 0; fresh && j < i && !is_listed; j++)
			is_listed = is_same_setting(report, &state->sysctls.list[j], sysctl);
		if (!fresh || is_listed || !begin_line(output))
			continue;
		(void)fputs("  sysctl ", output->stream);
		write_sysctl_names(report, state, i, output->stream);
		(void)fprintf(output->stream, " = %s (%s in a new namespace)\n", sysctl->value,
			      fresh);
	}
}

static void write_firewall(const struct gons_i_state *state, struct output *output)
{
	for (size_t i = 0; i < state->chains.n; i++) {
		const struct gons_i_state_chain *chain = &state->chains.list[i];

		if (begin_line(output))
			(void)fprintf(output->stream,
				      "  nftables %s %s chain %s%s%s, %u rule%s%s\n", chain->family,
				      chain->table, chain->name, chain->is_base ? ", hook " : "",
				      chain->hook, chain->n_rules, chain->n_rules == 1 ? "" : "s",
				      chain->drops ? ", drops" : "");
	}
}

/* ---- all of it ---- */

static bool is_empty(const struct gons_i_report_namespace *namespace)
{
	const struct gons_i_state *state = &namespace->state;

	return state->is_complete && state->links.n <= 1 && state->sockets.n == 0 &&
	       state->chains.n == 0 && !namespace->has_findings;
}

static void write_namespace(const struct gons_i_report *report,
			    const struct gons_i_report_namespace *namespace, FILE *stream)
{
	const struct gons_i_state *state = &namespace->state;
	struct output output = { .stream = stream };
	const struct gons_i_state_link *lo = state->links.n ? &state->links.list[0] : NULL;

	(void)fprintf(stream, "%s (net:[%llu])", namespace->name,
		      (unsigned long long)namespace->ino);
	if (is_empty(namespace)) {
		(void)fprintf(stream, ": loopback %s, and nothing else\n",
			      lo && (lo->flags & IFF_UP) ? "up" : "down");
		return;
	}
	if (report->n > SHOWN_WHOLE && !namespace->has_findings) {
		(void)fprintf(stream, ": no findings; links %zu, addresses %zu, sockets %zu\n",
			      state->links.n, state->addresses.n, state->sockets.n);
		return;
	}
	(void)fputs(":\n", stream);
	if (!state->is_complete)
		(void)fprintf(stream, "  incomplete: %s\n", state->message);
	write_links(report, namespace, &output);
	write_addresses(state, &output);
	write_routes(state, &output);
	write_neighbours(state, &output);
	write_sockets(state, &output);
	write_counters(state, &output);
	write_firewall(state, &output);
	write_sysctls(report, state, &output);
	if (output.left_out)
		(void)fprintf(stream, "  ... %u more line%s\n", output.left_out,
			      output.left_out == 1 ? "" : "s");
}

int gons_i_report_write_text(const struct gons_i_report *report, FILE *stream)
{
	if (report->n_findings > 0)
		(void)fprintf(stream, "Findings:%s\n",
			      report->n_findings == 1
				      ? ""
				      : " (the likely cause first; the others may follow from it)");
	for (size_t i = 0; i < report->n_findings && i < GONS_I_FINDINGS_SHOWN; i++)
		(void)fprintf(stream, "  %s\n", report->findings[i].text);
	if (report->n_findings > GONS_I_FINDINGS_SHOWN)
		(void)fprintf(stream, "  ... %zu more\n",
			      report->n_findings - GONS_I_FINDINGS_SHOWN);
	if (report->n_unreadable > 0)
		(void)fprintf(stream, "cannot read %zu more network namespaces: %s\n",
			      report->n_unreadable, strerror(report->unreadable_errnum));
	if (report->n == 0 && report->n_unreadable == 0)
		(void)fputs("The test has no network namespace of its own.\n", stream);
	for (size_t i = 0; i < report->n; i++)
		write_namespace(report, &report->namespaces[i], stream);
	gons_i_report_write_mounts(report, stream);
	return gons_i_flush(stream);
}

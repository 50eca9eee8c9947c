/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The failure report as JSON (RFC 8259), for programs.
 */
#include <linux/neighbour.h>
#include <string.h>

#include "gons/base/file.h"
#include "test/report.h"

struct json {
	FILE *stream;
	bool is_first; /* in the innermost array or object */
};

static void comma(struct json *json)
{
	if (!json->is_first)
		(void)fputc(',', json->stream);
	json->is_first = false;
}

static void text(struct json *json, const char *value)
{
	(void)fputc('"', json->stream);
	for (const unsigned char *c = (const unsigned char *)value; *c; c++) {
		if (*c == '"' || *c == '\\')
			(void)fprintf(json->stream, "\\%c", *c);
		else if (*c < 0x20 || *c > 0x7e)
			(void)fprintf(json->stream, "\\u%04x", *c);
		else
			(void)fputc(*c, json->stream);
	}
	(void)fputc('"', json->stream);
}

static void key(struct json *json, const char *name)
{
	comma(json);
	text(json, name);
	(void)fputc(':', json->stream);
}

static void text_of(struct json *json, const char *name, const char *value)
{
	key(json, name);
	text(json, value);
}

static void number_of(struct json *json, const char *name, uint64_t value)
{
	key(json, name);
	(void)fprintf(json->stream, "%llu", (unsigned long long)value);
}

static void open_list(struct json *json, const char *name, char bracket)
{
	if (name)
		key(json, name);
	else
		comma(json);
	(void)fputc(bracket, json->stream);
	json->is_first = true;
}

static void close_list(struct json *json, char bracket)
{
	(void)fputc(bracket, json->stream);
	json->is_first = false;
}

static void ip_of(struct json *json, const char *name, const struct gons_i_ip *ip)
{
	char buf[GONS_I_IP_TEXT_SIZE];

	if (ip->family)
		text_of(json, name, gons_i_ip_text(ip, buf));
}

static void lladdr_of(struct json *json, const unsigned char *lladdr, size_t size)
{
	char buf[GONS_I_LLADDR_TEXT_SIZE];

	if (size > 0)
		text_of(json, "lladdr", gons_i_lladdr_text(lladdr, size, buf));
}

static void write_links(struct json *json, const struct gons_i_state *state)
{
	open_list(json, "links", '[');
	for (size_t i = 0; i < state->links.n; i++) {
		const struct gons_i_state_link *link = &state->links.list[i];

		open_list(json, NULL, '{');
		number_of(json, "ifindex", (uint64_t)link->ifindex);
		text_of(json, "name", link->name);
		text_of(json, "kind", link->kind);
		key(json, "up");
		(void)fputs(link->flags & IFF_UP ? "true" : "false", json->stream);
		number_of(json, "operstate", link->operstate);
		number_of(json, "mtu", link->mtu);
		number_of(json, "master", (uint64_t)link->master);
		lladdr_of(json, link->lladdr, link->lladdr_size);
		number_of(json, "rx_packets", link->rx_packets);
		number_of(json, "tx_packets", link->tx_packets);
		number_of(json, "rx_errors", link->rx_errors);
		number_of(json, "tx_errors", link->tx_errors);
		number_of(json, "rx_dropped", link->rx_dropped);
		number_of(json, "tx_dropped", link->tx_dropped);
		close_list(json, '}');
	}
	close_list(json, ']');
}

static void write_addresses(struct json *json, const struct gons_i_state *state)
{
	open_list(json, "addresses", '[');
	for (size_t i = 0; i < state->addresses.n; i++) {
		const struct gons_i_state_address *address = &state->addresses.list[i];

		open_list(json, NULL, '{');
		number_of(json, "ifindex", (uint64_t)address->ifindex);
		ip_of(json, "address", &address->ip);
		number_of(json, "prefix_length", address->prefix_length);
		number_of(json, "flags", address->flags);
		close_list(json, '}');
	}
	close_list(json, ']');
}

static void write_routes(struct json *json, const struct gons_i_state *state)
{
	open_list(json, "routes", '[');
	for (size_t i = 0; i < state->routes.n; i++) {
		const struct gons_i_state_route *route = &state->routes.list[i];

		open_list(json, NULL, '{');
		ip_of(json, "destination", &route->destination);
		number_of(json, "prefix_length", route->prefix_length);
		ip_of(json, "gateway", &route->gateway);
		number_of(json, "ifindex", (uint64_t)route->ifindex);
		number_of(json, "type", route->type);
		number_of(json, "table", route->table);
		number_of(json, "metric", route->metric);
		close_list(json, '}');
	}
	close_list(json, ']');
}

static void write_neighbours(struct json *json, const struct gons_i_state *state)
{
	open_list(json, "neighbours", '[');
	for (size_t i = 0; i < state->neighbours.n; i++) {
		const struct gons_i_state_neighbour *neighbour = &state->neighbours.list[i];

		open_list(json, NULL, '{');
		number_of(json, "ifindex", (uint64_t)neighbour->ifindex);
		ip_of(json, "address", &neighbour->ip);
		lladdr_of(json, neighbour->lladdr, neighbour->lladdr_size);
		key(json, "failed");
		(void)fputs(neighbour->state & NUD_FAILED ? "true" : "false", json->stream);
		close_list(json, '}');
	}
	close_list(json, ']');
}

static void write_sockets(struct json *json, const struct gons_i_state *state)
{
	open_list(json, "sockets", '[');
	for (size_t i = 0; i < state->sockets.n; i++) {
		const struct gons_i_state_socket *socket = &state->sockets.list[i];

		open_list(json, NULL, '{');
		text_of(json, "protocol",
			socket->protocol == IPPROTO_UDP	  ? "udp"
			: socket->protocol == IPPROTO_TCP ? "tcp"
							  : "raw");
		number_of(json, "state", socket->state);
		ip_of(json, "local_address", &socket->local);
		number_of(json, "local_port", socket->local_port);
		ip_of(json, "remote_address", &socket->remote);
		number_of(json, "remote_port", socket->remote_port);
		number_of(json, "pid", (uint64_t)socket->pid);
		text_of(json, "command", socket->command);
		close_list(json, '}');
	}
	close_list(json, ']');
}

static void write_counters(struct json *json, const struct gons_i_state *state)
{
	open_list(json, "counters", '{');
	for (size_t i = 0; i < state->counters.n; i++)
		number_of(json, state->counters.list[i].name, state->counters.list[i].value);
	close_list(json, '}');
}

static void write_sysctls(struct json *json, const struct gons_i_report *report,
			  const struct gons_i_state *state)
{
	open_list(json, "sysctls", '{');
	for (size_t i = 0; i < state->sysctls.n; i++)
		if (strcmp(gons_i_state_sysctl(&report->fresh, state->sysctls.list[i].name),
			   state->sysctls.list[i].value) != 0)
			text_of(json, state->sysctls.list[i].name, state->sysctls.list[i].value);
	close_list(json, '}');
}

static void write_chains(struct json *json, const struct gons_i_state *state)
{
	open_list(json, "nftables_chains", '[');
	for (size_t i = 0; i < state->chains.n; i++) {
		const struct gons_i_state_chain *chain = &state->chains.list[i];

		open_list(json, NULL, '{');
		text_of(json, "family", chain->family);
		text_of(json, "table", chain->table);
		text_of(json, "name", chain->name);
		text_of(json, "hook", chain->hook);
		number_of(json, "rules", chain->n_rules);
		key(json, "drops");
		(void)fputs(chain->drops ? "true" : "false", json->stream);
		close_list(json, '}');
	}
	close_list(json, ']');
}

static void write_mount_list(struct json *json, const char *name,
			     const struct gons_i_report_mount_list *mounts)
{
	open_list(json, name, '[');
	for (size_t i = 0; i < mounts->n; i++) {
		comma(json);
		text(json, mounts->list[i].text);
	}
	close_list(json, ']');
}

static void write_mounts(struct json *json, const struct gons_i_report *report)
{
	open_list(json, "mount_namespaces", '[');
	for (size_t i = 0; i < report->n_mounts; i++) {
		const struct gons_i_report_mounts *mounts = &report->mounts[i];

		open_list(json, NULL, '{');
		text_of(json, "name", mounts->name);
		number_of(json, "inode", mounts->ino);
		if (mounts->message[0] != '\0')
			text_of(json, "incomplete", mounts->message);
		write_mount_list(json, "mounted", &mounts->added);
		write_mount_list(json, "missing", &mounts->missing);
		close_list(json, '}');
	}
	close_list(json, ']');
}

int gons_i_report_write_json(const struct gons_i_report *report, FILE *stream)
{
	struct json json = { stream, true };

	open_list(&json, NULL, '{');
	open_list(&json, "findings", '[');
	for (size_t i = 0; i < report->n_findings; i++) {
		comma(&json);
		text(&json, report->findings[i].text);
	}
	close_list(&json, ']');
	open_list(&json, "network_namespaces", '[');
	for (size_t i = 0; i < report->n; i++) {
		const struct gons_i_state *state = &report->namespaces[i].state;

		open_list(&json, NULL, '{');
		text_of(&json, "name", report->namespaces[i].name);
		number_of(&json, "inode", report->namespaces[i].ino);
		if (!state->is_complete)
			text_of(&json, "incomplete", state->message);
		write_links(&json, state);
		write_addresses(&json, state);
		write_routes(&json, state);
		write_neighbours(&json, state);
		write_sockets(&json, state);
		write_counters(&json, state);
		write_chains(&json, state);
		write_sysctls(&json, report, state);
		close_list(&json, '}');
	}
	close_list(&json, ']');
	write_mounts(&json, report);
	close_list(&json, '}');
	(void)fputc('\n', stream);
	return gons_i_flush(stream);
}

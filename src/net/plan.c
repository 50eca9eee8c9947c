/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar of plans. Statements are separated by newlines or semicolons, and "#" begins a
 * comment:
 *
 *     statement = chain | bridge | host
 *     chain     = end "--" end { "--" end } [options]       a cable for each "--"
 *     end       = [addresses] NAME[":" LINK] [addresses]    towards the cable on that side
 *     bridge    = NAME ": " port { "," port } [options]
 *     port      = NAME[":" LINK] [addresses]
 *     host      = "host" NAME [options]
 *     addresses = ADDRESS "/" LENGTH { "," ADDRESS "/" LENGTH }
 *     options   = "[" NAME "=" VALUE { "," NAME "=" VALUE } "]"
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "net/model.h"

enum kind { END, SEPARATOR, WORD, DASHES, COMMA, OPEN, CLOSE };

struct token {
	enum kind kind;
	const char *text; /* in the plan */
	size_t length;
	struct gons_i_net_position position;
};

struct parser {
	const char *at; /* the text after the next token */
	struct gons_i_net_position position; /* of at */
	struct token token, next;
	struct gons_i_net_model *model;
};

/* ---- tokens ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void advance(struct parser *parser, size_t n)
{
	for (size_t i = 0; i < n; i++, parser->at++) {
		if (*parser->at == '\n') {
			parser->position.line++;
			parser->position.column = 1;
		} else {
			parser->position.column++;
		}
	}
}

static void read_token(struct parser *parser, struct token *token)
{
	static const char punctuation[] = "\n;,[]";
	static const enum kind kinds[] = { SEPARATOR, SEPARATOR, COMMA, OPEN, CLOSE };
	const char *found;

	while (is_blank(*parser->at))
		advance(parser, 1);
	if (*parser->at == '#')
		advance(parser, strcspn(parser->at, "\n"));
	token->text = parser->at;
	token->position = parser->position;
	if (*parser->at == '\0') {
		token->kind = END;
		token->length = 0;
		return;
	}
	found = strchr(punctuation, *parser->at);
	if (found) {
		token->kind = kinds[found - punctuation];
		token->length = 1;
	} else {
		token->length = strcspn(parser->at, " \t\r\n;,[]#");
		token->kind =
			token->length == 2 && strncmp(token->text, "--", 2) == 0 ? DASHES : WORD;
	}
	advance(parser, token->length);
}

static void next_token(struct parser *parser)
{
	parser->token = parser->next;
	read_token(parser, &parser->next);
}

/* The name of a token in messages. */
static const char *describe(const struct token *token, char buf[48])
{
	size_t used;

	if (token->kind == END)
		return "the end of the plan";
	if (token->kind == SEPARATOR && token->text[0] == '\n')
		return "the end of the line";
	used = (size_t)snprintf(buf, 48, "\"%.*s", (int)(token->length < 32 ? token->length : 32),
				token->text);
	for (size_t i = 1; i < used; i++)
		if (!isascii(buf[i]) || !isprint((unsigned char)buf[i]))
			buf[i] = '?';
	(void)snprintf(buf + used, 48 - used, token->length > 32 ? "...\"" : "\"");
	return buf;
}

static int fail_expected(const struct token *token, const char *expected)
{
	char found[48];

	return gons_i_net_fail_at(token->position, "expected %s, found %s", expected,
				  describe(token, found));
}

/* ---- names ---- */

/* Only addresses have a slash. */
static bool is_address(const struct token *token)
{
	return token->kind == WORD && memchr(token->text, '/', token->length);
}

/* Reads a part of a word as a name. what: whose name it is, for messages. */
static int read_name(const struct token *token, size_t begin, size_t end, const char *what,
		     char name[GONS_I_NET_NAME_SIZE])
{
	static const char characters[] = "abcdefghijklmnopqrstuvwxyz"
					 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	const char *text = token->text + begin;
	const size_t length = end - begin;
	struct token part = *token;
	char expected[128];

	part.text = text;
	part.length = length;
	part.position.column += (unsigned)begin;
	(void)snprintf(expected, sizeof(expected),
		       "the name of %s, of 1 to 15 letters, digits, \"-\", \"_\" and \".\"", what);
	if (length == 0 || length >= GONS_I_NET_NAME_SIZE)
		return fail_expected(&part, expected);
	for (size_t i = 0; i < length; i++) {
		if (!memchr(characters, text[i], sizeof(characters) - 1))
			return fail_expected(&part, expected);
		if (i > 0 && text[i] == '-' && text[i - 1] == '-')
			return fail_expected(&part, "a blank before and after \"--\"");
	}
	memcpy(name, text, length);
	name[length] = '\0';
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return fail_expected(&part, expected);
	return 0;
}

static size_t find_bridge(const struct gons_i_net_model *model, const char *name)
{
	size_t i = 0;

	while (i < model->n_segments && strcmp(model->segments[i].name, name) != 0)
		i++;
	return i;
}

/* The host of this name, which is added if it does not exist. */
static int get_host(struct parser *parser, const struct token *token, const char *name,
		    size_t *ret_host)
{
	struct gons_i_net_model *model = parser->model;
	const size_t bridge = find_bridge(model, name);

	if (bridge < model->n_segments)
		return gons_i_net_fail_at(token->position,
					  "expected a host, found the bridge \"%s\" of line %u",
					  name, model->segments[bridge].position.line);
	*ret_host = gons_i_net_find_host(model, name);
	if (*ret_host < model->n_hosts)
		return 0;
	if (!gons_i_net_grow(&model->hosts, model->n_hosts, sizeof(*model->hosts)))
		return -1;
	(void)strcpy(model->hosts[model->n_hosts++].name, name);
	return 0;
}

/* ---- ends of links ---- */

/* An end of a cable that was read, before its port is added. */
struct end {
	size_t host;
	struct token token;
	struct gons_i_net_port before, after; /* link and addresses on the left and right */
};

static void free_end(struct end *end)
{
	free(end->before.addresses);
	free(end->after.addresses);
}

/* "NAME" or "NAME:LINK". */
static int read_host(struct parser *parser, size_t *ret_host, char link[GONS_I_NET_NAME_SIZE])
{
	const struct token *token = &parser->token;
	char name[GONS_I_NET_NAME_SIZE];
	const char *colon;
	size_t length;

	if (token->kind != WORD || is_address(token))
		return fail_expected(token, "the name of a host");
	colon = memchr(token->text, ':', token->length);
	length = colon ? (size_t)(colon - token->text) : token->length;
	link[0] = '\0';
	if (read_name(token, 0, length, "a host", name) < 0 ||
	    (colon && read_name(token, length + 1, token->length, "a link", link) < 0))
		return -1;
	if (strcmp(link, "lo") == 0)
		return gons_i_net_fail_at(
			token->position,
			"expected another name for a link, since each host has a link \"lo\"");
	if (get_host(parser, token, name, ret_host) < 0)
		return -1;
	next_token(parser);
	return 0;
}

static bool is_multicast(const struct gons_i_prefix *address)
{
	return address->family == AF_INET ? address->bytes[0] >= 224 : address->bytes[0] == 0xff;
}

/* The first and the last address of an IPv4 network cannot be used by a host. */
static bool is_of_host(const struct gons_i_prefix *address)
{
	struct gons_i_prefix first = gons_i_net_network_of(address), last = first;

	if (address->family != AF_INET || address->length >= 31)
		return true;
	for (int bit = address->length; bit < 32; bit++)
		last.bytes[bit / 8] |= (unsigned char)(0x80 >> bit % 8);
	return memcmp(address->bytes, first.bytes, 4) != 0 &&
	       memcmp(address->bytes, last.bytes, 4) != 0;
}

static int read_address(struct parser *parser, struct gons_i_net_port *port)
{
	static const char expected[] = "an address such as 10.0.0.1/24 or fd00::1/64";
	const struct token *token = &parser->token;
	struct gons_i_prefix address;
	char text[64];

	if (!is_address(token) || token->length >= sizeof(text))
		return fail_expected(token, expected);
	memcpy(text, token->text, token->length);
	text[token->length] = '\0';
	if (gons_i_prefix_read_address(text, &address) < 0 || address.length == 0 ||
	    is_multicast(&address))
		return fail_expected(token, expected);
	if (!is_of_host(&address))
		return fail_expected(token, "an address that a host can have in its network");
	if (gons_i_net_add_address(port, &address) < 0)
		return -1;
	next_token(parser);
	return 0;
}

/* Reads addresses with commas between them, or none. in_bridge: the next port may follow a
 * comma. */
static int read_addresses(struct parser *parser, struct gons_i_net_port *port, bool in_bridge)
{
	if (!is_address(&parser->token))
		return 0;
	for (;;) {
		if (read_address(parser, port) < 0)
			return -1;
		if (is_address(&parser->token))
			return fail_expected(&parser->token, "\",\" between two addresses");
		if (parser->token.kind != COMMA || (in_bridge && !is_address(&parser->next)))
			return 0;
		next_token(parser);
	}
}

static int read_end(struct parser *parser, bool is_first, struct end *end)
{
	memset(end, 0, sizeof(*end));
	if (!is_first && read_addresses(parser, &end->before, false) < 0)
		return -1;
	end->token = parser->token;
	if (read_host(parser, &end->host, end->after.link) < 0)
		return -1;
	return read_addresses(parser, &end->after, false);
}

static struct gons_i_net_segment *add_segment(struct parser *parser, const struct token *token)
{
	struct gons_i_net_model *model = parser->model;
	struct gons_i_net_segment *segment;

	if (!gons_i_net_grow(&model->segments, model->n_segments, sizeof(*segment)))
		return NULL;
	segment = &model->segments[model->n_segments++];
	segment->position = token->position;
	segment->first_port = model->n_ports;
	return segment;
}

/* Adds a port to the last segment. Then the model owns the addresses. */
static int add_port(struct parser *parser, size_t host, const struct token *token,
		    struct gons_i_net_port *from)
{
	struct gons_i_net_model *model = parser->model;
	struct gons_i_net_segment *segment = &model->segments[model->n_segments - 1];
	struct gons_i_net_port *port;

	for (size_t i = segment->first_port; i < model->n_ports; i++)
		if (model->ports[i].host == host)
			return gons_i_net_fail_at(
				token->position,
				"expected another host, since \"%s\" is on this %s "
				"already",
				model->hosts[host].name, segment->name[0] ? "bridge" : "cable");
	for (size_t i = 0; from->link[0] && i < model->n_ports; i++)
		if (model->ports[i].host == host && strcmp(model->ports[i].link, from->link) == 0)
			return gons_i_net_fail_at(
				token->position,
				"expected another name for a link, since \"%s\" has "
				"a link \"%s\" already",
				model->hosts[host].name, from->link);
	if (!gons_i_net_grow(&model->ports, model->n_ports, sizeof(*port)))
		return -1;
	port = &model->ports[model->n_ports++];
	*port = *from;
	from->addresses = NULL;
	port->host = host;
	port->segment = model->n_segments - 1;
	port->position = token->position;
	segment->n_ports++;
	return 0;
}

/* ---- options ---- */

static bool is_word(const struct token *token, const char *text)
{
	return token->kind == WORD && token->length == strlen(text) &&
	       memcmp(token->text, text, token->length) == 0;
}

/* "mtu=1400", for the segments from number first on. */
static int read_mtu(struct parser *parser, size_t first)
{
	enum { LEAST = 68, MOST = 65535 };
	const struct token *token = &parser->token;
	struct gons_i_net_model *model = parser->model;
	char text[8] = "";
	unsigned long mtu = 0;
	char *end = text;

	if (token->kind == WORD && token->length < sizeof(text) + 4 &&
	    strncmp(token->text, "mtu=", 4) == 0) {
		memcpy(text, token->text + 4, token->length - 4);
		if (isdigit((unsigned char)text[0]))
			mtu = strtoul(text, &end, 10);
	}
	if (mtu < LEAST || mtu > MOST || *end != '\0')
		return fail_expected(token, "\"mtu=\" and a number from 68 to 65535");
	for (size_t i = first; i < model->n_segments; i++) {
		if (model->segments[i].mtu != 0)
			return fail_expected(token, "\"]\", since an mtu is given already");
		model->segments[i].mtu = (unsigned)mtu;
	}
	return 0;
}

static int read_forward(struct parser *parser, size_t host)
{
	const struct token *token = &parser->token;
	struct gons_i_net_host *declared = &parser->model->hosts[host];

	if (!is_word(token, "forward=no") && !is_word(token, "forward=yes"))
		return fail_expected(token, "\"forward=yes\" or \"forward=no\"");
	if (declared->says_forward)
		return gons_i_net_fail_at(
			token->position,
			"expected one option \"forward\" for \"%s\", since the plan "
			"has one already",
			declared->name);
	declared->says_forward = true;
	declared->forwards = is_word(token, "forward=yes");
	return 0;
}

static int read_options(struct parser *parser, int (*read)(struct parser *, size_t), size_t arg)
{
	if (parser->token.kind != OPEN)
		return 0;
	do {
		next_token(parser); /* "[" or "," */
		if (read(parser, arg) < 0)
			return -1;
		next_token(parser);
	} while (parser->token.kind == COMMA);
	if (parser->token.kind != CLOSE)
		return fail_expected(&parser->token, "\",\" or \"]\"");
	next_token(parser);
	return 0;
}

/* ---- statements ---- */

static int fail_middle(const struct end *end)
{
	return gons_i_net_fail_at(
		end->token.position,
		"expected the name of a host alone, since a host between two cables "
		"has two links: to name them, write each cable as a statement");
}

/* The cable between two ends. Addresses after the last host of a chain belong to that host, too. */
static int add_cable(struct parser *parser, struct end *left, struct end *right, bool is_last)
{
	if (!is_last && right->after.link[0])
		return fail_middle(right);
	if (!add_segment(parser, &left->token) ||
	    add_port(parser, left->host, &left->token, &left->after) < 0)
		return -1;
	if (is_last) {
		(void)strcpy(right->before.link, right->after.link);
		for (size_t i = 0; i < right->after.n_addresses; i++)
			if (gons_i_net_add_address(&right->before, &right->after.addresses[i]) < 0)
				return -1;
	}
	return add_port(parser, right->host, &right->token, &right->before);
}

static int read_chain(struct parser *parser)
{
	const size_t first = parser->model->n_segments;
	struct end left, right;
	int result = read_end(parser, true, &left);

	if (result == 0 && parser->token.kind != DASHES)
		result = fail_expected(&parser->token,
				       left.after.n_addresses > 0 ? "\"--\" or \",\"" : "\"--\"");
	while (result == 0 && parser->token.kind == DASHES) {
		next_token(parser);
		result = read_end(parser, false, &right);
		if (result == 0)
			result = add_cable(parser, &left, &right, parser->token.kind != DASHES);
		free_end(&left);
		left = right;
	}
	free_end(&left);
	return result < 0 ? -1 : read_options(parser, read_mtu, first);
}

static int read_port(struct parser *parser)
{
	struct gons_i_net_port port = { .host = 0 };
	const struct token token = parser->token;
	size_t host = 0;
	int result = read_host(parser, &host, port.link);

	if (result == 0)
		result = read_addresses(parser, &port, true);
	if (result == 0)
		result = add_port(parser, host, &token, &port);
	free(port.addresses);
	return result;
}

static int read_bridge(struct parser *parser)
{
	const struct token *token = &parser->token;
	struct gons_i_net_model *model = parser->model;
	struct gons_i_net_segment *segment;
	char name[GONS_I_NET_NAME_SIZE];
	size_t other;

	if (read_name(token, 0, token->length - 1, "a bridge", name) < 0)
		return -1;
	if (strcmp(name, "lo") == 0)
		return fail_expected(token, "another name for a bridge than \"lo\"");
	other = find_bridge(model, name);
	if (other < model->n_segments)
		return gons_i_net_fail_at(
			token->position, "expected another name, since line %u has a bridge \"%s\"",
			model->segments[other].position.line, name);
	if (gons_i_net_find_host(model, name) < model->n_hosts)
		return gons_i_net_fail_at(token->position,
					  "expected another name, since there is a host \"%s\"",
					  name);
	segment = add_segment(parser, token);
	if (!segment)
		return -1;
	(void)strcpy(segment->name, name);
	do {
		next_token(parser); /* the name or "," */
		if (read_port(parser) < 0)
			return -1;
	} while (parser->token.kind == COMMA);
	return read_options(parser, read_mtu, model->n_segments - 1);
}

static int read_host_statement(struct parser *parser)
{
	char link[GONS_I_NET_NAME_SIZE];
	struct token token;
	size_t host;

	next_token(parser);
	token = parser->token;
	if (read_host(parser, &host, link) < 0)
		return -1;
	if (link[0])
		return fail_expected(&token, "the name of a host without a link");
	return read_options(parser, read_forward, host);
}

static int read_statement(struct parser *parser)
{
	const struct token *token = &parser->token;

	if (token->kind == WORD && token->text[token->length - 1] == ':')
		return read_bridge(parser);
	if (is_word(token, "host") && parser->next.kind == WORD && !is_address(&parser->next))
		return read_host_statement(parser);
	return read_chain(parser);
}

int gons_i_net_plan_read(const char *plan, struct gons_i_net_model *ret_model)
{
	struct parser parser = { .at = plan, .position = { 1, 1 }, .model = ret_model };
	int result = 0;

	memset(ret_model, 0, sizeof(*ret_model));
	next_token(&parser); /* fills next */
	next_token(&parser);
	while (result == 0 && parser.token.kind != END) {
		if (parser.token.kind == SEPARATOR) {
			next_token(&parser);
			continue;
		}
		result = read_statement(&parser);
		if (result == 0 && parser.token.kind != SEPARATOR && parser.token.kind != END)
			result = fail_expected(&parser.token, "the end of the statement");
	}
	if (result == 0 && ret_model->n_hosts == 0)
		result = fail_expected(&parser.token, "a host");
	if (result < 0)
		gons_i_net_model_free(ret_model);
	return result;
}

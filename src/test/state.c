/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of a network namespace: its lists, and addresses.
 */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "gons/base/error.h"
#include "netns/rtnl.h"
#include "test/state.h"

struct any_list {
	void *list;
	size_t n;
};

/* The room of a list is 8, and doubles when the list is full. */
void *gons_i_state_add(struct gons_i_state *state, void *list, size_t size)
{
	struct any_list *any = list;
	char *element;

	if (any->n == 0 || (any->n >= 8 && (any->n & (any->n - 1)) == 0)) {
		size_t room = any->n == 0 ? 8 : 2 * any->n;
		void *larger = reallocarray(any->list, room, size);

		if (!larger) {
			gons_i_state_incomplete(state, "out of memory");
			return NULL;
		}
		any->list = larger;
	}
	element = (char *)any->list + any->n++ * size;
	memset(element, 0, size);
	return element;
}

void gons_i_state_incomplete(struct gons_i_state *state, const char *format, ...)
{
	va_list args;

	if (!state->is_complete)
		return;
	va_start(args, format);
	(void)vsnprintf(state->message, sizeof(state->message), format, args); /* cut */
	va_end(args);
	state->is_complete = false;
}

void gons_i_state_free(struct gons_i_state *state)
{
	free(state->links.list);
	free(state->addresses.list);
	free(state->routes.list);
	free(state->neighbours.list);
	free(state->sockets.list);
	free(state->counters.list);
	free(state->sysctls.list);
	free(state->chains.list);
}

/* ---- answers ---- */

int gons_i_state_run(const void *messages, size_t size, mnl_cb_t take, void *arg)
{
	const struct nlmsghdr *nlh = messages;
	int left = (int)size, result = MNL_CB_OK;

	for (; result > MNL_CB_STOP && gons_i_nlmsg_ok(nlh, left);
	     nlh = mnl_nlmsg_next(nlh, &left)) {
		const struct nlmsgerr *error = mnl_nlmsg_get_payload(nlh);

		if (nlh->nlmsg_type == NLMSG_DONE)
			return MNL_CB_STOP;
		if (nlh->nlmsg_type == NLMSG_ERROR) {
			errno = mnl_nlmsg_get_payload_len(nlh) < sizeof(error->error)
					? EBADMSG
					: -error->error;
			return errno == 0 ? MNL_CB_STOP : MNL_CB_ERROR;
		}
		if (nlh->nlmsg_type >= NLMSG_MIN_TYPE)
			result = take(nlh, arg);
	}
	return result;
}

/* ---- look-ups ---- */

static int compare_links(const void *a, const void *b)
{
	const struct gons_i_state_link *one = a, *two = b;

	return (one->ifindex > two->ifindex) - (one->ifindex < two->ifindex);
}

static int compare_sysctls(const void *a, const void *b)
{
	const struct gons_i_state_sysctl *one = a, *two = b;

	return strcmp(one->name, two->name);
}

void gons_i_state_sort(struct gons_i_state *state)
{
	if (state->links.n > 1)
		qsort(state->links.list, state->links.n, sizeof(*state->links.list), compare_links);
	if (state->sysctls.n > 1)
		qsort(state->sysctls.list, state->sysctls.n, sizeof(*state->sysctls.list),
		      compare_sysctls);
}

const struct gons_i_state_link *gons_i_state_link(const struct gons_i_state *state, int ifindex)
{
	const struct gons_i_state_link key = { .ifindex = ifindex };

	return state->links.n == 0 ? NULL
				   : bsearch(&key, state->links.list, state->links.n, sizeof(key),
					     compare_links);
}

uint64_t gons_i_state_counter(const struct gons_i_state *state, const char *name)
{
	for (size_t i = 0; i < state->counters.n; i++)
		if (strcmp(state->counters.list[i].name, name) == 0)
			return state->counters.list[i].value;
	return 0;
}

const char *gons_i_state_sysctl(const struct gons_i_state *state, const char *name)
{
	const struct gons_i_state_sysctl *sysctl;
	struct gons_i_state_sysctl key;

	(void)snprintf(key.name, sizeof(key.name), "%s", name);
	sysctl = state->sysctls.n == 0 ? NULL
				       : bsearch(&key, state->sysctls.list, state->sysctls.n,
						 sizeof(key), compare_sysctls);
	return sysctl ? sysctl->value : "";
}

/* ---- addresses ---- */

const char *gons_i_ip_text(const struct gons_i_ip *ip, char buf[GONS_I_IP_TEXT_SIZE])
{
	if (ip->family == 0 || !inet_ntop(ip->family, ip->bytes, buf, GONS_I_IP_TEXT_SIZE))
		(void)strcpy(buf, "?");
	return buf;
}

const char *gons_i_lladdr_text(const unsigned char *lladdr, size_t size,
			       char buf[GONS_I_LLADDR_TEXT_SIZE])
{
	buf[0] = '\0';
	for (size_t i = 0; i < size && i < GONS_I_LLADDR_SIZE; i++)
		(void)sprintf(buf + (i ? 3 * i - 1 : 0), i ? ":%02x" : "%02x", lladdr[i]);
	return buf;
}

static size_t ip_size(const struct gons_i_ip *ip)
{
	return ip->family == AF_INET ? 4 : ip->family == AF_INET6 ? 16 : 0;
}

bool gons_i_ip_same(const struct gons_i_ip *a, const struct gons_i_ip *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, ip_size(a)) == 0;
}

bool gons_i_ip_in(const struct gons_i_ip *ip, const struct gons_i_ip *network, unsigned length)
{
	const unsigned whole = length / 8, rest = length % 8;

	if (ip->family != network->family || length > 8 * ip_size(ip) ||
	    memcmp(ip->bytes, network->bytes, whole) != 0)
		return false;
	return rest == 0 || ((ip->bytes[whole] ^ network->bytes[whole]) >> (8 - rest)) == 0;
}

bool gons_i_ip_is_loopback(const struct gons_i_ip *ip)
{
	static const struct gons_i_ip loopback6 = { AF_INET6, { [15] = 1 } };

	return ip->family == AF_INET ? ip->bytes[0] == 127 : gons_i_ip_same(ip, &loopback6);
}

bool gons_i_ip_is_link_local(const struct gons_i_ip *ip)
{
	if (ip->family == AF_INET)
		return ip->bytes[0] == 169 && ip->bytes[1] == 254;
	return ip->family == AF_INET6 && ip->bytes[0] == 0xfe && (ip->bytes[1] & 0xc0) == 0x80;
}

bool gons_i_ip_is_any(const struct gons_i_ip *ip)
{
	static const unsigned char zeros[16];

	return memcmp(ip->bytes, zeros, ip_size(ip)) == 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gons_net_*(): creates networks, finds their hosts, and ends them with the scope.
 */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "gons/base/clock.h"
#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/core/netns_creation.h"
#include "gons/core/scope.h"
#include "net/build.h"
#include "net/end.h"
#include "net/host.h"
#include "net/net.h"

static void free_net(gons_net *net)
{
	int saved = errno;

	for (size_t i = 0; net->sets && net->rtnls && i <= net->model.n_hosts; i++) {
		gons_i_net_close_place(net, i);
		gons_i_rtnl_close(net->rtnls[i]);
	}
	free(net->sets);
	free(net->rtnls);
	free(net->texts);
	gons_i_net_model_free(&net->model);
	free(net);
	errno = saved;
}

static int end_net(void *data)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	gons_net *net = *(gons_net **)data;
	const int result = gons_i_net_end(net);

	free_net(net);
	return result;
}

static void drop_net(void *data)
{
	uncancelled int cancel = gons_i_forbid_cancel();

	free_net(*(gons_net **)data);
}

/* ---- creation ---- */

static int check_arguments(const char *plan, int types)
{
	if (!plan)
		return gons_i_fail(EINVAL, "plan is NULL");
	if ((types & ~(CLONE_NEWNS | CLONE_NEWUTS)) == 0)
		return 0;
	(void)gons_i_fail(EINVAL, "types has other bits than CLONE_NEWNS and CLONE_NEWUTS");
	gons_i_add_cause("besides its network namespace, a host can have only these two");
	return -1;
}

static void write_texts(gons_net *net)
{
	for (size_t i = 0; i < net->model.n_hosts; i++) {
		const struct gons_i_net_host *host = &net->model.hosts[i];

		for (size_t k = host->n_ports; k-- > 0;) {
			const struct gons_i_net_port *port = &net->model.ports[host->ports[k]];
			const struct gons_i_prefix *v4 = gons_i_net_port_address(port, AF_INET);
			const struct gons_i_prefix *v6 = gons_i_net_port_address(port, AF_INET6);

			if (v4)
				(void)inet_ntop(AF_INET, v4->bytes, net->texts[i].v4,
						sizeof(net->texts[i].v4));
			if (v6)
				(void)inet_ntop(AF_INET6, v6->bytes, net->texts[i].v6,
						sizeof(net->texts[i].v6));
		}
	}
}

static int create(gons_net *net, const char *plan, int types)
{
	if (gons_i_net_plan_read(plan, &net->model) < 0 || gons_i_net_complete(&net->model) < 0)
		return -1;
	net->sets = calloc(net->model.n_hosts, sizeof(gons_set *));
	net->rtnls = calloc(net->model.n_hosts + 1, sizeof(struct gons_i_rtnl *));
	net->texts = calloc(net->model.n_hosts, sizeof(*net->texts));
	if (!net->sets || !net->rtnls || !net->texts)
		return gons_i_fail(ENOMEM, "cannot create a network");
	write_texts(net);
	net->last_pid = gons_i_earlier_pid();
	if (gons_i_net_build(net, types) < 0)
		return -1;
	net->built_ns = gons_i_nanoseconds();
	return 0;
}

static void each_nsfd(const void *data, void (*fn)(int nsfd, const char *name, void *arg),
		      void *arg)
{
	const gons_net *net = *(gons_net *const *)data;

	for (size_t i = 0; i < net->model.n_hosts; i++) {
		fn(gons_set_fd(net->sets[i], CLONE_NEWNET), net->model.hosts[i].name, arg);
		if (gons_set_types(net->sets[i]) & CLONE_NEWNS)
			fn(gons_set_fd(net->sets[i], CLONE_NEWNS), net->model.hosts[i].name, arg);
	}
}

GONS_EXPORT gons_net *gons_net_new(const char *plan, int types)
{
	static const struct gons_i_undo undo = { .undo = end_net,
						 .drop = drop_net,
						 .each_nsfd = each_nsfd };
	uncancelled int cancel = gons_i_forbid_cancel();
	gons_net *net;

	if (check_arguments(plan, types) < 0 || gons_i_scope_reserve(1) < 0)
		return NULL;
	net = calloc(1, sizeof(*net));
	if (!net) {
		(void)gons_i_fail(ENOMEM, "cannot create a network");
		return NULL;
	}
	net->bridge_fd = -1;
	if (create(net, plan, types) < 0) {
		free_net(net);
		return NULL;
	}
	(void)gons_i_scope_push(&undo, &net, sizeof(net));
	return net;
}

/* ---- hosts ---- */

/* The index of a host. False with EINVAL or ENOENT, and message. */
static bool find(const gons_net *net, const char *host, size_t *ret_index)
{
	if (!net || !host) {
		(void)gons_i_fail(EINVAL, net ? "host is NULL" : "net is NULL");
		return false;
	}
	*ret_index = gons_i_net_find_host(&net->model, host);
	if (*ret_index < net->model.n_hosts)
		return true;
	(void)gons_i_fail(ENOENT, "the plan has no host \"%s\"", host);
	return false;
}

GONS_EXPORT const char *gons_net_host_name(const gons_net *net, size_t number)
{
	if (!net) {
		(void)gons_i_fail(EINVAL, "net is NULL");
		return NULL;
	}
	if (number < net->model.n_hosts)
		return net->model.hosts[number].name;
	(void)gons_i_fail(ENOENT, "number is %zu, but the plan has only %zu hosts, from 0 on",
			  number, net->model.n_hosts);
	return NULL;
}

GONS_EXPORT const gons_set *gons_net_host(const gons_net *net, const char *host)
{
	size_t i;

	return find(net, host, &i) ? net->sets[i] : NULL;
}

GONS_EXPORT int gons_net_nsfd(const gons_net *net, const char *host)
{
	size_t i;

	return find(net, host, &i) ? gons_set_fd(net->sets[i], CLONE_NEWNET) : -1;
}

GONS_EXPORT int gons_net_ifindex(const gons_net *net, const char *host, const char *link)
{
	const struct gons_i_net_host *found;
	size_t i;

	if (!find(net, host, &i))
		return -1;
	if (!link)
		return gons_i_fail(EINVAL, "link is NULL");
	found = &net->model.hosts[i];
	for (size_t k = 0; k < found->n_ports; k++)
		if (strcmp(net->model.ports[found->ports[k]].link, link) == 0)
			return net->model.ports[found->ports[k]].ifindex;
	return gons_i_fail(ENODEV, "the host %s has no link \"%s\"", host, link);
}

GONS_EXPORT const char *gons_net_address(const gons_net *net, const char *host, int family)
{
	const char *text;
	size_t i;

	if (!find(net, host, &i))
		return NULL;
	if (family != AF_INET && family != AF_INET6) {
		(void)gons_i_fail(EAFNOSUPPORT, "family is %d, not AF_INET or AF_INET6", family);
		return NULL;
	}
	text = family == AF_INET ? net->texts[i].v4 : net->texts[i].v6;
	if (text[0])
		return text;
	(void)gons_i_fail(EADDRNOTAVAIL, "the host %s has no %s address", host,
			  family == AF_INET ? "IPv4" : "IPv6");
	return NULL;
}

GONS_EXPORT int gons_net_execute(const gons_net *net, const char *host, void (*fn)(void *),
				 void *arg)
{
	static const int types[] = { CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWUTS };
	int nsfds[3];
	size_t i, n = 0;

	if (!find(net, host, &i))
		return -1;
	for (size_t k = 0; k < 3; k++)
		if (gons_set_types(net->sets[i]) & types[k])
			nsfds[n++] = gons_set_fd(net->sets[i], types[k]);
	return gons_execute_all(nsfds, n, fn, arg);
}

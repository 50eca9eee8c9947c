/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Creates the namespaces, links, addresses and routes of a model.
 *
 * The calling thread enters each namespace, and returns. With mount namespaces, a new thread does
 * this instead, since a thread that has entered one no longer shares root and working directory
 * with others. It first creates all namespaces, then all links over one socket. Then it
 * configures one host after the other, each by one batch of requests.
 *
 * It waits as little as possible: IPv6 addresses skip duplicate address detection, and a request
 * for a link makes the kernel (from 6.11 on) update its state at once. For the rest, it waits for
 * notifications.
 */
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/core/saved_context.h"
#include "gons/core/switch.h"
#include "gons/core/thread.h"
#include "mntns/etc_files.h"
#include "net/build.h"
#include "net/configure.h"
#include "net/host.h"
#include "net/links.h"

struct build {
	gons_net *net;
	int types;
	rlim_t sockets_end; /* the descriptors of kept sockets are below */
	char *hosts_text; /* with CLONE_NEWNS */
	size_t hosts_size;
	pid_t tid;
	struct gons_i_rtnl *rtnls; /* that the thread has opened */
	bool is_done; /* if not, see failure */
	struct gons_i_failure failure;
};

static bool has_bridge(const struct gons_i_net_model *model)
{
	for (size_t i = 0; i < model->n_segments; i++)
		if (model->segments[i].name[0])
			return true;
	return false;
}

/* A mount namespace with the names of all hosts, of which each host gets a copy. */
static int prepare_mounts(const struct build *build, struct gons_i_context *ret_base)
{
	if (gons_i_net_enter_mounts() < 0 || gons_i_etc_files_create() < 0 ||
	    gons_i_etc_hosts_add(build->hosts_text, build->hosts_size) < 0)
		return -1;
	return gons_i_context_save(CLONE_NEWNS, ret_base);
}

/*
 * Opens the socket of the namespace that the calling thread is in, and keeps it until the network
 * ends, if most descriptors are left to the program. The kernel counts a netlink socket for some
 * milliseconds after it was closed, and the end of the network counts the sockets of its hosts.
 */
static void keep_socket(const struct build *build, size_t number)
{
	gons_net *net = build->net;
	struct gons_i_rtnl *rtnl = NULL;

	if (build->sockets_end > 0)
		rtnl = gons_i_rtnl_open(gons_i_net_place_fd(net, number));
	if (rtnl && (rlim_t)gons_i_rtnl_fd(rtnl) < build->sockets_end)
		net->rtnls[number] = gons_i_rtnl_ref(rtnl);
	net->keeps_rtnls &= net->rtnls[number] != NULL;
	gons_i_rtnl_close(rtnl);
}

static int create_hosts(struct build *build, const struct gons_i_context *base)
{
	gons_net *net = build->net;

	for (size_t i = 0; i < net->model.n_hosts; i++) {
		net->sets[i] = gons_i_net_host_create(&net->model.hosts[i], build->types);
		if (!net->sets[i])
			return -1;
		keep_socket(build, i);
		/* The next one is a copy of the first, and not of this one. */
		if (base && gons_i_context_restore(base) < 0)
			return -1;
	}
	return 0;
}

static int create_namespaces(struct build *build)
{
	struct gons_i_context base;
	int result;

	if (has_bridge(&build->net->model)) {
		build->net->bridge_fd = gons_i_net_bridges_create();
		if (build->net->bridge_fd < 0)
			return -1;
		keep_socket(build, build->net->model.n_hosts);
	}
	if (!(build->types & CLONE_NEWNS))
		return create_hosts(build, NULL);
	if (prepare_mounts(build, &base) < 0)
		return -1;
	result = create_hosts(build, &base);
	gons_i_context_close(&base);
	return result;
}

static int build_all(struct build *build)
{
	const gons_net *net = build->net;

	if (create_namespaces(build) < 0 ||
	    gons_i_net_links_create(&net->model, net->sets, net->bridge_fd) < 0)
		return -1;
	return gons_i_net_configure(&net->model, net->sets, net->bridge_fd);
}

/* Without a mount namespace: the calling thread returns exactly to what it was. */
static int run_here(struct build *build)
{
	const int types = CLONE_NEWNET | build->types;
	struct gons_i_context saved;
	int result;

	if (gons_i_context_save_checked(NULL, 0, types, GONS_I_RETURN_CHECK_AGAIN, &saved) < 0)
		return -1;
	result = build_all(build) < 0 ? gons_i_switch_undo(&saved, types)
				      : gons_i_context_restore(&saved);
	gons_i_context_close(&saved);
	return result;
}

static void *run(void *arg)
{
	struct build *build = arg;

	build->tid = (pid_t)syscall(SYS_gettid);
	build->is_done = build_all(build) == 0;
	if (!build->is_done)
		gons_i_failure_save(&build->failure);
	build->rtnls = gons_i_rtnl_give_all();
	return NULL;
}

static int run_on_thread(struct build *build)
{
	pthread_t thread;
	int errnum = gons_i_thread_create(&thread, GONS_I_STACK_SMALL, run, build);

	if (errnum != 0)
		return gons_i_fail_thread(errnum, "cannot create a thread that builds a network");
	gons_i_thread_join(thread, &build->tid);
	gons_i_rtnl_take_all(build->rtnls);
	return build->is_done ? 0 : gons_i_failure_restore(&build->failure);
}

/* Half of the limit, if sockets and namespaces together take at most that; otherwise 0. */
static rlim_t find_sockets_end(const struct gons_i_net_model *model)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur / 4 >= model->n_hosts
		       ? limit.rlim_cur / 2
		       : 0;
}

int gons_i_net_build(gons_net *net, int types)
{
	struct build build = { .net = net,
			       .types = types,
			       .sockets_end = find_sockets_end(&net->model) };
	int result;

	net->keeps_rtnls = true;
	if (types & CLONE_NEWNS) {
		build.hosts_text = gons_i_net_hosts_text(&net->model, &build.hosts_size);
		if (!build.hosts_text)
			return -1;
	}
	result = types & CLONE_NEWNS ? run_on_thread(&build) : run_here(&build);
	free(build.hosts_text);
	return result;
}

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
	const struct gons_i_net_model *model;
	int types;
	gons_set **sets;
	int bridge_fd;
	char *hosts_text; /* with CLONE_NEWNS */
	size_t hosts_size;
	pid_t tid;
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

static int create_hosts(struct build *build, const struct gons_i_context *base)
{
	const struct gons_i_net_model *model = build->model;

	for (size_t i = 0; i < model->n_hosts; i++) {
		build->sets[i] = gons_i_net_host_create(&model->hosts[i], build->types);
		if (!build->sets[i])
			return -1;
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

	if (has_bridge(build->model)) {
		build->bridge_fd = gons_i_net_bridges_create();
		if (build->bridge_fd < 0)
			return -1;
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
	if (create_namespaces(build) < 0 ||
	    gons_i_net_links_create(build->model, build->sets, build->bridge_fd) < 0)
		return -1;
	return gons_i_net_configure(build->model, build->sets, build->bridge_fd);
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
	return NULL;
}

static int run_on_thread(struct build *build)
{
	pthread_t thread;
	int errnum = gons_i_thread_create(&thread, GONS_I_STACK_SMALL, run, build);

	if (errnum != 0)
		return gons_i_fail_thread(errnum, "cannot create a thread that builds a network");
	gons_i_thread_join(thread, &build->tid);
	return build->is_done ? 0 : gons_i_failure_restore(&build->failure);
}

int gons_i_net_build(const struct gons_i_net_model *model, int types, gons_set **sets,
		     int *ret_bridge_fd)
{
	struct build build = { .model = model, .types = types, .sets = sets, .bridge_fd = -1 };
	int result;

	if (types & CLONE_NEWNS) {
		build.hosts_text = gons_i_net_hosts_text(model, &build.hosts_size);
		if (!build.hosts_text)
			return -1;
	}
	result = types & CLONE_NEWNS ? run_on_thread(&build) : run_here(&build);
	free(build.hosts_text);
	*ret_bridge_fd = build.bridge_fd;
	return result;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <gons/leak.h>
#include <gons/link.h>
#include <gons/mntns.h>
#include <gons/netns.h>
#include <gons/privilege.h>

enum { SWITCHABLE = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP };

static int fds[5];
static const char *procfsroot;
static int mark;
static gons_leaks *leaks;
static struct gons_link pair, bridge;

/* A descriptor is the scope's; a failure is what counts. */
static int negative_or_0(int value)
{
	return value < 0 ? -1 : 0;
}

static int zero_is_failure(uint64_t value)
{
	return value == 0 ? -1 : 0;
}

static void nothing(void *arg)
{
	(void)arg;
}

/* ---- preparations ---- */

static int make_net(void)
{
	fds[0] = gons_new_transient(CLONE_NEWNET);
	return negative_or_0(fds[0]);
}

static int make_mnt(void)
{
	fds[0] = gons_mntns_new_transient(&procfsroot);
	return negative_or_0(fds[0]);
}

static int make_five(void)
{
	const int types[] = { CLONE_NEWNET, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWCGROUP };

	for (int i = 0; i < 4; i++) {
		fds[i + 1] = gons_new_transient(types[i]);
		if (fds[i + 1] < 0)
			return -1;
	}
	return make_mnt();
}

static int enter_net(void)
{
	return gons_netns_enter_transient();
}

static int enter_net_and_mnt(void)
{
	return gons_enter_transient(CLONE_NEWNET | CLONE_NEWNS);
}

static int begin_and_enter(void)
{
	mark = gons_scope_begin();
	return mark < 0 ? -1 : gons_enter_transient(SWITCHABLE);
}

static int begin_and_open(void)
{
	mark = gons_scope_begin();
	return mark < 0 ? -1 : negative_or_0(gons_current(CLONE_NEWNET));
}

static int begin_and_make_mnt(void)
{
	mark = gons_scope_begin();
	return mark < 0 ? -1 : make_mnt();
}

static int remember_leaks(void)
{
	leaks = gons_leaks_begin();
	return leaks ? 0 : -1;
}

/* Into a new network namespace, beside another one. */
static int enter_net_beside_another(void)
{
	return make_net() < 0 ? -1 : enter_net();
}

static int make_pair(void)
{
	struct gons_link_options options = { .peer_nsfd = -1, .up = 1 };

	if (enter_net_beside_another() < 0)
		return -1;
	options.peer_nsfd = fds[0];
	return gons_veth_new_transient(&options, &pair);
}

static int make_pair_and_bridge(void)
{
	return make_pair() < 0 ? -1 : gons_bridge_new_transient(NULL, &bridge);
}

static int begin_and_make_pair(void)
{
	if (enter_net_beside_another() < 0)
		return -1;
	mark = gons_scope_begin();
	return mark < 0 ? -1 : gons_veth_new_transient(NULL, &pair);
}

/* ---- calls ---- */

static int call_type(void)
{
	return negative_or_0(gons_type(fds[0]));
}

static int call_open(void)
{
	return negative_or_0(gons_open("/proc/thread-self/ns/net", CLONE_NEWNET));
}

static int call_current(void)
{
	return negative_or_0(gons_current(CLONE_NEWNET));
}

static int call_ino(void)
{
	return zero_is_failure(gons_ino(fds[0], CLONE_NEWNET));
}

static int call_path_ino(void)
{
	return zero_is_failure(gons_path_ino("/proc/thread-self/ns/net", CLONE_NEWNET));
}

static int call_current_ino(void)
{
	return zero_is_failure(gons_current_ino(CLONE_NEWNET));
}

static int call_scope_begin(void)
{
	/* As many that the stack has to grow. */
	for (int i = 0; i < 100; i++)
		if (gons_scope_begin() < 0)
			return -1;
	return 0;
}

static int call_scope_end(void)
{
	/* A record is taken off before it is undone, so the mark is good for one end. */
	return mark < 0 ? 0 : gons_scope_end(mark) < 0 ? (mark = -1) : 0;
}

static int call_defer(void)
{
	return gons_defer(nothing, NULL);
}

static int call_enter_transient(void)
{
	return gons_enter_transient(SWITCHABLE);
}

static int call_enter(void)
{
	return gons_enter(fds[0]);
}

static int call_new_transient(void)
{
	return negative_or_0(gons_new_transient(CLONE_NEWNET));
}

static int call_execute(void)
{
	return gons_execute(fds[0], nothing, NULL);
}

static int call_execute_all(void)
{
	return gons_execute_all(fds, 5, nothing, NULL);
}

static int call_netns_loopback_up(void)
{
	return gons_netns_loopback_up();
}

static int call_mntns_new_transient(void)
{
	return negative_or_0(gons_mntns_new_transient(&procfsroot));
}

static int call_mntns_mount_sysfs_ro(void)
{
	return gons_mntns_mount_sysfs_ro();
}

static int call_sysfs_open(void)
{
	return negative_or_0(gons_sysfs_open());
}

static int call_procfsroot_open(void)
{
	int fd = gons_procfsroot_open(procfsroot, "/proc", O_RDONLY);

	return fd < 0 ? -1 : (close(fd), 0);
}

static int call_procfsroot_resolve(void)
{
	char *path = gons_procfsroot_resolve(procfsroot, "/proc", 0);

	free(path);
	return path ? 0 : -1;
}

static int call_link_new_transient(void)
{
	struct gons_link_options options = { .peer_nsfd = fds[0], .up = 1 };

	return gons_link_new_transient("veth", &options, &pair);
}

static int call_link_with_parent(void)
{
	struct gons_link_options options = { .nsfd = fds[0], .parent_ifindex = pair.ifindex };

	return gons_macvlan_new_transient(&options, NULL);
}

static int call_link_up(void)
{
	return gons_link_up(-1, pair.ifindex, 1000);
}

static int call_link_delete(void)
{
	return gons_link_delete(-1, pair.ifindex);
}

static int call_link_set_master(void)
{
	return gons_link_set_master(-1, pair.ifindex, bridge.ifindex);
}

static int call_address_add(void)
{
	static int n;
	static const char *const addresses[] = { "fd00::1/64", "fd00::2/64" };

	return gons_address_add(fds[0], pair.peer_ifindex, addresses[n++ % 2]);
}

static int call_netns_mnl_open(void)
{
	return gons_netns_mnl_open(fds[0], NETLINK_ROUTE) ? 0 : -1;
}

static int call_netns_nsid(void)
{
	return negative_or_0(gons_netns_nsid(fds[0]));
}

static int call_can(void)
{
	return gons_can(CLONE_NEWNET | CLONE_NEWNS) ? 0 : -1;
}

static int call_can_user(void)
{
	return gons_can(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWPID) ? 0 : -1;
}

static int call_can_link(void)
{
	return gons_can_link("veth") ? 0 : -1;
}

static int call_has_cap(void)
{
	return negative_or_0(gons_has_cap(21)); /* CAP_SYS_ADMIN */
}

static int call_become_root(void)
{
	return gons_become_root();
}

static int call_leaks_begin(void)
{
	gons_leaks *begun = gons_leaks_begin();

	return begun ? negative_or_0(gons_leaks_end(begun, NULL, NULL)) : -1;
}

static int call_leaks_end(void)
{
	int result = leaks ? gons_leaks_end(leaks, NULL, NULL) : 0;

	leaks = NULL; /* freed in any case */
	return negative_or_0(result);
}

const struct scenario scenarios[] = {
	{ "gons_type", call_type, make_net, 0, 0 },
	{ "gons_open", call_open, NULL, 0, 0 },
	{ "gons_current", call_current, NULL, 0, 0 },
	{ "gons_ino", call_ino, make_net, 0, 0 },
	{ "gons_path_ino", call_path_ino, NULL, 0, 0 },
	{ "gons_current_ino", call_current_ino, NULL, 0, 0 },
	{ "gons_scope_begin", call_scope_begin, NULL, 0, 0 },
	{ "gons_scope_end, namespaces", call_scope_end, begin_and_enter, 0, 1 },
	{ "gons_scope_end, a descriptor", call_scope_end, begin_and_open, 0, 1 },
	{ "gons_scope_end, an idle thread", call_scope_end, begin_and_make_mnt, 0, 1 },
	{ "gons_defer", call_defer, NULL, 0, 0 },
	{ "gons_enter_transient", call_enter_transient, NULL, 0, 0 },
	{ "gons_enter, net", call_enter, make_net, 0, 0 },
	{ "gons_enter, mnt", call_enter, make_mnt, 0, 0 },
	{ "gons_new_transient", call_new_transient, NULL, 0, 0 },
	{ "gons_execute, net", call_execute, make_net, 0, 0 },
	{ "gons_execute, mnt", call_execute, make_mnt, 0, 0 },
	{ "gons_execute_all", call_execute_all, make_five, 0, 0 },
	{ "gons_netns_loopback_up", call_netns_loopback_up, enter_net, 0, 0 },
	{ "gons_netns_mnl_open", call_netns_mnl_open, make_net, 0, 0 },
	{ "gons_netns_nsid", call_netns_nsid, enter_net_beside_another, 0, 0 },
	{ "gons_link_new_transient", call_link_new_transient, enter_net_beside_another, 0, 0 },
	{ "gons_macvlan_new_transient", call_link_with_parent, make_pair, 0, 0 },
	{ "gons_link_up", call_link_up, make_pair, 0, 0 },
	{ "gons_link_delete", call_link_delete, make_pair, 0, 0 },
	{ "gons_link_set_master", call_link_set_master, make_pair_and_bridge, 0, 0 },
	{ "gons_address_add", call_address_add, make_pair, 0, 0 },
	{ "gons_scope_end, a link", call_scope_end, begin_and_make_pair, 0, 1 },
	{ "gons_mntns_new_transient", call_mntns_new_transient, NULL, 0, 0 },
	{ "gons_mntns_mount_sysfs_ro", call_mntns_mount_sysfs_ro, enter_net_and_mnt, 0, 0 },
	{ "gons_sysfs_open", call_sysfs_open, enter_net, 0, 0 },
	{ "gons_procfsroot_open", call_procfsroot_open, make_mnt, 0, 0 },
	{ "gons_procfsroot_resolve", call_procfsroot_resolve, make_mnt, 0, 0 },
	{ "gons_can, net and mnt", call_can, NULL, 0, 0 },
	{ "gons_can, user, net and pid", call_can_user, NULL, 0, 0 },
	{ "gons_can_link", call_can_link, NULL, 0, 0 },
	{ "gons_has_cap", call_has_cap, NULL, 0, 0 },
	{ "gons_become_root", call_become_root, NULL, 1, 0 },
	{ "gons_leaks_begin", call_leaks_begin, NULL, 0, 0 },
	{ "gons_leaks_end", call_leaks_end, remember_leaks, 0, 0 },
};
const size_t n_scenarios = sizeof(scenarios) / sizeof(scenarios[0]);

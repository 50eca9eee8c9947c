/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gons/leak.h>
#include <gons/ip.h>
#include <gons/link.h>
#include <gons/mntns.h>
#include <gons/net.h>
#include <gons/netns.h>
#include <gons/privilege.h>
#include <gons/process.h>
#include <gons/reexec.h>
#include <gons/set.h>
#include <gons/test.h>

enum { SWITCHABLE = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP };

static int fds[5];
static const char *procfsroot;
static int mark;
static gons_leaks *leaks;
static struct gons_link pair, bridge;
static gons_set *set;
static gons_pool *pool;
static gons_net *network;

/* The scope closes the descriptor, so only a failure counts. */
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

/* Enters a new network namespace, and holds another one. */
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

/* Brings up the loopback link there. */
static void bring_up_loopback(void *arg)
{
	*(int *)arg = gons_netns_loopback_up();
}

static int make_pair_and_route(void)
{
	int result = -1;

	if (make_pair() < 0 || gons_netns_execute(fds[0], bring_up_loopback, &result) < 0)
		return -1;
	return result;
}

static int make_net_and_server(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(9) };
	int fd;

	if (make_net() < 0)
		return -1;
	fd = gons_netns_socket(fds[0], AF_INET, SOCK_DGRAM, 0);
	return fd < 0 ? -1 : bind(fd, (struct sockaddr *)&any, sizeof(any));
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

/* A scope does not own a set, so a record closes it. */
static void close_set(void *arg)
{
	(void)arg;
	gons_set_close(set);
}

static int make_set(int types)
{
	set = gons_set_unshare(NULL, types, NULL);
	return set ? gons_defer(close_set, NULL) : -1;
}

static int make_net_set(void)
{
	return make_set(CLONE_NEWNET | CLONE_NEWUTS);
}

static int make_mnt_set(void)
{
	return make_set(CLONE_NEWNET | CLONE_NEWNS);
}

static int make_user_set(void)
{
	return make_set(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWPID);
}

static void close_pool(void *arg)
{
	(void)arg;
	gons_pool_close(pool);
}

static int make_pool(void)
{
	pool = gons_pool_new(CLONE_NEWUTS, NULL, NULL);
	return pool ? gons_defer(close_pool, NULL) : -1;
}

/* Enters a mount namespace with a tmpfs, where namespaces can be mounted. */
static int make_net_set_and_place(void)
{
	if (make_net_set() < 0 || gons_mntns_enter_transient() < 0)
		return -1;
	return mount("gons", "/tmp", "tmpfs", 0, NULL);
}

static const char *netns_path(void)
{
	static char path[32];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
	return path;
}

/* ---- calls ---- */

static int call_type(void)
{
	return negative_or_0(gons_type(fds[0]));
}

static int call_path_type(void)
{
	return negative_or_0(gons_path_type("/proc/self/ns/net"));
}

/* After a failure the descriptor is closed all the same, as after close(2). */
static int call_close(void)
{
	int fd = fds[0];

	fds[0] = -1;
	return fd < 0 ? 0 : gons_close(fd);
}

static int call_keep(void)
{
	int fd = gons_keep(fds[0]);

	if (fd >= 0)
		(void)close(fd);
	return negative_or_0(fd);
}

static int call_in(void)
{
	int calls = 0;

	GONS_IN(fds[0])
		calls++;
	return calls == 1 ? 0 : -1;
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
	/* Defers enough calls to let the stack grow. */
	for (int i = 0; i < 100; i++)
		if (gons_scope_begin() < 0)
			return -1;
	return 0;
}

static int call_scope_end(void)
{
	/* A record is removed before it is undone, so the mark works once. */
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

static int call_mntns_mount_sysfs_rw(void)
{
	return gons_mntns_mount_sysfs_rw();
}

static int call_mntns_private(void)
{
	return gons_mntns_private(GONS_PRIVATE_RUN | GONS_PRIVATE_TMP | GONS_PRIVATE_NAMES);
}

static int make_names(void)
{
	return enter_net_and_mnt() < 0 ? -1 : gons_mntns_private(GONS_PRIVATE_NAMES);
}

static int call_mntns_add_host(void)
{
	return gons_mntns_add_host("server", "10.0.0.1");
}

static int call_net_new(void)
{
	return gons_net_new("a -- b; lan: b, c", CLONE_NEWNS | CLONE_NEWUTS) ? 0 : -1;
}

static int make_network(void)
{
	network = gons_net_new("a -- b", 0);
	return network ? 0 : -1;
}

static int call_net_execute(void)
{
	return gons_net_execute(network, "a", nothing, NULL);
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

static int call_address_delete(void)
{
	(void)gons_address_add(fds[0], pair.peer_ifindex, "10.0.0.7/24"); /* may be there */
	return gons_address_delete(fds[0], pair.peer_ifindex, "10.0.0.7/24");
}

static int call_address_wait(void)
{
	return gons_address_wait(fds[0], 1, 0);
}

static int call_route_add(void)
{
	static int n;
	static const char *const routes[] = { "10.1.0.0/16", "10.2.0.0/16" };

	return gons_route_add(fds[0], routes[n++ % 2], NULL, 1);
}

static int call_route_delete(void)
{
	(void)gons_route_add(fds[0], "10.3.0.0/16", NULL, 1); /* may be there */
	return gons_route_delete(fds[0], "10.3.0.0/16", NULL, 1);
}

static int call_neighbour_add(void)
{
	static const unsigned char mac[6] = { 2, 0, 0, 0, 0, 1 };

	return gons_neighbour_add(fds[0], pair.peer_ifindex, "10.0.0.9", mac);
}

static int call_link_down(void)
{
	return gons_link_down(-1, pair.ifindex);
}

static int call_link_rename(void)
{
	static int n;

	return gons_link_rename(-1, pair.ifindex, n++ % 2 ? "eth0" : "eth1");
}

static int call_link_set_mtu(void)
{
	return gons_link_set_mtu(-1, pair.ifindex, 1400);
}

static int call_link_move(void)
{
	return gons_link_move(fds[0], pair.peer_ifindex, fds[0], NULL) < 0 ? -1 : 0;
}

static int call_link_offload(void)
{
	return gons_link_offload(fds[0], pair.peer_ifindex, false);
}

static int call_tap_new_transient(void)
{
	return negative_or_0(gons_tap_new_transient(NULL, NULL));
}

static int call_netns_socket(void)
{
	return negative_or_0(gons_netns_socket(fds[0], AF_INET, SOCK_DGRAM, 0));
}

static int call_netns_sysctl_set(void)
{
	return gons_netns_sysctl_set(fds[0], "net.ipv4.ip_forward", "1");
}

static int call_netns_sysctl_get(void)
{
	char value[8];

	return gons_netns_sysctl_get(fds[0], "net.ipv4.ip_forward", value, sizeof(value));
}

static int call_netns_wait_listen(void)
{
	return gons_netns_wait_listen(fds[0], SOCK_DGRAM, 9, 0);
}

static int call_enter_network(void)
{
	return gons_enter_network();
}

static int call_netns_mnl_open(void)
{
	return gons_netns_mnl_open(fds[0], NETLINK_ROUTE) ? 0 : -1;
}

static int call_netns_nsid(void)
{
	return negative_or_0(gons_netns_nsid(fds[0]));
}

GONS_ACTION(print)
{
	return printf("printed\n") == 8 ? 0 : 1;
}

static int call_reexec_run(void)
{
	const struct gons_nsref net = { "!net", netns_path() };
	const struct gons_reexec job = { .action = "print",
					 .namespaces = &net,
					 .n_namespaces = 1,
					 .param = "parameter",
					 .param_size = 9 };
	struct gons_reexec_result result;
	int done = gons_reexec_run(&job, &result);

	if (done == 0 && strcmp(result.output, "printed\n") != 0)
		abort();
	gons_reexec_result_free(&result);
	return done;
}

static int call_process_run(void)
{
	static const char *const argv[] = { "cat", NULL };
	const struct gons_process_options options = { .nsfd = fds[0],
						      .input = "printed",
						      .input_size = 7 };
	struct gons_process_result result;
	int done = gons_process_run(argv, &options, &result);

	if (done == 0 && (result.status != 0 || strcmp(result.output, "printed") != 0))
		abort();
	gons_process_result_free(&result);
	return done;
}

/* Without input the supervisor runs in the memory of the caller. */
static int call_process_run_without_input(void)
{
	static const char *const argv[] = { "echo", "printed", NULL };
	const struct gons_process_options options = { .nsfd = fds[0] };
	struct gons_process_result result;
	int done = gons_process_run(argv, &options, &result);

	if (done == 0 && (result.status != 0 || strcmp(result.output, "printed\n") != 0))
		abort();
	gons_process_result_free(&result);
	return done;
}

static int call_process_start(void)
{
	static const char *const argv[] = { "cat", NULL };
	const struct gons_process_options options = { .nsfd = fds[0],
						      .input = "printed",
						      .input_size = 7 };

	return gons_process_start(argv, &options) ? 0 : -1;
}

/* Returns whether there is a set, and closes it. */
static int is_set(gons_set *made)
{
	int saved = errno;

	gons_set_close(made);
	errno = saved;
	return made ? 0 : -1;
}

static int call_set_current(void)
{
	return is_set(gons_set_current(SWITCHABLE));
}

static int call_set_from_pid(void)
{
	return is_set(gons_set_from_pid(getpid(), SWITCHABLE));
}

static int call_set_from_dir(void)
{
	return is_set(gons_set_from_dir("/proc/thread-self/ns", SWITCHABLE));
}

static int call_set_unshare(void)
{
	return is_set(gons_set_unshare(NULL, SWITCHABLE, NULL));
}

static int call_set_unshare_user(void)
{
	return is_set(gons_set_unshare(NULL, CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWPID, NULL));
}

static int call_set_unshare_options(void)
{
	const struct gons_idmap ids = { 0, geteuid(), 1 };
	const struct gons_set_options options = { .maps = { .uid = &ids, .n_uid = 1 },
						  .boottime = { 1000, 0 } };

	return is_set(
		gons_set_unshare(set, CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWTIME, &options));
}

static int call_set_pid(void)
{
	return gons_set_pid(set) > 0 ? 0 : -1;
}

static int call_set_dup(void)
{
	return is_set(gons_set_dup(set, CLONE_NEWNET));
}

static int call_set_id(void)
{
	char id[32];

	return gons_set_id(set, CLONE_NEWNET, id, sizeof(id));
}

static int call_set_enter(void)
{
	return gons_set_enter(set);
}

static int call_set_mount(void)
{
	return gons_set_mount(set, "/tmp");
}

static int call_set_do(void)
{
	return gons_set_do(set, nothing, NULL);
}

static bool nothing_left(void *arg)
{
	(void)arg;
	return true;
}

static int call_set_do_restore(void)
{
	return gons_set_do_restore(set, nothing_left, NULL);
}

static int return_0(void *arg)
{
	(void)arg;
	return 0;
}

static int call_set_run(void)
{
	int status = -1;
	int done = gons_set_run(set, return_0, NULL, &status);

	if (done == 0 && status != 0)
		abort();
	return done;
}

static int call_pool_get(void)
{
	return is_set(gons_pool_get(pool));
}

static int call_pool_start(void)
{
	return gons_pool_start(pool, 2);
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
	return gons_has_cap(0) || errno == EPERM ? 0 : -1; /* CAP_CHOWN */
}

static int call_become_root(void)
{
	return gons_become_root();
}

static int call_enter_user_namespace(void)
{
	return gons_enter_user_namespace(NULL);
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

static int call_leaks_accept(void)
{
	return gons_leaks_accept();
}

/* gons_test_end() also fails if it cannot inspect something. Its message is a list of findings. */
static int call_test(void)
{
	int result = gons_test_begin("a test", 0);
	int errnum = errno;

	if (result == 0)
		return gons_test_end(false);
	(void)gons_test_end(true);
	errno = errnum;
	return -1;
}

static void show_sysctls(void *arg)
{
	(void)arg;
	(void)umount2("/proc/sys/net", MNT_DETACH);
}

static FILE *null;

static void close_null(void *arg)
{
	(void)arg;
	(void)fclose(null);
}

/* Without the sysctls, of which there are a thousand that are read in the same way. */
static int make_reported_network(void)
{
	null = fopen("/dev/null", "we");
	if (!null || gons_defer(close_null, NULL) < 0 || make_pair() < 0 ||
	    gons_defer(show_sysctls, NULL) < 0)
		return -1;
	return mount("none", "/proc/sys/net", "tmpfs", 0, NULL);
}

/* What cannot be read is told in the report, so that most faults are none of the call. */
static int call_report(void)
{
	clearerr(null); /* for the second time */
	return gons_report(null);
}

const struct scenario scenarios[] = {
	{ .name = "gons_type", .call = call_type, .prepare = make_net },
	{ .name = "gons_path_type", .call = call_path_type },
	{ .name = "gons_open", .call = call_open },
	{ .name = "gons_close", .call = call_close, .prepare = make_net, .undoes = true },
	{ .name = "gons_keep", .call = call_keep, .prepare = make_net },
	{ .name = "gons_current", .call = call_current },
	{ .name = "gons_ino", .call = call_ino, .prepare = make_net },
	{ .name = "gons_path_ino", .call = call_path_ino },
	{ .name = "gons_current_ino", .call = call_current_ino },
	{ .name = "gons_scope_begin", .call = call_scope_begin },
	{ .name = "gons_scope_end, namespaces",
	  .call = call_scope_end,
	  .prepare = begin_and_enter,
	  .undoes = true },
	{ .name = "gons_scope_end, a descriptor",
	  .call = call_scope_end,
	  .prepare = begin_and_open,
	  .undoes = true },
	{ .name = "gons_scope_end, an idle thread",
	  .call = call_scope_end,
	  .prepare = begin_and_make_mnt,
	  .undoes = true },
	{ .name = "gons_defer", .call = call_defer },
	{ .name = "gons_enter_transient", .call = call_enter_transient },
	{ .name = "gons_enter, net", .call = call_enter, .prepare = make_net },
	{ .name = "gons_enter, mnt", .call = call_enter, .prepare = make_mnt },
	{ .name = "GONS_IN, net", .call = call_in, .prepare = make_net, .is_block = true },
	{ .name = "GONS_IN, mnt", .call = call_in, .prepare = make_mnt, .is_block = true },
	{ .name = "gons_new_transient", .call = call_new_transient },
	{ .name = "gons_execute, net", .call = call_execute, .prepare = make_net },
	{ .name = "gons_execute, mnt", .call = call_execute, .prepare = make_mnt },
	{ .name = "gons_execute_all", .call = call_execute_all, .prepare = make_five },
	{ .name = "gons_netns_loopback_up", .call = call_netns_loopback_up, .prepare = enter_net },
	{ .name = "gons_netns_mnl_open", .call = call_netns_mnl_open, .prepare = make_net },
	{ .name = "gons_netns_nsid", .call = call_netns_nsid, .prepare = enter_net_beside_another },
	{ .name = "gons_link_new_transient",
	  .call = call_link_new_transient,
	  .prepare = enter_net_beside_another },
	{ .name = "gons_macvlan_new_transient",
	  .call = call_link_with_parent,
	  .prepare = make_pair },
	{ .name = "gons_link_up", .call = call_link_up, .prepare = make_pair },
	{ .name = "gons_link_delete", .call = call_link_delete, .prepare = make_pair },
	{ .name = "gons_link_set_master",
	  .call = call_link_set_master,
	  .prepare = make_pair_and_bridge },
	{ .name = "gons_address_add", .call = call_address_add, .prepare = make_pair },
	{ .name = "gons_address_delete", .call = call_address_delete, .prepare = make_pair },
	{ .name = "gons_address_wait", .call = call_address_wait, .prepare = make_net },
	{ .name = "gons_route_add", .call = call_route_add, .prepare = make_pair_and_route },
	{ .name = "gons_route_delete", .call = call_route_delete, .prepare = make_pair_and_route },
	{ .name = "gons_neighbour_add", .call = call_neighbour_add, .prepare = make_pair },
	{ .name = "gons_link_down", .call = call_link_down, .prepare = make_pair },
	{ .name = "gons_link_rename", .call = call_link_rename, .prepare = make_pair },
	{ .name = "gons_link_set_mtu", .call = call_link_set_mtu, .prepare = make_pair },
	{ .name = "gons_link_move", .call = call_link_move, .prepare = make_pair },
	{ .name = "gons_link_offload", .call = call_link_offload, .prepare = make_pair },
	{ .name = "gons_tap_new_transient",
	  .call = call_tap_new_transient,
	  .prepare = enter_net,
	  .link = "tap" },
	{ .name = "gons_netns_socket", .call = call_netns_socket, .prepare = make_net },
	{ .name = "gons_netns_sysctl_set", .call = call_netns_sysctl_set, .prepare = make_net },
	{ .name = "gons_netns_sysctl_get", .call = call_netns_sysctl_get, .prepare = make_net },
	{ .name = "gons_netns_wait_listen",
	  .call = call_netns_wait_listen,
	  .prepare = make_net_and_server },
	{ .name = "gons_enter_network", .call = call_enter_network },
	{ .name = "gons_scope_end, a link",
	  .call = call_scope_end,
	  .prepare = begin_and_make_pair,
	  .undoes = true },
	{ .name = "gons_mntns_new_transient", .call = call_mntns_new_transient },
	{ .name = "gons_mntns_mount_sysfs_ro",
	  .call = call_mntns_mount_sysfs_ro,
	  .prepare = enter_net_and_mnt },
	{ .name = "gons_mntns_mount_sysfs_rw",
	  .call = call_mntns_mount_sysfs_rw,
	  .prepare = enter_net_and_mnt },
	{ .name = "gons_mntns_private", .call = call_mntns_private, .prepare = enter_net_and_mnt },
	{ .name = "gons_mntns_add_host", .call = call_mntns_add_host, .prepare = make_names },
	{ .name = "gons_net_new", .call = call_net_new },
	{ .name = "gons_net_execute", .call = call_net_execute, .prepare = make_network },
	{ .name = "gons_sysfs_open", .call = call_sysfs_open, .prepare = enter_net },
	{ .name = "gons_procfsroot_open", .call = call_procfsroot_open, .prepare = make_mnt },
	{ .name = "gons_procfsroot_resolve", .call = call_procfsroot_resolve, .prepare = make_mnt },
	{ .name = "gons_set_current", .call = call_set_current },
	{ .name = "gons_set_from_pid", .call = call_set_from_pid },
	{ .name = "gons_set_from_dir", .call = call_set_from_dir },
	{ .name = "gons_set_unshare", .call = call_set_unshare },
	{ .name = "gons_set_unshare, user", .call = call_set_unshare_user },
	{ .name = "gons_set_unshare, options", .call = call_set_unshare_options },
	{ .name = "gons_set_pid", .call = call_set_pid, .prepare = make_user_set },
	{ .name = "gons_set_dup", .call = call_set_dup, .prepare = make_net_set },
	{ .name = "gons_set_id", .call = call_set_id, .prepare = make_net_set },
	{ .name = "gons_set_enter", .call = call_set_enter, .prepare = make_net_set },
	{ .name = "gons_set_mount", .call = call_set_mount, .prepare = make_net_set_and_place },
	{ .name = "gons_set_do", .call = call_set_do, .prepare = make_mnt_set },
	{ .name = "gons_set_do_restore",
	  .call = call_set_do_restore,
	  .prepare = make_net_set,
	  .keeps_thread = true },
	{ .name = "gons_set_run", .call = call_set_run, .prepare = make_net_set },
	{ .name = "gons_set_run, user", .call = call_set_run, .prepare = make_user_set },
	{ .name = "gons_pool_get", .call = call_pool_get, .prepare = make_pool },
	{ .name = "gons_pool_start", .call = call_pool_start, .prepare = make_pool },
	{ .name = "gons_reexec_run",
	  .call = call_reexec_run,
	  .prepare = make_net,
	  .executes = true },
	{ .name = "gons_process_run",
	  .call = call_process_run,
	  .prepare = make_net,
	  .executes = true },
	{ .name = "gons_process_run without input",
	  .call = call_process_run_without_input,
	  .prepare = make_net,
	  .executes = true },
	{ .name = "gons_process_start",
	  .call = call_process_start,
	  .prepare = make_net,
	  .executes = true },
	{ .name = "gons_can, net and mnt", .call = call_can },
	{ .name = "gons_can, user, net and pid", .call = call_can_user },
	{ .name = "gons_can_link", .call = call_can_link },
	{ .name = "gons_has_cap", .call = call_has_cap },
	{ .name = "gons_become_root", .call = call_become_root, .changes_process = true },
	{ .name = "gons_enter_user_namespace",
	  .call = call_enter_user_namespace,
	  .changes_process = true,
	  .undoes = true },
	{ .name = "gons_leaks_begin", .call = call_leaks_begin },
	{ .name = "gons_leaks_end", .call = call_leaks_end, .prepare = remember_leaks },
	{ .name = "gons_leaks_accept", .call = call_leaks_accept },
	{ .name = "gons_report", .call = call_report, .prepare = make_reported_network },
	{ .name = "gons_test_begin and gons_test_end", .call = call_test, .has_findings = true },
};
const size_t n_scenarios = sizeof(scenarios) / sizeof(scenarios[0]);

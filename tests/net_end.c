/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The links of a plan never outlive their scope in a host that can still be entered; where nobody
 * can enter a host, they are left to the kernel. Each test runs with new hosts and with older
 * ones, which gons distinguishes.
 */
#include "check.h"

#include <fcntl.h>
#include <gons/link.h>
#include <gons/net.h>
#include <gons/netns.h>
#include <linux/sockios.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "holders.h"
#include "links.h"

static gons_net *new_net(const char *plan)
{
	require_writable_sysctls(__func__);
	gons_require(CLONE_NEWNET);
	gons_require_link("veth");
	gons_require_link("bridge");
	return gons_must(gons_net_new(plan, 0));
}

enum { HOSTS = 2 };

/* Nothing is left in the hosts that are held beyond the scope. The second one may be NULL. */
static void assert_deleted(const char *plan, const struct holder *holder,
			   const char *const hosts[HOSTS])
{
	for (int old = 0; old < 2; old++) {
		const int fds = count_entries("/proc/self/fd");
		int held[HOSTS];

		GONS_SCOPE {
			gons_net *net = new_net(plan);

			if (old)
				get_older();
			for (int i = 0; i < HOSTS && hosts[i]; i++) {
				held[i] = holder->hold(gons_net_nsfd(net, hosts[i]));
				assert_true(held[i] >= 0);
			}
		}
		for (int i = 0; i < HOSTS && hosts[i]; i++) {
			int nsfd = holder->get_in(held[i]);

			assert_true(nsfd >= 0);
			assert_int_equal(count_links(nsfd), 0);
			assert_int_equal(close(nsfd), 0);
			holder->let_go(held[i]);
		}
		assert_int_equal(count_entries("/proc/self/fd"), fds);
	}
}

static const char *const one[HOSTS] = { "a", NULL };
static const char *const both[HOSTS] = { "a", "b" };

static void a_cable_is_deleted_where_its_hosts_have_a_kept_descriptor(void **state)
{
	(void)state;
	assert_deleted("a -- b", &by_dup, one);
	assert_deleted("a -- b", &by_dup, both);
}

static void a_cable_is_deleted_where_its_hosts_have_a_kept_socket(void **state)
{
	(void)state;
	assert_deleted("a -- b", &by_socket, one);
	assert_deleted("a -- b", &by_socket, both);
}

static void a_cable_is_deleted_while_a_process_is_in_its_host(void **state)
{
	(void)state;
	assert_deleted("a -- b", &by_child, one);
	assert_deleted("a -- b", &by_child, both);
}

static void a_cable_is_deleted_where_a_daemon_has_a_socket_in_its_host(void **state)
{
	(void)state;
	require_getfd(__func__);
	assert_deleted("a -- b", &by_socket_of_daemon, one);
	assert_deleted("a -- b", &by_socket_of_daemon, both);
}

static void links_of_hosts_on_a_bridge_are_deleted_where_a_host_is_kept(void **state)
{
	(void)state;
	assert_deleted("lan: a, b, c", &by_socket, one);
	assert_deleted("lan: a, b, c", &by_dup, both);
}

static void all_links_of_a_kept_host_are_deleted(void **state)
{
	(void)state;
	assert_deleted("a -- b; a -- c; a -- d; lan: a, e; wan: a, f", &by_socket, one);
	assert_deleted("c -- a -- b -- d; a -- b", &by_dup, both);
}

/* ---- a set, and a network in a host ---- */

static void a_cable_is_deleted_where_a_set_has_its_host(void **state)
{
	gons_set *set = NULL;

	(void)state;
	GONS_SCOPE {
		gons_net *net = new_net("a -- b");

		GONS_IN(gons_must(gons_net_nsfd(net, "a")))
			set = gons_must(gons_set_current(CLONE_NEWNET));
	}
	assert_int_equal(count_links(gons_set_fd(set, CLONE_NEWNET)), 0);
	gons_set_close(set);
}

static void build_inside(void *inner)
{
	*(gons_net **)inner = gons_net_new("a -- b", 0);
}

static void a_network_that_was_built_in_a_host_ends_in_its_kept_hosts(void **state)
{
	gons_net *outer, *inner = NULL;
	int held = -1, nsfd;

	(void)state;
	outer = new_net("a -- b");
	GONS_SCOPE {
		gons_must(gons_net_execute(outer, "a", build_inside, &inner));
		held = by_socket.hold(gons_net_nsfd(gons_must(inner), "b"));
	}
	nsfd = namespace_of(held);
	assert_true(nsfd >= 0);
	assert_int_equal(count_links(nsfd), 0);
	close_it(nsfd);
	/* and the outer one is as before. */
	assert_int_equal(count_links(gons_net_nsfd(outer, "a")), 1);
	assert_int_equal(count_links(gons_net_nsfd(outer, "b")), 1);
	close_it(held);
}

/* ---- links that the test has changed ---- */

static void a_link_that_was_moved_out_of_its_host_is_deleted(void **state)
{
	(void)state;
	need_namespaces("veth");
	for (int old = 0; old < 2; old++) {
		GONS_SCOPE {
			gons_net *net = new_net("a -- b -- c");
			const int nsfd = gons_net_nsfd(net, "b");
			const int ifindex = gons_must(gons_net_ifindex(net, "b", "eth1"));

			if (old)
				get_older();
			assert_int_equal(move_link(nsfd, ifindex, blue, NULL), 0);
			assert_int_equal(count_links(blue), 1);
		}
		assert_int_equal(count_links(blue), 0);
	}
}

static void a_link_with_another_name_and_address_is_deleted(void **state)
{
	static const unsigned char address[] = { 2, 1, 2, 3, 4, 5 };
	int held = -1;

	(void)state;
	GONS_SCOPE {
		gons_net *net = new_net("a -- b");
		const int nsfd = gons_net_nsfd(net, "a");
		const int ifindex = gons_must(gons_net_ifindex(net, "a", "eth0"));

		assert_int_equal(set_flags(nsfd, ifindex, 1, 0), 0);
		assert_int_equal(rename_link(nsfd, ifindex, "other"), 0);
		assert_int_equal(set_address(nsfd, ifindex, address), 0);
		held = by_dup.hold(nsfd);
	}
	assert_int_equal(count_links(held), 0);
	close_it(held);
}

static void a_link_of_the_tests_own_stays_in_a_kept_host(void **state)
{
	int held = -1;

	(void)state;
	GONS_SCOPE {
		gons_net *net = new_net("a -- b; a -- b");

		held = by_dup.hold(gons_net_nsfd(net, "a"));
		assert_int_equal(delete_link(held, gons_net_ifindex(net, "a", "eth0")), 0);
		/* With the number of the link that was deleted. */
		assert_int_equal(make_veth(held, gons_net_ifindex(net, "a", "eth0"), "own"), 0);
	}
	assert_int_equal(count_links(held), 2);
	close_it(held);
}

/* ---- ends without a check ---- */

static void a_forked_child_deletes_no_links_of_its_parent(void **state)
{
	gons_net *net;
	pid_t pid;

	(void)state;
	net = new_net("a -- b");
	pid = fork();
	if (pid == 0)
		exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(count_links(gons_net_nsfd(net, "a")), 1);
}

/* With few descriptors from the start, the network has not kept its sockets. */
static void a_network_ends_without_free_descriptors(void **state)
{
	struct rlimit before, limit;
	int mark, fds, lowest;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	fds = count_entries("/proc/self/fd");
	for (rlim_t more = 10; more <= 40; more += 30) {
		limit = before;
		lowest = dup(STDIN_FILENO);
		assert_int_equal(close(lowest), 0);
		limit.rlim_cur = (rlim_t)lowest + more;
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
		mark = gons_must(gons_scope_begin());
		(void)new_net("a -- b -- c -- d; lan: d, e");
		lowest = dup(STDIN_FILENO);
		assert_int_equal(close(lowest), 0);
		limit.rlim_cur = (rlim_t)lowest;
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
		gons_must(gons_scope_end(mark));
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
		assert_int_equal(count_entries("/proc/self/fd"), fds);
	}
}

/* ---- nobody keeps anything ---- */

struct ending {
	const char *plan;
	bool is_old, is_kept;
};

/* Each request is refused, so the end fails if it makes one. */
static int end_without_requests(void *arg)
{
	const struct ending *ending = arg;
	int mark = gons_scope_begin();
	gons_net *net = gons_net_new(ending->plan, 0);

	want(net != NULL);
	if (ending->is_old)
		get_older();
	if (ending->is_kept)
		want(by_dup.hold(gons_net_nsfd(net, "a")) >= 0);
	want(refuse_call(SYS_sendto, ENOTSUP));
	if (!ending->is_kept) {
		want(gons_scope_end(mark) == 0);
		return 0;
	}
	want(gons_scope_end(mark) < 0);
	want(errno == ENOTSUP);
	want(strstr(gons_error(), "cannot list the links of a network"));
	return 0;
}

static void no_link_is_deleted_by_a_request_where_all_hosts_end(void **state)
{
	static const char *const plans[] = { "a -- b -- c", "lan: a, b, c" };

	(void)state;
	GONS_SCOPE {
		(void)new_net("a -- b"); /* or the test is skipped */
	}
	for (int i = 0; i < 8; i++) {
		struct ending ending = { plans[i / 4], i & 1, i & 2 };

		assert_int_equal(in_child(end_without_requests, &ending), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(a_cable_is_deleted_where_its_hosts_have_a_kept_descriptor),
		check_test(a_cable_is_deleted_where_its_hosts_have_a_kept_socket),
		check_test(a_cable_is_deleted_while_a_process_is_in_its_host),
		check_test(a_cable_is_deleted_where_a_daemon_has_a_socket_in_its_host),
		check_test(links_of_hosts_on_a_bridge_are_deleted_where_a_host_is_kept),
		check_test(all_links_of_a_kept_host_are_deleted),
		check_test(a_cable_is_deleted_where_a_set_has_its_host),
		check_test(a_network_that_was_built_in_a_host_ends_in_its_kept_hosts),
		check_test(a_link_that_was_moved_out_of_its_host_is_deleted),
		check_test(a_link_with_another_name_and_address_is_deleted),
		check_test(a_link_of_the_tests_own_stays_in_a_kept_host),
		check_test(a_forked_child_deletes_no_links_of_its_parent),
		check_test(a_network_ends_without_free_descriptors),
		check_test(no_link_is_deleted_by_a_request_where_all_hosts_end),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

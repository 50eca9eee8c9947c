/* SPDX-License-Identifier: Apache-2.0 */
/* Links are brought up; waiting for them uses notifications, and keeps to the timeout. */
#include "check.h"

#include <gons/link.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "links.h"

static void make_pair(struct gons_link *link)
{
	const struct gons_link_options options = { .nsfd = blue, .peer_nsfd = red };

	gons_must(gons_veth_new_transient(&options, link));
}

static int64_t now_ns(void)
{
	struct timespec now;

	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- up ---- */

static void waiting_for_a_link_that_is_up_returns_at_once(void **state)
{
	struct gons_link link;
	struct seen_link seen;

	(void)state;
	need_namespaces("veth");
	make_pair(&link);
	assert_int_equal(set_flags(red, link.peer_ifindex, IFF_UP, IFF_UP), 0);
	for (int timeout = -1; timeout < 2; timeout++)
		gons_must(gons_link_up(blue, link.ifindex, timeout < 0 ? -1 : timeout * 60000));
	assert_true(see_link(blue, link.ifindex, &seen));
	/* Until about Linux 6.6, a veth may report UP later. */
	assert_true(seen.state == IF_OPER_UP || seen.state == IF_OPER_UNKNOWN);
	assert_true(seen.flags & IFF_LOWER_UP);
}

static void a_link_with_unknown_state_is_up_when_it_has_a_carrier(void **state)
{
	struct seen_link seen;
	struct gons_link link;

	(void)state;
	need_namespaces("bridge");
	gons_must(gons_enter(blue));
	gons_must(gons_link_up(0, 1, 1000)); /* loopback */
	assert_true(see_link(-1, 1, &seen));
	assert_int_equal(seen.state, IF_OPER_UNKNOWN);
	gons_must(gons_bridge_new_transient(&(struct gons_link_options){ .up = 1 }, &link));
	assert_true(see_link(-1, link.ifindex, &seen));
	assert_true(seen.flags & IFF_LOWER_UP);
}

/* ---- not up ---- */

static void a_veth_whose_peer_is_down_is_not_up_in_time(void **state)
{
	struct gons_link link;
	int64_t before, after;

	(void)state;
	need_namespaces("veth");
	make_pair(&link);
	before = now_ns();
	assert_refused(gons_link_up(blue, link.ifindex, 300), ETIMEDOUT, "is not up after 300 ms");
	after = now_ns();
	assert_contains(gons_error(), link.name);
	assert_contains(gons_error(), ", it has no carrier; bring up its peer, its parent or one "
				      "of its ports");
	assert_true(after - before >= 300 * 1000000LL); /* not earlier */
	assert_true(after - before < 30000 * 1000000LL);
	assert_refused(gons_link_up(blue, link.ifindex, 0), ETIMEDOUT, "after 0 ms");
}

static void a_bridge_without_a_carrier_never_comes_up(void **state)
{
	struct gons_link bridge, link;

	(void)state;
	need_namespaces("bridge");
	gons_require_link("veth");
	make_pair(&link);
	gons_must(gons_bridge_new_transient(&(struct gons_link_options){ .nsfd = blue }, &bridge));
	gons_must(gons_link_set_master(blue, link.ifindex, bridge.ifindex));
	assert_refused(gons_link_up(blue, bridge.ifindex, 200), ETIMEDOUT, "no carrier");
	/* and with the port it comes up. */
	assert_int_equal(set_flags(red, link.peer_ifindex, IFF_UP, IFF_UP), 0);
	gons_must(gons_link_up(blue, link.ifindex, 10000));
	gons_must(gons_link_up(blue, bridge.ifindex, 10000));
}

/* Its state is UNKNOWN until the kernel updates it. */
static void a_bridge_that_loses_its_carrier_is_not_up(void **state)
{
	struct gons_link_options options = { .up = 1 };
	struct gons_link bridge, link;

	(void)state;
	need_namespaces("bridge");
	gons_require_link("veth");
	options.nsfd = blue;
	for (int i = 0; i < 10; i++) {
		make_pair(&link);
		gons_must(gons_bridge_new_transient(&options, &bridge));
		gons_must(gons_link_set_master(blue, link.ifindex, bridge.ifindex));
		assert_refused(gons_link_up(blue, bridge.ifindex, 0), ETIMEDOUT, "no carrier");
	}
}

static void a_link_that_cannot_come_up_is_not_created(void **state)
{
	struct gons_link_options options = { .up = 1 };
	struct gons_link link;

	(void)state;
	need_namespaces("macvlan");
	gons_require_link("veth");
	make_pair(&link);
	options.nsfd = red;
	options.link_nsfd = blue;
	options.parent_ifindex = link.ifindex;
	assert_int_equal(set_flags(blue, link.ifindex, IFF_UP, IFF_UP), 0);
	assert_refused(gons_macvlan_new_transient(&options, NULL), ETIMEDOUT, "after 5000 ms");
	assert_contains(gons_error(), "LOWERLAYERDOWN");
	assert_int_equal(count_links(red), 1);
	/* Nor does a link whose parent is down. */
	assert_int_equal(set_flags(blue, link.ifindex, IFF_UP, 0), 0);
	options.up = 0;
	gons_must(gons_macvlan_new_transient(&options, &link));
	assert_refused(gons_link_up(red, link.ifindex, 0), ETIMEDOUT, "LOWERLAYERDOWN");
	assert_contains(gons_error(), "bring up its peer, its parent or one of its ports");
}

static void a_vlan_on_a_parent_that_is_down_is_refused(void **state)
{
	struct gons_link_options options = { .up = 1 };
	struct gons_link link;

	(void)state;
	need_namespaces("vlan");
	gons_require_link("veth");
	make_pair(&link);
	options.nsfd = options.link_nsfd = blue;
	options.parent_ifindex = link.ifindex;
	assert_refused(gons_vlan_new_transient(7, &options, NULL), ENETDOWN, "cannot bring up");
	assert_int_equal(count_links(blue), 1);
}

static void on_alarm(int number)
{
	(void)number;
}

/* A signal every millisecond interrupts the wait, but neither shortens nor lengthens it. */
static void signals_do_not_change_the_timeout_for_a_link(void **state)
{
	const struct sigaction action = { .sa_handler = on_alarm };
	const struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, never = { 0 };
	struct sigaction old;
	struct gons_link link;
	int64_t before;

	(void)state;
	need_namespaces("veth");
	make_pair(&link);
	assert_int_equal(sigaction(SIGALRM, &action, &old), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
	before = now_ns();
	assert_refused(gons_link_up(blue, link.ifindex, 300), ETIMEDOUT, "is not up");
	assert_true(now_ns() - before >= 300 * 1000000LL);
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
}

static void waiting_for_a_missing_link_is_refused(void **state)
{
	(void)state;
	need_namespaces("veth");
	assert_refused(gons_link_up(blue, 4711, 1000), ENODEV, "cannot bring up link 4711");
	assert_refused(gons_link_up(blue, 0, 1000), EINVAL, "0 is not an ifindex");
	assert_refused(gons_link_up(blue, -1, 1000), EINVAL, "-1 is not an ifindex");
	assert_refused(gons_link_up(blue, 1, -2), EINVAL, "timeout_ms is negative (-2)");
}

/* ---- changes during the wait ---- */

#ifdef SYS_poll
#define POLL_CALL SYS_poll
#else /* on newer architectures */
#define POLL_CALL SYS_ppoll
#endif

/* Waits until the process sleeps in poll(2), or for a moment if that is not visible. */
static void until_it_polls(pid_t pid)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	char path[64], poll_call[16];

	(void)snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	(void)snprintf(poll_call, sizeof(poll_call), "%d ", POLL_CALL);
	for (int i = 0; i < 200; i++) {
		const char *text = read_text(path);

		if (strncmp(text, poll_call, strlen(poll_call)) == 0)
			return;
		(void)nanosleep(&pause, NULL);
	}
}

static pid_t wait_in_child(int ifindex, int timeout_ms)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0) {
		until_it_polls(pid);
		return pid;
	}
	if (gons_link_up(blue, ifindex, timeout_ms) == 0)
		_exit(0);
	if (errno == ENODEV)
		_exit(2);
	(void)fprintf(stderr, "%s\n", gons_error());
	_exit(1);
}

static int end_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void waiting_ends_when_the_carrier_comes(void **state)
{
	struct gons_link link;
	pid_t pid;

	(void)state;
	need_namespaces("veth");
	for (int i = 0; i < 10; i++) {
		make_pair(&link);
		pid = wait_in_child(link.ifindex, i % 2 ? -1 : 60000);
		assert_int_equal(set_flags(red, link.peer_ifindex, IFF_UP, IFF_UP), 0);
		assert_int_equal(end_of(pid), 0);
	}
}

static void waiting_ends_when_the_link_is_deleted_or_moved(void **state)
{
	struct gons_link link;
	pid_t pid;

	(void)state;
	need_namespaces("veth");
	make_pair(&link);
	pid = wait_in_child(link.ifindex, 60000);
	assert_int_equal(delete_link(red, link.peer_ifindex), 0);
	assert_int_equal(end_of(pid), 2);
	make_pair(&link);
	pid = wait_in_child(link.ifindex, 60000);
	assert_int_equal(move_link(blue, link.ifindex, red, NULL), 0);
	assert_int_equal(end_of(pid), 2);
}

/* The process is stopped while more notifications arrive than its socket holds. */
static void lost_notifications_do_not_matter(void **state)
{
	struct gons_link link, other;
	int status;
	pid_t pid;

	(void)state;
	need_namespaces("veth");
	make_pair(&link);
	make_pair(&other);
	pid = wait_in_child(link.ifindex, 60000);
	assert_int_equal(kill(pid, SIGSTOP), 0);
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	for (int i = 0; i < 500; i++)
		assert_int_equal(set_flags(blue, other.ifindex, IFF_UP, i % 2 ? 0 : IFF_UP), 0);
	assert_int_equal(set_flags(red, link.peer_ifindex, IFF_UP, IFF_UP), 0);
	assert_int_equal(kill(pid, SIGCONT), 0);
	assert_int_equal(end_of(pid), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(waiting_for_a_link_that_is_up_returns_at_once),
		check_test(a_link_with_unknown_state_is_up_when_it_has_a_carrier),
		check_test(a_veth_whose_peer_is_down_is_not_up_in_time),
		check_test(a_bridge_without_a_carrier_never_comes_up),
		check_test(a_bridge_that_loses_its_carrier_is_not_up),
		check_test(a_link_that_cannot_come_up_is_not_created),
		check_test(a_vlan_on_a_parent_that_is_down_is_refused),
		check_test(signals_do_not_change_the_timeout_for_a_link),
		check_test(waiting_for_a_missing_link_is_refused),
		check_test(waiting_ends_when_the_carrier_comes),
		check_test(waiting_ends_when_the_link_is_deleted_or_moved),
		check_test(lost_notifications_do_not_matter),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

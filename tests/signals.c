/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many signals, whose handler does not restart system calls, arrive during all calls: no call
 * fails with EINTR, and nothing leaks. Another process sends them to the whole process group, so
 * that children that gons forks get them too.
 */
#include "check.h"

#include <fcntl.h>
#include <gons/ip.h>
#include <gons/link.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ENOUGH = 300, SWITCHABLE_TYPES = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS };

static atomic_uint *handled; /* in all processes of the group */

static void handle(int number)
{
	(void)number;
	++*handled;
}

/* ---- the sender ---- */

struct sender {
	pid_t pid;
	int until_fd; /* closed: enough */
};

/* -1 does not mean the group of process 1, but every process save that one. */
static int signal_group(pid_t group)
{
	int result = kill(-group, SIGUSR1);

	return group == 1 ? kill(1, SIGUSR1) : result;
}

static void send_until(int fd, pid_t group)
{
	const struct timespec pause = { .tv_nsec = 20000 };
	char byte;

	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	/* EAGAIN until the test program ends, also by a signal; then read(2) returns 0. */
	while (read(fd, &byte, 1) != 0 && signal_group(group) == 0)
		(void)nanosleep(&pause, NULL);
	_exit(0);
}

static void start_sender(struct sender *sender)
{
	const struct sigaction action = { .sa_handler = handle }; /* without SA_RESTART */
	int ends[2];

	handled = mmap(NULL, sizeof(*handled), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	assert_true(handled != MAP_FAILED);
	if (getpgrp() != getpid())
		assert_int_equal(setpgid(0, 0), 0);
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	sender->pid = fork();
	assert_true(sender->pid >= 0);
	if (sender->pid == 0) {
		pid_t group = getpgrp();

		(void)close(ends[1]);
		(void)setpgid(0, 0);
		send_until(ends[0], group);
	}
	(void)close(ends[0]);
	sender->until_fd = ends[1];
}

static void stop_sender(struct sender *sender)
{
	(void)close(sender->until_fd);
	while (waitpid(sender->pid, NULL, 0) < 0 && errno == EINTR)
		;
	(void)signal(SIGUSR1, SIG_IGN); /* one may be pending */
	(void)munmap(handled, sizeof(*handled));
}

/* ---- the tests ---- */

/* On a busy machine the sender may need more rounds than a few. */
static bool is_storming;

static bool storm_goes_on(int round)
{
	is_storming = true;
	return round < 10 || (*handled < ENOUGH && round < 100000);
}

static struct sender sender;

static int begin(void **state)
{
	(void)check_begin(state);
	start_sender(&sender);
	return 0;
}

static int end(void **state)
{
	unsigned count = *handled;

	stop_sender(&sender);
	print_message("%u signals were handled\n", count);
	assert_true(count >= ENOUGH || !is_storming); /* skipped */
	is_storming = false;
	return check_end(state);
}

static void count_call(void *count)
{
	++*(int *)count;
}

static void switching(void **state)
{
	int calls = 0, rounds = 0;

	(void)state;
	gons_require(SWITCHABLE_TYPES);
	for (int i = 0; storm_goes_on(i); i++) {
		int mark = gons_must(gons_scope_begin());
		int fds[2];

		fds[0] = gons_must(gons_netns_new_transient());
		fds[1] = gons_must(gons_mntns_new_transient(NULL));
		gons_must(gons_execute_all(fds, 2, count_call, &calls));
		gons_must(gons_enter(fds[0]));
		gons_must(gons_enter_transient(SWITCHABLE_TYPES));
		gons_must(gons_defer(count_call, &calls));
		gons_must(gons_scope_end(mark));
		rounds++;
	}
	assert_int_equal(calls, 2 * rounds);
}

static void sysfs_and_paths(void **state)
{
	(void)state;
	gons_require(SWITCHABLE_TYPES);
	for (int i = 0; storm_goes_on(i); i++) {
		int mark = gons_must(gons_scope_begin());
		const char *procfsroot;
		char *path;
		int fd;

		gons_must(gons_enter_transient(SWITCHABLE_TYPES));
		gons_must(gons_mntns_mount_sysfs_ro());
		gons_must(gons_netns_loopback_up());
		assert_int_equal(count_entries("/sys/class/net/lo"),
				 count_entries_at(gons_must(gons_sysfs_open()), "class/net/lo"));
		gons_must(gons_mntns_new_transient(&procfsroot));
		fd = gons_must(gons_procfsroot_open(procfsroot, "/sys/class/net", O_RDONLY));
		assert_int_equal(close(fd), 0);
		path = gons_must(gons_procfsroot_resolve(procfsroot, "/proc/../sys", 0));
		assert_string_equal(path, "/sys");
		free(path);
		gons_must(gons_scope_end(mark));
	}
}

static void trying_in_children(void **state)
{
	(void)state;
	gons_require(SWITCHABLE_TYPES);
	for (int i = 0; storm_goes_on(i); i++) {
		if (!gons_can(CLONE_NEWNET | CLONE_NEWNS) || !gons_can(CLONE_NEWPID))
			fail_msg("%s", gons_error());
		gons_must(gons_become_root());
	}
}

static void links(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET);
	gons_require_link("veth");
	for (int i = 0; storm_goes_on(i); i++) {
		int mark = gons_must(gons_scope_begin());
		struct gons_link_options options = { .up = 1 };
		struct gons_link link;

		options.nsfd = gons_must(gons_netns_new_transient());
		options.peer_nsfd = gons_must(gons_netns_new_transient());
		gons_must(gons_veth_new_transient(&options, &link));
		gons_must(gons_address_add(options.nsfd, link.ifindex, "fd00::1/64"));
		gons_must(gons_netns_nsid(options.nsfd));
		gons_must(gons_scope_end(mark));
	}
}

static bool count_and_keep(void *count)
{
	count_call(count);
	return true;
}

static int seven(void *arg)
{
	(void)arg;
	return 7;
}

static void sets_and_pools(void **state)
{
	int calls = 0, rounds = 0;

	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWUTS);
	for (int i = 0; storm_goes_on(i); i++) {
		const int types = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWUTS;
		gons_set *set = gons_must(gons_set_unshare(NULL, types, NULL));
		gons_pool *pool = gons_must(gons_pool_new(CLONE_NEWUTS, NULL, NULL));
		gons_set *got;
		int status = -1;

		gons_must(gons_set_run(set, seven, NULL, &status));
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 7);
		gons_must(gons_pool_start(pool, 2));
		got = gons_must(gons_pool_get(pool));
		gons_must(gons_set_do(got, count_call, &calls));
		gons_must(gons_set_do_restore(got, count_and_keep, &calls));
		gons_set_close(got);
		gons_pool_close(pool);
		gons_set_close(set);
		rounds++;
	}
	assert_int_equal(calls, 2 * rounds);
}

static void ignore(const char *message, void *arg)
{
	(void)message;
	(void)arg;
}

static void looking_for_leaks(void **state)
{
	(void)state;
	for (int i = 0; storm_goes_on(i); i++) {
		gons_leaks *leaks = gons_must(gons_leaks_begin());
		int fd = open("/", O_PATH | O_CLOEXEC);

		assert_int_equal(gons_leaks_end(leaks, ignore, NULL), 1);
		assert_int_equal(close(fd), 0);
	}
}

#define in_a_storm(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_a_storm(switching), in_a_storm(sysfs_and_paths), in_a_storm(trying_in_children),
		in_a_storm(links),     in_a_storm(sets_and_pools),  in_a_storm(looking_for_leaks),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

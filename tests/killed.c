/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A test program that is killed in the middle of 100 transient namespaces leaves nothing on the
 * machine: namespaces that only descriptors and threads hold end with them.
 */
#include "check.h"

#include <fcntl.h>
#include <gons/link.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NAMESPACES = 100 };

static void mount_sysfs(void *ok)
{
	*(int *)ok = gons_mntns_mount_sysfs_ro() == 0;
}

/* In a child: creates namespaces, each with a veth to the first one, tells the parent, and
 * waits to be killed. */
static void hold_namespaces(int to_parent)
{
	const bool has_veth = gons_can_link("veth");
	const struct gons_link_options options = { .peer_nsfd = gons_netns_current(), .up = 1 };
	int ok = options.peer_nsfd > 0;

	for (int i = 0; ok && i < NAMESPACES; i++) {
		ok = gons_netns_enter_transient() == 0 && gons_netns_loopback_up() == 0 &&
		     (!has_veth || gons_veth_new_transient(&options, NULL) == 0);
		if (ok && i % 4 == 0)
			ok = gons_mntns_execute(gons_mntns_new_transient(NULL), mount_sysfs, &ok) ==
				     0 &&
			     ok;
	}
	if (!ok)
		(void)fprintf(stderr, "%s\n", gons_error());
	if (write(to_parent, ok ? "y" : "n", 1) == 1)
		(void)pause();
	_exit(1);
}

static int count_links(void)
{
	struct if_nameindex *links = if_nameindex();
	int count = 0;

	while (links && links[count].if_index != 0)
		count++;
	if_freenameindex(links);
	return count;
}

static int make_and_kill(void)
{
	const int links = count_links();
	char answer = 'n';
	int status = 0;
	int ends[2];
	pid_t pid;

	want(pipe2(ends, O_CLOEXEC) == 0);
	pid = fork();
	want(pid >= 0);
	if (pid == 0)
		hold_namespaces(ends[1]);
	(void)close(ends[1]);
	want(read(ends[0], &answer, 1) == 1 && answer == 'y');
	(void)close(ends[0]);
	want(kill(pid, SIGKILL) == 0 && waitpid(pid, &status, 0) == pid);
	want(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	/* The kernel removes links, like namespaces, with a delay. */
	for (int i = 0; i < 6000 && count_links() > links; i++)
		(void)usleep(10000);
	want(count_links() == links);
	return 0;
}

/* In a user namespace of its own, whose limit permits the namespaces of one program, but not
 * those of two. */
static int make_twice(void *arg)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%d", NAMESPACES + 20);
	int fd;

	(void)arg;
	want(unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) == 0);
	fd = open("/proc/sys/user/max_net_namespaces", O_WRONLY | O_CLOEXEC);
	want(fd >= 0 && write(fd, text, (size_t)length) == length && close(fd) == 0);
	want(make_and_kill() == 0);
	want(make_and_kill() == 0);
	return 0;
}

/* In new namespaces, where no other program mounts or creates links, and with a shared root
 * mount. */
static void a_killed_program_leaves_no_namespaces_or_links(void **state)
{
	int mounts, links;

	(void)state;
	require_writable_limits(__func__);
	gons_require(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS);
	gons_must(gons_enter_transient(CLONE_NEWNET | CLONE_NEWNS));
	gons_must(gons_mntns_mount_sysfs_ro());
	assert_int_equal(mount("none", "/", "none", MS_REC | MS_SHARED, NULL), 0);
	mounts = count_mounts();
	links = count_entries("/sys/class/net");
	assert_int_equal(in_child(make_twice, NULL), 0);
	assert_int_equal(count_mounts(), mounts);
	assert_int_equal(count_entries("/sys/class/net"), links);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(a_killed_program_leaves_no_namespaces_or_links),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Namespaces that are created ahead of the tests: fewer and more than there are tests. The order
 * of the tests matters. It also runs with GONS_CAPTURE=1.
 */
#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TESTS = 24 };

static uint64_t seen[TESTS];
static int n_seen;
static uint64_t own_netns, own_mntns;
static int fds_before, threads_before;

/* The kernel reuses the inode number of a namespace that has ended. So a socket message, which
 * is not received, holds the namespaces that were seen; this takes no descriptors. */
static int mailbox[2];

static void keep_alive(void)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .head = { .cmsg_len = CMSG_LEN(sizeof(int)),
				.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS } };
	struct iovec byte = { (char[]){ 0 }, 1 };
	const struct msghdr message = { .msg_iov = &byte,
					.msg_iovlen = 1,
					.msg_control = &control,
					.msg_controllen = sizeof(control) };
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	assert_int_equal(sendmsg(mailbox[0], &message, 0), 1);
	assert_int_equal(close(fd), 0);
}

/* Asserts that no earlier test was in this network namespace. */
static void is_a_new_one(void)
{
	uint64_t ino = own_ino("net");

	assert_int_not_equal(ino, own_netns);
	for (int i = 0; i < n_seen; i++)
		assert_int_not_equal(ino, seen[i]);
	seen[n_seen++] = ino;
	keep_alive();
}

static int remember_place(void **state)
{
	int result = gons_group_setup_root(state);

	own_netns = own_ino("net");
	own_mntns = own_ino("mnt");
	return result;
}

static void each_test_has_a_new_network_namespace(void **state)
{
	struct if_nameindex *links = if_nameindex();

	(void)state;
	is_a_new_one();
	assert_non_null(links);
	assert_string_equal(links[0].if_name, "lo");
	assert_int_equal(links[1].if_index, 0);
	if_freenameindex(links);
	assert_int_equal(count_class_net(AT_FDCWD, "/sys/class/net"), 1);
	assert_string_equal(read_text("/sys/class/net/lo/operstate"), "unknown\n"); /* lo is up */
}

static void the_sysfs_of_a_pooled_set_is_read_only(void **state)
{
	(void)state;
	is_a_new_one();
	assert_int_equal(open("/sys/class/net/lo/mtu", O_WRONLY | O_CLOEXEC), -1);
	assert_int_equal(errno, EROFS);
}

static void other_types_are_not_taken_from_the_pool(void **state)
{
	(void)state;
	is_a_new_one();
	assert_int_equal(own_ino("mnt"), own_mntns);
}

/* Whether there is a thread of this name. It starts another thread for each set. */
static bool has_maker(void)
{
	DIR *dir = opendir("/proc/self/task");
	const struct dirent *entry;
	int count = 0;

	while (dir && (entry = readdir(dir))) {
		char path[300];

		(void)snprintf(path, sizeof(path), "/proc/self/task/%s/comm", entry->d_name);
		count += strcmp(read_text(path), "gons-pool\n") == 0;
	}
	(void)closedir(dir);
	return count > 0;
}

static void a_thread_creates_the_namespaces_ahead(void **state)
{
	(void)state;
	assert_true(has_maker());
}

static int still_has_the_pool(void **state)
{
	(void)state;
	return has_maker() ? 0 : -1;
}

static int run_with(unsigned n)
{
	const int types = CLONE_NEWNET | CLONE_NEWNS;
	const struct CMUnitTest tests[] = {
		gons_unit_test_in(each_test_has_a_new_network_namespace, types),
		gons_unit_test_in(other_types_are_not_taken_from_the_pool, CLONE_NEWNET),
		gons_unit_test_in(each_test_has_a_new_network_namespace, types),
		gons_unit_test_in(the_sysfs_of_a_pooled_set_is_read_only, types),
		gons_unit_test_in(each_test_has_a_new_network_namespace, types),
		gons_unit_test_in(each_test_has_a_new_network_namespace, types),
		gons_unit_test_in(each_test_has_a_new_network_namespace, types),
		gons_unit_test_in(each_test_has_a_new_network_namespace, types),
		cmocka_unit_test(a_thread_creates_the_namespaces_ahead),
	};
	int status, threads, fds;

	if (gons_cmocka_pool(types, n) < 0)
		return 1;
	status = gons_run_group_tests(tests, remember_place, still_has_the_pool);
	threads = count_threads(threads_before);
	fds = count_entries("/proc/self/fd");
	if (threads == threads_before && fds == fds_before)
		return status;
	print_error("after the run there are %d threads and %d descriptors, before %d and %d\n",
		    threads, fds, threads_before, fds_before);
	return status ? status : 1;
}

int main(void)
{
	const unsigned sizes[] = { 1, 2, 30 };
	const char *captures = getenv("GONS_CAPTURE");
	int failed = 0;

	if (gons_cmocka_pool(CLONE_NEWUSER, 1) != -1 || errno != EINVAL ||
	    gons_cmocka_pool(0, 1) != -1 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, mailbox) < 0)
		return 1;
	on_thread(free, NULL); /* at which a sanitizer starts a thread of its own */
	/* While packets are captured, one socket stays. */
	fds_before = count_entries("/proc/self/fd") + (captures ? 1 : 0);
	threads_before = count_threads(1); /* while the kernel lets it become root */
	for (int i = 0; i < 3; i++)
		failed += run_with(sizes[i]);
	return failed;
}

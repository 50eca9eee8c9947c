/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors of the scope: recognised before they are closed, closed once, or left to the
 * caller.
 */
#include "check.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* Opens a file of the test with this descriptor number. */
static void open_as(int fd, const char *path)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(file >= 0);
	if (file == fd)
		return;
	assert_int_equal(dup3(file, fd, O_CLOEXEC), fd);
	assert_int_equal(close(file), 0);
}

/* ---- numbers that were closed by other means ---- */

static void a_reused_descriptor_is_left_open_and_reported(void **state)
{
	int mark = gons_must(gons_scope_begin());
	int fd = gons_must(gons_current(CLONE_NEWNET));
	char was[64];

	(void)state;
	(void)snprintf(was, sizeof(was), "descriptor %d of the scope: %%m: it was net:[%llu]", fd,
		       (unsigned long long)gons_ino(fd, 0));
	assert_int_equal(close(fd), 0);
	open_as(fd, "/etc/passwd");
	assert_refused(gons_scope_end(mark), EBADF, was);
	assert_contains(gons_error(), "and is /etc/passwd now, so it was closed by other means");
	assert_contains(gons_error(), "gons_close()");
	assert_true(is_open(fd));
	assert_int_equal(close(fd), 0);
}

static void a_reused_number_of_another_namespace_is_left_alone(void **state)
{
	int mark = gons_must(gons_scope_begin());
	int fd = gons_must(gons_current(CLONE_NEWNET));

	(void)state;
	assert_int_equal(close(fd), 0);
	open_as(fd, "/proc/self/ns/uts");
	assert_refused(gons_scope_end(mark), EBADF, "and is uts:[");
	assert_int_equal(gons_type(fd), CLONE_NEWUTS);
	assert_int_equal(close(fd), 0);
}

static void a_closed_descriptor_of_the_scope_is_reported(void **state)
{
	int mark = gons_must(gons_scope_begin());
	int fd = gons_must(gons_current(CLONE_NEWUTS));

	(void)state;
	assert_int_equal(close(fd), 0);
	assert_refused(gons_scope_end(mark), EBADF, "it was uts:[");
	assert_contains(gons_error(), "and was closed by other means");
}

static void a_directory_of_a_sysfs_is_recognised_too(void **state)
{
	int mark, fd;

	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	gons_must(gons_enter_transient(CLONE_NEWNET | CLONE_NEWNS));
	mark = gons_must(gons_scope_begin());
	fd = gons_must(gons_sysfs_open());
	assert_int_equal(close(fd), 0);
	open_as(fd, "/dev/null");
	assert_refused(gons_scope_end(mark), EBADF, "it was the directory with inode number");
	assert_contains(gons_error(), "and is /dev/null now");
	assert_int_equal(close(fd), 0);
}

static void records_beside_a_failing_one_are_undone(void **state)
{
	int mark = gons_must(gons_scope_begin());
	int first = gons_must(gons_current(CLONE_NEWNET));
	int second = gons_must(gons_current(CLONE_NEWUTS));

	(void)state;
	assert_int_equal(close(second), 0);
	open_as(second, "/dev/null");
	assert_refused(gons_scope_end(mark), EBADF, "uts:[");
	assert_false(is_open(first));
	assert_true(is_open(second));
	assert_int_equal(close(second), 0);
}

static int end_in_child(void *arg)
{
	const int *numbers = arg;

	want(close(numbers[1]) == 0);
	want(open("/dev/null", O_RDONLY | O_CLOEXEC) == numbers[1]);
	want(gons_scope_end(numbers[0]) == 0); /* records of the parent are dropped silently */
	want(is_open(numbers[1]));
	return 0;
}

static void a_forked_child_closes_no_file_of_its_own_either(void **state)
{
	int numbers[2];

	(void)state;
	numbers[0] = gons_must(gons_scope_begin());
	numbers[1] = gons_must(gons_current(CLONE_NEWNET));
	assert_int_equal(in_child(end_in_child, numbers), 0);
	assert_true(is_open(numbers[1]));
}

/* ---- descriptors for the return ---- */

/* Closes all, as a daemon does, and opens others with the same numbers. */
static int close_all_and_end(void *arg)
{
	const bool again = *(const bool *)arg;
	uint64_t before = own_ino("uts");
	int mark = gons_scope_begin();
	int last = dup(0);

	want(gons_enter_transient(CLONE_NEWUTS) == 0);
	for (int fd = 3; fd < last + 8; fd++)
		(void)close(fd);
	for (int fd = 3; again && fd < last + 8; fd++)
		want(open("/proc/thread-self/ns/uts", O_RDONLY | O_CLOEXEC) == fd);
	want(failed_with(gons_scope_end(mark), EBADF, "previous UTS namespace"));
	want(strstr(gons_error(), "closed by other means"));
	want(own_ino("uts") != before);
	for (int fd = 3; again && fd < last + 8; fd++)
		want(is_open(fd));
	return 0;
}

static void a_return_without_its_descriptor_is_refused_by_name(void **state)
{
	bool again = false;

	(void)state;
	gons_require(CLONE_NEWUTS);
	assert_int_equal(in_child(close_all_and_end, &again), 0);
}

static void a_return_by_a_reused_descriptor_is_refused(void **state)
{
	bool again = true;

	(void)state;
	gons_require(CLONE_NEWUTS);
	assert_int_equal(in_child(close_all_and_end, &again), 0);
}

/* ---- gons_close ---- */

static void gons_close_closes_a_descriptor_of_the_scope(void **state)
{
	int mark = gons_must(gons_scope_begin());
	int fd[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		fd[i] = gons_must(gons_current(CLONE_NEWUTS));
	assert_int_equal(gons_close(fd[1]), 0);
	assert_false(is_open(fd[1]));
	assert_true(is_open(fd[0]) && is_open(fd[2]));
	open_as(fd[1], "/dev/null");
	assert_int_equal(gons_scope_end(mark), 0);
	assert_false(is_open(fd[0]) || is_open(fd[2]));
	assert_true(is_open(fd[1]));
	assert_int_equal(close(fd[1]), 0);
}

static void a_namespace_may_end_with_its_descriptor(void **state)
{
	int fd;

	(void)state;
	gons_require(CLONE_NEWUTS);
	fd = gons_must(gons_new_transient(CLONE_NEWUTS));
	assert_int_equal(gons_close(fd), 0);
	assert_refused(gons_type(fd), EBADF, "is closed");
}

static void gons_close_refuses_descriptors_that_the_scope_does_not_own(void **state)
{
	int own = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int fd = gons_must(gons_current(CLONE_NEWUTS));

	(void)state;
	assert_refused(gons_close(own), EBADF, "does not belong to the scope of this thread");
	assert_true(is_open(own));
	assert_refused(gons_close(-1), EBADF, "cannot close descriptor -1");
	assert_int_equal(gons_close(fd), 0);
	assert_refused(gons_close(fd), EBADF, "does not belong to the scope of this thread");
	assert_int_equal(close(own), 0);
}

static void close_on_another_thread(void *fd)
{
	assert_refused(gons_close(*(int *)fd), EBADF,
		       "does not belong to the scope of this thread");
}

static void another_threads_descriptor_is_not_closed(void **state)
{
	int fd = gons_must(gons_current(CLONE_NEWUTS));

	(void)state;
	on_thread(close_on_another_thread, &fd);
	assert_true(is_open(fd));
}

static void gons_close_names_what_a_reused_descriptor_is_now(void **state)
{
	int mark = gons_must(gons_scope_begin());
	int fd = gons_must(gons_current(CLONE_NEWUTS));

	(void)state;
	assert_int_equal(close(fd), 0);
	open_as(fd, "/dev/null");
	assert_refused(gons_close(fd), EBADF, "it was uts:[");
	assert_contains(gons_error(), "and is /dev/null now");
	assert_refused(gons_keep(fd), EBADF, "and is /dev/null now");
	assert_true(is_open(fd));
	assert_refused(gons_scope_end(mark), EBADF, "and is /dev/null now");
	assert_int_equal(close(fd), 0);
}

static void gons_close_uses_the_newest_of_two_records(void **state)
{
	int mark = gons_must(gons_scope_begin());
	int fd = gons_must(gons_current(CLONE_NEWUTS));

	(void)state;
	assert_int_equal(close(fd), 0);
	assert_int_equal(gons_must(gons_current(CLONE_NEWNET)), fd);
	assert_int_equal(gons_close(fd), 0);
	assert_refused(gons_scope_end(mark), EBADF, "it was uts:[");
}

/* ---- gons_keep ---- */

static void gons_keep_leaves_a_descriptor_to_the_caller(void **state)
{
	int mark = gons_must(gons_scope_begin());
	int fd = gons_must(gons_current(CLONE_NEWUTS));

	(void)state;
	assert_int_equal(gons_keep(fd), fd);
	assert_int_equal(gons_scope_end(mark), 0);
	assert_int_equal(gons_type(fd), CLONE_NEWUTS);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(close(fd), 0);
}

static void gons_keep_refuses_descriptors_that_the_scope_does_not_own(void **state)
{
	int fd = gons_must(gons_current(CLONE_NEWUTS));

	(void)state;
	assert_refused(gons_keep(0), EBADF, "does not belong to the scope of this thread");
	assert_refused(gons_keep(-1), EBADF, "cannot keep descriptor -1");
	assert_int_equal(gons_keep(fd), fd);
	assert_refused(gons_keep(fd), EBADF, "does not belong to the scope of this thread");
	assert_refused(gons_close(fd), EBADF, "does not belong to the scope of this thread");
	assert_int_equal(close(fd), 0);
}

static void gons_keep_keeps_a_mount_namespace_without_its_thread(void **state)
{
	int mark, fd;
	uint64_t ino;

	(void)state;
	gons_require(CLONE_NEWNS);
	mark = gons_must(gons_scope_begin());
	fd = gons_must(gons_mntns_new_transient(NULL));
	ino = gons_ino(fd, CLONE_NEWNS);
	assert_int_equal(gons_keep(fd), fd);
	assert_int_equal(gons_scope_end(mark), 0);
	GONS_IN(fd) {
		assert_int_equal(own_ino("mnt"), ino);
	}
	assert_int_equal(close(fd), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(a_reused_descriptor_is_left_open_and_reported),
		check_test(a_reused_number_of_another_namespace_is_left_alone),
		check_test(a_closed_descriptor_of_the_scope_is_reported),
		check_test(a_directory_of_a_sysfs_is_recognised_too),
		check_test(records_beside_a_failing_one_are_undone),
		check_test(a_forked_child_closes_no_file_of_its_own_either),
		check_test(a_return_without_its_descriptor_is_refused_by_name),
		check_test(a_return_by_a_reused_descriptor_is_refused),
		check_test(gons_close_closes_a_descriptor_of_the_scope),
		check_test(a_namespace_may_end_with_its_descriptor),
		check_test(gons_close_refuses_descriptors_that_the_scope_does_not_own),
		check_test(another_threads_descriptor_is_not_closed),
		check_test(gons_close_names_what_a_reused_descriptor_is_now),
		check_test(gons_close_uses_the_newest_of_two_records),
		check_test(gons_keep_leaves_a_descriptor_to_the_caller),
		check_test(gons_keep_refuses_descriptors_that_the_scope_does_not_own),
		check_test(gons_keep_keeps_a_mount_namespace_without_its_thread),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

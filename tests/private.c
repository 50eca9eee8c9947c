/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts inside a transient mount namespace do not propagate to the copied one, whatever its
 * propagation. The tests run in forked children, in mount namespaces of their own.
 */
#include "check.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static bool mount_tmpfs(const char *path)
{
	return mount("gons", path, "tmpfs", 0, NULL) == 0;
}

static bool bind(const char *from, const char *to)
{
	return mount(from, to, NULL, MS_BIND | MS_REC, NULL) == 0;
}

/* Makes a directory for chroot(2), and directories to mount on, inside and outside of it. */
static bool make_tree(void)
{
	static const char *const names[] = { "/tmp/outside",  "/tmp/root",	"/tmp/root/inside",
					     "/tmp/root/sys", "/tmp/root/proc", "/tmp/root/tmp" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (mkdir(names[i], 0755) < 0)
			return false;
	return bind("/proc", "/tmp/root/proc");
}

/* Enters a mount namespace with that tree, in which all mounts are shared, but with no other
 * namespace. */
static bool enter_shared(void)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 && mount_tmpfs("/tmp") &&
	       make_tree() && mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) == 0;
}

/* Moves to the root of the mount namespace, which may cover the thread's root or be above it. */
static bool leave_for_the_top(void)
{
	int fd = open("/proc/thread-self/ns/mnt", O_RDONLY | O_CLOEXEC);
	bool left = fd >= 0 && setns(fd, CLONE_NEWNS) == 0;

	if (fd >= 0)
		(void)close(fd);
	return left;
}

static dev_t device_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_dev : 0;
}

/* ---- transient mount namespaces ---- */

/* Mounts on inner as the thread sees it, and on /tmp/outside as seen from the root of the
 * namespace. */
static int mount_inside(const char *inner)
{
	dev_t inner_before = device_of(inner);
	dev_t outer_before;
	int mounts = count_mounts();
	int mark = gons_scope_begin();

	want(inner_before != 0);
	want(gons_enter_transient(CLONE_NEWNS) == 0);
	want(count_mounts() == mounts);
	want(!strstr(read_text("/proc/thread-self/mountinfo"), " shared:"));
	want(mount_tmpfs(inner));
	want(device_of(inner) != inner_before);
	want(leave_for_the_top());
	outer_before = device_of("/tmp/outside");
	want(!strstr(read_text("/proc/thread-self/mountinfo"), " shared:"));
	want(mount_tmpfs("/tmp/outside"));
	want(device_of("/tmp/outside") != outer_before);
	want(gons_scope_end(mark) == 0);
	want(count_mounts() == mounts);
	want(device_of(inner) == inner_before);
	want(leave_for_the_top());
	want(device_of("/tmp/outside") == outer_before);
	return 0;
}

static int mount_in_shared(void *arg)
{
	(void)arg;
	want(enter_shared());
	want(strstr(read_text("/proc/thread-self/mountinfo"), " shared:"));
	return mount_inside("/tmp/root/inside");
}

static void mounts_over_shared_ones_stay_inside(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	require_no_chroot(__func__);
	gons_require(CLONE_NEWNS);
	assert_int_equal(in_child(mount_in_shared, NULL), 0);
}

/* The thread keeps the covered root; setns(2) to the namespace leads to the covering one. */
static int mount_below_covered_root(void *arg)
{
	(void)arg;
	want(enter_shared());
	want(bind("/", "/"));
	return mount_inside("/tmp/root/inside");
}

static void mounts_below_a_covered_root_stay_inside(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	require_no_chroot(__func__);
	gons_require(CLONE_NEWNS);
	assert_int_equal(in_child(mount_below_covered_root, NULL), 0);
}

static int mount_below_chroot(void *arg)
{
	(void)arg;
	want(enter_shared());
	want(chroot("/tmp/root") == 0 && chdir("/") == 0);
	return mount_inside("/inside");
}

static void mounts_below_a_chroot_without_a_mount_point_stay_inside(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	require_no_chroot(__func__);
	gons_require(CLONE_NEWNS);
	assert_int_equal(in_child(mount_below_chroot, NULL), 0);
}

static int mount_below_mounted_chroot(void *arg)
{
	(void)arg;
	want(enter_shared());
	want(bind("/tmp/root", "/tmp/root"));
	want(chroot("/tmp/root") == 0 && chdir("/") == 0);
	return mount_inside("/inside");
}

static void mounts_below_a_chroot_on_a_bind_mount_stay_inside(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	require_no_chroot(__func__);
	gons_require(CLONE_NEWNS);
	assert_int_equal(in_child(mount_below_mounted_chroot, NULL), 0);
}

static int mount_beside_idle_thread(void *arg)
{
	dev_t before;
	int mark, fd;

	(void)arg;
	want(enter_shared());
	before = device_of("/tmp/outside");
	mark = gons_scope_begin();
	fd = gons_mntns_new_transient(NULL);
	want(fd >= 0);
	want(gons_enter(fd) == 0);
	want(!strstr(read_text("/proc/thread-self/mountinfo"), " shared:"));
	want(mount_tmpfs("/tmp/outside"));
	want(gons_scope_end(mark) == 0);
	want(device_of("/tmp/outside") == before);
	return 0;
}

static void mounts_in_a_namespace_of_an_idle_thread_stay_inside(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS);
	assert_int_equal(in_child(mount_beside_idle_thread, NULL), 0);
}

/* ---- namespaces that gons has not created ---- */

/* In a copy of the shared namespace: each would get the mounts of the other. */
static int mount_sysfs_in_copy(void *is_mount_point)
{
	int mounts;

	want(unshare(CLONE_NEWNS | CLONE_NEWNET) == 0);
	want(strstr(read_text("/proc/thread-self/mountinfo"), " shared:"));
	mounts = count_mounts();
	if (gons_mntns_mount_sysfs_ro() < 0)
		want(!"mounted");
	want(count_mounts() > mounts || *(bool *)is_mount_point);
	want(count_class_net(AT_FDCWD, "/sys/class/net") == 1);
	return 0;
}

/* in_child() asserts, which a child cannot. */
static int in_grandchild(int (*fn)(void *), void *arg)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(fn(arg));
	return pid > 0 && waitpid(pid, &status, 0) == pid ? status : -1;
}

static int look_from_the_peer(const char *root)
{
	bool is_mount_point = strcmp(root, "/") == 0;
	dev_t before;
	int mounts;

	want(enter_shared());
	want(chroot(root) == 0 && chdir("/") == 0);
	before = device_of("/sys");
	mounts = count_mounts();
	want(in_grandchild(mount_sysfs_in_copy, &is_mount_point) == 0);
	want(count_mounts() == mounts);
	want(device_of("/sys") == before);
	return 0;
}

static int look_from_the_root(void *arg)
{
	(void)arg;
	return look_from_the_peer("/");
}

static int look_from_the_chroot(void *arg)
{
	(void)arg;
	return look_from_the_peer("/tmp/root");
}

static void a_sysfs_does_not_propagate_to_the_copied_mount_namespace(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS | CLONE_NEWNET);
	assert_int_equal(in_child(look_from_the_root, NULL), 0);
}

static void a_sysfs_on_a_sys_that_is_no_mount_point_stays_inside(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS | CLONE_NEWNET);
	assert_int_equal(in_child(look_from_the_chroot, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(mounts_over_shared_ones_stay_inside),
		check_test(mounts_below_a_covered_root_stay_inside),
		check_test(mounts_below_a_chroot_without_a_mount_point_stay_inside),
		check_test(mounts_below_a_chroot_on_a_bind_mount_stay_inside),
		check_test(mounts_in_a_namespace_of_an_idle_thread_stay_inside),
		check_test(a_sysfs_does_not_propagate_to_the_copied_mount_namespace),
		check_test(a_sysfs_on_a_sys_that_is_no_mount_point_stays_inside),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

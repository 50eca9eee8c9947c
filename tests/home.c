/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The initial mount namespace, whose /sys gons never covers: how gons recognises it.
 *
 * It is the one in which a program starts. So this program executes itself in a copy of the
 * mount namespace, to protect the machine's /sys from mistakes.
 */
#include "check.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <linux/types.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

#ifndef NS_GET_MNTNS_ID
#define NS_GET_MNTNS_ID _IOR(NSIO, 0x5, __u64)
#endif

enum { SKIP = 77 };

/* Whether the call is refused in the initial mount namespace, and mounts nothing. */
static bool is_refused(void)
{
	int mounts = count_mounts();
	char before[65536];

	(void)strcpy(before, read_text("/proc/thread-self/mountinfo"));
	return gons_mntns_mount_sysfs_ro() == -1 && errno == EINVAL &&
	       strstr(gons_error(), "the mount namespace that this process started in") &&
	       count_mounts() == mounts &&
	       strcmp(read_text("/proc/thread-self/mountinfo"), before) == 0;
}

static int start_again(void *what)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return 1;
	return execl("/proc/self/exe", "test-home", (const char *)what, NULL);
}

/* ---- reused inode numbers ---- */

/* Enters nested transient mount namespaces until one has the inode number ino. The kernel
 * takes the lowest free number, and the namespaces hold those below. */
static int look_for(uint64_t ino)
{
	int mark = gons_scope_begin();
	bool found = false;

	want(gons_enter_transient(CLONE_NEWNET) == 0);
	for (int i = 0; i < 100 && !found; i++) {
		want(gons_enter_transient(CLONE_NEWNS) == 0);
		found = own_ino("mnt") == ino;
	}
	if (found) {
		want(gons_mntns_mount_sysfs_ro() == 0);
		want(count_class_net(AT_FDCWD, "/sys/class/net") == 1);
	}
	want(gons_scope_end(mark) == 0);
	return found ? 0 : SKIP;
}

static int leave_initial_namespace(void)
{
	uint64_t ino = own_ino("mnt");
	int result = SKIP;

	want(is_refused());
	/* The namespace ends some time after it was left. */
	want(unshare(CLONE_NEWNS) == 0);
	for (int i = 0; i < 100 && result == SKIP; i++)
		result = look_for(ino);
	return result;
}

static bool kernel_has_ids(void)
{
	int fd = open("/proc/thread-self/ns/mnt", O_RDONLY | O_CLOEXEC);
	uint64_t id;
	bool has = ioctl(fd, NS_GET_MNTNS_ID, &id) == 0;

	assert_int_equal(close(fd), 0);
	return has;
}

static char leave_argument[] = "leave";

static void a_reused_inode_number_of_the_initial_mount_namespace_is_noticed(void **state)
{
	int status;

	(void)state;
	gons_require(CLONE_NEWNS | CLONE_NEWNET);
	if (!kernel_has_ids())
		skip_for(__func__, "this kernel has no ids of mount namespaces");
	status = in_child(start_again, leave_argument);
	if (status == SKIP)
		skip_for(__func__, "the inode number was not used again");
	assert_int_equal(status, 0);
}

/* ---- procfs that is mounted later ---- */

static const char *own_ns_directory(void)
{
	static char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/ns", (int)getpid(), (int)getpid());
	return path;
}

/* The process keeps its id when it executes the program, so the files that the library reads
 * at the start can be covered before. Sanitizers need the rest of procfs. */
static int start_again_without_procfs(void *what)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("gons", own_ns_directory(), "tmpfs", 0, NULL) < 0)
		return 1;
	return execl("/proc/self/exe", "test-home", (const char *)what, NULL);
}

static bool uncover_procfs(void)
{
	return own_ino("mnt") == 0 && umount2(own_ns_directory(), MNT_DETACH) == 0 &&
	       own_ino("mnt") != 0;
}

static int call_before_moving(void)
{
	want(uncover_procfs());
	want(is_refused());
	return 0;
}

static int call_after_moving(void)
{
	int mark;

	want(uncover_procfs());
	mark = gons_scope_begin();
	want(gons_enter_transient(CLONE_NEWNS | CLONE_NEWNET) == 0);
	want(gons_mntns_mount_sysfs_ro() == 0);
	want(gons_scope_end(mark) == 0);
	want(is_refused());
	return 0;
}

static char call_argument[] = "call", move_argument[] = "move";

static void the_initial_mount_namespace_is_found_where_procfs_was_mounted_later(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNS);
	assert_int_equal(in_child(start_again_without_procfs, call_argument), 0);
}

static void the_initial_mount_namespace_is_found_before_the_first_switch(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNS | CLONE_NEWNET);
	assert_int_equal(in_child(start_again_without_procfs, move_argument), 0);
}

/* ---- base namespaces of gons_become_root() ---- */

/* Without another user, these are already the base namespaces. */
static bool become_nobody(void)
{
	if (!strstr(read_text("/proc/self/uid_map"), "4294967295"))
		return true;
	return setgroups(0, NULL) == 0 && setresgid(65534, 65534, 65534) == 0 &&
	       setresuid(65534, 65534, 65534) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0;
}

static int call_in_new_base(void *arg)
{
	uint64_t before = own_ino("mnt");
	bool moved;
	int mark;

	(void)arg;
	want(become_nobody());
	moved = !gons_has_cap(CAP_SYS_ADMIN);
	want(gons_become_root() == 0);
	want((own_ino("mnt") != before) == moved);
	want(is_refused());
	mark = gons_scope_begin();
	want(gons_enter_transient(CLONE_NEWNS | CLONE_NEWNET) == 0);
	want(gons_mntns_mount_sysfs_ro() == 0);
	want(gons_scope_end(mark) == 0);
	want(is_refused());
	return 0;
}

static void the_base_namespaces_of_gons_become_root_have_their_own_initial_mount_namespace(
	void **state)
{
	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET);
	assert_int_equal(in_child(call_in_new_base, NULL), 0);
}

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		check_test(a_reused_inode_number_of_the_initial_mount_namespace_is_noticed),
		check_test(the_initial_mount_namespace_is_found_where_procfs_was_mounted_later),
		check_test(the_initial_mount_namespace_is_found_before_the_first_switch),
		check_test(
			the_base_namespaces_of_gons_become_root_have_their_own_initial_mount_namespace),
	};

	if (argc == 2 && strcmp(argv[1], leave_argument) == 0)
		return leave_initial_namespace();
	if (argc == 2 && strcmp(argv[1], call_argument) == 0)
		return call_before_moving();
	if (argc == 2 && strcmp(argv[1], move_argument) == 0)
		return call_after_moving();
	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

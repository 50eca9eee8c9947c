/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets that are mounted on files, and sets that are entered.
 */
#include "check.h"

#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gons/mntns.h>
#include <gons/privilege.h>

#define ALL_TYPES (CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP)

static const char dir[] = "/tmp/dir";

/* Enters a mount namespace with a /tmp of its own, and creates /tmp/dir there. */
static void enter_with_dir(void)
{
	gons_require(ALL_TYPES);
	gons_must(gons_mntns_enter_transient());
	assert_int_equal(mount("gons", "/tmp", "tmpfs", 0, NULL), 0);
	assert_int_equal(mkdir(dir, 0755), 0);
}

static const char *in_dir(const char *name)
{
	static char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

/* ---- mounted, closed, opened again ---- */

static void a_closed_set_is_opened_again_from_its_mounted_files(void **state)
{
	uint64_t ino[SWITCHABLE];
	gons_set *set;
	int mounts;

	(void)state;
	require_mapped_user(__func__);
	enter_with_dir();
	mounts = count_mounts();
	set = gons_must(gons_set_unshare(NULL, ALL_TYPES, NULL));
	for (int i = 0; i < SWITCHABLE; i++)
		ino[i] = ino_in(set, switchable[i].type);
	gons_must(gons_set_mount(set, dir));
	gons_set_close(set);
	assert_int_equal(count_mounts(), mounts + SWITCHABLE);
	assert_int_equal(count_entries(dir), SWITCHABLE);
	set = gons_must(gons_set_from_dir(dir, ALL_TYPES));
	for (int i = 0; i < SWITCHABLE; i++)
		assert_int_equal(ino_in(set, switchable[i].type), ino[i]);
	/* A descriptor that was opened by a mount keeps it busy. */
	assert_int_equal(umount(in_dir("net")), -1);
	assert_int_equal(errno, EBUSY);
	gons_set_close(set);
	for (int i = 0; i < SWITCHABLE; i++) {
		assert_int_equal(umount(in_dir(switchable[i].name)), 0);
		assert_int_equal(unlink(in_dir(switchable[i].name)), 0);
	}
	assert_int_equal(count_mounts(), mounts);
}

static void user_pid_and_time_namespaces_are_mounted_too(void **state)
{
	int types = CLONE_NEWUSER | CLONE_NEWPID;
	gons_set *set, *again;

	(void)state;
	gons_require(types);
	types |= gons_can(CLONE_NEWTIME) ? CLONE_NEWTIME : 0; /* since Linux 5.6 */
	enter_with_dir();
	set = gons_must(gons_set_unshare(NULL, types, NULL));
	gons_must(gons_set_mount(set, dir));
	again = gons_must(gons_set_from_dir(dir, types));
	assert_int_equal(ino_in(again, CLONE_NEWUSER), ino_in(set, CLONE_NEWUSER));
	assert_int_equal(ino_in(again, CLONE_NEWPID), ino_in(set, CLONE_NEWPID));
	if (types & CLONE_NEWTIME)
		assert_int_equal(ino_in(again, CLONE_NEWTIME), ino_in(set, CLONE_NEWTIME));
	gons_set_close(again);
	gons_set_close(set);
}

static void one_namespace_of_a_set_is_mounted_on_a_file(void **state)
{
	gons_set *set;

	(void)state;
	require_mapped_user(__func__);
	enter_with_dir();
	set = gons_must(gons_set_unshare(NULL, CLONE_NEWNET | CLONE_NEWUTS, NULL));
	gons_must(gons_set_mount_ns(set, CLONE_NEWUTS, in_dir("name")));
	assert_int_equal(gons_path_ino(in_dir("name"), CLONE_NEWUTS), ino_in(set, CLONE_NEWUTS));
	assert_int_equal(chdir(dir), 0);
	gons_must(gons_set_mount_ns(set, CLONE_NEWNET, "here"));
	assert_int_equal(gons_path_ino(in_dir("here"), CLONE_NEWNET), ino_in(set, CLONE_NEWNET));
	assert_int_equal(count_entries(dir), 2);
	gons_set_close(set);
}

static void a_plain_file_is_covered_by_the_mount_and_unchanged(void **state)
{
	gons_set *set;
	FILE *file;

	(void)state;
	require_mapped_user(__func__);
	enter_with_dir();
	file = fopen(in_dir("uts"), "we");
	assert_non_null(file);
	assert_true(fputs("text", file) >= 0);
	assert_int_equal(fclose(file), 0);
	set = gons_must(gons_set_current(CLONE_NEWUTS));
	gons_must(gons_set_mount(set, dir));
	assert_int_equal(gons_path_ino(in_dir("uts"), CLONE_NEWUTS), own_ino("uts"));
	gons_set_close(set);
	assert_int_equal(umount(in_dir("uts")), 0);
	assert_string_equal(read_text(in_dir("uts")), "text");
}

/* ---- refusals ---- */

/* The call is refused, and leaves no mounts and no files. */
#define assert_nothing_left(call, errnum, words)                                                   \
	do {                                                                                       \
		int mounts_ = count_mounts(), files_ = count_entries(dir);                         \
		int fds_ = count_entries("/proc/self/fd");                                         \
		assert_refused(call, errnum, words);                                               \
		assert_int_equal(count_mounts(), mounts_);                                         \
		assert_int_equal(count_entries(dir), files_);                                      \
		assert_int_equal(count_entries("/proc/self/fd"), fds_);                            \
	} while (0)

static void a_failed_mount_of_a_set_leaves_no_mounts(void **state)
{
	gons_set *set;

	(void)state;
	require_mapped_user(__func__);
	enter_with_dir();
	set = gons_must(gons_set_unshare(NULL, ALL_TYPES, NULL));
	/* The last one of the five fails. */
	assert_int_equal(mkdir(in_dir("cgroup"), 0755), 0);
	assert_nothing_left(gons_set_mount(set, dir), EISDIR,
			    "cannot mount a namespace on the directory /tmp/dir/cgroup");
	assert_int_equal(rmdir(in_dir("cgroup")), 0);
	assert_int_equal(mkfifo(in_dir("cgroup"), 0600), 0);
	assert_nothing_left(gons_set_mount(set, dir), EINVAL, "cgroup, which is no plain file");
	assert_int_equal(unlink(in_dir("cgroup")), 0);
	assert_int_equal(symlink("/dev/null", in_dir("cgroup")), 0);
	assert_nothing_left(gons_set_mount(set, dir), EINVAL, "cgroup, which is no plain file");
	assert_int_equal(unlink(in_dir("cgroup")), 0);
	gons_must(gons_set_mount_ns(set, CLONE_NEWCGROUP, in_dir("cgroup")));
	assert_nothing_left(gons_set_mount(set, dir), EBUSY,
			    "cgroup, where one is mounted already: %m; unmount that one first");
	gons_set_close(set);
}

static void invalid_targets_of_a_mount_are_refused(void **state)
{
	char name[NAME_MAX + 2], deep[PATH_MAX + 1];
	gons_set *set;

	(void)state;
	require_mapped_user(__func__);
	enter_with_dir();
	set = gons_must(gons_set_current(CLONE_NEWNET));
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	memset(deep, '/', sizeof(deep));
	deep[sizeof(deep) - 1] = '\0';
	assert_nothing_left(gons_set_mount(set, NULL), EINVAL, "dir is NULL or empty");
	assert_nothing_left(gons_set_mount(set, ""), EINVAL, "dir is NULL or empty");
	assert_nothing_left(gons_set_mount(set, "/tmp/none"), ENOENT,
			    "cannot mount a set to /tmp/none: No such file or directory");
	assert_nothing_left(gons_set_mount(set, "/etc/passwd"), ENOTDIR, "Not a directory");
	assert_nothing_left(gons_set_mount_ns(set, CLONE_NEWNET, NULL), EINVAL,
			    "file is NULL or empty");
	assert_nothing_left(gons_set_mount_ns(set, CLONE_NEWNET, ""), EINVAL,
			    "file is NULL or empty");
	assert_nothing_left(gons_set_mount_ns(set, CLONE_NEWNET, dir), EISDIR,
			    "on the directory /tmp/dir");
	assert_nothing_left(gons_set_mount_ns(set, CLONE_NEWNET, "/tmp/dir/"), EISDIR,
			    "on the directory /tmp/dir/");
	assert_nothing_left(gons_set_mount_ns(set, CLONE_NEWNET, "/"), EISDIR, "directory /");
	assert_nothing_left(gons_set_mount_ns(set, CLONE_NEWNET, "/tmp/none/net"), ENOENT,
			    "cannot mount a namespace on /tmp/none/net: No such file");
	assert_nothing_left(gons_set_mount_ns(set, CLONE_NEWNET, name), ENAMETOOLONG, "nnn");
	assert_nothing_left(gons_set_mount_ns(set, CLONE_NEWNET, deep), ENAMETOOLONG, "too long");
	assert_nothing_left(gons_set_mount_ns(set, CLONE_NEWUTS, in_dir("uts")), EINVAL,
			    "the set holds no UTS namespace");
	assert_nothing_left(gons_set_mount_ns(set, 3, in_dir("uts")), EINVAL,
			    "not namespace types");
	gons_set_close(set);
	assert_nothing_left(gons_set_mount(NULL, dir), EINVAL, "set is NULL");
	assert_nothing_left(gons_set_mount_ns(NULL, CLONE_NEWNET, in_dir("net")), EINVAL,
			    "set is NULL");
}

/*
 * The number by which the kernel tells which of two mount namespaces is the older one. Where each
 * processor has a range of numbers of its own (as in Linux 6.18), one that was created earlier on
 * another processor may count as the younger one. 0 where the kernel does not say it.
 */
static uint64_t age_of(const gons_set *set)
{
	uint64_t number;

	return ioctl(gons_set_fd(set, CLONE_NEWNS), _IOR(0xb7, 5, uint64_t), &number) == 0 ? number
											   : 0;
}

static void mounting_a_mount_namespace_in_itself_is_refused(void **state)
{
	const char words[] = "the kernel mounts a mount namespace only in an older one, and not "
			     "on a shared mount";
	gons_set *own, *older;

	(void)state;
	require_mapped_user(__func__);
	gons_require(ALL_TYPES);
	older = gons_must(gons_set_current(CLONE_NEWNS));
	enter_with_dir();
	own = gons_must(gons_set_current(CLONE_NEWNS | CLONE_NEWNET));
	assert_nothing_left(gons_set_mount(own, dir), EINVAL, words);
	if (age_of(older) <= age_of(own))
		assert_nothing_left(gons_set_mount(older, dir), EINVAL, words);
	gons_set_close(own);
	gons_set_close(older);
}

static void mounting_a_mount_namespace_on_a_shared_mount_is_refused(void **state)
{
	gons_set *set;
	pid_t pid;

	(void)state;
	require_mapped_user(__func__);
	enter_with_dir();
	assert_int_equal(mount("none", "/tmp", NULL, MS_SHARED, NULL), 0);
	pid = hold_in_child(CLONE_NEWNS); /* shares /tmp with this namespace */
	set = gons_must(gons_set_unshare(NULL, CLONE_NEWNS | CLONE_NEWNET, NULL));
	assert_nothing_left(gons_set_mount(set, dir), EINVAL, "and not on a shared mount");
	gons_must(gons_set_mount_ns(set, CLONE_NEWNET, in_dir("net")));
	gons_set_close(set);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static int mount_without_power(void *arg)
{
	int files = count_entries(dir);

	want(chmod(dir, 0777) == 0);
	if (setresuid(65534, 65534, 65534) < 0)
		return 0; /* where the user namespace has only one user */
	want(gons_set_mount(arg, dir) == -1 && errno == EPERM);
	want(strstr(gons_error(), "cannot mount the set's UTS namespace to /tmp/dir/uts: Operation "
				  "not permitted: CAP_SYS_ADMIN is missing"));
	want(count_entries(dir) == files);
	return 0;
}

static void mounting_a_set_without_capabilities_is_refused(void **state)
{
	gons_set *set;

	(void)state;
	require_mapped_user(__func__);
	enter_with_dir();
	set = gons_must(gons_set_current(CLONE_NEWUTS));
	assert_int_equal(in_child(mount_without_power, set), 0);
	gons_set_close(set);
}

/* ---- entering in place ---- */

static void a_set_is_entered_until_the_scope_ends(void **state)
{
	uint64_t before[SWITCHABLE], ino[SWITCHABLE];
	gons_set *set;
	int mark;

	(void)state;
	gons_require(ALL_TYPES);
	take_inodes(before);
	set = gons_must(gons_set_unshare(NULL, ALL_TYPES, NULL));
	for (int i = 0; i < SWITCHABLE; i++)
		ino[i] = ino_in(set, switchable[i].type);
	mark = gons_must(gons_scope_begin());
	gons_must(gons_set_enter(set));
	gons_set_close(set);
	assert_inodes(ino);
	gons_must(gons_scope_end(mark));
	assert_inodes(before);
}

static void entering_other_user_and_time_namespaces_is_refused(void **state)
{
	const int types[] = { CLONE_NEWUSER, CLONE_NEWTIME };
	uint64_t before[SWITCHABLE];
	gons_set *set;

	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWTIME | CLONE_NEWUTS);
	take_inodes(before);
	for (int i = 0; i < 2; i++) {
		set = gons_must(gons_set_unshare(NULL, CLONE_NEWUTS | types[i], NULL));
		assert_refused(gons_set_enter(set), EINVAL,
			       i ? "cannot enter the set's time namespace"
				 : "cannot enter the set's user namespace");
		assert_contains(gons_error(), "use gons_set_run()");
		gons_set_close(set);
	}
	assert_refused(gons_set_enter(NULL), EINVAL, "set is NULL");
	assert_inodes(before);
}

static void the_callers_own_namespaces_of_all_types_can_be_entered(void **state)
{
	gons_set *set;
	uint64_t before[SWITCHABLE];

	(void)state;
	gons_require(CLONE_NEWUTS | CLONE_NEWNS);
	set = gons_must(gons_set_current(0));
	take_inodes(before);
	gons_must(gons_set_enter(set));
	assert_inodes(before);
	gons_set_close(set);
}

static void children_are_in_a_pid_namespace_that_was_entered(void **state)
{
	gons_set *set;
	pid_t pid;
	int status;

	(void)state;
	gons_require(CLONE_NEWPID);
	set = gons_must(gons_set_unshare(NULL, CLONE_NEWPID, NULL));
	/* A process that is root only in a user namespace cannot return to a PID namespace of an
	 * ancestor. */
	if (!can_return_to("pid")) {
		assert_refused(gons_set_enter(set), EPERM,
			       "the thread could not return to the PID namespace");
		gons_set_close(set);
		return;
	}
	GONS_SCOPE {
		gons_must(gons_set_enter(set));
		pid = fork();
		if (pid == 0)
			_exit(own_ino("pid") == ino_in(set, CLONE_NEWPID) ? 0 : 1);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
	pid = fork();
	if (pid == 0)
		_exit(own_ino("pid") == ino_in(set, CLONE_NEWPID) ? 1 : 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	gons_set_close(set);
}

/* Linux 6.18 numbers mount namespaces per CPU, and treats the one with the higher number as
 * the newer one. This is right only for mount namespaces that were created on the same CPU. */
static void stay_on_this_cpu(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(sched_getcpu(), &cpus);
	(void)sched_setaffinity(0, sizeof(cpus), &cpus);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(a_closed_set_is_opened_again_from_its_mounted_files),
		check_test(user_pid_and_time_namespaces_are_mounted_too),
		check_test(one_namespace_of_a_set_is_mounted_on_a_file),
		check_test(a_plain_file_is_covered_by_the_mount_and_unchanged),
		check_test(a_failed_mount_of_a_set_leaves_no_mounts),
		check_test(invalid_targets_of_a_mount_are_refused),
		check_test(mounting_a_mount_namespace_in_itself_is_refused),
		check_test(mounting_a_mount_namespace_on_a_shared_mount_is_refused),
		check_test(mounting_a_set_without_capabilities_is_refused),
		check_test(a_set_is_entered_until_the_scope_ends),
		check_test(entering_other_user_and_time_namespaces_is_refused),
		check_test(the_callers_own_namespaces_of_all_types_can_be_entered),
		check_test(children_are_in_a_pid_namespace_that_was_entered),
	};

	stay_on_this_cpu();
	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Existing namespaces that are entered until the scope ends, and what the return restores.
 */
#include "check.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ALL_TYPES (CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP)

static int new_namespace(int type)
{
	return gons_must(type == CLONE_NEWNS ? gons_mntns_new_transient(NULL)
					     : gons_new_transient(type));
}

static void assert_path(int fd, const char *path)
{
	struct stat st[2];

	assert_int_equal(fstat(fd, &st[0]), 0);
	assert_int_equal(stat(path, &st[1]), 0);
	assert_int_equal(st[0].st_dev, st[1].st_dev);
	assert_int_equal(st[0].st_ino, st[1].st_ino);
}

/* ---- entering ---- */

static void a_namespace_of_each_type_is_entered_and_left(void **state)
{
	uint64_t before[SWITCHABLE];

	(void)state;
	gons_require(ALL_TYPES);
	take_inodes(before);
	for (int i = 0; i < SWITCHABLE; i++) {
		int fd = new_namespace(switchable[i].type);
		int mark = gons_must(gons_scope_begin());

		assert_int_equal(gons_enter(fd), 0);
		assert_int_equal(own_ino(switchable[i].name), gons_ino(fd, switchable[i].type));
		assert_int_not_equal(own_ino(switchable[i].name), before[i]);
		for (int j = 0; j < SWITCHABLE; j++)
			if (j != i)
				assert_int_equal(own_ino(switchable[j].name), before[j]);
		assert_int_equal(gons_scope_end(mark), 0);
		assert_inodes(before);
		assert_int_equal(gons_type(fd), switchable[i].type);
	}
}

static void entries_of_namespaces_nest(void **state)
{
	uint64_t before = own_ino("uts");
	int fd[3], mark[3];

	(void)state;
	gons_require(CLONE_NEWUTS);
	for (int i = 0; i < 3; i++)
		fd[i] = new_namespace(CLONE_NEWUTS);
	for (int i = 0; i < 3; i++) {
		mark[i] = gons_must(gons_scope_begin());
		gons_must(gons_enter(fd[i]));
		assert_int_equal(own_ino("uts"), gons_ino(fd[i], CLONE_NEWUTS));
	}
	assert_int_equal(gons_scope_end(mark[2]), 0);
	assert_int_equal(own_ino("uts"), gons_ino(fd[1], CLONE_NEWUTS));
	/* Two namespaces are left at once; the thread does not stop in the middle one. */
	assert_int_equal(gons_scope_end(mark[0]), 0);
	assert_int_equal(own_ino("uts"), before);
}

static void the_callers_own_namespace_can_be_entered(void **state)
{
	uint64_t before[SWITCHABLE];

	(void)state;
	gons_require(ALL_TYPES);
	take_inodes(before);
	for (int i = 0; i < SWITCHABLE; i++) {
		GONS_SCOPE {
			int fd = gons_must(gons_current(switchable[i].type));

			gons_must(gons_enter(fd));
			assert_inodes(before);
		}
		assert_inodes(before);
	}
}

static void a_namespace_can_be_entered_many_times(void **state)
{
	uint64_t before = own_ino("net");
	int fd;

	(void)state;
	gons_require(CLONE_NEWNET);
	fd = new_namespace(CLONE_NEWNET);
	for (int i = 0; i < 300; i++)
		gons_must(gons_enter(fd));
	assert_int_equal(own_ino("net"), gons_ino(fd, CLONE_NEWNET));
	assert_int_not_equal(own_ino("net"), before);
}

static void a_duplicate_of_a_namespace_descriptor_outlives_the_scope(void **state)
{
	int mark = gons_must(gons_scope_begin());
	uint64_t ino;
	int copy, fd;

	(void)state;
	gons_require(CLONE_NEWUTS);
	fd = new_namespace(CLONE_NEWUTS);
	ino = gons_must(gons_ino(fd, CLONE_NEWUTS));
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	assert_true(copy >= 0);
	assert_int_equal(gons_scope_end(mark), 0);
	gons_must(gons_enter(copy));
	assert_int_equal(close(copy), 0);
	assert_int_equal(own_ino("uts"), ino);
}

/* ---- refusals ---- */

static void descriptors_that_cannot_be_entered_are_refused(void **state)
{
	uint64_t before[SWITCHABLE];
	int fd;

	(void)state;
	take_inodes(before);
	fd = open("/proc/thread-self/ns/net", O_PATH | O_CLOEXEC);
	assert_refused(gons_enter(fd), EBADF, "was opened with O_PATH");
	assert_int_equal(close(fd), 0);
	assert_refused(gons_enter(fd), EBADF, "is closed");
	assert_refused(gons_enter(-1), EBADF, "descriptor -1 is closed");
	assert_refused(gons_enter(INT_MAX), EBADF, "is closed");
	fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	assert_refused(gons_enter(fd), EINVAL, "is not a namespace");
	assert_int_equal(close(fd), 0);
	fd = open("/", O_RDONLY | O_CLOEXEC);
	assert_refused(gons_enter(fd), EINVAL, "is not a namespace");
	assert_int_equal(close(fd), 0);
	assert_inodes(before);
}

/* setns(2) accepts a pidfd, but it is no namespace. */
static void entering_a_pidfd_is_refused(void **state)
{
	int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	uint64_t before[SWITCHABLE];

	(void)state;
	if (fd < 0) {
		print_error("gons: skipped: entering_a_pidfd_is_refused: no pidfd_open\n");
		skip();
	}
	take_inodes(before);
	assert_refused(gons_enter(fd), EINVAL, "is not a namespace");
	assert_inodes(before);
	assert_int_equal(close(fd), 0);
}

/* ---- working directory and root ---- */

static int original_cwd;

static void go_home(void *arg)
{
	(void)arg;
	assert_int_equal(fchdir(original_cwd), 0);
	assert_int_equal(close(original_cwd), 0);
}

/* Restores the working directory at the end of the test. */
static void keep_cwd(void)
{
	original_cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(original_cwd >= 0);
	gons_must(gons_defer(go_home, NULL));
}

static void enter_transient_mount_namespace(void)
{
	gons_must(gons_enter_transient(CLONE_NEWNS));
}

static void enter_existing_mount_namespace(void)
{
	gons_must(gons_enter(new_namespace(CLONE_NEWNS)));
}

static void (*const ways[])(void) = { enter_transient_mount_namespace,
				      enter_existing_mount_namespace };
enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

static void entering_a_mount_namespace_keeps_the_working_directory(void **state)
{
	char path[PATH_MAX];

	(void)state;
	gons_require(CLONE_NEWNS);
	keep_cwd();
	for (int i = 0; i < WAYS; i++) {
		GONS_SCOPE {
			assert_int_equal(chdir("/proc/sys/kernel"), 0);
			ways[i]();
			assert_string_equal(getcwd(path, sizeof(path)), "/proc/sys/kernel");
			assert_int_equal(chdir("/"), 0);
		}
		assert_string_equal(getcwd(path, sizeof(path)), "/proc/sys/kernel");
	}
}

static void a_working_directory_that_was_deleted_is_restored(void **state)
{
	struct stat before, after;

	(void)state;
	gons_require(CLONE_NEWNS);
	keep_cwd();
	for (int i = 0; i < WAYS; i++) {
		char dir[] = "/tmp/gons-deleted-XXXXXX";
		char path[PATH_MAX];

		assert_non_null(mkdtemp(dir));
		assert_int_equal(chdir(dir), 0);
		assert_int_equal(rmdir(dir), 0);
		assert_int_equal(stat(".", &before), 0);
		GONS_SCOPE {
			ways[i]();
			assert_int_equal(chdir("/proc"), 0);
		}
		assert_int_equal(stat(".", &after), 0);
		assert_int_equal(after.st_dev, before.st_dev);
		assert_int_equal(after.st_ino, before.st_ino);
		assert_null(getcwd(path, sizeof(path)));
	}
}

static void root_and_working_directory_are_restored_after_a_chroot(void **state)
{
	int root, cwd;

	(void)state;
	gons_require(CLONE_NEWNS);
	root = open("/", O_PATH | O_CLOEXEC);
	cwd = open(".", O_PATH | O_CLOEXEC);
	for (int i = 0; i < WAYS; i++) {
		GONS_SCOPE {
			ways[i]();
			assert_int_equal(chroot("/proc/sys"), 0);
			assert_int_equal(chdir("/kernel"), 0);
			assert_int_equal(access("/proc", F_OK), -1);
		}
		assert_path(root, "/");
		assert_path(cwd, ".");
	}
	assert_int_equal(close(root), 0);
	assert_int_equal(close(cwd), 0);
}

static void a_working_directory_outside_the_root_is_restored(void **state)
{
	struct stat before, after;
	char path[PATH_MAX];

	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS);
	gons_must(gons_enter_transient(CLONE_NEWNS)); /* from which the root is restored */
	assert_int_equal(mount("gons", "/tmp", "tmpfs", 0, NULL), 0);
	assert_int_equal(mkdir("/tmp/proc", 0700), 0);
	assert_int_equal(mount("/proc", "/tmp/proc", NULL, MS_BIND | MS_REC, NULL), 0);
	assert_int_equal(chdir("/proc/sys"), 0);
	assert_int_equal(chroot("/tmp"), 0);
	assert_int_equal(stat(".", &before), 0);
	for (int i = 0; i < WAYS; i++) {
		GONS_SCOPE {
			ways[i]();
			assert_int_equal(count_entries("/"), 1);
			assert_int_equal(chdir("/"), 0);
		}
		assert_int_equal(stat(".", &after), 0);
		assert_int_equal(after.st_dev, before.st_dev);
		assert_int_equal(after.st_ino, before.st_ino);
		assert_true(syscall(SYS_getcwd, path, sizeof(path)) > 0);
		assert_contains(path, "(unreachable)");
		assert_int_equal(count_entries("/"), 1);
	}
}

static void without_procfs_entering_is_refused_and_returning_works(void **state)
{
	uint64_t before = own_ino("net");

	(void)state;
	gons_require(CLONE_NEWNS | CLONE_NEWNET);
	GONS_SCOPE {
		int fd = new_namespace(CLONE_NEWNET);

		gons_must(gons_enter_transient(CLONE_NEWNS | CLONE_NEWNET));
		assert_int_equal(chroot("/proc/sys"), 0);
		assert_refused(gons_enter_transient(CLONE_NEWNET), ENOENT,
			       "procfs of this PID namespace is not mounted on /proc");
		assert_refused(gons_enter(fd), ENOENT, "is not mounted on /proc");
		assert_refused(gons_new_transient(CLONE_NEWUTS), ENOENT, "is not mounted on /proc");
	}
	assert_int_equal(own_ino("net"), before);
}

static void a_mount_over_the_working_directory_does_not_affect_the_return(void **state)
{
	int mounts = count_mounts();

	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS);
	keep_cwd();
	assert_int_equal(chdir("/tmp"), 0);
	for (int i = 0; i < WAYS; i++) {
		GONS_SCOPE {
			ways[i]();
			assert_int_equal(mount("gons", "/tmp", "tmpfs", 0, NULL), 0);
			assert_int_equal(chdir("/tmp"), 0);
			assert_int_equal(mkdir("gons-inside", 0700), 0);
		}
		assert_int_equal(count_mounts(), mounts);
		assert_int_equal(access("gons-inside", F_OK), -1);
		assert_int_equal(access("/tmp/gons-inside", F_OK), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(a_namespace_of_each_type_is_entered_and_left),
		check_test(entries_of_namespaces_nest),
		check_test(the_callers_own_namespace_can_be_entered),
		check_test(a_namespace_can_be_entered_many_times),
		check_test(a_duplicate_of_a_namespace_descriptor_outlives_the_scope),
		check_test(descriptors_that_cannot_be_entered_are_refused),
		check_test(entering_a_pidfd_is_refused),
		check_test(entering_a_mount_namespace_keeps_the_working_directory),
		check_test(a_working_directory_that_was_deleted_is_restored),
		check_test(root_and_working_directory_are_restored_after_a_chroot),
		check_test(a_working_directory_outside_the_root_is_restored),
		check_test(without_procfs_entering_is_refused_and_returning_works),
		check_test(a_mount_over_the_working_directory_does_not_affect_the_return),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

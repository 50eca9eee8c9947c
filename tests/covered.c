/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A procfs that shows wrong namespaces of the calling thread, because something is mounted over
 * it.
 */
#include "check.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char fake[] = "/tmp/gons-fake";

/* Mounts the namespace of a descriptor on path, which may be a symbolic link. */
static bool mount_namespace(int nsfd, const char *path)
{
	int tree_fd = (int)syscall(SYS_open_tree, nsfd, "",
				   OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	bool ok = tree_fd >= 0 && syscall(SYS_move_mount, tree_fd, "", AT_FDCWD, path,
					  MOVE_MOUNT_F_EMPTY_PATH) == 0;

	(void)close(tree_fd);
	return ok;
}

/* Creates another network namespace, in a mount namespace that the test may change. */
static int make_other(void)
{
	int own_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int fd;

	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("gons", "/tmp", "tmpfs", 0, NULL) < 0 || mkdir(fake, 0755) < 0 ||
	    unshare(CLONE_NEWNET) < 0)
		return -1;
	fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (setns(own_fd, CLONE_NEWNET) < 0)
		return -1;
	(void)close(own_fd);
	return fd;
}

/* By /proc/self, which no test covers: gons uses /proc/thread-self. */
static uint64_t true_ino(void)
{
	struct stat st;

	return stat("/proc/self/ns/net", &st) == 0 ? st.st_ino : 0;
}

static bool refuses(void)
{
	static const char words[] =
		"/proc/thread-self/ns/net does not lead to the network namespace of this thread: "
		"No such file or directory: something is mounted over it; unmount that, or mount procfs on "
		"/proc";

	return errno == ENOENT && strcmp(gons_error(), words) == 0;
}

static int calls_are_refused(int other_fd)
{
	uint64_t ino = true_ino();

	want(ino != 0 && own_ino("net") != ino);
	want(gons_netns_enter_transient() == -1 && refuses());
	want(gons_netns_new_transient() == -1 && refuses());
	want(gons_enter(other_fd) == -1 && refuses());
	want(gons_netns_execute(other_fd, free, NULL) == -1 && refuses());
	want(gons_netns_current() == -1 && refuses());
	want(gons_netns_current_ino() == 0 && refuses());
	want(!gons_set_current(CLONE_NEWNET) && refuses());
	want(!gons_set_current(CLONE_NEWUTS | CLONE_NEWNET) && refuses());
	want(true_ino() == ino);
	return 0;
}

static int cover_the_link(void *arg)
{
	int fd = make_other();

	(void)arg;
	want(fd >= 0 && mount_namespace(fd, "/proc/thread-self/ns/net"));
	return calls_are_refused(fd);
}

static int cover_the_link_by_a_file(void *arg)
{
	int fd = make_other(), file;

	(void)arg;
	want(fd >= 0);
	file = open("/etc/passwd", O_PATH | O_CLOEXEC);
	want(file >= 0 && mount_namespace(file, "/proc/thread-self/ns/net"));
	return calls_are_refused(fd);
}

/* gons has checked the link before, and it was right. */
static int cover_the_link_by_a_file_later(void *arg)
{
	want(gons_scope_begin() >= 0 && gons_netns_current() >= 0);
	return cover_the_link_by_a_file(arg);
}

static int cover_the_directory(void *arg)
{
	char path[64];
	int fd = make_other();

	(void)snprintf(path, sizeof(path), "%s/net", fake);
	want(fd >= 0 && close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644)) == 0 &&
	     mount_namespace(fd, path) &&
	     mount(fake, (const char *)arg, NULL, MS_BIND | MS_REC, NULL) == 0);
	return calls_are_refused(fd);
}

/* All of it is procfs, but of another process. */
static int cover_by_another_process(void *arg)
{
	int fd = make_other();
	char path[64];
	int ends[2];
	pid_t pid;

	(void)arg;
	want(fd >= 0 && pipe2(ends, O_CLOEXEC) == 0);
	pid = fork();
	if (pid == 0) {
		(void)close(ends[1]);
		_exit(setns(fd, CLONE_NEWNET) == 0 && read(ends[0], path, 1) == 0 ? 0 : 1);
	}
	(void)snprintf(path, sizeof(path), "/proc/%d/ns", pid);
	want(pid > 0 && mount(path, "/proc/thread-self/ns", NULL, MS_BIND, NULL) == 0);
	/* The child may still be in the old namespace. */
	while (own_ino("net") == true_ino())
		(void)sched_yield();
	return calls_are_refused(fd);
}

/* A /proc directory with made-up files. */
static int cover_proc(void *arg)
{
	uint64_t ino = true_ino();
	int fd = make_other();

	(void)arg;
	want(fd >= 0 && mount("gons", "/proc", "tmpfs", 0, NULL) == 0 &&
	     mkdir("/proc/thread-self", 0755) == 0 && mkdir("/proc/thread-self/ns", 0755) == 0 &&
	     close(open("/proc/thread-self/ns/net", O_CREAT | O_WRONLY | O_CLOEXEC, 0644)) == 0 &&
	     mount_namespace(fd, "/proc/thread-self/ns/net"));
	want(gons_netns_enter_transient() == -1 && refuses());
	want(gons_netns_current() == -1 && refuses());
	want(umount("/proc/thread-self/ns/net") == 0 && umount("/proc") == 0);
	want(true_ino() == ino && gons_netns_enter_transient() == 0 && true_ino() != ino);
	return 0;
}

/* ---- the tests: each runs in a program of its own, in which gons has checked nothing yet ---- */

static const struct {
	const char *name;
	int (*fn)(void *);
	const char *arg;
} scenarios[] = {
	{ "link", cover_the_link, NULL },
	{ "file", cover_the_link_by_a_file, NULL },
	{ "later", cover_the_link_by_a_file_later, NULL },
	{ "directory", cover_the_directory, "/proc/thread-self/ns" },
	{ "process", cover_by_another_process, NULL },
	{ "proc", cover_proc, NULL },
};

static int run_scenario(const char *name)
{
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
		if (strcmp(name, scenarios[i].name) == 0)
			return scenarios[i].fn((void *)scenarios[i].arg);
	return 2;
}

static int run_again(void *name)
{
	(void)execl("/proc/self/exe", "covered", (char *)name, (char *)NULL);
	return 3;
}

static void refused_when_covered(const char *name)
{
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	assert_int_equal(in_child(run_again, (void *)name), 0);
}

static void a_namespace_mounted_over_the_namespace_link_is_noticed(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	refused_when_covered("link");
}

static void a_file_mounted_over_the_namespace_link_is_noticed(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	refused_when_covered("file");
}

static void a_file_mounted_later_over_the_namespace_link_is_noticed(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	refused_when_covered("later");
}

static void a_mount_over_the_ns_directory_is_noticed(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	refused_when_covered("directory");
}

static void namespaces_of_another_process_are_not_mistaken_for_the_callers(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	refused_when_covered("process");
}

static void a_proc_directory_that_is_not_procfs_is_noticed(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	refused_when_covered("proc");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		check_test(a_namespace_mounted_over_the_namespace_link_is_noticed),
		check_test(a_file_mounted_over_the_namespace_link_is_noticed),
		check_test(a_file_mounted_later_over_the_namespace_link_is_noticed),
		check_test(a_mount_over_the_ns_directory_is_noticed),
		check_test(namespaces_of_another_process_are_not_mistaken_for_the_callers),
		check_test(a_proc_directory_that_is_not_procfs_is_noticed),
	};

	if (argc > 1)
		return run_scenario(argv[1]);
	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

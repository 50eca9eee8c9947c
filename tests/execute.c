/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions executed in other namespaces, on the calling thread.
 */
#include "check.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ALL_TYPES (CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP)

enum { NET, MNT, UTS, IPC, CGROUP, TYPES };
static const char *const names[TYPES] = { "net", "mnt", "uts", "ipc", "cgroup" };
static const int flags[TYPES] = { CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC,
				  CLONE_NEWCGROUP };

/* What an executed function saw. */
struct seen {
	int calls;
	pid_t tid;
	pthread_t thread;
	uint64_t ino[TYPES];
	char cwd[PATH_MAX];
	struct stat root;
};

static void look(void *arg)
{
	struct seen *seen = arg;

	seen->calls++;
	seen->tid = gettid();
	seen->thread = pthread_self();
	for (int i = 0; i < TYPES; i++)
		seen->ino[i] = own_ino(names[i]);
	if (syscall(SYS_getcwd, seen->cwd, sizeof(seen->cwd)) < 0)
		seen->cwd[0] = '\0';
	assert_int_equal(stat("/", &seen->root), 0);
}

static int new_namespace(int type)
{
	return gons_must(type == CLONE_NEWNS ? gons_mntns_new_transient(NULL)
					     : gons_new_transient(type));
}

/* ---- where a function runs ---- */

static void a_function_is_executed_on_the_calling_thread_in_the_namespace(void **state)
{
	struct seen before = { 0 }, after = { 0 };

	(void)state;
	gons_require(ALL_TYPES);
	look(&before);
	for (int i = 0; i < TYPES; i++) {
		int fd = new_namespace(flags[i]);
		struct seen seen = { 0 };

		assert_int_equal(gons_execute(fd, look, &seen), 0);
		assert_int_equal(seen.calls, 1);
		assert_int_equal(seen.tid, gettid());
		assert_true(pthread_equal(seen.thread, pthread_self()));
		for (int j = 0; j < TYPES; j++)
			assert_int_equal(seen.ino[j],
					 j == i ? gons_ino(fd, flags[i]) : before.ino[j]);
		assert_int_not_equal(seen.ino[i], before.ino[i]);
		look(&after);
		assert_memory_equal(after.ino, before.ino, sizeof(after.ino));
	}
}

static void a_function_is_executed_in_several_namespaces_at_once(void **state)
{
	struct seen before = { 0 }, after = { 0 }, seen = { 0 };
	int fd[TYPES];

	(void)state;
	gons_require(ALL_TYPES);
	look(&before);
	for (int i = 0; i < TYPES; i++)
		fd[i] = new_namespace(flags[i]);
	assert_int_equal(gons_execute_all(fd, 3, look, &seen), 0);
	for (int i = 0; i < TYPES; i++)
		assert_int_equal(seen.ino[i], i < 3 ? gons_ino(fd[i], flags[i]) : before.ino[i]);
	assert_int_equal(gons_execute_all(fd, TYPES, look, &seen), 0);
	for (int i = 0; i < TYPES; i++)
		assert_int_equal(seen.ino[i], gons_ino(fd[i], flags[i]));
	assert_int_equal(seen.calls, 2);
	look(&after);
	assert_memory_equal(after.ino, before.ino, sizeof(after.ino));
}

static void with_no_namespaces_the_function_runs_in_the_callers_ones(void **state)
{
	struct seen before = { 0 }, seen = { 0 };

	(void)state;
	look(&before);
	assert_int_equal(gons_execute_all(NULL, 0, look, &seen), 0);
	assert_int_equal(seen.calls, 1);
	assert_memory_equal(seen.ino, before.ino, sizeof(seen.ino));
}

static void a_function_is_executed_in_the_callers_own_namespaces(void **state)
{
	struct seen before = { 0 }, seen = { 0 };

	(void)state;
	gons_require(ALL_TYPES);
	look(&before);
	for (int i = 0; i < TYPES; i++) {
		int fd = gons_must(gons_current(flags[i]));

		assert_int_equal(gons_execute(fd, look, &seen), 0);
		assert_memory_equal(seen.ino, before.ino, sizeof(seen.ino));
		assert_string_equal(seen.cwd, before.cwd);
	}
	assert_int_equal(seen.calls, TYPES);
}

struct nest {
	int fd[3];
	int depth;
	uint64_t ino[3], back[3];
};

static void go_deeper(void *arg)
{
	struct nest *nest = arg;
	int depth = nest->depth++;

	nest->ino[depth] = own_ino("uts");
	if (depth < 2)
		assert_int_equal(gons_execute(nest->fd[depth + 1], go_deeper, nest), 0);
	nest->back[depth] = own_ino("uts");
}

static void execute_nests_three_levels(void **state)
{
	uint64_t before = own_ino("uts");
	struct nest nest = { .depth = 0 };

	(void)state;
	gons_require(CLONE_NEWUTS);
	for (int i = 0; i < 3; i++)
		nest.fd[i] = new_namespace(CLONE_NEWUTS);
	assert_int_equal(gons_execute(nest.fd[0], go_deeper, &nest), 0);
	assert_int_equal(nest.depth, 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(nest.ino[i], gons_ino(nest.fd[i], CLONE_NEWUTS));
		assert_int_equal(nest.back[i], nest.ino[i]);
	}
	assert_int_equal(own_ino("uts"), before);
}

/* ---- refusals ---- */

static void misuse_of_execute_is_refused_before_anything_is_switched(void **state)
{
	struct seen seen = { 0 };
	int net = gons_must(gons_current(CLONE_NEWNET));
	int again = gons_must(gons_open("/proc/thread-self/ns/net", 0));
	int uts = gons_must(gons_current(CLONE_NEWUTS));
	gons_set *set =
		gons_set_unshare(NULL, CLONE_NEWUSER, NULL); /* or not, where none can be created */
	int user = set ? gons_set_fd(set, CLONE_NEWUSER) : -1;
	int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	const int twice[] = { uts, net, again };
	const int mixed[] = { uts, user }, bad[] = { uts, file }, closed[] = { uts, -1 };
	const int many[] = { uts, net, net, net, net, net, net, net };

	(void)state;
	assert_refused(gons_execute(net, NULL, NULL), EINVAL, "fn is NULL");
	assert_refused(gons_execute_all(NULL, 0, NULL, NULL), EINVAL, "fn is NULL");
	assert_refused(gons_execute_all(NULL, 1, look, &seen), EINVAL, "nsfds is NULL and n is 1");
	assert_refused(gons_execute_all(twice, 3, look, &seen), EINVAL,
		       "cannot enter two network namespaces at once");
	assert_refused(gons_execute_all(many, 8, look, &seen), EINVAL, "two network namespaces");
	if (set)
		assert_refused(gons_execute_all(mixed, 2, look, &seen), EINVAL,
			       "a thread cannot return from another user namespace");
	gons_set_close(set);
	assert_refused(gons_execute_all(bad, 2, look, &seen), EINVAL, "is not a namespace");
	assert_refused(gons_execute_all(closed, 2, look, &seen), EBADF, "is closed");
	assert_refused(gons_execute(-1, look, &seen), EBADF, "is closed");
	assert_int_equal(seen.calls, 0);
	assert_int_equal(close(file), 0);
}

static int set_capabilities(uint32_t low)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
		{ .effective = low, .permitted = low },
	};

	return (int)syscall(SYS_capset, &header, data);
}

static void drop_capabilities(void *arg)
{
	*(int *)arg = set_capabilities(0);
}

static int be_refused_the_return(void *arg)
{
	int result = -2;

	if (gons_execute(*(int *)arg, drop_capabilities, &result) == 0 || errno != EPERM)
		return 1;
	return result == 0 && strstr(gons_error(), "cannot return to its previous UTS namespace")
		       ? 0
		       : 2;
}

static void a_refused_return_is_reported(void **state)
{
	int fd;

	(void)state;
	gons_require(CLONE_NEWUTS);
	fd = new_namespace(CLONE_NEWUTS);
	assert_int_equal(in_child(be_refused_the_return, &fd), 0);
}

/* Entering the network namespace is permitted, and then the mount namespace is refused. */
static int be_refused_half_way(void *arg)
{
	const int *fds = arg;
	uint64_t net = own_ino("net"), mnt = own_ino("mnt");
	struct seen seen = { 0 };
	int open_fds = count_entries("/proc/self/fd");

	if (gons_execute_all(fds, 2, look, &seen) < 0 || seen.calls != 1)
		return 1;
	if (set_capabilities(1U << CAP_SYS_ADMIN) < 0)
		return 2;
	if (gons_execute_all(fds, 2, look, &seen) == 0 || errno != EPERM || seen.calls != 1)
		return 3;
	if (own_ino("net") != net || own_ino("mnt") != mnt ||
	    count_entries("/proc/self/fd") != open_fds)
		return 4;
	if (!strstr(gons_error(), "cannot enter a mount namespace: Operation not permitted: "
				  "CAP_SYS_CHROOT"))
		return 5;
	/* The thread has not moved, so the message says nothing of a return. */
	return strstr(gons_error(), "cannot return") ? 6 : 0;
}

static void a_partial_switch_is_undone(void **state)
{
	int fds[2];

	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	fds[0] = new_namespace(CLONE_NEWNET);
	fds[1] = new_namespace(CLONE_NEWNS);
	assert_int_equal(in_child(be_refused_half_way, fds), 0);
}

/* ---- working directory and root ---- */

/* Enters a mount namespace with a directory tree of its own; /tmp/root can be a root. */
static void enter_with_tree(void)
{
	gons_must(gons_enter_transient(CLONE_NEWNS));
	assert_int_equal(mount("gons", "/tmp", "tmpfs", 0, NULL), 0);
	assert_int_equal(mkdir("/tmp/root", 0755), 0);
	assert_int_equal(mkdir("/tmp/root/sub", 0755), 0);
	assert_int_equal(mkdir("/tmp/root/proc", 0755), 0);
	assert_int_equal(mount("/proc", "/tmp/root/proc", NULL, MS_BIND | MS_REC, NULL), 0);
}

static void execute_keeps_the_working_directory_where_the_path_exists(void **state)
{
	struct seen seen = { 0 };
	char path[PATH_MAX];
	int outside;

	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS);
	outside = gons_must(gons_current(CLONE_NEWNS));
	enter_with_tree();
	assert_int_equal(chdir("/proc/sys/kernel"), 0);
	gons_must(gons_execute(outside, look, &seen));
	assert_string_equal(seen.cwd, "/proc/sys/kernel");
	assert_int_equal(chdir("/tmp/root/sub"), 0);
	gons_must(gons_execute(outside, look, &seen));
	assert_string_equal(seen.cwd, "/");
	assert_string_equal(getcwd(path, sizeof(path)), "/tmp/root/sub");
	/* The same path leads to another directory in the target. */
	assert_int_equal(chdir("/tmp"), 0);
	gons_must(gons_execute(outside, look, &seen));
	assert_string_equal(seen.cwd, "/tmp");
	assert_int_equal(access("root/sub", F_OK), 0);
}

static void leave_directories(void *arg)
{
	(void)arg;
	assert_int_equal(chroot("/proc/sys"), 0);
	assert_int_equal(chdir("/kernel"), 0);
}

static void directories_are_restored_whatever_the_executed_function_did(void **state)
{
	char path[PATH_MAX];
	int fd;

	(void)state;
	gons_require(CLONE_NEWNS);
	gons_must(gons_enter_transient(CLONE_NEWNS));
	assert_int_equal(chdir("/proc/sys/net"), 0);
	fd = new_namespace(CLONE_NEWNS);
	gons_must(gons_execute(fd, leave_directories, NULL));
	assert_string_equal(getcwd(path, sizeof(path)), "/proc/sys/net");
	assert_int_equal(access("/proc/self", F_OK), 0);
	fd = gons_must(gons_current(CLONE_NEWNS));
	gons_must(gons_execute(fd, leave_directories, NULL));
	assert_string_equal(getcwd(path, sizeof(path)), "/proc/sys/net");
	assert_int_equal(access("/proc/self", F_OK), 0);
}

static void a_chrooted_thread_keeps_its_root_in_execute(void **state)
{
	struct seen seen = { 0 };
	struct stat root, home;
	char path[PATH_MAX];
	int outside, copy;

	(void)state;
	require_mapped_user(__func__);
	require_no_chroot(__func__);
	gons_require(CLONE_NEWNS);
	assert_int_equal(stat("/", &home), 0);
	outside = gons_must(gons_current(CLONE_NEWNS));
	enter_with_tree();
	copy = new_namespace(CLONE_NEWNS);
	assert_int_equal(chroot("/tmp/root"), 0);
	assert_int_equal(chdir("/sub"), 0);
	assert_int_equal(stat("/", &root), 0);
	gons_must(gons_execute(copy, look, &seen));
	assert_int_equal(seen.root.st_dev, root.st_dev);
	assert_int_equal(seen.root.st_ino, root.st_ino);
	assert_string_equal(seen.cwd, "/sub");
	/* There is no /tmp/root in the target, so the root is that of the namespace. */
	gons_must(gons_execute(outside, look, &seen));
	assert_int_equal(seen.root.st_dev, home.st_dev);
	assert_int_equal(seen.root.st_ino, home.st_ino);
	assert_string_equal(seen.cwd, "/");
	assert_string_equal(getcwd(path, sizeof(path)), "/sub");
	assert_int_equal(count_entries("/"), 2);
}

/* ---- functions that do not return, or leave something behind ---- */

static jmp_buf way_out;

static void leave_by_longjmp(void *arg)
{
	(void)arg;
	assert_int_equal(chdir("/proc"), 0);
	longjmp(way_out, 1);
}

static void after_a_longjmp_out_of_execute_the_enclosing_scope_returns(void **state)
{
	struct seen before = { 0 }, after = { 0 };
	int mark = gons_must(gons_scope_begin());
	int fds[2];

	(void)state;
	gons_require(CLONE_NEWNS | CLONE_NEWUTS);
	look(&before);
	fds[0] = new_namespace(CLONE_NEWNS);
	fds[1] = new_namespace(CLONE_NEWUTS);
	if (setjmp(way_out) == 0) {
		(void)gons_execute_all(fds, 2, leave_by_longjmp, NULL);
		fail_msg("the function did not leave");
	}
	assert_int_equal(own_ino("uts"), gons_ino(fds[1], CLONE_NEWUTS));
	assert_int_equal(gons_scope_end(mark), 0);
	look(&after);
	assert_memory_equal(after.ino, before.ino, sizeof(after.ino));
	assert_string_equal(after.cwd, before.cwd);
}

struct left {
	int fd, mark, calls;
};

static void call(void *arg)
{
	((struct left *)arg)->calls++;
}

static void leave_things(void *arg)
{
	struct left *left = arg;

	left->fd = gons_must(gons_new_transient(CLONE_NEWUTS));
	gons_must(gons_enter_transient(CLONE_NEWUTS | CLONE_NEWNET));
	left->mark = gons_must(gons_scope_begin());
	gons_must(gons_defer(call, left));
	gons_must(gons_enter(left->fd));
}

static void after_execute_entered_namespaces_are_left_and_created_things_stay(void **state)
{
	struct seen before = { 0 }, after = { 0 };
	struct left left = { .fd = -1 };
	int mark = gons_must(gons_scope_begin());
	int fd;

	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWUTS);
	look(&before);
	fd = new_namespace(CLONE_NEWNET);
	assert_int_equal(gons_execute(fd, leave_things, &left), 0);
	look(&after);
	assert_memory_equal(after.ino, before.ino, sizeof(after.ino));
	assert_int_equal(gons_type(left.fd), CLONE_NEWUTS);
	assert_int_equal(left.calls, 0);
	assert_int_equal(gons_scope_end(left.mark), 0);
	assert_int_equal(left.calls, 1);
	assert_int_equal(gons_type(left.fd), CLONE_NEWUTS);
	assert_int_equal(gons_scope_end(mark), 0);
	assert_refused(gons_type(left.fd), EBADF, "closed");
	assert_int_equal(left.calls, 1);
}

static void end_scope(void *arg)
{
	struct left *left = arg;

	assert_int_equal(gons_scope_end(left->mark), 0);
	left->fd = gons_must(gons_current(CLONE_NEWUTS));
}

static void an_executed_function_may_end_the_enclosing_scope(void **state)
{
	uint64_t before = own_ino("uts");
	struct left left = { .mark = gons_must(gons_scope_begin()), .calls = 0 };
	int fd;

	(void)state;
	gons_require(CLONE_NEWUTS);
	fd = new_namespace(CLONE_NEWUTS);
	assert_int_equal(gons_execute(fd, end_scope, &left), 0);
	assert_int_equal(own_ino("uts"), before);
	assert_refused(gons_type(fd), EBADF, "closed");
	assert_int_equal(gons_ino(left.fd, CLONE_NEWUTS), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(a_function_is_executed_on_the_calling_thread_in_the_namespace),
		check_test(a_function_is_executed_in_several_namespaces_at_once),
		check_test(with_no_namespaces_the_function_runs_in_the_callers_ones),
		check_test(a_function_is_executed_in_the_callers_own_namespaces),
		check_test(execute_nests_three_levels),
		check_test(misuse_of_execute_is_refused_before_anything_is_switched),
		check_test(a_refused_return_is_reported),
		check_test(a_partial_switch_is_undone),
		check_test(execute_keeps_the_working_directory_where_the_path_exists),
		check_test(directories_are_restored_whatever_the_executed_function_did),
		check_test(a_chrooted_thread_keeps_its_root_in_execute),
		check_test(after_a_longjmp_out_of_execute_the_enclosing_scope_returns),
		check_test(after_execute_entered_namespaces_are_left_and_created_things_stay),
		check_test(an_executed_function_may_end_the_enclosing_scope),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

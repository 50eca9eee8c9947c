/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits: on descriptors (RLIMIT_NOFILE) and on namespaces (user.max_*_namespaces).
 */
#include "check.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define ALL_TYPES (CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP)

/* ---- descriptors ---- */

/* Runs in the scope of a test, which restores the limit. */
static struct rlimit old_limit;

static void restore_limit(void *arg)
{
	(void)arg;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old_limit), 0);
}

static void set_limit(rlim_t n)
{
	const struct rlimit limit = { n, old_limit.rlim_max };

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void keep_limit(void)
{
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old_limit), 0);
	gons_must(gons_defer(restore_limit, NULL));
}

/* The descriptors for each call, opened before the limit is set. */
static struct given {
	int fd[2];
	int calls;
} given;

static void count_call(void *arg)
{
	(void)arg;
	given.calls++;
}

static int try_open(void)
{
	return gons_open("/proc/thread-self/ns/net", CLONE_NEWNET);
}

static int try_current(void)
{
	return gons_current(CLONE_NEWNET);
}

static int try_path_ino(void)
{
	return gons_path_ino("/proc/thread-self/ns/net", CLONE_NEWNET) ? 0 : -1;
}

static int try_enter_transient(void)
{
	return gons_enter_transient(ALL_TYPES);
}

static int try_mntns_enter_transient(void)
{
	return gons_mntns_enter_transient();
}

static int try_new_transient(void)
{
	return gons_new_transient(CLONE_NEWNET);
}

static int try_mntns_new_transient(void)
{
	static const char untouched[] = "untouched";
	const char *procfsroot = untouched;
	int fd = gons_mntns_new_transient(&procfsroot);

	if (fd < 0)
		assert_ptr_equal(procfsroot, untouched);
	return fd;
}

static int try_enter(void)
{
	return gons_enter(given.fd[1]);
}

static int try_execute(void)
{
	int calls = given.calls;
	int result = gons_execute_all(given.fd, 2, count_call, NULL);

	assert_int_equal(given.calls, calls + (result == 0));
	return result;
}

static int try_can(void)
{
	return gons_can(CLONE_NEWNET) ? 0 : -1;
}

static int try_loopback_up(void)
{
	return gons_netns_loopback_up();
}

static int try_mount_sysfs_ro(void)
{
	return gons_mntns_mount_sysfs_ro();
}

static int try_sysfs_open(void)
{
	return gons_sysfs_open();
}

static int try_procfsroot_open(void)
{
	int fd = gons_procfsroot_open("/", "/proc/self/status", O_RDONLY);

	return fd < 0 ? -1 : close(fd);
}

static int try_procfsroot_resolve(void)
{
	char *path = gons_procfsroot_resolve("/", "/proc/sys/../sys/kernel", 0);

	free(path);
	return path ? 0 : -1;
}

struct snapshot {
	uint64_t net, mnt, uts, ipc, cgroup;
	struct stat cwd, root;
	int fds, mounts;
};

static void take_snapshot(struct snapshot *snapshot)
{
	memset(snapshot, 0, sizeof(*snapshot));
	snapshot->net = own_ino("net");
	snapshot->mnt = own_ino("mnt");
	snapshot->uts = own_ino("uts");
	snapshot->ipc = own_ino("ipc");
	snapshot->cgroup = own_ino("cgroup");
	assert_int_equal(stat(".", &snapshot->cwd), 0);
	assert_int_equal(stat("/", &snapshot->root), 0);
	snapshot->fds = count_entries("/proc/self/fd");
	snapshot->mounts = count_mounts();
}

static void assert_snapshot(const struct snapshot *before)
{
	struct snapshot after;

	take_snapshot(&after);
	assert_int_equal(after.net, before->net);
	assert_int_equal(after.mnt, before->mnt);
	assert_int_equal(after.uts, before->uts);
	assert_int_equal(after.ipc, before->ipc);
	assert_int_equal(after.cgroup, before->cgroup);
	assert_int_equal(after.cwd.st_ino, before->cwd.st_ino);
	assert_int_equal(after.root.st_ino, before->root.st_ino);
	assert_int_equal(after.fds, before->fds);
	assert_int_equal(after.mounts, before->mounts);
}

/*
 * Calls fn with no free descriptor, then with one more each time, until it succeeds. Returns how
 * often it was refused. Runs in the scope of a test.
 */
static int refuse_until_there_is_room(int (*fn)(void))
{
	struct snapshot before;
	int lowest, n, result = -1;

	keep_limit();
	take_snapshot(&before);
	lowest = fcntl(0, F_DUPFD_CLOEXEC, 0);
	assert_true(lowest >= 0);
	assert_int_equal(close(lowest), 0);
	for (n = 0; n < 64; n++) {
		int mark = gons_must(gons_scope_begin());
		int errnum;

		set_limit((rlim_t)(lowest + n));
		result = fn();
		errnum = errno;
		set_limit(old_limit.rlim_cur);
		if (result >= 0) {
			assert_int_equal(gons_scope_end(mark), 0);
			break;
		}
		assert_int_equal(errnum, EMFILE);
		assert_contains(gons_error(), "cannot ");
		assert_contains(gons_error(), strerror(EMFILE));
		assert_snapshot(&before); /* while the scope is open */
		assert_int_equal(gons_scope_end(mark), 0);
	}
	assert_true(result >= 0);
	return n;
}

static void without_free_descriptors_everything_is_restored(void **state)
{
	static const struct {
		const char *name;
		int (*fn)(void);
		int least; /* the least number of descriptors that the call needs */
	} calls[] = {
		{ "open", try_open, 1 },
		{ "current", try_current, 1 },
		{ "path_ino", try_path_ino, 1 },
		{ "enter_transient", try_enter_transient, 7 },
		{ "mntns_enter_transient", try_mntns_enter_transient, 3 },
		{ "new_transient", try_new_transient, 2 },
		{ "mntns_new_transient", try_mntns_new_transient, 1 },
		{ "enter", try_enter, 3 },
		{ "execute", try_execute, 4 },
		{ "can", try_can, 1 },
		{ "loopback_up", try_loopback_up, 1 },
		{ "sysfs_open", try_sysfs_open, 1 },
		{ "procfsroot_open", try_procfsroot_open, 1 },
		{ "procfsroot_resolve", try_procfsroot_resolve, 1 },
	};

	(void)state;
	gons_require(ALL_TYPES);
	given.fd[0] = gons_must(gons_new_transient(CLONE_NEWUTS));
	given.fd[1] = gons_must(gons_mntns_new_transient(NULL));
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		int refused = -1;

		GONS_SCOPE {
			gons_must(gons_enter_transient(CLONE_NEWNET));
			refused = refuse_until_there_is_room(calls[i].fn);
		}
		if (refused < calls[i].least)
			fail_msg("%s was refused %d times only", calls[i].name, refused);
	}
}

static void without_free_descriptors_no_sysfs_is_mounted(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	gons_must(gons_enter_transient(CLONE_NEWNET | CLONE_NEWNS));
	assert_true(refuse_until_there_is_room(try_mount_sysfs_ro) >= 1);
	assert_int_equal(count_class_net(AT_FDCWD, "/sys/class/net"), 1);
}

static void the_message_names_the_limit_on_descriptors(void **state)
{
	int mark, result = 0;

	(void)state;
	gons_require(CLONE_NEWUTS);
	keep_limit();
	set_limit(256);
	mark = gons_must(gons_scope_begin());
	while (result >= 0)
		result = gons_new_transient(CLONE_NEWUTS);
	assert_refused(result, EMFILE,
		       "%m; the limit on open descriptors (RLIMIT_NOFILE) is reached");
	while (gons_current(CLONE_NEWUTS) >= 0)
		;
	assert_refused(gons_current(CLONE_NEWUTS), EMFILE, "RLIMIT_NOFILE");
	assert_refused(gons_enter_transient(CLONE_NEWUTS), EMFILE, "RLIMIT_NOFILE");
	assert_int_equal(gons_scope_end(mark), 0);
	assert_int_equal(gons_scope_end(gons_scope_begin()), 0);
	gons_must(gons_enter_transient(CLONE_NEWUTS));
}

static void a_reached_limit_does_not_prevent_the_return(void **state)
{
	uint64_t before = own_ino("mnt");

	(void)state;
	gons_require(ALL_TYPES);
	keep_limit();
	GONS_SCOPE {
		gons_must(gons_mntns_new_transient(NULL));
		gons_must(gons_enter_transient(ALL_TYPES));
		set_limit(3);
	}
	set_limit(old_limit.rlim_cur);
	assert_int_equal(own_ino("mnt"), before);
}

/* ---- namespaces ---- */

static int make(int type)
{
	return type == CLONE_NEWNS ? gons_mntns_new_transient(NULL) : gons_new_transient(type);
}

/* Creates 500 namespaces in both ways, where only 20 may exist. */
static int loop(void *arg)
{
	const int i = *(const int *)arg;
	int status = enter_limited(switchable[i].name, "20");

	for (int round = 0; status == 0 && round < 250; round++) {
		int mark = gons_scope_begin();

		if (gons_enter_transient(switchable[i].type) < 0)
			status = 1;
		else if (gons_scope_end(mark) < 0)
			status = 2;
		mark = gons_scope_begin();
		if (status == 0 && make(switchable[i].type) < 0)
			status = 3;
		else if (gons_scope_end(mark) < 0)
			status = 4;
	}
	if (status != 0)
		print_error("%s: %s\n", switchable[i].name, gons_error());
	return status;
}

static void five_hundred_namespaces_in_turn_fit_a_limit_of_20(void **state)
{
	(void)state;
	require_writable_limits(__func__);
	gons_require(CLONE_NEWUSER | ALL_TYPES);
	for (int i = 0; i < SWITCHABLE; i++)
		assert_int_equal(in_child(loop, &i), 0);
}

static int make_without_allowance(void *arg)
{
	const int i = *(const int *)arg;
	int status = enter_limited(switchable[i].name, "0");
	struct snapshot before;
	char words[128];

	if (status != 0)
		return status;
	(void)snprintf(words, sizeof(words), "user.max_%s_namespaces = ", switchable[i].name);
	take_snapshot(&before);
	if (gons_enter_transient(switchable[i].type) == 0 || errno != ENOSPC)
		return 1;
	if (!strstr(gons_error(), "No space left on device") || !strstr(gons_error(), words))
		return 2;
	assert_snapshot(&before);
	if (make(switchable[i].type) >= 0 || errno != ENOSPC || !strstr(gons_error(), words))
		return 3;
	assert_snapshot(&before);
	return count_threads(1) == 1 ? 0 : 4;
}

static void the_message_names_a_namespace_limit_of_0(void **state)
{
	(void)state;
	require_writable_limits(__func__);
	gons_require(CLONE_NEWUSER | ALL_TYPES);
	for (int i = 0; i < SWITCHABLE; i++)
		assert_int_equal(in_child(make_without_allowance, &i), 0);
}

static int make_some_of_several(void *arg)
{
	int status = enter_limited("uts", "0");
	uint64_t net = own_ino("net"), mnt = own_ino("mnt");

	(void)arg;
	if (status != 0)
		return status;
	if (gons_enter_transient(ALL_TYPES) == 0 || errno != ENOSPC)
		return 1;
	if (own_ino("net") != net || own_ino("mnt") != mnt)
		return 2;
	if (!strstr(gons_error(), "user.max_uts_namespaces = "))
		return 3;
	return gons_enter_transient(ALL_TYPES & ~CLONE_NEWUTS) < 0 ? 4 : 0;
}

static void several_namespaces_are_created_together_or_not_at_all(void **state)
{
	(void)state;
	require_writable_limits(__func__);
	gons_require(CLONE_NEWUSER | ALL_TYPES);
	assert_int_equal(in_child(make_some_of_several, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(without_free_descriptors_everything_is_restored),
		check_test(without_free_descriptors_no_sysfs_is_mounted),
		check_test(the_message_names_the_limit_on_descriptors),
		check_test(a_reached_limit_does_not_prevent_the_return),
		check_test(five_hundred_namespaces_in_turn_fit_a_limit_of_20),
		check_test(the_message_names_a_namespace_limit_of_0),
		check_test(several_namespaces_are_created_together_or_not_at_all),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

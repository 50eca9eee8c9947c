/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New namespaces: entered until the scope ends, or returned as descriptors.
 */
#include "check.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ALL = (1 << SWITCHABLE) - 1 };

/* The types whose indices in the table are set in these bits. */
static int flags(int set)
{
	int all = 0;

	for (int i = 0; i < SWITCHABLE; i++)
		if (set & (1 << i))
			all |= switchable[i].type;
	return all;
}

/* ---- entering ---- */

static void every_combination_of_types_is_entered_and_left(void **state)
{
	uint64_t before[SWITCHABLE];

	(void)state;
	gons_require(flags(ALL));
	take_inodes(before);
	for (int set = 1; set <= ALL; set++) {
		int mark = gons_must(gons_scope_begin());

		assert_int_equal(gons_enter_transient(flags(set)), 0);
		for (int i = 0; i < SWITCHABLE; i++) {
			if (set & (1 << i))
				assert_int_not_equal(own_ino(switchable[i].name), before[i]);
			else
				assert_int_equal(own_ino(switchable[i].name), before[i]);
		}
		assert_int_equal(gons_scope_end(mark), 0);
		assert_inodes(before);
	}
}

static void transient_namespaces_nest(void **state)
{
	uint64_t inside[4][SWITCHABLE];
	int mark[4];

	(void)state;
	gons_require(flags(ALL));
	take_inodes(inside[0]);
	for (int i = 1; i < 4; i++) {
		mark[i] = gons_must(gons_scope_begin());
		gons_must(gons_enter_transient(flags(ALL)));
		take_inodes(inside[i]);
		for (int j = 0; j < i; j++)
			for (int k = 0; k < SWITCHABLE; k++)
				assert_int_not_equal(inside[i][k], inside[j][k]);
	}
	for (int i = 3; i > 0; i--) {
		assert_inodes(inside[i]);
		assert_int_equal(gons_scope_end(mark[i]), 0);
	}
	assert_inodes(inside[0]);
}

static void a_network_namespace_holds_a_loopback_link_that_is_down(void **state)
{
	const char *line;
	int lines = 0;

	(void)state;
	gons_require(CLONE_NEWNET);
	gons_must(gons_enter_transient(CLONE_NEWNET));
	/* Two lines of heading. This reads the calling thread's namespace, not the main thread's. */
	for (line = read_text("/proc/thread-self/net/dev"); (line = strchr(line, '\n')); line++)
		lines++;
	assert_true(lines >= 3);
	assert_contains(read_text("/proc/thread-self/net/dev"), "lo:");
	assert_string_equal(read_text("/proc/thread-self/net/if_inet6"), "");
	assert_null(strstr(read_text("/proc/thread-self/net/fib_trie"), "127.0.0.1"));
}

static void a_host_name_goes_with_its_namespace(void **state)
{
	char before[HOST_NAME_MAX + 1], now[HOST_NAME_MAX + 1];

	(void)state;
	require_sethostname(__func__);
	gons_require(CLONE_NEWUTS);
	assert_int_equal(gethostname(before, sizeof(before)), 0);
	GONS_SCOPE {
		gons_must(gons_enter_transient(CLONE_NEWUTS));
		assert_int_equal(gethostname(now, sizeof(now)), 0);
		assert_string_equal(now, before);
		assert_int_equal(sethostname("transient", 9), 0);
		assert_int_equal(gethostname(now, sizeof(now)), 0);
		assert_string_equal(now, "transient");
	}
	assert_int_equal(gethostname(now, sizeof(now)), 0);
	assert_string_equal(now, before);
}

static void a_message_queue_goes_with_its_namespace(void **state)
{
	const key_t key = 0x676f6e73;

	(void)state;
	gons_require(CLONE_NEWIPC);
	GONS_SCOPE {
		gons_must(gons_enter_transient(CLONE_NEWIPC));
		assert_true(msgget(key, IPC_CREAT | IPC_EXCL | 0600) >= 0);
		assert_true(msgget(key, 0) >= 0);
	}
	assert_int_equal(msgget(key, 0), -1);
	assert_int_equal(errno, ENOENT);
}

static void a_control_group_looks_like_the_root_inside(void **state)
{
	(void)state;
	gons_require(CLONE_NEWCGROUP);
	gons_must(gons_enter_transient(CLONE_NEWCGROUP));
	for (const char *line = read_text("/proc/thread-self/cgroup"); *line;) {
		const char *end = strchr(line, '\n');

		assert_non_null(end);
		assert_true(end - line > 2 && strncmp(end - 2, ":/", 2) == 0);
		line = end + 1;
	}
}

/* ---- mounts ---- */

/* Enters a mount namespace with a shared tmpfs on /tmp, and an empty directory /tmp/a in it. */
static void enter_with_shared_mount(void)
{
	gons_must(gons_enter_transient(CLONE_NEWNS));
	assert_int_equal(mount("gons", "/tmp", "tmpfs", 0, NULL), 0);
	assert_int_equal(mount(NULL, "/tmp", NULL, MS_SHARED, NULL), 0);
	assert_int_equal(mkdir("/tmp/a", 0700), 0);
}

static void every_mount_inside_is_private(void **state)
{
	int mounts;

	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS);
	enter_with_shared_mount();
	assert_contains(read_text("/proc/thread-self/mountinfo"), " shared:");
	mounts = count_mounts();
	gons_must(gons_enter_transient(CLONE_NEWNS));
	assert_int_equal(count_mounts(), mounts);
	assert_null(strstr(read_text("/proc/thread-self/mountinfo"), " shared:"));
	assert_null(strstr(read_text("/proc/thread-self/mountinfo"), " master:"));
}

static void a_mount_inside_is_not_seen_outside(void **state)
{
	int mounts;

	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS);
	enter_with_shared_mount();
	mounts = count_mounts();
	GONS_SCOPE {
		gons_must(gons_enter_transient(CLONE_NEWNS));
		assert_int_equal(mount("gons", "/tmp/a", "tmpfs", 0, NULL), 0);
		assert_int_equal(mkdir("/tmp/a/inside", 0700), 0);
		assert_int_equal(mount("gons", "/proc", "tmpfs", 0, NULL), 0);
	}
	assert_int_equal(count_mounts(), mounts);
	assert_int_equal(count_entries("/tmp/a"), 0);
	assert_true(access("/proc/self", F_OK) == 0);
}

static void mount_outside(void *arg)
{
	(void)arg;
	assert_int_equal(mount("gons", "/tmp/a", "tmpfs", 0, NULL), 0);
}

static void a_mount_outside_is_not_seen_inside(void **state)
{
	int mounts, outside;

	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS);
	enter_with_shared_mount();
	outside = gons_must(gons_current(CLONE_NEWNS));
	gons_must(gons_enter_transient(CLONE_NEWNS));
	mounts = count_mounts();
	gons_must(gons_execute(outside, mount_outside, NULL));
	assert_int_equal(count_mounts(), mounts);
}

static void mounts_above_the_root_are_private_too(void **state)
{
	int inside;

	(void)state;
	require_mapped_user(__func__);
	require_no_chroot(__func__);
	gons_require(CLONE_NEWNS);
	enter_with_shared_mount();
	/* A root that is no mount point, as in builders of packages. */
	assert_int_equal(mkdir("/tmp/a/proc", 0700), 0);
	assert_int_equal(mount("/proc", "/tmp/a/proc", NULL, MS_BIND | MS_REC, NULL), 0);
	assert_int_equal(chroot("/tmp/a"), 0);
	assert_int_equal(chdir("/proc"), 0);
	gons_must(gons_enter_transient(CLONE_NEWNS));
	assert_int_equal(count_entries("/"), 1);
	assert_int_equal(access("self", F_OK), 0);
	/* Joining its own mount namespace moves the thread to the root there, where all mounts are
	 * visible. */
	inside = gons_must(gons_current(CLONE_NEWNS));
	assert_int_equal(setns(inside, CLONE_NEWNS), 0);
	assert_contains(read_text("/proc/thread-self/mountinfo"), " /tmp ");
	assert_null(strstr(read_text("/proc/thread-self/mountinfo"), " shared:"));
	assert_null(strstr(read_text("/proc/thread-self/mountinfo"), " master:"));
}

/* ---- refusals ---- */

static void unsupported_types_are_refused_before_anything_is_switched(void **state)
{
	static const struct {
		int types;
		const char *words;
	} wrong[] = {
		{ 0, "types is 0: Invalid argument; use one or several of CLONE_NEWNET" },
		{ CLONE_NEWUSER, "use gons_become_root()" },
		{ CLONE_NEWPID, "use gons_set_unshare() and gons_set_run()" },
		{ CLONE_NEWTIME, "use gons_set_unshare() and gons_set_run()" },
		{ CLONE_NEWNET | CLONE_NEWUSER, "use gons_become_root()" },
		{ CLONE_NEWNS | CLONE_NEWPID, "use gons_set_unshare() and gons_set_run()" },
		{ CLONE_NEWUTS | CLONE_NEWTIME, "use gons_set_unshare() and gons_set_run()" },
		{ CLONE_NEWUSER | CLONE_NEWPID, "use gons_become_root()" },
		{ 1, "not namespace types" },
		{ -1, "not namespace types" },
		{ CLONE_VM, "not namespace types" },
		{ CLONE_FS, "not namespace types" },
		{ CLONE_NEWNET | CLONE_FILES, "not namespace types" },
	};
	uint64_t before[SWITCHABLE];
	int fds = count_entries("/proc/self/fd");

	(void)state;
	take_inodes(before);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_refused(gons_enter_transient(wrong[i].types), EINVAL, wrong[i].words);
		assert_inodes(before);
		assert_int_equal(count_entries("/proc/self/fd"), fds);
	}
}

static int enter_without_capabilities(void *arg)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };
	int type = *(const int *)arg;
	uint64_t before[SWITCHABLE], after[SWITCHABLE];

	take_inodes(before);
	if (syscall(SYS_capset, &header, none) < 0)
		return 1;
	if (gons_enter_transient(type) == 0 || errno != EPERM)
		return 2;
	if (!strstr(gons_error(), "cannot create ") ||
	    !strstr(gons_error(), "Operation not permitted: ") ||
	    !strstr(gons_error(), "CAP_SYS_ADMIN is missing"))
		return 3;
	if (type != CLONE_NEWNS && (gons_new_transient(type) >= 0 || errno != EPERM))
		return 4;
	take_inodes(after);
	return memcmp(before, after, sizeof(before)) == 0 ? 0 : 5;
}

static void without_capabilities_nothing_is_entered(void **state)
{
	(void)state;
	require_setns(__func__);
	for (int i = 0; i < SWITCHABLE; i++) {
		int type = switchable[i].type;

		assert_int_equal(in_child(enter_without_capabilities, &type), 0);
	}
}

/* As after a first entry, in which gons has checked the return. */
static int lose_capabilities_after_entering(void *arg)
{
	int mark = gons_scope_begin();
	int type = *(const int *)arg;

	if (mark < 0 || gons_enter_transient(type) < 0 || gons_scope_end(mark) < 0)
		return 10;
	return enter_without_capabilities(arg);
}

static void capabilities_dropped_after_the_first_entry_are_noticed(void **state)
{
	(void)state;
	gons_require(flags(ALL));
	for (int i = 0; i < SWITCHABLE; i++) {
		int type = switchable[i].type;

		assert_int_equal(in_child(lose_capabilities_after_entering, &type), 0);
	}
}

/* A new user namespace gives all capabilities, but none over the present namespaces. */
static int enter_after_a_user_namespace(void *arg)
{
	uint64_t before[SWITCHABLE], after[SWITCHABLE];
	int mark = gons_scope_begin();
	int type = *(const int *)arg;

	if (mark < 0 || gons_enter_transient(type) < 0 || gons_scope_end(mark) < 0)
		return 1;
	take_inodes(before);
	if (unshare(CLONE_NEWUSER) < 0)
		return 2;
	if (gons_enter_transient(type) == 0 || errno != EPERM)
		return 3;
	if (!strstr(gons_error(), "call gons_become_root() first"))
		return 4;
	take_inodes(after);
	return memcmp(before, after, sizeof(before)) == 0 ? 0 : 5;
}

static void without_a_possible_return_nothing_is_entered(void **state)
{
	(void)state;
	gons_require(CLONE_NEWUSER | flags(ALL));
	for (int i = 0; i < SWITCHABLE; i++) {
		int type = switchable[i].type;

		assert_int_equal(in_child(enter_after_a_user_namespace, &type), 0);
	}
}

/* ---- descriptors ---- */

static void a_new_namespace_is_not_entered(void **state)
{
	uint64_t before[SWITCHABLE];

	(void)state;
	gons_require(flags(ALL));
	take_inodes(before);
	for (int i = 0; i < SWITCHABLE; i++) {
		struct stat st[2];
		int fd[2];

		if (switchable[i].type == CLONE_NEWNS)
			continue;
		for (int j = 0; j < 2; j++) {
			fd[j] = gons_must(gons_new_transient(switchable[i].type));
			assert_int_equal(fstat(fd[j], &st[j]), 0);
			assert_int_not_equal(st[j].st_ino, before[i]);
			assert_int_equal(gons_type(fd[j]), switchable[i].type);
			assert_true(fcntl(fd[j], F_GETFD) & FD_CLOEXEC);
		}
		assert_int_not_equal(st[0].st_ino, st[1].st_ino);
		assert_inodes(before);
	}
}

static void a_new_namespace_is_closed_with_the_scope(void **state)
{
	int mark = gons_must(gons_scope_begin());
	int fd;

	(void)state;
	gons_require(CLONE_NEWUTS);
	fd = gons_must(gons_new_transient(CLONE_NEWUTS));
	assert_int_equal(gons_scope_end(mark), 0);
	assert_refused(gons_type(fd), EBADF, "closed");
}

static void types_that_cannot_be_created_alone_are_refused(void **state)
{
	static const struct {
		int type;
		const char *words;
	} wrong[] = {
		{ CLONE_NEWNS, "use gons_mntns_new_transient()" },
		{ CLONE_NEWUSER, "use gons_set_unshare()" },
		{ CLONE_NEWPID, "use gons_set_unshare()" },
		{ CLONE_NEWTIME, "use gons_set_unshare()" },
		{ 0, "use one of CLONE_NEWNET, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWCGROUP" },
		{ CLONE_NEWNET | CLONE_NEWUTS, "use one of" },
		{ CLONE_NEWNET | CLONE_NEWNS, "use one of" },
		{ 1, "use one of" },
		{ -1, "use one of" },
		{ CLONE_FILES, "use one of" },
	};
	uint64_t before[SWITCHABLE];
	int fds = count_entries("/proc/self/fd");

	(void)state;
	take_inodes(before);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_refused(gons_new_transient(wrong[i].type), EINVAL, wrong[i].words);
		assert_inodes(before);
		assert_int_equal(count_entries("/proc/self/fd"), fds);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(every_combination_of_types_is_entered_and_left),
		check_test(transient_namespaces_nest),
		check_test(a_network_namespace_holds_a_loopback_link_that_is_down),
		check_test(a_host_name_goes_with_its_namespace),
		check_test(a_message_queue_goes_with_its_namespace),
		check_test(a_control_group_looks_like_the_root_inside),
		check_test(every_mount_inside_is_private),
		check_test(a_mount_inside_is_not_seen_outside),
		check_test(a_mount_outside_is_not_seen_inside),
		check_test(mounts_above_the_root_are_private_too),
		check_test(unsupported_types_are_refused_before_anything_is_switched),
		check_test(without_capabilities_nothing_is_entered),
		check_test(capabilities_dropped_after_the_first_entry_are_noticed),
		check_test(without_a_possible_return_nothing_is_entered),
		check_test(a_new_namespace_is_not_entered),
		check_test(a_new_namespace_is_closed_with_the_scope),
		check_test(types_that_cannot_be_created_alone_are_refused),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

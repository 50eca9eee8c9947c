/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls that a seccomp filter refuses, as in a container or on an older kernel. A filter
 * cannot be removed, so each is installed in a forked child.
 */
#include "check.h"

#include <fcntl.h>
#include <pthread.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <stddef.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct refusal {
	long number;
	int errnum;
	const char *words;
};

static bool is_failure(int result, int errnum, const char *words)
{
	return result == -1 && errno == errnum && strstr(gons_error(), words);
}

/* ---- state of the thread ---- */

struct snapshot {
	uint64_t mnt, net, uts;
	struct stat root, cwd, sys;
	int mounts, fds;
};

static bool take_snapshot(struct snapshot *snapshot)
{
	memset(snapshot, 0, sizeof(*snapshot));
	snapshot->mnt = own_ino("mnt");
	snapshot->net = own_ino("net");
	snapshot->uts = own_ino("uts");
	snapshot->mounts = count_mounts();
	snapshot->fds = count_entries("/proc/thread-self/fd");
	return snapshot->mnt != 0 && stat("/", &snapshot->root) == 0 &&
	       stat(".", &snapshot->cwd) == 0 && stat("/sys", &snapshot->sys) == 0;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool is_as_before(const struct snapshot *before)
{
	struct snapshot now;

	return take_snapshot(&now) && now.mnt == before->mnt && now.net == before->net &&
	       now.uts == before->uts && now.mounts == before->mounts && now.fds == before->fds &&
	       same_file(&now.root, &before->root) && same_file(&now.cwd, &before->cwd) &&
	       same_file(&now.sys, &before->sys);
}

/* Enters a chroot in a mount namespace of its own, and a directory that is not the root. */
static bool enter_chroot(void)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("gons", "/tmp", "tmpfs", 0, NULL) == 0 && mkdir("/tmp/root", 0755) == 0 &&
	       mkdir("/tmp/root/proc", 0755) == 0 && mkdir("/tmp/root/sys", 0755) == 0 &&
	       mkdir("/tmp/root/here", 0755) == 0 &&
	       mount("/proc", "/tmp/root/proc", NULL, MS_BIND | MS_REC, NULL) == 0 &&
	       chroot("/tmp/root") == 0 && chdir("/here") == 0;
}

/* ---- unshare and setns ---- */

/* A kernel without namespaces returns EINVAL or ENOSYS. */
static int ask_without_unshare(void *errnum)
{
	const int types = CLONE_NEWNET | CLONE_NEWNS;

	want(refuse_call(SYS_unshare, *(int *)errnum));
	want(!gons_can(types));
	want(strstr(gons_error(), strerror(*(int *)errnum)));
	want(is_failure(gons_enter_transient(types), *(int *)errnum, strerror(*(int *)errnum)));
	return 0;
}

static void gons_can_returns_false_after_any_errno(void **state)
{
	int errnums[] = { EPERM, EACCES, EINVAL, ENOSYS, EUSERS };

	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	for (size_t i = 0; i < sizeof(errnums) / sizeof(errnums[0]); i++)
		assert_int_equal(in_child(ask_without_unshare, &errnums[i]), 0);
}

static int become_root_without_calls(void *arg)
{
	(void)arg;
	want(refuse_call(SYS_unshare, EPERM) && refuse_call(SYS_setns, EPERM));
	want(is_failure(gons_become_root(), EPERM, "a seccomp filter refuses unshare(2)"));
	want(!strstr(gons_error(), "thread"));
	return 0;
}

static void a_seccomp_filter_is_not_mistaken_for_other_threads(void **state)
{
	(void)state;
	assert_int_equal(in_child(become_root_without_calls, NULL), 0);
}

/* With all capabilities over its namespaces, the caller must not be told to enter the owning
 * user namespace, or to call gons_become_root(). */
static int enter_without_call(void *arg)
{
	const struct refusal *refusal = arg;
	struct snapshot before;

	want(gons_scope_begin() >= 0);
	want(refuse_call(refusal->number, refusal->errnum));
	want(take_snapshot(&before));
	for (int i = 0; i < SWITCHABLE; i++) {
		want(is_failure(gons_enter_transient(switchable[i].type), refusal->errnum,
				refusal->words));
		want(!strstr(gons_error(), "user namespace"));
		want(is_as_before(&before));
	}
	return 0;
}

static void the_owner_of_the_namespaces_reads_only_about_the_filter(void **state)
{
	struct refusal refusals[] = {
		{ SYS_unshare, EPERM,
		  "Operation not permitted: a seccomp filter refuses unshare(2)" },
		{ SYS_unshare, ENOSYS,
		  "Function not implemented: a seccomp filter refuses unshare(2)" },
		{ SYS_setns, EPERM, "Operation not permitted: a seccomp filter refuses setns(2)" },
		{ SYS_setns, ENOSYS,
		  "Function not implemented: a seccomp filter refuses setns(2)" },
	};

	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		assert_int_equal(in_child(enter_without_call, &refusals[i]), 0);
}

static void *return_at_once(void *arg)
{
	return arg;
}

/* glibc falls back on clone(2) only when clone3(2) fails with ENOSYS. musl, and glibc before
 * 2.34, do not use clone3(2). */
static int idle_without_clone3(void *arg)
{
	int fds = count_entries("/proc/thread-self/fd");
	pthread_t thread;

	(void)arg;
	want(gons_scope_begin() >= 0);
	want(refuse_call(SYS_clone3, EPERM));
	if (pthread_create(&thread, NULL, return_at_once, NULL) == 0) {
		want(pthread_join(thread, NULL) == 0);
		want(gons_mntns_new_transient(NULL) >= 0);
		return 0;
	}
	want(is_failure(
		gons_mntns_new_transient(NULL), EPERM,
		"cannot create an idle thread for a mount namespace: Operation not permitted: a seccomp filter refuses clone3(2)"));
	want(count_entries("/proc/thread-self/fd") == fds);
	return 0;
}

static void without_clone3_there_is_no_idle_thread(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNS);
	assert_int_equal(in_child(idle_without_clone3, NULL), 0);
}

/* ---- mount ---- */

static int enter_without_mount(void *arg)
{
	struct snapshot before;

	(void)arg;
	want(enter_chroot());
	want(gons_scope_begin() >= 0);
	want(refuse_call(SYS_mount, EPERM));
	want(take_snapshot(&before));
	want(is_failure(gons_enter_transient(CLONE_NEWNS), EPERM,
			"cannot make this mount namespace private"));
	want(is_as_before(&before));
	want(is_failure(gons_enter_transient(CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWNS), EPERM,
			"cannot make this mount namespace private"));
	want(is_as_before(&before));
	want(is_failure(gons_mntns_new_transient(NULL), EPERM,
			"cannot make this mount namespace private"));
	want(is_as_before(&before));
	return 0;
}

static void without_mount_no_mount_namespace_is_entered(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS);
	assert_int_equal(in_child(enter_without_mount, NULL), 0);
}

static int mount_sysfs_without_mount(void *arg)
{
	struct snapshot before;

	(void)arg;
	want(gons_scope_begin() >= 0);
	want(gons_enter_transient(CLONE_NEWNS | CLONE_NEWNET) == 0);
	want(chdir("/proc/sys") == 0);
	want(refuse_call(SYS_mount, EPERM));
	want(take_snapshot(&before));
	want(is_failure(gons_mntns_mount_sysfs_ro(), EPERM,
			"cannot make the mount on /sys private"));
	want(is_as_before(&before));
	return 0;
}

static int remount_sysfs_without_mount(void *arg)
{
	struct snapshot before;

	(void)arg;
	want(gons_scope_begin() >= 0);
	want(gons_enter_transient(CLONE_NEWNS | CLONE_NEWNET) == 0);
	want(gons_mntns_mount_sysfs_ro() == 0);
	want(chdir("/proc/sys") == 0);
	want(refuse_call(SYS_mount, EPERM));
	want(take_snapshot(&before));
	want(is_failure(gons_mntns_mount_sysfs_ro(), EPERM, "cannot make /sys read-only"));
	want(is_as_before(&before));
	return 0;
}

/* If /sys is no mount point, the whole namespace has to be made private. */
static int mount_sysfs_in_chroot_without_mount(void *errnum)
{
	struct snapshot before;

	want(enter_chroot() && unshare(CLONE_NEWNET) == 0);
	want(refuse_call(SYS_mount, *(int *)errnum));
	want(take_snapshot(&before));
	want(is_failure(gons_mntns_mount_sysfs_ro(), *(int *)errnum, "private"));
	want(is_as_before(&before));
	return 0;
}

static void without_mount_sys_stays_as_it_was(void **state)
{
	/* mount(2) also fails with EINVAL where the root is no mount point. */
	int errnums[] = { EPERM, EINVAL };

	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS | CLONE_NEWNET);
	assert_int_equal(in_child(mount_sysfs_without_mount, NULL), 0);
	assert_int_equal(in_child(remount_sysfs_without_mount, NULL), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(in_child(mount_sysfs_in_chroot_without_mount, &errnums[i]), 0);
}

/* ---- calls that qemu-user and gVisor lack ---- */

static int look_without_ioctl(void *arg)
{
	static const int types[] = { CLONE_NEWNET, CLONE_NEWNS,	  CLONE_NEWUTS,
				     CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID };
	int file = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	char path[64];

	(void)arg;
	want(refuse_call(SYS_ioctl, ENOTTY));
	want(gons_scope_begin() >= 0);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		int fd = gons_current(types[i]);

		want(fd >= 0 && gons_type(fd) == types[i]);
		(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", gons_type_name(types[i]));
		want(gons_path_type(path) == types[i]);
		want(gons_open(path, types[i]) >= 0);
	}
	want(is_failure(gons_type(file), EINVAL, "is not a namespace"));
	want(is_failure(gons_path_type("/etc/passwd"), EINVAL, "/etc/passwd is not a namespace"));
	want(is_failure(gons_path_type("/proc/self/status"), EINVAL, "is not a namespace"));
	return 0;
}

static void the_type_of_a_namespace_is_found_without_ioctl(void **state)
{
	(void)state;
	assert_int_equal(in_child(look_without_ioctl, NULL), 0);
}

static void *sleep_for_ever(void *arg)
{
	for (;;)
		(void)pause();
	return arg;
}

static int become_root_with_a_thread(void *arg)
{
	pthread_t thread;

	(void)arg;
	want(lose_capabilities(~0ULL));
	want(pthread_create(&thread, NULL, sleep_for_ever, NULL) == 0);
	want(refuse_call(SYS_unshare, EPERM));
	want(gons_become_root() < 0);
	want(strstr(gons_error(), "thread"));
	return 0;
}

static void other_threads_are_detected_without_unshare(void **state)
{
	(void)state;
	assert_int_equal(in_child(become_root_with_a_thread, NULL), 0);
}

/* ---- chroot ---- */

static void note_call(void *called)
{
	*(bool *)called = true;
}

/* On a new thread, gons has not yet checked the return, which takes chroot(2). */
static void *execute_unchecked(void *arg)
{
	const int fd = *(int *)arg;
	bool called = false;

	if (check_wanted(is_failure(gons_mntns_execute(fd, note_call, &called), EPERM,
				    "cannot enter a mount namespace"),
			 "execute is refused", __FILE__, __LINE__) &&
	    check_wanted(!called, "nothing is called", __FILE__, __LINE__))
		return NULL;
	return arg;
}

static int switch_without_chroot(void *arg)
{
	struct snapshot before;
	bool called = false;
	pthread_t thread;
	void *failed;
	int fd;

	(void)arg;
	want(unshare(CLONE_NEWNS) == 0);
	want(chdir("/proc/sys") == 0 && gons_scope_begin() >= 0);
	fd = gons_mntns_new_transient(NULL);
	want(fd >= 0 && gons_mntns_execute(fd, note_call, &called) == 0 && called);
	want(refuse_call(SYS_chroot, EPERM));
	want(take_snapshot(&before));
	want(is_failure(gons_enter_transient(CLONE_NEWNS), EPERM,
			"cannot create a mount namespace"));
	want(is_as_before(&before));
	want(is_failure(gons_enter(fd), EPERM, "cannot enter a mount namespace"));
	want(is_as_before(&before));
	want(pthread_create(&thread, NULL, execute_unchecked, &fd) == 0);
	want(pthread_join(thread, &failed) == 0 && !failed);
	want(is_as_before(&before));
	/* On this one it has. setns(2) alone takes the thread to its root, which is that of the
	 * mount namespace. */
	called = false;
	want(gons_mntns_execute(fd, note_call, &called) == 0 && called);
	want(is_as_before(&before));
	return 0;
}

/* Joining the own mount namespace would leave the chroot. */
static int switch_in_chroot_without_chroot(void *arg)
{
	struct snapshot before;
	int fd;

	(void)arg;
	want(enter_chroot() && gons_scope_begin() >= 0);
	fd = gons_mntns_new_transient(NULL);
	want(fd >= 0);
	want(refuse_call(SYS_chroot, EPERM));
	want(take_snapshot(&before));
	want(is_failure(gons_enter_transient(CLONE_NEWNS), EPERM,
			"cannot create a mount namespace"));
	want(strstr(gons_error(), "chroot(2)"));
	want(is_as_before(&before));
	want(is_failure(gons_mntns_enter_transient(), EPERM, "cannot create a mount namespace"));
	want(is_failure(gons_enter(fd), EPERM, "cannot enter a mount namespace"));
	want(is_as_before(&before));
	return 0;
}

static void a_chrooted_thread_whose_return_is_refused_keeps_its_root(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS);
	assert_int_equal(in_child(switch_in_chroot_without_chroot, NULL), 0);
}

static void without_chroot_the_working_directory_stays(void **state)
{
	(void)state;
	require_no_chroot(__func__);
	gons_require(CLONE_NEWNS);
	assert_int_equal(in_child(switch_without_chroot, NULL), 0);
}

/* ---- the calls that create a sysfs ---- */

static int mount_sysfs_without_call(void *arg)
{
	const struct refusal *refusal = arg;
	struct snapshot before;

	want(gons_scope_begin() >= 0);
	want(gons_enter_transient(CLONE_NEWNS | CLONE_NEWNET) == 0);
	want(mount("gons", "/sys/fs/cgroup", "tmpfs", 0, NULL) == 0);
	want(chdir("/proc/sys") == 0);
	want(refuse_call(refusal->number, refusal->errnum));
	want(take_snapshot(&before));
	want(is_failure(gons_mntns_mount_sysfs_ro(), refusal->errnum, refusal->words));
	want(is_as_before(&before));
	return 0;
}

static void without_any_call_that_creates_a_sysfs_none_is_mounted(void **state)
{
	struct refusal refusals[] = {
		{ SYS_fsopen, EPERM, "a seccomp filter refuses fsopen(2)" },
		{ SYS_fsconfig, EPERM, "a seccomp filter refuses fsconfig(2)" },
		{ SYS_fsmount, EPERM,
		  "cannot mount a sysfs of this network namespace: Operation not permitted: a seccomp filter refuses fsmount(2)" },
		{ SYS_move_mount, EPERM,
		  "cannot mount a sysfs on /sys: Operation not permitted: a seccomp filter refuses move_mount(2)" },
	};

	(void)state;
	gons_require(CLONE_NEWNS | CLONE_NEWNET);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		assert_int_equal(in_child(mount_sysfs_without_call, &refusals[i]), 0);
}

static int mount_sysfs_by_old_call(void *arg)
{
	const struct refusal *refusal = arg;
	struct stat mounted, there;

	want(gons_scope_begin() >= 0);
	want(gons_enter_transient(CLONE_NEWNS | CLONE_NEWNET) == 0);
	want(mount("gons", "/sys/fs/cgroup", "tmpfs", 0, NULL) == 0);
	want(stat("/sys/fs/cgroup", &mounted) == 0);
	want(refuse_call(refusal->number, ENOSYS));
	want(gons_mntns_mount_sysfs_ro() == 0);
	want(access("/sys/class/net/lo", F_OK) == 0);
	want(stat("/sys/fs/cgroup", &there) == 0 && same_file(&there, &mounted));
	return 0;
}

static void without_the_new_mount_calls_mount_creates_the_sysfs(void **state)
{
	struct refusal refusals[] = {
		{ .number = SYS_fsopen },
		{ .number = SYS_fsconfig },
		{ .number = SYS_fsmount },
		{ .number = SYS_move_mount },
	};

	(void)state;
	gons_require(CLONE_NEWNS | CLONE_NEWNET);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		assert_int_equal(in_child(mount_sysfs_by_old_call, &refusals[i]), 0);
}

/* Filters of older container engines do not know statx(2). */
static int mount_sysfs_without_statx(void *errnum)
{
	struct stat mounted, there;

	want(gons_scope_begin() >= 0);
	want(gons_enter_transient(CLONE_NEWNS | CLONE_NEWNET) == 0);
	want(mount("gons", "/sys/fs/cgroup", "tmpfs", 0, NULL) == 0);
	want(stat("/sys/fs/cgroup", &mounted) == 0);
	want(refuse_call(SYS_statx, *(const int *)errnum));
	want(gons_mntns_mount_sysfs_ro() == 0);
	want(stat("/sys/fs/cgroup", &there) == 0 && same_file(&there, &mounted));
	return 0;
}

static void without_statx_mounts_below_sys_stay(void **state)
{
	int errnums[] = { ENOSYS, EPERM };

	(void)state;
	if (sizeof(void *) < 8)
		skip_for(__func__, "stat(3) of 32-bit programs is statx(2) itself");
	gons_require(CLONE_NEWNS | CLONE_NEWNET);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(in_child(mount_sysfs_without_statx, &errnums[i]), 0);
}

/* ---- openat2 ---- */

static int walk_without_openat2(void *arg)
{
	struct refusal *refusal = arg;
	int fds = count_entries("/proc/thread-self/fd");

	want(refuse_call(refusal->number, refusal->errnum));
	want(is_failure(gons_procfsroot_open("/", "etc", 0), refusal->errnum, refusal->words));
	want(!gons_procfsroot_resolve("/", "etc", 0) && errno == refusal->errnum);
	want(strstr(gons_error(), refusal->words));
	want(count_entries("/proc/thread-self/fd") == fds);
	return 0;
}

static void without_openat2_paths_below_a_root_are_refused(void **state)
{
	struct refusal refusals[] = {
		{ SYS_openat2, ENOSYS,
		  "Linux has openat2(2) since 5.6, so possibly a seccomp filter refuses it" },
		{ SYS_openat2, EPERM,
		  "cannot open etc below /: Operation not permitted: a seccomp filter refuses openat2(2)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		assert_int_equal(in_child(walk_without_openat2, &refusals[i]), 0);
}

/* ---- filters that kill ---- */

static bool kill_call(long number)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* The kernel refuses to create a namespace, and the filter kills for a call that would find
 * the cause. */
static int explain_below_killer(void *number)
{
	want(lose_capabilities(1ULL << CAP_SYS_ADMIN));
	want(kill_call(*(long *)number));
	want(gons_enter_transient(CLONE_NEWNET) < 0 && errno == EPERM);
	return 0;
}

static void finding_the_cause_of_a_refusal_does_not_kill_the_process(void **state)
{
	long numbers[] = { SYS_unshare, SYS_chroot, SYS_mount, SYS_fsopen,
			   461 /* lsm_list_modules */ };

	(void)state;
	gons_require(CLONE_NEWNET);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		assert_int_equal(in_child(explain_below_killer, &numbers[i]), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(gons_can_returns_false_after_any_errno),
		check_test(a_seccomp_filter_is_not_mistaken_for_other_threads),
		check_test(the_owner_of_the_namespaces_reads_only_about_the_filter),
		check_test(without_clone3_there_is_no_idle_thread),
		check_test(without_mount_no_mount_namespace_is_entered),
		check_test(without_mount_sys_stays_as_it_was),
		check_test(without_chroot_the_working_directory_stays),
		check_test(a_chrooted_thread_whose_return_is_refused_keeps_its_root),
		check_test(the_type_of_a_namespace_is_found_without_ioctl),
		check_test(other_threads_are_detected_without_unshare),
		check_test(without_any_call_that_creates_a_sysfs_none_is_mounted),
		check_test(without_the_new_mount_calls_mount_creates_the_sysfs),
		check_test(without_statx_mounts_below_sys_stay),
		check_test(without_openat2_paths_below_a_root_are_refused),
		check_test(finding_the_cause_of_a_refusal_does_not_kill_the_process),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

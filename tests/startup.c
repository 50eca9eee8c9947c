/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Start-up switching: a program starts in the namespaces of other processes.
 */
#include "startup_run.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BIT(which) (1U << (which))

static const struct {
	int type, which;
	unsigned moved;
	const char *options[4];
} kinds[] = {
	{ CLONE_NEWUSER, USER, BIT(USER), { "-Ur" } },
	{ CLONE_NEWNET, NET, BIT(NET), { "-n" } },
	{ CLONE_NEWNS, MNT, BIT(MNT), { "-m" } },
	{ CLONE_NEWUTS, UTS, BIT(UTS), { "-u" } },
	{ CLONE_NEWIPC, IPC, BIT(IPC), { "-i" } },
	{ CLONE_NEWCGROUP, CGROUP, BIT(CGROUP), { "-C" } },
	{ CLONE_NEWPID, CHILDREN_PID, BIT(CHILDREN_PID), { "-p", "-f" } },
	{ CLONE_NEWTIME, CHILDREN_TIME, BIT(TIME) | BIT(CHILDREN_TIME), { "-T", "-f" } },
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

#define EVERYTHING (BIT(SEEN) - 1 - BIT(PID))
static const char *const everything[] = { "-Ur", "-n", "-m", "-u", "-i",
					  "-C",	 "-p", "-T", "-f", NULL };
#define ALL_TYPES                                                                                  \
	(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |                \
	 CLONE_NEWCGROUP | CLONE_NEWPID | CLONE_NEWTIME)

static struct seen seen;

/* ---- requested namespaces ---- */

static void without_variables_nothing_is_switched_at_start_up(void **state)
{
	static const struct start none;

	(void)state;
	start(&none, &seen);
	assert_switched(&seen, 0);
	assert_int_equal(seen.thread_errnum, 0);
}

static void at_start_up_each_type_of_a_process_is_entered(void **state)
{
	int fds;

	(void)state;
	gons_require(ALL_TYPES);
	start(&(struct start){ .home = NULL }, &seen);
	fds = seen.fds;
	for (size_t i = 0; i < KINDS; i++) {
		pid_t pid = hold(kinds[i].options);
		struct start one = { .variables = { text("gons_%s=%s",
							 gons_type_name(kinds[i].type),
							 ns_path(pid, kinds[i].which)) } };

		start(&one, &seen);
		assert_switched(&seen, kinds[i].moved);
		assert_int_equal(seen.ino[kinds[i].which], ns_ino(pid, kinds[i].which));
		assert_int_equal(seen.fds, fds);
	}
}

static void take_everything(pid_t pid, struct start *start)
{
	size_t n = 0;

	for (size_t i = 0; i < KINDS; i++)
		start->variables[n++] = text("gons_%s=%s", gons_type_name(kinds[i].type),
					     ns_path(pid, kinds[i].which));
}

static void at_start_up_all_types_of_a_process_are_entered(void **state)
{
	struct start all = { .home = NULL };
	pid_t pid;

	(void)state;
	gons_require(ALL_TYPES);
	pid = hold(everything);
	take_everything(pid, &all);
	start(&all, &seen);
	assert_switched(&seen, EVERYTHING);
	for (size_t i = 0; i < KINDS; i++)
		assert_int_equal(seen.ino[kinds[i].which], ns_ino(pid, kinds[i].which));
}

/* ---- an unprivileged user, in their own namespaces ---- */

static const char *const user_owned[] = { "-Ur", "-n", "-m", "-u", "-i", "-C", NULL };
#define USER_OWNED (BIT(USER) | BIT(NET) | BIT(MNT) | BIT(UTS) | BIT(IPC) | BIT(CGROUP))

static void take_user_owned(pid_t pid, struct start *start)
{
	for (int i = 0; i < 6; i++)
		start->variables[i] = text("gons_%s=%s", gons_type_name(kinds[i].type),
					   ns_path(pid, kinds[i].which));
}

static void at_start_up_own_namespaces_are_entered_without_capabilities(void **state)
{
	struct start all = { .before = drop_all_capabilities };

	(void)state;
	gons_require(ALL_TYPES & ~(CLONE_NEWPID | CLONE_NEWTIME));
	take_user_owned(hold(user_owned), &all);
	start(&all, &seen);
	assert_switched(&seen, USER_OWNED);
}

/* The user must also pass the directories that lead to the program. */
static int reach_this_program(void *path)
{
	return become_nobody(NULL) != 0 || access(path, X_OK) < 0;
}

static void at_start_up_namespaces_of_an_unprivileged_user_are_entered(void **state)
{
	struct start all = { .home = NULL };
	char path[PATH_MAX] = "";

	(void)state;
	gons_require(ALL_TYPES & ~(CLONE_NEWPID | CLONE_NEWTIME));
	assert_true(readlink("/proc/self/exe", path, sizeof(path) - 1) > 0);
	if (in_child(become_nobody, NULL) != 0)
		skip_for(__func__, "needs root");
	require_cap(__func__, CAP_SYS_PTRACE, "CAP_SYS_PTRACE");
	if (in_child(reach_this_program, path) != 0)
		skip_for(__func__, "other users cannot reach this program");
	take_user_owned(hold_as(become_nobody, user_owned), &all);
	start(&all, &seen);
	assert_switched(&seen, USER_OWNED);
	all.before = become_nobody;
	start(&all, &seen);
	assert_switched(&seen, USER_OWNED);
}

/* ---- PID and time namespaces ---- */

static void at_start_up_a_pid_namespace_is_entered_for_the_children(void **state)
{
	static const char *const options[] = { "-p", "-f", NULL };
	pid_t pid;

	(void)state;
	gons_require(CLONE_NEWPID);
	pid = hold(options);
	start(&(struct start){ .variables = { text("gons_pid=%s", ns_path(pid, CHILDREN_PID)) } },
	      &seen);
	assert_switched(&seen, BIT(CHILDREN_PID));
	assert_int_equal(seen.child_pid_ino, ns_ino(pid, CHILDREN_PID));
	/* Process 1 is the child of the holder. The parent is in another namespace. */
	assert_in_range(seen.child_pid, 2, 9);
	assert_int_equal(seen.child_parent, 0);
	if (seen.thread_errnum != EAGAIN) /* musl's errno for all refusals */
		assert_int_equal(seen.thread_errnum, EINVAL);
}

static int make_an_idle_thread(void *arg)
{
	(void)arg;
	want(unshare(CLONE_NEWPID) == 0);
	want(gons_mntns_new_transient(NULL) == -1 && errno == EINVAL);
	want(strstr(gons_error(),
		    "cannot create an idle thread for a mount namespace: Invalid "
		    "argument: the children of this process are created in another PID "
		    "namespace"));
	return 0;
}

static void after_start_up_in_a_pid_namespace_threads_are_refused(void **state)
{
	(void)state;
	gons_require(CLONE_NEWPID | CLONE_NEWNS);
	assert_int_equal(in_child(make_an_idle_thread, NULL), 0);
}

/* procfs shows the PID namespace only when its first process exists; since Linux 6.11 the
 * pidfd of the creator has it. -1: neither. */
static int pid_for_children(pid_t pid)
{
	const unsigned long get_pid_for_children = _IO(0xff, 6); /* PIDFD_GET_... */
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int fd = pidfd < 0 ? -1 : ioctl(pidfd, get_pid_for_children, 0);

	if (pidfd >= 0)
		assert_int_equal(close(pidfd), 0);
	return fd;
}

static void a_pid_namespace_of_start_up_has_a_child_as_its_init(void **state)
{
	static const char *const options[] = { "-p", NULL };
	int fd;

	(void)state;
	gons_require(CLONE_NEWPID);
	fd = pid_for_children(hold(options));
	if (fd < 0)
		skip_for(__func__,
			 "this kernel opens no PID namespace before its first process is there");
	start(&(struct start){ .variables = { text("gons_pid=/proc/%d/fd/%d", (int)getpid(),
						   fd) } },
	      &seen);
	assert_switched(&seen, BIT(CHILDREN_PID));
	assert_int_equal(seen.child_pid, 1);
	assert_int_equal(close(fd), 0);
}

static void at_start_up_a_time_namespace_is_entered_by_the_process_itself(void **state)
{
	static const char *const options[] = { "-T", "-f", "--boottime", "1000000", NULL };
	struct seen outside;
	pid_t pid;

	(void)state;
	gons_require(CLONE_NEWTIME);
	require_cap(__func__, CAP_SYS_TIME, "CAP_SYS_TIME");
	pid = hold(options);
	start(&(struct start){ .home = NULL }, &outside);
	start(&(struct start){ .variables = { text("gons_time=%s", ns_path(pid, CHILDREN_TIME)) } },
	      &seen);
	assert_switched(&seen, BIT(TIME) | BIT(CHILDREN_TIME));
	assert_in_range(seen.boottime - outside.boottime, 1000000, 1000060);
}

/* ---- ways to name a namespace ---- */

static void at_start_up_a_mounted_namespace_is_entered(void **state)
{
	int fd;

	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS | CLONE_NEWUTS);
	enter_with_run();
	fd = gons_must(gons_new_transient(CLONE_NEWUTS));
	bind_file(text("/proc/thread-self/fd/%d", fd), "/run/uts");
	start(&(struct start){ .variables = { "gons_uts=/run/uts" } }, &seen);
	assert_switched(&seen, BIT(UTS));
	assert_int_equal(seen.ino[UTS], gons_ino(fd, CLONE_NEWUTS));
	/* The path may be relative to the working directory. */
	start(&(struct start){ .variables = { "gons_uts=uts" }, .cwd = "/run" }, &seen);
	assert_switched(&seen, BIT(UTS));
}

static int add_named(void *name)
{
	return execlp("ip", "ip", "netns", "add", (char *)name, NULL);
}

static void at_start_up_a_namespace_of_ip_netns_is_entered(void **state)
{
	static char name[] = "gons-startup";
	int status;

	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS | CLONE_NEWNET);
	enter_with_run();
	status = in_child(add_named, name);
	if (status == 255)
		skip_for(__func__, "ip is not installed");
	assert_int_equal(status, 0);
	start(&(struct start){ .variables = { "gons_net=/run/netns/gons-startup" } }, &seen);
	assert_switched(&seen, BIT(NET));
	assert_int_equal(seen.ino[NET], gons_path_ino("/run/netns/gons-startup", CLONE_NEWNET));
}

/* ---- order, and when paths are opened ---- */

/* /run/net is another network namespace in the mount namespace whose path this returns. */
static uint64_t here, there;

static void put_there(void *fd)
{
	assert_int_equal(mount("gons", "/run", "tmpfs", 0, NULL), 0);
	bind_file(text("/proc/thread-self/fd/%d", *(int *)fd), "/run/net");
}

static const char *make_two_meanings(void)
{
	int here_fd = gons_must(gons_new_transient(CLONE_NEWNET));
	int there_fd = gons_must(gons_new_transient(CLONE_NEWNET));
	const char *root;

	enter_with_run();
	gons_must(gons_execute(gons_must(gons_mntns_new_transient(&root)), put_there, &there_fd));
	bind_file(text("/proc/thread-self/fd/%d", here_fd), "/run/net");
	here = gons_ino(here_fd, CLONE_NEWNET);
	there = gons_ino(there_fd, CLONE_NEWNET);
	assert_int_not_equal(here, there);
	return text("gons_mnt=%.*sns/mnt", (int)(strlen(root) - strlen("root")), root);
}

static void an_exclamation_mark_opens_a_path_before_the_first_switch(void **state)
{
	static const struct {
		const char *order;
		const uint64_t *wanted;
	} cases[] = {
		{ "gons_order=!mnt,!net", &here },
		{ "gons_order=mnt,!net", &here },
		{ "gons_order=!mnt,net", &there },
		{ "gons_order=mnt,net", &there },
		{ "gons_order=net,mnt", &here },
		{ "gons_order=user,mnt,uts,net,pid", &there },
		{ "PATH=/bin", &here }, /* the default order */
	};
	const char *mnt;

	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS | CLONE_NEWNET);
	mnt = make_two_meanings();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start(&(struct start){ .variables = { "gons_net=/run/net", mnt, cases[i].order } },
		      &seen);
		assert_switched(&seen, BIT(MNT) | BIT(NET));
		assert_int_equal(seen.ino[NET], *cases[i].wanted);
	}
}

/* ---- variables ---- */

static void unknown_variables_are_ignored_at_start_up(void **state)
{
	(void)state;
	start(&(struct start){ .variables = { "gons_nets=/nowhere", "gons_netns=/nowhere",
					      "gons_=/nowhere", "gons_NET=/nowhere", "gons_net",
					      "GONS_net=/nowhere", " gons_net=/nowhere" } },
	      &seen);
	assert_string_equal(seen.status, "");
	assert_string_equal(seen.left, "gons_nets=/nowhere\ngons_netns=/nowhere\ngons_=/nowhere\n"
				       "gons_NET=/nowhere\ngons_net\n");
	if (!gons_can(CLONE_NEWNET))
		return;
	start(&(struct start){ .variables = { "gons_other=1", "gons_net=/proc/self/ns/net" } },
	      &seen);
	assert_string_equal(seen.status, "");
	assert_string_equal(seen.left, "gons_other=1\n");
}

static void at_start_up_the_own_user_namespace_is_accepted(void **state)
{
	(void)state;
	start(&(struct start){ .variables = { "gons_user=/proc/self/ns/user" } }, &seen);
	assert_switched(&seen, 0);
}

static void an_empty_order_is_the_default_one(void **state)
{
	pid_t pid;

	(void)state;
	gons_require(CLONE_NEWNET);
	pid = hold(kinds[1].options);
	start(&(struct start){ .variables = { "gons_order=",
					      text("gons_%s=%s", gons_type_name(kinds[1].type),
						   ns_path(pid, kinds[1].which)) } },
	      &seen);
	assert_switched(&seen, kinds[1].moved);
}

static void a_comma_may_end_the_order(void **state)
{
	pid_t pid;

	(void)state;
	gons_require(CLONE_NEWNET);
	pid = hold(kinds[1].options);
	start(&(struct start){ .variables = { text("gons_order=%s,", gons_type_name(kinds[1].type)),
					      text("gons_%s=%s", gons_type_name(kinds[1].type),
						   ns_path(pid, kinds[1].which)) } },
	      &seen);
	assert_switched(&seen, kinds[1].moved);
}

static void empty_variables_switch_nothing_at_start_up(void **state)
{
	static const struct {
		const char *variable, *left;
	} cases[] = {
		{ "gons_net=", "gons_net=\n" },
		{ "gons_order=", "gons_order=\n" },
		{ "gons_order=net,!mnt", "gons_order=net,!mnt\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start(&(struct start){ .variables = { cases[i].variable } }, &seen);
		assert_string_equal(seen.status, "");
		assert_string_equal(seen.left, cases[i].left);
		assert_stayed(&seen, "", 0);
	}
}

static void of_two_variables_with_one_name_the_first_counts(void **state)
{
	static const char *const options[] = { "-u", NULL };
	const char *path;

	(void)state;
	gons_require(CLONE_NEWUTS);
	path = ns_path(hold(options), UTS);
	start(&(struct start){ .variables = { text("gons_uts=%s", path), "gons_uts=/nowhere" } },
	      &seen);
	assert_switched(&seen, BIT(UTS));
	start(&(struct start){ .variables = { "gons_uts=", text("gons_uts=%s", path) } }, &seen);
	assert_stayed(&seen, "", 0);
}

/* ---- directories, /sys, descriptors ---- */

static void start_up_switching_keeps_directories_where_the_paths_exist(void **state)
{
	const char *mnt;

	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS | CLONE_NEWNET);
	mnt = make_two_meanings();
	assert_int_equal(mkdir("/run/here", 0755), 0);
	start(&(struct start){ .variables = { mnt }, .cwd = "/proc/sys" }, &seen);
	assert_switched(&seen, BIT(MNT));
	assert_string_equal(seen.cwd, "/proc/sys");
	start(&(struct start){ .variables = { mnt }, .cwd = "/run/here" }, &seen);
	assert_switched(&seen, BIT(MNT));
	assert_string_equal(seen.cwd, "/");
}

static int change_root(void *arg)
{
	(void)arg;
	return chroot("/run/root") < 0 || chdir("/proc") < 0;
}

static void start_up_switching_keeps_the_root_where_its_path_exists(void **state)
{
	static const char *const options[] = { "-m", NULL };
	const char *mnt;
	int mounts;

	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS);
	enter_with_run();
	assert_int_equal(mkdir("/run/root", 0755), 0);
	assert_int_equal(mount("/", "/run/root", NULL, MS_BIND | MS_REC, NULL), 0);
	mnt = text("gons_mnt=%s", ns_path(hold(options), MNT));
	start(&(struct start){ .before = change_root }, &seen);
	assert_string_equal(seen.status, "");
	mounts = seen.mounts;
	assert_in_range(mounts, 1, count_mounts() - 1);
	start(&(struct start){ .variables = { mnt }, .before = change_root }, &seen);
	assert_switched(&seen, BIT(MNT));
	assert_int_equal(seen.mounts, mounts);
	assert_string_equal(seen.cwd, "/proc");
}

static int join_mnt(void *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 || setns(fd, CLONE_NEWNS) < 0;
}

/* Never in the machine's mount namespace, to protect its /sys from mistakes. */
static void after_start_up_switching_the_initial_mount_namespace_is_the_one_before(void **state)
{
	static const char *const options[] = { "-m", NULL }, *const both[] = { "-n", "-m", NULL };
	const char *home;
	pid_t pid;

	(void)state;
	require_no_chroot(__func__);
	gons_require(CLONE_NEWNS | CLONE_NEWNET);
	home = ns_path(hold(options), MNT);
	pid = hold(both);
	start(&(struct start){ .variables = { text("gons_net=%s", ns_path(pid, NET)) },
			       .before = join_mnt,
			       .arg = (void *)home,
			       .sysfs = true,
			       .home = home },
	      &seen);
	assert_string_equal(seen.status, "");
	assert_int_equal(seen.sysfs_errno, EINVAL);
	assert_int_equal(seen.home_errno, EINVAL);
	start(&(struct start){ .variables = { text("gons_net=%s", ns_path(pid, NET)),
					      text("gons_mnt=%s", ns_path(pid, MNT)) },
			       .before = join_mnt,
			       .arg = (void *)home,
			       .sysfs = true,
			       .home = home },
	      &seen);
	assert_string_equal(seen.status, "");
	assert_int_equal(seen.sysfs_errno, 0);
	assert_int_equal(seen.sysfs_links, 1);
	assert_int_equal(seen.home_errno, EINVAL);
}

static int close_streams(void *arg)
{
	(void)arg;
	return close(0) < 0 || close(1) < 0 || close(2) < 0;
}

static void start_up_switching_keeps_closed_streams_closed(void **state)
{
	static const char *const options[] = { "-n", NULL };
	int fds;

	(void)state;
	gons_require(CLONE_NEWNET);
	start(&(struct start){ .before = close_streams }, &seen);
	fds = seen.fds;
	start(&(struct start){ .variables = { text("gons_net=%s", ns_path(hold(options), NET)) },
			       .before = close_streams },
	      &seen);
	assert_switched(&seen, BIT(NET));
	assert_int_equal(seen.fds, fds);
	start(&(struct start){ .variables = { "gons_net=/nowhere" }, .before = close_streams },
	      &seen);
	assert_string_not_equal(seen.status, "");
	assert_int_equal(seen.fds, fds);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		check_test(without_variables_nothing_is_switched_at_start_up),
		check_test(at_start_up_each_type_of_a_process_is_entered),
		check_test(at_start_up_all_types_of_a_process_are_entered),
		check_test(at_start_up_own_namespaces_are_entered_without_capabilities),
		check_test(at_start_up_namespaces_of_an_unprivileged_user_are_entered),
		check_test(at_start_up_a_pid_namespace_is_entered_for_the_children),
		check_test(after_start_up_in_a_pid_namespace_threads_are_refused),
		check_test(a_pid_namespace_of_start_up_has_a_child_as_its_init),
		check_test(at_start_up_a_time_namespace_is_entered_by_the_process_itself),
		check_test(at_start_up_a_mounted_namespace_is_entered),
		check_test(at_start_up_a_namespace_of_ip_netns_is_entered),
		check_test(an_exclamation_mark_opens_a_path_before_the_first_switch),
		check_test(unknown_variables_are_ignored_at_start_up),
		check_test(at_start_up_the_own_user_namespace_is_accepted),
		check_test(an_empty_order_is_the_default_one),
		check_test(a_comma_may_end_the_order),
		check_test(empty_variables_switch_nothing_at_start_up),
		check_test(of_two_variables_with_one_name_the_first_counts),
		check_test(start_up_switching_keeps_directories_where_the_paths_exist),
		check_test(start_up_switching_keeps_the_root_where_its_path_exists),
		check_test(after_start_up_switching_the_initial_mount_namespace_is_the_one_before),
		check_test(start_up_switching_keeps_closed_streams_closed),
	};

	startup_run_main(argc, argv);
	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

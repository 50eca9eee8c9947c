/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Start-up switching that fails: the message, and the namespaces of the process afterwards.
 */
#include "startup_run.h"

#include <fcntl.h>
#include <libgen.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define BIT(which) (1U << (which))

static struct seen seen;

/* With these variables, the program reports this message, has not moved, and keeps the
 * variables. */
static void refuse(const char *const variables[4], const char *message)
{
	struct start one = { .home = NULL };
	char left[512] = "";

	for (int i = 0; i < 4 && variables[i]; i++) {
		one.variables[i] = variables[i];
		strcat(left, variables[i]);
		strcat(left, "\n");
	}
	start(&one, &seen);
	assert_stayed(&seen, message, 0);
	assert_string_equal(seen.left, left);
}
#define refused(message, ...) refuse((const char *const[4]){ __VA_ARGS__ }, message)

/* ---- mistakes in the variables ---- */

static void start_up_refuses_mistakes_in_the_order(void **state)
{
	(void)state;
	refused("gons_order: \"foo\" is not a namespace type: Invalid argument: it is \"net,foo\"",
		"gons_order=net,foo", "gons_net=/proc/self/ns/net");
	refused("gons_order: \"foo\" is not a namespace type: Invalid argument: it is \"foo\"",
		"gons_order=foo");
	refused("gons_order: \"\" is not a namespace type: Invalid argument: it is \"net,,uts\"",
		"gons_order=net,,uts", "gons_net=/proc/self/ns/net");
	refused("gons_order: \"\" is not a namespace type: Invalid argument: it is \"net,,\"",
		"gons_order=net,,", "gons_net=/proc/self/ns/net");
	refused("gons_order: \"\" is not a namespace type: Invalid argument: it is \",\"",
		"gons_order=,", "gons_net=/proc/self/ns/net");
	refused("gons_order: \"\" is not a namespace type: Invalid argument: it is \"!\"",
		"gons_order=!", "gons_net=/proc/self/ns/net");
	refused("gons_order: \"!net\" is not a namespace type: Invalid argument: it is \"!!net\"",
		"gons_order=!!net", "gons_net=/proc/self/ns/net");
	refused("gons_order: \" uts\" is not a namespace type: Invalid argument: it is \"net, uts\"",
		"gons_order=net, uts", "gons_net=/proc/self/ns/net");
	refused("gons_order: \"NET\" is not a namespace type: Invalid argument: it is \"NET\"",
		"gons_order=NET", "gons_net=/proc/self/ns/net");
	refused("gons_order: net is listed twice: Invalid argument: it is \"net,net\"",
		"gons_order=net,net", "gons_net=/proc/self/ns/net");
	refused("gons_order: net is listed twice: Invalid argument: it is \"net,mnt,!net\"",
		"gons_order=net,mnt,!net", "gons_net=/proc/self/ns/net");
	refused("gons_mnt: mnt is not in gons_order, which is \"net,!uts\": Invalid argument",
		"gons_order=net,!uts", "gons_net=/proc/self/ns/net", "gons_mnt=/proc/self/ns/mnt");
}

static void start_up_refuses_an_endless_order(void **state)
{
	static char order[100000] = "gons_order=";

	(void)state;
	memset(order + strlen(order), 'x', sizeof(order) - strlen(order) - 1);
	start(&(struct start){ .variables = { order } }, &seen);
	assert_int_equal(strlen(seen.status), 1023);
	assert_memory_equal(seen.status, "gons_order: \"xxx", 15);
	assert_string_equal(seen.status + 1020, "...");
}

static void start_up_refuses_paths_to_wrong_files(void **state)
{
	(void)state;
	refused("gons_net: cannot open the namespace /nowhere/net: No such file or directory",
		"gons_net=/nowhere/net");
	refused("gons_time: cannot open the namespace /proc/self/status/x: Not a directory",
		"gons_time=/proc/self/status/x");
	refused("gons_uts: /proc/self/status is not a namespace: Invalid argument",
		"gons_uts=/proc/self/status");
	refused("gons_ipc: /dev/null is not a namespace: Invalid argument", "gons_ipc=/dev/null");
	refused("gons_cgroup: / is not a namespace: Invalid argument", "gons_cgroup=/");
	refused("gons_net: /proc/self/ns/mnt is a mount namespace, not a network namespace: "
		"Invalid argument",
		"gons_net=/proc/self/ns/mnt");
	refused("gons_pid: /proc/self/ns/user is a user namespace, not a PID namespace: "
		"Invalid argument",
		"gons_pid=/proc/self/ns/user");
	refused("gons_user: /proc/self/ns/time is a time namespace, not a user namespace: "
		"Invalid argument",
		"gons_user=/proc/self/ns/time");
}

static void a_fifo_does_not_block_start_up(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS);
	enter_with_run();
	assert_int_equal(mkfifo("/run/fifo", 0600), 0);
	refused("gons_net: /run/fifo is not a namespace: Invalid argument", "gons_net=/run/fifo");
}

/* ---- failures after a part was switched ---- */

static const char *const everything_but_user[] = { "-n", "-m", "-u", "-i", "-C",
						   "-p", "-T", "-f", NULL };

/* Each type fails in turn, after those before it have been entered. */
static void after_a_failure_start_up_returns_to_the_first_namespaces(void **state)
{
	static const int order[] = { NET, MNT, UTS, IPC, CGROUP, CHILDREN_PID, CHILDREN_TIME };
	static const char *const types[] = { "net", "mnt", "uts", "ipc", "cgroup", "pid", "time" };
	struct start all = { .cwd = "/proc/sys" };
	int n = !can_return_to("pid") ? 5 : !can_return_to("time") ? 6 : 7;
	pid_t pid;
	int fds;

	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP |
		     CLONE_NEWPID | CLONE_NEWTIME);
	pid = hold(everything_but_user);
	start(&all, &seen);
	fds = seen.fds;
	all.variables[7] = "gons_order=net,mnt,uts,ipc,cgroup,pid,time,user";
	for (int failing = 0; failing <= n; failing++) {
		for (int i = 0; i < 7; i++)
			all.variables[i] = text("gons_%s=%s", types[i],
						i == failing ? "/nowhere" : ns_path(pid, order[i]));
		if (failing == 7)
			all.variables[8] = "gons_user=/nowhere";
		start(&all, &seen);
		assert_stayed(&seen,
			      text("gons_%s: cannot open the namespace /nowhere: "
				   "No such file or directory",
				   failing == 7 ? "user" : types[failing]),
			      0);
		assert_string_equal(seen.cwd, "/proc/sys");
		assert_int_equal(seen.fds, fds);
		assert_int_equal(seen.child_pid_ino, own_ino("pid"));
	}
}

static void after_a_failure_start_up_cannot_return_to_a_pid_namespace_of_an_ancestor(void **state)
{
	static const char *const options[] = { "-p", "-f", NULL };
	static const char reason[] =
		"gons_uts: cannot open the namespace /nowhere: No such file or directory";
	pid_t pid;

	(void)state;
	gons_require(CLONE_NEWPID);
	pid = hold(options);
	start(&(struct start){ .variables = { text("gons_pid=%s", ns_path(pid, CHILDREN_PID)),
					      "gons_uts=/nowhere", "gons_order=pid,uts" } },
	      &seen);
	if (can_return_to("pid"))
		assert_stayed(&seen, reason, 0);
	else
		assert_stayed(&seen,
			      text("%s; the kernel refuses the return, so the process is in "
				   "pid_for_children:[%ju] now",
				   reason, (uintmax_t)ns_ino(pid, CHILDREN_PID)),
			      BIT(CHILDREN_PID));
}

static int join_pid(void *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 || setns(fd, CLONE_NEWPID) < 0;
}

/* Returns to the PID namespace for children, which may differ from that of the process. */
static void after_a_failure_start_up_returns_to_the_pid_namespace_for_children(void **state)
{
	static const char *const options[] = { "-p", "-f", NULL };
	pid_t first, second;

	(void)state;
	gons_require(CLONE_NEWPID);
	first = hold(options);
	second = hold(options);
	start(&(struct start){ .variables = { text("gons_pid=%s", ns_path(second, CHILDREN_PID)),
					      "gons_uts=/nowhere", "gons_order=pid,uts" },
			       .before = join_pid,
			       .arg = (void *)ns_path(first, CHILDREN_PID) },
	      &seen);
	assert_stayed(&seen,
		      "gons_uts: cannot open the namespace /nowhere: No such file or directory",
		      BIT(CHILDREN_PID));
	assert_int_equal(seen.ino[CHILDREN_PID], ns_ino(first, CHILDREN_PID));
	assert_int_equal(seen.child_pid_ino, ns_ino(first, CHILDREN_PID));
}

static void after_a_failure_start_up_stays_in_an_entered_user_namespace(void **state)
{
	static const char *const options[] = { "-Ur", NULL };
	const char *user, *message;
	pid_t pid;

	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWUTS);
	pid = hold(options);
	user = text("gons_user=%s", ns_path(pid, USER));
	message = text("gons_net: cannot open the namespace /nowhere: No such file or directory; "
		       "the kernel refuses the return, so the process is in user:[%ju] now",
		       (uintmax_t)ns_ino(pid, USER));
	start(&(struct start){ .variables = { user, "gons_net=/nowhere", "gons_order=!user,net" } },
	      &seen);
	assert_stayed(&seen, message, BIT(USER));
	/* With the default order the failure comes before the user namespace is entered. */
	refused("gons_net: cannot open the namespace /nowhere: No such file or directory", user,
		"gons_net=/nowhere");
}

/* In the new user namespace, the process has no capabilities to return to namespaces of the
 * old one. */
static void after_a_failure_start_up_cannot_return_past_a_user_namespace(void **state)
{
	static const char *const options[] = { "-Ur", NULL };
	static const char *const others[] = { "-u", "-p", "-f", NULL };
	const char *message;
	pid_t pid, other;

	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWUTS | CLONE_NEWPID);
	pid = hold(options);
	other = hold(others);
	message = text("gons_net: cannot open the namespace /nowhere: No such file or directory; "
		       "the kernel refuses the return, so the process is in user:[%ju], "
		       "pid_for_children:[%ju], uts:[%ju] now",
		       (uintmax_t)ns_ino(pid, USER), (uintmax_t)ns_ino(other, CHILDREN_PID),
		       (uintmax_t)ns_ino(other, UTS));
	start(&(struct start){ .variables = { text("gons_user=%s", ns_path(pid, USER)),
					      text("gons_uts=%s", ns_path(other, UTS)),
					      text("gons_pid=%s", ns_path(other, CHILDREN_PID)),
					      "gons_net=/nowhere",
					      "gons_order=uts,pid,user,net" } },
	      &seen);
	assert_stayed(&seen, message, BIT(USER) | BIT(UTS) | BIT(CHILDREN_PID));
}

/* ---- refusals of the kernel ---- */

static int drop_sys_chroot(void *arg)
{
	(void)arg;
	return prctl(PR_CAPBSET_DROP, CAP_SYS_CHROOT) < 0 ||
	       !lose_capabilities(1ULL << CAP_SYS_CHROOT);
}

static int enter_user_namespace(void *arg)
{
	(void)arg;
	return unshare(CLONE_NEWUSER) < 0;
}

/* A file that all users may open, like those of "ip netns". */
static void start_up_names_missing_capabilities(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWUTS | CLONE_NEWNS);
	enter_with_run();
	bind_file("/proc/thread-self/ns/uts", "/run/uts");
	start(&(struct start){ .variables = { "gons_uts=/run/uts" },
			       .before = drop_all_capabilities },
	      &seen);
	assert_stayed(
		&seen,
		text("gons_uts: cannot enter the UTS namespace /run/uts: Operation not permitted: CAP_SYS_ADMIN is missing; %s, or enter first, by gons_user, the user namespace that the namespace belongs to",
		     TO_GET("SYS_ADMIN")),
		0);
}

static void start_up_names_a_missing_cap_sys_chroot(void **state)
{
	const char *path = ns_path(getpid(), MNT);

	(void)state;
	gons_require(CLONE_NEWNS);
	require_cap(__func__, CAP_SYS_PTRACE, "CAP_SYS_PTRACE");
	start(&(struct start){ .variables = { text("gons_mnt=%s", path) },
			       .before = drop_sys_chroot },
	      &seen);
	assert_stayed(
		&seen,
		text("gons_mnt: cannot enter the mount namespace %s: Operation not permitted: CAP_SYS_CHROOT is missing (needed to join a mount namespace); %s",
		     path, TO_GET("SYS_CHROOT")),
		0);
}

static void start_up_refuses_namespaces_of_another_user_namespace(void **state)
{
	static const char *const options[] = { "-Ur", NULL };
	const char *path = ns_path(getpid(), NET);
	pid_t pid;

	(void)state;
	gons_require(CLONE_NEWUSER);
	pid = hold(options);
	start(&(struct start){ .variables = { text("gons_net=%s", path),
					      text("gons_user=%s", ns_path(pid, USER)) } },
	      &seen);
	assert_stayed(
		&seen,
		text("gons_net: cannot enter the network namespace %s: Operation not permitted: the namespace belongs to another user namespace; enter that first, by gons_user; the kernel refuses the return, so the process is in "
		     "user:[%ju] now",
		     path, (uintmax_t)ns_ino(pid, USER)),
		BIT(USER));
}

static void start_up_refuses_an_ancestor_user_namespace(void **state)
{
	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWNS);
	enter_with_run();
	bind_file("/proc/thread-self/ns/user", "/run/user");
	start(&(struct start){ .variables = { "gons_user=/run/user" },
			       .before = enter_user_namespace },
	      &seen);
	assert_stayed(
		&seen,
		"gons_user: cannot enter the user namespace /run/user: Operation not permitted: CAP_SYS_ADMIN is missing in that user namespace, and without it only the user who created the namespace can join it, from the user namespace in which it was created; run as that user, or as root",
		BIT(USER));
}

/* The program starts as the init of a PID namespace. */
static int enter_pid_namespace(void *arg)
{
	int status;
	pid_t pid;

	(void)arg;
	if (unshare(CLONE_NEWPID) < 0)
		return 1;
	pid = fork();
	if (pid == 0)
		return 0;
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		_exit(1);
	_exit(WEXITSTATUS(status));
}

static void start_up_refuses_an_ancestor_pid_namespace(void **state)
{
	const char *path = ns_path(getpid(), PID);

	(void)state;
	gons_require(CLONE_NEWPID);
	start(&(struct start){ .variables = { text("gons_pid=%s", path) },
			       .before = enter_pid_namespace },
	      &seen);
	assert_stayed(
		&seen,
		text("gons_pid: cannot enter the PID namespace %s: %s", path,
		     can_return_to("pid")
			     ? "Invalid argument: it is neither the PID namespace of the process nor a descendant"
			     : "Operation not permitted: the namespace belongs to another user namespace; enter that first, by gons_user"),
		BIT(PID) | BIT(CHILDREN_PID));
}

/* Root of a user namespace is already another user than root of the machine. */
static int become_another_user(void *arg)
{
	(void)become_nobody(arg);
	return 0;
}

static int open_net_of_process_1(void *arg)
{
	return become_another_user(arg) != 0 || open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC) < 0;
}

static int reach_as_another_user(void *path)
{
	return become_another_user(NULL) != 0 || access(path, X_OK) < 0;
}

static void start_up_refuses_a_process_of_another_user(void **state)
{
	char program[PATH_MAX] = "";

	(void)state;
	assert_true(readlink("/proc/self/exe", program, sizeof(program) - 1) > 0);
	if (in_child(reach_as_another_user, program) != 0)
		skip_for(__func__, "a directory above this program is closed to other users");
	if (in_child(open_net_of_process_1, NULL) == 0)
		skip_for(__func__, "process 1 is of the same user");
	start(&(struct start){ .variables = { "gons_net=/proc/1/ns/net" },
			       .before = become_another_user },
	      &seen);
	assert_stayed(&seen,
		      "gons_net: cannot open the namespace /proc/1/ns/net: Permission denied", 0);
}

static int refuse_setns(void *arg)
{
	(void)arg;
	return !refuse_call(SYS_setns, EPERM);
}

static void start_up_names_a_seccomp_filter(void **state)
{
	const char *path = ns_path(getpid(), UTS);

	(void)state;
	gons_require(CLONE_NEWUTS);
	start(&(struct start){ .variables = { text("gons_uts=%s", path) }, .before = refuse_setns },
	      &seen);
	assert_stayed(
		&seen,
		text("gons_uts: cannot enter the UTS namespace %s: Operation not permitted: a seccomp filter refuses setns(2); run without the filter (docker, podman: --security-opt seccomp=unconfined)",
		     path),
		0);
}

#ifndef __SANITIZE_ADDRESS__ /* this needs procfs */
static int unmount_proc(void *arg)
{
	(void)arg;
	return unshare(CLONE_NEWNS) < 0 || mount("none", "/proc", "tmpfs", 0, NULL) < 0;
}

/* The directory of the library, which the dynamic linker finds by procfs. */
static const char *library_path(void)
{
	char program[512];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program));

	assert_in_range(length, 1, sizeof(program) - 1);
	program[length] = '\0';
	return text("LD_LIBRARY_PATH=%s/../src", dirname(program));
}

static void start_up_names_a_missing_procfs(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS | CLONE_NEWUTS);
	enter_with_run();
	bind_file("/proc/thread-self/ns/uts", "/run/uts");
	start(&(struct start){ .variables = { "gons_uts=/run/uts", library_path() },
			       .before = unmount_proc },
	      &seen);
	assert_string_equal(seen.status,
			    "gons_uts: cannot open the UTS namespace of this thread: No such file "
			    "or directory: procfs of this PID namespace is not mounted on /proc");
}
#endif

static int limit_descriptors(void *n)
{
	const struct rlimit limit = { *(rlim_t *)n, *(rlim_t *)n };

	return setrlimit(RLIMIT_NOFILE, &limit) < 0;
}

/* With any number of descriptors the program either enters all namespaces or none. */
static void start_up_names_a_lack_of_descriptors(void **state)
{
	rlim_t n = 4;
	struct start all = { .before = limit_descriptors, .arg = &n };
	pid_t pid;

	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWTIME);
	pid = hold(everything_but_user);
	all.variables[0] = text("gons_mnt=%s", ns_path(pid, MNT));
	all.variables[1] = text("gons_net=%s", ns_path(pid, NET));
	all.variables[2] = "gons_order=mnt,net";
	do {
		assert_true(++n < 100);
		start(&all, &seen);
		if (seen.status[0] == '\0')
			break;
		assert_contains(seen.status, strerror(EMFILE));
		assert_contains(seen.status,
				"; the limit on open descriptors (RLIMIT_NOFILE) is reached");
		assert_stayed(&seen, seen.status, 0);
	} while (true);
	assert_switched(&seen, BIT(MNT) | BIT(NET));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		check_test(start_up_refuses_mistakes_in_the_order),
		check_test(start_up_refuses_an_endless_order),
		check_test(start_up_refuses_paths_to_wrong_files),
		check_test(a_fifo_does_not_block_start_up),
		check_test(after_a_failure_start_up_returns_to_the_first_namespaces),
		check_test(
			after_a_failure_start_up_cannot_return_to_a_pid_namespace_of_an_ancestor),
		check_test(after_a_failure_start_up_returns_to_the_pid_namespace_for_children),
		check_test(after_a_failure_start_up_stays_in_an_entered_user_namespace),
		check_test(after_a_failure_start_up_cannot_return_past_a_user_namespace),
		check_test(start_up_names_missing_capabilities),
		check_test(start_up_names_a_missing_cap_sys_chroot),
		check_test(start_up_refuses_namespaces_of_another_user_namespace),
		check_test(start_up_refuses_an_ancestor_user_namespace),
		check_test(start_up_refuses_an_ancestor_pid_namespace),
		check_test(start_up_refuses_a_process_of_another_user),
		check_test(start_up_names_a_seccomp_filter),
#ifndef __SANITIZE_ADDRESS__
		check_test(start_up_names_a_missing_procfs),
#endif
		check_test(start_up_names_a_lack_of_descriptors),
	};

	startup_run_main(argc, argv);
	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * <gons/test.h> as a program without a test framework uses it. Each case runs in a forked child,
 * whose notes are read from its standard error.
 */
#include "check.h"

#include <fcntl.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gons/test.h>

static char notes[16384]; /* standard error of the last child */

struct job {
	int (*fn)(void);
	int fd;
};

static int run_job(void *arg)
{
	const struct job *job = arg;

	if (dup2(job->fd, STDERR_FILENO) < 0 || unsetenv("GONS_REQUIRE") < 0)
		return 1;
	return job->fn();
}

/* Returns the exit status. */
static int run(int (*fn)(void))
{
	struct job job = { fn, memfd_create("notes", MFD_CLOEXEC) };
	ssize_t length;
	int status;

	assert_true(job.fd >= 0);
	(void)fflush(NULL);
	status = in_child(run_job, &job);
	length = pread(job.fd, notes, sizeof(notes) - 1, 0);
	assert_true(length >= 0);
	notes[length] = '\0';
	assert_int_equal(close(job.fd), 0);
	if (status != 0)
		print_error("%s", notes);
	return status;
}

/* ---- begin and end ---- */

static int begin_and_end(void)
{
	const uint64_t before = own_ino("net");

	want(gons_test_begin("passes", CLONE_NEWNET) == 0);
	want(own_ino("net") != before);
	want(gons_test_end(false) == 0);
	want(own_ino("net") == before);
	want(gons_exit_status() == 0);
	return 0;
}

static void a_test_is_in_new_namespaces_and_leaves_them(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET);
	assert_int_equal(run(begin_and_end), 0);
	assert_string_equal(notes, "");
}

static bool loopback_is_up(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool is_up = ioctl(fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP);

	(void)close(fd);
	return is_up;
}

static int loopback(void)
{
	want(gons_test_begin("net", CLONE_NEWNET) == 0);
	want(loopback_is_up());
	want(gons_test_end(false) == 0);
	want(gons_test_begin("net and uts", CLONE_NEWNET | CLONE_NEWUTS) == 0);
	want(loopback_is_up());
	want(gons_test_end(false) == 0);
	want(gons_test_begin("net and mnt", CLONE_NEWNET | CLONE_NEWNS) == 0);
	want(loopback_is_up());
	want(access("/sys/class/net/lo", F_OK) == 0 && access("/sys/class/net/lo/mtu", W_OK) < 0);
	want(gons_test_end(false) == 0);
	return 0;
}

static void the_loopback_link_is_up_in_every_new_network_namespace(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS);
	assert_int_equal(run(loopback), 0);
}

/* ---- what is left behind ---- */

static int leak(void)
{
	want(gons_test_begin("leaks", 0) == 0);
	want(open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0);
	want(umask(0137) != 0137);
	want(failed_with(gons_test_end(false), EBUSY, "was left open: /etc/passwd"));
	want(strstr(gons_error(), "left behind: the umask was left at 0137, before at 0") != NULL);
	want(gons_exit_status() == 1);
	want(gons_test_begin("the next one", 0) == 0);
	want(gons_test_end(false) == 0);
	want(gons_exit_status() == 1);
	return 0;
}

static void what_a_test_leaves_behind_fails_it_alone(void **state)
{
	(void)state;
	assert_int_equal(run(leak), 0);
	assert_contains(notes, "gons: left behind: leaks: descriptor ");
	assert_contains(notes, "gons: left behind: leaks: the umask was left at 0137");
	assert_null(strstr(notes, "the next one"));
}

static int leak_and_fail(void)
{
	want(gons_test_begin("fails", 0) == 0);
	want(open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0);
	want(gons_test_end(true) == 0);
	want(gons_exit_status() == 1);
	return 0;
}

static void a_leak_of_a_test_that_failed_is_a_note(void **state)
{
	(void)state;
	assert_int_equal(run(leak_and_fail), 0);
	assert_contains(notes, "gons: left behind: fails: descriptor ");
}

static int close_what_the_scope_owns(void)
{
	want(gons_test_begin("closes", 0) == 0);
	want(close(gons_netns_current()) == 0);
	want(failed_with(gons_test_end(false), EBADF, "not undone: "));
	return 0;
}

static void a_scope_that_cannot_be_undone_fails_the_test(void **state)
{
	(void)state;
	assert_int_equal(run(close_what_the_scope_owns), 0);
	assert_contains(notes, "gons: not undone: closes: ");
}

static pid_t start_sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)prctl(PR_SET_NAME, "a sleeper");
		(void)alarm(60);
		for (;;)
			(void)pause();
	}
	return pid;
}

static void wait_for_name(pid_t pid)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	while (strcmp(read_text(path), "a sleeper\n") != 0)
		(void)usleep(1000);
}

static int forget_child(void)
{
	char wanted[128];
	pid_t pid;

	want(gons_test_begin("forgets", 0) == 0);
	pid = start_sleeper();
	want(pid > 0);
	wait_for_name(pid);
	(void)snprintf(wanted, sizeof(wanted),
		       "left behind: child process %d \"a sleeper\" was left running", pid);
	want(failed_with(gons_test_end(false), EBUSY, wanted));
	want(gons_test_begin("the next one", 0) == 0);
	want(gons_test_end(false) == 0);
	want(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
	return 0;
}

static int wait_for_child(void)
{
	pid_t pid;

	want(gons_test_begin("waits", 0) == 0);
	pid = start_sleeper();
	want(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
	want(gons_test_end(false) == 0);
	return 0;
}

/* A zombie keeps no namespace alive. */
static int leave_zombie(void)
{
	siginfo_t info;
	pid_t pid;

	want(gons_test_begin("leaves a zombie", 0) == 0);
	pid = start_sleeper();
	want(kill(pid, SIGKILL) == 0 && waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == 0);
	want(gons_test_end(false) == 0);
	return 0;
}

/* A subreaper cannot tell its own children from adopted ones. */
static int adopt(void)
{
	pid_t pid;

	want(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);
	want(gons_test_begin("adopts", 0) == 0);
	pid = start_sleeper();
	want(gons_test_end(false) == 0);
	want(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
	return 0;
}

static void a_child_that_was_left_running_is_named(void **state)
{
	(void)state;
	if (access("/proc/thread-self/children", R_OK) < 0)
		skip_for("a_child_that_was_left_running_is_named",
			 "the kernel lists no child processes (CONFIG_PROC_CHILDREN)");
	assert_int_equal(run(forget_child), 0);
	assert_int_equal(run(wait_for_child), 0);
	assert_int_equal(run(leave_zombie), 0);
	assert_int_equal(run(adopt), 0);
}

/* ---- gons_leaks_accept ---- */

static pthread_mutex_t never = PTHREAD_MUTEX_INITIALIZER;

static void *wait_for_ever(void *arg)
{
	(void)pthread_mutex_lock(&never);
	return arg;
}

static int accept_what_is_there(void)
{
	pthread_t thread;
	pid_t pid;

	want(pthread_mutex_lock(&never) == 0);
	want(gons_test_begin("opens once", 0) == 0);
	want(open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0);
	want(pthread_create(&thread, NULL, wait_for_ever, NULL) == 0);
	pid = start_sleeper();
	want(pid > 0);
	want(gons_leaks_accept() == 0);
	want(gons_test_end(false) == 0);
	want(gons_test_begin("opens more", 0) == 0);
	want(open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0);
	want(failed_with(gons_test_end(false), EBUSY, "was left open: /dev/null"));
	want(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
	return 0;
}

static void accepted_descriptors_and_threads_are_no_leaks(void **state)
{
	(void)state;
	assert_int_equal(run(accept_what_is_there), 0);
	assert_null(strstr(notes, "opens once"));
}

/* ---- requirements ---- */

static int require_what_is_not_there(void)
{
	want(gons_test_begin("wants nonsense", 0) == 0);
	want(gons_test_require_link("nonsense") == 1);
	want(strstr(gons_error(), "nonsense") != NULL);
	want(open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0);
	want(gons_test_end(false) == 0);
	want(gons_exit_status() == 77);
	want(setenv("GONS_REQUIRE", "veth, nonsense", 1) == 0);
	want(gons_test_begin("needs nonsense", 0) == 0);
	want(gons_test_require_link("nonsense") == -1);
	want(gons_test_end(true) == 0);
	want(gons_exit_status() == 1);
	return 0;
}

static void missing_requirements_are_skips_or_failures(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET);
	assert_int_equal(run(require_what_is_not_there), 0);
	assert_contains(notes, "gons: skipped: wants nonsense: ");
	assert_contains(notes, "gons: left behind: wants nonsense: descriptor ");
	assert_contains(notes, "gons: required: needs nonsense: ");
}

static int begin_without_capabilities(void)
{
	want(unshare(CLONE_NEWUSER) == 0 && limit_namespaces("user", "0") == 0);
	want(lose_capabilities(~0ULL));
	want(gons_test_begin("is skipped", CLONE_NEWUTS) == 1);
	want(gons_test_end(false) == 0);
	want(gons_exit_status() == 77);
	want(setenv("GONS_REQUIRE", "uts", 1) == 0);
	want(gons_test_begin("is required", CLONE_NEWUTS) == -1);
	want(errno == EPERM);
	want(gons_test_end(false) == 0);
	want(gons_exit_status() == 1);
	return 0;
}

static void namespaces_that_cannot_be_created_are_a_skip_or_a_failure(void **state)
{
	(void)state;
	require_writable_limits(__func__);
	gons_require(CLONE_NEWUSER | CLONE_NEWUTS);
	assert_int_equal(run(begin_without_capabilities), 0);
	assert_contains(notes, "gons: skipped: is skipped: cannot create a UTS namespace: ");
	assert_contains(notes, "gons: required: is required: cannot create a UTS namespace: ");
}

/* ---- misuse ---- */

static int misuse(void)
{
	/* The test of the parent. */
	want(failed_with(gons_test_end(false), ECHILD, "forked in the test"));
	want(failed_with(gons_test_end(false), EINVAL, "no test has begun on this thread"));
	want(failed_with(gons_test_begin(NULL, 0), EINVAL, "name is NULL"));
	want(gons_test_end(false) == 0);
	want(failed_with(gons_test_begin("in user", CLONE_NEWUSER | CLONE_NEWNET), EINVAL,
			 "a thread cannot enter and leave a user namespace"));
	want(gons_test_end(false) == 0);
	want(failed_with(gons_test_begin("in unknown bits", CLONE_VM), EINVAL, "CLONE_NEWNET"));
	want(gons_test_end(true) == 0);
	want(gons_test_begin("requires", 0) == 0);
	want(failed_with(gons_test_require(0), EINVAL, ""));
	want(failed_with(gons_test_require(CLONE_VM), EINVAL, ""));
	want(failed_with(gons_test_require_link(NULL), EINVAL, ""));
	want(failed_with(gons_test_require_link(""), EINVAL, ""));
	want(failed_with(gons_test_require_link("sixteen_or_more_"), EINVAL, ""));
	want(gons_test_end(true) == 0);
	want(failed_with(gons_test_end(true), EINVAL, "no test has begun on this thread"));
	return 0;
}

static void misuse_is_a_failure_and_no_skip(void **state)
{
	(void)state;
	assert_int_equal(run(misuse), 0);
	assert_string_equal(notes, "");
}

static int leave_open(void)
{
	const uint64_t before = own_ino("uts");

	want(gons_test_begin("left open", CLONE_NEWUTS) == 0);
	want(gons_test_begin("the next one", 0) == 0);
	want(own_ino("uts") == before);
	want(gons_test_end(false) == 0);
	want(gons_exit_status() == 1);
	return 0;
}

static void a_test_that_was_left_open_is_ended_as_a_failure(void **state)
{
	(void)state;
	gons_require(CLONE_NEWUTS);
	assert_int_equal(run(leave_open), 0);
}

static int end_in_child(void *arg)
{
	(void)arg;
	return failed_with(gons_test_end(false), ECHILD, "forked in the test forks") ? 0 : 1;
}

static int fork_in_test(void)
{
	want(gons_test_begin("forks", 0) == 0);
	want(in_child(end_in_child, NULL) == 0);
	want(gons_test_end(false) == 0);
	return 0;
}

static void a_forked_child_has_nothing_to_compare_with(void **state)
{
	(void)state;
	assert_int_equal(run(fork_in_test), 0);
}

static int lose_the_return(void)
{
	want(gons_test_begin("loses", CLONE_NEWNET) == 0);
	want(lose_capabilities(~0ULL));
	(void)gons_test_end(false);
	return 3; /* not reached */
}

static void a_thread_that_cannot_return_ends_the_process(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET);
	assert_int_equal(run(lose_the_return), 1);
	assert_contains(notes, "gons: the run ends here: loses: this thread cannot return");
}

/* ---- other threads, and descriptors of the test core ---- */

static void begin_and_end_on_a_thread(void *result)
{
	*(int *)result = gons_test_begin("on a thread", 0) == 0 && gons_test_end(false) == 0;
}

static void each_thread_has_its_own_test(void **state)
{
	int result = 0;

	(void)state;
	on_thread(begin_and_end_on_a_thread, &result);
	assert_int_equal(result, 1);
}

static int keep_nothing(void)
{
	int before;

	want(gons_test_begin("the first one", 0) == 0); /* closes the descriptors of the parent */
	want(gons_test_end(false) == 0);
	before = count_entries("/proc/thread-self/fd");
	for (int i = 0; i < 3; i++) {
		want(gons_test_begin("a test", 0) == 0);
		want(gons_test_end(i == 1) == 0);
		want(count_entries("/proc/thread-self/fd") == before);
	}
	return 0;
}

static void the_test_core_holds_no_descriptors_between_tests(void **state)
{
	(void)state;
	assert_int_equal(run(keep_nothing), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(a_test_is_in_new_namespaces_and_leaves_them),
		check_test(the_loopback_link_is_up_in_every_new_network_namespace),
		check_test(what_a_test_leaves_behind_fails_it_alone),
		check_test(a_leak_of_a_test_that_failed_is_a_note),
		check_test(a_scope_that_cannot_be_undone_fails_the_test),
		check_test(a_child_that_was_left_running_is_named),
		check_test(accepted_descriptors_and_threads_are_no_leaks),
		check_test(missing_requirements_are_skips_or_failures),
		check_test(namespaces_that_cannot_be_created_are_a_skip_or_a_failure),
		check_test(misuse_is_a_failure_and_no_skip),
		check_test(a_test_that_was_left_open_is_ended_as_a_failure),
		check_test(a_forked_child_has_nothing_to_compare_with),
		check_test(a_thread_that_cannot_return_ends_the_process),
		check_test(each_thread_has_its_own_test),
		check_test(the_test_core_holds_no_descriptors_between_tests),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A test that leaves something behind fails by name, and the next test passes.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "group.h"

static void open_file(void)
{
	assert_true(open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0);
}

static void open_others(void)
{
	assert_true(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0);
	assert_true(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC) >= 0);
}

/*
 * run: descriptors
 * status: 2
 * err: gons: left behind: leaves_a_file_open: descriptor * was left open: /etc/passwd
 * failed: leaves_a_file_open
 * err: gons: left behind: leaves_two_open: descriptor * was left open: socket:[*]
 * err: gons: left behind: leaves_two_open: descriptor * was left open: net:[*]
 * failed: leaves_two_open
 * no: gons: left behind: next_test_*
 * no: gons: not undone*
 */
static void leaves_a_file_open(void **state)
{
	(void)state;
	open_file();
}

static void leaves_two_open(void **state)
{
	(void)state;
	gons_must(gons_netns_enter_transient());
	open_others();
}

static void another_test(void **state)
{
	(void)state;
}

static int descriptors(void)
{
	run_these(gons_unit_test(leaves_a_file_open), gons_unit_test(another_test),
		  gons_unit_test(leaves_two_open), gons_unit_test(another_test));
}

/*
 * run: threads
 * status: 1
 * err: gons: left behind: leaves_a_thread: thread * "lingers" was left running
 * failed: leaves_a_thread
 * passed: another_test
 * no: *another_test: thread*
 */
static pthread_mutex_t never = PTHREAD_MUTEX_INITIALIZER;

static void *linger(void *arg)
{
	(void)pthread_setname_np(pthread_self(), "lingers");
	*(volatile pid_t *)arg = (pid_t)syscall(SYS_gettid);
	(void)pthread_mutex_lock(&never);
	return NULL;
}

static volatile pid_t linger_tid;

static void leaves_a_thread(void **state)
{
	pthread_t thread;

	(void)state;
	(void)pthread_mutex_lock(&never);
	assert_int_equal(pthread_create(&thread, NULL, linger, (void *)&linger_tid), 0);
	while (linger_tid == 0)
		(void)sched_yield();
	assert_int_equal(pthread_detach(thread), 0);
}

static int threads(void)
{
	run_these(gons_unit_test(leaves_a_thread), gons_unit_test(another_test));
}

/*
 * run: namespaces
 * status: 3
 * err: gons: left behind: leaves_net: the thread was left in another net namespace: net:[*], before in net:[*]
 * failed: leaves_net
 * err: gons: left behind: leaves_mnt: the thread was left in another mnt namespace: mnt:[*], before in mnt:[*]
 * failed: leaves_mnt
 * err: gons: left behind: leaves_uts_and_ipc: the thread was left in another uts namespace: uts:[*], before in uts:[*]
 * err: gons: left behind: leaves_uts_and_ipc: the thread was left in another ipc namespace: ipc:[*], before in ipc:[*]
 * failed: leaves_uts_and_ipc
 * passed: next_test_starts_in_the_same_state
 * passed: next_plain_test_starts_in_the_same_state
 * no: *directory was left*
 */
static void leaves_net(void **state)
{
	(void)state;
	assert_int_equal(unshare(CLONE_NEWNET), 0);
}

static void leaves_mnt(void **state)
{
	(void)state;
	assert_int_equal(unshare(CLONE_NEWNS), 0);
}

static void leaves_uts_and_ipc(void **state)
{
	(void)state;
	gons_must(gons_netns_enter_transient());
	assert_int_equal(unshare(CLONE_NEWUTS | CLONE_NEWIPC), 0);
}

static int namespaces(void)
{
	run_these(plain_notes_the_state, notes_the_state, gons_unit_test(leaves_net),
		  is_in_the_same_state, plain_is_in_the_same_state, gons_unit_test(leaves_mnt),
		  plain_is_in_the_same_state, is_in_the_same_state,
		  gons_unit_test(leaves_uts_and_ipc), is_in_the_same_state,
		  plain_is_in_the_same_state);
}

/*
 * run: directories
 * status: 3
 * err: gons: left behind: leaves_the_directory: the working directory was left at /proc, before at *
 * failed: leaves_the_directory
 * err: gons: left behind: leaves_the_root: the thread was left in another root directory
 * failed: leaves_the_root
 * err: gons: left behind: leaves_the_umask: the umask was left at 0137, before at 00*
 * failed: leaves_the_umask
 * passed: next_test_starts_in_the_same_state
 * passed: next_plain_test_starts_in_the_same_state
 * no: *left open*
 */
static void leaves_the_directory(void **state)
{
	(void)state;
	assert_int_equal(chdir("/proc"), 0);
}

static void leaves_the_root(void **state)
{
	(void)state;
	assert_int_equal(chroot("/etc"), 0);
}

static void leaves_the_umask(void **state)
{
	(void)state;
	(void)umask(0137);
}

static int directories(void)
{
	run_these(plain_notes_the_state, notes_the_state, gons_unit_test(leaves_the_directory),
		  is_in_the_same_state, plain_is_in_the_same_state, gons_unit_test(leaves_the_root),
		  plain_is_in_the_same_state, is_in_the_same_state,
		  gons_unit_test(leaves_the_umask), is_in_the_same_state,
		  plain_is_in_the_same_state);
}

/*
 * If a test fails or is skipped, its leaks are only notes: the assertion comes first, and a skip
 * stays a skip, without a report. Leaks of fixtures are named too.
 *
 * run: others
 * status: 3
 * err: *{fails}: error: Failure!
 * err: gons: left behind: fails_and_leaks: descriptor * was left open: /etc/passwd
 * failed: fails_and_leaks
 * err: gons: left behind: skips_and_leaks: descriptor * was left open: /etc/passwd
 * skipped: skips_and_leaks
 * err: gons: left behind: whose_set_up_leaks: descriptor * was left open: /etc/passwd
 * failed: whose_set_up_leaks
 * err: gons: left behind: whose_teardown_leaks: descriptor * was left open: /etc/passwd
 * failed: whose_teardown_leaks
 * skipped: skips_only
 * no: gons: report of skips_only
 * passed: another_test
 */
static void fails_and_leaks(void **state)
{
	(void)state;
	open_file();
	fail(); /* fails */
}

static void skips_and_leaks(void **state)
{
	(void)state;
	open_file();
	skip();
}

static void skips_only(void **state)
{
	(void)state;
	gons_must(gons_netns_enter_transient());
	skip();
}

static int leaking_fixture(void **state)
{
	(void)state;
	open_file();
	return 0;
}

static void whose_set_up_leaks(void **state)
{
	(void)state;
}

static void whose_teardown_leaks(void **state)
{
	(void)state;
}

static int others(void)
{
	run_these(gons_unit_test(fails_and_leaks), gons_unit_test(skips_and_leaks),
		  gons_unit_test_setup_teardown(whose_set_up_leaks, leaking_fixture, NULL),
		  gons_unit_test_setup_teardown(whose_teardown_leaks, NULL, leaking_fixture),
		  gons_unit_test(skips_only), gons_unit_test(another_test));
}

/*
 * If a test fails and its teardown asserts, the next test ends it. The report still has the
 * right name.
 *
 * run: late
 * status: 1
 * err: gons: left behind: is_left_open: the umask was left at 0000, before at *
 * error: is_left_open
 * passed: next_test_starts_in_the_same_state
 * passed: next_plain_test_starts_in_the_same_state
 * run: last
 * status: 1
 * err: gons: left behind: is_left_open: the umask was left at 0000, before at *
 * error: is_left_open
 */
static int tear_down_asserts(void **state)
{
	(void)umask(0000);
	assert_true(*state);
	return 0;
}

static void is_left_open(void **state)
{
	(void)state;
	gons_must(gons_netns_enter_transient());
	fail();
}

static int late(void)
{
	run_these(notes_the_state, plain_notes_the_state,
		  gons_unit_test_setup_teardown(is_left_open, NULL, tear_down_asserts),
		  plain_is_in_the_same_state, is_in_the_same_state);
}

static int last(void)
{
	run_these(gons_unit_test_setup_teardown(is_left_open, NULL, tear_down_asserts));
}

/*
 * If the thread cannot return, the run ends, also after a plain unshare(2). (LeakSanitizer's
 * tracer would be a child in the new PID namespace, and would never end.)
 *
 * run: without_return ASAN_OPTIONS=detect_leaks=0
 * status: 1
 * err: gons: left behind: enters_without_return: the thread was left in another pid_for_children namespace: *, before in pid:[*]
 * err: gons: the run ends here: enters_without_return: this thread cannot return to the namespaces*: Operation not permitted
 * notrun: another_test
 */
static void enters_without_return(void **state)
{
	(void)state;
	assert_int_equal(unshare(CLONE_NEWPID), 0);
}

static int without_return(void)
{
	run_these(gons_unit_test(enters_without_return), gons_unit_test(another_test));
}

int main(int argc, char *argv[])
{
	const struct group groups[] = {
		{ "descriptors", descriptors },
		{ "threads", threads },
		{ "namespaces", namespaces },
		{ "directories", directories },
		{ "others", others },
		{ "late", late },
		{ "last", last },
		{ "without_return", without_return },
		{ NULL, NULL },
	};

	return group_main(argc, argv, groups);
}

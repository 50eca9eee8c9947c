/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pools at limits, in forked children, and together with leak reports.
 */
#include "check.h"

#include <fcntl.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <gons/set.h>
#include <gons/test.h>

/* The scope closes the pool, also when the test fails. */
static void close_pool(void *pool)
{
	gons_pool_close(pool);
}

static gons_pool *started_pool(int types, unsigned n)
{
	gons_pool *pool = gons_must(gons_pool_new(types, NULL, NULL));

	gons_must(gons_defer(close_pool, pool));
	gons_must(gons_pool_start(pool, n));
	return pool;
}

static void await_len(gons_pool *pool, unsigned len)
{
	while (gons_pool_len(pool) != len)
		(void)sched_yield();
}

static uint64_t ino_of(const gons_set *set)
{
	int fd = set ? gons_set_fd(set, CLONE_NEWNET) : -1;

	return fd < 0 ? 0 : gons_ino(fd, CLONE_NEWNET);
}

/* ---- descriptors ---- */

enum { MOST = 64 };

static struct rlimit old_limit;

static void set_limit(rlim_t n)
{
	const struct rlimit limit = { n, old_limit.rlim_max };

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void restore_limit(void *arg)
{
	(void)arg;
	set_limit(old_limit.rlim_cur);
}

static void a_pool_recovers_after_a_lack_of_descriptors(void **state)
{
	gons_set *sets[MOST] = { NULL };
	gons_pool *pool;
	int n = 0, refused = 0;

	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWUTS);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old_limit), 0);
	gons_must(gons_defer(restore_limit, NULL));
	set_limit(MOST);
	pool = started_pool(CLONE_NEWNET | CLONE_NEWUTS, 2 * MOST);
	/* First the pool's thread fails, then this one, which may succeed with descriptors that
	 * the other thread has just closed. */
	while (n < MOST && refused < 2) {
		sets[n] = gons_pool_get(pool);
		refused = sets[n] ? 0 : refused + 1;
		n += sets[n] != NULL;
		if (refused)
			assert_refused(sets[n], EMFILE,
				       "the limit on open descriptors (RLIMIT_NOFILE) is reached");
	}
	assert_int_equal(refused, 2);
	assert_true(n > MOST / 4);
	for (int i = 0; i < n; i++)
		gons_set_close(sets[i]);
	set_limit(4 * MOST + old_limit.rlim_cur / 2);
	gons_set_close(gons_must(gons_pool_get(pool)));
	await_len(pool, 2 * MOST);
}

static void a_pool_that_cannot_start_leaves_no_thread_or_descriptor(void **state)
{
	int first = open("/dev/null", O_RDONLY | O_CLOEXEC);
	gons_pool *pool = gons_must(gons_pool_new(CLONE_NEWNET | CLONE_NEWUTS, NULL, NULL));
	int fds, refused = 0;

	(void)state;
	gons_must(gons_defer(close_pool, pool));
	assert_int_equal(close(first), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old_limit), 0);
	gons_must(gons_defer(restore_limit, NULL));
	fds = count_entries("/proc/self/fd");
	for (;; refused++) {
		int result, errnum;

		set_limit((rlim_t)(first + refused));
		result = gons_pool_start(pool, 2);
		errnum = errno;
		set_limit(old_limit.rlim_cur);
		if (result == 0)
			break;
		assert_int_equal(errnum, EMFILE);
		assert_contains(gons_error(), "RLIMIT_NOFILE");
		assert_int_equal(count_entries("/proc/self/fd"), fds);
	}
	assert_int_equal(refused, 2);
}

/* ---- namespaces ---- */

static int run_out(void *arg)
{
	int status = enter_limited("net", "0");
	gons_pool *pool = gons_pool_new(CLONE_NEWNET, NULL, NULL);

	(void)arg;
	if (status != 0)
		return status;
	want(pool && gons_pool_start(pool, 2) == 0);
	/* The pool's thread or this one fails. */
	for (int i = 0; i < 3; i++) {
		want(!gons_pool_get(pool) && errno == ENOSPC);
		want(strstr(gons_error(), "cannot create a network namespace: No space left"));
		want(strstr(gons_error(), "user.max_net_namespaces = 0"));
	}
	want(limit_namespaces("net", "10") == 0);
	want(gons_pool_get(pool)); /* after which the pool's thread tries again */
	await_len(pool, 2);
	want(gons_pool_get(pool));
	gons_pool_close(pool);
	return 0;
}

static void a_pool_recovers_after_a_namespace_limit_is_raised(void **state)
{
	(void)state;
	require_writable_limits(__func__);
	gons_require(CLONE_NEWUSER | CLONE_NEWNET);
	assert_int_equal(in_child(run_out, NULL), 0);
}

/* ---- forked children ---- */

struct inherited {
	gons_pool *pool;
	int fds; /* in the parent, without those of the pool */
	uint64_t own_ino;
};

static int use_in_child(void *arg)
{
	const struct inherited *inherited = arg;
	gons_pool *pool = inherited->pool;
	gons_set *set = gons_pool_get(pool);

	/* The child has closed the parent's sets, and has no thread. */
	want(set);
	want(ino_of(set) != inherited->own_ino);
	want(gons_pool_len(pool) == 0);
	want(count_entries("/proc/self/fd") == inherited->fds + 1);
	want(count_threads(1) == 1);
	gons_set_close(set);
	/* It can start one. */
	want(gons_pool_start(pool, 3) == 0);
	await_len(pool, 3);
	for (int i = 0; i < 5; i++) {
		set = gons_pool_get(pool);
		want(set);
		gons_set_close(set);
	}
	gons_pool_close(pool);
	want(count_entries("/proc/self/fd") == inherited->fds);
	return 0;
}

static int close_in_child(void *arg)
{
	const struct inherited *inherited = arg;

	gons_pool_close(inherited->pool);
	want(count_entries("/proc/self/fd") == inherited->fds);
	return 0;
}

static void a_forked_child_uses_its_own_copy_of_a_pool(void **state)
{
	struct inherited inherited = { .own_ino = own_ino("net") };

	(void)state;
	gons_require(CLONE_NEWNET);
	inherited.fds = count_entries("/proc/self/fd");
	inherited.pool = started_pool(CLONE_NEWNET, 3);
	await_len(inherited.pool, 3);
	assert_int_equal(in_child(use_in_child, &inherited), 0);
	assert_int_equal(in_child(close_in_child, &inherited), 0);
	/* The pool of the parent is unchanged. */
	assert_int_equal(gons_pool_len(inherited.pool), 3);
	for (int i = 0; i < 5; i++)
		gons_set_close(gons_must(gons_pool_get(inherited.pool)));
}

#ifndef __SANITIZE_ADDRESS__
static int get_in_child(void *pool)
{
	for (int i = 0; i < 2; i++) {
		gons_set *set = gons_pool_get(pool);

		want(set);
		gons_set_close(set);
	}
	gons_pool_close(pool);
	return 0;
}

static void a_fork_while_a_pool_is_busy_harms_neither_process(void **state)
{
	gons_pool *pool;

	(void)state;
	gons_require(CLONE_NEWNET);
	pool = started_pool(CLONE_NEWNET, 4);
	for (int i = 0; i < 20; i++) {
		gons_set_close(gons_must(gons_pool_get(pool)));
		assert_int_equal(in_child(get_in_child, pool), 0);
	}
}
#endif

/* ---- together with leak reports ---- */

static int findings;
static char message[256];

static void count_finding(const char *text, void *arg)
{
	(void)arg;
	findings++;
	(void)snprintf(message, sizeof(message), "%s", text);
}

static int end_snapshot(gons_leaks *leaks)
{
	int result;

	findings = 0;
	result = gons_leaks_end(leaks, count_finding, NULL);
	assert_int_equal(result, findings);
	return result;
}

static void a_busy_pool_is_no_leak_and_hides_no_leaks(void **state)
{
	gons_pool *pool;

	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWUTS);
	pool = started_pool(CLONE_NEWNET | CLONE_NEWUTS, 6);
	for (int i = 0; i < 100; i++) {
		gons_leaks *leaks = gons_must(gons_leaks_begin());
		gons_set *set = gons_must(gons_pool_get(pool));
		int fd;

		gons_set_close(set);
		assert_int_equal(end_snapshot(leaks), 0);

		leaks = gons_must(gons_leaks_begin());
		gons_set_close(gons_must(gons_pool_get(pool)));
		fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
		assert_int_equal(end_snapshot(leaks), 1);
		assert_contains(message, "was left open: net:[");
		assert_int_equal(close(fd), 0);

		leaks = gons_must(gons_leaks_begin());
		set = gons_must(gons_pool_get(pool));
		assert_int_equal(end_snapshot(leaks), 2); /* one descriptor each */
		gons_set_close(set);
	}
}

/* ---- while packets are captured ---- */

static pid_t checker; /* the thread that checks for leaks */
static atomic_bool is_creating, is_created;

/* Waits until the thread waits for a lock, or for a moment if that is not visible. */
static void until_it_waits(pid_t tid)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	char path[64], futex_call[16];

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", tid);
	(void)snprintf(futex_call, sizeof(futex_call), "%d ", SYS_futex);
	for (int i = 0; i < 200; i++) {
		if (strncmp(read_text(path), futex_call, strlen(futex_call)) == 0)
			return;
		(void)nanosleep(&pause, NULL);
	}
}

static bool enter_another(void *arg)
{
	*(int *)arg = gons_netns_enter_transient();
	return true;
}

/* Other threads create namespaces for the one of the pool, and open a socket in each. */
static int create_others(const gons_set *set, void *arg)
{
	gons_set *other;
	int entered = -1, entered_again = -1;

	(void)arg;
	is_creating = true;
	until_it_waits(checker);
	other = gons_set_unshare(NULL, CLONE_NEWNET, NULL);
	if (!other || gons_set_do_restore(set, enter_another, &entered) < 0 ||
	    gons_set_do_restore(set, enter_another, &entered_again) < 0)
		return -1;
	gons_set_close(other);
	is_created = true;
	return entered < 0 ? entered : entered_again;
}

static int check_while_a_set_is_created(void *arg)
{
	gons_leaks *leaks;
	gons_set *set;
	gons_pool *pool;

	(void)arg;
	want(setenv("GONS_CAPTURE", "1", 1) == 0 && gons_test_begin("captured", 0) == 0);
	checker = gettid();
	pool = gons_pool_new(CLONE_NEWUTS, create_others, NULL);
	want(pool && gons_pool_start(pool, 1) == 0);
	while (!is_creating)
		(void)sched_yield();
	leaks = gons_leaks_begin();
	want(leaks);
	want(is_created);
	set = gons_pool_get(pool);
	want(set);
	gons_set_close(set);
	gons_pool_close(pool);
	want(gons_leaks_end(leaks, NULL, NULL) == 0);
	return gons_test_end(false);
}

static void a_leak_check_waits_for_a_set_whose_packets_are_captured(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWUTS);
	assert_int_equal(in_child(check_while_a_set_is_created, NULL), 0);
}

/* ---- more about leaks ---- */

static void the_init_of_a_pooled_pid_namespace_is_no_leak(void **state)
{
	gons_pool *pool;

	(void)state;
	gons_require(CLONE_NEWPID);
	pool = started_pool(CLONE_NEWPID, 3);
	for (int i = 0; i < 10; i++) {
		gons_leaks *leaks = gons_must(gons_leaks_begin());

		gons_set_close(gons_must(gons_pool_get(pool)));
		assert_int_equal(end_snapshot(leaks), 0);
	}
}

static void a_pool_that_was_not_closed_is_a_leak(void **state)
{
	gons_leaks *leaks;
	gons_pool *pool;

	(void)state;
	gons_require(CLONE_NEWUTS);
	leaks = gons_must(gons_leaks_begin());
	pool = started_pool(CLONE_NEWUTS, 2);
	await_len(pool, 2);
	/* The namespace in which the pool was started, two sets, and the thread. */
	assert_int_equal(end_snapshot(leaks), 4);
	assert_contains(message, "\"gons-pool\" was left running");
	leaks = gons_must(gons_leaks_begin());
	gons_set_close(gons_must(gons_pool_get(pool)));
	assert_int_equal(end_snapshot(leaks), 0);
}

/* ---- unusual programs ---- */

static int use_descriptor_0(void *arg)
{
	gons_pool *pool;

	(void)arg;
	for (int fd = 0; fd < 3; fd++)
		(void)close(fd);
	pool = gons_pool_new(CLONE_NEWNET, NULL, NULL);
	if (!pool || gons_pool_start(pool, 3) < 0)
		return 1;
	for (int i = 0; i < 6; i++) {
		gons_set *set = gons_pool_get(pool);

		if (ino_of(set) == 0 || ino_of(set) == own_ino("net"))
			return 2;
		gons_set_close(set);
	}
	gons_pool_close(pool);
	return open("/dev/null", O_RDONLY | O_CLOEXEC) == 0 ? 0 : 3;
}

static void a_pool_works_with_closed_standard_streams(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET);
	assert_int_equal(in_child(use_descriptor_0, NULL), 0);
}

static int leave_procfs(void *arg)
{
	gons_pool *pool = gons_pool_new(CLONE_NEWNET, NULL, NULL);

	(void)arg;
	want(pool);
	want(chroot("/sys") == 0 && chdir("/") == 0);
	want(gons_pool_start(pool, 1) == -1 && errno == ENOENT);
	want(strstr(gons_error(), "procfs of this PID namespace is not mounted on /proc"));
	want(!gons_pool_get(pool) && errno == ENOENT);
	gons_pool_close(pool);
	return 0;
}

static void without_procfs_a_pool_is_refused(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET);
	assert_int_equal(in_child(leave_procfs, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(a_pool_recovers_after_a_lack_of_descriptors),
		check_test(a_pool_that_cannot_start_leaves_no_thread_or_descriptor),
		check_test(a_pool_recovers_after_a_namespace_limit_is_raised),
		check_test(a_forked_child_uses_its_own_copy_of_a_pool),
#ifndef __SANITIZE_ADDRESS__ /* the lock of its allocator may be held forever in the child */
		check_test(a_fork_while_a_pool_is_busy_harms_neither_process),
#endif
		check_test(a_busy_pool_is_no_leak_and_hides_no_leaks),
		check_test(a_leak_check_waits_for_a_set_whose_packets_are_captured),
		check_test(the_init_of_a_pooled_pid_namespace_is_no_leak),
		check_test(a_pool_that_was_not_closed_is_a_leak),
		check_test(a_pool_works_with_closed_standard_streams),
		check_test(without_procfs_a_pool_is_refused),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

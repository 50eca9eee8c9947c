/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads: each has a scope and namespaces of its own, and may end at any time.
 */
#include "check.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gons/link.h>

enum { THREADS = 8, ROUNDS = 20 };

/* cmocka's assertions work on the main thread only. Other threads note the line that failed. */
struct worker {
	pthread_t thread;
	int line;
	pthread_barrier_t *barrier;
	uint64_t ino;
	int fd, mark, calls;
	sem_t ready, go;
};

#define expect(worker, condition)                                                                  \
	do {                                                                                       \
		if (!(condition) && (worker)->line == 0)                                           \
			(worker)->line = __LINE__;                                                 \
	} while (0)

static void start(struct worker *worker, void *(*fn)(void *))
{
	assert_int_equal(sem_init(&worker->ready, 0, 0), 0);
	assert_int_equal(sem_init(&worker->go, 0, 0), 0);
	assert_int_equal(pthread_create(&worker->thread, NULL, fn, worker), 0);
}

/* Returns what the thread returned. */
static void *finish(struct worker *worker)
{
	void *result = NULL;

	assert_int_equal(pthread_join(worker->thread, &result), 0);
	(void)sem_destroy(&worker->ready);
	(void)sem_destroy(&worker->go);
	if (worker->line != 0)
		fail_msg("another thread's expectation on line %d failed", worker->line);
	return result;
}

static void wait_for(sem_t *sem)
{
	while (sem_wait(sem) < 0)
		;
}

/* ---- threads at the same time ---- */

static void note_ino(void *arg)
{
	*(uint64_t *)arg = own_ino("uts");
}

static void switch_about(struct worker *worker)
{
	const int types = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC;
	uint64_t net = own_ino("net"), mnt = own_ino("mnt"), uts = own_ino("uts");
	uint64_t seen = 0;
	int mark = gons_scope_begin();
	int fd = gons_new_transient(CLONE_NEWUTS);

	expect(worker, mark >= 0 && fd >= 0 && own_ino("uts") == uts);
	expect(worker, gons_execute(fd, note_ino, &seen) == 0);
	expect(worker, seen == gons_ino(fd, CLONE_NEWUTS) && seen != uts);
	expect(worker, gons_enter_transient(types) == 0);
	expect(worker, own_ino("net") != net && own_ino("mnt") != mnt && own_ino("uts") != uts);
	expect(worker, gons_enter(fd) == 0 && own_ino("uts") == seen);
	expect(worker, gons_mntns_new_transient(NULL) >= 0);
	expect(worker, gons_open("/nonexistent", 0) < 0 && strstr(gons_error(), "nonexistent"));
	expect(worker, gons_scope_end(mark) == 0);
	expect(worker, own_ino("net") == net && own_ino("mnt") == mnt && own_ino("uts") == uts);
}

static void *switch_about_often(void *arg)
{
	for (int i = 0; i < ROUNDS; i++)
		switch_about(arg);
	return NULL;
}

static void many_threads_switch_without_disturbing_each_other(void **state)
{
	struct worker workers[THREADS] = { { 0 } };

	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC);
	for (int i = 0; i < THREADS; i++)
		start(&workers[i], switch_about_often);
	for (int i = 0; i < THREADS; i++)
		(void)finish(&workers[i]);
}

static void *enter_and_meet(void *arg)
{
	struct worker *worker = arg;
	uint64_t before = own_ino("net");

	expect(worker, (worker->mark = gons_scope_begin()) >= 0);
	expect(worker, gons_enter_transient(CLONE_NEWNET) == 0);
	worker->ino = own_ino("net");
	(void)pthread_barrier_wait(worker->barrier);
	expect(worker, own_ino("net") == worker->ino);
	(void)pthread_barrier_wait(worker->barrier);
	expect(worker, gons_scope_end(worker->mark) == 0);
	expect(worker, own_ino("net") == before);
	return NULL;
}

static void threads_are_in_different_namespaces_at_the_same_time(void **state)
{
	struct worker workers[THREADS] = { { 0 } };
	pthread_barrier_t barrier;

	(void)state;
	gons_require(CLONE_NEWNET);
	assert_int_equal(pthread_barrier_init(&barrier, NULL, THREADS), 0);
	for (int i = 0; i < THREADS; i++) {
		workers[i].barrier = &barrier;
		start(&workers[i], enter_and_meet);
	}
	for (int i = 0; i < THREADS; i++)
		(void)finish(&workers[i]);
	assert_int_equal(pthread_barrier_destroy(&barrier), 0);
	for (int i = 0; i < THREADS; i++) {
		assert_int_not_equal(workers[i].ino, own_ino("net"));
		for (int j = 0; j < i; j++)
			assert_int_not_equal(workers[i].ino, workers[j].ino);
	}
}

static void *end_the_mark_of_another(void *arg)
{
	struct worker *worker = arg;

	expect(worker, gons_scope_end(worker->mark) < 0 && errno == EINVAL);
	expect(worker, strstr(gons_error(), "is not a mark of this thread's scope"));
	return NULL;
}

static void a_mark_of_another_thread_is_refused(void **state)
{
	struct worker worker = { .mark = gons_must(gons_scope_begin()), .calls = 0 };

	(void)state;
	worker.fd = gons_must(gons_current(CLONE_NEWNET));
	start(&worker, end_the_mark_of_another);
	(void)finish(&worker);
	assert_int_equal(gons_type(worker.fd), CLONE_NEWNET);
	assert_int_equal(gons_scope_end(worker.mark), 0);
}

/* ---- what threads inherit and share ---- */

static void *look_twice(void *arg)
{
	struct worker *worker = arg;
	uint64_t before = own_ino("net");

	(void)sem_post(&worker->ready);
	wait_for(&worker->go);
	worker->ino = own_ino("net");
	expect(worker, worker->ino == before);
	return NULL;
}

static void threads_stay_in_the_namespaces_where_they_were_started(void **state)
{
	struct worker outside = { 0 }, inside = { 0 };
	uint64_t before = own_ino("net");
	uint64_t transient = 0;

	(void)state;
	gons_require(CLONE_NEWNET);
	start(&outside, look_twice);
	wait_for(&outside.ready);
	GONS_SCOPE {
		gons_must(gons_enter_transient(CLONE_NEWNET));
		transient = own_ino("net");
		start(&inside, look_twice);
		wait_for(&inside.ready);
	}
	(void)sem_post(&outside.go);
	(void)sem_post(&inside.go);
	(void)finish(&outside);
	(void)finish(&inside);
	assert_int_equal(outside.ino, before);
	assert_int_equal(inside.ino, transient);
}

static void move_about(void *arg)
{
	expect((struct worker *)arg, chdir("/proc/sys") == 0);
}

/* This thread shares the working directory with the one that started it. */
static void *switch_mounts(void *arg)
{
	struct worker *worker = arg;
	uint64_t before = own_ino("mnt");
	char path[PATH_MAX], old[PATH_MAX];
	int mark = gons_scope_begin();

	expect(worker, getcwd(old, sizeof(old)));
	if (worker->mark == 0)
		expect(worker, gons_execute(worker->fd, move_about, worker) == 0);
	else if (worker->mark == 1)
		expect(worker, gons_enter(worker->fd) == 0 && chdir("/proc/sys") == 0);
	else
		expect(worker, gons_enter_transient(CLONE_NEWNS) == 0 && chdir("/proc/sys") == 0);
	expect(worker, (own_ino("mnt") == before) == (worker->mark == 0));
	(void)sem_post(&worker->ready);
	wait_for(&worker->go);
	expect(worker, gons_scope_end(mark) == 0 && own_ino("mnt") == before);
	expect(worker, getcwd(path, sizeof(path)) && strcmp(path, old) == 0);
	return NULL;
}

static void a_shared_working_directory_stays_unchanged_for_other_threads(void **state)
{
	char before[PATH_MAX], now[PATH_MAX];

	(void)state;
	gons_require(CLONE_NEWNS);
	assert_non_null(getcwd(before, sizeof(before)));
	for (int way = 0; way < 3; way++) {
		struct worker worker = { .mark = way };
		uint64_t mnt = own_ino("mnt");

		worker.fd = gons_must(gons_mntns_new_transient(NULL));
		start(&worker, switch_mounts);
		wait_for(&worker.ready);
		assert_int_equal(own_ino("mnt"), mnt);
		assert_string_equal(getcwd(now, sizeof(now)), before);
		(void)sem_post(&worker.go);
		(void)finish(&worker);
		assert_string_equal(getcwd(now, sizeof(now)), before);
	}
}

/* ---- threads that end inside a scope ---- */

static void call(void *arg)
{
	((struct worker *)arg)->calls++;
}

/* Two scopes with records of each kind; three deferred calls. */
static void fill(struct worker *worker)
{
	expect(worker, (worker->mark = gons_scope_begin()) >= 0);
	expect(worker, gons_defer(call, worker) == 0);
	expect(worker, gons_mntns_new_transient(NULL) >= 0);
	expect(worker, (worker->fd = gons_new_transient(CLONE_NEWUTS)) >= 0);
	expect(worker, gons_defer(call, worker) == 0);
	expect(worker, gons_enter_transient(CLONE_NEWUTS | CLONE_NEWNS) == 0);
	expect(worker, gons_scope_begin() >= 0);
	expect(worker, gons_current(CLONE_NEWUTS) >= 0);
	expect(worker, gons_mntns_new_transient(NULL) >= 0);
	expect(worker, gons_defer(call, worker) == 0);
}

static void *return_inside(void *arg)
{
	fill(arg);
	return NULL;
}

static void *exit_inside(void *arg)
{
	GONS_SCOPE {
		fill(arg);
		pthread_exit(arg);
	}
	return NULL;
}

static void exit_here(void *arg)
{
	pthread_exit(arg);
}

static void *exit_inside_execute(void *arg)
{
	struct worker *worker = arg;

	fill(worker);
	expect(worker, gons_execute(worker->fd, exit_here, NULL) == 0);
	expect(worker, !"back from execute");
	return NULL;
}

static void *be_cancelled_inside(void *arg)
{
	struct worker *worker = arg;

	fill(worker);
	(void)pthread_cancel(pthread_self());
	pthread_testcancel();
	expect(worker, !"cancelled");
	return NULL;
}

/* The request to cancel is pending when the scope ends. */
static void *be_cancelled_while_ending(void *arg)
{
	struct worker *worker = arg;

	fill(worker);
	(void)pthread_cancel(pthread_self());
	(void)gons_scope_end(worker->mark);
	pthread_testcancel();
	expect(worker, !"cancelled");
	return NULL;
}

static void end_thread_by(void *(*way)(void *))
{
	int fds = count_entries("/proc/self/fd");
	struct worker worker = { 0 };

	gons_require(CLONE_NEWNS | CLONE_NEWUTS);
	start(&worker, way);
	(void)finish(&worker);
	assert_int_equal(worker.calls, 3);
	assert_int_equal(count_entries("/proc/self/fd"), fds);
	/* check_test() sees after the test whether an idle thread is left. */
}

static void a_thread_that_returns_inside_a_scope_leaks_nothing(void **state)
{
	(void)state;
	end_thread_by(return_inside);
}

static void a_thread_that_exits_inside_a_scope_leaks_nothing(void **state)
{
	(void)state;
	end_thread_by(exit_inside);
}

static void a_thread_that_exits_inside_execute_leaks_nothing(void **state)
{
	(void)state;
	end_thread_by(exit_inside_execute);
}

static void a_thread_cancelled_inside_a_scope_leaks_nothing(void **state)
{
	(void)state;
	end_thread_by(be_cancelled_inside);
}

static void a_thread_cancelled_while_a_scope_ends_leaks_nothing(void **state)
{
	(void)state;
	end_thread_by(be_cancelled_while_ending);
}

static void *switch_until_cancelled(void *arg)
{
	struct worker *worker = arg;

	(void)sem_post(&worker->ready);
	for (;;) {
		int mark = gons_scope_begin();

		(void)gons_mntns_new_transient(NULL);
		(void)gons_execute(gons_new_transient(CLONE_NEWUTS), note_ino, &worker->ino);
		(void)gons_enter_transient(CLONE_NEWUTS | CLONE_NEWNS);
		(void)gons_scope_end(mark);
		pthread_testcancel(); /* the calls above need not be cancellation points */
	}
	return NULL;
}

static void a_thread_cancelled_at_any_time_leaks_nothing(void **state)
{
	int fds = count_entries("/proc/self/fd");

	(void)state;
	gons_require(CLONE_NEWNS | CLONE_NEWUTS);
	for (int i = 0; i < 100; i++) {
		struct worker worker = { 0 };

		start(&worker, switch_until_cancelled);
		wait_for(&worker.ready);
		for (int j = 0; j < i; j++)
			(void)own_ino("net"); /* a little later each time */
		assert_int_equal(pthread_cancel(worker.thread), 0);
		assert_ptr_equal(finish(&worker), PTHREAD_CANCELED);
		assert_int_equal(count_entries("/proc/self/fd"), fds);
	}
}

/* ---- small stacks ---- */

enum { STACK_NEEDED = 64 * 1024 };

static int answer(void *arg)
{
	(void)arg;
	return 42;
}

static void *use_much(void *arg)
{
	static const struct gons_idmap all_ids = { 0, 0, 1 };
	static const struct gons_set_options options = { .maps = { &all_ids, 1, &all_ids, 1 } };
	const struct gons_link_options up = { .up = 1 };
	struct worker *worker = arg;
	const char *procfsroot;
	gons_set *set;
	char *path;
	int status;
	int fd;

	worker->mark = gons_scope_begin();
	expect(worker, gons_can(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS));
	expect(worker, gons_enter_transient(CLONE_NEWNET | CLONE_NEWNS) == 0);
	expect(worker, gons_mntns_mount_sysfs_ro() == 0);
	fd = gons_mntns_new_transient(&procfsroot);
	expect(worker, gons_mntns_execute(fd, (void (*)(void *))free, NULL) == 0);
	path = gons_procfsroot_resolve(procfsroot, "/proc/..", 0);
	expect(worker, path && strcmp(path, "/") == 0);
	free(path);
	expect(worker, gons_veth_new_transient(&up, NULL) == 0 || errno == EOPNOTSUPP);
	set = gons_set_unshare(NULL, CLONE_NEWUSER | CLONE_NEWPID, &options);
	expect(worker, gons_set_run(set, answer, NULL, &status) == 0 && WEXITSTATUS(status) == 42);
	gons_set_close(set);
	expect(worker, gons_leaks_end(gons_leaks_begin(), NULL, NULL) == 0);
	expect(worker, gons_scope_end(worker->mark) == 0);
	return NULL;
}

/* With memory of its own: otherwise glibc takes a bigger stack that another thread has left. */
static int use_much_on_a_small_stack(void *arg)
{
	const size_t guard = (size_t)sysconf(_SC_PAGESIZE), least = (size_t)PTHREAD_STACK_MIN;
	const size_t size = is_sanitized()	   ? 1024 * 1024
			    : least > STACK_NEEDED ? least
						   : STACK_NEEDED;
	char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct worker worker = { 0 };
	pthread_attr_t attr;

	(void)arg;
	want(stack != MAP_FAILED && mprotect(stack, guard, PROT_NONE) == 0);
	want(pthread_attr_init(&attr) == 0);
	want(pthread_attr_setstack(&attr, stack, size) == 0);
	want(pthread_create(&worker.thread, &attr, use_much, &worker) == 0);
	want(pthread_join(worker.thread, NULL) == 0);
	(void)pthread_attr_destroy(&attr);
	if (worker.line != 0)
		print_error("line %d\n", worker.line);
	return worker.line != 0;
}

static void gons_works_on_a_small_stack(void **state)
{
	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS);
	assert_int_equal(in_child(use_much_on_a_small_stack, NULL), 0);
}

/* ---- thread destructors ---- */

static pthread_key_t late;

static void use_gons_late(void *arg)
{
	fill(arg);
}

static void *arrange_for_late_use(void *arg)
{
	struct worker *worker = arg;

	fill(worker);
	expect(worker, pthread_setspecific(late, worker) == 0);
	return NULL;
}

static void what_thread_destructors_create_is_undone_too(void **state)
{
	int fds = count_entries("/proc/self/fd");
	struct worker worker = { 0 };

	(void)state;
	gons_require(CLONE_NEWNS | CLONE_NEWUTS);
	assert_int_equal(pthread_key_create(&late, use_gons_late), 0);
	start(&worker, arrange_for_late_use);
	(void)finish(&worker);
	assert_int_equal(pthread_key_delete(late), 0);
	assert_int_equal(worker.calls, 6);
	assert_int_equal(count_entries("/proc/self/fd"), fds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(many_threads_switch_without_disturbing_each_other),
		check_test(threads_are_in_different_namespaces_at_the_same_time),
		check_test(a_mark_of_another_thread_is_refused),
		check_test(threads_stay_in_the_namespaces_where_they_were_started),
		check_test(a_shared_working_directory_stays_unchanged_for_other_threads),
		check_test(a_thread_that_returns_inside_a_scope_leaks_nothing),
		check_test(a_thread_that_exits_inside_a_scope_leaks_nothing),
		check_test(a_thread_that_exits_inside_execute_leaks_nothing),
		check_test(a_thread_cancelled_inside_a_scope_leaks_nothing),
		check_test(a_thread_cancelled_while_a_scope_ends_leaks_nothing),
		check_test(a_thread_cancelled_at_any_time_leaks_nothing),
		check_test(gons_works_on_a_small_stack),
		check_test(what_thread_destructors_create_is_undone_too),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

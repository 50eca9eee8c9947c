/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Children that gons forks beside other threads, which may hold any lock at that moment. So these
 * children must not allocate memory, nor wait for a lock. Here the calls for that are replaced: in each
 * child of gons all locks are held, and whoever would wait for one is counted and ended.
 */
#include "check.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <gons/link.h>
#include <gons/mntns.h>
#include <gons/netns.h>
#include <gons/privilege.h>
#include <gons/process.h>
#include <gons/reexec.h>
#include <gons/set.h>
#include <gons/test.h>

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define CAN_REPLACE
#endif

#ifdef CAN_REPLACE

/* What children have called: the name of the last one, and how many did. Shared with them. */
static struct found {
	atomic_uint count;
	char call[32];
	_Atomic pid_t stops; /* the child that is about to */
} * found;

static _Atomic pid_t parent; /* 0: nobody looks */

static pid_t own_pid(void)
{
	return getpid(); /* which asks the kernel */
}

static bool waits; /* a child that calls such a function waits for ever */

/* Ends a child of gons that would have to wait. */
static void note(const char *call)
{
	if (parent == 0 || own_pid() == parent)
		return;
	while (waits)
		(void)pause();
	(void)strcpy(found->call, call);
	found->count++;
	_exit(1);
}

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void __libc_free(void *block);

void *malloc(size_t size)
{
	note("malloc");
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	note("calloc");
	return __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
	note("realloc");
	return __libc_realloc(old, size);
}

void free(void *block)
{
	if (block) /* without one, old C libraries call it too, and it waits for nothing */
		note("free");
	__libc_free(block);
}

/*
 * All locks that the program has taken so far, among them gons's own. When gons is about to make a
 * child, they are held, as another thread might hold them.
 */
enum { MOST_LOCKS = 64 };
static pthread_mutex_t *locks[MOST_LOCKS];
static size_t n_locks;

static int (*real_lock)(pthread_mutex_t *);
static int (*real_once)(pthread_once_t *, void (*)(void));
static long (*real_syscall)(long number, ...);

static void find_real(void)
{
	if (real_syscall)
		return;
	*(void **)&real_lock = dlsym(RTLD_NEXT, "pthread_mutex_lock");
	*(void **)&real_once = dlsym(RTLD_NEXT, "pthread_once");
	*(void **)&real_syscall = dlsym(RTLD_NEXT, "syscall");
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
	size_t i = 0;

	find_real();
	if (parent != 0 && own_pid() != parent) {
		if (pthread_mutex_trylock(mutex) == 0)
			return 0;
		note("pthread_mutex_lock");
	}
	while (i < n_locks && locks[i] != mutex)
		i++;
	if (i == n_locks && n_locks < MOST_LOCKS)
		locks[n_locks++] = mutex;
	return real_lock(mutex);
}

int pthread_once(pthread_once_t *control, void (*fn)(void))
{
	find_real();
	if (*control != 2) /* it is not done yet, and may just be done by another thread */
		note("pthread_once");
	return real_once(control, fn);
}

/* ---- what happens at a fork ---- */

static bool has_strangers; /* another thread forks at the same time */
static pid_t strangers[8];
static size_t n_strangers;

/* It inherits all descriptors, and keeps them. */
static void fork_stranger(void)
{
	const pid_t pid = has_strangers && n_strangers < 8 ? fork() : -1;

	while (pid == 0)
		(void)pause();
	if (pid > 0)
		strangers[n_strangers++] = pid;
}

static void end_strangers(void)
{
	has_strangers = false;
	while (n_strangers > 0) {
		(void)kill(strangers[--n_strangers], SIGKILL);
		(void)waitpid(strangers[n_strangers], NULL, 0);
	}
}

long syscall(long number, ...)
{
	const bool forks = number == SYS_clone && parent != 0 && own_pid() == parent;
	bool held[MOST_LOCKS] = { false };
	long args[6];
	long result;
	va_list list;

	va_start(list, number);
	for (size_t i = 0; i < 6; i++)
		args[i] = va_arg(list, long);
	va_end(list);
	find_real();
	if (forks)
		fork_stranger();
	for (size_t i = 0; forks && i < n_locks; i++)
		held[i] = pthread_mutex_trylock(locks[i]) == 0;
	result = real_syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);
	if (forks && result == 0)
		return 0; /* in the child they stay locked */
	for (size_t i = 0; forks && i < n_locks; i++)
		if (held[i])
			(void)pthread_mutex_unlock(locks[i]);
	return result;
}

/* ---- calls that a child does not survive ---- */

/* The signal that a child of gons gets when it calls unshare(2), or 0. */
static int kill_by;
static int (*real_unshare)(int types);

int unshare(int types)
{
	if (!real_unshare)
		*(void **)&real_unshare = dlsym(RTLD_NEXT, "unshare");
	if (kill_by != 0 && own_pid() != parent) {
		if (kill_by == SIGSTOP)
			found->stops = own_pid();
		(void)kill(own_pid(), kill_by);
	}
	return real_unshare(types);
}

/* ---- what is done while children are looked at ---- */

GONS_ACTION(end)
{
	return 0;
}

static void can_any_types(void)
{
	(void)gons_can(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP);
	(void)gons_can(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS);
	(void)gons_can(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWTIME);
	(void)gons_can(CLONE_NEWPID);
	(void)gons_can(CLONE_NEWTIME);
}

static void can_any_links(void)
{
	(void)gons_can_link("veth");
	(void)gons_can_link("dummy");
	(void)gons_can_link("vxlan");
	(void)gons_can_link("tun");
	(void)gons_can_link("nonsens");
}

static void create_sets(void)
{
	static const int types[] = {
		CLONE_NEWNET,
		CLONE_NEWPID,
		CLONE_NEWUSER,
		CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC,
		CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWTIME,
	};
	const struct gons_idmap many = { 0, 100000, 1000 };
	const struct gons_set_options options = { .maps = { &many, 1, &many, 1 } };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		gons_set *set = gons_set_unshare(NULL, types[i], NULL);

		if (set)
			gons_set_close(set);
	}
	gons_set_close(gons_set_unshare(NULL, CLONE_NEWUSER | CLONE_NEWNET, &options));
}

static unsigned n_wrong; /* functions and programs that did not end as they should */

#ifndef COVERED /* coverage is written by the children, with allocations */

/* It allocates nothing itself. */
static int return_5(void *arg)
{
	(void)arg;
	return 5;
}

static void run_functions(void)
{
	static const int types[] = {
		CLONE_NEWUTS,
		CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS,
		CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWTIME,
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		gons_set *set = gons_set_unshare(NULL, types[i], NULL);
		int status = 0;

		if (!set)
			continue;
		if (gons_set_run(set, return_5, NULL, &status) < 0 || WEXITSTATUS(status) != 5)
			n_wrong++;
		gons_set_close(set);
	}
}

#endif

static void start_programs(void)
{
	static const char *const cat[] = { "cat", NULL };
	static const char *const sleep[] = { "sleep", "1000", NULL };
	gons_set *set = gons_set_unshare(NULL, CLONE_NEWUSER | CLONE_NEWPID, NULL);
	const struct gons_process_options in_set = { .set = set };
	const int mark = gons_scope_begin();
	gons_process *process = gons_process_start(cat, NULL);

	if (!process || gons_process_wait(process, 60000, NULL) < 0)
		n_wrong++;
	if (!gons_process_start(sleep, NULL) || (set && !gons_process_start(sleep, &in_set)))
		n_wrong++;
	if (gons_scope_end(mark) < 0)
		n_wrong++;
	gons_set_close(set);
}

static void run_actions(void)
{
	const struct gons_reexec job = { .action = "end" };

	if (gons_reexec_run(&job, NULL) < 0)
		n_wrong++;
}

/* A report, for which a command runs in each namespace. */
static void fail_tests(void)
{
	FILE *null = fopen("/dev/null", "we");

	(void)gons_test_begin("fails", CLONE_NEWNET | CLONE_NEWNS);
	(void)gons_report(null);
	(void)gons_test_end(true);
	(void)fclose(null);
}

static void run_programs(void)
{
	const char *const good[] = { "true", NULL };
	const char *const none[] = { "/nonexistent", NULL };
	struct gons_process_options options = { .input = "text", .input_size = 4 };
	struct gons_process_result result;

	if (gons_process_run(good, &options, &result) == 0)
		gons_process_result_free(&result);
	if (gons_process_run(none, NULL, &result) == 0)
		gons_process_result_free(&result);
}

static void be_refused(void)
{
	const int mark = gons_scope_begin();

	(void)gons_enter_transient(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS);
	(void)gons_netns_new_transient();
	(void)gons_mntns_new_transient(NULL);
	(void)gons_sysfs_open();
	(void)gons_mntns_mount_sysfs_ro();
	(void)gons_veth_new_transient(NULL, NULL);
	(void)gons_scope_end(mark);
}

/* ---- the tests ---- */

static void nobody_looks(void)
{
	parent = 0;
}

static void look(void (*fn)(void))
{
	parent = own_pid();
	fn();
	nobody_looks();
}

static int look_refused(void *arg)
{
	(void)arg;
	want(lose_capabilities(~UINT64_C(0)));
	look(be_refused);
	look(can_any_types);
	look(can_any_links);
	look(create_sets);
	return 0;
}

static int look_filtered(void *arg)
{
	want(refuse_call(*(const long *)arg, EPERM));
	look(be_refused);
	look(can_any_types);
	look(create_sets);
	return 0;
}

static int look_becoming_root(void *arg)
{
	(void)arg;
	want(lose_capabilities(~UINT64_C(0)));
	parent = own_pid();
	want(gons_become_root() == 0);
	nobody_looks();
	return 0;
}

static int look_entering_user_namespaces(void *arg)
{
	const struct gons_idmap uid = { 0, getuid(), 1 }, gid = { 0, getgid(), 1 };
	const struct gons_idmaps maps = { &uid, 1, &gid, 1 };

	(void)arg;
	parent = own_pid();
	want(gons_enter_user_namespace(&maps) == 0);
	want(gons_enter_user_namespace(NULL) == 0);
	nobody_looks();
	return 0;
}

static int look_failing(void *arg)
{
	(void)arg;
	want(gons_become_root() == 0);
	want(setenv("GONS_ON_FAILURE", "echo here", 1) == 0 && setenv("GONS_CAPTURE", "1", 1) == 0);
	look(fail_tests);
	return 0;
}

/* The report of a crash is the one child that may allocate. Its time is limited. */
static int crash(void *arg)
{
	(void)arg;
	want(unsetenv("GONS_REPORT") == 0 && unsetenv("GONS_HOLD") == 0);
	want(gons_test_begin("crashes", 0) == 0);
	parent = own_pid();
	waits = true;
	(void)raise(SIGABRT);
	return 1;
}

static int share(void **state)
{
	found = mmap(NULL, sizeof(*found), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	*state = NULL;
	return found == MAP_FAILED ? -1 : 0;
}

static void assert_none_waits(void)
{
	const unsigned count = atomic_exchange(&found->count, 0);

	if (count > 0)
		fail_msg("%u children called %s", count, found->call);
}

static void children_that_try_types_and_links_wait_for_no_lock(void **state)
{
	(void)state;
	look(can_any_types);
	assert_none_waits();
	look(can_any_links);
	assert_none_waits();
}

static void children_that_create_sets_wait_for_no_lock(void **state)
{
	(void)state;
	look(create_sets);
	assert_none_waits();
}

static void children_that_run_programs_wait_for_no_lock(void **state)
{
	(void)state;
	look(run_programs);
	assert_none_waits();
	look(start_programs);
	assert_none_waits();
	look(run_actions);
	assert_none_waits();
	assert_int_equal(n_wrong, 0);
}

#ifndef COVERED

static void children_that_run_functions_wait_for_no_lock(void **state)
{
	(void)state;
	look(run_functions);
	assert_none_waits();
	assert_int_equal(n_wrong, 0);
}

#endif

static void children_that_map_ids_wait_for_no_lock(void **state)
{
	(void)state;
	gons_require(CLONE_NEWUSER);
	require_mapped_user(__func__);
	assert_int_equal(in_child(look_becoming_root, NULL), 0);
	assert_none_waits();
	assert_int_equal(in_child(look_entering_user_namespaces, NULL), 0);
	assert_none_waits();
}

static void children_of_failed_tests_wait_for_no_lock(void **state)
{
	(void)state;
	gons_require(CLONE_NEWUSER);
	assert_int_equal(in_child(look_failing, NULL), 0);
	assert_none_waits();
}

static void children_that_explain_missing_capabilities_wait_for_no_lock(void **state)
{
	(void)state;
	assert_int_equal(in_child(look_refused, NULL), 0);
	assert_none_waits();
}

static void children_that_explain_filters_wait_for_no_lock(void **state)
{
	static const long calls[] = { SYS_unshare, SYS_setns,  SYS_mount,
				      SYS_chroot,  SYS_clone3, SYS_fsopen };

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		assert_int_equal(in_child(look_filtered, (void *)&calls[i]), 0);
	assert_none_waits();
}

static int abort_in_child(void *arg)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(crash(arg));
	want(pid > 0 && waitpid(pid, &status, 0) == pid);
	want(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	return 0;
}

static void a_crash_ends_the_process_where_its_report_waits_for_a_lock(void **state)
{
	(void)state;
	assert_int_equal(in_child(abort_in_child, NULL), 0);
}

static int require_with_killed_child(int number)
{
	int result;

	parent = own_pid();
	kill_by = number;
	result = gons_test_require(CLONE_NEWUSER | CLONE_NEWUTS);
	kill_by = 0;
	parent = 0;
	return result;
}

static void a_child_that_does_not_end_in_time_is_a_failure_and_no_skip(void **state)
{
	(void)state;
	/* The signal of its time limit. */
	assert_refused(require_with_killed_child(SIGALRM), ETIMEDOUT, "did not end");
}

static void a_child_that_is_killed_is_a_failure_and_no_skip(void **state)
{
	(void)state;
	assert_refused(require_with_killed_child(SIGKILL), ECHILD, "signal 9 killed it");
}

static void descriptors_that_other_children_inherit_do_not_make_gons_wait(void **state)
{
	(void)state;
	has_strangers = true;
	(void)require_with_killed_child(SIGKILL);
	look(create_sets);
	look(run_programs);
	end_strangers();
	assert_none_waits();
	assert_int_equal(n_wrong, 0);
}

/* A child of gons stops, and its parent is killed. */
static int kill_parent_of_child(void *arg)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	siginfo_t info = { .si_pid = 0 };
	pid_t pid;

	(void)arg;
	want(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
	pid = fork();
	want(pid >= 0);
	if (pid == 0) {
		(void)require_with_killed_child(SIGSTOP);
		_exit(0);
	}
	while (!found->stops)
		(void)sched_yield();
	want(kill(pid, SIGKILL) == 0 && waitid(P_PID, (id_t)pid, &info, WEXITED) == 0);
	info.si_pid = 0;
	for (int i = 0; i < 60000 && info.si_pid == 0; i++) {
		(void)nanosleep(&pause, NULL);
		want(waitid(P_ALL, 0, &info, WEXITED | WNOHANG | __WALL) == 0);
	}
	if (info.si_pid == 0)
		(void)kill(found->stops, SIGKILL);
	want(info.si_pid == found->stops && info.si_code == CLD_KILLED &&
	     info.si_status == SIGKILL);
	return 0;
}

static void a_child_dies_with_its_killed_parent(void **state)
{
	(void)state;
	assert_int_equal(in_child(kill_parent_of_child, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(children_that_try_types_and_links_wait_for_no_lock),
		check_test(children_that_create_sets_wait_for_no_lock),
		check_test(children_that_run_programs_wait_for_no_lock),
#ifndef COVERED
		check_test(children_that_run_functions_wait_for_no_lock),
#endif
		check_test(children_that_map_ids_wait_for_no_lock),
		check_test(children_of_failed_tests_wait_for_no_lock),
		check_test(a_crash_ends_the_process_where_its_report_waits_for_a_lock),
		check_test(children_that_explain_missing_capabilities_wait_for_no_lock),
		check_test(children_that_explain_filters_wait_for_no_lock),
		check_test(a_child_that_does_not_end_in_time_is_a_failure_and_no_skip),
		check_test(a_child_that_is_killed_is_a_failure_and_no_skip),
		check_test(descriptors_that_other_children_inherit_do_not_make_gons_wait),
		check_test(a_child_dies_with_its_killed_parent),
	};

	gons_reexec_check();
	return gons_run_group_tests(tests, share, NULL);
}

#else

int main(void)
{
	(void)fprintf(stderr, "gons: skipped: bare_children: the allocator cannot be replaced\n");
	return 77;
}

#endif

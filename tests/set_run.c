/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions that run in a child, in all namespaces of a set.
 */
#include "check.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define ALL_TYPES                                                                                  \
	(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP |              \
	 CLONE_NEWUSER | CLONE_NEWPID)

enum { NAMES = 8 };
static const char *const names[NAMES] = { "net",    "mnt",  "uts", "ipc",
					  "cgroup", "user", "pid", "time" };

/* What a function saw; the memory is shared with the child. */
struct seen {
	uint64_t ino[NAMES];
	pid_t pid, parent;
	uid_t uid;
	gid_t gid;
	int fds;
	sigset_t mask;
	char cwd[PATH_MAX];
	int value;
};

static struct seen *seen;

static int look(void *arg)
{
	(void)arg;
	for (int i = 0; i < NAMES; i++)
		seen->ino[i] = own_ino(names[i]);
	seen->pid = getpid();
	seen->parent = getppid();
	seen->uid = geteuid();
	seen->gid = getegid();
	seen->fds = count_entries("/proc/thread-self/fd");
	(void)pthread_sigmask(SIG_SETMASK, NULL, &seen->mask);
	if (!getcwd(seen->cwd, sizeof(seen->cwd)))
		seen->cwd[0] = '\0';
	return seen->value;
}

static int run(const gons_set *set, int (*fn)(void *), void *arg)
{
	int status = -1;

	gons_must(gons_set_run(set, fn, arg, &status));
	return status;
}

static void a_function_runs_in_a_child_in_all_namespaces_of_the_set(void **state)
{
	gons_set *set;
	int status;

	(void)state;
	gons_require(ALL_TYPES);
	set = gons_must(gons_set_unshare(NULL, ALL_TYPES, NULL));
	seen->value = 42;
	status = run(set, look, NULL);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);
	for (int i = 0; i < NAMES - 1; i++) {
		assert_int_equal(seen->ino[i], ino_in(set, gons_type_from_name(names[i])));
		assert_int_not_equal(seen->ino[i], own_ino(names[i]));
	}
	assert_int_equal(seen->ino[NAMES - 1], own_ino("time"));
	/* In the PID namespace, process 1 belongs to gons, and the parent of the child is outside. */
	assert_true(seen->pid > 1);
	assert_int_equal(seen->parent, 0);
	assert_int_equal(seen->uid, 0);
	assert_int_equal(seen->gid, 0);
	/* Once more, after the processes of the first call have ended. */
	assert_int_equal(WEXITSTATUS(run(set, look, NULL)), 42);
	seen->value = 0;
	gons_set_close(set);
}

static void a_function_runs_in_the_time_namespace_of_a_set(void **state)
{
	const int types[] = { CLONE_NEWTIME, ALL_TYPES | CLONE_NEWTIME };
	gons_set *set;

	(void)state;
	gons_require(ALL_TYPES | CLONE_NEWTIME);
	for (int i = 0; i < 2; i++) {
		set = gons_must(gons_set_unshare(NULL, types[i], NULL));
		assert_int_equal(run(set, look, NULL), 0);
		for (int j = 0; j < NAMES; j++) {
			const int type = gons_type_from_name(names[j]);

			assert_int_equal(seen->ino[j],
					 types[i] & type ? ino_in(set, type) : own_ino(names[j]));
		}
		assert_int_not_equal(seen->ino[NAMES - 1], own_ino("time"));
		gons_set_close(set);
	}
}

static void the_child_inherits_working_directory_signal_mask_and_other_namespaces(void **state)
{
	gons_set *set = gons_must(gons_set_current(CLONE_NEWUSER | CLONE_NEWPID));
	sigset_t mask, old;
	char cwd[PATH_MAX];

	(void)state;
	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGUSR2);
	assert_int_equal(pthread_sigmask(SIG_SETMASK, &mask, &old), 0);
	assert_int_equal(run(set, look, NULL), 0);
	assert_int_equal(pthread_sigmask(SIG_SETMASK, &old, NULL), 0);
	assert_true(sigismember(&seen->mask, SIGUSR2));
	assert_false(sigismember(&seen->mask, SIGUSR1));
	assert_false(sigismember(&seen->mask, SIGCHLD));
	for (int i = 0; i < NAMES; i++)
		assert_int_equal(seen->ino[i], own_ino(names[i]));
	assert_string_equal(seen->cwd, getcwd(cwd, sizeof(cwd)));
	/* The child has no descriptors of gons's pipes. */
	assert_int_equal(seen->fds, count_entries("/proc/thread-self/fd"));
	assert_int_equal(seen->uid, geteuid());
	gons_set_close(set);
}

/* ---- how a function ends ---- */

static int end(void *arg)
{
	const int how = *(int *)arg;

	if (how == 1)
		(void)raise(SIGKILL);
	if (how == 2)
		_exit(3);
	if (how == 3)
		abort();
	return how;
}

static int end_as(const gons_set *set, int how)
{
	return run(set, end, &how);
}

static void gons_set_run_returns_the_status_of_the_child(void **state)
{
	gons_set *set = gons_must(gons_set_current(CLONE_NEWUSER));
	int status = -7;

	(void)state;
	assert_int_equal(WTERMSIG(end_as(set, 1)), SIGKILL);
	assert_int_equal(WEXITSTATUS(end_as(set, 2)), 3);
	status = end_as(set, 3);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_int_equal(WEXITSTATUS(end_as(set, 256 + 5)), 5);
	assert_int_equal(WEXITSTATUS(end_as(set, -1)), 255);
	status = 0;
	assert_int_equal(gons_set_run(set, end, &status, NULL), 0);
	gons_set_close(set);
}

static int run_with_sigchld_ignored(void *arg)
{
	int status = -1;
	int how = 9;

	want(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
	want(gons_set_run(arg, end, &how, &status) == 0 && WEXITSTATUS(status) == 9);
	return 0;
}

static void reap_all(int signal)
{
	int saved = errno;

	(void)signal;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	errno = saved;
}

static int run_beside_a_reaper(void *arg)
{
	const struct sigaction action = { .sa_handler = reap_all, .sa_flags = 0 };

	want(sigaction(SIGCHLD, &action, NULL) == 0);
	for (int i = 0; i < 20; i++) {
		int status = -1;
		int how = 4 + i;

		want(gons_set_run(arg, end, &how, &status) == 0 && WEXITSTATUS(status) == how);
	}
	return 0;
}

static void functions_run_where_the_program_ignores_sigchld_or_reaps_all_children(void **state)
{
	gons_set *set;

	(void)state;
	gons_require(CLONE_NEWUTS);
	set = gons_must(gons_set_current(CLONE_NEWUSER | CLONE_NEWUTS));
	assert_int_equal(in_child(run_with_sigchld_ignored, set), 0);
	assert_int_equal(in_child(run_beside_a_reaper, set), 0);
	gons_set_close(set);
}

static int write_in_child(void *arg)
{
	(void)arg;
	(void)printf("by the function\n");
	return 0;
}

/* With standard output redirected to a file. */
static int print_before_and_in(void *arg)
{
	const char *path = arg;
	gons_set *set = gons_set_current(CLONE_NEWUSER);

	want(set && freopen(path, "ae", stdout));
	(void)setvbuf(stdout, NULL, _IOFBF, 4096);
	(void)printf("before\n");
	want(gons_set_run(set, write_in_child, NULL, NULL) == 0);
	(void)fflush(stdout);
	return 0;
}

static void buffered_output_is_printed_once(void **state)
{
	char path[] = "/tmp/gons-run-XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(in_child(print_before_and_in, path), 0);
	assert_contains(read_text(path), "before\n");
	assert_null(strstr(strstr(read_text(path), "before\n") + 1, "before\n"));
	assert_contains(read_text(path), "by the function\n");
	assert_int_equal(unlink(path), 0);
}

/* ---- many callers ---- */

static int own_uts(void *arg)
{
	return own_ino("uts") == *(uint64_t *)arg ? 7 : 1;
}

static void *run_often(void *arg)
{
	gons_set *set = gons_set_unshare(NULL, CLONE_NEWUTS, NULL);
	uint64_t ino = gons_ino(gons_set_fd(set, CLONE_NEWUTS), CLONE_NEWUTS);
	bool ok = set != NULL;

	for (int i = 0; ok && i < 10; i++) {
		int status = -1;

		ok = gons_set_run(set, own_uts, &ino, &status) == 0 && status == 7 << 8;
	}
	gons_set_close(set);
	*(bool *)arg = ok;
	return NULL;
}

static void many_threads_run_functions_in_children_at_once(void **state)
{
	enum { THREADS = 4 };
	pthread_t threads[THREADS];
	bool ok[THREADS] = { false };

	(void)state;
	gons_require(CLONE_NEWUTS);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run_often, &ok[i]), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (int i = 0; i < THREADS; i++)
		assert_true(ok[i]);
}

/* ---- ids ---- */

static void a_nested_user_namespace_is_entered_with_namespaces_owned_by_its_parent(void **state)
{
	const int inner = CLONE_NEWUSER | CLONE_NEWUTS;
	gons_set *outer, *set;

	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWNS);
	outer = gons_must(gons_set_unshare(NULL, CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS, NULL));
	set = gons_must(gons_set_unshare(outer, inner, NULL));
	assert_int_equal(ino_in(set, CLONE_NEWNET), ino_in(outer, CLONE_NEWNET));
	assert_int_not_equal(ino_in(set, CLONE_NEWUSER), ino_in(outer, CLONE_NEWUSER));
	assert_int_equal(run(set, look, NULL), 0);
	assert_int_equal(seen->ino[0], ino_in(outer, CLONE_NEWNET));
	assert_int_equal(seen->ino[1], ino_in(outer, CLONE_NEWNS));
	assert_int_equal(seen->ino[2], ino_in(set, CLONE_NEWUTS));
	assert_int_equal(seen->ino[5], ino_in(set, CLONE_NEWUSER));
	assert_int_equal(seen->uid, 0);
	gons_set_close(outer);
	gons_set_close(set);
}

static void unmapped_user_ids_become_0_in_the_child(void **state)
{
	const struct gons_idmap ids = { 0, 100000, 65536 };
	const struct gons_set_options options = { .maps = { &ids, 1, &ids, 1 } };
	gons_set *set;

	(void)state;
	gons_require(CLONE_NEWUSER);
	set = gons_set_unshare(NULL, CLONE_NEWUSER, &options);
	if (!set) { /* root in a user namespace only */
		assert_int_equal(errno, EPERM);
		return;
	}
	assert_int_equal(run(set, look, NULL), 0);
	assert_int_equal(seen->uid, 0);
	assert_int_equal(seen->gid, 0);
	gons_set_close(set);
}

/* ---- refusals ---- */

static void invalid_arguments_of_gons_set_run_are_refused(void **state)
{
	gons_set *set = gons_must(gons_set_current(CLONE_NEWNET));
	int status = 77;

	(void)state;
	assert_refused(gons_set_run(set, NULL, NULL, &status), EINVAL, "fn is NULL");
	assert_refused(gons_set_run(NULL, look, NULL, &status), EINVAL, "set is NULL");
	assert_int_equal(status, 77);
	gons_set_close(set);
}

/* Drops all capabilities; the call is refused before the function runs. */
static int run_without_power(void *arg)
{
	int status = 77;

	seen->value = 0;
	seen->pid = 0;
	want(setresgid(65533, 65533, 65533) == 0 || errno == EINVAL);
	want(setresuid(65533, 65533, 65533) == 0 || errno == EINVAL);
	if (geteuid() == 0)
		return 0; /* where the user namespace has only one user */
	want(gons_set_run(arg, look, NULL, &status) == -1 && errno == EPERM && status == 77);
	want(strstr(gons_error(), "cannot enter a UTS namespace: Operation not permitted"));
	want(seen->pid == 0);
	return 0;
}

static void a_refusal_in_the_child_is_returned_to_the_caller(void **state)
{
	gons_set *set;

	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWUTS);
	set = gons_must(gons_set_unshare(NULL, CLONE_NEWUTS, NULL));
	assert_int_equal(in_child(run_without_power, set), 0);
	gons_set_close(set);
}

static int look_from_below(void *arg)
{
	int status = 77;

	want(gons_set_run(arg, look, NULL, &status) == -1 && status == 77);
	/* The PID namespace may also be owned by an ancestor user namespace. */
	want(errno == EPERM || (errno == EINVAL && strstr(gons_error(), "nor a descendant")));
	want(strstr(gons_error(), "cannot enter a PID namespace: "));
	return 0;
}

static void a_pid_namespace_of_an_ancestor_is_refused(void **state)
{
	gons_set *own, *set;

	(void)state;
	gons_require(CLONE_NEWPID);
	own = gons_must(gons_set_current(CLONE_NEWPID));
	set = gons_must(gons_set_unshare(NULL, CLONE_NEWPID, NULL));
	assert_int_equal(WEXITSTATUS(run(set, look_from_below, own)), 0);
	gons_set_close(set);
	gons_set_close(own);
}

/* ---- the init of a PID namespace ---- */

static void a_pid_namespace_lives_as_long_as_a_set_has_it(void **state)
{
	gons_set *set, *copy;

	(void)state;
	gons_require(CLONE_NEWPID);
	set = gons_must(gons_set_unshare(NULL, CLONE_NEWPID, NULL));
	copy = gons_must(gons_set_dup(set, 0));
	assert_int_equal(run(set, look, NULL), 0);
	gons_set_close(set);
	assert_int_equal(run(copy, look, NULL), 0);
	/* wait(2) does not report it as a child of this process, unless it is process 1, which
	 * adopts it. */
	errno = ECHILD;
	assert_int_equal(waitpid(-1, NULL, WNOHANG), getpid() == 1 ? 0 : -1);
	assert_int_equal(errno, ECHILD);
	gons_set_close(copy);
}

static int close_inherited(void *arg)
{
	gons_set_close(arg);
	return 0;
}

static void a_forked_child_that_closes_its_copy_leaves_the_pid_namespace_alive(void **state)
{
	gons_set *set;

	(void)state;
	gons_require(CLONE_NEWPID);
	set = gons_must(gons_set_unshare(NULL, CLONE_NEWPID, NULL));
	assert_int_equal(in_child(close_inherited, set), 0);
	assert_int_equal(run(set, look, NULL), 0);
	gons_set_close(set);
}

static int leave_process(void *arg)
{
	const int *ends = arg;
	pid_t pid = fork();

	if (pid == 0) {
		(void)close(ends[0]);
		for (;;)
			(void)pause();
	}
	return pid < 0;
}

static void closing_a_set_ends_all_processes_of_its_pid_namespace(void **state)
{
	gons_set *set;
	int ends[2];
	char byte;

	(void)state;
	gons_require(CLONE_NEWPID);
	set = gons_must(gons_set_unshare(NULL, CLONE_NEWPID, NULL));
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(run(set, leave_process, ends), 0);
	assert_int_equal(close(ends[1]), 0);
	gons_set_close(set);
	/* The process of the PID namespace had the other end of the pipe. */
	assert_int_equal(read(ends[0], &byte, 1), 0);
	assert_int_equal(close(ends[0]), 0);
}

/* Ends without closing the set. */
static int make_and_end(void *arg)
{
	gons_set *set = gons_set_unshare(NULL, CLONE_NEWPID, NULL);

	want(set && gons_set_run(set, leave_process, arg, NULL) == 0);
	return 0;
}

static void a_pid_namespace_ends_with_the_process_that_created_it(void **state)
{
	int ends[2];
	char byte;

	(void)state;
	gons_require(CLONE_NEWPID);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(in_child(make_and_end, ends), 0);
	assert_int_equal(close(ends[1]), 0);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	assert_int_equal(close(ends[0]), 0);
}

/* While the set exists, this process alone holds the other end of a pipe. */
static int have_pipe_alone(void *arg)
{
	gons_set *set;
	int ends[2];
	char byte;

	if (arg)
		want(refuse_call(SYS_close_range, ENOSYS) &&
		     setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 256, 256 }) == 0);
	want(pipe2(ends, O_CLOEXEC) == 0);
	set = gons_set_unshare(NULL, CLONE_NEWPID, NULL);
	want(set && close(ends[1]) == 0);
	want(read(ends[0], &byte, 1) == 0);
	want(gons_set_run(set, look, NULL, NULL) == 0);
	gons_set_close(set);
	return 0;
}

static void the_init_of_a_pid_namespace_inherits_no_open_files(void **state)
{
	(void)state;
	gons_require(CLONE_NEWPID);
	assert_int_equal(in_child(have_pipe_alone, NULL), 0);
	assert_int_equal(in_child(have_pipe_alone, &seen), 0); /* on older kernels */
}

static void a_pid_namespace_whose_init_has_ended_is_refused(void **state)
{
	char dir[] = "/tmp/gons-run-XXXXXX";
	char path[64], target[64];
	gons_set *set, *held;

	(void)state;
	gons_require(CLONE_NEWPID);
	set = gons_must(gons_set_unshare(NULL, CLONE_NEWPID, NULL));
	/* This set only holds the PID namespace open. */
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/pid", dir);
	(void)snprintf(target, sizeof(target), "/proc/thread-self/fd/%d",
		       gons_set_fd(set, CLONE_NEWPID));
	assert_int_equal(symlink(target, path), 0);
	held = gons_must(gons_set_from_dir(dir, CLONE_NEWPID));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
	gons_set_close(set);
	/* On a busy machine the kernel needs some time. */
	for (int i = 0; i < 10000 && gons_set_run(held, look, NULL, NULL) == 0; i++)
		(void)usleep(1000);
	assert_refused(gons_set_run(held, look, NULL, NULL), ENOMEM,
		       "the first process of the set's PID namespace has ended");
	gons_set_close(held);
}

/* ---- no survivors ---- */

static int wait_forever(void *arg)
{
	const int *ends = arg;

	(void)close(ends[0]);
	while (getppid() != getpid()) /* always */
		(void)pause();
	return 1;
}

/* This process is killed while its function runs. */
static int run_forever(void *arg)
{
	gons_set *set = gons_set_unshare(NULL, ((int *)arg)[2], NULL);

	want(set);
	(void)gons_set_run(set, wait_forever, arg, NULL);
	return 1;
}

static void a_function_is_killed_when_its_caller_is_killed(void **state)
{
	const int types[] = { CLONE_NEWUTS, CLONE_NEWUSER, CLONE_NEWUSER | CLONE_NEWPID };

	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWUTS);
	for (int i = 0; i < 3; i++) {
		int ends[3] = { 0, 0, types[i] };
		struct pollfd end = { .events = POLLIN };
		pid_t pid;
		char byte;

		assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
		pid = fork();
		if (pid == 0)
			_exit(run_forever(ends));
		assert_int_equal(close(ends[1]), 0);
		/* At some point during the call, or in the function. */
		(void)usleep((unsigned)i * 20000);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		/* Each child had the other end of the pipe. */
		end.fd = ends[0];
		assert_int_equal(poll(&end, 1, 30000), 1);
		assert_int_equal(read(ends[0], &byte, 1), 0);
		assert_int_equal(close(ends[0]), 0);
	}
}

/* ---- nested PID namespaces ---- */

static int note_pid_namespace(void *arg)
{
	(void)arg;
	seen->ino[0] = own_ino("pid");
	return 0;
}

static void a_new_pid_namespace_is_a_child_of_the_sets_one(void **state)
{
	gons_set *outer, *inner, *user;

	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWPID);
	outer = gons_must(gons_set_unshare(NULL, CLONE_NEWPID, NULL));
	inner = gons_must(gons_set_unshare(outer, CLONE_NEWPID, NULL));
	user = gons_must(gons_set_unshare(outer, CLONE_NEWPID | CLONE_NEWUSER, NULL));
	for (int i = 0; i < 2; i++) {
		int fd = gons_set_fd(i ? user : inner, CLONE_NEWPID);
		int parent_fd = ioctl(fd, NS_GET_PARENT);

		assert_true(parent_fd >= 0);
		assert_int_equal(gons_ino(parent_fd, CLONE_NEWPID), ino_in(outer, CLONE_NEWPID));
		assert_int_equal(close(parent_fd), 0);
		assert_int_equal(run(i ? user : inner, note_pid_namespace, NULL), 0);
		assert_int_equal(seen->ino[0], ino_in(i ? user : inner, CLONE_NEWPID));
	}
	/* The outer PID namespace lives as long as its descendants. */
	gons_set_close(outer);
	assert_int_equal(run(inner, note_pid_namespace, NULL), 0);
	assert_int_equal(run(user, note_pid_namespace, NULL), 0);
	gons_set_close(inner);
	gons_set_close(user);
}

static int find_init_from_below(void *arg)
{
	const pid_t pid = gons_set_pid(arg);

	want(pid == 1);
	return 0;
}

static void gons_set_pid_returns_the_pid_of_the_init_as_seen_by_the_caller(void **state)
{
	gons_set *set, *copy, *own, *below;
	char path[64];
	pid_t pid;

	(void)state;
	gons_require(CLONE_NEWPID | CLONE_NEWUTS);
	set = gons_must(gons_set_unshare(NULL, CLONE_NEWPID, NULL));
	pid = gons_must(gons_set_pid(set));
	(void)snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	/* After a function has run in it. */
	for (int i = 0; i < 10000 && strcmp(read_text(path), "gons-init\n") != 0; i++)
		(void)usleep(1000);
	assert_string_equal(read_text(path), "gons-init\n");
	copy = gons_must(gons_set_dup(set, 0));
	below = gons_must(gons_set_unshare(set, CLONE_NEWUTS, NULL));
	assert_int_equal(gons_set_pid(copy), pid);
	assert_int_equal(gons_set_pid(below), pid);
	assert_int_equal(run(set, find_init_from_below, set), 0);
	gons_set_close(copy);
	gons_set_close(below);
	assert_int_equal(kill(pid, SIGKILL), 0);
	for (int i = 0; i < 10000 && gons_set_pid(set) >= 0; i++)
		(void)usleep(1000);
	assert_refused(gons_set_pid(set), ESRCH, "has ended");
	gons_set_close(set);
	own = gons_must(gons_set_current(CLONE_NEWPID | CLONE_NEWUTS));
	assert_refused(gons_set_pid(own), ESRCH, "no process that gons started");
	gons_set_close(own);
	own = gons_must(gons_set_current(CLONE_NEWUTS));
	assert_refused(gons_set_pid(own), EINVAL, "the set holds no PID namespace");
	gons_set_close(own);
	assert_refused(gons_set_pid(NULL), EINVAL, "set is NULL");
}

static void do_nothing(int number)
{
	(void)number;
}

static void gons_set_pid_is_not_disturbed_by_signals(void **state)
{
	const struct sigaction action = { .sa_handler = do_nothing };
	const struct itimerval often = { { 0, 300 }, { 0, 300 } }, never = { { 0, 0 }, { 0, 0 } };
	struct sigaction before;
	gons_set *set;
	pid_t pid;
	int same = 0;

	(void)state;
	gons_require(CLONE_NEWPID);
	set = gons_must(gons_set_unshare(NULL, CLONE_NEWPID, NULL));
	pid = gons_must(gons_set_pid(set));
	assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
	while (same < 5000 && gons_set_pid(set) == pid)
		same++;
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
	assert_int_equal(same, 5000);
	gons_set_close(set);
}

static int find_init_that_nobody_waits_for(void *arg)
{
	gons_set *set;
	pid_t pid;

	(void)arg;
	want(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
	set = gons_set_unshare(NULL, CLONE_NEWPID, NULL);
	want(set);
	pid = gons_set_pid(set);
	want(pid > 0 && kill(pid, SIGKILL) == 0);
	for (int i = 0; i < 10000 && gons_set_pid(set) >= 0; i++)
		(void)usleep(1000);
	want(failed_with(gons_set_pid(set), ESRCH, "has ended"));
	want(waitpid(pid, NULL, 0) == pid);
	gons_set_close(set);
	return 0;
}

static void an_init_has_ended_before_its_parent_waits_for_it(void **state)
{
	(void)state;
	gons_require(CLONE_NEWPID);
	assert_int_equal(in_child(find_init_that_nobody_waits_for, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(a_function_runs_in_a_child_in_all_namespaces_of_the_set),
		check_test(a_function_runs_in_the_time_namespace_of_a_set),
		check_test(the_child_inherits_working_directory_signal_mask_and_other_namespaces),
		check_test(gons_set_run_returns_the_status_of_the_child),
		check_test(functions_run_where_the_program_ignores_sigchld_or_reaps_all_children),
		check_test(buffered_output_is_printed_once),
		check_test(many_threads_run_functions_in_children_at_once),
		check_test(a_nested_user_namespace_is_entered_with_namespaces_owned_by_its_parent),
		check_test(unmapped_user_ids_become_0_in_the_child),
		check_test(invalid_arguments_of_gons_set_run_are_refused),
		check_test(a_refusal_in_the_child_is_returned_to_the_caller),
		check_test(a_pid_namespace_of_an_ancestor_is_refused),
		check_test(gons_set_pid_is_not_disturbed_by_signals),
		check_test(an_init_has_ended_before_its_parent_waits_for_it),
		check_test(a_pid_namespace_lives_as_long_as_a_set_has_it),
		check_test(a_forked_child_that_closes_its_copy_leaves_the_pid_namespace_alive),
		check_test(closing_a_set_ends_all_processes_of_its_pid_namespace),
		check_test(a_pid_namespace_ends_with_the_process_that_created_it),
		check_test(the_init_of_a_pid_namespace_inherits_no_open_files),
		check_test(a_pid_namespace_whose_init_has_ended_is_refused),
		check_test(a_function_is_killed_when_its_caller_is_killed),
		check_test(a_new_pid_namespace_is_a_child_of_the_sets_one),
		check_test(gons_set_pid_returns_the_pid_of_the_init_as_seen_by_the_caller),
	};

	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (seen == MAP_FAILED)
		return 1;
	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

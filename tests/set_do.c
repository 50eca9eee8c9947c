/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions that run on another thread, in the namespaces of a set.
 */
#include "check.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <gons/mntns.h>
#include <gons/netns.h>
#include <gons/privilege.h>

#define ALL_TYPES (CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP)

/* What a function saw, and what else it is to do. */
struct seen {
	int calls;
	pid_t tid;
	uint64_t ino[SWITCHABLE];
	sigset_t mask;
	char cwd[PATH_MAX];
	bool drop; /* its thread */
	void (*also)(void);
};

static void look(void *arg)
{
	struct seen *seen = arg;

	seen->calls++;
	seen->tid = gettid();
	take_inodes(seen->ino);
	(void)pthread_sigmask(SIG_SETMASK, NULL, &seen->mask);
	if (!getcwd(seen->cwd, sizeof(seen->cwd)))
		seen->cwd[0] = '\0';
	if (seen->also)
		seen->also();
}

static bool look_and_say(void *arg)
{
	const struct seen *seen = arg;

	look(arg);
	return !seen->drop;
}

/* Both calls run a function in the same way. */
static int run(bool restore, const gons_set *set, struct seen *seen)
{
	return restore ? gons_set_do_restore(set, look_and_say, seen)
		       : gons_set_do(set, look, seen);
}

static gons_set *new_set(int types)
{
	gons_require(types);
	return gons_must(gons_set_unshare(NULL, types, NULL));
}

/* For a test in which its thread is used again. */
static gons_set *kept_set(const char *test, int types)
{
	require_kcmp(test);
	return new_set(types);
}

/* The function saw the set's namespaces and, for the types that the set lacks, the caller's. */
static void assert_seen_in(const struct seen *seen, const gons_set *set)
{
	for (int i = 0; i < SWITCHABLE; i++)
		assert_int_equal(seen->ino[i], gons_set_types(set) & switchable[i].type
						       ? ino_in(set, switchable[i].type)
						       : own_ino(switchable[i].name));
}

/* ---- where a function runs ---- */

static void a_function_runs_on_another_thread_in_the_sets_namespaces(void **state)
{
	uint64_t before[SWITCHABLE];

	(void)state;
	take_inodes(before);
	for (int restore = 0; restore < 2; restore++)
		for (int i = 0; i <= SWITCHABLE; i++) {
			gons_set *set = new_set(i < SWITCHABLE ? switchable[i].type : ALL_TYPES);
			struct seen seen = { 0 };

			gons_must(run(restore, set, &seen));
			assert_int_equal(seen.calls, 1);
			assert_int_not_equal(seen.tid, gettid());
			assert_seen_in(&seen, set);
			assert_inodes(before);
			gons_set_close(set);
		}
}

static void a_set_thread_has_the_other_namespaces_and_attributes_of_its_caller(void **state)
{
	struct seen seen = { 0 };
	sigset_t mask, old;
	gons_set *set;

	(void)state;
	gons_require(ALL_TYPES);
	set = kept_set(__func__, CLONE_NEWNET);
	for (int restore = 0; restore < 2; restore++) {
		int mark = gons_must(gons_scope_begin());

		gons_must(run(restore, set, &seen)); /* leaves a thread in other namespaces */
		gons_must(gons_enter_transient(CLONE_NEWUTS | CLONE_NEWIPC));
		(void)sigemptyset(&mask);
		(void)sigaddset(&mask, SIGUSR1);
		assert_int_equal(pthread_sigmask(SIG_SETMASK, &mask, &old), 0);
		for (int i = 0; i < 3; i++) {
			gons_must(run(restore, set, &seen));
			assert_seen_in(&seen, set);
			assert_true(sigismember(&seen.mask, SIGUSR1));
			assert_false(sigismember(&seen.mask, SIGUSR2));
		}
		assert_int_equal(pthread_sigmask(SIG_SETMASK, &old, NULL), 0);
		gons_must(gons_scope_end(mark));
		gons_must(run(restore, set, &seen));
		assert_seen_in(&seen, set);
		assert_false(sigismember(&seen.mask, SIGUSR1));
	}
	gons_set_close(set);
}

static bool fail_and_keep(void *arg)
{
	*(bool *)arg = gons_error()[0] == '\0' && errno == 0;
	(void)gons_set_types(NULL);
	return true;
}

static void each_function_begins_without_an_error_message(void **state)
{
	gons_set *set = new_set(CLONE_NEWNET);

	(void)state;
	for (int i = 0; i < 3; i++) {
		bool fresh = false;

		gons_must(gons_set_do_restore(set, fail_and_keep, &fresh));
		assert_true(fresh);
	}
	gons_set_close(set);
}

/* The caller uses unshare(2) itself, which gons does not see. */
static void run_elsewhere(void *arg)
{
	struct seen seen = { 0 };

	assert_int_equal(unshare(CLONE_NEWUTS), 0);
	for (int i = 0; i < 3; i++) {
		gons_must(gons_set_do_restore(arg, look_and_say, &seen));
		assert_seen_in(&seen, arg);
	}
}

static void a_set_thread_follows_a_caller_who_called_unshare(void **state)
{
	gons_set *set = new_set(CLONE_NEWNET);
	struct seen seen = { 0 };

	(void)state;
	gons_require(CLONE_NEWUTS);
	gons_must(gons_set_do_restore(set, look_and_say, &seen));
	on_thread(run_elsewhere, set);
	gons_must(gons_set_do_restore(set, look_and_say, &seen));
	assert_seen_in(&seen, set);
	gons_set_close(set);
}

static void a_set_thread_finds_the_working_directory_by_its_path(void **state)
{
	struct seen seen = { 0 };
	gons_set *set, *net;

	(void)state;
	require_mapped_user(__func__);
	gons_require(ALL_TYPES);
	set = new_set(CLONE_NEWNS);
	net = new_set(CLONE_NEWNET);
	gons_must(gons_mntns_enter_transient());
	assert_int_equal(mount("gons", "/tmp", "tmpfs", 0, NULL), 0);
	assert_int_equal(mkdir("/tmp/gons-only-here", 0755), 0);
	for (int restore = 0; restore < 2; restore++) {
		assert_int_equal(chdir("/proc/sys/kernel"), 0);
		gons_must(run(restore, set, &seen));
		assert_string_equal(seen.cwd, "/proc/sys/kernel");
		assert_int_equal(chdir("/tmp/gons-only-here"), 0);
		gons_must(run(restore, set, &seen));
		assert_string_equal(seen.cwd, "/");
		gons_must(run(restore, net, &seen));
		assert_string_equal(seen.cwd, "/tmp/gons-only-here");
	}
	gons_set_close(set);
	gons_set_close(net);
}

/* ---- idle set threads ---- */

/* gons_become_root() ends idle set threads, whatever it returns. */
static void end_idle_set_threads(void)
{
	(void)gons_become_root();
}

static int64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* A thread that is idle for a second ends. On a busy machine this may happen in a test. */
static bool is_late(int64_t since)
{
	return now_ns() - since >= 1000000000;
}

static void assert_kept(const struct seen *seen, pid_t tid, int64_t since)
{
	assert_true(seen->tid == tid || is_late(since));
}

static void the_second_call_reuses_the_set_thread(void **state)
{
	gons_set *set = kept_set(__func__, CLONE_NEWNET | CLONE_NEWUTS),
		 *other = new_set(CLONE_NEWNET);
	struct seen first = { 0 }, seen = { 0 };
	int64_t since;

	(void)state;
	end_idle_set_threads();
	gons_must(gons_set_do_restore(set, look_and_say, &first));
	for (int i = 0; i < 50; i++) {
		const gons_set *used = i % 2 ? set : other;

		since = now_ns();
		gons_must(gons_set_do_restore(i % 2 ? other : set, look_and_say, &first));
		gons_must(gons_set_do_restore(used, look_and_say, &seen));
		assert_seen_in(&seen, used);
		assert_kept(&seen, first.tid, since);
	}
	/* false: the thread is not reused */
	seen.drop = true;
	gons_must(gons_set_do_restore(set, look_and_say, &seen));
	first = seen;
	seen.drop = false;
	gons_must(gons_set_do_restore(set, look_and_say, &seen));
	assert_int_not_equal(seen.tid, first.tid);
	/* gons_set_do() never reuses a thread. */
	first = seen;
	gons_must(gons_set_do(set, look, &seen));
	assert_int_not_equal(seen.tid, first.tid);
	gons_set_close(set);
	gons_set_close(other);
}

static void unshare_uts(void)
{
	assert_int_equal(unshare(CLONE_NEWUTS), 0);
}

static void unshare_net(void)
{
	assert_int_equal(unshare(CLONE_NEWNET), 0);
}

static void unshare_mnt(void)
{
	assert_int_equal(unshare(CLONE_NEWNS), 0);
}

static void unshare_pid(void)
{
	assert_int_equal(unshare(CLONE_NEWPID), 0);
}

static void unshare_fs(void)
{
	assert_int_equal(unshare(CLONE_FS), 0);
}

static void unshare_files(void)
{
	assert_int_equal(unshare(CLONE_FILES), 0);
}

static void drop_capability(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	assert_int_equal(syscall(SYS_capget, &header, data), 0);
	data[0].effective &= ~(1U << CAP_NET_ADMIN);
	assert_int_equal(syscall(SYS_capset, &header, data), 0);
}

static void set_affinity(void)
{
	cpu_set_t cpus;

	assert_int_equal(sched_getaffinity(0, sizeof(cpus), &cpus), 0);
	for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&cpus) > 1; i++)
		CPU_CLR(i, &cpus);
	assert_int_equal(sched_setaffinity(0, sizeof(cpus), &cpus), 0);
}

static void forbid_privileges(void)
{
	assert_int_equal(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
}

/* Not by what a sandbox has done before. */
static bool is_changed_by(void (*change)(void))
{
	return change != forbid_privileges || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0;
}

static void leave_by_exit(void)
{
	pthread_exit(NULL);
}

static void a_set_thread_that_its_function_changed_is_not_reused(void **state)
{
	static const struct {
		void (*change)(void);
		bool with_one_cpu;
	} changes[] = {
		{ unshare_uts, true },	   { unshare_net, true },	{ unshare_mnt, true },
		{ unshare_pid, true },	   { unshare_fs, true },	{ unshare_files, true },
		{ drop_capability, true }, { forbid_privileges, true }, { leave_by_exit, true },
		{ set_affinity, false },
	};
	gons_set *set;

	(void)state;
	end_idle_set_threads();
	gons_require(ALL_TYPES);
	set = kept_set(__func__, CLONE_NEWNET);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct seen first = { .also = changes[i].change }, seen = { 0 };

		if (!changes[i].with_one_cpu && sysconf(_SC_NPROCESSORS_ONLN) < 2)
			continue;
		if (!is_changed_by(changes[i].change))
			continue;
		gons_must(gons_set_do_restore(set, look_and_say, &first));
		gons_must(gons_set_do_restore(set, look_and_say, &seen));
		assert_int_equal(seen.calls, 1);
		assert_seen_in(&seen, set);
		assert_int_not_equal(seen.tid, first.tid);
	}
	gons_set_close(set);
}

static void a_set_thread_sees_the_callers_descriptors(void **state)
{
	gons_set *set = new_set(CLONE_NEWNET);
	struct seen seen = { .also = unshare_files };
	const int fd = gons_set_fd(set, CLONE_NEWNET);

	(void)state;
	gons_must(gons_set_do_restore(set, look_and_say, &seen));
	gons_set_close(set);
	/* The new set gets the same descriptor number. In the thread's own table, which the
	 * function left behind, it still means the old file. */
	set = new_set(CLONE_NEWNET);
	assert_int_equal(gons_set_fd(set, CLONE_NEWNET), fd);
	seen.also = NULL;
	gons_must(gons_set_do_restore(set, look_and_say, &seen));
	assert_seen_in(&seen, set);
	gons_set_close(set);
}

/* On a thread of its own, so that its capabilities, directories and restrictions end with it. */
static void call_changed(void *arg)
{
	struct seen seen = { 0 };
	gons_set *set;

	((void (*)(void))arg)();
	set = new_set(CLONE_NEWNET); /* in the thread's own descriptor table, if it has one */
	gons_must(gons_set_do_restore(set, look_and_say, &seen));
	assert_seen_in(&seen, set);
	gons_set_close(set);
}

static void a_set_thread_with_other_capabilities_than_the_caller_is_not_reused(void **state)
{
	static void (*const changes[])(void) = { drop_capability, unshare_fs, unshare_files,
						 forbid_privileges };
	gons_set *set = kept_set(__func__, CLONE_NEWNET);
	struct seen seen = { 0 };
	const int64_t since = now_ns();
	pid_t tid;

	(void)state;
	end_idle_set_threads();
	gons_must(gons_set_do_restore(set, look_and_say, &seen));
	tid = seen.tid;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		if (is_changed_by(changes[i]))
			on_thread(call_changed, (void *)changes[i]);
	/* None of these callers has changed the idle thread. */
	gons_must(gons_set_do_restore(set, look_and_say, &seen));
	assert_kept(&seen, tid, since);
	gons_set_close(set);
}

/* ThreadSanitizer does not support a forked child that starts threads. */
static void require_threads_in_children(const char *test)
{
#ifdef __SANITIZE_THREAD__
	skip_for(test, "under the thread sanitizer");
#else
	(void)test;
#endif
}

static int find_no_thread(void *arg)
{
	struct seen seen = { 0 };

	want(count_threads(1) == 1);
	want(gons_set_do_restore(arg, look_and_say, &seen) == 0 && seen.calls == 1);
	want(gons_set_do_restore(arg, look_and_say, &seen) == 0 && seen.calls == 2);
	return 0;
}

static int become_root_beside_an_idle_set_thread(void *arg)
{
	struct seen seen = { 0 };

	want(gons_set_do_restore(arg, look_and_say, &seen) == 0);
	want(gons_become_root() == 0);
	want(count_threads(1) == 1);
	return 0;
}

static void idle_set_threads_do_not_hinder_fork_or_becoming_root(void **state)
{
	gons_set *set;
	struct seen seen = { 0 };

	(void)state;
	require_threads_in_children(__func__);
	set = new_set(CLONE_NEWNET);
	gons_must(gons_set_do_restore(set, look_and_say, &seen));
	assert_int_equal(in_child(find_no_thread, set), 0);
	assert_int_equal(in_child(become_root_beside_an_idle_set_thread, set), 0);
	gons_set_close(set);
}

static int run_without(long number)
{
	gons_set *set = gons_set_unshare(NULL, CLONE_NEWNET, NULL);
	struct seen seen = { 0 };
	pid_t tid = 0;

	want(set && refuse_call(number, ENOSYS));
	for (int i = 0; i < 3; i++) {
		want(gons_set_do_restore(set, look_and_say, &seen) == 0);
		want(seen.tid != tid && seen.ino[0] == gons_ino(gons_set_fd(set, CLONE_NEWNET), 0));
		tid = seen.tid;
	}
	gons_set_close(set);
	return 0;
}

static int run_without_kcmp(void *arg)
{
	(void)arg;
	return run_without(SYS_kcmp);
}

static int run_without_pidfd(void *arg)
{
	(void)arg;
	return run_without(SYS_pidfd_open);
}

static void without_kcmp_each_call_starts_a_new_thread(void **state)
{
	(void)state;
	require_threads_in_children(__func__);
	gons_require(CLONE_NEWNET);
	assert_int_equal(in_child(run_without_kcmp, NULL), 0);
	assert_int_equal(in_child(run_without_pidfd, NULL), 0);
}

static bool has_thread(pid_t tid)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d", tid);
	return access(path, F_OK) == 0;
}

static void a_set_thread_started_in_transient_namespaces_ends_with_their_scope(void **state)
{
	gons_set *set = kept_set(__func__, CLONE_NEWNET);
	struct seen seen = { 0 };
	int mark = gons_must(gons_scope_begin());
	int64_t since;

	(void)state;
	gons_require(CLONE_NEWUTS);
	gons_must(gons_enter_transient(CLONE_NEWUTS));
	/* The second thread, if not the first one, was started in these namespaces. */
	gons_must(gons_set_do_restore(set, look_and_say, &seen));
	gons_must(gons_set_do_restore(set, look_and_say, &seen));
	since = now_ns();
	gons_must(gons_set_do_restore(set, look_and_say, &seen));
	assert_true(has_thread(seen.tid) || is_late(since));
	gons_must(gons_scope_end(mark));
	/* The thread was joined, but the kernel may still list it for a moment. */
	for (int i = 0; i < 1000 && has_thread(seen.tid); i++)
		(void)usleep(1000);
	assert_false(has_thread(seen.tid));
	gons_set_close(set);
}

enum { AT_ONCE = 12, MOST_KEPT = 8 };

static pthread_barrier_t together;

static bool meet(void *tid)
{
	*(pid_t *)tid = gettid();
	(void)pthread_barrier_wait(&together);
	return true;
}

struct meeting {
	pthread_t thread;
	const gons_set *set;
	pid_t tid;
	bool ok;
};

static void *go_and_meet(void *arg)
{
	struct meeting *meeting = arg;

	meeting->ok = gons_set_do_restore(meeting->set, meet, &meeting->tid) == 0;
	return NULL;
}

/* Runs this many functions at the same time, each on its own thread. */
static void meet_all(const gons_set *set, struct meeting meetings[AT_ONCE])
{
	for (int i = 0; i < AT_ONCE; i++) {
		meetings[i].set = set;
		assert_int_equal(
			pthread_create(&meetings[i].thread, NULL, go_and_meet, &meetings[i]), 0);
	}
	for (int i = 0; i < AT_ONCE; i++)
		assert_int_equal(pthread_join(meetings[i].thread, NULL), 0);
	for (int i = 0; i < AT_ONCE; i++)
		assert_true(meetings[i].ok);
}

static void only_a_few_idle_set_threads_stay(void **state)
{
	struct meeting first[AT_ONCE], second[AT_ONCE];
	gons_set *set = new_set(CLONE_NEWNET);
	int again = 0;

	(void)state;
	end_idle_set_threads();
	assert_int_equal(pthread_barrier_init(&together, NULL, AT_ONCE), 0);
	meet_all(set, first);
	meet_all(set, second);
	assert_int_equal(pthread_barrier_destroy(&together), 0);
	for (int i = 0; i < AT_ONCE; i++)
		for (int j = 0; j < AT_ONCE; j++)
			again += first[i].tid == second[j].tid;
	assert_in_range(again, 0, MOST_KEPT); /* 0 if all of this took too long */
	gons_set_close(set);
}

static void an_idle_set_thread_sleeps_and_then_ends(void **state)
{
	gons_set *set = new_set(CLONE_NEWNET);
	struct timespec used = { 0 };
	struct seen seen = { 0 };
	clockid_t clock_of_thread;

	(void)state;
	end_idle_set_threads();
	gons_must(gons_set_do_restore(set, look_and_say, &seen));
	/* That of pthread_getcpuclockid(3): it counts the processor time of the thread, which is idle
	 * for a second. */
	clock_of_thread = (clockid_t)(~(unsigned)seen.tid << 3 | 6);
	while (clock_gettime(clock_of_thread, &used) == 0)
		(void)usleep(10000);
	assert_true(used.tv_sec == 0 && used.tv_nsec < 200000000);
	gons_set_close(set);
}

static bool do_nothing(void *arg)
{
	(void)arg;
	return true;
}

static void a_set_thread_used_in_transient_namespaces_ends_with_their_scope(void **state)
{
	gons_set *set = new_set(CLONE_NEWUTS);
	struct seen first = { 0 }, seen = { 0 };
	int mark;

	(void)state;
	gons_require(CLONE_NEWNET);
	end_idle_set_threads();
	gons_must(gons_set_do_restore(set, look_and_say, &first));
	mark = gons_must(gons_scope_begin());
	gons_must(gons_enter_transient(CLONE_NEWNET));
	gons_must(gons_set_do_restore(set, do_nothing, NULL)); /* faster than a system call */
	gons_must(gons_scope_end(mark));
	gons_must(gons_set_do_restore(set, look_and_say, &seen));
	assert_seen_in(&seen, set);
	assert_int_not_equal(seen.tid, first.tid);
	gons_set_close(set);
}

/* Kills the process if this thread, or a thread that it starts, waits in futex(2) with a
 * timeout. */
static bool die_of_patience(void)
{
	const unsigned timeout = offsetof(struct seccomp_data, args[3]);
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_futex, 0, 7),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, FUTEX_WAIT_PRIVATE, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, timeout),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, timeout + 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* A thread that waits for the next function does so with a timeout. */
static int spoil_a_thread(void *arg)
{
	gons_set *set = gons_set_unshare(NULL, CLONE_NEWUTS, NULL);
	struct seen seen = { .also = (void (*)(void))arg };

	want(set && die_of_patience());
	want(gons_set_do_restore(set, look_and_say, &seen) == 0);
	while (has_thread(seen.tid))
		(void)usleep(1000);
	gons_set_close(set);
	return 0;
}

static void a_set_thread_that_cannot_be_reused_ends_at_once(void **state)
{
	static void (*const changes[])(void) = { unshare_mnt, unshare_fs, unshare_files,
						 unshare_uts };

	(void)state;
	require_threads_in_children(__func__);
	gons_require(CLONE_NEWUTS | CLONE_NEWNS);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		assert_int_equal(in_child(spoil_a_thread, (void *)changes[i]), 0);
}

static void idle_set_threads_are_no_leaks(void **state)
{
	gons_set *set = kept_set(__func__, CLONE_NEWNET);
	struct seen seen = { .drop = true };
	gons_leaks *leaks;
	int64_t since;

	(void)state;
	gons_must(gons_set_do_restore(set, look_and_say, &seen));
	seen.drop = false;
	leaks = gons_must(gons_leaks_begin());
	since = now_ns();
	gons_must(gons_set_do_restore(set, look_and_say, &seen));
	assert_true(has_thread(seen.tid) || is_late(since));
	assert_int_equal(gons_leaks_end(leaks, NULL, NULL), 0);
	gons_set_close(set);
}

/* ---- nested, and from many threads ---- */

struct nest {
	gons_set *sets[3];
	int depth;
	bool restore;
	uint64_t ino[3], back[3];
};

static void go_deeper(void *arg);

static bool go_deeper_and_say(void *arg)
{
	go_deeper(arg);
	return true;
}

static void go_deeper(void *arg)
{
	struct nest *nest = arg;
	int depth = nest->depth++;

	nest->ino[depth] = own_ino("uts");
	if (depth < 2)
		assert_int_equal(nest->restore
					 ? gons_set_do_restore(nest->sets[depth + 1],
							       go_deeper_and_say, nest)
					 : gons_set_do(nest->sets[depth + 1], go_deeper, nest),
				 0);
	nest->back[depth] = own_ino("uts");
}

static void calls_with_sets_nest(void **state)
{
	struct nest nest;

	(void)state;
	for (int i = 0; i < 3; i++)
		nest.sets[i] = new_set(CLONE_NEWUTS);
	for (int restore = 0; restore < 2; restore++) {
		nest.depth = 0;
		nest.restore = restore;
		if (restore)
			gons_must(gons_set_do_restore(nest.sets[0], go_deeper_and_say, &nest));
		else
			gons_must(gons_set_do(nest.sets[0], go_deeper, &nest));
		assert_int_equal(nest.depth, 3);
		for (int i = 0; i < 3; i++) {
			assert_int_equal(nest.ino[i], ino_in(nest.sets[i], CLONE_NEWUTS));
			assert_int_equal(nest.back[i], nest.ino[i]);
		}
	}
	for (int i = 0; i < 3; i++)
		gons_set_close(nest.sets[i]);
}

enum { THREADS = 8, ROUNDS = 100 };

static bool check_uts(void *arg)
{
	uint64_t *ino = arg;

	*ino = own_ino("uts") == *ino ? 0 : 1;
	return true;
}

static void *use_sets(void *arg)
{
	bool ok = true;

	for (int i = 0; ok && i < ROUNDS; i++) {
		gons_set *set = gons_set_unshare(NULL, CLONE_NEWUTS, NULL);
		gons_set *copy = gons_set_dup(set, 0);
		uint64_t ino = gons_ino(gons_set_fd(copy, CLONE_NEWUTS), CLONE_NEWUTS);

		ok = set && copy && gons_set_do_restore(copy, check_uts, &ino) == 0 && ino == 0;
		gons_set_close(set);
		gons_set_close(copy);
	}
	*(bool *)arg = ok;
	return NULL;
}

static void many_threads_create_use_and_close_sets_at_once(void **state)
{
	pthread_t threads[THREADS];
	bool ok[THREADS] = { false };

	(void)state;
	gons_require(CLONE_NEWUTS);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, use_sets, &ok[i]), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (int i = 0; i < THREADS; i++)
		assert_true(ok[i]);
}

/* ---- functions that do not return ---- */

static void exit_with_5(void *arg)
{
	(void)arg;
	exit(5);
}

static bool exit_with_6(void *arg)
{
	(void)arg;
	exit(6);
}

static int exit_in_do(void *arg)
{
	(void)gons_set_do(arg, exit_with_5, NULL);
	return 1;
}

static int exit_in_restore(void *arg)
{
	(void)gons_set_do_restore(arg, exit_with_6, NULL);
	return 1;
}

static void a_function_may_end_the_process(void **state)
{
	gons_set *set;

	(void)state;
	require_threads_in_children(__func__);
	end_idle_set_threads(); /* the objects of those threads would be leaks in the child */
	set = new_set(CLONE_NEWNET);
	assert_int_equal(in_child(exit_in_do, set), 5);
	assert_int_equal(in_child(exit_in_restore, set), 6);
	gons_set_close(set);
}

static void a_function_may_end_its_thread_by_pthread_exit(void **state)
{
	gons_set *set = new_set(CLONE_NEWNET);
	struct seen seen = { .also = leave_by_exit };

	(void)state;
	gons_must(gons_set_do(set, look, &seen));
	gons_must(gons_set_do_restore(set, look_and_say, &seen));
	assert_int_equal(seen.calls, 2);
	gons_set_close(set);
}

struct closing {
	gons_set *set;
	uint64_t ino;
};

static bool look_and_close(void *arg)
{
	struct closing *closing = arg;

	closing->ino = own_ino("net");
	gons_set_close(closing->set);
	return true;
}

static void a_function_may_close_the_set_that_it_runs_in(void **state)
{
	gons_set *other = new_set(CLONE_NEWNET);
	struct seen seen = { 0 };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct closing closing = { .set = new_set(CLONE_NEWNET) };
		uint64_t ino = ino_in(closing.set, CLONE_NEWNET);

		gons_must(gons_set_do_restore(closing.set, look_and_close, &closing));
		assert_int_equal(closing.ino, ino);
		gons_must(gons_set_do_restore(other, look_and_say, &seen));
		assert_seen_in(&seen, other);
	}
	gons_set_close(other);
}

static void enter_and_stay(void)
{
	assert_true(gons_enter_transient(CLONE_NEWUTS | CLONE_NEWIPC) == 0);
	assert_true(gons_netns_current() >= 0);
}

static void what_a_function_left_on_its_scope_is_undone(void **state)
{
	gons_set *set = kept_set(__func__, CLONE_NEWNET);
	struct seen seen = { .also = enter_and_stay };
	int fds = count_entries("/proc/self/fd");
	int64_t since;
	pid_t tid;

	(void)state;
	end_idle_set_threads();
	gons_require(CLONE_NEWUTS | CLONE_NEWIPC);
	gons_must(gons_set_do(set, look, &seen));
	since = now_ns();
	gons_must(gons_set_do_restore(set, look_and_say, &seen));
	assert_int_equal(count_entries("/proc/self/fd"), fds);
	/* The thread is unchanged. */
	tid = seen.tid;
	seen.also = NULL;
	gons_must(gons_set_do_restore(set, look_and_say, &seen));
	assert_kept(&seen, tid, since);
	assert_seen_in(&seen, set);
	gons_set_close(set);
}

/* ---- refusals ---- */

static void other_user_and_time_namespaces_are_refused(void **state)
{
	const int types[] = { CLONE_NEWUSER, CLONE_NEWTIME };
	struct seen seen = { 0 };
	gons_set *set;

	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWTIME | CLONE_NEWUTS);
	for (int i = 0; i < 2; i++) {
		set = gons_must(gons_set_unshare(NULL, CLONE_NEWUTS | types[i], NULL));
		for (int restore = 0; restore < 2; restore++) {
			assert_refused(run(restore, set, &seen), EINVAL,
				       i ? "cannot enter the set's time namespace"
					 : "cannot enter the set's user namespace");
			assert_contains(gons_error(), "use gons_set_run()");
		}
		gons_set_close(set);
	}
	assert_int_equal(seen.calls, 0);
}

static void a_null_set_or_function_is_refused(void **state)
{
	gons_set *set = gons_must(gons_set_current(CLONE_NEWUTS));
	struct seen seen = { 0 };

	(void)state;
	assert_refused(gons_set_do(set, NULL, NULL), EINVAL, "fn is NULL");
	assert_refused(gons_set_do_restore(set, NULL, NULL), EINVAL, "fn is NULL");
	for (int restore = 0; restore < 2; restore++)
		assert_refused(run(restore, NULL, &seen), EINVAL, "set is NULL");
	gons_set_close(set);
	assert_int_equal(seen.calls, 0);
}

static void a_set_may_have_the_callers_own_namespaces_of_all_types(void **state)
{
	gons_set *set, *all;
	struct seen seen = { 0 };

	(void)state;
	gons_require(CLONE_NEWUTS | CLONE_NEWNS);
	set = gons_must(gons_set_current(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWUTS));
	all = gons_must(gons_set_current(0));
	for (int restore = 0; restore < 2; restore++) {
		gons_must(run(restore, set, &seen));
		gons_must(run(restore, all, &seen));
	}
	assert_int_equal(seen.calls, 4);
	gons_set_close(set);
	gons_set_close(all);
}

static void *end_at_once(void *arg)
{
	return arg;
}

struct below {
	uint64_t ino; /* of a child's PID namespace */
	int thread_error; /* of pthread_create(3) */
};

static void fork_below(void *arg)
{
	struct below *below = arg;
	pthread_t thread;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return;
	pid = fork();
	if (pid == 0) {
		uint64_t ino = own_ino("pid");

		_exit(write(ends[1], &ino, sizeof(ino)) == sizeof(ino) ? 0 : 1);
	}
	(void)close(ends[1]);
	(void)!read(ends[0], &below->ino, sizeof(below->ino));
	(void)close(ends[0]);
	(void)waitpid(pid, NULL, 0);
	below->thread_error = pthread_create(&thread, NULL, end_at_once, NULL);
	if (below->thread_error == 0)
		(void)pthread_join(thread, NULL);
}

static bool fork_below_and_keep(void *arg)
{
	fork_below(arg);
	return true;
}

static void children_made_in_a_set_with_a_pid_namespace_are_in_it(void **state)
{
	gons_set *set;

	(void)state;
	gons_require(CLONE_NEWPID);
	set = gons_must(gons_set_unshare(NULL, CLONE_NEWPID, NULL));
	for (int i = 0; i < 4; i++) {
		struct below below = { 0 };

		gons_must(i < 1 ? gons_set_do(set, fork_below, &below)
				: gons_set_do_restore(set, fork_below_and_keep, &below));
		assert_int_equal(below.ino, ino_in(set, CLONE_NEWPID));
		/* musl returns EAGAIN. */
		assert_true(below.thread_error == EINVAL || below.thread_error == EAGAIN);
	}
	gons_set_close(set);
}

/* One cheap call that changes a thread for good. */
static bool give_up_new_privileges(void *arg)
{
	(void)arg;
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return true;
}

static bool note_new_privileges(void *arg)
{
	*(int *)arg |= prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	return true;
}

static void a_set_thread_that_a_short_function_changed_is_not_reused(void **state)
{
	gons_set *set;
	int changed = 0;

	(void)state;
	gons_require(CLONE_NEWUTS);
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 0)
		skip_for(__func__, "no_new_privs is set already");
	set = gons_must(gons_set_unshare(NULL, CLONE_NEWUTS, NULL));
	for (int i = 0; i < 500; i++) {
		gons_must(gons_set_do_restore(set, give_up_new_privileges, NULL));
		gons_must(gons_set_do_restore(set, note_new_privileges, &changed));
	}
	assert_int_equal(changed, 0);
	gons_set_close(set);
}

static void ended_threads_are_gone_from_proc_when_the_call_returns(void **state)
{
	gons_set *set;
	int before;

	(void)state;
	gons_require(CLONE_NEWUTS);
	set = gons_must(gons_set_unshare(NULL, CLONE_NEWUTS, NULL));
	before = count_entries("/proc/self/task");
	/* Idle threads of earlier tests may end meanwhile. */
	for (int i = 0; i < 50; i++) {
		struct seen seen = { 0 };

		gons_must(run(false, set, &seen));
		assert_true(count_entries("/proc/self/task") <= before);
		gons_set_close(gons_must(gons_set_unshare(NULL, CLONE_NEWUTS, NULL)));
		assert_true(count_entries("/proc/self/task") <= before);
	}
	gons_set_close(set);
}

static int run_without_power(void *arg)
{
	struct seen seen = { 0 };

	/* An idle thread with more capabilities than its caller. */
	want(gons_set_do_restore(arg, look_and_say, &seen) == 0);
	if (setresgid(65533, 65533, 65533) < 0 || setresuid(65533, 65533, 65533) < 0)
		return 0; /* where the user namespace has only one user */
	for (int restore = 0; restore < 2; restore++) {
		want(run(restore, arg, &seen) == -1 && errno == EPERM && seen.calls == 1);
		want(strstr(gons_error(), "cannot enter a network namespace: Operation not "
					  "permitted: CAP_SYS_ADMIN is missing"));
	}
	return 0;
}

static void a_refusal_on_the_set_thread_is_returned_to_the_caller(void **state)
{
	gons_set *set;

	(void)state;
	require_threads_in_children(__func__);
	set = new_set(CLONE_NEWNET);
	assert_int_equal(in_child(run_without_power, set), 0);
	gons_set_close(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(a_function_runs_on_another_thread_in_the_sets_namespaces),
		check_test(a_set_thread_has_the_other_namespaces_and_attributes_of_its_caller),
		check_test(a_set_thread_follows_a_caller_who_called_unshare),
		check_test(a_set_thread_finds_the_working_directory_by_its_path),
		check_test(the_second_call_reuses_the_set_thread),
		check_test(a_set_thread_that_its_function_changed_is_not_reused),
		check_test(a_set_thread_sees_the_callers_descriptors),
		check_test(each_function_begins_without_an_error_message),
		check_test(a_set_thread_with_other_capabilities_than_the_caller_is_not_reused),
		check_test(idle_set_threads_do_not_hinder_fork_or_becoming_root),
		check_test(without_kcmp_each_call_starts_a_new_thread),
		check_test(a_set_thread_started_in_transient_namespaces_ends_with_their_scope),
		check_test(a_set_thread_used_in_transient_namespaces_ends_with_their_scope),
		check_test(only_a_few_idle_set_threads_stay),
		check_test(an_idle_set_thread_sleeps_and_then_ends),
		check_test(a_set_thread_that_cannot_be_reused_ends_at_once),
		check_test(idle_set_threads_are_no_leaks),
		check_test(calls_with_sets_nest),
		check_test(many_threads_create_use_and_close_sets_at_once),
		check_test(a_function_may_end_the_process),
		check_test(a_function_may_end_its_thread_by_pthread_exit),
		check_test(a_function_may_close_the_set_that_it_runs_in),
		check_test(what_a_function_left_on_its_scope_is_undone),
		check_test(other_user_and_time_namespaces_are_refused),
		check_test(a_null_set_or_function_is_refused),
		check_test(a_set_may_have_the_callers_own_namespaces_of_all_types),
		check_test(children_made_in_a_set_with_a_pid_namespace_are_in_it),
		check_test(a_set_thread_that_a_short_function_changed_is_not_reused),
		check_test(ended_threads_are_gone_from_proc_when_the_call_returns),
		check_test(a_refusal_on_the_set_thread_is_returned_to_the_caller),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

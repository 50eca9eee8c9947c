/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of namespaces: opening, inspecting, copying and closing them.
 */
#include "check.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ALL_TYPES   (CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP)
#define OTHER_TYPES (CLONE_NEWUSER | CLONE_NEWPID)

/* ---- opening ---- */

static void a_set_of_this_thread_has_its_namespaces(void **state)
{
	const bool has_time = access("/proc/thread-self/ns/time", F_OK) == 0; /* since Linux 5.6 */
	const int types = ALL_TYPES | OTHER_TYPES | (has_time ? CLONE_NEWTIME : 0);
	gons_set *set = gons_must(gons_set_current(types));

	(void)state;
	assert_int_equal(gons_set_types(set), types);
	if (has_time)
		assert_int_equal(ino_in(set, CLONE_NEWTIME), own_ino("time"));
	for (int i = 0; i < SWITCHABLE; i++)
		assert_int_equal(ino_in(set, switchable[i].type), own_ino(switchable[i].name));
	assert_int_equal(ino_in(set, CLONE_NEWUSER), own_ino("user"));
	assert_int_equal(ino_in(set, CLONE_NEWPID), own_ino("pid"));
	for (int i = 0; i < SWITCHABLE; i++)
		assert_int_equal(fcntl(gons_set_fd(set, switchable[i].type), F_GETFD), FD_CLOEXEC);
	gons_set_close(set);
}

static void take_set(void *arg)
{
	gons_must(gons_enter_transient(CLONE_NEWUTS));
	*(gons_set **)arg = gons_set_current(CLONE_NEWUTS);
}

static void a_set_has_the_calling_threads_namespaces_and_outlives_its_scope(void **state)
{
	gons_set *set = NULL;

	(void)state;
	gons_require(CLONE_NEWUTS);
	on_thread(take_set, &set);
	assert_int_not_equal(ino_in(set, CLONE_NEWUTS), own_ino("uts"));
	gons_set_close(set);
}

static void invalid_types_of_a_set_are_refused(void **state)
{
	(void)state;
	assert_refused(gons_set_current(CLONE_NEWNET | 1), EINVAL, "not namespace types");
	assert_refused(gons_set_from_pid(getpid(), 1), EINVAL, "not namespace types");
	assert_refused(gons_set_from_dir("/proc/self/ns", 0x40), EINVAL, "not namespace types");
	assert_refused(gons_set_unshare(NULL, 0, NULL), EINVAL, "0 is not a namespace type");
}

/* The types that this kernel has. */
static int present_types(void)
{
	int types = 0;

	for (int bit = 0; bit < 31; bit++) {
		char path[64];

		if (!(GONS_ALL_TYPES & 1 << bit))
			continue;
		(void)snprintf(path, sizeof(path), "/proc/thread-self/ns/%s",
			       gons_type_name(1 << bit));
		if (access(path, F_OK) == 0)
			types |= 1 << bit;
	}
	return types;
}

static void types_0_opens_all_types_that_the_kernel_has(void **state)
{
	gons_set *sets[3];

	(void)state;
	sets[0] = gons_must(gons_set_current(0));
	sets[1] = gons_must(gons_set_from_pid(getpid(), 0));
	sets[2] = gons_must(gons_set_from_dir("/proc/self/ns", 0));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(gons_set_types(sets[i]), present_types());
		assert_int_equal(ino_in(sets[i], CLONE_NEWUSER), own_ino("user"));
		gons_set_close(sets[i]);
	}
}

static void types_0_opens_all_namespace_files_of_a_directory(void **state)
{
	char dir[] = "/tmp/gons-set-XXXXXX";
	char path[64];
	gons_set *set;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_refused(gons_set_from_dir(dir, 0), ENOENT, "No such file");
	(void)snprintf(path, sizeof(path), "%s/uts", dir);
	assert_int_equal(symlink("/proc/thread-self/ns/uts", path), 0);
	set = gons_must(gons_set_from_dir(dir, 0));
	assert_int_equal(gons_set_types(set), CLONE_NEWUTS);
	gons_set_close(set);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/proc/thread-self/ns/net", path), 0);
	assert_refused(gons_set_from_dir(dir, 0), EINVAL, "is a network namespace, not a");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void a_set_of_a_process_outlives_it(void **state)
{
	static const int all[] = { CLONE_NEWUTS, CLONE_NEWUSER, CLONE_NEWPID,
				   CLONE_NEWUSER | CLONE_NEWPID, 0 };
	gons_set *set;
	uint64_t ino;
	pid_t pid;

	(void)state;
	gons_require(CLONE_NEWUTS);
	pid = hold_in_child(CLONE_NEWUTS);
	set = gons_must(gons_set_from_pid(pid, CLONE_NEWUTS | CLONE_NEWNET));
	ino = ino_in(set, CLONE_NEWUTS);
	assert_int_not_equal(ino, own_ino("uts"));
	assert_int_equal(ino_in(set, CLONE_NEWNET), own_ino("net"));
	assert_int_equal(kill(pid, SIGKILL), 0);
	/* It has ended, and exists until its parent waits for it. */
	assert_int_equal(waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT), 0);
	for (int i = 0; i < (int)(sizeof(all) / sizeof(all[0])); i++)
		assert_refused(gons_set_from_pid(pid, all[i]), ESRCH, "which has ended");
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_refused(gons_set_from_pid(pid, CLONE_NEWUTS), ESRCH, "there is no process");
	assert_int_equal(ino_in(set, CLONE_NEWUTS), ino);
	gons_set_close(set);
}

static void take_set_of_thread(void *arg)
{
	gons_set *set;

	gons_must(gons_enter_transient(CLONE_NEWUTS));
	*(uint64_t *)arg = own_ino("uts");
	set = gons_must(gons_set_from_pid(gettid(), CLONE_NEWUTS));
	assert_int_equal(ino_in(set, CLONE_NEWUTS), own_ino("uts"));
	gons_set_close(set);
}

static void a_set_is_opened_by_thread_id(void **state)
{
	uint64_t ino = 0;

	(void)state;
	gons_require(CLONE_NEWUTS);
	on_thread(take_set_of_thread, &ino);
	assert_int_not_equal(ino, own_ino("uts"));
}

static void a_set_of_an_invalid_pid_is_refused(void **state)
{
	(void)state;
	assert_refused(gons_set_from_pid(0, CLONE_NEWNET), EINVAL, "pid is not positive (0)");
	assert_refused(gons_set_from_pid(-1, CLONE_NEWNET), EINVAL, "pid is not positive (-1)");
	assert_refused(gons_set_from_pid(INT_MAX, CLONE_NEWNET), ESRCH, "there is no process");
}

static int ask_as_nobody_for_root(void *arg)
{
	(void)arg;
	want(setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0);
	errno = 0;
	want(!gons_set_from_pid(getppid(), CLONE_NEWUTS) && errno == EACCES);
	want(strstr(gons_error(), "CAP_SYS_PTRACE is missing in its user namespace; run as root"));
	return 0;
}

static void the_process_of_another_user_is_refused(void **state)
{
	(void)state;
	if (!can_become_nobody())
		skip_for(__func__, "it takes root, and another user");
	assert_int_equal(in_child(ask_as_nobody_for_root, NULL), 0);
}

static void a_set_of_a_directory_has_the_namespaces_of_its_files(void **state)
{
	gons_set *set = gons_must(gons_set_from_dir("/proc/thread-self/ns", ALL_TYPES));

	(void)state;
	assert_int_equal(gons_set_types(set), ALL_TYPES);
	for (int i = 0; i < SWITCHABLE; i++)
		assert_int_equal(ino_in(set, switchable[i].type), own_ino(switchable[i].name));
	gons_set_close(set);
}

static void a_directory_without_the_requested_types_is_refused(void **state)
{
	char dir[] = "/tmp/gons-set-XXXXXX";
	char path[64], deep[PATH_MAX + 8];

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_refused(gons_set_from_dir(dir, CLONE_NEWNET), ENOENT, "/net: No such file");
	(void)snprintf(path, sizeof(path), "%s/net", dir);
	assert_int_equal(symlink("/proc/thread-self/ns/uts", path), 0);
	assert_refused(gons_set_from_dir(dir, CLONE_NEWNET), EINVAL,
		       "/net is a UTS namespace, not a network namespace");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused(gons_set_from_dir(dir, CLONE_NEWNET), EINVAL, "/net is not a namespace");
	assert_refused(gons_set_from_dir(path, CLONE_NEWNET), ENOTDIR, "/net/net: Not a directory");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
	assert_refused(gons_set_from_dir(dir, CLONE_NEWNET), ENOENT, "No such file");
	assert_refused(gons_set_from_dir(NULL, CLONE_NEWNET), EINVAL, "dir is NULL or empty");
	assert_refused(gons_set_from_dir("", CLONE_NEWNET), EINVAL, "dir is NULL or empty");
	memset(deep, 'd', sizeof(deep));
	deep[sizeof(deep) - 1] = '\0';
	assert_refused(gons_set_from_dir(deep, CLONE_NEWNET), ENAMETOOLONG, "too long");
}

/* ---- copies ---- */

static void a_copy_is_independent_and_may_have_fewer_types(void **state)
{
	gons_set *set = gons_must(gons_set_current(CLONE_NEWNET | CLONE_NEWUTS));
	gons_set *all = gons_must(gons_set_dup(set, 0));
	gons_set *one = gons_must(gons_set_dup(set, CLONE_NEWUTS));

	(void)state;
	assert_refused(gons_set_dup(set, CLONE_NEWIPC | CLONE_NEWUTS), EINVAL,
		       "the set holds no IPC namespace");
	assert_refused(gons_set_dup(set, 1), EINVAL, "not namespace types");
	gons_set_close(set);
	assert_int_equal(gons_set_types(all), CLONE_NEWNET | CLONE_NEWUTS);
	assert_int_equal(gons_set_types(one), CLONE_NEWUTS);
	assert_int_equal(ino_in(all, CLONE_NEWNET), own_ino("net"));
	assert_int_equal(ino_in(one, CLONE_NEWUTS), own_ino("uts"));
	assert_refused(gons_set_fd(one, CLONE_NEWNET), EINVAL,
		       "the set holds no network namespace");
	gons_set_close(one);
	gons_set_close(all);
}

/* ---- inspecting ---- */

static void gons_set_id_returns_what_readlink_returns(void **state)
{
	gons_set *set = gons_must(gons_set_current(ALL_TYPES | OTHER_TYPES));

	(void)state;
	for (int i = 0; i < SWITCHABLE; i++) {
		char path[64], wanted[64] = "", id[64], small[64];
		size_t length;

		(void)snprintf(path, sizeof(path), "/proc/thread-self/ns/%s", switchable[i].name);
		assert_true(readlink(path, wanted, sizeof(wanted) - 1) > 0);
		assert_int_equal(gons_set_id(set, switchable[i].type, id, sizeof(id)), 0);
		assert_string_equal(id, wanted);
		length = strlen(wanted);
		assert_int_equal(gons_set_id(set, switchable[i].type, id, length + 1), 0);
		memset(small, 'x', sizeof(small));
		assert_refused(gons_set_id(set, switchable[i].type, small, length), ERANGE, wanted);
		assert_int_equal(small[0], 'x');
	}
	assert_refused(gons_set_id(set, CLONE_NEWNET, NULL, 64), EINVAL, "buf is NULL");
	assert_refused(gons_set_id(set, CLONE_NEWTIME, (char[64]){ 0 }, 64), EINVAL,
		       "the set holds no time namespace");
	assert_refused(gons_set_id(set, CLONE_NEWNET | CLONE_NEWUTS, (char[64]){ 0 }, 64), EINVAL,
		       "not exactly one namespace type");
	assert_refused(gons_set_fd(set, 0), EINVAL, "0 is not a namespace type");
	gons_set_close(set);
}

/* ---- closing ---- */

static void closing_a_set_closes_its_descriptors(void **state)
{
	gons_set *set = gons_must(gons_set_current(CLONE_NEWNET));
	int fd = gons_must(gons_set_fd(set, CLONE_NEWNET));

	(void)state;
	gons_set_close(set);
	assert_refused(gons_enter(fd), EBADF, "is closed");
}

static void every_call_refuses_a_null_set(void **state)
{
	char id[64];

	(void)state;
	assert_refused(gons_set_types(NULL), EINVAL, "set is NULL");
	assert_refused(gons_set_fd(NULL, CLONE_NEWNET), EINVAL, "set is NULL");
	assert_refused(gons_set_id(NULL, CLONE_NEWNET, id, sizeof(id)), EINVAL, "set is NULL");
	assert_refused(gons_set_dup(NULL, 0), EINVAL, "set is NULL");
	assert_refused(gons_set_pid(NULL), EINVAL, "set is NULL");
	gons_set_close(NULL);
}

static void closing_a_set_keeps_errno(void **state)
{
	(void)state;
	errno = E2BIG;
	gons_set_close(gons_set_current(CLONE_NEWNET));
	gons_set_close(NULL);
	assert_int_equal(errno, E2BIG);
}

static int use_inherited(void *arg)
{
	gons_set *set = arg;

	want(gons_set_types(set) == CLONE_NEWNET);
	gons_set_close(set);
	set = gons_set_current(CLONE_NEWUTS);
	want(set);
	gons_set_close(set);
	return 0;
}

static void a_forked_child_has_sets_of_its_own(void **state)
{
	gons_set *set = gons_must(gons_set_current(CLONE_NEWNET));

	(void)state;
	assert_int_equal(in_child(use_inherited, set), 0);
	assert_int_equal(gons_set_types(set), CLONE_NEWNET);
	gons_set_close(set);
}

/* ---- many ---- */

enum { MANY = 1000 };

static void a_thousand_sets_of_five_types_are_open_at_once(void **state)
{
	struct rlimit limit, high;
	static gons_set *sets[MANY];

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	high = limit;
	high.rlim_cur = high.rlim_max;
	if (high.rlim_max < MANY * SWITCHABLE + 100) {
		skip_for(__func__, "RLIMIT_NOFILE cannot be raised to 5100");
	}
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &high), 0);
	for (int i = 0; i < MANY; i++)
		sets[i] = gons_must(gons_set_current(ALL_TYPES));
	for (int i = 0; i < MANY; i++)
		assert_int_equal(gons_set_types(sets[i]), ALL_TYPES);
	for (int i = 0; i < MANY; i++)
		gons_set_close(sets[i]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static int run_out_of_descriptors(void *arg)
{
	gons_set *set = gons_set_current(ALL_TYPES);
	int used = count_entries("/proc/self/fd");
	struct rlimit limit = { 0, 0 };

	(void)arg;
	want(set && getrlimit(RLIMIT_NOFILE, &limit) == 0);
	/* With any limit the call returns a set or fails with EMFILE, and leaves no other
	 * descriptors. */
	for (int room = 0; room < 16; room++) {
		gons_set *made;

		limit.rlim_cur = (rlim_t)(used - 1 + room);
		want(setrlimit(RLIMIT_NOFILE, &limit) == 0);
		for (int call = 0; call < 5; call++) {
			made = call == 0   ? gons_set_current(ALL_TYPES)
			       : call == 1 ? gons_set_from_pid(getpid(), ALL_TYPES)
			       : call == 2 ? gons_set_from_dir("/proc/thread-self/ns", ALL_TYPES)
			       : call == 3
				       ? gons_set_dup(set, 0)
				       : gons_set_unshare(set, CLONE_NEWUTS | CLONE_NEWNS, NULL);
			want(made || (errno == EMFILE && strstr(gons_error(), "RLIMIT_NOFILE")));
			want(made || room < 10);
			gons_set_close(made);
		}
	}
	limit.rlim_cur = limit.rlim_max;
	want(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	want(count_entries("/proc/self/fd") == used);
	return 0;
}

static void without_free_descriptors_no_set_is_opened_and_none_leaks(void **state)
{
	(void)state;
	gons_require(ALL_TYPES);
	assert_int_equal(in_child(run_out_of_descriptors, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(a_set_of_this_thread_has_its_namespaces),
		check_test(a_set_has_the_calling_threads_namespaces_and_outlives_its_scope),
		check_test(invalid_types_of_a_set_are_refused),
		check_test(types_0_opens_all_types_that_the_kernel_has),
		check_test(types_0_opens_all_namespace_files_of_a_directory),
		check_test(a_set_of_a_process_outlives_it),
		check_test(a_set_is_opened_by_thread_id),
		check_test(a_set_of_an_invalid_pid_is_refused),
		check_test(the_process_of_another_user_is_refused),
		check_test(a_set_of_a_directory_has_the_namespaces_of_its_files),
		check_test(a_directory_without_the_requested_types_is_refused),
		check_test(a_copy_is_independent_and_may_have_fewer_types),
		check_test(gons_set_id_returns_what_readlink_returns),
		check_test(closing_a_set_closes_its_descriptors),
		check_test(every_call_refuses_a_null_set),
		check_test(closing_a_set_keeps_errno),
		check_test(a_forked_child_has_sets_of_its_own),
		check_test(a_thousand_sets_of_five_types_are_open_at_once),
		check_test(without_free_descriptors_no_set_is_opened_and_none_leaks),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

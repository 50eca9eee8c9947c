/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread enters its own namespaces of all types, with and without capabilities.
 */
#include "check.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const all_names[] = {
	"net", "mnt", "uts", "ipc", "cgroup", "user", "pid", "time"
};
enum { ALL = sizeof(all_names) / sizeof(all_names[0]) };

/* Returns -1 if this kernel lacks the type. */
static int open_own(size_t i)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/thread-self/ns/%s", all_names[i]);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static int enter_own_namespaces(void *arg)
{
	uint64_t before[ALL];

	(void)arg;
	for (size_t i = 0; i < ALL; i++) {
		int mark = gons_scope_begin();
		int fd = open_own(i);

		if (fd < 0)
			continue;
		before[i] = own_ino(all_names[i]);
		want(gons_enter(fd) == 0);
		want(own_ino(all_names[i]) == before[i]);
		want(gons_scope_end(mark) == 0);
		want(own_ino(all_names[i]) == before[i]);
		want(close(fd) == 0);
	}
	return 0;
}

static void the_callers_own_namespace_of_each_type_is_entered(void **state)
{
	(void)state;
	assert_int_equal(in_child(enter_own_namespaces, NULL), 0);
}

static int enter_them_without_capabilities(void *arg)
{
	want(lose_capabilities(~0ULL));
	return enter_own_namespaces(arg);
}

static void the_callers_own_namespaces_are_entered_without_capabilities(void **state)
{
	(void)state;
	assert_int_equal(in_child(enter_them_without_capabilities, NULL), 0);
}

static void count_call(void *calls)
{
	(*(int *)calls)++;
}

static int execute_in_all(void *arg)
{
	int fds[ALL], calls = 0;
	size_t n = 0;

	if (*(bool *)arg)
		want(lose_capabilities(~0ULL));
	for (size_t i = 0; i < ALL; i++) {
		fds[n] = open_own(i);
		if (fds[n] >= 0)
			n++;
	}
	want(gons_execute_all(fds, n, count_call, &calls) == 0);
	want(calls == 1);
	for (size_t i = 0; i < n; i++)
		want(gons_execute(fds[i], count_call, &calls) == 0);
	want(calls == 1 + (int)n);
	for (size_t i = 0; i < n; i++)
		GONS_IN(fds[i]) {
			calls++;
		}
	want(calls == 1 + 2 * (int)n);
	return 0;
}

static void functions_and_blocks_run_in_own_namespaces_of_all_types(void **state)
{
	bool without_capabilities = false;

	(void)state;
	assert_int_equal(in_child(execute_in_all, &without_capabilities), 0);
}

static void functions_and_blocks_run_in_own_namespaces_without_capabilities(void **state)
{
	bool without_capabilities = true;

	(void)state;
	assert_int_equal(in_child(execute_in_all, &without_capabilities), 0);
}

static void a_list_with_two_user_namespaces_is_refused(void **state)
{
	int fd = gons_must(gons_current(CLONE_NEWUSER));
	const int twice[] = { fd, fd };
	int calls = 0;

	(void)state;
	assert_refused(gons_execute_all(twice, 2, count_call, &calls), EINVAL,
		       "cannot enter two user namespaces at once");
	assert_int_equal(calls, 0);
}

static void entering_another_user_or_time_namespace_is_refused(void **state)
{
	static const int types[] = { CLONE_NEWUSER, CLONE_NEWTIME };
	static const char *const words[] = {
		"a thread cannot return from another user namespace; use "
		"gons_set_run()",
		"a thread cannot return from another time namespace; use "
		"gons_set_run()"
	};

	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWTIME);
	for (int i = 0; i < 2; i++) {
		gons_set *set = gons_must(gons_set_unshare(NULL, types[i] | CLONE_NEWUSER, NULL));
		int fd = gons_must(gons_set_fd(set, types[i]));

		assert_refused(gons_enter(fd), EINVAL, words[i]);
		gons_set_close(set);
	}
}

static void move_about(void *arg)
{
	(void)arg;
	assert_int_equal(chdir("/proc"), 0);
	(void)umask(0123);
}

/* As after any other mount namespace. */
static void working_directory_and_umask_are_restored_after_the_own_mount_namespace(void **state)
{
	struct stat before, after;
	mode_t mask = umask(022);
	int fd;

	(void)state;
	(void)umask(mask);
	gons_require(CLONE_NEWNS);
	assert_int_equal(stat(".", &before), 0);
	fd = gons_must(gons_current(CLONE_NEWNS));
	gons_must(gons_execute(fd, move_about, NULL));
	assert_int_equal(stat(".", &after), 0);
	assert_int_equal(after.st_ino, before.st_ino);
	assert_int_equal(umask(mask), mask);
}

static void *change_umask(void *arg)
{
	(void)umask(*(mode_t *)arg);
	return NULL;
}

static void block_with_a_thread_beside(void *arg)
{
	mode_t other = 0111;
	pthread_t thread;

	(void)arg;
	assert_int_equal(pthread_create(&thread, NULL, change_umask, &other), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

/* A thread that fn starts shares the umask with this one. */
static void the_umask_is_restored_after_a_thread_has_changed_it(void **state)
{
	mode_t mask = umask(022);
	int fd;

	(void)state;
	(void)umask(mask);
	gons_require(CLONE_NEWNS);
	fd = gons_must(gons_mntns_new_transient(NULL));
	gons_must(gons_execute(fd, block_with_a_thread_beside, NULL));
	assert_int_equal(umask(mask), mask);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(the_callers_own_namespace_of_each_type_is_entered),
		check_test(the_callers_own_namespaces_are_entered_without_capabilities),
		check_test(functions_and_blocks_run_in_own_namespaces_of_all_types),
		check_test(functions_and_blocks_run_in_own_namespaces_without_capabilities),
		check_test(a_list_with_two_user_namespaces_is_refused),
		check_test(entering_another_user_or_time_namespace_is_refused),
		check_test(working_directory_and_umask_are_restored_after_the_own_mount_namespace),
		check_test(the_umask_is_restored_after_a_thread_has_changed_it),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

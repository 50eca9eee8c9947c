/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PID namespaces entered for the children of this thread.
 */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Whether a return to the PID namespace of this process is possible: an ancestor user
 * namespace must not own it, as after gons_become_root(). */
static bool can_return(void)
{
	int fd = gons_must(gons_current(CLONE_NEWPID));
	int owner_fd = ioctl(fd, NS_GET_USERNS);

	if (owner_fd < 0)
		return false;
	(void)close(owner_fd);
	return gons_has_cap(CAP_SYS_ADMIN);
}

static void need_return(const char *test)
{
	gons_require(CLONE_NEWPID);
	if (!can_return())
		skip_for(test, "the PID namespace of the process belongs to an ancestor user "
			       "namespace");
}

static gons_set *new_pid_namespace(int *ret_fd)
{
	gons_set *set = gons_must(gons_set_unshare(NULL, CLONE_NEWPID, NULL));

	*ret_fd = gons_must(gons_set_fd(set, CLONE_NEWPID));
	return set;
}

/* The child's own process id, which is small in a new namespace. */
static pid_t pid_in_child(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(getpid() < 100 ? getpid() : 100);
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static uint64_t children_ino(void)
{
	return own_ino("pid_for_children");
}

static void children_are_in_the_entered_pid_namespace_until_the_scope_ends(void **state)
{
	uint64_t before = children_ino(), own = own_ino("pid");
	gons_set *set;
	int mark, fd;

	(void)state;
	need_return(__func__);
	set = new_pid_namespace(&fd);
	mark = gons_must(gons_scope_begin());
	gons_must(gons_enter(fd));
	assert_int_equal(own_ino("pid"), own);
	assert_int_equal(children_ino(), gons_ino(fd, CLONE_NEWPID));
	assert_int_equal(pid_in_child(), 2);
	assert_int_equal(pid_in_child(), 3);
	assert_int_equal(gons_scope_end(mark), 0);
	assert_int_equal(children_ino(), before);
	gons_set_close(set);
}

static void note_child(void *seen)
{
	*(int *)seen = pid_in_child();
}

static void children_of_a_function_or_block_are_in_the_entered_pid_namespace(void **state)
{
	uint64_t before = children_ino();
	int fd, seen = 0;
	gons_set *set;

	(void)state;
	need_return(__func__);
	set = new_pid_namespace(&fd);
	gons_must(gons_execute(fd, note_child, &seen));
	assert_int_equal(seen, 2);
	assert_int_equal(children_ino(), before);
	GONS_IN(fd) {
		seen = pid_in_child();
	}
	assert_int_equal(seen, 3);
	assert_int_equal(children_ino(), before);
	gons_set_close(set);
}

static void entries_of_pid_namespaces_nest(void **state)
{
	uint64_t before = children_ino();
	gons_set *set[2];
	int fd[2];

	(void)state;
	need_return(__func__);
	for (int i = 0; i < 2; i++)
		set[i] = new_pid_namespace(&fd[i]);
	GONS_IN(fd[0]) {
		GONS_IN(fd[1])
			assert_int_equal(children_ino(), gons_ino(fd[1], CLONE_NEWPID));
		assert_int_equal(children_ino(), gons_ino(fd[0], CLONE_NEWPID));
	}
	assert_int_equal(children_ino(), before);
	for (int i = 0; i < 2; i++)
		gons_set_close(set[i]);
}

static void a_pid_namespace_is_entered_together_with_other_types(void **state)
{
	int fds[3], seen = 0;
	gons_set *set;

	(void)state;
	need_return(__func__);
	gons_require(CLONE_NEWNET | CLONE_NEWUTS);
	set = new_pid_namespace(&fds[1]);
	fds[0] = gons_must(gons_new_transient(CLONE_NEWNET));
	fds[2] = gons_must(gons_new_transient(CLONE_NEWUTS));
	gons_must(gons_execute_all(fds, 3, note_child, &seen));
	assert_int_equal(seen, 2);
	gons_set_close(set);
}

static jmp_buf way_out;

static void jump(void *arg)
{
	(void)arg;
	longjmp(way_out, 1);
}

static void after_a_longjmp_the_scope_leaves_the_pid_namespace(void **state)
{
	uint64_t before = children_ino();
	gons_set *volatile set;
	volatile int mark;
	int fd;

	(void)state;
	need_return(__func__);
	set = new_pid_namespace(&fd);
	mark = gons_must(gons_scope_begin());
	if (setjmp(way_out) == 0)
		(void)gons_execute(fd, jump, NULL);
	assert_int_not_equal(children_ino(), before);
	assert_int_equal(gons_scope_end(mark), 0);
	assert_int_equal(children_ino(), before);
	gons_set_close(set);
}

/* ---- threads ---- */

static void *nothing(void *arg)
{
	return arg;
}

static void no_threads_can_be_started_while_children_go_to_another_pid_namespace(void **state)
{
	pthread_t thread;
	gons_set *set;
	int fd, errnum = 0;

	(void)state;
	need_return(__func__);
	gons_require(CLONE_NEWNS);
	set = new_pid_namespace(&fd);
	GONS_IN(fd) {
		errnum = pthread_create(&thread, NULL, nothing, NULL);
#ifdef __GLIBC__
		assert_int_equal(errnum, EINVAL);
#else
		assert_int_equal(errnum, EAGAIN);
#endif
		assert_refused(gons_mntns_new_transient(NULL), EINVAL, "another PID namespace");
	}
	assert_int_equal(pthread_create(&thread, NULL, nothing, NULL), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	gons_set_close(set);
}

/* ---- refusals ---- */

/* Enters the parent's PID namespace from a descendant. */
static int enter_the_parents(void *arg)
{
	return failed_with(gons_enter(*(int *)arg), EINVAL,
			   "neither the PID namespace of the process nor a descendant")
		       ? 0
		       : 1;
}

static void a_pid_namespace_that_is_no_descendant_is_refused(void **state)
{
	int fd, status, outside;
	gons_set *set;

	(void)state;
	need_return(__func__);
	outside = gons_must(gons_current(CLONE_NEWPID));
	set = new_pid_namespace(&fd);
	gons_must(gons_set_run(set, enter_the_parents, &outside, &status));
	assert_int_equal(status, 0);
	gons_set_close(set);
}

/* Linux 6.18 refuses to open the namespace of the children meanwhile; Linux 7.2 does not. */
static int enter_before_the_first_child(void *arg)
{
	int fd, mark;

	want(unshare(CLONE_NEWPID) == 0);
	fd = open("/proc/thread-self/ns/pid_for_children", O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		want(failed_with(gons_enter(*(int *)arg), ENOENT,
				 "it has no process yet; fork a child first"));
		return 0;
	}
	(void)close(fd);
	mark = gons_scope_begin();
	want(gons_enter(*(int *)arg) == 0);
	want(pid_in_child() > 1);
	want(gons_scope_end(mark) == 0);
	want(pid_in_child() == 1);
	return 0;
}

static void a_pid_namespace_is_entered_before_unshare_has_its_first_child_or_refused(void **state)
{
	gons_set *set;
	int fd;

	(void)state;
	need_return(__func__);
	set = new_pid_namespace(&fd);
	assert_int_equal(in_child(enter_before_the_first_child, &fd), 0);
	gons_set_close(set);
}

static void a_pid_namespace_without_return_is_refused_with_an_alternative(void **state)
{
	uint64_t before = children_ino();
	gons_set *set;
	int fd;

	(void)state;
	gons_require(CLONE_NEWPID);
	if (can_return())
		skip_for(__func__, "the return is possible");
	set = new_pid_namespace(&fd);
	assert_refused(gons_enter(fd), EPERM, "use gons_set_run()");
	assert_int_equal(children_ino(), before);
	gons_set_close(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(children_are_in_the_entered_pid_namespace_until_the_scope_ends),
		check_test(children_of_a_function_or_block_are_in_the_entered_pid_namespace),
		check_test(entries_of_pid_namespaces_nest),
		check_test(a_pid_namespace_is_entered_together_with_other_types),
		check_test(after_a_longjmp_the_scope_leaves_the_pid_namespace),
		check_test(no_threads_can_be_started_while_children_go_to_another_pid_namespace),
		check_test(a_pid_namespace_that_is_no_descendant_is_refused),
		check_test(
			a_pid_namespace_is_entered_before_unshare_has_its_first_child_or_refused),
		check_test(a_pid_namespace_without_return_is_refused_with_an_alternative),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

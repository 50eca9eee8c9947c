/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Children of fork(2) drop the records that they inherit; the parent undoes them.
 */
#include "check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The parent's scope when it forks, with a record of each kind. */
struct scope {
	int mark;
	int net_fd, mnt_fd;
	const char *procfsroot;
	uint64_t uts;
	int calls;
};

static void call(void *arg)
{
	((struct scope *)arg)->calls++;
}

/* The deferred call runs after the test function has returned, so scope must outlive it. */
static void fill(struct scope *scope)
{
	gons_require(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS);
	memset(scope, 0, sizeof(*scope));
	scope->mark = gons_must(gons_scope_begin());
	gons_must(gons_defer(call, scope));
	scope->net_fd = gons_must(gons_new_transient(CLONE_NEWNET));
	scope->mnt_fd = gons_must(gons_mntns_new_transient(&scope->procfsroot));
	gons_must(gons_enter_transient(CLONE_NEWUTS));
	scope->uts = own_ino("uts");
}

static bool is_closed(int fd)
{
	return fcntl(fd, F_GETFD) < 0 && errno == EBADF;
}

/* ---- records of the parent ---- */

static int end_inherited(void *arg)
{
	struct scope *scope = arg;

	if (gons_scope_end(scope->mark) < 0)
		return 1;
	if (!is_closed(scope->net_fd) || !is_closed(scope->mnt_fd))
		return 2;
	if (scope->calls != 0)
		return 3;
	/* The child stays in the namespace in which it was forked. */
	if (own_ino("uts") != scope->uts)
		return 4;
	return gons_scope_end(scope->mark) < 0 && errno == EINVAL ? 0 : 5;
}

static void a_forked_child_drops_inherited_records(void **state)
{
	static struct scope scope;

	(void)state;
	fill(&scope);
	assert_int_equal(in_child(end_inherited, &scope), 0);
}

static void a_forked_child_does_not_affect_the_scope_of_its_parent(void **state)
{
	int threads = count_entries("/proc/self/task");
	static struct scope scope;
	char net[64];
	uint64_t before = own_ino("uts");

	(void)state;
	fill(&scope);
	assert_int_equal(in_child(end_inherited, &scope), 0);
	assert_int_equal(own_ino("uts"), scope.uts);
	assert_int_equal(scope.calls, 0);
	assert_int_equal(gons_type(scope.net_fd), CLONE_NEWNET);
	assert_int_equal(gons_type(scope.mnt_fd), CLONE_NEWNS);
	assert_int_equal(count_entries("/proc/self/task"), threads + 1);
	(void)snprintf(net, sizeof(net), "%s/proc", scope.procfsroot);
	assert_true(count_entries(net) > 0);
	assert_int_equal(gons_scope_end(scope.mark), 0);
	assert_int_equal(scope.calls, 1);
	assert_int_equal(own_ino("uts"), before);
}

static int use_procfsroot(void *arg)
{
	const struct scope *scope = arg;
	int fd = gons_procfsroot_open(scope->procfsroot, "/proc/self/status", O_RDONLY);

	return fd < 0 || close(fd) < 0;
}

static void a_forked_child_can_use_the_idle_thread_of_its_parent(void **state)
{
	static struct scope scope;

	(void)state;
	fill(&scope);
	assert_int_equal(in_child(use_procfsroot, &scope), 0);
}

static int leave_without_ending(void *arg)
{
	(void)arg;
	return 0;
}

static int leave_by_exit(void *arg)
{
	const struct scope *scope = arg;

	/* Exit handlers must not wait for a thread that the child does not have. */
	(void)scope;
	(void)close(STDOUT_FILENO);
	exit(0);
}

static void a_forked_child_may_end_without_ending_the_scope(void **state)
{
	static struct scope scope;

	(void)state;
	(void)fflush(NULL);
	fill(&scope);
	assert_int_equal(in_child(leave_without_ending, &scope), 0);
	assert_int_equal(in_child(leave_by_exit, &scope), 0);
	assert_int_equal(gons_scope_end(scope.mark), 0);
	assert_int_equal(scope.calls, 1);
}

static int closed_by_the_child(void *arg)
{
	const struct scope *scope = arg;

	return close(scope->net_fd) < 0 || gons_scope_end(scope->mark) < 0;
}

static void a_forked_child_may_have_closed_inherited_descriptors(void **state)
{
	static struct scope scope;

	(void)state;
	fill(&scope);
	assert_int_equal(in_child(closed_by_the_child, &scope), 0);
}

static int leave_block(void *arg)
{
	uint64_t uts = 0;
	pid_t pid = -1;
	int status = -1;

	(void)arg;
	GONS_SCOPE {
		if (gons_enter_transient(CLONE_NEWUTS) < 0)
			return 1;
		uts = own_ino("uts");
		pid = fork();
		if (pid > 0 && waitpid(pid, &status, 0) != pid)
			return 2;
	}
	if (pid == 0)
		_exit(own_ino("uts") == uts ? 0 : 3);
	if (own_ino("uts") == uts)
		return 4;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 5;
}

static void a_forked_child_that_leaves_a_block_stays_in_the_namespace(void **state)
{
	(void)state;
	gons_require(CLONE_NEWUTS);
	assert_int_equal(in_child(leave_block, NULL), 0);
}

/* ---- records of the child ---- */

static int use_own_scope(void *arg)
{
	struct scope *scope = arg;
	struct scope own = { .mark = gons_scope_begin() };
	int inside;

	if (own.mark < 0 || gons_defer(call, &own) < 0)
		return 1;
	own.net_fd = gons_new_transient(CLONE_NEWNET);
	own.mnt_fd = gons_mntns_new_transient(&own.procfsroot);
	if (own.net_fd < 0 || own.mnt_fd < 0 || gons_enter_transient(CLONE_NEWUTS) < 0)
		return 2;
	if (own_ino("uts") == scope->uts || count_entries("/proc/self/task") != 2)
		return 3;
	inside = gons_scope_end(own.mark);
	if (inside < 0 || own.calls != 1 || !is_closed(own.net_fd) || !is_closed(own.mnt_fd))
		return 4;
	if (own_ino("uts") != scope->uts || gons_type(scope->net_fd) != CLONE_NEWNET)
		return 5;
	return scope->calls == 0 ? 0 : 6;
}

static void a_forked_child_has_its_own_scopes(void **state)
{
	static struct scope scope;

	(void)state;
	fill(&scope);
	assert_int_equal(in_child(use_own_scope, &scope), 0);
}

static int end_own_and_inherited(void *arg)
{
	struct scope *scope = arg;
	struct scope own = { .mark = -1 };

	own.net_fd = gons_new_transient(CLONE_NEWNET);
	if (own.net_fd < 0 || gons_defer(call, &own) < 0 || gons_enter_transient(CLONE_NEWUTS) < 0)
		return 1;
	if (gons_scope_end(scope->mark) < 0)
		return 2;
	/* The child undoes its own records and drops those below. */
	if (own.calls != 1 || scope->calls != 0)
		return 3;
	if (!is_closed(own.net_fd) || !is_closed(scope->net_fd))
		return 4;
	return own_ino("uts") == scope->uts ? 0 : 5;
}

static void own_records_above_inherited_ones_are_undone(void **state)
{
	static struct scope scope;

	(void)state;
	fill(&scope);
	assert_int_equal(in_child(end_own_and_inherited, &scope), 0);
}

/* Like in_child(), where cmocka's assertions cannot be used. */
static int fork_and_wait(int (*fn)(void *), void *arg)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(fn(arg));
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 99;
	return WEXITSTATUS(status);
}

static int fork_grandchild(void *arg)
{
	const struct scope *scope = arg;
	struct scope own = { .mark = gons_scope_begin() };
	int result;

	if (own.mark < 0 || gons_defer(call, &own) < 0)
		return 10;
	own.net_fd = gons_new_transient(CLONE_NEWNET);
	own.mnt_fd = gons_mntns_new_transient(&own.procfsroot);
	own.uts = own_ino("uts");
	if (own.net_fd < 0 || own.mnt_fd < 0)
		return 11;
	result = fork_and_wait(end_inherited, &own);
	if (result != 0)
		return result;
	if (gons_scope_end(own.mark) < 0 || own.calls != 1)
		return 12;
	return gons_scope_end(scope->mark) < 0 ? 13 : scope->calls;
}

static void a_grandchild_drops_records_of_parent_and_grandparent(void **state)
{
	static struct scope scope;

	(void)state;
	fill(&scope);
	assert_int_equal(in_child(fork_grandchild, &scope), 0);
	assert_int_equal(gons_scope_end(scope.mark), 0);
	assert_int_equal(scope.calls, 1);
}

/* ---- inside execute ---- */

static void fork_here(void *arg)
{
	pid_t *pid = arg;

	*pid = fork();
}

static int return_from_execute(void *arg)
{
	const struct scope *scope = arg;
	uint64_t before = own_ino("net");
	int result, status = -1;
	pid_t pid = -1;

	result = gons_execute(scope->net_fd, fork_here, &pid);
	if (pid == 0)
		_exit(result == 0 && own_ino("net") == before ? gons_scope_end(scope->mark) : 20);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || result < 0 || own_ino("net") != before)
		return 21;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 22;
}

static void parent_and_child_both_return_from_execute(void **state)
{
	static struct scope scope;

	(void)state;
	fill(&scope);
	assert_int_equal(in_child(return_from_execute, &scope), 0);
	assert_int_equal(gons_scope_end(scope.mark), 0);
	assert_int_equal(scope.calls, 1);
}

static void on_a_thread(void *arg)
{
	struct scope *scope = arg;

	scope->mark = gons_scope_begin();
	if (scope->mark < 0 || gons_defer(call, scope) < 0 ||
	    gons_enter_transient(CLONE_NEWUTS) < 0)
		return;
	scope->net_fd = gons_new_transient(CLONE_NEWNET);
	scope->mnt_fd = gons_new_transient(CLONE_NEWIPC);
	scope->uts = own_ino("uts");
	scope->procfsroot = fork_and_wait(end_inherited, scope) == 0 ? "dropped" : "not dropped";
	(void)gons_scope_end(scope->mark);
}

static void a_child_forked_by_a_thread_drops_inherited_records(void **state)
{
	struct scope scope = { .procfsroot = "not run" };

	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC);
	on_thread(on_a_thread, &scope);
	assert_string_equal(scope.procfsroot, "dropped");
	assert_int_equal(scope.calls, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(a_forked_child_drops_inherited_records),
		check_test(a_forked_child_does_not_affect_the_scope_of_its_parent),
		check_test(a_forked_child_can_use_the_idle_thread_of_its_parent),
		check_test(a_forked_child_may_end_without_ending_the_scope),
		check_test(a_forked_child_may_have_closed_inherited_descriptors),
		check_test(a_forked_child_that_leaves_a_block_stays_in_the_namespace),
		check_test(a_forked_child_has_its_own_scopes),
		check_test(own_records_above_inherited_ones_are_undone),
		check_test(a_grandchild_drops_records_of_parent_and_grandparent),
		check_test(parent_and_child_both_return_from_execute),
		check_test(a_child_forked_by_a_thread_drops_inherited_records),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

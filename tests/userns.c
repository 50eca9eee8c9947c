/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Namespaces owned by another user namespace than the caller's: the message names the owner, and
 * suggests only remedies that help.
 */
#include "startup_run.h"

#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gons/privilege.h>

/* The namespaces to enter: in a set, and in another set together with their user namespace. */
struct target {
	const char *long_name;
	const gons_set *set, *with_user;
	int fd;
};

static struct target find(pid_t pid, const struct switchable *type)
{
	static const char *const long_names[SWITCHABLE] = { "a network", "a mount", "a UTS",
							    "an IPC", "a cgroup" };
	const gons_set *set = gons_must(gons_set_from_pid(pid, type->type));

	return (struct target){
		.long_name = long_names[type - switchable],
		.set = set,
		.with_user = gons_must(gons_set_from_pid(pid, type->type | CLONE_NEWUSER)),
		.fd = gons_must(gons_set_fd(set, type->type)),
	};
}

static void forget(const struct target *target)
{
	gons_set_close((gons_set *)target->set);
	gons_set_close((gons_set *)target->with_user);
}

/* Calls fn with the process's namespace of each type. */
static void try_each(pid_t pid, int (*fn)(void *))
{
	for (int i = 0; i < SWITCHABLE; i++) {
		struct target target = find(pid, &switchable[i]);

		assert_int_equal(in_child(fn, &target), 0);
		forget(&target);
	}
}

static void note_call(void *called)
{
	*(bool *)called = true;
}

static bool note_call_and_agree(void *called)
{
	*(bool *)called = true;
	return true;
}

static bool was_said(const struct target *target, const char *why)
{
	char message[512];

	(void)snprintf(message, sizeof(message),
		       "cannot enter %s namespace: Operation not permitted: %s", target->long_name,
		       why);
	return errno == EPERM && strcmp(gons_error(), message) == 0;
}

/* Each call that enters the namespace is refused for this reason, and moves no thread. */
static int refused(const struct target *target, const char *why)
{
	uint64_t before[SWITCHABLE], after[SWITCHABLE];
	bool called = false;

	take_inodes(before);
	want(gons_enter(target->fd) == -1 && was_said(target, why));
	want(gons_execute(target->fd, note_call, &called) == -1 && was_said(target, why));
	want(gons_set_enter(target->set) == -1 && was_said(target, why));
	take_inodes(after);
	want(!called && memcmp(before, after, sizeof(before)) == 0);
	return 0;
}

/* The calls that let another thread enter it, which need no return, are refused too. */
static int refused_on_threads(const struct target *target, const char *why)
{
	bool called = false;

	want(gons_set_do(target->set, note_call, &called) == -1 && was_said(target, why));
	want(gons_set_do_restore(target->set, note_call_and_agree, &called) == -1 &&
	     was_said(target, why));
	want(!called);
	return 0;
}

static int leave_at_once(void *arg)
{
	(void)arg;
	return 7;
}

/* ---- without capabilities ---- */

#define MISSING "CAP_SYS_ADMIN is missing"

static int be_another_user(void *arg)
{
	const char *why = MISSING
		", and the namespace belongs to a user namespace of user 65534; run as root, or as that user call gons_set_run() with that user namespace in the set";
	const struct target *target = arg;
	int status;

	want(setgroups(0, NULL) == 0 && setresgid(65533, 65533, 65533) == 0 &&
	     setresuid(65533, 65533, 65533) == 0);
	want(refused(target, why) == 0 && refused_on_threads(target, why) == 0);
	/* The message is right: another user would be refused, too. */
	want(gons_set_run(target->with_user, leave_at_once, NULL, &status) == -1);
	want(strcmp(gons_error(),
		    "cannot enter a user namespace: Operation not permitted: CAP_SYS_ADMIN is missing in that user namespace, and without it only the user who created the namespace can join it, from the user namespace in which it was created; run as that user, or as root") ==
	     0);
	return 0;
}

static void namespaces_of_another_user_take_root_or_that_user(void **state)
{
	static const char *const options[] = { "-Urnmui", "--cgroup", NULL };

	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS);
	require_cap(__func__, CAP_SYS_PTRACE, "CAP_SYS_PTRACE");
	if (!can_become_nobody()) {
		print_error("gons: skipped: %s: there are no other users here\n", __func__);
		skip();
	}
	try_each(hold_as(become_nobody, options), be_another_user);
}

static int be_the_same_user(void *arg)
{
	const struct target *target = arg;
	char why[256];
	int status = 0;

	(void)snprintf(
		why, sizeof(why),
		MISSING
		", and the namespace belongs to another user namespace of this user; call gons_set_run() with that user namespace in the set, or %s",
		TO_GET("SYS_ADMIN"));
	want(lose_capabilities(UINT64_MAX));
	want(refused(target, why) == 0 && refused_on_threads(target, why) == 0);
	/* Follows the remedy. */
	want(gons_set_run(target->with_user, leave_at_once, NULL, &status) == 0);
	want(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	return 0;
}

static void namespaces_of_the_same_user_can_be_used_by_gons_set_run(void **state)
{
	static const char *const options[] = { "-Urnmui", "--cgroup", NULL };

	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS);
	try_each(hold(options), be_the_same_user);
}

static int lack_capabilities(void *arg)
{
	char why[128];

	(void)snprintf(why, sizeof(why), MISSING "; %s", TO_GET("SYS_ADMIN"));
	want(lose_capabilities(UINT64_MAX));
	return refused(arg, why) != 0 || refused_on_threads(arg, why) != 0;
}

/* gons_become_root() would give capabilities over other namespaces only. */
static void namespaces_of_the_own_user_namespace_take_root(void **state)
{
	static const char *const options[] = { "-nmui", "--cgroup", NULL };

	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP);
	try_each(hold(options), lack_capabilities);
}

static int lack_them_below(void *arg)
{
	const char *why = MISSING
		", and the namespace belongs to another user namespace; run as root in that one";

	want(unshare(CLONE_NEWUSER) == 0 && lose_capabilities(UINT64_MAX));
	return refused(arg, why) != 0 || refused_on_threads(arg, why) != 0;
}

/* ---- with all capabilities ---- */

/* The process has base namespaces; the namespaces to enter have another owner. */
static int have_base_below(void *arg)
{
	const char *why =
		"the namespace belongs to another user namespace; run as root in that one";

	want(unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |
		     CLONE_NEWCGROUP) == 0);
	want(refused(arg, why) == 0 && refused_on_threads(arg, why) == 0);
	want(gons_enter_transient(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS) == 0);
	return 0;
}

/* The process has no base namespaces. But the message says nothing of that, since those of
 * gons_become_root() would not help. */
static int have_no_base_below(void *arg)
{
	const char *why =
		"the namespace belongs to another user namespace; run as root in that one";

	want(unshare(CLONE_NEWUSER) == 0);
	return refused(arg, why);
}

static void namespaces_of_an_ancestor_user_namespace_take_root_there(void **state)
{
	static const char *const options[] = { "-nmui", "--cgroup", NULL };
	pid_t pid;

	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |
		     CLONE_NEWCGROUP);
	pid = hold(options);
	try_each(pid, lack_them_below);
	try_each(pid, have_base_below);
	try_each(pid, have_no_base_below);
}

/* The process has no base namespaces, and gons_become_root() helps. */
static int have_no_base(void *arg)
{
	const char *why =
		"the present namespaces belong to an ancestor user namespace, so the thread could not return to them; call gons_become_root() first";
	struct target target = { .long_name = "a network" };
	gons_set *set;
	int mark;

	(void)arg;
	want(unshare(CLONE_NEWUSER) == 0);
	set = gons_set_unshare(NULL, CLONE_NEWNET, NULL);
	want(set);
	target.fd = gons_set_fd(set, CLONE_NEWNET);
	want(gons_enter(target.fd) == -1 && was_said(&target, why));
	want(gons_set_enter(set) == -1 && was_said(&target, why));
	want(gons_become_root() == 0);
	mark = gons_scope_begin();
	want(gons_enter(target.fd) == 0);
	want(own_ino("net") == gons_ino(target.fd, CLONE_NEWNET));
	want(gons_scope_end(mark) == 0);
	gons_set_close(set);
	return 0;
}

static void without_base_namespaces_gons_become_root_creates_them(void **state)
{
	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWNET);
	assert_int_equal(in_child(have_no_base, NULL), 0);
}

/* The process comes from outside, and then enters a user namespace by itself. */
static int leave_no_return(void *arg)
{
	int mark = gons_scope_begin();

	(void)arg;
	want(gons_enter_transient(CLONE_NEWNET) == 0 && unshare(CLONE_NEWUSER) == 0);
	want(gons_scope_end(mark) == -1 && errno == EPERM);
	want(strcmp(gons_error(),
		    "this thread cannot return to its previous network namespace: Operation not permitted: the namespace belongs to an ancestor user namespace") ==
	     0);
	return 0;
}

static void a_thread_outside_the_user_namespace_of_its_return_is_refused(void **state)
{
	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWNET);
	assert_int_equal(in_child(leave_no_return, NULL), 0);
}

/* ---- under a filter ---- */

static int be_filtered(void *arg)
{
	const struct target *target = arg;
	int status;

	want(lose_capabilities(UINT64_MAX) && refuse_call(SYS_setns, EPERM));
	want(gons_set_run(target->with_user, leave_at_once, NULL, &status) == -1);
	want(strcmp(gons_error(),
		    "cannot enter a user namespace: Operation not permitted: a seccomp filter refuses setns(2); run without the filter (docker, podman: --security-opt seccomp=unconfined)") ==
	     0);
	return 0;
}

static void a_seccomp_filter_is_not_mistaken_for_another_user(void **state)
{
	static const char *const options[] = { "-Urn", NULL };
	struct target target;

	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWNET);
	target = find(hold(options), &switchable[0]);
	assert_int_equal(in_child(be_filtered, &target), 0);
	forget(&target);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		check_test(namespaces_of_another_user_take_root_or_that_user),
		check_test(namespaces_of_the_same_user_can_be_used_by_gons_set_run),
		check_test(namespaces_of_the_own_user_namespace_take_root),
		check_test(namespaces_of_an_ancestor_user_namespace_take_root_there),
		check_test(without_base_namespaces_gons_become_root_creates_them),
		check_test(a_thread_outside_the_user_namespace_of_its_return_is_refused),
		check_test(a_seccomp_filter_is_not_mistaken_for_another_user),
	};

	startup_run_main(argc, argv);
	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

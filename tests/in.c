/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GONS_IN: blocks in existing namespaces, and the ways out of them.
 */
#include "check.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int new_uts(void)
{
	return gons_must(gons_new_transient(CLONE_NEWUTS));
}

static void a_block_is_in_the_namespace_and_what_follows_is_not(void **state)
{
	uint64_t before = own_ino("uts"), inside = 0;
	int fd;

	(void)state;
	gons_require(CLONE_NEWUTS);
	fd = new_uts();
	GONS_IN(fd) {
		inside = own_ino("uts");
	}
	assert_int_equal(inside, gons_ino(fd, CLONE_NEWUTS));
	assert_int_not_equal(inside, before);
	assert_int_equal(own_ino("uts"), before);
}

static void a_block_may_be_one_statement(void **state)
{
	uint64_t before = own_ino("uts"), inside = 0;
	int fd;

	(void)state;
	gons_require(CLONE_NEWUTS);
	fd = new_uts();
	GONS_IN(fd)
		inside = own_ino("uts");
	assert_int_equal(inside, gons_ino(fd, CLONE_NEWUTS));
	assert_int_equal(own_ino("uts"), before);
}

/* ---- the ways out ---- */

enum way { BREAK, CONTINUE, RETURN, GOTO };

static int leave_by(enum way way, int fd, int *calls)
{
	GONS_IN(fd) {
		(*calls)++;
		if (way == BREAK)
			break;
		if (way == CONTINUE)
			continue;
		if (way == RETURN)
			return 1;
		if (way == GOTO)
			goto out;
		(*calls) += 100;
	}
	return 2;
out:
	return 3;
}

static void every_way_out_of_a_block_returns(void **state)
{
	static const int results[] = { 2, 2, 1, 3 };
	uint64_t before = own_ino("uts");
	int fd;

	(void)state;
	gons_require(CLONE_NEWUTS);
	fd = new_uts();
	for (int way = BREAK; way <= GOTO; way++) {
		int calls = 0;

		assert_int_equal(leave_by((enum way)way, fd, &calls), results[way]);
		assert_int_equal(calls, 1);
		assert_int_equal(own_ino("uts"), before);
	}
}

static void blocks_nest(void **state)
{
	uint64_t ino[3], seen[3] = { 0 };
	int a, b;

	(void)state;
	gons_require(CLONE_NEWUTS);
	a = new_uts();
	b = new_uts();
	ino[0] = own_ino("uts");
	ino[1] = gons_ino(a, CLONE_NEWUTS);
	ino[2] = gons_ino(b, CLONE_NEWUTS);
	GONS_IN(a) {
		seen[0] = own_ino("uts");
		GONS_IN(b)
			GONS_IN(a)
				GONS_IN(b)
					seen[1] = own_ino("uts");
		seen[2] = own_ino("uts");
	}
	assert_int_equal(seen[0], ino[1]);
	assert_int_equal(seen[1], ino[2]);
	assert_int_equal(seen[2], ino[1]);
	assert_int_equal(own_ino("uts"), ino[0]);
}

static void return_from_the_inner_one(int outer, int inner)
{
	GONS_IN(outer) {
		GONS_IN(inner) {
			return;
		}
	}
}

static void leaving_several_blocks_at_once_leaves_each(void **state)
{
	uint64_t before = own_ino("uts");

	(void)state;
	gons_require(CLONE_NEWUTS);
	return_from_the_inner_one(new_uts(), new_uts());
	assert_int_equal(own_ino("uts"), before);
}

static jmp_buf way_out;

static void jump_out(int fd)
{
	GONS_IN(fd) {
		longjmp(way_out, 1);
	}
}

static void after_a_longjmp_out_of_a_block_the_enclosing_scope_returns(void **state)
{
	uint64_t before = own_ino("uts");
	volatile int mark;
	int fd;

	(void)state;
	gons_require(CLONE_NEWUTS);
	fd = new_uts();
	mark = gons_must(gons_scope_begin());
	if (setjmp(way_out) == 0)
		jump_out(fd);
	assert_int_equal(own_ino("uts"), gons_ino(fd, CLONE_NEWUTS));
	assert_int_equal(gons_scope_end(mark), 0);
	assert_int_equal(own_ino("uts"), before);
}

/* ---- things that a block leaves behind ---- */

static void count_call(void *calls)
{
	(*(int *)calls)++;
}

static void things_created_in_a_block_stay_until_the_enclosing_scope_ends(void **state)
{
	int mark, fd, own = -1, calls = 0;

	(void)state;
	gons_require(CLONE_NEWUTS);
	mark = gons_must(gons_scope_begin());
	fd = new_uts();
	GONS_IN(fd) {
		own = gons_current(CLONE_NEWUTS);
		gons_must(gons_defer(count_call, &calls));
	}
	assert_int_equal(gons_ino(own, CLONE_NEWUTS), gons_ino(fd, CLONE_NEWUTS));
	assert_int_equal(calls, 0);
	assert_int_equal(gons_scope_end(mark), 0);
	assert_int_equal(calls, 1);
	assert_int_equal(fcntl(own, F_GETFD), -1);
}

static void namespaces_entered_in_a_block_are_left_with_it(void **state)
{
	uint64_t before = own_ino("uts");
	int fd;

	(void)state;
	gons_require(CLONE_NEWUTS);
	fd = new_uts();
	GONS_IN(fd) {
		gons_must(gons_enter_transient(CLONE_NEWUTS));
		assert_int_not_equal(own_ino("uts"), before);
	}
	assert_int_equal(own_ino("uts"), before);
}

static void the_enclosing_scope_may_end_in_a_block(void **state)
{
	uint64_t before = own_ino("uts");
	int mark, fd;

	(void)state;
	gons_require(CLONE_NEWUTS);
	fd = new_uts();
	mark = gons_must(gons_scope_begin());
	GONS_IN(fd) {
		gons_must(gons_scope_end(mark)); /* the record of the block is above it */
		assert_int_equal(own_ino("uts"), before);
	}
	assert_int_equal(own_ino("uts"), before);
}

static void working_directory_and_umask_are_restored_after_a_mount_namespace(void **state)
{
	struct stat before, after;
	mode_t mask = umask(022);
	int fd;

	(void)state;
	(void)umask(mask);
	gons_require(CLONE_NEWNS);
	assert_int_equal(stat(".", &before), 0);
	fd = gons_must(gons_mntns_new_transient(NULL));
	GONS_IN(fd) {
		assert_int_equal(chdir("/"), 0);
		(void)umask(0137);
	}
	assert_int_equal(stat(".", &after), 0);
	assert_int_equal(after.st_dev, before.st_dev);
	assert_int_equal(after.st_ino, before.st_ino);
	assert_int_equal(umask(mask), mask);
}

/* ---- refusals ---- */

static void a_block_that_cannot_be_entered_is_skipped(void **state)
{
	int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int calls = 0;

	(void)state;
	GONS_IN(-1) {
		calls++;
	}
	assert_int_equal(calls, 0);
	assert_contains(gons_error(), "descriptor -1 is closed");
	GONS_IN(file) {
		calls++;
	}
	assert_int_equal(calls, 0);
	assert_contains(gons_error(), "is not a namespace");
	assert_int_equal(close(file), 0);
}

static int enter_without_capabilities(void *arg)
{
	int calls = 0;

	want(lose_capabilities(~0ULL));
	GONS_IN(*(int *)arg) {
		calls++;
	}
	want(calls == 0);
	want(strstr(gons_error(), "CAP_SYS_ADMIN is missing"));
	return 0;
}

static void without_capabilities_a_block_is_skipped_with_a_message(void **state)
{
	int fd;

	(void)state;
	gons_require(CLONE_NEWUTS);
	fd = new_uts();
	assert_int_equal(in_child(enter_without_capabilities, &fd), 0);
}

static int lose_the_return(void *arg)
{
	if (!freopen("/dev/null", "w", stderr))
		return 1;
	GONS_IN(*(int *)arg) {
		if (!lose_capabilities(~0ULL))
			return 2;
	}
	return 3; /* must not run in the wrong namespace */
}

static void a_refused_return_from_a_block_aborts(void **state)
{
	int fd;

	(void)state;
	gons_require(CLONE_NEWUTS);
	fd = new_uts();
	assert_int_equal(in_child(lose_the_return, &fd), 128 + SIGABRT);
}

/* ---- children ---- */

static void a_child_that_is_forked_in_a_block_leaves_it_too(void **state)
{
	uint64_t before = own_ino("uts");
	pid_t pid = -1;
	int fd, status;

	(void)state;
	gons_require(CLONE_NEWUTS);
	fd = new_uts();
	GONS_IN(fd) {
		pid = fork();
	}
	if (pid == 0)
		_exit(own_ino("uts") == before ? 0 : 1);
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(own_ino("uts"), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(a_block_is_in_the_namespace_and_what_follows_is_not),
		check_test(a_block_may_be_one_statement),
		check_test(every_way_out_of_a_block_returns),
		check_test(blocks_nest),
		check_test(leaving_several_blocks_at_once_leaves_each),
		check_test(after_a_longjmp_out_of_a_block_the_enclosing_scope_returns),
		check_test(things_created_in_a_block_stay_until_the_enclosing_scope_ends),
		check_test(namespaces_entered_in_a_block_are_left_with_it),
		check_test(the_enclosing_scope_may_end_in_a_block),
		check_test(working_directory_and_umask_are_restored_after_a_mount_namespace),
		check_test(a_block_that_cannot_be_entered_is_skipped),
		check_test(without_capabilities_a_block_is_skipped_with_a_message),
		check_test(a_refused_return_from_a_block_aborts),
		check_test(a_child_that_is_forked_in_a_block_leaves_it_too),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gons_must() of a call that fails makes the test fail at the caller's line. The call and its
 * message are the message of the failure.
 */
#include "group.h"

/*
 * run: must
 * status: 5
 * err: [  ERROR   ] --- gons_type(-1): *: Bad file descriptor*
 * err: [   LINE   ] --- {int}: error: Failure!
 * failed: an_int
 * err: [  ERROR   ] --- gons_can(0): *: Invalid argument*
 * err: [   LINE   ] --- {bool}: error: Failure!
 * failed: a_bool
 * err: [  ERROR   ] --- gons_path_ino("/nonexistent", 0): *: No such file or directory*
 * err: [   LINE   ] --- {number}: error: Failure!
 * failed: a_number
 * err: [  ERROR   ] --- gons_procfsroot_resolve("/", "/nonexistent", 0): *: No such file or directory*
 * err: [   LINE   ] --- {pointer}: error: Failure!
 * failed: a_pointer
 * err: [  ERROR   ] --- gons_netns_execute(nsfd, NULL, NULL): *: Invalid argument*
 * err: [   LINE   ] --- {deep}: error: Failure!
 * failed: in_a_function_that_is_executed
 * no: *not reached*
 * run: must_in
 * status: 1
 * err: [  ERROR   ] --- GONS_MUST_IN(-1): *: Bad file descriptor*
 * err: [   LINE   ] --- {block}: error: Failure!
 * failed: enters_what_is_closed
 * passed: enters_and_leaves
 * no: *not reached*
 */
static void an_int(void **state)
{
	(void)state;
	gons_must(gons_type(-1)); /* int */
	print_error("not reached\n");
}

static void a_bool(void **state)
{
	(void)state;
	gons_must(gons_can(0)); /* bool */
	print_error("not reached\n");
}

static void a_number(void **state)
{
	(void)state;
	gons_must(gons_path_ino("/nonexistent", 0)); /* number */
	print_error("not reached\n");
}

static void a_pointer(void **state)
{
	(void)state;
	gons_must(gons_procfsroot_resolve("/", "/nonexistent", 0)); /* pointer */
	print_error("not reached\n");
}

static void execute_nothing(void *arg)
{
	int nsfd = *(int *)arg;

	gons_must(gons_netns_execute(nsfd, NULL, NULL)); /* deep */
}

static void in_a_function_that_is_executed(void **state)
{
	int nsfd = gons_must(gons_netns_current());

	(void)state;
	gons_must(gons_netns_execute(nsfd, execute_nothing, &nsfd));
	print_error("not reached\n");
}

static void enters_what_is_closed(void **state)
{
	(void)state;
	GONS_MUST_IN(-1) { /* block */
		print_error("not reached\n");
	}
	print_error("not reached\n");
}

static void enters_and_leaves(void **state)
{
	const uint64_t before = own_ino("net");
	int nsfd = gons_must(gons_netns_new_transient());
	int times = 0;

	(void)state;
	GONS_MUST_IN(nsfd) {
		times++;
		assert_int_not_equal(own_ino("net"), before);
		GONS_MUST_IN(gons_must(gons_netns_new_transient())) {
			times++;
		}
	}
	assert_int_equal(times, 2);
	assert_int_equal(own_ino("net"), before);
}

static int must_in(void)
{
	run_these(gons_unit_test(enters_what_is_closed), gons_unit_test(enters_and_leaves));
}

static int must(void)
{
	run_these(gons_unit_test(an_int), gons_unit_test(a_bool), gons_unit_test(a_number),
		  gons_unit_test(a_pointer), gons_unit_test(in_a_function_that_is_executed));
}

int main(int argc, char *argv[])
{
	const struct group groups[] = { { "must", must }, { "must_in", must_in }, { NULL, NULL } };

	return group_main(argc, argv, groups);
}

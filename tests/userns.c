/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Namespaces that belong to another user namespace than the caller's.
 */
#include "check.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool is_refused(int fd)
{
	if (gons_enter(fd) == -1 && errno == EPERM &&
	    strstr(gons_error(), "Operation not permitted; it belongs to another user namespace"))
		return true;
	(void)fprintf(stderr, "descriptor %d, errno %d: %s\n", fd, errno, gons_error());
	return false;
}

/* Has all capabilities, and namespaces to come back to: it is those it is to enter that are
 * not its own. */
static int enter_from_below(void *fds)
{
	const int types = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS;
	uint64_t net, mnt;

	if (unshare(CLONE_NEWUSER | types) < 0)
		return 1;
	net = own_ino("net");
	mnt = own_ino("mnt");
	for (int i = 0; i < 3; i++)
		if (!is_refused(((int *)fds)[i]))
			return 2;
	if (own_ino("net") != net || own_ino("mnt") != mnt)
		return 3;
	return gons_enter_transient(types) < 0 ? 4 : 0;
}

static void namespaces_of_another_user_namespace_are_refused_by_that_name(void **state)
{
	int fds[3];

	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS);
	fds[0] = gons_must(gons_current(CLONE_NEWNET));
	fds[1] = gons_must(gons_current(CLONE_NEWNS));
	fds[2] = gons_must(gons_current(CLONE_NEWUTS));
	assert_int_equal(in_child(enter_from_below, fds), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(namespaces_of_another_user_namespace_are_refused_by_that_name),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

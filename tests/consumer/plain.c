/* SPDX-License-Identifier: Apache-2.0 */
/* A program without cmocka, compiled as C99 against an installed gons. It has a structure of its own
 * for clone3(2), with which the headers must not collide. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct clone_args {
	uint64_t flags;
};

#include <gons/gons.h>
#include <gons/leak.h>
#include <gons/link.h>
#include <gons/mntns.h>
#include <gons/netns.h>
#include <gons/privilege.h>
#include <gons/process.h>
#include <gons/set.h>

static void must(int ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "%s: %s\n", what, gons_error());
	exit(EXIT_FAILURE);
}

int main(void)
{
	const struct clone_args own = { .flags = CLONE_NEWNET };
	uint64_t outside, inside;
	int mark;

	if (gons_become_root() < 0 || !gons_can(CLONE_NEWNET)) {
		(void)fprintf(stderr, "gons: skipped: plain: %s\n", gons_error());
		return 77;
	}
	outside = gons_netns_current_ino();
	must(outside != 0, "the inode number outside");
	mark = gons_scope_begin();
	must(mark >= 0, "begin a scope");
	must(gons_netns_enter_transient() == 0, "enter a network namespace");
	inside = gons_netns_current_ino();
	must(inside != 0 && inside != outside, "another inode number inside");
	must(gons_scope_end(mark) == 0, "end the scope");
	must(gons_netns_current_ino() == outside, "the inode number of before");
	must(own.flags == CLONE_NEWNET, "a structure of its own");
	GONS_SCOPE {
		must(gons_enter_transient(CLONE_NEWNET | CLONE_NEWUTS) == 0, "enter two at once");
		must(gons_current_ino(CLONE_NEWNET) != outside, "another inode number inside");
	}
	must(gons_netns_current_ino() == outside, "the inode number of before");
	must(gons_netns_ino(-1) == 0 && errno == EBADF, "a closed descriptor refused");
	(void)printf("net:[%llu], then back from net:[%llu]\n", (unsigned long long)outside,
		     (unsigned long long)inside);
	return 0;
}

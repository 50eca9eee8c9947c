/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Into all of a set's namespaces, for threads and children that nobody wants back.
 */
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/procfs.h"
#include "gons/base/types.h"
#include "gons/core/saved_context.h"
#include "gons/core/switch.h"
#include "gons/diagnosis/refusal.h"
#include "gons/sets/idmap.h"
#include "gons/sets/join.h"

static int fail_for_good(int fd, int type)
{
	(void)gons_i_fail_switch(GONS_I_REFUSED_TARGET, type, fd);
	if (type == CLONE_NEWPID && errno == EINVAL)
		gons_i_explain("it is not below the one that this process is in");
	return -1;
}

/* Joins them all, the mount namespace last, since paths mean something else afterwards. Returns
 * those that the kernel does not permit, where that may be; else -1. */
static int join_those(const int fds[GONS_I_TYPES], int types, bool may_refuse,
		      const struct gons_i_context *dirs)
{
	const int order[] = { CLONE_NEWNET,  CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWCGROUP,
			      CLONE_NEWTIME, CLONE_NEWPID, CLONE_NEWNS };
	int refused = 0;

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		const struct gons_i_type *entry = gons_i_type_entry(order[i]);
		const int fd = fds[entry - gons_i_types];

		if (!(types & order[i]) || gons_i_switch_one(fd, order[i], dirs) == 0)
			continue;
		if (errno == EPERM && gons_i_is_own(fd, entry))
			continue; /* it may belong to a user namespace further up */
		if (may_refuse && errno == EPERM)
			refused |= order[i];
		else
			return fail_for_good(fd, order[i]);
	}
	return refused;
}

/*
 * From the thread's user namespace down to this one, through those between, and on the way into
 * what is left of the types: each of them lets in only who comes from the user namespace that it
 * belongs to, or from further up with the right to. Returns what is left then, or -1.
 */
/* NOLINTNEXTLINE(misc-no-recursion): the kernel nests at most 33 of them */
static int descend(const int fds[GONS_I_TYPES], int user_fd, int left,
		   const struct gons_i_context *dirs)
{
	const bool last = user_fd == fds[GONS_I_USER];

	if (gons_i_is_own(user_fd, &gons_i_types[GONS_I_USER])) /* nobody is let in again: EINVAL */
		return left;
	if (left != 0) {
		cleanup_fd int parent_fd = ioctl(user_fd, NS_GET_PARENT);

		if (parent_fd >= 0) /* close-on-exec */
			left = descend(fds, parent_fd, left, dirs);
		if (left < 0)
			return -1;
	}
	if (gons_i_join(user_fd, CLONE_NEWUSER) < 0)
		return fail_for_good(user_fd, CLONE_NEWUSER);
	if (last)
		gons_i_be_mapped();
	return join_those(fds, left, !last, dirs);
}

int gons_i_switch_for_good(const int fds[GONS_I_TYPES], int types)
{
	const bool user = types & CLONE_NEWUSER;
	struct gons_i_context dirs = { .root_fd = -1 };
	int left;

	if (types & CLONE_NEWNS) {
		dirs.root_fd = gons_i_open_root();
		if (dirs.root_fd < 0)
			return -1;
	}
	/* Who has joined a user namespace has no power over what belongs to one further up. So
	 * what can be joined before, is. */
	left = join_those(fds, types,
			  user && !gons_i_is_own(fds[GONS_I_USER], &gons_i_types[GONS_I_USER]),
			  &dirs);
	if (left >= 0 && user)
		left = descend(fds, fds[GONS_I_USER], left, &dirs);
	gons_i_close_fd(&dirs.root_fd);
	return left;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entering all of a set's namespaces, for threads and children that need not return.
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
	return gons_i_fail_switch(GONS_I_REFUSED_TARGET, type, fd);
}

/* Joins them all, the mount namespace last, since paths lead elsewhere afterwards. With may_refuse,
 * returns the types that the kernel refuses with EPERM. -1 for any other failure. */
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
		/* The namespace may be owned by an ancestor user namespace. EUSERS: a process with
		 * threads cannot enter a time namespace. */
		if ((errno == EPERM || errno == EUSERS) && gons_i_is_own(fd, entry))
			continue;
		if (may_refuse && errno == EPERM)
			refused |= order[i];
		else
			return fail_for_good(fd, order[i]);
	}
	return refused;
}

/*
 * Joins the user namespaces from the thread's own down to this one. In each of them it joins those
 * of the left types that the kernel permits: joining a namespace takes capabilities in its owning
 * user namespace, or in an ancestor of that. Returns the types that are still left, or -1.
 */
/* NOLINTNEXTLINE(misc-no-recursion): the kernel nests at most 33 of them */
static int descend(const int fds[GONS_I_TYPES], int user_fd, int left,
		   const struct gons_i_context *dirs)
{
	const bool last = user_fd == fds[GONS_I_USER];

	if (gons_i_is_own(user_fd, &gons_i_types[GONS_I_USER])) /* EINVAL to join it again */
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
		gons_i_become_mapped_ids();
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
	/* A thread that has joined a user namespace has no capabilities in its ancestors. So each
	 * namespace that can be joined before is joined before. */
	left = join_those(fds, types,
			  user && !gons_i_is_own(fds[GONS_I_USER], &gons_i_types[GONS_I_USER]),
			  &dirs);
	if (left >= 0 && user)
		left = descend(fds, fds[GONS_I_USER], left, &dirs);
	gons_i_close_fd(&dirs.root_fd);
	return left;
}

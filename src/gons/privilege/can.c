/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this process may do: found out by doing it, in a forked child where it must not
 * show in this process.
 */
#include <sched.h>

#include <gons/mntns.h>
#include <gons/privilege.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/types.h"
#include "gons/core/child.h"
#include "gons/core/switch.h"
#include "gons/privilege/root.h"

/* In a child of the thread that has made a namespace for its children. */
static int check_child(void *arg)
{
	const int type = *(int *)arg;

	if (type != CLONE_NEWPID || getpid() == 1)
		return 0;
	return gons_i_fail(EPERM, "a child is not in its new PID namespace");
}

static int try_for_children(int type)
{
	return gons_i_unshare(type) < 0 ? -1 : gons_i_in_child(check_child, &type);
}

static int try_types(void *arg)
{
	const int types = *(int *)arg;
	const int sysfs = CLONE_NEWNET | CLONE_NEWNS;
	int mark;

	if ((types & CLONE_NEWUSER) && gons_i_new_root() < 0)
		return -1;
	mark = gons_scope_begin();
	if (mark < 0)
		return -1;
	if ((types & GONS_I_SWITCHABLE_FLAGS) &&
	    gons_enter_transient(types & GONS_I_SWITCHABLE_FLAGS) < 0)
		return -1;
	if ((types & sysfs) == sysfs && gons_mntns_mount_sysfs_ro() < 0)
		return -1;
	if (gons_scope_end(mark) < 0)
		return -1;
	/* A PID namespace last: when its first process has ended there is no other one. */
	if ((types & CLONE_NEWTIME) && try_for_children(CLONE_NEWTIME) < 0)
		return -1;
	return types & CLONE_NEWPID ? try_for_children(CLONE_NEWPID) : 0;
}

GONS_EXPORT bool gons_can(int types)
{
	if (gons_i_check_types(types) < 0)
		return false;
	return gons_i_in_child(try_types, &types) == 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this process may do: found out by trying it in a child process, without effects on this one.
 * The child is a bare one (gons/base/child.h), since programs with threads call this.
 */
#include <sched.h>

#include <gons/mntns.h>
#include <gons/privilege.h>

#include "gons/base/child.h"
#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/types.h"
#include "gons/core/nsfd.h"
#include "gons/core/saved_context.h"
#include "gons/core/switch.h"
#include "gons/privilege/root.h"

/* For a namespace that children enter. */
struct entry {
	const struct gons_i_type *type;
	struct gons_i_file_id parents;
};

/* Runs in a child of a process that has unshared it. gVisor accepts types that it lacks, and has no
 * descriptors of others. */
static int check_child(void *arg)
{
	const struct entry *entry = arg;
	cleanup_fd int fd = gons_i_open_own(entry->type);

	if (fd < 0)
		return -1;
	if (!gons_i_file_id_is(&entry->parents, fd))
		return 0;
	return gons_i_fail(EPERM, "the first child is not in the new %s namespace",
			   entry->type->long_name);
}

static int try_for_children(int type)
{
	struct entry entry = { .type = gons_i_type_entry(type) };
	cleanup_fd int fd = -1;

	if (gons_i_unshare(type) < 0)
		return -1;
	fd = gons_i_open_own(entry.type);
	if (fd < 0)
		return -1;
	if (gons_i_file_id_get(fd, &entry.parents) < 0)
		return gons_i_fail(errno, "cannot find out what descriptor %d refers to", fd);
	return gons_i_in_child(check_child, &entry);
}

/* Checks that gons can find out the types of the descriptors. */
static int check_descriptors(const struct gons_i_context *context)
{
	for (size_t i = 0; i < GONS_I_SWITCHABLE; i++)
		if ((context->types & gons_i_types[i].flag) && gons_type(context->fd[i]) < 0)
			return -1;
	return 0;
}

/* Enters new namespaces, mounts a sysfs in them, and returns. */
static int try_here(int types)
{
	const int sysfs = CLONE_NEWNET | CLONE_NEWNS;
	struct gons_i_context context;

	if (gons_i_context_save_checked(NULL, 0, types, GONS_I_RETURN_CHECK_AGAIN, &context) < 0 ||
	    check_descriptors(&context) < 0 || gons_i_switch_new(types, &context) < 0)
		return -1;
	if ((types & sysfs) == sysfs && gons_mntns_mount_sysfs_ro() < 0)
		return -1;
	return gons_i_context_restore(&context);
}

/* Sets need its descriptor. */
static int try_user_namespace(void)
{
	cleanup_fd int fd = -1;

	if (gons_i_new_root() < 0)
		return -1;
	fd = gons_i_open_own(&gons_i_types[GONS_I_USER]);
	return fd < 0 ? -1 : 0;
}

static int try_types(void *arg)
{
	const int types = *(int *)arg;

	if ((types & CLONE_NEWUSER) && try_user_namespace() < 0)
		return -1;
	if ((types & GONS_I_SWITCHABLE_FLAGS) && try_here(types & GONS_I_SWITCHABLE_FLAGS) < 0)
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

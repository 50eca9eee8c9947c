/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Root for unprivileged users: a user namespace, and the ground to come back to in it.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include <gons/netns.h>
#include <gons/privilege.h>

#include "gons/base/caps.h"
#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/types.h"
#include "gons/core/child.h"
#include "gons/core/initial_mntns.h"
#include "gons/core/nsfd.h"
#include "gons/core/saved_context.h"
#include "gons/core/switch.h"
#include "gons/diagnosis/cause.h"
#include "gons/privilege/root.h"
#include "gons/sets/set_thread.h"

/* Whether namespaces of these types could be left again, which takes the capabilities that
 * making new ones does: 1, 0, or -1 when that cannot be tried. */
static int able(int types)
{
	struct gons_i_context place;

	if (gons_i_context_save_checked(NULL, 0, types, GONS_I_RETURN_CHECK_AGAIN, &place) < 0)
		return errno == EPERM || errno == EACCES ? 0 : -1;
	gons_i_context_close(&place);
	return 1;
}

static int check_able(void *types)
{
	return able(*(int *)types) == 1 ? 0 : -1;
}

static int write_file(const char *path, const char *text)
{
	cleanup_fd int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text))
		return 0;
	return gons_i_fail(errno, "cannot write \"%s\" to %s", text, path);
}

/* Maps these ids to 0. An unprivileged process may do that with its group only after giving
 * up setgroups(2). */
static int write_maps(uid_t uid, gid_t gid)
{
	char uid_map[32], gid_map[32];

	(void)snprintf(uid_map, sizeof(uid_map), "0 %u 1", uid);
	(void)snprintf(gid_map, sizeof(gid_map), "0 %u 1", gid);
	if (write_file("/proc/thread-self/setgroups", "deny") < 0 ||
	    write_file("/proc/thread-self/uid_map", uid_map) < 0)
		return -1;
	return write_file("/proc/thread-self/gid_map", gid_map);
}

static int enter_user_namespace(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	bool may_map = uid != 0 || gons_i_has_cap(CAP_SETFCAP);
	int dumpable = prctl(PR_GET_DUMPABLE);
	int result;

	if (gons_i_unshare(CLONE_NEWUSER) < 0)
		return -1;
	/* The files of a process that has changed its user belong to root, unless it is
	 * dumpable. */
	(void)prctl(PR_SET_DUMPABLE, 1);
	result = write_maps(uid, gid);
	if (result < 0 && errno == EPERM && !may_map)
		gons_i_explain("CAP_SETFCAP is missing, without which user 0 cannot be mapped");
	else if (result < 0 && errno == EROFS)
		gons_i_explain("/proc is mounted read-only: " GONS_I_WRITABLE_PROCFS);
	else if (result < 0 && (errno == EPERM || errno == EACCES))
		gons_i_explain_confinement("may forbid user namespaces with powers");
	(void)prctl(PR_SET_DUMPABLE, dumpable == 1); /* 2 cannot be set */
	return result;
}

/* New namespaces to come back to. One that cannot be made is refused by name later, when
 * a test asks for it; none at all means a user namespace without powers. */
static int lay_ground(void)
{
	int made = 0;

	for (size_t i = 0; i < GONS_I_SWITCHABLE; i++) {
		int type = gons_i_types[i].flag;

		if (able(type) == 0 && gons_i_unshare(type) == 0)
			made |= type;
	}
	if (made == 0)
		return -1;
	if (made & CLONE_NEWNET)
		(void)gons_netns_loopback_up(); /* as it was before; only a convenience */
	if (made & CLONE_NEWNS)
		gons_i_initial_mntns_set();
	return 0;
}

int gons_i_new_root(void)
{
	return enter_user_namespace() < 0 ? -1 : lay_ground();
}

static int become_root(void *arg)
{
	(void)arg;
	if (gons_i_has_cap(CAP_SYS_ADMIN) && gons_i_has_cap(CAP_SYS_CHROOT))
		return lay_ground();
	return gons_i_new_root();
}

/* Nothing of this may show where the process is able already; but the proof of a way back
 * can end the sharing of directories between threads. */
static int become_root_with_threads(int types)
{
	if (gons_i_in_child(check_able, &types) == 0)
		return 0;
	(void)gons_i_fail(EINVAL, "cannot become root");
	gons_i_explain("the process must have one thread only");
	return -1;
}

static int become_root_unless_able(void)
{
	int types = gons_i_present_types();
	int is_able;

	if (types == 0) /* no procfs, says the message */
		return -1;
	if (gons_i_has_threads())
		return become_root_with_threads(types);
	is_able = able(types);
	if (is_able != 0)
		return is_able < 0 ? -1 : 0;
	/* There is no way back, so a child tries it first. */
	if (gons_i_in_child(become_root, NULL) < 0)
		return -1;
	return become_root(NULL);
}

GONS_EXPORT int gons_become_root(void)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct gons_i_failure before;
	int result;

	gons_i_failure_save(&before);
	gons_i_set_threads_end(); /* the user's threads stand in the way, gons's own must not */
	result = become_root_unless_able();
	if (result == 0) /* what failed on the way is nobody's failure */
		(void)gons_i_failure_restore(&before);
	return result;
}

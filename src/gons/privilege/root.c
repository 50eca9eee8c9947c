/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Root for unprivileged users: a user namespace, and base namespaces in it, from which threads can
 * go into others and to which they can return.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <gons/netns.h>
#include <gons/privilege.h>

#include "gons/base/caps.h"
#include "gons/base/child.h"
#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/types.h"
#include "gons/core/initial_mntns.h"
#include "gons/core/nsfd.h"
#include "gons/core/saved_context.h"
#include "gons/core/switch.h"
#include "gons/diagnosis/cause.h"
#include "gons/privilege/root.h"
#include "gons/sets/idmap.h"
#include "gons/sets/set_thread.h"

/* ---- what the process can do ---- */

/* Whether a thread could return to its namespaces of these types, which takes the capabilities that
 * creating new ones takes: 1, 0, or -1 if that cannot be tried. */
static int can_return(int types)
{
	struct gons_i_context context;

	if (gons_i_context_save_checked(NULL, 0, types, GONS_I_RETURN_CHECK_AGAIN, &context) < 0)
		return errno == EPERM || errno == EACCES ? 0 : -1;
	gons_i_context_close(&context);
	return 1;
}

/* Namespaces without links, addresses and routes are of little use to a test. */
static bool can_configure(void)
{
	return gons_i_has_cap(CAP_NET_ADMIN);
}

static int check_able(void *types)
{
	return can_return(*(int *)types) == 1 && can_configure() ? 0 : -1;
}

/* ---- the user namespace ---- */

static int write_file(const char *path, const char *text)
{
	cleanup_fd int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text))
		return 0;
	return gons_i_fail(errno, "cannot write \"%s\" to %s", text, path);
}

/* Maps these ids to 0. An unprivileged process may do that with its group only after giving
 * up setgroups(2). */
static int write_maps(uid_t uid, gid_t gid, bool may_map)
{
	char uid_map[32], gid_map[32];

	(void)snprintf(uid_map, sizeof(uid_map), "0 %u 1", uid);
	(void)snprintf(gid_map, sizeof(gid_map), "0 %u 1", gid);
	if (write_file("/proc/thread-self/setgroups", "deny") < 0 && errno != ENOENT) /* gVisor */
		return -1;
	/* Without a map, the process has the capabilities nevertheless. Only the programs of root
	 * have them by themselves. */
	if (write_file("/proc/thread-self/uid_map", uid_map) < 0) {
		if (may_map || errno != EPERM)
			return -1;
		gons_i_caps_keep_in_programs();
	}
	return write_file("/proc/thread-self/gid_map", gid_map);
}

static int map_own_ids(void)
{
	/* By system calls, since fakeroot(1) changes the results of the C library's functions. */
	const uid_t uid = (uid_t)syscall(SYS_geteuid);
	const gid_t gid = (gid_t)syscall(SYS_getegid);
	const bool may_map = uid != 0 || gons_i_has_cap(CAP_SETFCAP);
	int result;

	if (gons_i_unshare(CLONE_NEWUSER) < 0)
		return -1;
	/* The files of a process that has changed its user belong to root, unless it is
	 * dumpable. */
	(void)prctl(PR_SET_DUMPABLE, 1);
	result = write_maps(uid, gid, may_map);
	if (result < 0 && errno == EROFS) {
		gons_i_add_cause("/proc is mounted read-only");
		gons_i_add_remedy(GONS_I_WRITABLE_PROCFS);
	} else if (result < 0 && (errno == EPERM || errno == EACCES)) {
		gons_i_diagnose_confinement("", "possibly refuses it", GONS_I_GUARDED_USERNS);
	}
	return result;
}

/* A child process writes the maps, from the parent user namespace. */
struct writing {
	const struct gons_idmaps *maps;
	struct gons_i_idmaps_target target;
	int go[2]; /* a pipe: the child starts when it gets a byte */
};

static int write_maps_of_parent(void *arg)
{
	struct writing *writing = arg;
	char go;

	gons_i_close_fd(&writing->go[1]);
	if (read(writing->go[0], &go, 1) != 1) /* with all signals blocked */
		return gons_i_fail(ECANCELED, "the parent process has created no user namespace");
	return gons_i_idmaps_write(&writing->target, writing->maps);
}

/* The writer starts to write when the user namespace exists. */
static int unshare_and_map(struct writing *writing)
{
	struct gons_i_child writer;
	struct gons_i_failure failure;

	if (gons_i_child_start(write_maps_of_parent, writing, &writer) < 0)
		return -1;
	if (gons_i_unshare(CLONE_NEWUSER) < 0) {
		gons_i_failure_save(&failure);
		gons_i_close_fd(&writing->go[1]);
		(void)gons_i_child_finish(&writer);
		return gons_i_failure_restore(&failure);
	}
	(void)prctl(PR_SET_DUMPABLE, 1);
	/* One byte always fits into the pipe. If the writer has ended, its result says why. */
	(void)!write(writing->go[1], "g", 1);
	gons_i_close_fd(&writing->go[1]);
	return gons_i_child_finish(&writer);
}

static int map_as_asked(const struct gons_idmaps *maps)
{
	cleanup_fd int proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct writing writing = { .maps = maps };
	char link[32] = "";
	int result;

	if (proc_fd < 0 || readlinkat(proc_fd, "self", link, sizeof(link) - 1) < 0)
		return gons_i_fail(errno, "cannot read /proc/self");
	writing.target = (struct gons_i_idmaps_target){ getpid(), atoi(link), proc_fd };
	if (pipe2(writing.go, O_CLOEXEC) < 0)
		return gons_i_fail(errno, "cannot create a pipe to a child process");
	result = unshare_and_map(&writing);
	gons_i_close_fd(&writing.go[0]);
	gons_i_close_fd(&writing.go[1]);
	return result;
}

static int enter_user_namespace(const struct gons_idmaps *maps)
{
	const int dumpable = prctl(PR_GET_DUMPABLE);
	const int result = maps ? map_as_asked(maps) : map_own_ids();

	if (result == 0 && maps)
		gons_i_become_mapped_ids();
	(void)prctl(PR_SET_DUMPABLE, dumpable == 1); /* 2 cannot be set */
	return result;
}

/* ---- base namespaces ---- */

/*
 * The namespaces that the process is in belong to an ancestor user namespace, so no thread can
 * return to them. If a type cannot be created here, a test that needs it is refused later, by name.
 * If none can be created, the user namespace has no capabilities.
 */
static int create_base(void)
{
	int created = 0;
	bool is_refused = false;

	for (size_t i = 0; i < GONS_I_SWITCHABLE; i++) {
		const int type = gons_i_types[i].flag, returns = can_return(type);

		if (returns == 0 && gons_i_unshare(type) == 0)
			created |= type;
		else if (returns != 1)
			is_refused = true;
	}
	if (created == 0 && is_refused)
		return -1;
	if (created & CLONE_NEWNS)
		gons_i_initial_mntns_set();
	return 0;
}

int gons_i_new_root(void)
{
	return enter_user_namespace(NULL) < 0 ? -1 : create_base();
}

/* ---- user namespace and base namespaces ---- */

struct request {
	const struct gons_idmaps *maps;
	bool stays; /* in the present user namespace */
};

static int move(void *arg)
{
	const struct request *request = arg;

	if (!request->stays && enter_user_namespace(request->maps) < 0)
		return -1;
	return create_base();
}

/* 0 if it cannot be read. */
static ino_t user_namespace(void)
{
	struct stat st;

	return stat("/proc/thread-self/ns/user", &st) < 0 ? 0 : st.st_ino;
}

/* There is no return, so a child process tries it first. */
static int try_and_move(struct request *request)
{
	const ino_t before = user_namespace();
	struct gons_i_failure failure;

	if (gons_i_in_child(move, request) < 0)
		return -1;
	if (move(request) == 0) {
		(void)gons_netns_loopback_up(); /* as it was before; only a convenience */
		return 0;
	}
	gons_i_failure_save(&failure);
	if (user_namespace() == before)
		return gons_i_failure_restore(&failure);
	(void)gons_i_failure_restore(&failure);
	gons_i_add_cause("a child process succeeded with the same calls, but this process failed "
			 "after it had entered the new user namespace, which it cannot leave");
	gons_i_add_remedy("end the process");
	return -1;
}

/* Other threads must not notice anything; but the check of the return can end the sharing of
 * directories between threads, so a child process does it. */
static int become_root_with_threads(int types)
{
	if (gons_i_in_child(check_able, &types) == 0)
		return 0;
	(void)gons_i_fail(EINVAL, "cannot become root");
	gons_i_diagnose_threads();
	return -1;
}

/* Namespaces can be created here, but not configured, and a user namespace is refused. */
static int fail_without_net_admin(void)
{
	struct gons_i_failure failure;

	gons_i_failure_save(&failure);
	(void)gons_i_fail(failure.errnum,
			  "cannot become root to get CAP_NET_ADMIN, which is missing");
	gons_i_add_cause("%s", failure.message);
	return -1;
}

static int become_root_unless_able(void)
{
	const int types = gons_i_present_types();
	struct request request = { .stays = gons_i_has_root_caps() };
	int returns;

	if (types == 0) /* the message says that procfs is missing */
		return -1;
	if (gons_i_has_threads())
		return become_root_with_threads(types);
	returns = can_return(types);
	if (returns < 0)
		return -1;
	if (returns == 1 && can_configure())
		return 0;
	if (try_and_move(&request) == 0)
		return 0;
	return returns == 1 ? fail_without_net_admin() : -1;
}

GONS_EXPORT int gons_become_root(void)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct gons_i_failure before, failure;
	int result;

	gons_i_failure_save(&before);
	gons_i_set_threads_end(); /* gons's own threads must not prevent it */
	result = become_root_unless_able();
	if (result == 0) { /* drops the messages of earlier attempts */
		gons_i_note_root_refused(NULL);
		(void)gons_i_failure_restore(&before);
	} else {
		gons_i_failure_save(&failure);
		gons_i_note_root_refused(&failure);
		(void)gons_i_failure_restore(&failure);
	}
	return result;
}

GONS_EXPORT int gons_enter_user_namespace(const struct gons_idmaps *maps)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct request request = { .maps = maps };
	struct gons_i_failure before;

	if (maps && gons_i_idmaps_check(maps) < 0)
		return -1;
	gons_i_failure_save(&before);
	gons_i_set_threads_end();
	if (gons_i_present_types() == 0)
		return -1;
	if (gons_i_has_threads()) {
		(void)gons_i_fail(EINVAL, "cannot enter a new user namespace");
		gons_i_diagnose_threads();
		return -1;
	}
	if (try_and_move(&request) < 0)
		return -1;
	(void)gons_i_failure_restore(&before);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why the kernel refused a switch of namespaces, as far as the machine tells.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include <gons/privilege.h>

#include "gons/base/caps.h"
#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/procfs.h"
#include "gons/base/types.h"
#include "gons/diagnosis/cause.h"
#include "gons/diagnosis/refusal.h"

/* ---- who owns what ---- */

/* ---- EPERM and EACCES ---- */

/* The calls that one refusal may come from. */
static bool hint_filter(enum gons_i_refused refused, int types)
{
	if (refused == GONS_I_REFUSED_NEW)
		return gons_i_explain_filter("unshare(2)", types);
	if (refused == GONS_I_REFUSED_MOUNT && gons_i_explain_filter("mount(2)", 0))
		return true;
	return gons_i_explain_filter("setns(2)", types) ||
	       ((types & CLONE_NEWNS) && gons_i_explain_filter("chroot(2)", 0));
}

/* A capability is missing for what exists already. A new user namespace would be no help, for it
 * has power over nothing but what is made in it. */
static void hint_missing_for(const char *missing, int nsfd)
{
	cleanup_fd int owner_fd = ioctl(nsfd, NS_GET_USERNS);
	uid_t uid;

	if (owner_fd < 0 && errno == EPERM)
		gons_i_explain("%s, and it belongs to another user namespace: run as root there",
			       missing);
	else if (owner_fd < 0 || gons_i_is_own(owner_fd, &gons_i_types[GONS_I_USER]) ||
		 ioctl(owner_fd, NS_GET_OWNER_UID, &uid) < 0)
		gons_i_explain("%s: run as root", missing);
	else if (uid == geteuid())
		gons_i_explain(
			"%s, and it belongs to another one of this user's: call gons_set_run() "
			"with that in the set, or run as root",
			missing);
	else
		gons_i_explain(
			"%s, and it belongs to another one, which user %u made: run as root, "
			"or as that user call gons_set_run() with that in the set",
			missing, uid);
}

/* A capability is missing that a user namespace would give. */
static void hint_missing(const char *missing, int nsfd)
{
	const struct gons_i_obstacle *obstacle = gons_i_find_obstacle();

	if (nsfd >= 0) {
		hint_missing_for(missing, nsfd);
	} else if (obstacle) {
		gons_i_explain("%s, and %s: %s%srun as root", missing, obstacle->cause,
			       obstacle->remedy ? obstacle->remedy : "",
			       obstacle->remedy ? ", or " : "");
	} else if (gons_i_filtered("unshare(2)", CLONE_NEWUSER)) {
		gons_i_explain("%s", missing);
		(void)gons_i_explain_filter("unshare(2)", CLONE_NEWUSER);
	} else if (gons_i_is_procfs_read_only()) {
		gons_i_explain("%s, and no ids can be mapped in a new one, since /proc is mounted "
			       "read-only: " GONS_I_WRITABLE_PROCFS ", or run as root",
			       missing);
	} else {
		gons_i_explain("%s: run as root, or call gons_become_root() first", missing);
	}
}

/* No capability is needed for a user namespace. */
static void hint_user_namespace(void)
{
	const struct gons_i_obstacle *obstacle = gons_i_find_obstacle();

	if (obstacle)
		gons_i_explain("%s%s%s", obstacle->cause, obstacle->remedy ? ": " : "",
			       obstacle->remedy ? obstacle->remedy : "");
	else
		gons_i_explain_confinement("may forbid user namespaces");
}

/* Whether it belongs to a user namespace that is neither the caller's nor below. */
static bool is_beyond(int nsfd)
{
	cleanup_fd int owner_fd = nsfd < 0 ? -1 : ioctl(nsfd, NS_GET_USERNS);

	return nsfd >= 0 && owner_fd < 0 && errno == EPERM;
}

/* Who has the capabilities, meets no filter, and is refused all the same. */
static void hint_owner(enum gons_i_refused refused, int types, int nsfd, int errnum)
{
	const bool comes_back = refused != GONS_I_REFUSED_TARGET; /* or that was proved */

	if (refused == GONS_I_REFUSED_STARTUP)
		gons_i_explain(
			"it belongs to another user namespace: enter that first, by gons_user");
	else if (is_beyond(nsfd))
		gons_i_explain("it belongs to another user namespace: run as root there");
	else if (refused == GONS_I_REFUSED_RETURN)
		gons_i_explain("it belongs to a user namespace further up");
	else if (refused == GONS_I_REFUSED_MOUNT) /* the kernel itself has no EACCES here */
		gons_i_explain_confinement(errnum == EACCES ? "forbids to mount"
							    : "may forbid to mount");
	else if (comes_back && gons_i_limit_is_zero(types))
		gons_i_explain_limits(
			types); /* for which gons_become_root() could make none either */
	else if (comes_back && gons_i_is_foreign(types))
		gons_i_explain(
			"the present namespaces belong to a user namespace further up, so there "
			"would be no way back: call gons_become_root() first");
	else if (gons_i_has_filter())
		gons_i_explain(
			"a seccomp filter is active, as in a container, and may be the cause");
	else
		gons_i_explain_confinement("may forbid it");
}

static void hint_permission(enum gons_i_refused refused, int types, int nsfd)
{
	static const char no_chroot[] =
		"CAP_SYS_CHROOT is missing, without which no thread joins a mount namespace";
	const int errnum = errno;
	const bool filtered = hint_filter(refused, types);
	const bool admin = gons_i_has_cap(CAP_SYS_ADMIN);

	if (refused == GONS_I_REFUSED_NEW && (types & CLONE_NEWUSER)) {
		if (!filtered)
			hint_user_namespace();
	} else if (gons_i_is_taken(CAP_SYS_ADMIN)) {
		gons_i_explain_confinement("forbids the use of CAP_SYS_ADMIN");
	} else if (!admin && refused == GONS_I_REFUSED_RETURN) {
		gons_i_explain("CAP_SYS_ADMIN has been lost");
	} else if (!admin && refused == GONS_I_REFUSED_STARTUP) {
		gons_i_explain("CAP_SYS_ADMIN is missing in this user namespace: run as root, or "
			       "enter first, by gons_user, the user namespace that it belongs to");
	} else if (!admin) {
		hint_missing("CAP_SYS_ADMIN is missing in this user namespace", nsfd);
	} else if ((types & CLONE_NEWNS) && !gons_i_has_cap(CAP_SYS_CHROOT)) {
		if (refused == GONS_I_REFUSED_STARTUP)
			gons_i_explain("%s: run as root", no_chroot);
		else
			hint_missing(no_chroot, nsfd);
	} else if (!filtered) {
		hint_owner(refused, types, nsfd, errnum);
	}
}

/* ---- other errors ---- */

static void hint_invalid(int types)
{
	if (!gons_i_explain_options(types) && (types & CLONE_NEWUSER))
		gons_i_explain("the process must have one thread only");
}

/* Joining a user namespace gives all capabilities in it, so only the right to join counts. */
static void hint_user(int nsfd, int errnum)
{
	if (errnum == EPERM && !gons_i_explain_filter("setns(2)", CLONE_NEWUSER))
		gons_i_explain("the process must be of the user who made it, in the user namespace "
			       "that it was made in, or have CAP_SYS_ADMIN there");
	else if (errnum == EINVAL && gons_i_is_own(nsfd, &gons_i_types[GONS_I_USER]))
		gons_i_explain("the process is in it already, and the kernel lets nobody in again");
	else if (errnum == EINVAL)
		gons_i_explain("the process must have one thread only");
}

void gons_i_explain_refusal(enum gons_i_refused refused, int types, int nsfd)
{
	int errnum = errno;

	if (nsfd >= 0 && types == CLONE_NEWPID && errnum == EINVAL)
		gons_i_add_cause("it is neither the PID namespace of the process nor one below it");
	else if (nsfd >= 0 && types == CLONE_NEWUSER)
		hint_user(nsfd, errnum);
	else if (errnum == EACCES && access(".", X_OK) < 0)
		gons_i_explain("this user may not enter the present working directory: change to "
			       "another one");
	else if (errnum == EPERM || errnum == EACCES)
		hint_permission(refused, types, nsfd);
	else if (errnum == ENOSPC)
		gons_i_explain_limits(types);
	else if (errnum == EINVAL)
		hint_invalid(types);
	else if (errnum == ENOSYS) /* no kernel lacks these calls */
		(void)hint_filter(refused, types);
	errno = errnum;
}

void gons_i_explain_join(int nsfd, int type)
{
	int errnum = errno;

	if (type == CLONE_NEWTIME && errnum == EUSERS)
		gons_i_explain("the process must have one thread only");
	else
		gons_i_explain_refusal(GONS_I_REFUSED_STARTUP, type, nsfd);
	errno = errnum;
}

int gons_i_fail_switch(enum gons_i_refused refused, int types, int nsfd)
{
	const char *verb = nsfd < 0 ? "create" : "enter";
	char nouns[GONS_I_TYPE_NAMES_SIZE];
	int errnum = errno;

	(void)gons_i_type_names(types, nouns);
	if (refused == GONS_I_REFUSED_RETURN)
		(void)gons_i_fail(errnum,
				  "this thread cannot come back to the %s namespace it was in",
				  nouns);
	else
		(void)gons_i_fail(errnum, "cannot %s %s %s namespace", verb, gons_i_article(nouns),
				  nouns);
	gons_i_explain_refusal(refused, types, nsfd);
	return -1;
}

int gons_i_fail_return_check(int types, const int *nsfds, size_t n)
{
	const int errnum = errno;
	size_t worst = 0;

	while (worst < n && !is_beyond(nsfds[worst]))
		worst++;
	errno = errnum;
	return gons_i_fail_switch(GONS_I_REFUSED_RETURN_CHECK, types,
				  n == 0 ? -1 : nsfds[worst < n ? worst : 0]);
}

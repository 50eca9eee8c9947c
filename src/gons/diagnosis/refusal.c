/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why the kernel refused a switch of namespaces, as far as this can be found out.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gons/base/caps.h"
#include "gons/base/child.h"
#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/procfs.h"
#include "gons/base/types.h"
#include "gons/diagnosis/cause.h"
#include "gons/diagnosis/container.h"
#include "gons/diagnosis/refusal.h"

/* ---- EPERM and EACCES ---- */

/* Checks each call that may have been refused. */
static bool diagnose_filter(enum gons_i_refused refused, int types)
{
	if (refused == GONS_I_REFUSED_NEW)
		return gons_i_diagnose_filter("unshare(2)", types);
	if (refused == GONS_I_REFUSED_MOUNT && gons_i_diagnose_filter("mount(2)", 0))
		return true;
	return gons_i_diagnose_filter("setns(2)", types) ||
	       ((types & CLONE_NEWNS) && gons_i_diagnose_filter("chroot(2)", 0));
}

/* User 0 is root already, as in a container, whose engine gives root few capabilities. Asked by a
 * system call, since fakeroot(1) changes the results of the C library. */
static bool is_user_0(void)
{
	return syscall(SYS_geteuid) == 0;
}

const char *gons_i_run_as_root_or(void)
{
	return is_user_0() ? "" : "run as root, or ";
}

/* How the process gets a capability. */
enum { TO_GET_SIZE = 128 };
static const char *to_get(const char *cap, char remedy[TO_GET_SIZE])
{
	if (!is_user_0())
		return "run as root";
	(void)snprintf(remedy, TO_GET_SIZE, GONS_I_ADD_CAP, cap + strlen("CAP_"));
	return remedy;
}

/* A capability is missing for a namespace that exists already. A new user namespace would not help:
 * its capabilities apply only to namespaces that are created in it. */
static void diagnose_missing_for(const char *cap, const char *missing, int nsfd)
{
	char remedy[TO_GET_SIZE];
	cleanup_fd int owner_fd = ioctl(nsfd, NS_GET_USERNS);
	uid_t uid;

	if (owner_fd < 0 && errno == EPERM) {
		gons_i_add_cause("%s, and the namespace belongs to another user namespace",
				 missing);
		gons_i_add_remedy("run as root in that one");
	} else if (owner_fd < 0 || gons_i_is_own(owner_fd, &gons_i_types[GONS_I_USER]) ||
		   ioctl(owner_fd, NS_GET_OWNER_UID, &uid) < 0) {
		gons_i_add_cause("%s", missing);
		gons_i_add_remedy("%s", to_get(cap, remedy));
	} else if (uid == geteuid()) {
		gons_i_add_cause("%s, and the namespace belongs to another user namespace of this "
				 "user",
				 missing);
		gons_i_add_remedy("call gons_set_run() with that user namespace in the set, or %s",
				  to_get(cap, remedy));
	} else {
		gons_i_add_cause("%s, and the namespace belongs to a user namespace of user %u",
				 missing, uid);
		gons_i_add_remedy("%s, or as that user call gons_set_run() with that user "
				  "namespace in the set",
				  to_get(cap, remedy));
	}
}

/* gons_become_root() would be the remedy, and was refused. */
static void diagnose_root_refused(const char *cap, const char *missing,
				  const struct gons_i_failure *failure)
{
	char remedy[TO_GET_SIZE];

	gons_i_add_cause("%s, and gons_become_root() was refused (%s)", missing, failure->message);
	gons_i_add_remedy("%s", to_get(cap, remedy));
}

/* A capability is missing that a user namespace would give. */
static void diagnose_missing(const char *cap, const char *missing)
{
	const struct gons_i_obstacle *obstacle = gons_i_find_obstacle();
	char before[128], remedy[TO_GET_SIZE];
	struct gons_i_failure failure;

	(void)snprintf(before, sizeof(before), "%s and ", missing);
	if (obstacle) {
		gons_i_add_cause("%s%s", before, obstacle->cause);
		gons_i_add_remedy("%s%s%s", to_get(cap, remedy), obstacle->remedy ? " or " : "",
				  obstacle->remedy ? obstacle->remedy : "");
	} else if (gons_i_diagnose_filter_with_prefix(before, "unshare(2)", CLONE_NEWUSER)) {
		; /* the message names the filter now */
	} else if (gons_i_is_procfs_read_only()) {
		gons_i_add_cause("%sno ids can be mapped in a new user namespace, since /proc is "
				 "mounted read-only",
				 before);
		gons_i_add_remedy("%s or " GONS_I_WRITABLE_PROCFS, to_get(cap, remedy));
	} else if (gons_i_root_refused(&failure)) {
		diagnose_root_refused(cap, missing, &failure);
	} else {
		gons_i_add_cause("%s", missing);
		gons_i_add_remedy("%s, or call gons_become_root() first", to_get(cap, remedy));
	}
}

/* gons_become_root() would stay in this user namespace, and gives no other capabilities in it. */
static void diagnose_missing_beside_root(const char *missing, const char *name)
{
	const bool can_enter = !gons_i_find_obstacle() && !gons_i_is_procfs_read_only() &&
			       gons_i_filtered("unshare(2)", CLONE_NEWUSER) == GONS_I_FILTERED_NOT;

	gons_i_add_cause("%s", missing);
	gons_i_add_remedy(GONS_I_ADD_CAP "%s", name + strlen("CAP_"),
			  can_enter ? ", or call gons_enter_user_namespace() first and use "
				      "namespaces that are created after that"
				    : "");
}

void gons_i_diagnose_missing(int cap, const char *name)
{
	const int errnum = errno;
	char missing[96], use[64];

	(void)snprintf(use, sizeof(use), "refuses the use of %s", name);
	(void)snprintf(missing, sizeof(missing), "%s is missing%s", name,
		       gons_i_is_fakeroot() ? " (fakeroot makes the user look like root)" : "");
	if (gons_i_module_withholds_cap(cap))
		gons_i_diagnose_confinement("", use, GONS_I_GUARDED_OTHER);
	else if (gons_i_has_root_caps())
		diagnose_missing_beside_root(missing, name);
	else
		diagnose_missing(name, missing);
	errno = errnum;
}

void gons_i_diagnose_other_process(void)
{
	const int errnum = errno;
	char remedy[TO_GET_SIZE];

	gons_i_add_cause("the process belongs to another user, or has more capabilities than this "
			 "one, and CAP_SYS_PTRACE is missing in its user namespace");
	if (!gons_i_has_cap(CAP_SYS_PTRACE))
		gons_i_add_remedy("%s", to_get("CAP_SYS_PTRACE", remedy));
	errno = errnum;
}

void gons_i_diagnose_unknown(void)
{
	const int errnum = errno;

	if (gons_i_has_filter()) {
		gons_i_add_cause("possibly a seccomp filter, which is active here, refuses it");
		gons_i_add_filter_remedy();
	} else {
		gons_i_diagnose_confinement("", "possibly refuses it", GONS_I_GUARDED_OTHER);
	}
	errno = errnum;
}

void gons_i_diagnose_foreign_netns(void)
{
	gons_i_add_cause("the network namespace belongs to another user namespace");
	gons_i_add_remedy("use one that was created in this user namespace, as by "
			  "gons_netns_new_transient()");
}

void gons_i_diagnose_in_netns(int cap, const char *name)
{
	const int errnum = errno;

	if (!gons_i_has_cap(cap))
		gons_i_diagnose_missing(cap, name);
	else if (gons_i_is_owned_by_ancestor(CLONE_NEWNET))
		gons_i_diagnose_foreign_netns();
	else
		gons_i_diagnose_unknown();
	errno = errnum;
}

/* No capability is needed for a user namespace. */
static void diagnose_user_namespace(void)
{
	const struct gons_i_obstacle *obstacle = gons_i_find_obstacle();

	if (obstacle) {
		gons_i_add_cause("%s", obstacle->cause);
		if (obstacle->remedy)
			gons_i_add_remedy("%s", obstacle->remedy);
	} else if (gons_i_has_filter()) {
		gons_i_add_cause("possibly a seccomp filter, which is active here, refuses it");
		gons_i_add_filter_remedy();
	} else if (gons_i_no_module_refuses(GONS_I_GUARDED_USERNS)) {
		gons_i_add_cause("possibly the process is chrooted, and the kernel refuses user "
				 "namespaces to chrooted processes");
		gons_i_add_remedy(GONS_I_NO_CHROOT);
	} else {
		gons_i_diagnose_confinement("possibly the process is chrooted, and the kernel "
					    "refuses user namespaces to chrooted processes, or ",
					    "refuses it", GONS_I_GUARDED_USERNS);
		gons_i_add_remedy("if it is chrooted, " GONS_I_NO_CHROOT);
	}
}

/* The thread has the capabilities, and no filter refuses: the owner of the namespace, a limit or a
 * security module is the cause. */
static void diagnose_owner(enum gons_i_refused refused, int types, int nsfd, int errnum)
{
	const bool returns = refused != GONS_I_REFUSED_TARGET; /* or that was checked */
	struct gons_i_failure failure;

	if (refused == GONS_I_REFUSED_STARTUP) {
		gons_i_add_cause("the namespace belongs to another user namespace");
		gons_i_add_remedy("enter that first, by gons_user");
	} else if (gons_i_is_owned_outside(nsfd)) {
		gons_i_add_cause("the namespace belongs to another user namespace");
		gons_i_add_remedy("run as root in that one");
	} else if (refused == GONS_I_REFUSED_RETURN) {
		gons_i_add_cause("the namespace belongs to an ancestor user namespace");
	} else if (refused == GONS_I_REFUSED_MOUNT) { /* the kernel itself has no EACCES here */
		gons_i_diagnose_confinement("",
					    errnum == EACCES ? "refuses it" : "possibly refuses it",
					    GONS_I_GUARDED_MOUNT);
	} else if (returns && gons_i_limit_is_zero(types)) {
		gons_i_diagnose_limits(types); /* gons_become_root() could create none either */
	} else if (returns && gons_i_is_owned_by_ancestor(types)) {
		gons_i_add_cause("the present namespaces belong to an ancestor user namespace, so "
				 "the thread could not return to them");
		if (gons_i_root_refused(&failure))
			gons_i_add_remedy("gons_become_root() would help, and was refused (%s)",
					  failure.message);
		else
			gons_i_add_remedy("call gons_become_root() first");
	} else {
		gons_i_diagnose_unknown();
	}
}

static void diagnose_capability(enum gons_i_refused refused, int nsfd)
{
	const bool has_admin = gons_i_has_cap(CAP_SYS_ADMIN);
	const char *cap = has_admin ? "CAP_SYS_CHROOT" : "CAP_SYS_ADMIN";
	const char *missing = "CAP_SYS_ADMIN is missing";
	char remedy[TO_GET_SIZE];

	if (has_admin)
		missing = "CAP_SYS_CHROOT is missing (needed to join a mount namespace)";
	else if (gons_i_is_fakeroot())
		missing = "CAP_SYS_ADMIN is missing (fakeroot makes the user look like root)";
	if (!has_admin && refused == GONS_I_REFUSED_RETURN) {
		gons_i_add_cause("CAP_SYS_ADMIN was dropped");
	} else if (!has_admin && refused == GONS_I_REFUSED_STARTUP) {
		gons_i_add_cause("%s", missing);
		gons_i_add_remedy("%s, or enter first, by gons_user, the user namespace that the "
				  "namespace belongs to",
				  to_get(cap, remedy));
	} else if (refused == GONS_I_REFUSED_STARTUP) {
		gons_i_add_cause("%s", missing);
		gons_i_add_remedy("%s", to_get(cap, remedy));
	} else if (nsfd >= 0) {
		diagnose_missing_for(cap, missing, nsfd);
	} else {
		diagnose_missing(cap, missing);
	}
}

static void diagnose_permission(enum gons_i_refused refused, int types, int nsfd)
{
	const int errnum = errno;

	if (diagnose_filter(refused, types))
		return;
	if (refused == GONS_I_REFUSED_NEW && (types & CLONE_NEWUSER))
		diagnose_user_namespace();
	else if (gons_i_module_withholds_cap(CAP_SYS_ADMIN))
		gons_i_diagnose_confinement("", "refuses the use of CAP_SYS_ADMIN",
					    GONS_I_GUARDED_OTHER);
	else if (!gons_i_has_cap(CAP_SYS_ADMIN) ||
		 ((types & CLONE_NEWNS) && !gons_i_has_cap(CAP_SYS_CHROOT)))
		diagnose_capability(refused, nsfd);
	else
		diagnose_owner(refused, types, nsfd, errnum);
}

/* ---- other errors ---- */

static void diagnose_invalid(int types)
{
	if (!gons_i_diagnose_options(types) && (types & CLONE_NEWUSER))
		gons_i_diagnose_threads();
}

/* Joining a user namespace gives all capabilities in it, so only the right to join counts. */
static void diagnose_user(int nsfd, int errnum)
{
	if (errnum == EPERM && !gons_i_diagnose_filter("setns(2)", CLONE_NEWUSER)) {
		gons_i_add_cause(
			"CAP_SYS_ADMIN is missing in that user namespace, and without it only the "
			"user who created the namespace can join it, from the user namespace in "
			"which it was created");
		gons_i_add_remedy("run as that user, or as root");
	} else if (errnum == EINVAL && gons_i_is_own(nsfd, &gons_i_types[GONS_I_USER])) {
		gons_i_add_cause("the process is already in this user namespace, and setns(2) does "
				 "not re-enter it");
	} else if (errnum == EINVAL) {
		gons_i_diagnose_threads();
	}
}

/* In a child process, by chdir(2): access(2) checks the real user, and filters may kill for
 * faccessat2(2), which checks the effective one. */
static int enter_directory(void *arg)
{
	(void)arg;
	return chdir(".") < 0 && errno == EACCES ? 1 : 0;
}

static bool may_enter_directory(void)
{
	enum { LIMIT_S = 30 };
	struct gons_i_failure before;
	int closed;

	gons_i_failure_save(&before);
	closed = gons_i_in_child_for(LIMIT_S, enter_directory, NULL);
	(void)gons_i_failure_restore(&before);
	return closed != 1;
}

void gons_i_diagnose_refusal(enum gons_i_refused refused, int types, int nsfd)
{
	const int errnum = errno;

	if (nsfd >= 0 && types == CLONE_NEWPID && errnum == EINVAL) {
		gons_i_add_cause("it is neither the PID namespace of the process nor a descendant");
	} else if (nsfd >= 0 && types == CLONE_NEWUSER) {
		diagnose_user(nsfd, errnum);
	} else if (errnum == EACCES && !may_enter_directory()) {
		gons_i_add_cause("this user may not enter the present working directory");
		gons_i_add_remedy("change to another one");
	} else if ((types & CLONE_NEWIPC) && gons_i_is_fakeroot_by_ipc()) {
		gons_i_add_cause("fakeroot talks to its daemon in the present IPC namespace, and "
				 "ends a process that has left it");
		gons_i_add_remedy("run without fakeroot, or as fakeroot-tcp");
	} else if (errnum == EPERM || errnum == EACCES) {
		errno = errnum;
		diagnose_permission(refused, types, nsfd);
	} else if (errnum == ENOSPC) {
		gons_i_diagnose_limits(types);
	} else if (errnum == EINVAL) {
		diagnose_invalid(types);
	} else if (errnum == ENOSYS) { /* no kernel lacks these calls */
		(void)diagnose_filter(refused, types);
	}
	errno = errnum;
}

void gons_i_diagnose_join(int nsfd, int type)
{
	const int errnum = errno;

	if (type == CLONE_NEWTIME && errnum == EUSERS)
		gons_i_diagnose_threads();
	else
		gons_i_diagnose_refusal(GONS_I_REFUSED_STARTUP, type, nsfd);
	errno = errnum;
}

int gons_i_fail_switch(enum gons_i_refused refused, int types, int nsfd)
{
	const char *verb = nsfd < 0 ? "create" : "enter";
	char names[GONS_I_TYPE_NAMES_SIZE];
	const int errnum = errno;

	(void)gons_i_type_names(types, names);
	if (refused == GONS_I_REFUSED_RETURN)
		(void)gons_i_fail(errnum, "this thread cannot return to its previous %s namespace",
				  names);
	else
		(void)gons_i_fail(errnum, "cannot %s %s %s namespace", verb, gons_i_article(names),
				  names);
	gons_i_diagnose_refusal(refused, types, nsfd);
	return -1;
}

int gons_i_fail_return_check(int types, const int *nsfds, size_t n)
{
	const int errnum = errno;
	size_t worst = 0;

	while (worst < n && !gons_i_is_owned_outside(nsfds[worst]))
		worst++;
	errno = errnum;
	return gons_i_fail_switch(GONS_I_REFUSED_RETURN_CHECK, types,
				  n == 0 ? -1 : nsfds[worst < n ? worst : 0]);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why the kernel refused a switch of namespaces, as far as the machine tells.
 */
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include <gons/privilege.h>

#include "internal.h"

/* The number in a file below /proc/sys, or -1. */
static long read_sysctl(const char *name)
{
	char path[96];
	long value = -1;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/sys/%s", name); /* cut: not found */
	file = fopen(path, "re");
	if (!file)
		return -1;
	if (fscanf(file, "%ld", &value) != 1)
		value = -1;
	(void)fclose(file);
	return value;
}

/* What stands between this process and a user namespace of its own. */
static void hint_missing_admin(void)
{
	static const char missing[] = "CAP_SYS_ADMIN is missing in this user namespace";

	if (read_sysctl("user/max_user_namespaces") == 0)
		gons_i_hint("%s, and unprivileged user namespaces are off "
			    "(user.max_user_namespaces is 0)",
			    missing);
	else if (read_sysctl("kernel/unprivileged_userns_clone") == 0)
		gons_i_hint("%s, and unprivileged user namespaces are off "
			    "(kernel.unprivileged_userns_clone is 0)",
			    missing);
	else if (read_sysctl("kernel/apparmor_restrict_unprivileged_userns") == 1)
		gons_i_hint("%s, and AppArmor leaves unprivileged user namespaces without powers "
			    "(kernel.apparmor_restrict_unprivileged_userns is 1)",
			    missing);
	else
		gons_i_hint("%s: run as root, or call gons_become_root() first", missing);
}

static long read_limit(const struct gons_i_type *row)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "user/%s", row->limit); /* always fits */
	return read_sysctl(name);
}

bool gons_i_limit_is_zero(int types)
{
	for (size_t i = 0; i < GONS_I_TYPES; i++)
		if ((types & gons_i_types[i].flag) && read_limit(&gons_i_types[i]) == 0)
			return true;
	return false;
}

static void hint_limit(int types)
{
	for (size_t i = 0; i < GONS_I_TYPES; i++) {
		const struct gons_i_type *row = &gons_i_types[i];
		long limit = types & row->flag ? read_limit(row) : -1;

		if (limit >= 0)
			gons_i_hint(
				"the limit user.%s is reached here (%ld) or in a user namespace "
				"further up",
				row->limit, limit);
	}
}

/* Who has the capabilities and is refused all the same. */
static void hint_owner(enum gons_i_refused refused, int types)
{
	if (refused == GONS_I_REFUSED_TARGET)
		gons_i_hint("it belongs to another user namespace");
	else if (refused == GONS_I_REFUSED_RETURN)
		gons_i_hint("it belongs to a user namespace further up");
	else if (refused == GONS_I_REFUSED_MOUNT)
		gons_i_hint("a security module, such as AppArmor, may forbid to mount");
	else if (types & CLONE_NEWUSER)
		gons_i_hint("a security module or a chroot(2) may forbid user namespaces");
	else if (gons_i_limit_is_zero(types))
		hint_limit(types); /* for which gons_become_root() could make none either */
	else
		gons_i_hint(
			"the present namespaces belong to a user namespace further up, so there "
			"would be no way back: call gons_become_root() first");
}

static void hint_permission(enum gons_i_refused refused, int types)
{
	if (gons_i_status_number("Seccomp", 10) == 2)
		gons_i_hint("a seccomp filter is active, as in a container, and may be the cause");
	if (gons_has_cap(CAP_SYS_ADMIN) != 1 && refused == GONS_I_REFUSED_RETURN)
		gons_i_hint("CAP_SYS_ADMIN has been lost");
	else if (gons_has_cap(CAP_SYS_ADMIN) != 1)
		hint_missing_admin();
	else if ((types & CLONE_NEWNS) && gons_has_cap(CAP_SYS_CHROOT) != 1)
		gons_i_hint("CAP_SYS_CHROOT is missing, without which no thread joins a mount "
			    "namespace");
	else
		hint_owner(refused, types);
}

static void hint_invalid(int types)
{
	char path[GONS_I_OWN_PATH_SIZE];

	for (size_t i = 0; i < GONS_I_TYPES; i++) {
		if (!(types & gons_i_types[i].flag))
			continue;
		if (access(gons_i_own_path(&gons_i_types[i], path), F_OK) < 0)
			gons_i_hint("this kernel has no %s namespaces", gons_i_types[i].noun);
		else if (gons_i_types[i].flag == CLONE_NEWUSER)
			gons_i_hint("the process must have one thread only");
	}
}

void gons_i_hint_refusal(enum gons_i_refused refused, int types)
{
	int errnum = errno;

	if (errnum == EACCES && access(".", X_OK) < 0)
		gons_i_hint("this user may not enter the present working directory: change to "
			    "another one");
	else if (errnum == EPERM || errnum == EACCES)
		hint_permission(refused, types);
	else if (errnum == ENOSPC)
		hint_limit(types);
	else if (errnum == EINVAL)
		hint_invalid(types);
	errno = errnum;
}

int gons_i_fail_switch(enum gons_i_refused refused, const char *verb, int types)
{
	char nouns[GONS_I_NOUNS_SIZE];
	int errnum = errno;

	(void)gons_i_nouns(types, nouns);
	if (refused == GONS_I_REFUSED_RETURN)
		(void)gons_i_fail(errnum,
				  "this thread cannot come back to the %s namespace it was in",
				  nouns);
	else
		(void)gons_i_fail(errnum, "cannot %s %s %s namespace", verb,
				  nouns[0] == 'I' ? "an" : "a", nouns);
	gons_i_hint_refusal(refused, types);
	return -1;
}

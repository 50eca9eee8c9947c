/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Causes of a refusal: sysctls, kernel options, security modules, and where the process is.
 */
#include <ctype.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <gons/privilege.h>

#include "gons/base/caps.h"
#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/mounts.h"
#include "gons/base/procfs.h"
#include "gons/base/types.h"
#include "gons/diagnosis/cause.h"
#include "gons/diagnosis/refusal.h"

/* ---- sysctls ---- */

/* The number in a file below /proc/sys, or -1 with errno. */
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

static long read_limit(const struct gons_i_type *entry)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "user/%s", entry->limit); /* always fits */
	return read_sysctl(name);
}

bool gons_i_limit_is_zero(int types)
{
	for (size_t i = 0; i < GONS_I_TYPES; i++)
		if ((types & gons_i_types[i].flag) && read_limit(&gons_i_types[i]) == 0)
			return true;
	return false;
}

/* Above the initial user namespace there is no other one to have a limit. The kernel has given
 * it the same inode number from the beginning. */
static bool is_initial_user_namespace(void)
{
	char path[GONS_I_OWN_PATH_SIZE];
	struct stat st;

	return stat(gons_i_own_path(gons_i_type_entry(CLONE_NEWUSER), path), &st) == 0 &&
	       st.st_ino == 0xeffffffdU;
}

static void hint_limit(const struct gons_i_type *entry)
{
	const long limit = read_limit(entry);

	if (limit < 0)
		gons_i_explain("the limit user.%s is reached here (it cannot be read in /proc/sys: "
			       "%m) or in a user namespace further up",
			       entry->limit);
	else if (limit == 0 || is_initial_user_namespace())
		gons_i_explain("the limit user.%s is reached here (%ld): raise it", entry->limit,
			       limit);
	else
		gons_i_explain("the limit user.%s is reached here (%ld) or in a user namespace "
			       "further up: raise it there",
			       entry->limit, limit);
}

void gons_i_explain_limits(int types)
{
	const int errnum = errno;
	const bool any_is_zero = gons_i_limit_is_zero(types);

	for (size_t i = 0; i < GONS_I_TYPES; i++)
		if ((types & gons_i_types[i].flag) &&
		    (!any_is_zero || read_limit(&gons_i_types[i]) == 0))
			hint_limit(&gons_i_types[i]);
	errno = errnum;
}

bool gons_i_clone_is_off(void)
{
	const int errnum = errno;
	const bool off = read_sysctl("kernel/unprivileged_userns_clone") == 0;

	errno = errnum;
	return off;
}

/* ---- kernel options ---- */

static bool is_missing(const struct gons_i_type *entry)
{
	char path[GONS_I_OWN_PATH_SIZE];

	return access(gons_i_own_path(entry, path), F_OK) < 0 && errno == ENOENT &&
	       access("/proc/thread-self/ns", F_OK) == 0;
}

/* "CONFIG_NET_NS" */
static const char *name_option(const struct gons_i_type *entry, char option[32])
{
	char *letter;

	if (entry->flag == CLONE_NEWCGROUP)
		return "CONFIG_CGROUPS";
	(void)snprintf(option, 32, "CONFIG_%s_NS", entry->name); /* always fits */
	for (letter = option; *letter != '\0'; letter++)
		*letter = (char)toupper((unsigned char)*letter);
	return option;
}

bool gons_i_explain_options(int types)
{
	const int errnum = errno;
	bool any = false;
	char option[32];

	for (size_t i = 0; i < GONS_I_TYPES; i++) {
		const struct gons_i_type *entry = &gons_i_types[i];

		if (!(types & entry->flag) || !is_missing(entry))
			continue;
		any = true;
		gons_i_explain("this kernel has no %s namespaces: it was built without %s",
			       entry->long_name, name_option(entry, option));
	}
	errno = errnum;
	return any;
}

/* ---- security modules ---- */

/* What a module calls this process. False where it leaves it alone, or none tells. */
static bool read_label(const char *path, char *label, size_t size)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, label, size - 1);

	if (length <= 0)
		return false;
	label[length] = '\0';
	label[strcspn(label, "\n")] = '\0';
	return label[0] != '\0' && strcmp(label, "unconfined") != 0;
}

/* capget(2) asks the module, procfs does not. */
bool gons_i_is_taken(int cap)
{
	const int errnum = errno;
	uint64_t caps;
	const bool taken = gons_i_status_number("CapEff", 16, &caps) == 0 && (caps >> cap & 1) &&
			   !gons_i_has_cap(cap);

	errno = errnum;
	return taken;
}

/* Only AppArmor's labels end in a mode. */
static bool is_profile(const char *label)
{
	return label[strlen(label) - 1] == ')';
}

void gons_i_explain_confinement(const char *forbids)
{
	const int errnum = errno;
	char label[128];

	if (!read_label("/proc/thread-self/attr/apparmor/current", label, sizeof(label)) &&
	    !read_label("/proc/thread-self/attr/current", label, sizeof(label)))
		gons_i_explain("a security module, such as AppArmor or Landlock, %s", forbids);
	else if (!is_profile(label))
		gons_i_explain("a security module, for which this process is \"%s\", %s", label,
			       forbids);
	else if (strstr(label, "unprivileged_userns"))
		gons_i_explain(
			"the AppArmor profile %s %s, as in all user namespaces of unprivileged "
			"users: set kernel.apparmor_restrict_unprivileged_userns to 0, or give "
			"this program a profile that allows userns",
			label, forbids);
	else
		gons_i_explain("the AppArmor profile %s %s: run unconfined (apparmor=unconfined)",
			       label, forbids);
	errno = errnum;
}

/* ---- user namespaces ---- */

/* Roots of other mounts look the same as the namespace's own. */
static bool is_below_chroot(void)
{
	return gons_i_mount_root("/", 0) == 0;
}

/* Whether a user or group (path tells which) has a number in this user namespace. */
static bool is_mapped(const char *path, unsigned id)
{
	FILE *file = fopen(path, "re");
	unsigned long inside, outside, count;
	bool mapped = false;

	if (!file)
		return true;
	while (!mapped && fscanf(file, "%lu %lu %lu", &inside, &outside, &count) == 3)
		mapped = id >= inside && id - inside < count;
	(void)fclose(file);
	return mapped;
}

bool gons_i_is_procfs_read_only(void)
{
	const int errnum = errno;
	struct statvfs st;
	const bool is = statvfs("/proc/thread-self/uid_map", &st) == 0 && (st.f_flag & ST_RDONLY);

	errno = errnum;
	return is;
}

static const struct gons_i_obstacle *find_obstacle(void)
{
	static const struct gons_i_obstacle option = {
		"this kernel was built without user namespaces (CONFIG_USER_NS)", NULL
	};
	static const struct gons_i_obstacle limit = {
		"unprivileged user namespaces are off (user.max_user_namespaces is 0)", "raise it"
	};
	static const struct gons_i_obstacle debian = {
		"unprivileged user namespaces are off (kernel.unprivileged_userns_clone is 0)",
		"set it to 1"
	};
	static const struct gons_i_obstacle below_chroot = {
		"the kernel makes no user namespaces below a chroot(2)", NULL
	};
	static const struct gons_i_obstacle unmapped = {
		"the kernel makes no user namespaces for a user or group that is not mapped in the "
		"present one",
		"map it"
	};
	static const struct gons_i_obstacle apparmor = {
		"AppArmor leaves unprivileged user namespaces without powers "
		"(kernel.apparmor_restrict_unprivileged_userns is 1)",
		"set it to 0, or give this program a profile that allows userns"
	};

	if (is_missing(gons_i_type_entry(CLONE_NEWUSER)))
		return &option;
	if (read_sysctl("user/max_user_namespaces") == 0)
		return &limit;
	if (gons_i_clone_is_off())
		return &debian;
	if (is_below_chroot())
		return &below_chroot;
	if (!is_mapped("/proc/thread-self/uid_map", geteuid()) ||
	    !is_mapped("/proc/thread-self/gid_map", getegid()))
		return &unmapped;
	if (read_sysctl("kernel/apparmor_restrict_unprivileged_userns") == 1)
		return &apparmor;
	return NULL;
}

const struct gons_i_obstacle *gons_i_find_obstacle(void)
{
	const int errnum = errno;
	const struct gons_i_obstacle *obstacle = find_obstacle();

	errno = errnum;
	return obstacle;
}

/* Whether one of the thread's namespaces of these types belongs to a user namespace further up:
 * asked for its owner, the kernel names only what is below the caller. */
bool gons_i_is_foreign(int types)
{
	for (size_t i = 0; i < GONS_I_TYPES; i++) {
		char path[GONS_I_OWN_PATH_SIZE];
		cleanup_fd int own_fd = -1;
		cleanup_fd int owner_fd = -1;

		/* Not gons_i_open_own(), which has a message of its own. */
		if (types & gons_i_types[i].flag)
			own_fd =
				open(gons_i_own_path(&gons_i_types[i], path), O_RDONLY | O_CLOEXEC);
		if (own_fd < 0)
			continue;
		owner_fd = ioctl(own_fd, NS_GET_USERNS);
		if (owner_fd < 0 && errno == EPERM)
			return true;
	}
	return false;
}

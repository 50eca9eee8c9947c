/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings of the kernel: sysctls, limits on namespaces, and options that it was built with.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/signal_safe_read.h"
#include "gons/base/procfs.h"
#include "gons/base/types.h"
#include "gons/diagnosis/cause.h"
#include "gons/diagnosis/refusal.h"

/* ---- sysctls ---- */

long gons_i_read_sysctl(const char *name)
{
	struct gons_i_lines lines;
	const char *line;
	char path[96];
	char *end;
	long value;

	(void)snprintf(path, sizeof(path), "/proc/sys/%s", name); /* cut: not found */
	if (gons_i_lines_open(&lines, path) < 0)
		return -1;
	line = gons_i_lines_next(&lines);
	value = line ? strtol(line, &end, 10) : -1;
	if (line && end == line)
		value = -1;
	gons_i_lines_close(&lines);
	return value;
}

bool gons_i_userns_clone_is_off(void)
{
	const int errnum = errno;
	const bool off = gons_i_read_sysctl("kernel/unprivileged_userns_clone") == 0;

	errno = errnum;
	return off;
}

/* ---- limits ---- */

static long read_limit(const struct gons_i_type *entry)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "user/%s", entry->limit); /* always fits */
	return gons_i_read_sysctl(name);
}

bool gons_i_limit_is_zero(int types)
{
	for (size_t i = 0; i < GONS_I_TYPES; i++)
		if ((types & gons_i_types[i].flag) && read_limit(&gons_i_types[i]) == 0)
			return true;
	return false;
}

/* Inode numbers that are constants of the kernel. */
enum initial { INITIAL_USER = 0xeffffffdU, INITIAL_PID = 0xeffffffcU };

static bool is_initial(int type, enum initial ino)
{
	struct stat st;

	return stat(gons_i_type_entry(type)->own_path, &st) == 0 && st.st_ino == ino;
}

/* The initial user namespace has no ancestor with another limit. */
static bool is_initial_user_namespace(void)
{
	return is_initial(CLONE_NEWUSER, INITIAL_USER);
}

/* Whether the limit that is reached may be that of an ancestor. */
static bool may_be_of_ancestor(int types)
{
	if (is_initial_user_namespace())
		return false;
	for (size_t i = 0; i < GONS_I_TYPES; i++)
		if ((types & gons_i_types[i].flag) && read_limit(&gons_i_types[i]) == 0)
			return false;
	return true;
}

/* "user.max_net_namespaces = 0, user.max_uts_namespaces = 5" */
static void list_limits(int types, bool only_zero, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < GONS_I_TYPES && used < size; i++) {
		const struct gons_i_type *entry = &gons_i_types[i];
		const char *separator = used == 0 ? "" : ", ";
		long limit;

		if (!(types & entry->flag))
			continue;
		limit = read_limit(entry);
		if (limit < 0)
			used += (size_t)snprintf(buf + used, size - used,
						 "%suser.%s, which cannot be read: %s", separator,
						 entry->limit, gons_i_errno_text(errno));
		else if (limit == 0 || !only_zero)
			used += (size_t)snprintf(buf + used, size - used, "%suser.%s = %ld",
						 separator, entry->limit, limit);
	}
}

/* Whether they may be nested as deep as the kernel allows, which nothing shows. The kernel answers as
 * if the limit were reached. */
static bool may_be_nested(int types)
{
	return ((types & CLONE_NEWUSER) && !is_initial_user_namespace()) ||
	       ((types & CLONE_NEWPID) && !is_initial(CLONE_NEWPID, INITIAL_PID));
}

void gons_i_diagnose_limits(int types)
{
	const int errnum = errno;
	const bool is_zero = gons_i_limit_is_zero(types);
	const bool nested = !is_zero && may_be_nested(types);
	const char *also = nested ? ", or the kernel nests them no deeper (32 levels)" : "";
	const char *fewer = nested ? ", or nest fewer" : "";
	char limits[512];

	list_limits(types, is_zero, limits, sizeof(limits));
	if (may_be_of_ancestor(types)) {
		gons_i_add_cause("the limit is reached in this user namespace (%s) or in an "
				 "ancestor%s",
				 limits, also);
		gons_i_add_remedy("raise it there%s", fewer);
	} else {
		gons_i_add_cause("the limit is reached (%s)%s", limits, also);
		gons_i_add_remedy("raise it%s", fewer);
	}
	errno = errnum;
}

/* ---- kernel options ---- */

/* The link itself is looked for: proot(1) follows it, as if it led to a file of its text. */
bool gons_i_lacks_type(int type)
{
	const int errnum = errno;
	struct stat st;
	const bool lacks = lstat(gons_i_type_entry(type)->own_path, &st) < 0 && errno == ENOENT &&
			   access("/proc/thread-self/ns", F_OK) == 0;

	errno = errnum;
	return lacks;
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

bool gons_i_diagnose_options(int types)
{
	const int errnum = errno;
	char names[GONS_I_TYPE_NAMES_SIZE], options[160], option[32];
	size_t used = 0;
	int missing = 0;

	options[0] = '\0';
	for (size_t i = 0; i < GONS_I_TYPES; i++) {
		const struct gons_i_type *entry = &gons_i_types[i];

		if (!(types & entry->flag) || !gons_i_lacks_type(entry->flag))
			continue;
		used += (size_t)snprintf(options + used, sizeof(options) - used, "%s%s",
					 missing ? ", " : "", name_option(entry, option));
		missing |= entry->flag;
	}
	(void)gons_i_type_names(missing, names);
	if (missing && !gons_i_diagnose_gvisor("%s namespaces", names))
		gons_i_add_cause("this kernel was built without %s namespaces (%s)", names,
				 options);
	errno = errnum;
	return missing != 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The eight namespace types.
 */
#include <stdio.h>
#include <string.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/types.h"

#define OWN "/proc/thread-self/ns/"

const struct gons_i_type gons_i_types[GONS_I_TYPES] = {
	{ CLONE_NEWNET, "net", OWN "net", "network", "max_net_namespaces" },
	{ CLONE_NEWNS, "mnt", OWN "mnt", "mount", "max_mnt_namespaces" },
	{ CLONE_NEWUTS, "uts", OWN "uts", "UTS", "max_uts_namespaces" },
	{ CLONE_NEWIPC, "ipc", OWN "ipc", "IPC", "max_ipc_namespaces" },
	{ CLONE_NEWCGROUP, "cgroup", OWN "cgroup", "cgroup", "max_cgroup_namespaces" },
	{ CLONE_NEWPID, "pid", OWN "pid", "PID", "max_pid_namespaces" },
	{ CLONE_NEWUSER, "user", OWN "user", "user", "max_user_namespaces" },
	{ CLONE_NEWTIME, "time", OWN "time", "time", "max_time_namespaces" },
};

const struct gons_i_type *gons_i_type_entry(int type)
{
	for (size_t i = 0; i < GONS_I_TYPES; i++)
		if (gons_i_types[i].flag == type)
			return &gons_i_types[i];
	return NULL;
}

const struct gons_i_type *gons_i_one_type(int type)
{
	const struct gons_i_type *entry = gons_i_type_entry(type);
	char names[GONS_I_TYPE_NAMES_SIZE];

	if (entry || gons_i_check_types(type) < 0)
		return entry;
	(void)gons_i_fail(EINVAL, "type is %s: not exactly one namespace type",
			  gons_i_type_names(type, names));
	return NULL;
}

const char *gons_i_type_names(int types, char buf[GONS_I_TYPE_NAMES_SIZE])
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < GONS_I_TYPES; i++) {
		if (!(types & gons_i_types[i].flag))
			continue;
		types &= ~gons_i_types[i].flag;
		used += (size_t)snprintf(buf + used, GONS_I_TYPE_NAMES_SIZE - used, "%s%s",
					 used == 0 ? "" : (types ? ", " : " and "),
					 gons_i_types[i].long_name);
	}
	return buf;
}

GONS_EXPORT const char *gons_type_name(int type)
{
	const struct gons_i_type *entry = gons_i_one_type(type);

	return entry ? entry->name : NULL;
}

GONS_EXPORT int gons_type_from_name(const char *name)
{
	if (!name)
		return gons_i_fail(EINVAL, "name is NULL");
	for (size_t i = 0; i < GONS_I_TYPES; i++)
		if (strcmp(gons_i_types[i].name, name) == 0)
			return gons_i_types[i].flag;
	return gons_i_fail(EINVAL, "\"%s\" is not a namespace type", name);
}

int gons_i_check_types(int types)
{
	if (types == 0)
		return gons_i_fail(EINVAL, "0 is not a namespace type");
	if (types & ~GONS_ALL_TYPES)
		return gons_i_fail(EINVAL, "the types have flags that are not namespace types");
	return 0;
}

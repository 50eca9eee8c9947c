/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network namespaces: the calls of gons.h for this type, and the names of ip-netns(8).
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <gons/netns.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/core/enter.h"

GONS_EXPORT int gons_netns_enter_transient(void)
{
	return gons_enter_transient(CLONE_NEWNET);
}

GONS_EXPORT int gons_netns_new_transient(void)
{
	return gons_new_transient(CLONE_NEWNET);
}

GONS_EXPORT int gons_netns_execute(int nsfd, void (*fn)(void *), void *arg)
{
	return gons_i_execute(nsfd, CLONE_NEWNET, fn, arg);
}

GONS_EXPORT int gons_netns_current(void)
{
	return gons_current(CLONE_NEWNET);
}

GONS_EXPORT uint64_t gons_netns_ino(int nsfd)
{
	return gons_ino(nsfd, CLONE_NEWNET);
}

GONS_EXPORT uint64_t gons_netns_path_ino(const char *path)
{
	return gons_path_ino(path, CLONE_NEWNET);
}

GONS_EXPORT uint64_t gons_netns_current_ino(void)
{
	return gons_current_ino(CLONE_NEWNET);
}

GONS_EXPORT int gons_netns_open_named(const char *name)
{
	char path[PATH_MAX];

	if (!name)
		return gons_i_fail(EINVAL, "name is NULL");
	if (name[0] == '\0' || strchr(name, '/') || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return gons_i_fail(EINVAL, "\"%s\" cannot be the name of a network namespace",
				   name);
	if ((size_t)snprintf(path, sizeof(path), "/run/netns/%s", name) >= sizeof(path))
		return gons_i_fail(ENAMETOOLONG, "the name of a network namespace is too long");
	return gons_open(path, CLONE_NEWNET);
}

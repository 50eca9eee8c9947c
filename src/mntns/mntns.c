/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mount namespaces: the core's calls with the type fixed.
 */
#include <gons/mntns.h>

#include "gons/base/common.h"
#include "gons/core/enter.h"

GONS_EXPORT int gons_mntns_enter_transient(void)
{
	return gons_enter_transient(CLONE_NEWNS);
}

GONS_EXPORT int gons_mntns_execute(int nsfd, void (*fn)(void *), void *arg)
{
	return gons_i_execute(nsfd, CLONE_NEWNS, fn, arg);
}

GONS_EXPORT int gons_mntns_current(void)
{
	return gons_current(CLONE_NEWNS);
}

GONS_EXPORT uint64_t gons_mntns_ino(int nsfd)
{
	return gons_ino(nsfd, CLONE_NEWNS);
}

GONS_EXPORT uint64_t gons_mntns_path_ino(const char *path)
{
	return gons_path_ino(path, CLONE_NEWNS);
}

GONS_EXPORT uint64_t gons_mntns_current_ino(void)
{
	return gons_current_ino(CLONE_NEWNS);
}

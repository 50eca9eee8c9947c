/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mount namespaces: the core's calls with the type fixed.
 */
#include <sys/stat.h>

#include <gons/mntns.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/core/nsfd.h"
#include "gons/core/scope.h"

GONS_EXPORT int gons_mntns_enter_transient(void)
{
	return gons_enter_transient(CLONE_NEWNS);
}

static int restore_umask(void *data)
{
	(void)umask(*(mode_t *)data);
	return 0;
}

/* A forked child keeps the umask that it has. */
static void drop_umask(void *data)
{
	(void)data;
}

struct call {
	void (*fn)(void *);
	void *arg;
};

/*
 * In the namespace, where the thread shares its umask with no other thread. The record goes
 * together with the return to the previous namespace, also where fn leaves by longjmp(3).
 */
static void call_with_umask(void *arg)
{
	static const struct gons_i_undo undo = { .undo = restore_umask,
						 .drop = drop_umask,
						 .is_way_back = true };
	const struct call *call = arg;
	const mode_t mask = umask(0);

	(void)umask(mask);
	(void)gons_i_scope_push(&undo, &mask, sizeof(mask));
	call->fn(call->arg);
}

GONS_EXPORT int gons_mntns_execute(int nsfd, void (*fn)(void *), void *arg)
{
	struct call call = { fn, arg };

	if (!fn)
		return gons_i_fail(EINVAL, "fn is NULL");
	if (gons_i_check_type(nsfd, CLONE_NEWNS) < 0 || gons_i_scope_reserve(2) < 0)
		return -1;
	return gons_execute(nsfd, call_with_umask, &call);
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

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The new namespaces of a test, created when it begins or in advance.
 */
#include <gons/cmocka_glue.h>
#include <gons/mntns.h>
#include <gons/netns.h>
#include <gons/set.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/types.h"
#include "test/test.h"

enum { NET_AND_MNT = CLONE_NEWNET | CLONE_NEWNS };

/* The types of gons_cmocka_pool(), and the pool of the current run. */
static int pool_types;
static unsigned pool_wanted;
static gons_pool *pool;

/* Runs in new namespaces of these types. */
static int furnish(int types)
{
	if ((types & NET_AND_MNT) == NET_AND_MNT && gons_mntns_mount_sysfs_ro() < 0)
		return -1;
	return types & CLONE_NEWNET ? gons_netns_loopback_up() : 0;
}

struct furnishing {
	int types;
	int result;
};

static void furnish_here(void *arg)
{
	struct furnishing *furnishing = arg;

	furnishing->result = furnish(furnishing->types);
}

/* Runs on the pool's thread, too. */
static int furnish_set(const gons_set *set, void *arg)
{
	struct furnishing furnishing = { gons_set_types(set) & NET_AND_MNT, -1 };
	int nsfds[2];
	size_t n = 0;

	(void)arg;
	if (furnishing.types & CLONE_NEWNET)
		nsfds[n++] = gons_set_fd(set, CLONE_NEWNET);
	if (furnishing.types & CLONE_NEWNS)
		nsfds[n++] = gons_set_fd(set, CLONE_NEWNS);
	if (gons_execute_all(nsfds, n, furnish_here, &furnishing) < 0)
		return -1;
	return furnishing.result;
}

GONS_EXPORT int gons_cmocka_pool(int types, unsigned n)
{
	if (types == 0 || (types & ~GONS_I_SWITCHABLE_FLAGS))
		return gons_enter_transient(types); /* refuses these */
	pool_types = types;
	pool_wanted = n;
	return 0;
}

/* If the pool is refused, each test creates its own namespaces, and gets the reason of a
 * refusal. */
void gons_i_test_pool_begins(void)
{
	if (pool_wanted == 0)
		return;
	pool = gons_pool_new(pool_types, pool_types & CLONE_NEWNET ? furnish_set : NULL, NULL);
	if (pool && gons_pool_start(pool, pool_wanted) == 0)
		return;
	gons_i_test_pool_ends();
}

void gons_i_test_pool_ends(void)
{
	gons_pool_close(pool);
	pool = NULL;
}

int gons_i_test_enter(int types)
{
	gons_set *set = pool && pool_types == types ? gons_pool_get(pool) : NULL;
	int result;

	if (!set)
		return gons_enter_transient(types) < 0 ? -1 : furnish(types);
	result = gons_set_enter(set);
	gons_set_close(set); /* keeps errno; a thread that is inside needs no descriptor */
	return result;
}

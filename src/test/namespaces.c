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

/* Mounts /sys and brings loopback up, as the types require. Runs in the new namespaces. */
static int set_up_network(int types)
{
	if ((types & NET_AND_MNT) == NET_AND_MNT && gons_mntns_mount_sysfs_ro() < 0)
		return -1;
	return types & CLONE_NEWNET ? gons_netns_loopback_up() : 0;
}

struct set_up {
	int types;
	int result;
};

static void set_up_here(void *arg)
{
	struct set_up *set_up = arg;

	set_up->result = set_up_network(set_up->types);
}

/* The callback of the pool, which also calls it on its thread. */
static int set_up_set(const gons_set *set, void *arg)
{
	struct set_up set_up = { gons_set_types(set) & NET_AND_MNT, -1 };
	int nsfds[2];
	size_t n = 0;

	(void)arg;
	if (set_up.types & CLONE_NEWNET)
		nsfds[n++] = gons_set_fd(set, CLONE_NEWNET);
	if (set_up.types & CLONE_NEWNS)
		nsfds[n++] = gons_set_fd(set, CLONE_NEWNS);
	if (gons_execute_all(nsfds, n, set_up_here, &set_up) < 0)
		return -1;
	return set_up.result;
}

GONS_EXPORT int gons_cmocka_pool(int types, unsigned n)
{
	if (types == 0 || (types & ~GONS_I_SWITCHABLE_FLAGS))
		return gons_enter_transient(types); /* fails with the message for these types */
	pool_types = types;
	pool_wanted = n;
	return 0;
}

/* If the pool cannot be created, each test creates its own namespaces, and reports why it
 * cannot. */
void gons_i_test_pool_begins(void)
{
	if (pool_wanted == 0)
		return;
	pool = gons_pool_new(pool_types, pool_types & CLONE_NEWNET ? set_up_set : NULL, NULL);
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
		return gons_enter_transient(types) < 0 ? -1 : set_up_network(types);
	result = gons_set_enter(set);
	gons_set_close(set); /* keeps errno; a thread that is inside needs no descriptor */
	return result;
}

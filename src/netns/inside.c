/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A few system calls in another network namespace.
 */
#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/procfs.h"
#include "gons/base/types.h"
#include "netns/inside.h"

struct visit {
	int (*fn)(void *);
	void *arg;
	int result;
	struct gons_i_failure failure; /* returning could replace the message */
};

static void visit(void *arg)
{
	struct visit *visit = arg;

	visit->result = visit->fn(visit->arg);
	if (visit->result < 0)
		gons_i_failure_save(&visit->failure);
}

int gons_i_netns_inside(int nsfd, int (*fn)(void *), void *arg)
{
	struct visit there = { .fn = fn, .arg = arg };

	if (nsfd == -1 || gons_i_is_own(nsfd, gons_i_type_entry(CLONE_NEWNET)))
		return fn(arg);
	if (gons_execute(nsfd, visit, &there) < 0)
		return -1;
	return there.result < 0 ? gons_i_failure_restore(&there.failure) : there.result;
}

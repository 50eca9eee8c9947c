/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Executes a function in another network namespace, if the thread is not in it already.
 */
#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/procfs.h"
#include "gons/base/types.h"
#include "netns/execute.h"

struct call {
	int (*fn)(void *);
	void *arg;
	int result;
	struct gons_i_failure failure; /* returning could replace the message */
};

static void run_call(void *arg)
{
	struct call *call = arg;

	call->result = call->fn(call->arg);
	if (call->result < 0)
		gons_i_failure_save(&call->failure);
}

int gons_i_netns_execute(int nsfd, int (*fn)(void *), void *arg)
{
	struct call call = { .fn = fn, .arg = arg };

	if (nsfd == -1 || gons_i_is_own(nsfd, gons_i_type_entry(CLONE_NEWNET)))
		return fn(arg);
	if (gons_execute(nsfd, run_call, &call) < 0)
		return -1;
	return call.result < 0 ? gons_i_failure_restore(&call.failure) : call.result;
}

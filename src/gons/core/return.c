/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The return to a saved context, as a record on the scope.
 */
#include <sys/stat.h>

#include "gons/base/common.h"
#include "gons/core/saved_context.h"
#include "gons/core/scope.h"
#include "gons/core/thread_state.h"

static void (*_Atomic on_return)(void);

void gons_i_set_return_hook(void (*fn)(void))
{
	on_return = fn;
}

static int undo_switch(void *data)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct gons_i_context *context = data;
	int result;

	gons_i_context_disown_closed(context);
	result = gons_i_context_restore(context);
	if (context->types & CLONE_NEWNS)
		(void)umask(context->umask);
	gons_i_context_close(context);
	gons_i_add_returns(-1);
	if (on_return)
		on_return();
	return result;
}

static void drop_switch(void *data)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct gons_i_context *context = data;

	gons_i_context_disown_closed(context);
	gons_i_context_close(context);
	gons_i_add_returns(-1);
}

static void each_nsfd(const void *data, void (*fn)(int nsfd, const char *name, void *arg),
		      void *arg)
{
	const struct gons_i_context *context = data;

	for (size_t i = 0; i < GONS_I_ENTERABLE; i++)
		if (context->fd[i] >= 0)
			fn(context->fd[i], NULL, arg);
}

static const struct gons_i_undo switched = {
	.undo = undo_switch, .drop = drop_switch, .is_return = true, .each_nsfd = each_nsfd
};

unsigned gons_i_context_record(struct gons_i_context *context)
{
	_Static_assert(sizeof(*context) <= GONS_I_RECORD_SIZE, "a context fits into a record");
	/* A thread that has changed its mount namespace shares its umask with no other thread, so
	 * none sees the umask that is set here for a moment. */
	if (context->types & CLONE_NEWNS) {
		context->umask = umask(077);
		(void)umask(context->umask);
	}
	gons_i_add_returns(1);
	return gons_i_scope_push(&switched, context, sizeof(*context));
}

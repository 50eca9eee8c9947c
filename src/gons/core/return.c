/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way back of a switch, as a record on the scope.
 */
#include "gons/base/common.h"
#include "gons/core/saved_context.h"
#include "gons/core/scope.h"
#include "gons/core/thread_state.h"

static void (*_Atomic on_return)(void);

void gons_i_on_return(void (*fn)(void))
{
	on_return = fn;
}

static int undo_way_back(void *data)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct gons_i_context *place = data;
	int result = gons_i_context_restore(place);

	gons_i_context_close(place);
	gons_i_go_away(-1);
	if (on_return)
		on_return();
	return result;
}

static void drop_way_back(void *data)
{
	uncancelled int cancel = gons_i_forbid_cancel();

	gons_i_context_close(data);
	gons_i_go_away(-1);
}

static void each_nsfd(const void *data, void (*fn)(int nsfd, const char *name, void *arg),
		      void *arg)
{
	const struct gons_i_context *place = data;

	for (size_t i = 0; i < GONS_I_SWITCHABLE; i++)
		if (place->fd[i] >= 0)
			fn(place->fd[i], NULL, arg);
}

static const struct gons_i_undo way_back = {
	.undo = undo_way_back, .drop = drop_way_back, .is_way_back = true, .each_nsfd = each_nsfd
};

unsigned gons_i_context_record(struct gons_i_context *place)
{
	_Static_assert(sizeof(*place) <= GONS_I_RECORD_SIZE, "a place fits into a record");
	gons_i_go_away(1);
	return gons_i_scope_push(&way_back, place, sizeof(*place));
}

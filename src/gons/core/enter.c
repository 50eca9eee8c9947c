/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Existing namespaces: entered until the scope ends, or for the time of one function.
 */
#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/types.h"
#include "gons/core/enter.h"
#include "gons/core/saved_context.h"
#include "gons/core/scope.h"
#include "gons/core/switch.h"

/* The types of these descriptors, one each, all of them such that a thread can come back. */
static int check_targets(const int *nsfds, size_t n, int types[GONS_I_SWITCHABLE], int *ret_all)
{
	int all = 0;

	for (size_t i = 0; i < n; i++) {
		int type = gons_type(nsfds[i]);

		if (type < 0)
			return -1;
		if (!(type & GONS_I_SWITCHABLE_FLAGS)) {
			(void)gons_i_fail(EINVAL, "cannot enter a %s namespace and come back",
					  gons_i_type_entry(type)->long_name);
			gons_i_explain("use gons_set_run(), in a child");
			return -1;
		}
		if (all & type)
			return gons_i_fail(EINVAL, "cannot enter two %s namespaces at once",
					   gons_i_type_entry(type)->long_name);
		types[i] = type;
		all |= type;
	}
	*ret_all = all;
	return 0;
}

int gons_i_enter(const int *nsfds, size_t n, enum gons_i_return_check proof, unsigned *ret_number)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	int types[GONS_I_SWITCHABLE];
	struct gons_i_context place;
	int all = 0;

	if (check_targets(nsfds, n, types, &all) < 0 || gons_i_scope_reserve(1) < 0 ||
	    gons_i_context_save_checked(nsfds, n, all, proof, &place) < 0)
		return -1;
	if (gons_i_switch_to(nsfds, types, n, &place) < 0) {
		gons_i_context_close(&place);
		return -1;
	}
	*ret_number = gons_i_context_record(&place);
	return 0;
}

GONS_EXPORT int gons_enter(int nsfd)
{
	unsigned number;

	return gons_i_enter(&nsfd, 1, GONS_I_RETURN_CHECK_AGAIN, &number);
}

GONS_EXPORT struct gons_in_block gons_in_block_begin(int nsfd)
{
	unsigned number;

	if (gons_i_enter(&nsfd, 1, GONS_I_RETURN_CHECK_ONCE, &number) < 0)
		return (struct gons_in_block){ .number = -1, .once = 0 };
	return (struct gons_in_block){ .number = (int)number, .once = 1 };
}

GONS_EXPORT void gons_in_block_end(struct gons_in_block *block)
{
	if (block->number >= 0 && gons_i_scope_return((unsigned)block->number) < 0)
		gons_i_abort_if_stranded();
}

GONS_EXPORT int gons_execute_all(const int *nsfds, size_t n, void (*fn)(void *), void *arg)
{
	unsigned number;

	if (!fn)
		return gons_i_fail(EINVAL, "cannot execute no function");
	if (!nsfds && n > 0)
		return gons_i_fail(EINVAL, "cannot execute in namespaces without descriptors");
	if (gons_i_enter(nsfds, n, GONS_I_RETURN_CHECK_ONCE, &number) < 0)
		return -1;
	fn(arg);
	return gons_i_scope_return(number);
}

GONS_EXPORT int gons_execute(int nsfd, void (*fn)(void *), void *arg)
{
	return gons_execute_all(&nsfd, 1, fn, arg);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Existing namespaces: entered until the scope ends, or for the time of a block or a function.
 */
#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/procfs.h"
#include "gons/base/types.h"
#include "gons/core/enter.h"
#include "gons/core/nsfd.h"
#include "gons/core/saved_context.h"
#include "gons/core/scope.h"
#include "gons/core/switch.h"
#include "gons/core/thread_state.h"

/* What is to be entered. */
struct targets {
	int all; /* their types */
	size_t n;
	int nsfd[GONS_I_ENTERABLE], type[GONS_I_ENTERABLE];
};

void gons_i_add_remedy_for_entering(int types)
{
	char names[GONS_I_TYPE_NAMES_SIZE];

	gons_i_add_cause("a thread cannot return from another %s namespace",
			 gons_i_type_names(types & ~GONS_I_ENTERABLE_FLAGS, names));
	gons_i_add_remedy("use gons_set_run(), which runs a function in a child");
}

/* Returns the type. A user or time namespace that the thread is in already is accepted, too; there
 * is nothing to enter then. */
static int check_target(int nsfd, int *seen)
{
	const struct gons_i_type *entry;
	int type = gons_type(nsfd);

	if (type < 0)
		return -1;
	entry = gons_i_type_entry(type);
	if (*seen & type)
		return gons_i_fail(EINVAL, "cannot enter two %s namespaces at once",
				   entry->long_name);
	*seen |= type;
	if ((type & GONS_I_ENTERABLE_FLAGS) || gons_i_is_own(nsfd, entry))
		return type;
	(void)gons_i_fail(EINVAL, "cannot enter a %s namespace", entry->long_name);
	gons_i_add_remedy_for_entering(type);
	return -1;
}

static int find_targets(const int *nsfds, size_t n, struct targets *targets)
{
	int seen = 0;

	for (size_t i = 0; i < n; i++) {
		int type = check_target(nsfds[i], &seen);

		if (type < 0)
			return -1;
		if (!(type & GONS_I_ENTERABLE_FLAGS))
			continue;
		targets->nsfd[targets->n] = nsfds[i];
		targets->type[targets->n++] = type;
		targets->all |= type;
	}
	return 0;
}

/* Removes the targets that the thread is in already, and returns their types. Targets of the
 * unexamined types stay. */
static int skip_own(struct targets *targets, const struct gons_i_context *context, int unexamined)
{
	size_t kept = 0;
	int own = 0;

	for (size_t i = 0; i < targets->n; i++) {
		size_t index = (size_t)(gons_i_type_entry(targets->type[i]) - gons_i_types);

		if (!(targets->type[i] & unexamined) &&
		    gons_i_file_id_is(&context->id[index], targets->nsfd[i])) {
			own |= targets->type[i];
			continue;
		}
		targets->nsfd[kept] = targets->nsfd[i];
		targets->type[kept++] = targets->type[i];
	}
	targets->n = kept;
	return own;
}

/*
 * If the return was checked before, entering a namespace that the thread is in already does no
 * harm, except for a mount namespace, which would give the thread another root. So for the other
 * types it is examined only after the kernel has refused something whether the thread is in them
 * already.
 */
static int switch_from(struct gons_i_context *context, struct targets *targets, const int *nsfds,
		       size_t n, enum gons_i_return_check check)
{
	const int unexamined =
		check == GONS_I_RETURN_CHECK_ONCE ? gons_i_checked_returns() & ~CLONE_NEWNS : 0;
	const bool was_stranded = gons_i_is_stranded();
	int own = skip_own(targets, context, unexamined);

	if (gons_i_context_check(context, own, nsfds, n, check) == 0 &&
	    gons_i_switch_to(targets->nsfd, targets->type, targets->n, context) == 0)
		return 0;
	own = gons_i_is_stranded() && !was_stranded ? 0 : skip_own(targets, context, ~unexamined);
	if (own == 0)
		return -1;
	if (gons_i_context_check(context, own, nsfds, n, check) < 0)
		return -1;
	return gons_i_switch_to(targets->nsfd, targets->type, targets->n, context);
}

/* nsfds are all that the caller has named, for messages. */
static int enter(struct targets *targets, const int *nsfds, size_t n,
		 enum gons_i_return_check check, unsigned *ret_number)
{
	struct gons_i_context context;

	if (gons_i_scope_reserve(1) < 0 || gons_i_context_save(targets->all, &context) < 0)
		return -1;
	if (switch_from(&context, targets, nsfds, n, check) < 0) {
		gons_i_context_close(&context);
		return -1;
	}
	*ret_number = gons_i_context_record(&context);
	return 0;
}

int gons_i_enter(const int *nsfds, size_t n, enum gons_i_return_check check, unsigned *ret_number)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct targets targets = { .n = 0 };

	if (find_targets(nsfds, n, &targets) < 0)
		return -1;
	return enter(&targets, nsfds, n, check, ret_number);
}

static int enter_type(int nsfd, int type, unsigned *ret_number)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct targets targets = { .all = type, .n = 1, .nsfd = { nsfd }, .type = { type } };

	if (gons_i_check_type(nsfd, type) < 0)
		return -1;
	return enter(&targets, &nsfd, 1, GONS_I_RETURN_CHECK_ONCE, ret_number);
}

int gons_i_execute(int nsfd, int type, void (*fn)(void *), void *arg)
{
	unsigned number;

	if (!fn)
		return gons_i_fail(EINVAL, "fn is NULL");
	if (enter_type(nsfd, type, &number) < 0)
		return -1;
	fn(arg);
	return gons_i_scope_return(number);
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
		return gons_i_fail(EINVAL, "fn is NULL");
	if (!nsfds && n > 0)
		return gons_i_fail(EINVAL, "nsfds is NULL and n is %zu", n);
	if (gons_i_enter(nsfds, n, GONS_I_RETURN_CHECK_ONCE, &number) < 0)
		return -1;
	fn(arg);
	return gons_i_scope_return(number);
}

GONS_EXPORT int gons_execute(int nsfd, void (*fn)(void *), void *arg)
{
	return gons_execute_all(&nsfd, 1, fn, arg);
}

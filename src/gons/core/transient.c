/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New namespaces: entered until the scope ends, or handed out as descriptors.
 */
#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/types.h"
#include "gons/core/nsfd.h"
#include "gons/core/saved_context.h"
#include "gons/core/scope.h"
#include "gons/core/switch.h"

static int check_types(int types)
{
	if (types == 0) {
		(void)gons_i_fail(EINVAL, "cannot enter new namespaces of no type");
		gons_i_explain("take one or several of CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWUTS, "
			       "CLONE_NEWIPC, CLONE_NEWCGROUP");
		return -1;
	}
	if (types & ~GONS_I_SWITCHABLE_FLAGS) {
		(void)gons_i_fail(EINVAL, "cannot enter new namespaces of types 0x%x",
				  (unsigned)types);
		if (types & CLONE_NEWUSER)
			gons_i_explain("no thread comes back from a user namespace: use "
				       "gons_become_root()");
		if (types & (CLONE_NEWPID | CLONE_NEWTIME))
			gons_i_explain("only a child would be in a new PID or time namespace: use "
				       "gons_set_unshare() and gons_set_run()");
		if (types &
		    ~(GONS_I_SWITCHABLE_FLAGS | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWTIME))
			gons_i_explain("these are not all namespace types");
		return -1;
	}
	return 0;
}

GONS_EXPORT int gons_enter_transient(int types)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct gons_i_context place;

	if (check_types(types) < 0 || gons_i_scope_reserve(1) < 0 ||
	    gons_i_context_save_checked(NULL, 0, types, GONS_I_RETURN_CHECK_AGAIN, &place) < 0)
		return -1;
	if (gons_i_switch_new(types, &place) < 0) {
		gons_i_context_close(&place);
		return -1;
	}
	(void)gons_i_context_record(&place);
	return 0;
}

static const struct gons_i_type *check_type(int type)
{
	const struct gons_i_type *entry = gons_i_type_entry(type);

	if (entry && (type & GONS_I_SWITCHABLE_FLAGS) && type != CLONE_NEWNS)
		return entry;
	(void)gons_i_fail(EINVAL, "cannot make a namespace of type 0x%x that nobody is in",
			  (unsigned)type);
	if (type == CLONE_NEWNS)
		gons_i_explain("use gons_mntns_new_transient()");
	else if (type == CLONE_NEWUSER || type == CLONE_NEWPID || type == CLONE_NEWTIME)
		gons_i_explain("use gons_set_unshare()");
	else
		gons_i_explain(
			"take one of CLONE_NEWNET, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWCGROUP");
	return NULL;
}

GONS_EXPORT int gons_new_transient(int type)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	const struct gons_i_type *entry = check_type(type);
	struct gons_i_context place;
	cleanup_fd int fd = -1;
	int result = -1;

	if (!entry || gons_i_scope_reserve(1) < 0 ||
	    gons_i_context_save_checked(NULL, 0, type, GONS_I_RETURN_CHECK_AGAIN, &place) < 0)
		return -1;
	if (gons_i_switch_new(type, &place) == 0) {
		fd = gons_i_open_own(entry);
		result = fd < 0 ? gons_i_switch_undo(&place, type) : gons_i_context_restore(&place);
	}
	gons_i_context_close(&place);
	return result < 0 ? -1 : gons_i_scope_push_fd(gons_i_take_fd(&fd));
}

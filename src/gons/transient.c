/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New namespaces: entered until the scope ends, or handed out as descriptors.
 */
#include "internal.h"
#include "switch.h"

static int check_types(int types)
{
	if (types == 0) {
		(void)gons_i_fail(EINVAL, "cannot enter new namespaces of no type");
		gons_i_hint("take one or several of CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWUTS, "
			    "CLONE_NEWIPC, CLONE_NEWCGROUP");
		return -1;
	}
	if (types & ~GONS_I_SWITCHABLE_FLAGS) {
		(void)gons_i_fail(EINVAL, "cannot enter new namespaces of types 0x%x",
				  (unsigned)types);
		if (types & CLONE_NEWUSER)
			gons_i_hint("no thread comes back from a user namespace: use "
				    "gons_become_root()");
		if (types & (CLONE_NEWPID | CLONE_NEWTIME))
			gons_i_hint("only a child would be in a new PID or time namespace: use "
				    "gons_set_unshare() and gons_set_run()");
		if (types &
		    ~(GONS_I_SWITCHABLE_FLAGS | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWTIME))
			gons_i_hint("these are not all namespace types");
		return -1;
	}
	return 0;
}

GONS_EXPORT int gons_enter_transient(int types)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct gons_i_place place;

	if (check_types(types) < 0 || gons_i_scope_reserve(1) < 0 ||
	    gons_i_place_open(NULL, 0, types, GONS_I_PROOF_AGAIN, &place) < 0)
		return -1;
	if (gons_i_switch_new(types, &place) < 0) {
		gons_i_place_close(&place);
		return -1;
	}
	(void)gons_i_place_record(&place);
	return 0;
}

static const struct gons_i_type *check_type(int type)
{
	const struct gons_i_type *row = gons_i_type_row(type);

	if (row && (type & GONS_I_SWITCHABLE_FLAGS) && type != CLONE_NEWNS)
		return row;
	(void)gons_i_fail(EINVAL, "cannot make a namespace of type 0x%x that nobody is in",
			  (unsigned)type);
	if (type == CLONE_NEWNS)
		gons_i_hint("use gons_mntns_new_transient()");
	else if (type == CLONE_NEWUSER || type == CLONE_NEWPID || type == CLONE_NEWTIME)
		gons_i_hint("use gons_set_unshare()");
	else
		gons_i_hint(
			"take one of CLONE_NEWNET, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWCGROUP");
	return NULL;
}

GONS_EXPORT int gons_new_transient(int type)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	const struct gons_i_type *row = check_type(type);
	struct gons_i_place place;
	cleanup_fd int fd = -1;
	int result = -1;

	if (!row || gons_i_scope_reserve(1) < 0 ||
	    gons_i_place_open(NULL, 0, type, GONS_I_PROOF_AGAIN, &place) < 0)
		return -1;
	if (gons_i_switch_new(type, &place) == 0) {
		fd = gons_i_open_own(row);
		result = fd < 0 ? gons_i_switch_undo(&place, type) : gons_i_place_return(&place);
	}
	gons_i_place_close(&place);
	return result < 0 ? -1 : gons_i_scope_push_fd(gons_i_take_fd(&fd));
}

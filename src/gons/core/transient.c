/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New namespaces: entered until the scope ends, or handed out as descriptors.
 */
#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/types.h"
#include "gons/core/netns_creation.h"
#include "gons/core/nsfd.h"
#include "gons/core/saved_context.h"
#include "gons/core/scope.h"
#include "gons/core/switch.h"

static int check_types(int types)
{
	const int others = types & ~GONS_I_SWITCHABLE_FLAGS & GONS_ALL_TYPES;
	char names[GONS_I_TYPE_NAMES_SIZE];

	if (types == 0) {
		(void)gons_i_fail(EINVAL, "types is 0");
		gons_i_add_remedy("use one or several of CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWUTS, "
				  "CLONE_NEWIPC, CLONE_NEWCGROUP");
		return -1;
	}
	if (types & ~GONS_ALL_TYPES)
		return gons_i_check_types(types);
	if (others == 0)
		return 0;
	(void)gons_i_type_names(others, names);
	(void)gons_i_fail(EINVAL, "cannot enter %s new %s namespace", gons_i_article(names), names);
	if (others & CLONE_NEWUSER) {
		gons_i_add_cause("a thread cannot return from a user namespace");
		gons_i_add_remedy("use gons_become_root()");
	}
	if (others & (CLONE_NEWPID | CLONE_NEWTIME)) {
		gons_i_add_cause("only a child process can be in a new PID or time namespace");
		gons_i_add_remedy("use gons_set_unshare() and gons_set_run()");
	}
	return -1;
}

GONS_EXPORT int gons_enter_transient(int types)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	const int last_pid = types & CLONE_NEWNET ? gons_i_earlier_pid() : -1;
	struct gons_i_context context;

	if (check_types(types) < 0 || gons_i_scope_reserve(1) < 0 ||
	    gons_i_context_save_checked(NULL, 0, types, GONS_I_RETURN_CHECK_AGAIN, &context) < 0)
		return -1;
	if (gons_i_switch_new(types, &context) < 0) {
		gons_i_context_close(&context);
		return -1;
	}
	if (types & CLONE_NEWNET)
		gons_i_netns_creation_note(-1, last_pid);
	(void)gons_i_context_record(&context);
	return 0;
}

static const struct gons_i_type *check_type(int type)
{
	const struct gons_i_type *entry = gons_i_type_entry(type);

	if (entry && (type & GONS_I_SWITCHABLE_FLAGS) && type != CLONE_NEWNS)
		return entry;
	if (!entry) {
		(void)gons_i_one_type(type);
		gons_i_add_remedy(
			"use one of CLONE_NEWNET, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWCGROUP");
		return NULL;
	}
	(void)gons_i_fail(EINVAL, "cannot create %s %s namespace without entering it",
			  gons_i_article(entry->long_name), entry->long_name);
	gons_i_add_remedy(type == CLONE_NEWNS ? "use gons_mntns_new_transient()"
					      : "use gons_set_unshare()");
	return NULL;
}

GONS_EXPORT int gons_new_transient(int type)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	const struct gons_i_type *entry = check_type(type);
	const int last_pid = type == CLONE_NEWNET ? gons_i_earlier_pid() : -1;
	struct gons_i_context context;
	cleanup_fd int fd = -1;
	int result = -1;

	if (!entry || gons_i_scope_reserve(1) < 0 ||
	    gons_i_context_save_checked(NULL, 0, type, GONS_I_RETURN_CHECK_AGAIN, &context) < 0)
		return -1;
	if (gons_i_switch_new(type, &context) == 0) {
		fd = gons_i_open_own(entry);
		result = fd < 0 ? gons_i_switch_undo(&context, type)
				: gons_i_context_restore(&context);
	}
	gons_i_context_close(&context);
	if (result == 0 && type == CLONE_NEWNET)
		gons_i_netns_creation_note(fd, last_pid);
	return result < 0 ? -1 : gons_i_scope_push_fd(gons_i_take_fd(&fd));
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gons_enter_network(): a new network that is ready for a test.
 */
#include <gons/mntns.h>
#include <gons/netns.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/core/scope.h"

GONS_EXPORT int gons_enter_network(void)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct gons_i_failure failure;
	int mark = gons_scope_begin();

	if (mark < 0)
		return -1;
	if (gons_netns_enter_transient() == 0 && gons_mntns_enter_transient() == 0 &&
	    gons_mntns_mount_sysfs_ro() == 0 && gons_netns_loopback_up() == 0) {
		gons_i_scope_remove((unsigned)mark); /* the records stay, on the caller's scope */
		return 0;
	}
	gons_i_failure_save(&failure);
	/* If the thread cannot return, that is the failure to report. */
	return gons_scope_end(mark) < 0 ? -1 : gons_i_failure_restore(&failure);
}

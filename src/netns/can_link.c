/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether this kernel has a kind of links, found out by trying in a child.
 */
#include <linux/rtnetlink.h>
#include <string.h>

#include <gons/privilege.h>

#include "gons/base/common.h"
#include "gons/base/child.h"
#include "gons/core/switch.h"
#include "netns/kind.h"
#include "netns/monitor.h"
#include "netns/netdevsim.h"
#include "netns/rtnl.h"
#include "netns/tun.h"

/* By these gons waits for a new link, and gVisor may have none. */
static int try_notifications(struct gons_i_rtnl *rtnl)
{
	struct gons_i_monitor monitor;

	if (gons_i_monitor_open(&monitor, rtnl, -1, RTMGRP_LINK, 0) < 0)
		return -1;
	gons_i_monitor_close(&monitor);
	return 0;
}

/* Creates a link of this kind in a network namespace that goes with the child. It may be refused
 * because it lacks a parent, an id or something else that the kind needs; only EOPNOTSUPP means
 * that the kernel does not know the kind. Runs in a bare child: nothing here may allocate
 * memory. */
static int try_kind(void *arg)
{
	const char *kind = arg;
	struct gons_i_rtnl *rtnl;

	if (gons_i_unshare(CLONE_NEWNET) < 0)
		return -1;
	if (gons_i_is_tun(kind))
		return gons_i_tun_try(kind);
	rtnl = gons_i_rtnl_open_in_child();
	if (!rtnl)
		return -1;
	if (strcmp(kind, "netdevsim") == 0)
		return gons_i_netdevsim_try(rtnl);
	if (gons_i_kind_request(rtnl, kind) < 0 && (errno == EOPNOTSUPP || errno == EPERM))
		return gons_i_fail_kind(rtnl, kind);
	return try_notifications(rtnl);
}

GONS_EXPORT bool gons_can_link(const char *kind)
{
	if (gons_i_check_kind(kind) < 0)
		return false;
	return gons_i_in_child(try_kind, (void *)kind) == 0;
}

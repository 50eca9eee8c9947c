/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_NETNS_MONITOR_H
#define GONS_I_NETNS_MONITOR_H

/* Waiting for the kernel's notifications about a network namespace, with a limit. */

#include "netns/rtnl.h"

struct gons_i_monitor {
	struct gons_i_rtnl *rtnl; /* NULL: not open */
	unsigned groups;
	int fd;
	int timeout_ms; /* negative: no limit */
	int64_t end_ns;
};

/* Subscribes to these groups (RTMGRP_LINK and so on) of the namespace of rtnl, which is nsfd (-1:
 * the calling thread's), and must stay open meanwhile. The timeout starts here. Notifications about
 * later requests cannot be missed. 0, or -1 with errno and message. */
int gons_i_monitor_open(struct gons_i_monitor *monitor, struct gons_i_rtnl *rtnl, int nsfd,
			unsigned groups, int timeout_ms);
void gons_i_monitor_close(struct gons_i_monitor *monitor);

enum gons_i_monitored {
	GONS_I_MONITOR_FAILED = -1, /* with errno alone */
	GONS_I_MONITOR_TIMEOUT,
	GONS_I_MONITOR_RECEIVED, /* take was called for each message, possibly for none */
	GONS_I_MONITOR_LOST, /* some did not fit into the buffer: request the state again */
};

/* Waits for notifications, and calls take (NULL: nothing) for each one that has come. */
enum gons_i_monitored gons_i_monitor_wait(struct gons_i_monitor *monitor, mnl_cb_t take, void *arg);

#endif

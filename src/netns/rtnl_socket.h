/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_NETNS_RTNL_SOCKET_H
#define GONS_I_NETNS_RTNL_SOCKET_H

/* The sockets that a thread has open in a network namespace. */

#include <time.h>

#include "gons/base/file.h"
#include "netns/rtnl.h"

enum {
	GONS_I_RTNL_ANSWER_SIZE =
		32768, /* the most that the kernel puts into one piece of a dump */
	GONS_I_RTNL_MONITORS = 2, /* a link and its peer are waited for at once */
};

/* A socket for notifications. It is kept open for later use: the kernel counts a closed netlink
 * socket for some milliseconds more, and can_be_entered.c counts the sockets of a namespace. */
struct gons_i_rtnl_monitor {
	int fd; /* -1: none yet */
	ino_t ino;
	bool is_used;
};

/* Whether the network namespace ends with the scope; see can_be_entered.c. */
enum gons_i_fate { GONS_I_FATE_UNKNOWN, GONS_I_FATE_STAYS, GONS_I_FATE_ENDS };

struct gons_i_rtnl {
	struct gons_i_rtnl *next; /* on this thread */
	int fd;
	uint32_t port;
	ino_t socket_ino; /* of fd: the program may close it, and get the number for another file */
	struct gons_i_file_id id; /* of its network namespace; the socket keeps that alive. ino 0:
				     not known, and the socket is not shared */
	unsigned forks, users;
	struct gons_i_rtnl_monitor monitors[GONS_I_RTNL_MONITORS];
	struct timespec nsfs_time; /* of the namespace's file, when its end began; 0: not yet */
	enum gons_i_fate fate;
	unsigned sequence;
	char extack[128]; /* of the last request */
	unsigned attribute; /* that the kernel refuses, or 0 */
	bool is_missing;
	_Alignas(struct nlmsghdr) char answer[GONS_I_RTNL_ANSWER_SIZE];
};

/* The network namespace of the calling thread; false without procfs. */
bool gons_i_rtnl_identify_own(struct gons_i_file_id *ret_id);

/* Whether the calling thread is in its network namespace. */
bool gons_i_rtnl_is_own(const struct gons_i_rtnl *rtnl);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New sets: their namespaces are made by a thread or a child that nobody wants back.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/types.h"
#include "gons/core/child.h"
#include "gons/core/switch.h"
#include "gons/core/thread.h"
#include "gons/sets/idmap.h"
#include "gons/sets/internal.h"
#include "gons/sets/join.h"

/* Which of the given set's namespaces the new ones are made in: mounts, host name and cgroup root
 * are copied, and a user namespace owns them. */
#define MADE_IN (GONS_I_SWITCHABLE_FLAGS | CLONE_NEWUSER)

/* What the maker is to make. */
struct order {
	const struct gons_i_set *from; /* or NULL */
	int types;
	const struct gons_idmaps *maps;
	struct gons_i_pid_init *keeper; /* of a new PID namespace */
	int fds[GONS_I_SENT_FDS]; /* the new ones, in the order of gons_i_types; the keeper's */
	int socket_fd; /* for a child to send them by */
	bool done; /* by a thread; else there is a failure */
	struct gons_i_failure failure;
};

/* Opens this thread's namespaces of these types. Below dir_fd, which was opened before the
 * switch, for procfs may be mounted in the old mount namespace only. */
static int open_made(int dir_fd, struct order *order)
{
	for (size_t i = 0; i < GONS_I_TYPES; i++) {
		const struct gons_i_type *entry = &gons_i_types[i];
		const bool by_children = entry->flag & (CLONE_NEWPID | CLONE_NEWTIME);
		char name[24];

		if (!(order->types & entry->flag))
			continue;
		(void)snprintf(name, sizeof(name), "%s%s", entry->name,
			       by_children ? "_for_children" : ""); /* fits */
		order->fds[i] = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
		if (order->fds[i] < 0)
			return gons_i_fail(errno, "cannot open a new %s namespace",
					   entry->long_name);
	}
	return 0;
}

/* Those that only children are in. */
static int make_for_children(struct order *order)
{
	if ((order->types & CLONE_NEWTIME) && gons_i_unshare(CLONE_NEWTIME) < 0)
		return -1;
	if (!(order->types & CLONE_NEWPID))
		return 0;
	if (gons_i_unshare(CLONE_NEWPID) < 0)
		return -1;
	return gons_i_pid_init_start(order->keeper, &order->fds[GONS_I_TYPES]);
}

static int make_here(struct order *order)
{
	cleanup_fd int dir_fd = open("/proc/thread-self/ns", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const int switchable = order->types & GONS_I_SWITCHABLE_FLAGS;

	if (dir_fd < 0)
		return gons_i_fail(errno, "cannot open /proc/thread-self/ns");
	if (order->from &&
	    gons_i_switch_for_good(order->from->fd, order->from->types & MADE_IN) < 0)
		return -1;
	if ((order->types & CLONE_NEWUSER) && gons_i_idmaps_unshare(order->maps) < 0)
		return -1;
	if (switchable && gons_i_switch_new(switchable, NULL) < 0)
		return -1;
	if (make_for_children(order) < 0)
		return -1;
	return open_made(dir_fd, order);
}

/* ---- by another thread, which does not have to come back ---- */

static void *make_on_thread(void *arg)
{
	struct order *order = arg;

	order->done = make_here(order) == 0;
	if (!order->done)
		gons_i_failure_save(&order->failure);
	return NULL;
}

static int make_by_thread(struct order *order)
{
	pthread_t thread;
	int errnum = gons_i_thread_create(&thread, GONS_I_STACK_SMALL, make_on_thread, order);

	if (errnum != 0)
		return gons_i_fail_thread(errnum, "cannot create a thread to make namespaces on");
	(void)pthread_join(thread, NULL); /* nobody else knows it */
	return order->done ? 0 : gons_i_failure_restore(&order->failure);
}

/* ---- by a child: a process with threads changes no user namespace ---- */

static int make_and_send(void *arg)
{
	struct order *order = arg;

	return make_here(order) < 0 ? -1 : gons_i_send_fds(order->socket_fd, order->fds);
}

static int make_by_child(struct order *order)
{
	int ends[2];
	int result;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return gons_i_fail(errno, "cannot make a socket to a child");
	order->socket_fd = ends[1];
	result = gons_i_in_child(make_and_send, order);
	/* The limits of another user namespace say nothing of those here. */
	if ((result == 0 || errno == ENOSPC) &&
	    !(order->from && (order->from->types & CLONE_NEWUSER)))
		gons_i_note_exhausted(order->types, result < 0);
	if (result == 0)
		result = gons_i_receive_fds(ends[0], order->fds);
	gons_i_close_fd(&ends[0]);
	gons_i_close_fd(&ends[1]);
	return result;
}

/* ---- the set ---- */

static int make(struct order *order, struct gons_i_set *to)
{
	const bool by_child = (order->types & ~GONS_I_SWITCHABLE_FLAGS) ||
			      (order->from && order->from->types & CLONE_NEWUSER);
	const int kept = order->from ? order->from->types & ~order->types : 0;

	if (order->types & CLONE_NEWPID) {
		to->keeper = gons_i_pid_init_new();
		if (!to->keeper)
			return -1;
		order->keeper = to->keeper;
	}
	if ((by_child ? make_by_child(order) : make_by_thread(order)) < 0)
		return -1;
	return kept ? gons_i_set_copy(to, order->from, kept) : 0;
}

/* Hands what was made, also if only in part, over to the set. */
static void give(struct order *order, struct gons_i_set *to)
{
	for (size_t i = 0; i < GONS_I_TYPES; i++)
		if (order->fds[i] >= 0) {
			to->fd[i] = order->fds[i];
			to->types |= gons_i_types[i].flag;
		}
	if (to->keeper)
		gons_i_pid_init_watch(to->keeper, order->fds[GONS_I_TYPES]);
}

static int check(const struct order *order)
{
	if (gons_i_check_types(order->types) < 0)
		return -1;
	if (!order->maps)
		return 0;
	if (order->types & CLONE_NEWUSER)
		return gons_i_idmaps_check(order->maps);
	(void)gons_i_fail(EINVAL, "cannot map ids without a new user namespace");
	gons_i_explain("CLONE_NEWUSER is missing in the types");
	return -1;
}

GONS_EXPORT gons_set *gons_set_unshare(const gons_set *set, int types,
				       const struct gons_idmaps *maps)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct order order = { .types = types,
			       .maps = maps,
			       .fds = { [0 ... GONS_I_SENT_FDS - 1] = -1 } };
	struct gons_i_set *to;
	int result;

	if (set) {
		order.from = gons_i_set_find(set);
		if (!order.from)
			return NULL;
	}
	if (check(&order) < 0)
		return NULL;
	to = gons_i_set_new();
	if (!to)
		return NULL;
	result = make(&order, to);
	give(&order, to);
	if (result == 0)
		return gons_i_set_publish(to);
	gons_i_set_free(to);
	return NULL;
}

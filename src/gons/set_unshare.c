/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New sets: their namespaces are made by a thread or a child that nobody wants back.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>

#include "set_internal.h"

/* What the maker is to make, and whether it did. */
struct order {
	const struct gons_i_set *from; /* or NULL */
	int types;
	struct gons_i_set *to;
	bool done;
	struct gons_i_failure failure;
};

/* Opens this thread's namespaces of these types. Below dir_fd, which was opened before the
 * switch, for procfs may be mounted in the old mount namespace only. */
static int open_made(int dir_fd, int types, struct gons_i_set *to)
{
	for (size_t i = 0; i < GONS_I_TYPES; i++) {
		if (!(types & gons_i_types[i].flag))
			continue;
		to->fd[i] = openat(dir_fd, gons_i_types[i].name, O_RDONLY | O_CLOEXEC);
		if (to->fd[i] < 0)
			return gons_i_fail(errno, "cannot open a new %s namespace",
					   gons_i_types[i].noun);
		to->types |= gons_i_types[i].flag;
	}
	return 0;
}

static int make_here(const struct order *order)
{
	cleanup_fd int dir_fd = open("/proc/thread-self/ns", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir_fd < 0)
		return gons_i_fail(errno, "cannot open /proc/thread-self/ns");
	/* New ones resemble those that they are made in: mounts, host name, cgroup root. */
	if (order->from && gons_i_switch_for_good(order->from->fd,
						  order->from->types & GONS_I_SWITCHABLE_FLAGS) < 0)
		return -1;
	if (gons_i_switch_new(order->types, NULL) < 0)
		return -1;
	return open_made(dir_fd, order->types, order->to);
}

static void *make_on_thread(void *arg)
{
	struct order *order = arg;

	order->done = make_here(order) == 0;
	if (!order->done)
		gons_i_failure_save(&order->failure);
	return NULL;
}

/* On another thread, which does not have to come back. */
static int make_by_thread(struct order *order)
{
	pthread_t thread;
	int errnum = gons_i_thread_create(&thread, GONS_I_STACK_SMALL, make_on_thread, order);

	if (errnum != 0)
		return gons_i_fail_thread(errnum, "cannot create a thread to make namespaces on");
	(void)pthread_join(thread, NULL); /* nobody else knows it */
	return order->done ? 0 : gons_i_failure_restore(&order->failure);
}

static int make(struct order *order)
{
	const int kept = order->from ? order->from->types & ~order->types : 0;

	return make_by_thread(order) < 0 ||
			       (kept && gons_i_set_copy(order->to, order->from, kept) < 0)
		       ? -1
		       : 0;
}

GONS_EXPORT gons_set *gons_set_unshare(const gons_set *set, int types,
				       const struct gons_idmaps *maps)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct order order = { .types = types };

	if (set) {
		order.from = gons_i_set_find(set);
		if (!order.from)
			return NULL;
	}
	if (gons_i_check_types(types) < 0)
		return NULL;
	if (maps && !(types & CLONE_NEWUSER)) {
		(void)gons_i_fail(EINVAL, "cannot map ids without a new user namespace");
		gons_i_hint("CLONE_NEWUSER is missing in the types");
		return NULL;
	}
	if (types & ~GONS_I_SWITCHABLE_FLAGS) {
		(void)gons_i_fail(EINVAL, "not yet");
		return NULL;
	}
	order.to = gons_i_set_new();
	if (!order.to)
		return NULL;
	if (make(&order) == 0)
		return gons_i_set_publish(order.to);
	gons_i_set_free(order.to);
	return NULL;
}

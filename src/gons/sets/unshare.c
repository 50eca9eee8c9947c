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
	const gons_set *from; /* or NULL */
	int types;
	const struct gons_set_options *options;
	struct gons_i_pid_init *pid_init; /* of a new PID namespace */
	int fds[GONS_I_SENT_FDS]; /* the new ones, in the order of gons_i_types; the init's pidfd */
	int proc_fd; /* "/proc", opened before a mount namespace is joined that may have none */
	int socket_fd; /* for a child to send them by */
	bool done; /* by a thread; else there is a failure */
	struct gons_i_failure failure;
};

/* Opens this thread's namespaces of these types. */
static int open_made(struct order *order)
{
	for (size_t i = 0; i < GONS_I_TYPES; i++) {
		const struct gons_i_type *entry = &gons_i_types[i];
		const bool by_children = entry->flag & (CLONE_NEWPID | CLONE_NEWTIME);
		char path[48];

		if (!(order->types & entry->flag))
			continue;
		(void)snprintf(path, sizeof(path), "thread-self/ns/%s%s", entry->name,
			       by_children ? "_for_children" : ""); /* fits */
		order->fds[i] = openat(order->proc_fd, path, O_RDONLY | O_CLOEXEC);
		if (order->fds[i] < 0)
			return gons_i_fail(errno, "cannot open a new %s namespace",
					   entry->long_name);
	}
	return 0;
}

static int set_clocks(const struct order *order)
{
	const struct gons_set_options *options = order->options;
	cleanup_fd int fd = -1;
	char text[128];
	size_t length;

	length = (size_t)snprintf(text, sizeof(text), "monotonic %lld %ld\nboottime %lld %ld\n",
				  (long long)options->monotonic.tv_sec, options->monotonic.tv_nsec,
				  (long long)options->boottime.tv_sec, options->boottime.tv_nsec);
	if (options->monotonic.tv_sec == 0 && options->monotonic.tv_nsec == 0 &&
	    options->boottime.tv_sec == 0 && options->boottime.tv_nsec == 0)
		return 0;
	fd = openat(order->proc_fd, "self/timens_offsets", O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, text, length) == (ssize_t)length)
		return 0;
	(void)gons_i_fail(errno, "cannot set the clock offsets of a new time namespace");
	if (errno == ERANGE)
		gons_i_add_cause("a clock would be negative or later than in 146 years");
	else if (errno == EPERM || errno == EACCES)
		gons_i_add_cause("CAP_SYS_TIME is missing in the user namespace that owns it");
	return -1;
}

/* Those that only children are in. */
static int make_for_children(struct order *order)
{
	if ((order->types & CLONE_NEWTIME) &&
	    (gons_i_unshare(CLONE_NEWTIME) < 0 || set_clocks(order) < 0))
		return -1;
	if (!(order->types & CLONE_NEWPID))
		return 0;
	if (gons_i_unshare(CLONE_NEWPID) < 0)
		return -1;
	return gons_i_pid_init_start(order->pid_init, &order->fds[GONS_I_TYPES]);
}

static int make_here(struct order *order)
{
	cleanup_fd int proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const int switchable = order->types & GONS_I_SWITCHABLE_FLAGS;

	if (proc_fd < 0)
		return gons_i_fail(errno, "cannot open /proc");
	order->proc_fd = proc_fd;
	if (order->from &&
	    gons_i_switch_for_good(order->from->fd, order->from->types & MADE_IN) < 0)
		return -1;
	if ((order->types & CLONE_NEWUSER) && gons_i_idmaps_unshare(&order->options->maps) < 0)
		return -1;
	if (switchable && gons_i_switch_new(switchable, NULL) < 0)
		return -1;
	if (make_for_children(order) < 0)
		return -1;
	return open_made(order);
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
	result = gons_i_in_forked_child(make_and_send, order);
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

static int make(struct order *order, gons_set *to)
{
	const bool by_child = (order->types & ~GONS_I_SWITCHABLE_FLAGS) ||
			      (order->from && order->from->types & CLONE_NEWUSER);
	const int kept = order->from ? order->from->types & ~order->types : 0;

	if (order->types & CLONE_NEWPID) {
		to->pid_init = gons_i_pid_init_new(order->from ? order->from->pid_init : NULL);
		if (!to->pid_init)
			return -1;
		order->pid_init = to->pid_init;
	}
	if ((by_child ? make_by_child(order) : make_by_thread(order)) < 0)
		return -1;
	return kept ? gons_i_set_copy(to, order->from, kept) : 0;
}

/* Hands what was made, also if only in part, over to the set. */
static void give(struct order *order, gons_set *to)
{
	for (size_t i = 0; i < GONS_I_TYPES; i++)
		if (order->fds[i] >= 0) {
			to->fd[i] = order->fds[i];
			to->types |= gons_i_types[i].flag;
		}
	if (to->pid_init)
		gons_i_pid_init_watch(to->pid_init, order->fds[GONS_I_TYPES]);
}

static bool is_zero(const struct timespec *offset)
{
	return offset->tv_sec == 0 && offset->tv_nsec == 0;
}

static int check_offset(const char *name, const struct timespec *offset, int types)
{
	if (is_zero(offset))
		return 0;
	if (!(types & CLONE_NEWTIME)) {
		(void)gons_i_fail(EINVAL, "options->%s is not 0, but no time namespace is created",
				  name);
		gons_i_add_remedy("add CLONE_NEWTIME to the types");
		return -1;
	}
	if (offset->tv_nsec >= 0 && offset->tv_nsec < 1000000000)
		return 0;
	return gons_i_fail(EINVAL, "tv_nsec of options->%s is %ld, not between 0 and 999999999",
			   name, offset->tv_nsec);
}

static bool has_maps(const struct gons_idmaps *maps)
{
	return maps->uid || maps->n_uid > 0 || maps->gid || maps->n_gid > 0;
}

static int check(const struct order *order)
{
	const struct gons_set_options *options = order->options;

	if (gons_i_check_types(order->types) < 0 ||
	    gons_i_check_reserved(options->reserved, "struct gons_set_options") < 0 ||
	    check_offset("monotonic", &options->monotonic, order->types) < 0 ||
	    check_offset("boottime", &options->boottime, order->types) < 0)
		return -1;
	if (order->types & CLONE_NEWUSER)
		return gons_i_idmaps_check(&options->maps);
	if (!has_maps(&options->maps))
		return 0;
	(void)gons_i_fail(EINVAL, "options->maps has ids, but no user namespace is created");
	gons_i_add_remedy("add CLONE_NEWUSER to the types");
	return -1;
}

GONS_EXPORT gons_set *gons_set_unshare(const gons_set *set, int types,
				       const struct gons_set_options *options)
{
	static const struct gons_set_options defaults;
	uncancelled int cancel = gons_i_forbid_cancel();
	struct order order = { .from = set,
			       .types = types,
			       .options = options ? options : &defaults,
			       .fds = { [0 ... GONS_I_SENT_FDS - 1] = -1 } };
	gons_set *to;
	int result;

	if (check(&order) < 0)
		return NULL;
	to = gons_i_set_new();
	if (!to)
		return NULL;
	result = make(&order, to);
	give(&order, to);
	if (result == 0)
		return to;
	gons_set_close(to); /* keeps errno */
	return NULL;
}

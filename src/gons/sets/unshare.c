/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New sets: their namespaces are created by a thread or a child that need not return from them.
 *
 * A thread creates the types that a thread can enter. Other types take a child. A user namespace,
 * and a PID namespace below the set's own, take a child of that child: the first one joins the
 * set's namespaces and writes the maps, from the parent user namespace; the second one starts in
 * the new user namespace and in the set's PID namespace, and creates the rest.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/types.h"
#include "gons/core/netns_creation.h"
#include "gons/base/child.h"
#include "gons/core/nsfd.h"
#include "gons/core/switch.h"
#include "gons/core/thread.h"
#include "gons/diagnosis/cause.h"
#include "gons/leak/exempt.h"
#include "gons/sets/idmap.h"
#include "gons/sets/pid_init.h"
#include "gons/sets/set.h"
#include "gons/sets/join.h"

/* The types of the given set that are always joined before new namespaces are created: these copy
 * the mounts, host name and cgroup root, and belong to the user namespace. */
#define CREATED_IN (GONS_I_SWITCHABLE_FLAGS | CLONE_NEWUSER)

/* The types that are joined only if a new namespace of that type is created: it is a child of the
 * present one, or has its clock offsets. */
#define CREATED_BELOW (CLONE_NEWPID | CLONE_NEWTIME)

struct request {
	const gons_set *from; /* or NULL */
	int types;
	const struct gons_set_options *options;
	struct gons_i_pid_init *pid_init; /* of a new PID namespace */
	int fds[GONS_I_SENT_FDS]; /* the new ones, in the order of gons_i_types; the init's pidfd */
	int proc_fd; /* "/proc", opened before a mount namespace is joined that may have none */
	int socket_fd; /* for a child to send them by */
	bool done; /* by a thread; else there is a failure */
	pid_t tid; /* of the thread */
	unsigned exempt_depth; /* of the caller */
	struct gons_i_failure failure;
};

/* Opens this thread's namespaces of these types. */
static int open_created(struct request *request)
{
	for (size_t i = 0; i < GONS_I_TYPES; i++) {
		const struct gons_i_type *entry = &gons_i_types[i];
		const bool by_children = entry->flag & (CLONE_NEWPID | CLONE_NEWTIME);
		char path[48];

		if (!(request->types & entry->flag))
			continue;
		(void)snprintf(path, sizeof(path), "thread-self/ns/%s%s", entry->name,
			       by_children ? "_for_children" : ""); /* fits */
		request->fds[i] = openat(request->proc_fd, path, O_RDONLY | O_CLOEXEC);
		if (request->fds[i] < 0) {
			(void)gons_i_fail(errno, "cannot open a new %s namespace",
					  entry->long_name);
			(void)gons_i_diagnose_gvisor("/proc/%s", path);
			return -1;
		}
		if (gons_i_check_type(request->fds[i], entry->flag) < 0)
			return -1;
	}
	return 0;
}

static int set_clocks(const struct request *request)
{
	const struct gons_set_options *options = request->options;
	cleanup_fd int fd = -1;
	char text[128];
	size_t length;

	length = (size_t)snprintf(text, sizeof(text), "monotonic %lld %ld\nboottime %lld %ld\n",
				  (long long)options->monotonic.tv_sec, options->monotonic.tv_nsec,
				  (long long)options->boottime.tv_sec, options->boottime.tv_nsec);
	if (options->monotonic.tv_sec == 0 && options->monotonic.tv_nsec == 0 &&
	    options->boottime.tv_sec == 0 && options->boottime.tv_nsec == 0)
		return 0;
	fd = openat(request->proc_fd, "self/timens_offsets", O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, text, length) == (ssize_t)length)
		return 0;
	(void)gons_i_fail(errno, "cannot set the clock offsets of a new time namespace");
	if (errno == ERANGE)
		gons_i_add_cause(
			"a clock would be negative, or later than the 146 years that the kernel allows");
	else if (errno == EPERM || errno == EACCES)
		gons_i_add_cause("CAP_SYS_TIME is missing in the user namespace that owns it");
	return -1;
}

/* Creates the PID and time namespaces, which only children enter. */
static int create_for_children(struct request *request)
{
	if ((request->types & CLONE_NEWTIME) &&
	    (gons_i_unshare(CLONE_NEWTIME) < 0 || set_clocks(request) < 0))
		return -1;
	if (!(request->types & CLONE_NEWPID))
		return 0;
	if (gons_i_unshare(CLONE_NEWPID) < 0)
		return -1;
	return gons_i_pid_init_start(request->pid_init, &request->fds[GONS_I_TYPES]);
}

/* Joins the namespaces of the set in which the new ones are created. */
static int join_from(struct request *request)
{
	const gons_set *from = request->from;

	request->proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (request->proc_fd < 0)
		return gons_i_fail(errno, "cannot open /proc");
	return from ? gons_i_switch_for_good(from->fd, from->types & (CREATED_IN | (request->types &
										    CREATED_BELOW)))
		    : 0;
}

/* Creates all types but a user namespace. */
static int create_here(struct request *request)
{
	const int switchable = request->types & GONS_I_SWITCHABLE_FLAGS;

	if (switchable && gons_i_switch_new(switchable, NULL) < 0)
		return -1;
	if (create_for_children(request) < 0)
		return -1;
	return open_created(request);
}

/* ---- by another thread, which need not return ---- */

static void *create_on_thread(void *arg)
{
	struct request *request = arg;

	request->tid = gettid();
	gons_i_exempt_take_part(request->exempt_depth);
	request->done = join_from(request) == 0 && create_here(request) == 0;
	if (!request->done)
		gons_i_failure_save(&request->failure);
	gons_i_close_fd(&request->proc_fd);
	return NULL;
}

static int create_by_thread(struct request *request)
{
	pthread_t thread;
	int errnum;

	request->exempt_depth = gons_i_exempt_depth();
	errnum = gons_i_thread_create(&thread, GONS_I_STACK_SMALL, create_on_thread, request);
	if (errnum != 0)
		return gons_i_fail_thread(errnum, "cannot create a thread to create namespaces on");
	gons_i_thread_join(thread, &request->tid);
	return request->done ? 0 : gons_i_failure_restore(&request->failure);
}

/* ---- by a child: a process with threads cannot change its user namespace ---- */

/* The messages of the grandchild over a socket: first its number in procfs, then its result. */
struct report {
	int result;
	struct gons_i_failure failure; /* where result is -1 */
};

static void send_report(int fd, int result)
{
	struct report report = { .result = result };

	if (result < 0)
		gons_i_failure_save(&report.failure);
	if (send(fd, &report, sizeof(report), MSG_NOSIGNAL) != sizeof(report))
		gons_i_child_exit(1); /* which the parent notices */
}

static int receive_report(int fd)
{
	struct report report;
	ssize_t got;

	do
		got = recv(fd, &report, sizeof(report), 0);
	while (got < 0 && errno == EINTR);
	if (got != sizeof(report))
		return gons_i_fail(EPERM,
				   "the child process ended before it had created the namespaces");
	return report.result < 0 ? gons_i_failure_restore(&report.failure) : report.result;
}

/* The number of the calling process in this procfs. */
static int number_in_procfs(int proc_fd)
{
	char link[32] = "";

	if (readlinkat(proc_fd, "self", link, sizeof(link) - 1) < 0)
		return gons_i_fail(errno, "cannot read /proc/self");
	return atoi(link);
}

static void inner(struct request *request, int fd, pid_t parent, int parent_pidfd)
{
	int number, result;
	char go;

	gons_i_child_tie_to(parent, parent_pidfd);
	/* The files in procfs of a process that has changed its user belong to root, unless it is
	 * dumpable; this one is a child that only creates namespaces. */
	(void)prctl(PR_SET_DUMPABLE, 1);
	number = number_in_procfs(request->proc_fd);
	send_report(fd, number);
	if (number < 0 || recv(fd, &go, 1, 0) != 1) /* with all signals blocked */
		gons_i_child_exit(1);
	result = create_here(request);
	if (result == 0)
		result = gons_i_send_fds(request->socket_fd, request->fds);
	send_report(fd, result);
	gons_i_child_exit(0);
}

/* Maps the ids of the grandchild, lets it start, and waits for its result. */
static int lead_inner(const struct request *request, int fd, pid_t pid)
{
	struct gons_i_idmaps_target target = { .pid = pid, .proc_fd = request->proc_fd };

	target.number = receive_report(fd);
	if (target.number < 0)
		return -1;
	if ((request->types & CLONE_NEWUSER) &&
	    gons_i_idmaps_write(&target, &request->options->maps) < 0)
		return -1;
	if (send(fd, "g", 1, MSG_NOSIGNAL) != 1)
		return gons_i_fail(EPERM,
				   "the child process ended before it had created the namespaces");
	return receive_report(fd);
}

static int create_in_inner(struct request *request)
{
	cleanup_fd int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0); /* Linux 5.3 */
	const int user = request->types & CLONE_NEWUSER;
	const pid_t parent = getpid();
	struct gons_i_failure failure;
	int ends[2];
	int result;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return gons_i_fail(errno, "cannot create a socket to a child");
	pid = user ? gons_i_fork_into_new(user) : gons_i_fork();
	if (pid == 0) {
		(void)close(ends[0]);
		inner(request, ends[1], parent, pidfd);
	}
	(void)close(ends[1]);
	if (pid < 0) {
		if (!user)
			(void)gons_i_fail_fork(errno, "cannot fork a child");
		gons_i_close_fd(&ends[0]);
		return -1;
	}
	result = lead_inner(request, ends[0], pid);
	gons_i_failure_save(&failure);
	(void)kill(pid, SIGKILL); /* it may wait to be told to start */
	(void)gons_i_wait(pid, NULL);
	(void)close(ends[0]);
	return result < 0 ? gons_i_failure_restore(&failure) : 0;
}

static int create_and_send(void *arg)
{
	struct request *request = arg;
	const bool nested = request->from && (request->from->types & request->types & CLONE_NEWPID);

	if (join_from(request) < 0)
		return -1;
	if (nested || (request->types & CLONE_NEWUSER))
		return create_in_inner(request);
	return create_here(request) < 0 ? -1 : gons_i_send_fds(request->socket_fd, request->fds);
}

static int create_by_child(struct request *request)
{
	int ends[2];
	int result;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return gons_i_fail(errno, "cannot create a socket to a child");
	request->socket_fd = ends[1];
	result = gons_i_in_child(create_and_send, request);
	/* The limits of another user namespace say nothing about those here. */
	if ((result == 0 || errno == ENOSPC) &&
	    !(request->from && (request->from->types & CLONE_NEWUSER)))
		gons_i_note_exhausted(request->types, result < 0);
	if (result == 0)
		result = gons_i_receive_fds(ends[0], request->fds);
	gons_i_close_fd(&ends[0]);
	gons_i_close_fd(&ends[1]);
	return result;
}

/* ---- the set ---- */

static int create(struct request *request, gons_set *to)
{
	const bool by_child = (request->types & ~GONS_I_SWITCHABLE_FLAGS) ||
			      (request->from && request->from->types & CLONE_NEWUSER);
	const int kept = request->from ? request->from->types & ~request->types : 0;

	if (request->types & CLONE_NEWPID) {
		to->pid_init = gons_i_pid_init_new(request->from ? request->from->pid_init : NULL);
		if (!to->pid_init)
			return -1;
		request->pid_init = to->pid_init;
	}
	if ((by_child ? create_by_child(request) : create_by_thread(request)) < 0)
		return -1;
	return kept ? gons_i_set_copy(to, request->from, kept) : 0;
}

/* Passes the descriptors, even if not all were created, to the set. */
static void give(struct request *request, gons_set *to)
{
	for (size_t i = 0; i < GONS_I_TYPES; i++)
		if (request->fds[i] >= 0) {
			to->fd[i] = request->fds[i];
			to->types |= gons_i_types[i].flag;
		}
	if (request->pid_init) /* and not one that the given set has */
		gons_i_pid_init_watch(request->pid_init, request->fds[GONS_I_TYPES]);
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

static int check(const struct request *request)
{
	const struct gons_set_options *options = request->options;

	if (gons_i_check_types(request->types) < 0 ||
	    gons_i_check_reserved(options->reserved, "struct gons_set_options") < 0 ||
	    check_offset("monotonic", &options->monotonic, request->types) < 0 ||
	    check_offset("boottime", &options->boottime, request->types) < 0)
		return -1;
	if (request->types & CLONE_NEWUSER)
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
	struct request request = { .from = set,
				   .types = types,
				   .options = options ? options : &defaults,
				   .proc_fd = -1,
				   .fds = { [0 ... GONS_I_SENT_FDS - 1] = -1 } };
	int result, last_pid = -1;
	gons_set *to;

	if (check(&request) < 0)
		return NULL;
	to = gons_i_set_new();
	if (!to)
		return NULL;
	if (types & CLONE_NEWNET)
		last_pid = gons_i_earlier_pid();
	result = create(&request, to);
	give(&request, to);
	if (result == 0 && last_pid >= 0)
		gons_i_netns_creation_note(gons_set_fd(to, CLONE_NEWNET), last_pid);
	if (result == 0)
		return to;
	gons_set_close(to); /* keeps errno */
	return NULL;
}

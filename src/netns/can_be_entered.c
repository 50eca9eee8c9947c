/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether anybody but gons can still enter a network namespace, at the end of a scope, when gons
 * holds it by its own sockets only.
 *
 * The kernel does not tell how many references a namespace has. (Whether it still exists says
 * nothing either: a closed UDP or netlink socket keeps it for some milliseconds, although nobody
 * can enter it by that socket.) But whoever can enter it has one of these:
 *
 * - a socket: the namespace counts its sockets, of all processes; or, if only this process can have
 *   one, the kernel tells the namespace of each;
 * - a descriptor of the namespace's file, or a bind mount of it: as long as there is one, the
 *   kernel keeps the inode of the file, and a new inode has a later time;
 * - a process or a thread in it, which procfs shows.
 *
 * If gons cannot tell, it assumes that somebody can.
 */
#include <fcntl.h>
#include <linux/sockios.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "gons/base/common.h"
#include "gons/base/signal_safe_read.h"
#include "gons/core/netns_creation.h"
#include "netns/can_be_entered.h"
#include "netns/rtnl_socket.h"

#ifndef SIOCGSKNS
#define SIOCGSKNS 0x894C
#endif
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* Linux 5.14 */
#endif

enum { MANY_IDS = 200 }; /* of processes to look at one by one */

/* ---- the namespace's file ---- */

/* A descriptor for the namespace that the socket is in; -1 with errno alone. */
static int open_namespace(const struct gons_i_rtnl *rtnl)
{
	return gons_i_is_socket(rtnl->fd, rtnl->socket_ino) ? ioctl(rtnl->fd, SIOCGSKNS) : -1;
}

static int compare_times(const struct timespec *a, const struct timespec *b)
{
	if (a->tv_sec != b->tv_sec)
		return a->tv_sec < b->tv_sec ? -1 : 1;
	return (a->tv_nsec > b->tv_nsec) - (a->tv_nsec < b->tv_nsec);
}

void gons_i_can_be_entered_note(struct gons_i_rtnl *rtnl)
{
	cleanup_fd int fd = -1;
	struct stat st;

	if (rtnl->nsfs_time.tv_sec != 0)
		return;
	fd = open_namespace(rtnl);
	if (fd >= 0 && fstat(fd, &st) == 0)
		rtnl->nsfs_time = st.st_ctim;
}

/* ---- sockets ---- */

/* The number of sockets in the calling thread's network namespace, of all processes; -1: unknown. */
static void count_sockets(void *arg)
{
	static const char start[] = "sockets: used ";
	cleanup_fd int fd = open("/proc/thread-self/net/sockstat", O_RDONLY | O_CLOEXEC);
	char text[64];
	ssize_t got = fd < 0 ? -1 : gons_i_read(fd, text, sizeof(text) - 1);

	*(int *)arg = -1;
	if (got <= 0)
		return;
	text[got] = '\0';
	if (strncmp(text, start, sizeof(start) - 1) == 0)
		*(int *)arg = atoi(text + sizeof(start) - 1);
}

static int (*count_further)(ino_t ino);

void gons_i_can_be_entered_count_sockets_by(int (*count)(ino_t ino))
{
	count_further = count;
}

static int own_sockets(const struct gons_i_rtnl *rtnl)
{
	int n = 1 + (count_further ? count_further(rtnl->id.ino) : 0);

	for (int i = 0; i < GONS_I_RTNL_MONITORS; i++)
		n += rtnl->monitors[i].fd >= 0;
	return n;
}

/* ---- processes, and descriptors of this one ---- */

/* By a file of procfs that is cheap to look at: it has a link for each thread, besides its own two. */
static bool has_one_thread(void)
{
	struct stat st;

	return stat("/proc/self/task", &st) == 0 && st.st_nlink == 3;
}

static bool has_children(void)
{
	siginfo_t info;

	return waitid(P_ALL, 0, &info,
		      WEXITED | WSTOPPED | WCONTINUED | WNOHANG | WNOWAIT | __WALL) == 0 ||
	       errno != ECHILD;
}

/* The last process id before the first of the namespaces was created. -1 if it is unknown, or too
 * far from the present last one to look at each process between them. */
static int find_first_id(struct gons_i_rtnl *const *rtnls, size_t n, int last)
{
	int first = last;

	for (size_t i = 0; i < n; i++) {
		int created = gons_i_netns_creation_find(&rtnls[i]->id);

		/* A higher id than the last one: the ids have begun again since then. */
		if (created < 0 || created > last)
			return -1;
		if (created < first)
			first = created;
	}
	return last - first > MANY_IDS ? -1 : first;
}

/* The network namespaces of all sockets of this process, as the cookies of the kernel. */
struct cookies {
	uint64_t *all;
	size_t n, room;
	bool is_complete;
};

static bool get_cookie(int fd, uint64_t *ret_cookie)
{
	socklen_t size = sizeof(*ret_cookie);

	return getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, ret_cookie, &size) == 0;
}

static bool store(struct cookies *cookies, uint64_t cookie)
{
	uint64_t *larger;

	if (cookies->n == cookies->room) {
		cookies->room = cookies->room * 2 + 16;
		larger = realloc(cookies->all, cookies->room * sizeof(*larger));
		if (!larger)
			return false;
		cookies->all = larger;
	}
	cookies->all[cookies->n++] = cookie;
	return true;
}

/* Stops at a UNIX socket, by which a descriptor may have been passed, or in which it may be. */
static bool store_socket(int dir_fd, const char *name, void *arg)
{
	struct cookies *cookies = arg;
	const int fd = atoi(name);
	socklen_t size = sizeof(int);
	uint64_t cookie;
	int domain;

	(void)dir_fd;
	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0)
		return true; /* another file */
	cookies->is_complete =
		domain != AF_UNIX && get_cookie(fd, &cookie) && store(cookies, cookie);
	return cookies->is_complete;
}

/*
 * Whether nobody but this process can be in the namespaces or have a socket there, and it has only
 * one thread: it has no child, has no UNIX socket to pass a descriptor by, and all processes that
 * were created later have ended. Then cookies has all its sockets. This is the usual case, in which
 * neither the sockets of other processes nor procfs need to be looked at.
 */
static bool is_alone(struct gons_i_rtnl *const *rtnls, size_t n, struct cookies *cookies)
{
	const int last = gons_i_last_pid(), first = find_first_id(rtnls, n, last);

	if (first < 0 || has_children() || !has_one_thread())
		return false;
	for (int pid = first + 1; pid <= last; pid++)
		if (kill(pid, 0) == 0 || errno != ESRCH)
			return false;
	cookies->is_complete = true;
	return gons_i_each_name("/proc/self/fd", store_socket, cookies) == 0 &&
	       cookies->is_complete;
}

/* -1: unknown. */
static int count_stored(const struct cookies *cookies, const struct gons_i_rtnl *rtnl)
{
	uint64_t cookie;
	int n = 0;

	if (!get_cookie(rtnl->fd, &cookie))
		return -1;
	for (size_t i = 0; i < cookies->n; i++)
		n += cookies->all[i] == cookie;
	return n;
}

struct search {
	struct gons_i_rtnl **candidates;
	size_t n;
	char own_pid[16];
	bool sees_itself;
};

/* The candidate that a link of procfs leads to, or NULL. */
static struct gons_i_rtnl *find_candidate(const struct search *search, int dir_fd, const char *path)
{
	char text[64];
	ssize_t length = readlinkat(dir_fd, path, text, sizeof(text) - 1);
	unsigned long ino;

	if (length <= 0)
		return NULL;
	text[length] = '\0';
	if (strncmp(text, "net:[", 5) != 0)
		return NULL;
	ino = strtoul(text + 5, NULL, 10);
	for (size_t i = 0; i < search->n; i++)
		if (search->candidates[i]->id.ino == ino)
			return search->candidates[i];
	return NULL;
}

static void rule_out(struct gons_i_rtnl *rtnl)
{
	if (rtnl)
		rtnl->fate = GONS_I_FATE_STAYS;
}

static void rule_out_all(struct search *search)
{
	for (size_t i = 0; i < search->n; i++)
		rule_out(search->candidates[i]);
}

static bool look_at_thread(int dir_fd, const char *name, void *arg)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%.20s/ns/net", name);
	rule_out(find_candidate(arg, dir_fd, path));
	return true;
}

/* All threads of a process. It may have ended by now. */
static int look_at_threads(const char *pid, struct search *search)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%.20s/task", pid);
	return gons_i_each_name(path, look_at_thread, search);
}

static bool look_at_process(int dir_fd, const char *name, void *arg)
{
	struct search *search = arg;
	int result;

	(void)dir_fd;
	if (name[0] < '0' || name[0] > '9')
		return true;
	result = look_at_threads(name, search);
	if (strcmp(name, search->own_pid) == 0)
		search->sees_itself = result == 0;
	return true;
}

static bool is_not_unix(int dir_fd, const char *name, void *arg)
{
	socklen_t size = sizeof(int);
	int domain = 0;

	(void)dir_fd;
	if (getsockopt(atoi(name), SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0 || domain != AF_UNIX)
		return true;
	*(bool *)arg = true;
	return false;
}

/* Whether another process may have got a descriptor of a namespace from this one, as a child or by a
 * UNIX socket. It may be in a message in such a socket, too. */
static bool may_have_passed_descriptors(void)
{
	bool has_unix_sockets = false;

	return has_children() ||
	       gons_i_each_name("/proc/self/fd", is_not_unix, &has_unix_sockets) < 0 ||
	       has_unix_sockets;
}

/*
 * Looks only at the processes that were created after the namespaces, by their ids, if it is known
 * when each namespace was created and there are not too many ids. An older process was not created
 * in one of the namespaces, and needs a descriptor to enter one. False: it did not look.
 */
static bool look_at_later_processes(struct search *search)
{
	const int last = gons_i_last_pid();
	const int first = find_first_id(search->candidates, search->n, last);
	char name[16];

	/* The ids are those of this process's PID namespace: is procfs, too? */
	if (first < 0 || atoi(search->own_pid) != getpid() || may_have_passed_descriptors())
		return false;
	for (int pid = first + 1; pid <= last; pid++) {
		(void)snprintf(name, sizeof(name), "%d", pid);
		(void)look_at_threads(name, search);
	}
	return look_at_threads(search->own_pid, search) == 0;
}

static void look_at_processes(struct search *search)
{
	ssize_t length = readlink("/proc/self", search->own_pid, sizeof(search->own_pid) - 1);

	search->own_pid[length > 0 ? length : 0] = '\0';
	if (length > 0 && look_at_later_processes(search))
		return;
	if (length > 0 && gons_i_each_name("/proc", look_at_process, search) == 0 &&
	    search->sees_itself)
		return;
	rule_out_all(search);
}

/* ---- if the times of the inodes are the same ---- */

static bool look_at_descriptor(int dir_fd, const char *name, void *arg)
{
	rule_out(find_candidate(arg, dir_fd, name));
	return true;
}

static void look_at_mounts(struct search *search)
{
	struct gons_i_lines lines;
	const char *line;
	char text[32];

	if (gons_i_lines_open(&lines, "/proc/thread-self/mountinfo") < 0) {
		rule_out_all(search);
		return;
	}
	while ((line = gons_i_lines_next(&lines))) {
		for (size_t i = 0; strstr(line, " net:[") && i < search->n; i++) {
			(void)snprintf(text, sizeof(text), " net:[%lu] ",
				       (unsigned long)search->candidates[i]->id.ino);
			if (strstr(line, text))
				rule_out(search->candidates[i]);
		}
	}
	gons_i_lines_close(&lines);
}

/*
 * The time of an inode comes from a clock that ticks every few milliseconds. As long as it has not
 * ticked since the namespace was created, a new inode and the old one look the same. A namespace
 * that new can be held only by this process, by what it has passed a descriptor to, and by mounts.
 */
static void look_closely(struct search *search)
{
	if (!may_have_passed_descriptors() &&
	    gons_i_each_name("/proc/self/fd", look_at_descriptor, search) == 0) {
		look_at_mounts(search);
		return;
	}
	rule_out_all(search);
}

/* ---- the result ---- */

/* The sockets in the namespace: by cookies if this process is alone, otherwise NULL. */
static int find_sockets(const struct gons_i_rtnl *rtnl, int fd, const struct cookies *cookies)
{
	int sockets = -1;

	if (cookies)
		return count_stored(cookies, rtnl);
	(void)gons_execute(fd, count_sockets, &sockets);
	return sockets;
}

/* Returns whether the time decides; otherwise look_closely() has to. */
static bool judge(struct gons_i_rtnl *rtnl, const struct cookies *cookies)
{
	int fd, order;
	struct timespec now;
	struct stat st;

	rtnl->fate = GONS_I_FATE_STAYS;
	(void)clock_gettime(CLOCK_REALTIME_COARSE, &now); /* that of inodes, or a little earlier */
	fd = open_namespace(rtnl);
	if (fd < 0 || fstat(fd, &st) < 0 || rtnl->nsfs_time.tv_sec == 0) {
		gons_i_close_fd(&fd);
		return true;
	}
	order = compare_times(&st.st_ctim, &rtnl->nsfs_time);
	/* A new inode would have a later time by now. */
	if (order == 0 && compare_times(&now, &rtnl->nsfs_time) > 0)
		order = -1;
	if (order >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
	    find_sockets(rtnl, fd, cookies) == own_sockets(rtnl))
		rtnl->fate = GONS_I_FATE_ENDS;
	gons_i_close_fd(&fd);
	return order != 0;
}

static void search_candidates(struct gons_i_rtnl **rtnls, size_t n, void (*look)(struct search *))
{
	struct search search = { .candidates = rtnls, .n = n };

	if (n > 0)
		look(&search);
}

void gons_i_can_be_entered_find(struct gons_i_rtnl **rtnls, size_t n)
{
	size_t doubtful = 0, ending = 0;
	struct gons_i_file_id own;
	const bool knows_own = gons_i_rtnl_identify_own(&own);
	struct cookies cookies = { .all = NULL };
	const bool alone = n > 0 && is_alone(rtnls, n, &cookies);

	for (size_t i = 0; i < n; i++) {
		struct gons_i_rtnl *rtnl = rtnls[i];
		bool is_clear = true;

		if (!knows_own || (rtnl->id.ino == own.ino && rtnl->id.dev == own.dev))
			rtnl->fate = GONS_I_FATE_STAYS;
		else
			is_clear = judge(rtnl, alone ? &cookies : NULL);
		if (is_clear)
			continue;
		/* The doubtful ones come first. */
		rtnls[i] = rtnls[doubtful];
		rtnls[doubtful++] = rtnl;
	}
	search_candidates(rtnls, doubtful, look_closely);
	for (size_t i = 0; i < n; i++) {
		struct gons_i_rtnl *rtnl = rtnls[i];

		if (rtnl->fate != GONS_I_FATE_ENDS)
			continue;
		rtnls[i] = rtnls[ending];
		rtnls[ending++] = rtnl;
	}
	if (!alone)
		search_candidates(rtnls, ending, look_at_processes);
	free(cookies.all);
}

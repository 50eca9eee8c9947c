/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What need not be undone. Deleting a link makes the kernel wait for tens of milliseconds; a network
 * namespace that ends takes its links along, and the kernel does that in the background. So what is
 * in network namespaces that may end with the scope is not undone in its turn, but left for the
 * bottom of the scope: when all else of the scope is undone, and gons holds the namespaces by its own
 * sockets only, it is found out whether anybody else can still get into them. Where somebody can, it
 * is undone then, newest first. docs/design.md has the reasons.
 *
 * The kernel does not tell how often a namespace is held. (That a namespace lives yet says
 * nothing either: a closed UDP or netlink socket keeps it for some milliseconds, although it
 * cannot be entered by it.) But whoever can get in has one of these:
 *
 * - a socket: the namespace counts its sockets, whoever has them;
 * - a descriptor of the namespace's file, or a mount of it: as long as there is one, the kernel keeps
 *   the inode, and a new inode has a later time;
 * - a process or a thread in it, which procfs shows.
 *
 * Each doubt counts as a yes.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/lines.h"
#include "gons/core/births.h"
#include "gons/core/scope.h"
#include "netns/inside.h"
#include "netns/rtnl_socket.h"
#include "netns/vanish.h"

#ifndef SIOCGSKNS
#define SIOCGSKNS 0x894C
#endif

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

/* Notes the time of the inode, while the scope holds what it holds. */
static void note_time(struct gons_i_rtnl *rtnl)
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

/* Of the calling thread's network namespace; -1: cannot be told. */
static int count_sockets(void *arg)
{
	static const char start[] = "sockets: used ";
	cleanup_fd int fd = open("/proc/thread-self/net/sockstat", O_RDONLY | O_CLOEXEC);
	char text[64];
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	*(int *)arg = -1;
	if (got <= 0)
		return 0;
	text[got] = '\0';
	if (strncmp(text, start, sizeof(start) - 1) == 0)
		*(int *)arg = atoi(text + sizeof(start) - 1);
	return 0;
}

static int (*count_further)(ino_t ino);

void gons_i_vanish_set_counter(int (*count)(ino_t ino))
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

struct search {
	struct gons_i_rtnl **candidates;
	size_t n;
	char own_pid[16];
	int proc_fd;
	bool sees_itself;
};

/* What a link of procfs leads to: the candidate, or NULL. */
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

static bool look_at_thread(int dir_fd, const char *name, void *arg)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%.20s/ns/net", name);
	rule_out(find_candidate(arg, dir_fd, path));
	return true;
}

static bool look_at_process(int dir_fd, const char *name, void *arg)
{
	struct search *search = arg;

	if (name[0] < '0' || name[0] > '9')
		return true;
	if (strcmp(name, search->own_pid) == 0)
		search->sees_itself = gons_i_each_name("/proc/self/task", look_at_thread, arg) == 0;
	else
		(void)look_at_thread(dir_fd, name, arg);
	return true;
}

static bool has_children(void)
{
	siginfo_t info;

	return waitid(P_ALL, 0, &info,
		      WEXITED | WSTOPPED | WCONTINUED | WNOHANG | WNOWAIT | __WALL) == 0 ||
	       errno != ECHILD;
}

/*
 * Who was born after the namespaces, by number, where all of that is known and there are not too many
 * of them. Who is older is not in one by birth. A child that is older could have been given a
 * descriptor, so that there must be no children. False: not looked.
 */
static bool look_at_young(struct search *search)
{
	enum { MANY = 200 };
	int last = gons_i_last_pid(), first = last;
	char name[16];

	for (size_t i = 0; i < search->n; i++) {
		int birth = gons_i_birth_find(&search->candidates[i]->id);

		if (birth < 0)
			return false;
		if (birth < first)
			first = birth;
	}
	if (first < 0 || last - first > MANY || has_children())
		return false;
	for (int pid = first + 1; pid <= last; pid++) {
		(void)snprintf(name, sizeof(name), "%d", pid);
		(void)look_at_thread(search->proc_fd, name, search);
	}
	return gons_i_each_name("/proc/self/task", look_at_thread, search) == 0;
}

static void look_at_processes(struct search *search)
{
	cleanup_fd int proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ssize_t length = readlink("/proc/self", search->own_pid, sizeof(search->own_pid) - 1);

	search->proc_fd = proc_fd;
	search->own_pid[length > 0 ? length : 0] = '\0';
	if (length > 0 && proc_fd >= 0 && look_at_young(search))
		return;
	if (length > 0 && gons_i_each_name("/proc", look_at_process, search) == 0 &&
	    search->sees_itself)
		return;
	for (size_t i = 0; i < search->n; i++)
		rule_out(search->candidates[i]);
}

/* ---- where the times are the same ---- */

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
		for (size_t i = 0; i < search->n; i++)
			rule_out(search->candidates[i]);
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
 * The inode's time is that of a clock that ticks every few milliseconds. Where it has not ticked
 * since the namespace was made, a new inode and the old one look the same. What can hold a
 * namespace that young are this process, its children, and mounts.
 */
static void look_closely(struct search *search)
{
	if (!has_children() && gons_i_each_name("/proc/self/fd", look_at_descriptor, search) == 0) {
		look_at_mounts(search);
		return;
	}
	for (size_t i = 0; i < search->n; i++)
		rule_out(search->candidates[i]);
}

/* ---- together ---- */

/* Returns whether the time says it; else the namespace is to be looked at closely. */
static bool judge_alone(struct gons_i_rtnl *rtnl)
{
	int fd = open_namespace(rtnl), sockets = -1, order = 1;
	struct stat st;

	rtnl->fate = GONS_I_FATE_STAYS;
	if (fd < 0 || fstat(fd, &st) < 0 || rtnl->nsfs_time.tv_sec == 0) {
		gons_i_close_fd(&fd);
		return true;
	}
	order = compare_times(&st.st_ctim, &rtnl->nsfs_time);
	if (order >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
	    gons_i_netns_inside(fd, count_sockets, &sockets) == 0 && sockets == own_sockets(rtnl))
		rtnl->fate = GONS_I_FATE_ENDS;
	gons_i_close_fd(&fd);
	return order > 0;
}

static void search_candidates(struct gons_i_rtnl **rtnls, size_t n, void (*look)(struct search *))
{
	struct search search = { .candidates = rtnls, .n = n };

	if (n > 0)
		look(&search);
}

/* Finds out the fate of each of them. */
static void judge(struct gons_i_rtnl **rtnls, size_t n)
{
	size_t doubtful = 0, ending = 0;

	for (size_t i = 0; i < n; i++) {
		struct gons_i_rtnl *rtnl = rtnls[i];
		bool is_clear = true;

		if (gons_i_rtnl_is_own(rtnl))
			rtnl->fate = GONS_I_FATE_STAYS;
		else
			is_clear = judge_alone(rtnl);
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
	search_candidates(rtnls, ending, look_at_processes);
}

/* ---- the rest of a scope ---- */

struct gons_i_scope_rest {
	struct gons_i_item *first; /* the newest, which is undone first */
	struct gons_i_item **end;
};

/* Without doubles. NULL where there is no memory. */
static struct gons_i_rtnl **list_sockets(const struct gons_i_scope_rest *rest, size_t *ret_n)
{
	struct gons_i_rtnl **rtnls = NULL, **larger;
	size_t n = 0, room = 0;

	for (struct gons_i_item *item = rest->first; item; item = item->next)
		for (int i = 0; i < GONS_I_ITEM_RTNLS && item->rtnls[i]; i++) {
			if (item->rtnls[i]->fate == GONS_I_FATE_STAYS)
				continue;
			if (n == room) {
				room = room * 2 + 16;
				larger = realloc(rtnls, room * sizeof(*rtnls));
				if (!larger) {
					free(rtnls);
					return NULL;
				}
				rtnls = larger;
			}
			item->rtnls[i]->fate = GONS_I_FATE_STAYS; /* until it is judged */
			rtnls[n++] = item->rtnls[i];
		}
	*ret_n = n;
	return rtnls;
}

static void forget_fates(const struct gons_i_scope_rest *rest)
{
	for (struct gons_i_item *item = rest->first; item; item = item->next)
		for (int i = 0; i < GONS_I_ITEM_RTNLS && item->rtnls[i]; i++)
			item->rtnls[i]->fate = GONS_I_FATE_UNKNOWN;
}

static bool ends(const struct gons_i_item *item)
{
	for (int i = 0; i < GONS_I_ITEM_RTNLS && item->rtnls[i]; i++)
		if (item->rtnls[i]->fate != GONS_I_FATE_ENDS)
			return false;
	return true;
}

static void free_rest(struct gons_i_scope_rest *rest)
{
	struct gons_i_item *item;

	while ((item = rest->first)) {
		rest->first = item->next;
		gons_i_item_free(item);
	}
	free(rest);
}

static int settle(void *data)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct gons_i_scope_rest *rest = *(struct gons_i_scope_rest **)data;
	struct gons_i_failure failure = { .errnum = 0 };
	struct gons_i_rtnl **rtnls;
	size_t n = 0;

	forget_fates(rest);
	rtnls = list_sockets(rest, &n);
	if (rtnls)
		judge(rtnls, n);
	free(rtnls);
	for (struct gons_i_item *item = rest->first; item; item = item->next)
		if (!ends(item) && item->undo(item) < 0 && failure.errnum == 0)
			gons_i_failure_save(&failure);
	forget_fates(rest);
	free_rest(rest);
	return failure.errnum == 0 ? 0 : gons_i_failure_restore(&failure);
}

static void drop_rest(void *data)
{
	uncancelled int cancel = gons_i_forbid_cancel();

	free_rest(*(struct gons_i_scope_rest **)data);
}

static const struct gons_i_undo rest_undo = { .undo = settle, .drop = drop_rest };

/* ---- items ---- */

void gons_i_item_add_rtnl(struct gons_i_item *item, struct gons_i_rtnl *rtnl)
{
	int i = 0;

	while (item->rtnls[i] && item->rtnls[i] != rtnl)
		i++;
	if (item->rtnls[i])
		gons_i_rtnl_close(rtnl);
	else
		item->rtnls[i] = rtnl;
}

int gons_i_item_add(struct gons_i_item *item, int nsfd)
{
	struct gons_i_rtnl *rtnl = gons_i_rtnl_open(nsfd);

	if (!rtnl)
		return -1;
	gons_i_item_add_rtnl(item, rtnl);
	return 0;
}

void gons_i_item_free(struct gons_i_item *item)
{
	int saved = errno;

	for (int i = 0; i < GONS_I_ITEM_RTNLS && item->rtnls[i]; i++)
		gons_i_rtnl_close(item->rtnls[i]);
	free(item);
	errno = saved;
}

struct recorded {
	struct gons_i_item *item;
	bool (*is_there)(struct gons_i_item *item);
};

static int undo_item(void *data)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	const struct recorded *recorded = data;
	struct gons_i_item *item = recorded->item;
	int result;

	if (item->rest && (!recorded->is_there || recorded->is_there(item))) {
		for (int i = 0; i < GONS_I_ITEM_RTNLS && item->rtnls[i]; i++)
			note_time(item->rtnls[i]);
		item->next = NULL;
		*item->rest->end = item;
		item->rest->end = &item->next;
		return 0;
	}
	result = item->undo(item);
	gons_i_item_free(item);
	return result;
}

static void drop_item(void *data)
{
	uncancelled int cancel = gons_i_forbid_cancel();

	gons_i_item_free(((const struct recorded *)data)->item);
}

int gons_i_item_reserve(void)
{
	struct gons_i_scope_rest *rest;

	if (gons_i_scope_reserve(2) < 0)
		return -1;
	if (gons_i_scope_bottom(&rest_undo))
		return 0;
	rest = calloc(1, sizeof(*rest));
	if (!rest)
		return gons_i_fail(ENOMEM, "cannot record what is to be undone");
	rest->end = &rest->first;
	gons_i_scope_insert_at_bottom(&rest_undo, &rest, sizeof(rest));
	return 0;
}

static bool may_end(const struct gons_i_item *item)
{
	for (int i = 0; i < GONS_I_ITEM_RTNLS && item->rtnls[i]; i++)
		if (item->rtnls[i]->id.ino == 0 ||
		    !gons_i_scope_may_end(&item->rtnls[i]->id, gons_i_rtnl_is_own(item->rtnls[i])))
			return false;
	return true;
}

void gons_i_item_record(struct gons_i_item *item, bool (*is_there)(struct gons_i_item *item))
{
	static const struct gons_i_undo undo = { .undo = undo_item, .drop = drop_item };
	const struct recorded recorded = { item, is_there };
	struct gons_i_scope_rest **rest = gons_i_scope_bottom(&rest_undo);

	item->rest = rest && may_end(item) ? *rest : NULL;
	(void)gons_i_scope_push(&undo, &recorded, sizeof(recorded));
}

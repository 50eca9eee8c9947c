/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads from procfs what a process has. All of this runs after each test, so it takes as few
 * system calls as possible: fstat(2) identifies a descriptor, instead of its link in procfs, and
 * a process with one thread is recognised without a list of its threads.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/forks.h"
#include "gons/base/signal_safe_read.h"
#include "gons/base/procfs.h"
#include "gons/leak/exempt.h"
#include "gons/leak/snapshot.h"

static const char fd_dir[] = "/proc/thread-self/fd";
static const char task_dir[] = "/proc/self/task";

/* ---- lists ---- */

bool gons_i_items_have(const struct gons_i_items *items, const struct gons_i_item *item)
{
	for (size_t i = 0; i < items->n; i++)
		if (items->list[i].number == item->number && items->list[i].dev == item->dev &&
		    items->list[i].ino == item->ino)
			return true;
	return false;
}

int gons_i_items_add(struct gons_i_items *items, const struct gons_i_item *item)
{
	struct gons_i_item *list;

	if (items->n % 64 == 0) {
		list = realloc(items->list, (items->n + 64) * sizeof(*list));
		if (!list)
			return gons_i_fail(ENOMEM,
					   "cannot store the list of open descriptors and threads");
		items->list = list;
	}
	items->list[items->n++] = *item;
	return 0;
}

void gons_i_items_free(struct gons_i_items *items)
{
	free(items->list);
	*items = (struct gons_i_items){ NULL, 0 };
}

struct listing {
	struct gons_i_items *items;
	int result;
};

static bool add_name(int dir_fd, const char *name, void *arg)
{
	struct listing *listing = arg;
	const struct gons_i_item item = { .number = atoi(name) };

	if (item.number != dir_fd)
		listing->result = gons_i_items_add(listing->items, &item);
	return listing->result == 0;
}

/* The numbers in a directory, without the descriptor that lists it. */
static int list_numbers(const char *path, struct gons_i_items *items)
{
	struct listing listing = { items, 0 };

	if (gons_i_each_name(path, add_name, &listing) < 0)
		listing.result = gons_i_fail(errno, "cannot list %s", path);
	if (listing.result < 0)
		gons_i_items_free(items);
	return listing.result;
}

/* Leaves out what is exempt for owners up to this one. */
static int list_others(const char *path, bool (*is_exempt)(int, unsigned), unsigned last_owner,
		       struct gons_i_items *items)
{
	size_t n = 0;
	int result;

	*items = (struct gons_i_items){ NULL, 0 };
	gons_i_exempt_begin_snapshot();
	result = list_numbers(path, items);
	gons_i_forks_forbid();
	for (size_t i = 0; i < items->n; i++)
		if (!is_exempt(items->list[i].number, last_owner))
			items->list[n++] = items->list[i];
	gons_i_forks_allow();
	gons_i_exempt_end_snapshot();
	items->n = n;
	return result;
}

int gons_i_list_fds(unsigned last_owner, struct gons_i_items *fds)
{
	if (list_others(fd_dir, gons_i_exempt_has_fd, last_owner, fds) < 0)
		return -1;
	for (size_t i = 0; i < fds->n; i++) {
		struct stat st;

		/* fstat(2), by a name that ThreadSanitizer does not take for an access which races
		 * with the close(2) of another thread: what that closes here is no finding. */
		if (fstatat(fds->list[i].number, "", &st, AT_EMPTY_PATH) < 0)
			continue;
		fds->list[i].dev = st.st_dev;
		fds->list[i].ino = st.st_ino;
	}
	return 0;
}

/* The size of this directory is the number of open descriptors, or 0. Exempt ones are looked at after
 * it was read, so one that is open then was counted. */
static bool is_number_of_fds(unsigned last_owner, size_t n)
{
	struct stat st;
	int exempt = -1;

	gons_i_exempt_begin_snapshot();
	if (stat(fd_dir, &st) == 0) {
		gons_i_forks_forbid();
		exempt = gons_i_exempt_count_open_fds(last_owner);
		gons_i_forks_allow();
	}
	gons_i_exempt_end_snapshot();
	return exempt >= 0 && st.st_size == (off_t)n + exempt;
}

bool gons_i_fds_are_unchanged(unsigned last_owner, const struct gons_i_items *fds)
{
	struct stat st;

	if (fds->n == 0 || !is_number_of_fds(last_owner, fds->n))
		return false;
	for (size_t i = 0; i < fds->n; i++)
		if (!fds->list[i].is_own &&
		    (fstatat(fds->list[i].number, "", &st, AT_EMPTY_PATH) < 0 ||
		     st.st_dev != fds->list[i].dev || st.st_ino != fds->list[i].ino))
			return false;
	return true;
}

/* procfs counts the threads of a process as links of this directory. */
static bool is_number_of_threads(unsigned n)
{
	struct stat st;

	return stat(task_dir, &st) == 0 && st.st_nlink == 2 + n;
}

static unsigned count_gons_only_threads(void)
{
	unsigned n;

	gons_i_forks_forbid();
	n = gons_i_exempt_count_gons_only_threads();
	gons_i_forks_allow();
	return n;
}

bool gons_i_has_one_thread(void)
{
	bool has_one;
	unsigned n = count_gons_only_threads();

	if (n == 0)
		return is_number_of_threads(1);
	gons_i_exempt_begin_snapshot();
	/* None starts now. One that ends is no longer exempt before it is no longer there. */
	has_one = is_number_of_threads(1 + n) && count_gons_only_threads() == n;
	gons_i_exempt_end_snapshot();
	return has_one;
}

int gons_i_list_threads(unsigned last_owner, struct gons_i_items *threads)
{
	return list_others(task_dir, gons_i_exempt_has_thread, last_owner, threads);
}

/* ---- processes ---- */

static ssize_t read_file(const char *path, char *buf, size_t size)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : gons_i_read(fd, buf, size - 1);

	buf[length < 0 ? 0 : length] = '\0';
	return length;
}

bool gons_i_read_comm(const char *path, char comm[GONS_I_COMM_SIZE])
{
	char name[64];

	(void)snprintf(name, sizeof(name), "%s/comm", path); /* short */
	if (read_file(name, comm, GONS_I_COMM_SIZE) <= 0)
		return false;
	comm[strcspn(comm, "\n")] = '\0';
	return true;
}

/* A zombie keeps nothing alive. */
static bool is_running(int pid)
{
	char path[64], text[256];
	const char *rest;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid); /* short */
	if (read_file(path, text, sizeof(text)) <= 0)
		return false;
	rest = strrchr(text, ')'); /* "42 (name) R" */
	return rest && rest[1] == ' ' && rest[2] != 'Z' && rest[2] != 'X';
}

static int add_children(const char *text, struct gons_i_items *children)
{
	char *end;

	for (; *text; text = end) {
		struct gons_i_item item = { .number = (int)strtol(text, &end, 10) };

		if (end == text)
			break;
		if (is_running(item.number) && gons_i_items_add(children, &item) < 0)
			return -1;
	}
	return 0;
}

/* Whether orphans become children of this process. */
static bool adopts(void)
{
	int is_subreaper = 0;

	return getpid() == 1 ||
	       (prctl(PR_GET_CHILD_SUBREAPER, &is_subreaper, 0, 0, 0) == 0 && is_subreaper);
}

int gons_i_list_children(struct gons_i_items *children)
{
	enum { SIZE = 65536 };
	struct gons_i_items threads = { NULL, 0 };
	siginfo_t info;
	char *text;
	int result;

	*children = (struct gons_i_items){ NULL, 0 };
	if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) < 0 || adopts())
		return 0;
	text = malloc(SIZE);
	gons_i_exempt_begin_snapshot(); /* a pool that creates a set forks children for a moment */
	result = text ? list_numbers(task_dir, &threads)
		      : gons_i_fail(ENOMEM, "cannot list the child processes");
	/* Each child is listed with the thread that forked it. */
	for (size_t i = 0; result == 0 && i < threads.n; i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "%s/%d/children", task_dir,
			       threads.list[i].number);
		if (read_file(path, text, SIZE) > 0)
			result = add_children(text, children);
	}
	gons_i_exempt_end_snapshot();
	gons_i_items_free(&threads);
	free(text);
	if (result < 0)
		gons_i_items_free(children);
	return result;
}

/* ---- the thread ---- */

const char *gons_i_link_name(size_t i)
{
	static const char *const for_children[] = { "pid_for_children", "time_for_children" };

	return i < GONS_I_TYPES ? gons_i_types[i].name : for_children[i - GONS_I_TYPES];
}

void gons_i_read_link(int dir_fd, const char *name, char *buf, size_t size)
{
	ssize_t length = readlinkat(dir_fd, name, buf, size - 1);

	buf[length < 0 ? 0 : length] = '\0';
}

int gons_i_open_namespaces(void)
{
	return open("/proc/thread-self/ns", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* After ENOENT: the kernel lacks the type, or the PID namespace for children has no process yet. */
static bool has_no_namespace(int dir_fd, size_t i)
{
	struct stat st;

	return errno == ENOENT && (i == GONS_I_TYPES || fstatat(dir_fd, gons_i_link_name(i), &st,
								AT_SYMLINK_NOFOLLOW) < 0);
}

int gons_i_read_namespaces(int dir_fd, char links[GONS_I_LINKS][GONS_I_LINK_SIZE])
{
	if (dir_fd < 0)
		return gons_i_fail(errno, "cannot read the namespaces of this thread");
	for (size_t i = 0; i < GONS_I_LINKS; i++) {
		const int type = i < GONS_I_TYPES ? gons_i_types[i].flag : 0;

		links[i][0] = '\0';
		/* A process never leaves its PID namespace, and cannot change its time namespace
		 * without that of its children. */
		if (type == CLONE_NEWPID || type == CLONE_NEWTIME)
			continue;
		errno = 0;
		gons_i_read_link(dir_fd, gons_i_link_name(i), links[i], GONS_I_LINK_SIZE);
		if (links[i][0] == '\0' && !has_no_namespace(dir_fd, i))
			return gons_i_fail(errno, "cannot read the %s namespace of this thread",
					   gons_i_link_name(i));
	}
	return 0;
}

int gons_i_read_umask(bool has_one_thread)
{
	uint64_t number;
	mode_t mask;

	/* Other threads would see that it is set. */
	if (!has_one_thread)
		return gons_i_status_number("Umask", 8, &number) < 0 ? -1 : (int)number;
	mask = umask(0077);
	(void)umask(mask);
	return (int)mask;
}

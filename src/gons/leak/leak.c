/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a test left behind, found by comparing two pictures of the process and the thread.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <gons/leak.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/forks.h"
#include "gons/base/procfs.h"
#include "gons/base/types.h"
#include "gons/core/nsfd.h"
#include "gons/core/saved_context.h"
#include "gons/leak/exempt.h"

/* A descriptor and the file behind it, or a thread. */
struct item {
	int number;
	dev_t dev;
	ino_t ino;
};

struct items {
	struct item *list;
	size_t n;
};

/* The thread's own namespaces, in the order of gons_i_types, and where its children go. */
enum { LINKS = GONS_I_TYPES + 2 };

static const char *link_name(size_t i)
{
	static const char *const for_children[] = { "pid_for_children", "time_for_children" };

	return i < GONS_I_TYPES ? gons_i_types[i].name : for_children[i - GONS_I_TYPES];
}

struct gons_leaks {
	struct gons_i_context place; /* to bring the thread back to */
	char namespaces[LINKS][32]; /* "net:[4026531840]", "" where there is none */
	struct stat root, cwd;
	char cwd_path[PATH_MAX];
	unsigned umask;
	unsigned last_owner; /* what gons keeps for later ones was begun since */
	struct items fds, threads;
};

struct findings {
	void (*report)(const char *message, void *arg);
	void *arg;
	int n;
};

__attribute__((format(printf, 2, 3))) static void find(struct findings *findings,
						       const char *format, ...)
{
	char message[PATH_MAX + 256];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format, args); /* cut where it is longer */
	va_end(args);
	findings->n++;
	if (findings->report)
		findings->report(message, findings->arg);
}

/* ---- numbered entries of a directory of procfs ---- */

static int add(struct items *items, const struct item *item)
{
	struct item *list;

	if (items->n % 64 == 0) {
		list = realloc(items->list, (items->n + 64) * sizeof(*list));
		if (!list)
			return gons_i_fail(ENOMEM, "cannot list what is open");
		items->list = list;
	}
	items->list[items->n++] = *item;
	return 0;
}

/* A descriptor's file is told apart by its inode; a thread has none that stays. */
static int list_items(const char *path, bool with_files, struct items *items)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	int result = 0;

	items->n = 0;
	if (!dir)
		return gons_i_fail(errno, "cannot list %s", path);
	while (result == 0 && (entry = readdir(dir))) {
		struct item item = { .number = atoi(entry->d_name) };
		struct stat st;

		if (entry->d_name[0] == '.' || item.number == dirfd(dir))
			continue;
		if (with_files && fstatat(dirfd(dir), entry->d_name, &st, 0) == 0) {
			item.dev = st.st_dev;
			item.ino = st.st_ino;
		}
		result = add(items, &item);
	}
	(void)closedir(dir);
	return result;
}

static const char fd_dir[] = "/proc/thread-self/fd";
static const char task_dir[] = "/proc/self/task";

/* Leaves out what gons itself keeps for owners up to this one. */
static int list_others(const char *path, bool with_files, bool (*is_kept)(int, unsigned),
		       unsigned last_owner, struct items *items)
{
	size_t n = 0;
	int result;

	gons_i_exempt_hold();
	result = list_items(path, with_files, items);
	gons_i_forks_forbid();
	for (size_t i = 0; i < items->n; i++)
		if (!is_kept(items->list[i].number, last_owner))
			items->list[n++] = items->list[i];
	gons_i_forks_allow();
	gons_i_exempt_release();
	items->n = n;
	return result;
}

static int list_fds(unsigned last_owner, struct items *fds)
{
	return list_others(fd_dir, true, gons_i_exempt_has_fd, last_owner, fds);
}

static int list_threads(unsigned last_owner, struct items *threads)
{
	return list_others(task_dir, false, gons_i_exempt_has_thread, last_owner, threads);
}

static bool has_item(const struct items *items, const struct item *item)
{
	for (size_t i = 0; i < items->n; i++)
		if (items->list[i].number == item->number && items->list[i].dev == item->dev &&
		    items->list[i].ino == item->ino)
			return true;
	return false;
}

/* ---- the picture ---- */

static void read_link(const char *dir, const char *name, char *buf, size_t size)
{
	char path[PATH_MAX];
	ssize_t length;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name); /* both are short */
	length = readlink(path, buf, size - 1);
	buf[length < 0 ? 0 : length] = '\0';
}

static void read_namespaces(char namespaces[LINKS][32])
{
	for (size_t i = 0; i < LINKS; i++)
		read_link("/proc/thread-self/ns", link_name(i), namespaces[i], 32);
}

/* Without setting it, which other threads could see. */
static unsigned read_umask(void)
{
	return (unsigned)gons_i_status_number("Umask", 8);
}

/*
 * The thread sanitizer has a thread of its own, which it starts along with the program's
 * first one: that must not look like a thread that somebody left.
 */
extern void __tsan_init(void) __attribute__((weak));

static void *end_at_once(void *arg)
{
	return arg;
}

static void start_sanitizer(void)
{
	pthread_t thread;

	if (__tsan_init && pthread_create(&thread, NULL, end_at_once, NULL) == 0)
		(void)pthread_join(thread, NULL);
}

static void free_leaks(gons_leaks *leaks)
{
	int saved = errno;

	free(leaks->fds.list);
	free(leaks->threads.list);
	free(leaks);
	errno = saved;
}

GONS_EXPORT gons_leaks *gons_leaks_begin(void)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	const int types = gons_i_present_types();
	gons_leaks *leaks;

	if (types == 0 || /* no procfs, says the message */
	    gons_i_exempt_prepare() < 0)
		return NULL;
	(void)pthread_once(&once, start_sanitizer);
	leaks = calloc(1, sizeof(*leaks));
	if (!leaks) {
		(void)gons_i_fail(ENOMEM, "cannot remember what is open");
		return NULL;
	}
	if (gons_i_context_save(types, &leaks->place) < 0) {
		free_leaks(leaks);
		return NULL;
	}
	read_namespaces(leaks->namespaces);
	(void)fstat(leaks->place.root_fd, &leaks->root); /* just opened */
	(void)fstat(leaks->place.cwd_fd, &leaks->cwd);
	read_link("/proc/thread-self", "cwd", leaks->cwd_path, sizeof(leaks->cwd_path));
	leaks->umask = read_umask();
	gons_i_forks_forbid();
	leaks->last_owner = gons_i_exempt_last();
	gons_i_forks_allow();
	if (list_fds(leaks->last_owner, &leaks->fds) == 0 &&
	    list_threads(leaks->last_owner, &leaks->threads) == 0)
		return leaks;
	gons_i_context_close(&leaks->place);
	free_leaks(leaks);
	return NULL;
}

/* ---- the comparison ---- */

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool is_at(const char *path, const struct stat *before)
{
	struct stat now;

	return stat(path, &now) == 0 && same_file(&now, before);
}

/* stat(2) of "." takes the right to enter it; the link of procfs may be missing in a chroot. */
static bool is_at_cwd(const struct stat *before)
{
	return is_at(".", before) || (errno == EACCES && is_at("/proc/thread-self/cwd", before));
}

/* Looked at before anything is put back, which moves the working directory too. */
static void find_directories(const gons_leaks *leaks, struct findings *findings)
{
	char path[PATH_MAX];

	if (!is_at_cwd(&leaks->cwd)) {
		read_link("/proc/thread-self", "cwd", path, sizeof(path));
		find(findings, "the working directory was left at %s, before at %s",
		     path[0] ? path : "a place that cannot be seen", leaks->cwd_path);
	}
	if (!is_at("/", &leaks->root))
		find(findings, "the root directory was left changed");
}

/* Returns the switchable types that differ. */
static int find_namespaces(const gons_leaks *leaks, struct findings *findings)
{
	char now[LINKS][32];
	int types = 0;

	read_namespaces(now);
	for (size_t i = 0; i < LINKS; i++) {
		if (strcmp(now[i], leaks->namespaces[i]) == 0)
			continue;
		find(findings, "the thread was left in another %s namespace: %s, before in %s",
		     link_name(i), now[i][0] ? now[i] : "an empty one", leaks->namespaces[i]);
		if (i < GONS_I_SWITCHABLE)
			types |= gons_i_types[i].flag;
	}
	return types;
}

static void find_umask(const gons_leaks *leaks, struct findings *findings)
{
	unsigned now = read_umask();

	if (now == leaks->umask)
		return;
	find(findings, "the umask was left at %04o, before at %04o", now, leaks->umask);
	(void)umask(leaks->umask);
}

static void find_fds(const gons_leaks *leaks, struct findings *findings)
{
	struct items now = { NULL, 0 };

	if (list_fds(leaks->last_owner, &now) < 0)
		find(findings, "%s", gons_error());
	for (size_t i = 0; i < now.n; i++) {
		char name[16], target[PATH_MAX];

		if (has_item(&leaks->fds, &now.list[i]))
			continue;
		(void)snprintf(name, sizeof(name), "%d", now.list[i].number);
		read_link(fd_dir, name, target, sizeof(target));
		find(findings, "descriptor %s was left open: %s", name, target);
	}
	free(now.list);
}

static bool has_new_thread(const struct items *before, const struct items *now)
{
	for (size_t i = 0; i < now->n; i++)
		if (!has_item(before, &now->list[i]))
			return true;
	return false;
}

static void find_threads(const gons_leaks *leaks, struct findings *findings)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	struct items now = { NULL, 0 };

	/* A thread that was joined may be listed for a moment yet. */
	for (int tries = 0; tries < 200; tries++) {
		if (list_threads(leaks->last_owner, &now) < 0) {
			find(findings, "%s", gons_error());
			break;
		}
		if (!has_new_thread(&leaks->threads, &now))
			break;
		(void)nanosleep(&pause, NULL);
	}
	for (size_t i = 0; i < now.n; i++) {
		char path[64], name[32] = "?";
		FILE *file;

		if (has_item(&leaks->threads, &now.list[i]))
			continue;
		(void)snprintf(path, sizeof(path), "%s/%d/comm", task_dir, now.list[i].number);
		file = fopen(path, "re");
		if (!file)
			continue; /* it has ended just now */
		if (fgets(name, sizeof(name), file))
			name[strcspn(name, "\n")] = '\0';
		(void)fclose(file);
		find(findings, "thread %d \"%s\" was left running", now.list[i].number, name);
	}
	free(now.list);
}

/* Brings the thread back to its directories and namespaces. Returns whether it is there. */
static bool put_back(const gons_leaks *leaks, struct findings *findings)
{
	struct gons_i_context place = leaks->place;
	struct findings silent = { 0 };

	/* The root first, without which there may be no procfs to look into. */
	if (!is_at("/", &leaks->root))
		(void)gons_i_context_restore_directories(&place); /* checked below */
	place.types = find_namespaces(leaks, findings);
	if (place.types)
		(void)gons_i_context_restore(&place); /* checked below */
	if (!is_at_cwd(&leaks->cwd))
		(void)fchdir(place.cwd_fd); /* it was there before */
	(void)find_namespaces(leaks, &silent);
	return silent.n == 0 && is_at("/", &leaks->root);
}

GONS_EXPORT int gons_leaks_end(gons_leaks *leaks, void (*report)(const char *message, void *arg),
			       void *arg)
{
	struct findings findings = { report, arg, 0 };
	bool back;

	if (!leaks)
		return gons_i_fail(EINVAL, "there is no picture to compare with");
	find_directories(leaks, &findings);
	back = put_back(leaks, &findings);
	find_umask(leaks, &findings);
	find_fds(leaks, &findings);
	find_threads(leaks, &findings);
	gons_i_context_close(&leaks->place);
	free_leaks(leaks);
	if (back)
		return findings.n;
	return gons_i_fail(EPERM,
			   "this thread cannot come back to the namespaces or the root it was in");
}

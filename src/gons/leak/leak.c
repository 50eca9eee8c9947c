/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a test left behind: the difference between two snapshots of the process and the thread.
 */
#include <fcntl.h>
#include <limits.h>
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
#include "gons/leak/leak.h"
#include "gons/leak/snapshot.h"

struct gons_leaks {
	struct gons_i_context context; /* to which the thread returns */
	pthread_t thread;
	unsigned forks;
	char namespaces[GONS_I_LINKS][GONS_I_LINK_SIZE];
	struct gons_i_file namespaces_dir; /* where they are read */
	char cwd_path[PATH_MAX];
	int umask; /* -1: cannot be read */
	unsigned last_owner; /* the last owner of exempt threads and descriptors at that time */
	struct gons_i_items fds, threads, children;
};

/* What gons_leaks_accept() has accepted, so that no test reports it. Guarded by
 * gons_i_forks_forbid(). */
static struct gons_i_items accepted_fds, accepted_threads, accepted_children;

/* ---- findings ---- */

/* Findings are reported after the snapshot was updated, since the report function may leave by
 * longjmp(3). */
struct findings {
	char *text; /* messages, each with its NUL */
	size_t size;
	int n;
};

/* The findings of a report function that has left by longjmp(3): the next report frees them. */
static __thread char *unreported;

__attribute__((format(printf, 2, 3))) static void add_finding(struct findings *findings,
							      const char *format, ...)
{
	char message[PATH_MAX + 256];
	size_t length;
	va_list args;
	char *text;

	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format, args); /* cut where it is longer */
	va_end(args);
	findings->n++;
	length = strlen(message) + 1;
	text = realloc(findings->text, findings->size + length);
	if (!text)
		return; /* the finding is counted, but has no message */
	memcpy(text + findings->size, message, length);
	findings->text = text;
	findings->size += length;
}

static void report_all(const struct findings *findings,
		       void (*report)(const char *message, void *arg), void *arg)
{
	free(unreported);
	unreported = findings->text;
	for (size_t at = 0; report && at < findings->size; at += strlen(findings->text + at) + 1)
		report(findings->text + at, arg);
	free(findings->text);
	unreported = NULL;
}

/* ---- the snapshot ---- */

/*
 * ThreadSanitizer starts a thread of its own along with the program's first one. This thread is
 * no leak.
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

/* Leaves alone the descriptors whose numbers refer to other files now: the program has closed them,
 * and those files do not belong to gons. */
static void close_context(gons_leaks *leaks)
{
	if (gons_i_file_is_same(&leaks->namespaces_dir))
		gons_i_close_fd(&leaks->namespaces_dir.fd);
	gons_i_context_disown_closed(&leaks->context);
	gons_i_context_close(&leaks->context);
}

void gons_i_leaks_free(gons_leaks *leaks)
{
	int saved = errno;

	if (!leaks)
		return;
	close_context(leaks);
	gons_i_items_free(&leaks->fds);
	gons_i_items_free(&leaks->threads);
	gons_i_items_free(&leaks->children);
	free(leaks);
	errno = saved;
}

bool gons_i_leaks_is_own(const gons_leaks *leaks)
{
	return pthread_equal(leaks->thread, pthread_self()) && leaks->forks == gons_i_forks();
}

/* Whether the calling thread has taken the snapshot, and its descriptors are unchanged. */
static bool can_return_by(const gons_leaks *leaks)
{
	const struct gons_i_context *context = &leaks->context;

	if (!gons_i_leaks_is_own(leaks))
		return false;
	for (size_t i = 0; i < GONS_I_SWITCHABLE; i++)
		if (context->fd[i] >= 0 && !gons_i_file_id_is(&context->id[i], context->fd[i]))
			return false;
	return gons_i_file_id_is(&context->root.file, context->root_fd) &&
	       gons_i_file_id_is(&context->cwd_id, context->cwd_fd);
}

static bool is_own_fd(const gons_leaks *leaks, int fd)
{
	for (size_t i = 0; i < GONS_I_SWITCHABLE; i++)
		if (fd == leaks->context.fd[i])
			return true;
	return fd == leaks->context.root_fd || fd == leaks->context.cwd_fd ||
	       fd == leaks->namespaces_dir.fd;
}

static int list_fds(const gons_leaks *leaks, struct gons_i_items *fds)
{
	int result = gons_i_list_fds(leaks->last_owner, fds);

	for (size_t i = 0; i < fds->n; i++)
		fds->list[i].is_own = is_own_fd(leaks, fds->list[i].number);
	return result;
}

int gons_i_leaks_refresh(gons_leaks *leaks)
{
	const bool has_one_thread = gons_i_has_one_thread();

	gons_i_items_free(&leaks->fds);
	gons_i_items_free(&leaks->threads);
	gons_i_items_free(&leaks->children);
	gons_i_forks_forbid();
	leaks->last_owner = gons_i_exempt_last();
	gons_i_forks_allow();
	leaks->umask = gons_i_read_umask(has_one_thread);
	if (list_fds(leaks, &leaks->fds) < 0 || gons_i_list_children(&leaks->children) < 0)
		return -1;
	/* The calling thread is never a finding, so it may be missing in the list. */
	return has_one_thread ? 0 : gons_i_list_threads(leaks->last_owner, &leaks->threads);
}

static int save_context(gons_leaks *leaks)
{
	const int types = gons_i_present_types();
	int dir_fd;

	if (types == 0) /* the message says that procfs is missing */
		return -1;
	dir_fd = gons_i_open_namespaces();
	if (dir_fd < 0)
		return gons_i_fail(errno, "cannot open /proc/thread-self/ns");
	if (gons_i_context_save(types, &leaks->context) < 0) {
		gons_i_close_fd(&dir_fd);
		return -1;
	}
	gons_i_file_identify(dir_fd, &leaks->namespaces_dir);
	leaks->thread = pthread_self();
	leaks->forks = gons_i_forks();
	if (gons_i_read_namespaces(dir_fd, leaks->namespaces) < 0) {
		gons_i_close_fd(&dir_fd);
		gons_i_context_close(&leaks->context);
		return -1;
	}
	gons_i_read_link(AT_FDCWD, "/proc/thread-self/cwd", leaks->cwd_path,
			 sizeof(leaks->cwd_path));
	return 0;
}

GONS_EXPORT gons_leaks *gons_leaks_begin(void)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct gons_i_failure before;
	gons_leaks *leaks;

	gons_i_failure_save(&before);
	if (gons_i_exempt_prepare() < 0)
		return NULL;
	(void)pthread_once(&once, start_sanitizer);
	leaks = calloc(1, sizeof(*leaks));
	if (!leaks) {
		(void)gons_i_fail(ENOMEM, "cannot store a leak snapshot");
		return NULL;
	}
	if (save_context(leaks) < 0) {
		free(leaks);
		return NULL;
	}
	if (gons_i_leaks_refresh(leaks) < 0) {
		gons_i_leaks_free(leaks);
		return NULL;
	}
	(void)gons_i_failure_restore(&before); /* a type that the kernel lacks is no failure */
	return leaks;
}

GONS_EXPORT int gons_leaks_accept(void)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct gons_i_items fds = { NULL, 0 }, threads = { NULL, 0 }, children = { NULL, 0 };

	if (gons_i_exempt_prepare() < 0)
		return -1;
	if (gons_i_list_fds(0, &fds) < 0 || gons_i_list_threads(0, &threads) < 0 ||
	    gons_i_list_children(&children) < 0) {
		gons_i_items_free(&fds);
		gons_i_items_free(&threads);
		return -1;
	}
	gons_i_forks_forbid();
	gons_i_items_free(&accepted_fds);
	gons_i_items_free(&accepted_threads);
	gons_i_items_free(&accepted_children);
	accepted_fds = fds;
	accepted_threads = threads;
	accepted_children = children;
	gons_i_forks_allow();
	return 0;
}

static bool is_accepted(const struct gons_i_items *accepted, const struct gons_i_item *item)
{
	bool is;

	gons_i_forks_forbid();
	is = gons_i_items_have(accepted, item);
	gons_i_forks_allow();
	return is;
}

/* ---- the context: namespaces, root, working directory ---- */

static bool is_at_root(const gons_leaks *leaks)
{
	return gons_i_file_id_is_at(&leaks->context.root.file, "/");
}

/* stat(2) of "." takes the right to enter it; the link of procfs may be missing in a chroot. */
static bool is_at_cwd(const gons_leaks *leaks)
{
	const struct gons_i_file_id *before = &leaks->context.cwd_id;

	return gons_i_file_id_is_at(before, ".") ||
	       (errno == EACCES && gons_i_file_id_is_at(before, "/proc/thread-self/cwd"));
}

/* Called before anything is restored, since a return to a mount namespace also changes the working
 * directory. */
static void compare_directories(const gons_leaks *leaks, struct findings *findings)
{
	char path[PATH_MAX];

	if (!is_at_cwd(leaks)) {
		gons_i_read_link(AT_FDCWD, "/proc/thread-self/cwd", path, sizeof(path));
		add_finding(findings, "the working directory was left at %s, before at %s",
			    path[0] ? path : "a directory whose path cannot be read",
			    leaks->cwd_path);
	}
	if (!is_at_root(leaks))
		add_finding(findings, "the thread was left in another root directory");
}

/* Reads the namespaces of the calling thread, by the open directory of the snapshot if that is this
 * thread's and still open. */
static int read_namespaces(const gons_leaks *leaks, char links[GONS_I_LINKS][GONS_I_LINK_SIZE])
{
	struct gons_i_failure before;
	cleanup_fd int fd = -1;

	gons_i_failure_save(&before);
	if (gons_i_leaks_is_own(leaks) &&
	    gons_i_read_namespaces(leaks->namespaces_dir.fd, links) == 0 && links[0][0] != '\0')
		return 0;
	fd = gons_i_open_namespaces();
	if (gons_i_read_namespaces(fd, links) < 0)
		return -1;
	(void)gons_i_failure_restore(&before); /* the descriptor was closed by the program */
	return 0;
}

/* Returns whether all namespaces are the same as before. Adds to switchable the types of those that
 * differ and from which a thread can return; if the namespaces cannot be read, all such types.
 * findings may be NULL. */
static bool compare_namespaces(const gons_leaks *leaks, struct findings *findings, int *switchable)
{
	char now[GONS_I_LINKS][GONS_I_LINK_SIZE];
	bool same = true;

	if (read_namespaces(leaks, now) < 0) {
		if (findings)
			add_finding(findings, "%s", gons_error());
		*switchable = leaks->context.types;
		return false;
	}
	for (size_t i = 0; i < GONS_I_LINKS; i++) {
		if (strcmp(now[i], leaks->namespaces[i]) == 0)
			continue;
		/* The PID namespace for children was empty and has its first process now. It is
		 * still the same one. */
		if (i == GONS_I_TYPES && leaks->namespaces[i][0] == '\0')
			continue;
		if (findings)
			add_finding(findings,
				    "the thread was left in another %s namespace: %s, before in %s",
				    gons_i_link_name(i), now[i][0] ? now[i] : "an empty one",
				    leaks->namespaces[i]);
		same = false;
		if (i < GONS_I_SWITCHABLE)
			*switchable |= gons_i_types[i].flag;
	}
	return same;
}

/* Returns the thread to its directories and namespaces. Returns whether this succeeded. */
static bool return_thread(const gons_leaks *leaks, struct findings *findings)
{
	struct gons_i_context context = leaks->context;
	const int before = findings->n;
	int switchable = 0;
	bool can_return;

	compare_directories(leaks, findings);
	can_return = findings->n > before && can_return_by(leaks);
	/* The root comes first, since without it there may be no procfs. */
	if (can_return && !is_at_root(leaks))
		(void)gons_i_context_restore_directories(&context); /* checked below */
	(void)compare_namespaces(leaks, findings, &switchable);
	if (findings->n == before)
		return true;
	can_return = can_return_by(leaks);
	context.types = switchable;
	if (can_return && switchable)
		(void)gons_i_context_restore(&context); /* checked below */
	if (can_return && !is_at_cwd(leaks))
		(void)fchdir(context.cwd_fd); /* it was there before */
	return compare_namespaces(leaks, NULL, &switchable) && is_at_root(leaks);
}

/* ---- descriptors, threads and children ---- */

static void compare_umask(const gons_leaks *leaks, bool has_one_thread, struct findings *findings)
{
	const int now = gons_i_read_umask(has_one_thread);

	if (now < 0 || leaks->umask < 0 || now == leaks->umask)
		return;
	add_finding(findings, "the umask was left at %04o, before at %04o", (unsigned)now,
		    (unsigned)leaks->umask);
	(void)umask((mode_t)leaks->umask);
}

static void replace_items(struct gons_i_items *items, const struct gons_i_items *now)
{
	gons_i_items_free(items);
	*items = *now;
}

static void compare_fds(gons_leaks *leaks, struct findings *findings)
{
	struct gons_i_items now;

	if (gons_i_fds_are_unchanged(leaks->last_owner, &leaks->fds))
		return;
	if (list_fds(leaks, &now) < 0)
		add_finding(findings, "%s", gons_error());
	for (size_t i = 0; i < now.n; i++) {
		char name[64], target[PATH_MAX];

		if (gons_i_items_have(&leaks->fds, &now.list[i]) ||
		    is_accepted(&accepted_fds, &now.list[i]))
			continue;
		(void)snprintf(name, sizeof(name), "/proc/thread-self/fd/%d", now.list[i].number);
		gons_i_read_link(AT_FDCWD, name, target, sizeof(target));
		add_finding(findings, "descriptor %d was left open: %s", now.list[i].number,
			    target);
	}
	replace_items(&leaks->fds, &now);
}

static bool is_new(const struct gons_i_items *before, const struct gons_i_items *accepted,
		   const struct gons_i_item *item)
{
	/* The calling thread may be missing in a list of threads. */
	return !gons_i_items_have(before, item) && !is_accepted(accepted, item) &&
	       item->number != gons_i_tid();
}

static bool has_new_thread(const gons_leaks *leaks, const struct gons_i_items *now)
{
	for (size_t i = 0; i < now->n; i++)
		if (is_new(&leaks->threads, &accepted_threads, &now->list[i]))
			return true;
	return false;
}

static void compare_threads(gons_leaks *leaks, struct findings *findings)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	struct gons_i_items now;

	/* The kernel may still list a joined thread for a moment. */
	for (int tries = 0;; tries++) {
		if (gons_i_list_threads(leaks->last_owner, &now) < 0)
			add_finding(findings, "%s", gons_error());
		if (tries == 200 || !has_new_thread(leaks, &now))
			break;
		gons_i_items_free(&now);
		(void)nanosleep(&pause, NULL);
	}
	for (size_t i = 0; i < now.n; i++) {
		char path[64], name[GONS_I_COMM_SIZE];

		if (!is_new(&leaks->threads, &accepted_threads, &now.list[i]))
			continue;
		(void)snprintf(path, sizeof(path), "/proc/self/task/%d", now.list[i].number);
		if (gons_i_read_comm(path, name)) /* otherwise it has just ended */
			add_finding(findings, "thread %d \"%s\" was left running",
				    now.list[i].number, name);
	}
	replace_items(&leaks->threads, &now);
}

static void compare_children(gons_leaks *leaks, struct findings *findings)
{
	struct gons_i_items now;

	if (gons_i_list_children(&now) < 0)
		add_finding(findings, "%s", gons_error());
	for (size_t i = 0; i < now.n; i++) {
		char path[64], name[GONS_I_COMM_SIZE];

		if (gons_i_items_have(&leaks->children, &now.list[i]) ||
		    is_accepted(&accepted_children, &now.list[i]))
			continue;
		(void)snprintf(path, sizeof(path), "/proc/%d", now.list[i].number);
		if (gons_i_read_comm(path, name))
			add_finding(findings, "child process %d \"%s\" was left running",
				    now.list[i].number, name);
	}
	replace_items(&leaks->children, &now);
}

/* ---- the comparison ---- */

static int fail_stranded(void)
{
	return gons_i_fail(EPERM,
			   "this thread cannot return to the namespaces or the root it was in");
}

static bool compare(gons_leaks *leaks, enum gons_i_leaks_scope scope, struct findings *findings)
{
	bool has_returned = return_thread(leaks, findings);
	bool has_one_thread;

	if (scope == GONS_I_LEAKS_CONTEXT)
		return has_returned;
	has_one_thread = gons_i_has_one_thread();
	compare_umask(leaks, has_one_thread, findings);
	compare_fds(leaks, findings);
	if (has_one_thread)
		gons_i_items_free(&leaks->threads);
	else
		compare_threads(leaks, findings);
	compare_children(leaks, findings);
	gons_i_forks_forbid();
	leaks->last_owner = gons_i_exempt_last();
	gons_i_forks_allow();
	return has_returned;
}

int gons_i_leaks_compare(gons_leaks *leaks, enum gons_i_leaks_scope scope,
			 void (*report)(const char *message, void *arg), void *arg)
{
	struct findings findings = { NULL, 0, 0 };
	const int cancel = gons_i_forbid_cancel();
	const bool has_returned = compare(leaks, scope, &findings);

	gons_i_allow_cancel(&cancel);
	report_all(&findings, report, arg);
	return has_returned ? findings.n : fail_stranded();
}

GONS_EXPORT int gons_leaks_end(gons_leaks *leaks, void (*report)(const char *message, void *arg),
			       void *arg)
{
	struct findings findings = { NULL, 0, 0 };
	int cancel;
	bool has_returned;

	if (!leaks)
		return gons_i_fail(EINVAL, "leaks is NULL");
	cancel = gons_i_forbid_cancel();
	has_returned = compare(leaks, GONS_I_LEAKS_ALL, &findings);
	gons_i_leaks_free(leaks);
	gons_i_allow_cancel(&cancel);
	report_all(&findings, report, arg);
	return has_returned ? findings.n : fail_stranded();
}

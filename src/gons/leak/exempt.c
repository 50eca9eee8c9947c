/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What gons itself holds outside of all scopes: threads that wait for work, and the descriptors of
 * sets that were created in advance. Leak snapshots leave them out, and are taken while no thread
 * of gons is starting or closing any of these.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "gons/base/error.h"
#include "gons/base/forks.h"
#include "gons/leak/exempt.h"

static pthread_cond_t ended; /* a change or a snapshot has ended */
static unsigned changing; /* threads in the middle of a change */
static unsigned waiting; /* threads that wait to take a snapshot */
static bool is_taken; /* a thread takes a snapshot */

static unsigned last_owner = GONS_I_EXEMPT_LIBRARY;
static unsigned *fd_owners; /* by descriptor; 0: not gons's */
static size_t n_fd_owners;
static struct gons_i_exempt_thread *threads;

/* Nesting depth of this thread's changes. */
static __thread unsigned depth;

/* ---- fork ---- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int once_error;

/* A child has only the thread that forked. Changes that other threads had begun never end there,
 * but their descriptors still belong to gons. */
static void begin_child(void)
{
	gons_i_forks_cond_init(&ended);
	changing = depth > 0;
	waiting = 0;
	is_taken = false;
	threads = NULL;
}

static void watch_forks(void)
{
	gons_i_forks_cond_init(&ended);
	once_error = gons_i_forks_prepare();
	if (once_error == 0)
		once_error = pthread_atfork(NULL, NULL, begin_child);
}

int gons_i_exempt_prepare(void)
{
	(void)pthread_once(&once, watch_forks);
	return once_error == 0 ? 0 : gons_i_fail(once_error, "cannot prepare for a later fork(2)");
}

/* ---- changes and snapshots ---- */

void gons_i_exempt_begin_change(void)
{
	if (depth++ > 0)
		return;
	gons_i_forks_forbid();
	while (is_taken || waiting > 0)
		gons_i_forks_wait(&ended);
	changing++;
	gons_i_forks_allow();
}

void gons_i_exempt_end_change(void)
{
	if (--depth > 0)
		return;
	gons_i_forks_forbid();
	if (--changing == 0 || waiting > 0)
		(void)pthread_cond_broadcast(&ended);
	gons_i_forks_allow();
}

unsigned gons_i_exempt_depth(void)
{
	return depth;
}

void gons_i_exempt_take_part(unsigned others_depth)
{
	depth = others_depth;
}

void gons_i_exempt_begin_snapshot(void)
{
	/* A change may call a function of the program, which may take long, and may wait for this
	 * thread. */
	enum { PATIENCE_S = 10 };
	struct timespec end;
	int errnum = 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &end); /* cannot fail */
	end.tv_sec += PATIENCE_S;
	gons_i_forks_forbid();
	waiting++;
	while (is_taken || (changing > (depth > 0) && errnum == 0)) {
		if (errnum != 0)
			gons_i_forks_wait(&ended); /* the other snapshot is soon taken */
		else
			errnum = gons_i_forks_wait_until(&ended, &end);
	}
	waiting--;
	is_taken = true;
	gons_i_forks_allow();
}

void gons_i_exempt_end_snapshot(void)
{
	gons_i_forks_forbid();
	is_taken = false;
	(void)pthread_cond_broadcast(&ended);
	gons_i_forks_allow();
}

/* ---- threads and descriptors of gons ---- */

unsigned gons_i_exempt_last(void)
{
	return last_owner;
}

unsigned gons_i_exempt_new(void)
{
	return ++last_owner;
}

int gons_i_exempt_add_fd(int fd, unsigned owner)
{
	if ((size_t)fd >= n_fd_owners) {
		size_t n = ((size_t)fd | 63) + 1;
		unsigned *owners = realloc(fd_owners, n * sizeof(*owners));

		if (!owners)
			return gons_i_fail(
				ENOMEM,
				"cannot store the list of descriptors that gons keeps open");
		memset(owners + n_fd_owners, 0, (n - n_fd_owners) * sizeof(*owners));
		fd_owners = owners;
		n_fd_owners = n;
	}
	fd_owners[fd] = owner;
	return 0;
}

void gons_i_exempt_remove_fd(int fd)
{
	if (fd >= 0 && (size_t)fd < n_fd_owners)
		fd_owners[fd] = 0;
}

void gons_i_exempt_add_thread(struct gons_i_exempt_thread *thread)
{
	thread->next = threads;
	threads = thread;
}

void gons_i_exempt_remove_thread(const struct gons_i_exempt_thread *thread)
{
	struct gons_i_exempt_thread **at = &threads;

	while (*at && *at != thread)
		at = &(*at)->next;
	if (*at)
		*at = thread->next;
}

bool gons_i_exempt_has_fd(int fd, unsigned last)
{
	return (size_t)fd < n_fd_owners && fd_owners[fd] != 0 && fd_owners[fd] <= last;
}

int gons_i_exempt_count_open_fds(unsigned last)
{
	struct stat st;
	int n = 0;

	for (size_t fd = 0; fd < n_fd_owners; fd++) {
		if (!gons_i_exempt_has_fd((int)fd, last))
			continue;
		if (fstat((int)fd, &st) < 0)
			return -1;
		n++;
	}
	return n;
}

unsigned gons_i_exempt_count_gons_only_threads(void)
{
	unsigned n = 0;

	for (const struct gons_i_exempt_thread *thread = threads; thread; thread = thread->next)
		n += thread->is_gons_only;
	return n;
}

bool gons_i_exempt_has_thread(pid_t tid, unsigned last)
{
	for (const struct gons_i_exempt_thread *thread = threads; thread; thread = thread->next)
		if (thread->tid == tid && thread->owner <= last)
			return true;
	return false;
}

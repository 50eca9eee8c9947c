/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transient mount namespaces that no thread of the caller is in. Each has an idle thread, since
 * only /proc/TID/root gives access by path to the files of a mount namespace.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <gons/mntns.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/procfs.h"
#include "gons/base/types.h"
#include "gons/core/nsfd.h"
#include "gons/core/scope.h"
#include "gons/core/switch.h"
#include "gons/core/thread.h"

struct idle {
	pthread_t thread;
	sem_t ready, quit;
	pid_t tid;
	int fd; /* of the new namespace, or -1 */
	struct gons_i_failure *failure; /* valid while the creator waits */
	char procfsroot[32];
};

static void wait_for(sem_t *sem)
{
	while (sem_wait(sem) < 0) /* EINTR */
		;
}

static void *idle_in_namespace(void *arg)
{
	struct idle *idle = arg;
	cleanup_fd int fd = -1;
	int tid;

	idle->tid = (pid_t)syscall(SYS_gettid);
	(void)prctl(PR_SET_NAME, "gons-mntns");
	tid = gons_i_switch_new(CLONE_NEWNS, NULL) < 0 ? -1 : gons_i_tid();
	if (tid > 0) {
		(void)snprintf(idle->procfsroot, sizeof(idle->procfsroot), "/proc/%d/root", tid);
		fd = gons_i_open_own(&gons_i_types[GONS_I_MNT]);
	}
	if (fd < 0)
		gons_i_failure_save(idle->failure);
	idle->fd = gons_i_take_fd(&fd);
	(void)sem_post(&idle->ready); /* cannot overflow */
	wait_for(&idle->quit);
	return NULL;
}

static void free_idle(struct idle *idle)
{
	(void)sem_destroy(&idle->ready);
	(void)sem_destroy(&idle->quit);
	free(idle);
}

static int end_idle(void *data)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct idle *idle = *(struct idle **)data;

	(void)sem_post(&idle->quit);
	gons_i_thread_join(idle->thread, &idle->tid);
	free_idle(idle);
	return 0;
}

/* A forked child does not have the thread. */
static void drop_idle(void *data)
{
	free(*(struct idle **)data);
}

/* Starts the thread and waits until it is in its namespace. */
static struct idle *start_idle(void)
{
	struct idle *idle = calloc(1, sizeof(*idle));
	struct gons_i_failure failure;
	int errnum;

	if (!idle) {
		(void)gons_i_fail(ENOMEM, "cannot create an idle thread");
		return NULL;
	}
	(void)sem_init(&idle->ready, 0, 0);
	(void)sem_init(&idle->quit, 0, 0);
	idle->failure = &failure;
	errnum = gons_i_thread_create(&idle->thread, GONS_I_STACK_SMALL, idle_in_namespace, idle);
	if (errnum != 0) {
		free_idle(idle);
		(void)gons_i_fail_thread(errnum,
					 "cannot create an idle thread for a mount namespace");
		return NULL;
	}
	wait_for(&idle->ready);
	idle->failure = NULL;
	if (idle->fd < 0) {
		(void)end_idle(&idle);
		(void)gons_i_failure_restore(&failure);
		return NULL;
	}
	return idle;
}

GONS_EXPORT int gons_mntns_new_transient(const char **procfsroot)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	static const struct gons_i_undo undo = { .undo = end_idle, .drop = drop_idle };
	struct idle *idle;
	int fd;

	if (gons_i_scope_reserve(2) < 0)
		return -1;
	idle = start_idle();
	if (!idle)
		return -1;
	/* Before anything is recorded, since it can fail. */
	fd = gons_i_move_from_0(idle->fd);
	if (fd < 0) {
		(void)end_idle(&idle);
		return -1;
	}
	(void)gons_i_scope_push(&undo, &idle, sizeof(idle));
	if (procfsroot)
		*procfsroot = idle->procfsroot;
	return gons_i_scope_push_fd(fd);
}

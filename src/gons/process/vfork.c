/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A supervisor in the memory of its caller, as a child of vfork(2): nothing has to be copied for
 * it. Copying the page tables of a small program, and the pages that are written later, takes longer
 * than all that the supervisor does.
 *
 * The kernel suspends the thread that calls vfork(2) until the child has ended, since both use the
 * same errno. So a thread of its own does it, and the caller goes on. It is also the one that waits
 * for the supervisor, and tells the caller by a message when that has ended.
 */
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "gons/base/child.h"
#include "gons/core/thread.h"
#include "gons/diagnosis/cause.h"
#include "gons/diagnosis/refusal.h"
#include "gons/process/vfork.h"

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif

enum { STACK_SIZE = 64 * 1024 };

struct gons_i_vfork {
	struct gons_i_command command;
	struct gons_i_supervisor_fds fds;
	struct gons_i_shared *shared;
	pthread_t thread;
	pid_t tid;
	int supervisor_fd; /* its pidfd, or -1 */
	atomic_bool has_ended;
	struct gons_i_supervisor_buffers buffers;
	_Alignas(16) char stack[STACK_SIZE]; /* of the supervisor */
};

bool gons_i_vfork_suits(const struct gons_i_command *command)
{
	/* The caller frees the input when the program is over, but other processes that the program
	 * has started may still read it. Joining namespaces in more than one step may take children
	 * and much stack. Before Linux 5.16, a core dump of the caller would also kill the
	 * supervisor. */
	return command->input_size == 0 && gons_i_joins_at_once(command->types) &&
	       !gons_i_is_tsan() && !gons_i_kernel_is_before("5.16");
}

static int supervise(void *arg)
{
	struct gons_i_vfork *self = arg;

	gons_i_supervise(&self->command, &self->fds, self->shared, &self->buffers);
}

static void *start_and_wait(void *arg)
{
	struct gons_i_vfork *self = arg;
	const char message = GONS_I_FROM_SUPERVISOR;
	pid_t pid;

	self->tid = (pid_t)syscall(SYS_gettid);
	pid = clone(supervise, self->stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | CLONE_PIDFD, self,
		    &self->supervisor_fd);
	if (pid < 0 && errno == EINVAL) { /* emulators know no such children */
		pid = gons_i_fork();
		if (pid == 0)
			(void)supervise(self);
	}
	if (pid < 0) {
		self->shared->errnum = errno;
		self->shared->failed_step = GONS_I_STEP_FORK;
		self->shared->state = GONS_I_FAILED;
	} else {
		(void)gons_i_wait(pid, NULL);
	}
	self->has_ended = true;
	(void)send(self->fds.socket, &message, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	gons_i_close_fd(&self->fds.socket);
	gons_i_close_fd(&self->fds.caller);
	return NULL;
}

struct gons_i_vfork *gons_i_vfork_start(const struct gons_i_command *command,
					const struct gons_i_supervisor_fds *fds,
					struct gons_i_shared *shared)
{
	struct gons_i_vfork *self = malloc(sizeof(*self));

	if (!self)
		return NULL;
	self->command = *command;
	self->fds = *fds;
	self->shared = shared;
	self->supervisor_fd = -1;
	self->has_ended = false;
	if (gons_i_thread_create(&self->thread, GONS_I_STACK_SMALL, start_and_wait, self) == 0)
		return self;
	free(self);
	return NULL;
}

bool gons_i_vfork_has_ended(const struct gons_i_vfork *self)
{
	return self->has_ended;
}

void gons_i_vfork_kill(const struct gons_i_vfork *self)
{
	if (self->supervisor_fd >= 0)
		(void)syscall(SYS_pidfd_send_signal, self->supervisor_fd, SIGKILL, NULL, 0);
}

void gons_i_vfork_join(struct gons_i_vfork *self)
{
	gons_i_thread_join(self->thread, &self->tid);
	gons_i_close_fd(&self->supervisor_fd);
	free(self);
}

void gons_i_vfork_drop(struct gons_i_vfork *self)
{
	gons_i_close_fd(&self->fds.socket);
	gons_i_close_fd(&self->fds.caller);
	gons_i_close_fd(&self->supervisor_fd);
	free(self);
}

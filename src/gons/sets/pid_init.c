/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first process of a new PID namespace. The kernel has such a namespace for others once it
 * has one, and no more when that has ended; so it gets an idle one, which lives until the sets
 * that hold the namespace are closed, or their process ends.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "gons/base/error.h"
#include "gons/core/thread.h"
#include "gons/sets/internal.h"

enum { PATIENCE_MS = 1000 };

struct gons_i_pid_init {
	atomic_uint sets; /* that share it */
	int life[2]; /* sockets: it lives while this process has the second one */
	int pidfd; /* or -1 */
};

struct gons_i_pid_init *gons_i_pid_init_new(void)
{
	struct gons_i_pid_init *keeper = malloc(sizeof(*keeper));

	if (!keeper) {
		(void)gons_i_fail(ENOMEM, "cannot keep a PID namespace");
		return NULL;
	}
	*keeper = (struct gons_i_pid_init){ .sets = 1, .pidfd = -1 };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, keeper->life) == 0)
		return keeper;
	(void)gons_i_fail(errno, "cannot make a socket to the first process of a PID namespace");
	free(keeper);
	return NULL;
}

/* Nothing of the program's is kept open by it. */
static void close_others(int fd)
{
	if (fd != 0 && dup3(fd, 0, O_CLOEXEC) < 0)
		_exit(1);
	if (syscall(SYS_close_range, 1, ~0U, 0) == 0)
		return;
	for (int i = (int)sysconf(_SC_OPEN_MAX); i > 0; i--)
		(void)close(i);
}

/* All signals are blocked, as in any child of gons's. The kernel reaps orphans of the namespace
 * by itself where SIGCHLD is ignored. */
__attribute__((noreturn)) static void be_first(int life_fd)
{
	char byte;

	(void)signal(SIGCHLD, SIG_IGN);
	(void)prctl(PR_SET_NAME, "gons-init");
	(void)!chdir("/"); /* keeps no file system of the program's busy */
	close_others(life_fd);
	while (read(0, &byte, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

int gons_i_pid_init_start(const struct gons_i_pid_init *keeper, int *ret_pidfd)
{
	pid_t pid = fork();

	if (pid < 0)
		return gons_i_fail_fork(errno, "cannot fork the first process of a PID namespace");
	if (pid == 0)
		be_first(keeper->life[0]);
	*ret_pidfd = (int)syscall(SYS_pidfd_open, pid, 0); /* Linux 5.3 */
	return 0;
}

void gons_i_pid_init_watch(struct gons_i_pid_init *keeper, int pidfd)
{
	gons_i_close_fd(&keeper->life[0]);
	keeper->pidfd = pidfd;
}

unsigned gons_i_pid_init_fds(const struct gons_i_pid_init *keeper, int fds[GONS_I_PID_INIT_FDS])
{
	unsigned n = 0;

	if (keeper && keeper->life[1] >= 0)
		fds[n++] = keeper->life[1];
	if (keeper && keeper->pidfd >= 0)
		fds[n++] = keeper->pidfd;
	return n;
}

struct gons_i_pid_init *gons_i_pid_init_share(struct gons_i_pid_init *keeper)
{
	if (keeper)
		keeper->sets++;
	return keeper;
}

void gons_i_pid_init_forget(struct gons_i_pid_init *keeper)
{
	if (!keeper)
		return;
	gons_i_close_fd(&keeper->life[0]);
	gons_i_close_fd(&keeper->life[1]);
	gons_i_close_fd(&keeper->pidfd);
}

/* Waits until it and, with it, all processes of the namespace have ended. */
static void end_first(const struct gons_i_pid_init *keeper)
{
	struct pollfd ended = { .fd = keeper->pidfd, .events = POLLIN };

	/* Another library's fork may have a copy of the socket, so closing is not enough. */
	(void)send(keeper->life[1], "", 1, MSG_NOSIGNAL);
	if (keeper->pidfd < 0)
		return;
	while (poll(&ended, 1, PATIENCE_MS) < 0 && errno == EINTR)
		;
	/* It is a child of this process where that adopts orphans, as PID 1 does. */
	(void)waitid(P_PIDFD, (id_t)keeper->pidfd, NULL, WEXITED | WNOHANG);
}

void gons_i_pid_init_free(struct gons_i_pid_init *keeper)
{
	if (!keeper || --keeper->sets > 0)
		return;
	if (keeper->life[1] >= 0) /* not in a forked child */
		end_first(keeper);
	gons_i_pid_init_forget(keeper);
	free(keeper);
}

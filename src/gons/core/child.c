/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A forked child that tries something, and says how it went.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/core/child.h"
#include "gons/core/thread.h"

struct verdict {
	int result;
	struct gons_i_failure failure;
};

/* In the child: the pipe to its parent, and what was the parent's. */
static int parent_fd = -1;
static sigset_t parent_mask;
static struct sigaction parent_sigchld;

static void run(int (*fn)(void *), void *arg, const int ends[2])
{
	const struct sigaction by_default = { .sa_handler = SIG_DFL };
	struct verdict verdict;

	(void)close(ends[0]);
	parent_fd = ends[1];
	/* It may have children itself, which the parent's way with its own must not take away. */
	(void)sigaction(SIGCHLD, &by_default, &parent_sigchld);
	verdict.result = fn(arg);
	gons_i_failure_save(&verdict.failure);
	/* It fits into an empty pipe, so it is written whole or not at all. */
	_exit(write(parent_fd, &verdict, sizeof(verdict)) == sizeof(verdict) ? 0 : 1);
}

void gons_i_child_detach(void)
{
	gons_i_close_fd(&parent_fd);
	(void)sigaction(SIGCHLD, &parent_sigchld, NULL);
	(void)sigprocmask(SIG_SETMASK, &parent_mask, NULL);
}

int gons_i_child_start(int (*fn)(void *), void *arg, struct gons_i_child *ret_child)
{
	sigset_t all, old;
	int ends[2];
	int errnum;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return gons_i_fail(errno, "cannot make a pipe to a child");
	/* The program's signal handlers are not for this child to run. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	pid = fork();
	if (pid == 0) {
		parent_mask = old;
		run(fn, arg, ends);
	}
	errnum = errno;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	gons_i_close_fd(&ends[1]);
	if (pid < 0) {
		(void)gons_i_fail_fork(errnum, "cannot fork a child");
		gons_i_close_fd(&ends[0]);
		return -1;
	}
	*ret_child = (struct gons_i_child){ pid, ends[0] };
	return 0;
}

int gons_i_child_finish(struct gons_i_child *child)
{
	struct verdict verdict;
	int status = 0;
	ssize_t got;

	do
		got = read(child->fd, &verdict, sizeof(verdict));
	while (got < 0 && errno == EINTR);
	gons_i_close_fd(&child->fd);
	/* Where SIGCHLD is ignored there is no status; the verdict is what counts. */
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (got != sizeof(verdict)) {
		(void)gons_i_fail(EPERM, "the child that tried it ended too early");
		if (WIFSIGNALED(status))
			gons_i_explain(
				"signal %d: %s%s", WTERMSIG(status), strsignal(WTERMSIG(status)),
				WTERMSIG(status) == SIGSYS ? ", by which a seccomp filter kills"
							   : "");
		return -1;
	}
	return verdict.result < 0 ? gons_i_failure_restore(&verdict.failure) : verdict.result;
}

int gons_i_in_child(int (*fn)(void *), void *arg)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct gons_i_child child = { .fd = -1 };

	return gons_i_child_start(fn, arg, &child) < 0 ? -1 : gons_i_child_finish(&child);
}

/* ---- descriptors from one ---- */

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(GONS_I_SENT_FDS * sizeof(int))];
};

int gons_i_send_fds(int socket_fd, const int fds[GONS_I_SENT_FDS])
{
	union control control = { .bytes = { 0 } };
	unsigned char places[GONS_I_SENT_FDS];
	struct iovec iov = { .iov_base = places };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes };
	int sent[GONS_I_SENT_FDS] = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < GONS_I_SENT_FDS; i++)
		if (fds[i] >= 0) {
			places[n] = (unsigned char)i;
			sent[n++] = fds[i];
		}
	iov.iov_len = n;
	message.msg_controllen = CMSG_SPACE(n * sizeof(int));
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(&control.header), sent, n * sizeof(int));
	if (sendmsg(socket_fd, &message, MSG_NOSIGNAL) == (ssize_t)n)
		return 0;
	return gons_i_fail(errno, "cannot send descriptors to the parent process");
}

int gons_i_receive_fds(int socket_fd, int fds[GONS_I_SENT_FDS])
{
	union control control;
	unsigned char places[GONS_I_SENT_FDS] = { 0 };
	struct iovec iov = { .iov_base = places, .iov_len = sizeof(places) };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = control.bytes,
				  .msg_controllen = sizeof(control.bytes) };
	/* They were sent before the child said how it went. */
	ssize_t n = recvmsg(socket_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	const struct cmsghdr *header = n < 0 ? NULL : CMSG_FIRSTHDR(&message);
	size_t got = header ? (header->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;
	int received[GONS_I_SENT_FDS];

	if (n < 0)
		return gons_i_fail(errno, "cannot receive descriptors from a child");
	if (got > 0)
		memcpy(received, CMSG_DATA(header), got * sizeof(int));
	for (size_t i = 0; i < got; i++)
		fds[places[i]] = received[i];
	/* The kernel leaves out those that there is no room for. */
	return got == (size_t)n ? 0
				: gons_i_fail(EMFILE, "cannot receive descriptors from a child");
}

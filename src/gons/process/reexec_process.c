/* SPDX-License-Identifier: Apache-2.0 */
/*
 * This program, run once more: started with pipes for its standard input, output and error,
 * served until it ends, and reaped in every case.
 *
 * posix_spawn(3) does not copy the caller's memory, and its child runs no code of the program
 * before it executes, so that other threads do not matter.
 */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "gons/base/clock.h"
#include "gons/base/error.h"
#include "gons/base/compat.h"
#include "gons/core/thread.h"
#include "gons/process/reexec_parts.h"

static const char program[] = "/proc/self/exe";

static int64_t now_ms(void)
{
	return gons_i_nanoseconds() / GONS_I_NS_OF_MS;
}

/* ---- what the child is connected by ---- */

enum { INPUT, OUTPUT, ERROR, STREAMS }; /* as the child's descriptors are numbered */

/* Index 0 is to read from, 1 to write to. */
struct pipes {
	int fd[STREAMS][2];
};

static void close_pipes(struct pipes *pipes)
{
	for (int i = 0; i < STREAMS; i++) {
		gons_i_close_fd(&pipes->fd[i][0]);
		gons_i_close_fd(&pipes->fd[i][1]);
	}
}

/* In a caller with 0, 1 or 2 closed, a pipe may be just there, where the child's others go. */
static int move_up(int *fd)
{
	int moved;

	if (*fd >= STREAMS)
		return 0;
	moved = fcntl(*fd, F_DUPFD_CLOEXEC, STREAMS);
	if (moved < 0)
		return -1;
	gons_i_close_fd(fd);
	*fd = moved;
	return 0;
}

static int open_pipes(struct pipes *pipes)
{
	memset(pipes, -1, sizeof(*pipes));
	for (int i = 0; i < STREAMS; i++) {
		int *fd = pipes->fd[i];
		int own = i == INPUT ? 1 : 0;

		/* The child's end must block, as its program expects. */
		if (pipe2(fd, O_CLOEXEC) < 0 || move_up(&fd[0]) < 0 || move_up(&fd[1]) < 0 ||
		    fcntl(fd[own], F_SETFL, O_NONBLOCK) < 0) {
			(void)gons_i_fail(errno, "cannot make a pipe to a child");
			close_pipes(pipes);
			return -1;
		}
	}
	return 0;
}

/* ---- the start ---- */

/* Both return an errno, as the calls of spawn.h do. */
static int add_actions(posix_spawn_file_actions_t *actions, const struct pipes *pipes, int extra_fd)
{
	const int fds[] = { pipes->fd[INPUT][0], pipes->fd[OUTPUT][1], pipes->fd[ERROR][1],
			    extra_fd };
	const int n = extra_fd >= 0 ? STREAMS + 1 : STREAMS;
	int errnum = 0;

	for (int i = 0; i < n && errnum == 0; i++)
		errnum = posix_spawn_file_actions_adddup2(actions, fds[i], i);
	return errnum != 0 ? errnum : posix_spawn_file_actions_addclosefrom_np(actions, n);
}

static int spawn(const struct gons_i_reexec_process *child, const struct pipes *pipes,
		 pid_t *ret_pid)
{
	char *argv[] = { program_invocation_name, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int errnum;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	/* None of these four can fail. */
	(void)posix_spawnattr_init(&attributes);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
							    POSIX_SPAWN_SETSIGDEF);
	(void)posix_spawnattr_setsigmask(&attributes, &none);
	(void)posix_spawnattr_setsigdefault(&attributes, &all);
	(void)posix_spawn_file_actions_init(&actions); /* neither can this */
	errnum = add_actions(&actions, pipes, child->extra_fd);
	if (errnum == 0)
		errnum = posix_spawn(ret_pid, program, &actions, &attributes, argv,
				     child->environment);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attributes);
	return errnum;
}

static int fail_spawn(int errnum)
{
	bool there = access(program, F_OK) == 0;

	(void)gons_i_fail_fork(errnum, "cannot run this program (/proc/self/exe) again");
	if (errnum == ENOENT && there)
		gons_i_explain(
			"its dynamic linker is not there, in the mount namespace or below the "
			"root that this thread is in");
	else if (errnum == ENOENT)
		gons_i_explain(
			"procfs of this PID namespace is not mounted on /proc: mount -t proc "
			"proc /proc");
	else if (errnum == E2BIG)
		gons_i_explain("the environment is too long");
	return -1;
}

/* ---- the end ---- */

/* While it is not reaped, its number cannot be anybody else's. */
static bool is_reaped(pid_t pid)
{
	siginfo_t info;

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD;
}

/*
 * Somebody else may have reaped the child, whose number is kept for it by what is left of its
 * group; the pidfd still means that group. Before Linux 6.9, where there is a process of that
 * number, there is nothing left of the group. Returns whether somebody was there who could be
 * killed.
 */
static bool kill_group(pid_t pid, int pidfd)
{
	enum { PROCESS_GROUP = 1 << 2 }; /* PIDFD_SIGNAL_PROCESS_GROUP */

	if (syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, PROCESS_GROUP) == 0)
		return true;
	if (errno == ESRCH) /* of that group nobody is left; older kernels have EINVAL */
		return false;
	return (!is_reaped(pid) || (kill(pid, 0) < 0 && errno == ESRCH)) &&
	       kill(-pid, SIGKILL) == 0;
}

/* Kills the child, which may have left its group. Returns false for one that has become another
 * user's, by a set-user-ID program, and lives on. */
static bool kill_child(pid_t pid)
{
	return is_reaped(pid) || kill(pid, SIGKILL) == 0 || errno != EPERM;
}

/* Reaps a child that has ended, or must. Says whether there is a status. */
static bool reap(pid_t pid, int *ret_status)
{
	pid_t got;

	do
		got = waitpid(pid, ret_status, 0);
	while (got < 0 && errno == EINTR);
	return got == pid;
}

/*
 * Where this process adopts orphans, those of the killed group are its children now, and nobody
 * else would reap them. Some may take a moment to end, and the kernel may keep one from it for
 * long.
 */
static void reap_group(pid_t pid, int pidfd)
{
	enum { PATIENCE_MS = 10000 };
	const struct timespec pause = { .tv_nsec = 500000 };
	const int64_t end = now_ms() + PATIENCE_MS;
	pid_t got;

	while ((got = waitpid(-pid, NULL, WNOHANG)) >= 0) {
		if (got > 0)
			continue;
		if (!kill_group(pid, pidfd) || now_ms() > end)
			return;
		(void)nanosleep(&pause, NULL);
	}
}

/* ---- in between ---- */

struct talk {
	int fd[STREAMS]; /* -1 when it is over */
	int pidfd;
	const char *input;
	size_t left; /* of the input */
	int64_t deadline; /* in ms */
	size_t most; /* of output, and of errors */
	struct gons_i_buffer *buffer[STREAMS];
};

static void feed(struct talk *talk)
{
	ssize_t put = write(talk->fd[INPUT], talk->input, talk->left);

	if (put < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* On EPIPE the child does not want more of it, which is its own business. */
	talk->input += put < 0 ? 0 : put;
	talk->left = put < 0 ? 0 : talk->left - (size_t)put;
	if (talk->left == 0)
		gons_i_close_fd(&talk->fd[INPUT]);
}

/* Room for more, and for a '\0'. */
static int make_room(struct gons_i_buffer *buffer)
{
	enum { FIRST = 4096, LEAST = 1024 };
	size_t room = buffer->room ? 2 * buffer->room : FIRST;
	char *data;

	if (buffer->room - buffer->size > LEAST)
		return 0;
	data = realloc(buffer->data, room);
	if (!data)
		return gons_i_fail(ENOMEM, "cannot hold the %zu bytes that a child has written",
				   buffer->size);
	buffer->data = data;
	buffer->room = room;
	return 0;
}

/* Reads once, at most so many bytes. Returns how many, 0 when there are none now, or -1. */
static ssize_t hear(struct talk *talk, int stream, size_t most)
{
	struct gons_i_buffer *buffer = talk->buffer[stream];
	size_t room;
	ssize_t got;

	if (make_room(buffer) < 0)
		return -1;
	room = buffer->room - buffer->size - 1;
	got = read(talk->fd[stream], buffer->data + buffer->size, most < room ? most : room);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (got < 0)
		return gons_i_fail(errno, "cannot read what a child has written");
	if (got == 0)
		gons_i_close_fd(&talk->fd[stream]);
	buffer->size += (size_t)got;
	buffer->data[buffer->size] = '\0';
	return got;
}

/* What is in the pipe now that the child has ended; who else holds it is not waited for. */
static int hear_the_rest(struct talk *talk, int stream)
{
	int left = 0;

	if (talk->fd[stream] < 0 || ioctl(talk->fd[stream], FIONREAD, &left) < 0)
		return 0;
	while (left > 0) {
		ssize_t got = hear(talk, stream, (size_t)left);

		if (got <= 0)
			return (int)got;
		left -= (int)got;
	}
	return 0;
}

static bool is_verbose(const struct talk *talk)
{
	return talk->buffer[OUTPUT]->size > talk->most || talk->buffer[ERROR]->size > talk->most;
}

/* Waits for what happens next, and deals with it. 1 when the child has ended. */
static int turn(struct talk *talk, int timeout_ms)
{
	struct pollfd polled[] = {
		[INPUT] = { .fd = talk->fd[INPUT], .events = POLLOUT },
		[OUTPUT] = { .fd = talk->fd[OUTPUT], .events = POLLIN },
		[ERROR] = { .fd = talk->fd[ERROR], .events = POLLIN },
		[STREAMS] = { .fd = talk->pidfd, .events = POLLIN },
	};

	if (poll(polled, STREAMS + 1, timeout_ms) < 0)
		return errno == EINTR ? 0 : gons_i_fail(errno, "cannot wait for a child");
	if (polled[INPUT].revents)
		feed(talk);
	for (int stream = OUTPUT; stream <= ERROR; stream++)
		if (polled[stream].revents && hear(talk, stream, SIZE_MAX) < 0)
			return -1;
	return polled[STREAMS].revents != 0;
}

/* Until the child has ended, or must; -1 when it cannot be watched. */
static int converse(struct talk *talk, enum gons_i_fate *ret_fate)
{
	int ended = talk->pidfd < 0;

	while (ended == 0) {
		int64_t left = talk->deadline - now_ms();

		if (left <= 0 || is_verbose(talk)) {
			*ret_fate = left <= 0 ? GONS_I_OVERDUE : GONS_I_VERBOSE;
			return 0;
		}
		ended = turn(talk, left > INT_MAX ? INT_MAX : (int)left);
		if (ended < 0)
			return -1;
	}
	*ret_fate = GONS_I_ENDED;
	return 0;
}

/*
 * A child that closes its input early means SIGPIPE for who writes to it: this thread, and by
 * default the process' end. So it is blocked, and taken away if it has come.
 */
struct pipe_signal {
	sigset_t set, old;
	bool pending; /* before: it is not this file's */
};

static void hold_pipe_signal(struct pipe_signal *held)
{
	sigset_t pending;

	(void)sigemptyset(&held->set);
	(void)sigaddset(&held->set, SIGPIPE);
	(void)pthread_sigmask(SIG_BLOCK, &held->set, &held->old);
	(void)sigpending(&pending);
	held->pending = sigismember(&pending, SIGPIPE) == 1;
}

static void release_pipe_signal(const struct pipe_signal *held)
{
	const struct timespec now = { 0, 0 };
	int saved = errno;

	while (!held->pending && sigtimedwait(&held->set, NULL, &now) < 0 && errno == EINTR)
		;
	(void)pthread_sigmask(SIG_SETMASK, &held->old, NULL);
	errno = saved;
}

/* A descriptor for the child; -1 where somebody else, such as a handler of SIGCHLD, has reaped it,
 * so that its number may mean another process. */
static int open_pidfd(pid_t pid, int *ret_pidfd)
{
	*ret_pidfd = (int)syscall(SYS_pidfd_open, pid, 0); /* is close-on-exec */
	if (*ret_pidfd < 0 && errno != ESRCH) {
		(void)gons_i_fail(errno, "cannot open a descriptor for a child");
		if (errno == ENOSYS)
			gons_i_explain("it takes Linux 5.3");
		return -1;
	}
	if (is_reaped(pid))
		gons_i_close_fd(ret_pidfd);
	return 0;
}

static int serve(struct talk *talk, enum gons_i_fate *ret_fate)
{
	struct pipe_signal held;
	int result;

	if (talk->left == 0)
		gons_i_close_fd(&talk->fd[INPUT]);
	hold_pipe_signal(&held);
	result = converse(talk, ret_fate);
	release_pipe_signal(&held);
	return result;
}

/* Kills what is left, and gets the status. */
static void finish(pid_t pid, int pidfd, bool served, struct gons_i_outcome *outcome)
{
	int saved = errno;

	(void)kill_group(pid, pidfd);
	if ((!served || outcome->fate != GONS_I_ENDED) && !kill_child(pid))
		outcome->fate = GONS_I_IMMORTAL;
	else if (!reap(pid, &outcome->status) && outcome->fate == GONS_I_ENDED)
		outcome->fate = GONS_I_UNKNOWN;
	else if (outcome->fate == GONS_I_OVERDUE &&
		 !(WIFSIGNALED(outcome->status) && WTERMSIG(outcome->status) == SIGKILL))
		outcome->fate = GONS_I_ENDED; /* just before it would have been killed */
	if (outcome->fate != GONS_I_IMMORTAL) /* it has its children */
		reap_group(pid, pidfd);
	errno = saved;
}

/* Serves the child by the caller's ends of the pipes, until it is no more. */
static int watch(const struct gons_i_reexec_process *child, pid_t pid, struct pipes *pipes,
		 int64_t deadline, struct gons_i_outcome *outcome)
{
	cleanup_fd int pidfd = -1;
	int result = open_pidfd(pid, &pidfd);
	struct talk talk = {
		.fd = { pipes->fd[INPUT][1], pipes->fd[OUTPUT][0], pipes->fd[ERROR][0] },
		.pidfd = pidfd,
		.input = child->input,
		.left = child->input_size,
		.deadline = deadline,
		.most = child->most_output,
		.buffer = { NULL, &outcome->output, &outcome->error_output },
	};

	if (result == 0)
		result = serve(&talk, &outcome->fate);
	finish(pid, pidfd, result == 0, outcome);
	if (result == 0 && (hear_the_rest(&talk, OUTPUT) < 0 || hear_the_rest(&talk, ERROR) < 0))
		result = -1;
	/* What is closed by now must not be closed again. */
	pipes->fd[INPUT][1] = talk.fd[INPUT];
	pipes->fd[OUTPUT][0] = talk.fd[OUTPUT];
	pipes->fd[ERROR][0] = talk.fd[ERROR];
	return result;
}

int gons_i_reexec_process_run(const struct gons_i_reexec_process *child,
			      struct gons_i_outcome *ret_outcome)
{
	const int64_t deadline = child->timeout_ms < 0 ? INT64_MAX : now_ms() + child->timeout_ms;
	struct gons_i_outcome outcome = { .status = -1 };
	struct pipes pipes;
	int result, errnum;
	pid_t pid;

	if (open_pipes(&pipes) < 0)
		return -1;
	errnum = spawn(child, &pipes, &pid);
	gons_i_close_fd(&pipes.fd[INPUT][0]);
	gons_i_close_fd(&pipes.fd[OUTPUT][1]);
	gons_i_close_fd(&pipes.fd[ERROR][1]);
	result = errnum == 0 ? watch(child, pid, &pipes, deadline, &outcome) : fail_spawn(errnum);
	close_pipes(&pipes);
	if (result == 0) {
		*ret_outcome = outcome;
		return 0;
	}
	free(outcome.output.data);
	free(outcome.error_output.data);
	return -1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard: a process that starts the command, and kills all that it leaves when the command or
 * gons-run has ended, also when gons-run was killed by SIGKILL.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guard.h"
#include "run.h"

/* ---- the command ---- */

void set_foreground(const struct start_state *start, pid_t group)
{
	if (start->tty_fd >= 0)
		(void)tcsetpgrp(start->tty_fd, group); /* SIGTTOU is blocked */
}

__attribute__((noreturn)) static void run_command(char **command, const struct start_state *start)
{
	(void)setpgid(0, 0);
	if (start->has_foreground)
		set_foreground(start, getpid());
	(void)sigaction(SIGCHLD, &start->sigchld, NULL);
	(void)sigprocmask(SIG_SETMASK, &start->mask, NULL);
	_exit(become(command));
}

/* ---- the guard ---- */

static void send_state(int fd, const struct command_state *state)
{
	(void)send(fd, state, sizeof(*state), MSG_NOSIGNAL);
}

/* Waits for children that have ended or stopped, without blocking, and tells gons-run about the
 * command. Returns false when the command has ended. */
static bool reap_children(int fd, pid_t command, const struct start_state *start)
{
	struct command_state state = { 0 };
	pid_t pid;

	/* Some are processes that the command has left. */
	while ((pid = waitpid(-1, &state.status, WNOHANG | WUNTRACED | WCONTINUED)) > 0) {
		if (pid != command || WIFCONTINUED(state.status))
			continue;
		/* gons-run does not see this if it is in another PID namespace, in which the group
		 * has another number. */
		state.has_foreground = start->tty_fd >= 0 && tcgetpgrp(start->tty_fd) == command;
		send_state(fd, &state);
		if (!WIFSTOPPED(state.status))
			return false;
	}
	return true;
}

/* Returns false when gons-run has ended. */
static bool receive_request(int fd, pid_t command, const struct start_state *start)
{
	struct signal_request request;
	ssize_t got = recv(fd, &request, sizeof(request), MSG_DONTWAIT);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	if (got != sizeof(request))
		return false;
	if (request.to_foreground)
		set_foreground(start, command);
	(void)kill(request.to_group ? -command : command, request.number);
	return true;
}

static int watch_command(int fd, pid_t command, const struct start_state *start)
{
	sigset_t only_sigchld;
	struct pollfd events[2] = { { .fd = fd, .events = POLLIN }, { .events = POLLIN } };
	bool runs = true;

	(void)sigemptyset(&only_sigchld);
	(void)sigaddset(&only_sigchld, SIGCHLD);
	events[1].fd = signalfd(-1, &only_sigchld, SFD_CLOEXEC | SFD_NONBLOCK);
	if (events[1].fd < 0) {
		kill_remaining(command);
		return complain(STATUS_FAILURE, "cannot wait for signals: %s", strerror(errno));
	}
	while (runs) {
		struct signalfd_siginfo info;

		if (poll(events, 2, -1) < 0 && errno != EINTR)
			break;
		while (read(events[1].fd, &info, sizeof(info)) == sizeof(info))
			;
		runs = reap_children(fd, command, start) &&
		       (events[0].revents == 0 || receive_request(fd, command, start));
	}
	kill_remaining(command);
	return 0;
}

int guard(const struct options *options, const struct gons_net *net,
	  const struct start_state *start, int fd)
{
	struct command_state state = { .could_not_start = true };
	pid_t command;

	(void)setpgid(0, 0);
	(void)prctl(PR_SET_NAME, "gons-run-guard");
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	/* So that commands can open the namespaces of the hosts below /proc/PID/fd of the guard. */
	(void)prctl(PR_SET_DUMPABLE, 1);
	state.status = options->types & CLONE_NEWPID ? prepare_procfs(options) : -1;
	if (options->types & CLONE_NEWPID)
		open_procfs(); /* the one before has the process ids of the PID namespace outside */
	restore_variables();
	if (state.status < 0)
		state.status = set_host_variables(net, getpid());
	if (state.status >= 0) {
		send_state(fd, &state);
		return 0;
	}
	command = fork();
	if (command == 0)
		run_command(options->command, start);
	if (command < 0) {
		state.status =
			complain(STATUS_FAILURE, "cannot fork the command: %s", strerror(errno));
		send_state(fd, &state);
		return 0;
	}
	(void)setpgid(command, command); /* the child does the same: either may be first */
	return watch_command(fd, command, start);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the command and waits for it.
 *
 * There are three processes: gons-run; the guard, its child (guard.c); and the command, a child of
 * the guard. gons-run waits for signals and for the timeout. Descendants of the command whose
 * parents have ended become children of the guard. gons-run and the guard each notice when the
 * other one ends, and then kill the command and all that it has started. So no process outlives
 * gons-run, even if that is killed by SIGKILL.
 *
 * The guard and the command each have their own process group, so that a signal to the group of
 * gons-run does not end them.
 *
 * If gons-run is in the foreground of the terminal, the command's group becomes the foreground
 * group. When the command stops, gons-run stops, too; when gons-run is continued, it continues the
 * command.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gons/base/clock.h"
#include "guard.h"
#include "run.h"

enum { KILL_AFTER_MS = 5000 };

static int64_t now_ms(void)
{
	return gons_i_nanoseconds() / GONS_I_NS_OF_MS;
}

struct supervision {
	struct start_state start;
	int fd; /* the socket to the guard */
	int signal_fd;
	int64_t deadline; /* 0: none */
	bool timed_out, ended;
	struct command_state state;
};

static void request_signal(const struct supervision *supervision, int number, bool to_group)
{
	const struct signal_request request = { .number = number, .to_group = to_group };

	(void)send(supervision->fd, &request, sizeof(request), MSG_NOSIGNAL);
}

/* Stops gons-run, because the command has stopped. At the timeout a timer continues it. If the
 * command was in the foreground of the terminal, gons-run gets the foreground first: the shell
 * takes it from there. */
static void stop_with_command(const struct supervision *supervision, bool had_foreground)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGCONT };
	const struct itimerspec at = { .it_value = { .tv_sec = supervision->deadline / 1000,
						     .tv_nsec = supervision->deadline % 1000 *
								1000000 } };
	timer_t timer;
	bool has_timer;

	if (supervision->timed_out)
		return;
	has_timer = supervision->deadline && timer_create(CLOCK_MONOTONIC, &event, &timer) == 0 &&
		    timer_settime(timer, TIMER_ABSTIME, &at, NULL) == 0;
	if (had_foreground)
		set_foreground(&supervision->start, getpgrp());
	(void)kill(getpid(), SIGSTOP);
	if (has_timer)
		(void)timer_delete(timer);
}

/* Called when gons-run was continued, in the foreground or background of the terminal. */
static void continue_command(const struct supervision *supervision)
{
	const int tty_fd = supervision->start.tty_fd;
	const struct signal_request request = {
		.number = SIGCONT,
		.to_group = true,
		.to_foreground = tty_fd >= 0 && tcgetpgrp(tty_fd) == getpgrp(),
	};

	(void)send(supervision->fd, &request, sizeof(request), MSG_NOSIGNAL);
}

static void receive_state(struct supervision *supervision)
{
	struct command_state state;
	ssize_t got = recv(supervision->fd, &state, sizeof(state), MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got != sizeof(state)) {
		supervision->ended = true; /* the guard has ended */
		return;
	}
	if (!state.could_not_start && WIFSTOPPED(state.status)) {
		stop_with_command(supervision, state.has_foreground);
		return;
	}
	supervision->state = state;
}

/* Signals that are sent to gons-run are for the command. Signals of the terminal go to its
 * foreground group, which is the command's. */
static void forward_signals(const struct supervision *supervision)
{
	struct signalfd_siginfo info;

	while (read(supervision->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		const int number = (int)info.ssi_signo;

		if (number == SIGCONT)
			continue_command(supervision);
		else if (number != SIGCHLD && number != SIGTTOU && number != SIGTTIN)
			request_signal(supervision, number, false);
	}
}

static void enforce_timeout(struct supervision *supervision)
{
	if (supervision->deadline == 0 || now_ms() < supervision->deadline)
		return;
	request_signal(supervision, supervision->timed_out ? SIGKILL : SIGTERM, true);
	if (!supervision->timed_out)
		request_signal(supervision, SIGCONT, true);
	supervision->deadline = supervision->timed_out ? 0 : now_ms() + KILL_AFTER_MS;
	supervision->timed_out = true;
}

static void wait_for_command(struct supervision *supervision)
{
	while (!supervision->ended) {
		struct pollfd events[] = { { .fd = supervision->fd, .events = POLLIN },
					   { .fd = supervision->signal_fd, .events = POLLIN } };
		int64_t left = supervision->deadline ? supervision->deadline - now_ms() : -1;

		if (supervision->deadline && left < 0)
			left = 0;
		if (left > 1000000)
			left = 1000000;
		(void)poll(events, 2, (int)left);
		forward_signals(supervision);
		receive_state(supervision);
		if (!supervision->ended)
			enforce_timeout(supervision);
	}
}

/* Returns the exit status of gons-run; or 0x100 plus the signal by which it must end. */
static int exit_status(const struct options *options, const struct supervision *supervision)
{
	const int status = supervision->state.status;

	if (supervision->timed_out)
		return STATUS_TIMEOUT;
	if (supervision->state.could_not_start)
		return status;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return WTERMSIG(status) + (options->types & CLONE_NEWPID ? 128 : 0x100);
}

/* Ends by the signal that has killed the command, without a second core dump. */
static void end_by_signal(int number)
{
	const struct rlimit none = { 0, 0 };
	sigset_t mask;

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)signal(number, SIG_DFL);
	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, number);
	(void)kill(getpid(), number);
	(void)sigprocmask(SIG_UNBLOCK, &mask, NULL);
}

static void open_terminal(struct start_state *start)
{
	start->tty_fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	start->has_foreground = start->tty_fd >= 0 && tcgetpgrp(start->tty_fd) == getpgrp();
}

static void block_signals(struct start_state *start)
{
	const struct sigaction by_default = { .sa_handler = SIG_DFL };
	sigset_t all;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &start->mask);
	(void)sigaction(SIGCHLD, &by_default, &start->sigchld);
}

/* Forks a process in the new PID namespace, if there is one. A process between the two enters the
 * namespace, so that gons-run itself stays outside: after a failure it can report and run a shell.
 * Returns 0 in the new process, 1 in the caller, -1 after a message. */
static int fork_inside(void)
{
	pid_t between = fork(), pid;
	int status = -1;

	if (between == 0) {
		if (enter_pid_namespace() >= 0)
			_exit(EXIT_FAILURE);
		pid = fork();
		if (pid == 0)
			return 0;
		if (pid < 0)
			(void)complain(0, "cannot fork: %s", strerror(errno));
		_exit(pid < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
	}
	if (between < 0)
		return complain(-1, "cannot fork: %s", strerror(errno));
	while (waitpid(between, &status, 0) < 0 && errno == EINTR)
		;
	return status == 0 ? 1 : -1;
}

int supervise(const struct options *options, const struct gons_net *net)
{
	struct supervision supervision = { .state = { .could_not_start = true, .status = -1 } };
	struct start_state *start = &supervision.start;
	sigset_t all;
	int ends[2], status;

	open_procfs();
	open_terminal(start);
	block_signals(start);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1); /* for the case that the guard is killed */
	(void)sigfillset(&all);
	supervision.signal_fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (supervision.signal_fd < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return complain(STATUS_FAILURE, "cannot watch the command: %s", strerror(errno));
	status = fork_inside();
	if (status < 0)
		return STATUS_FAILURE;
	if (status == 0) {
		(void)close(ends[0]);
		(void)close(supervision.signal_fd);
		_exit(guard(options, net, start, ends[1]));
	}
	(void)close(ends[1]);
	supervision.fd = ends[0];
	supervision.deadline =
		options->timeout > 0 ? now_ms() + (int64_t)(options->timeout * 1000) : 0;
	wait_for_command(&supervision);
	(void)close(supervision.fd);
	(void)close(supervision.signal_fd);
	kill_remaining(0);
	/* If the guard was killed, whether the command had the foreground is unknown. Then gons-run
	 * takes it back: the shell would never get it otherwise. */
	if (supervision.state.status < 0 ? start->has_foreground : supervision.state.has_foreground)
		set_foreground(start, getpgrp());
	if (start->tty_fd >= 0)
		(void)close(start->tty_fd);
	close_procfs();
	status = exit_status(options, &supervision);
	if (status < 0)
		return complain(STATUS_FAILURE,
				"the exit status of the command is unknown: its parent process, "
				"gons-run-guard, was killed");
	if (!supervision.state.could_not_start && status != 0 && status != STATUS_IMPOSSIBLE)
		handle_failure(options, net, &start->mask);
	end_test(false);
	if (status > 0xff)
		end_by_signal(status - 0x100);
	return status > 0xff ? 128 + status - 0x100 : status;
}

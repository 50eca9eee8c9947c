/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the command and stays with it.
 *
 * Three processes: gons-run itself; a guard, its child; and the command, a child of the guard in a
 * process group of its own. gons-run waits for signals and for the timeout. The guard adopts
 * whatever the command leaves behind. Each of the two notices when the other one ends, by a socket
 * between them, and then kills what is left of the command and of its children: so nothing of it
 * outlives gons-run, also where that was killed by SIGKILL.
 *
 * The guard has a process group of its own, too, so that killing that of gons-run leaves it.
 *
 * gons-run gives the terminal's foreground to the command's group, if it has it itself, stops when
 * the command stops, and continues it when it is continued.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <gons/net.h>
#include <gons/test.h>

#include "run.h"

enum { KILL_AFTER_MS = 5000 };

/* What gons-run tells the guard: to send a signal to the command or to its process group, and to
 * give that group the terminal before. */
struct request {
	int number;
	bool to_group, to_foreground;
};

/* What the guard tells gons-run, each time that the state of the command changes. */
struct report {
	int status; /* as of waitpid(2) */
	bool could_not_start; /* then status is gons-run's exit status */
	bool has_foreground; /* the command's group, of the terminal */
};

static sigset_t mask_before;
static struct sigaction sigchld_before;

static int tty_fd = -1; /* of the controlling terminal; -1: none */
static bool has_foreground; /* of it, when gons-run started */

/* ---- ending the remaining processes ---- */

/* Of procfs as it was before the command ran, which may mount something over it, or unmount it. */
static int proc_fd = -1;

static void open_procfs(void)
{
	if (proc_fd >= 0)
		(void)close(proc_fd);
	proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Whether the process has this number, and is a child of this one that has been sent SIGKILL. */
static bool kill_child(const char *number)
{
	char path[300], text[512];
	const char *end;
	ssize_t length;
	int parent = 0;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/stat", number);
	fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false; /* it has ended */
	length = read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	text[length > 0 ? length : 0] = '\0';
	end = strrchr(text, ')'); /* its name may have any character in it */
	return end && sscanf(end, ") %*c %d", &parent) == 1 && parent == getpid() &&
	       kill(atoi(number), SIGKILL) == 0;
}

/* Kills the children of this process. Returns how many there were, or -1 with errno where that
 * cannot be known. */
static int kill_children(void)
{
	int fd = openat(proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int killed = 0, errnum = errno;

	if (!dir && fd >= 0)
		(void)close(fd);
	if (!dir) {
		errno = errnum;
		return -1;
	}
	while (errno = 0, (entry = readdir(dir)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			killed += kill_child(entry->d_name);
	errnum = errno;
	(void)closedir(dir);
	errno = errnum;
	return errnum == 0 ? killed : -1;
}

static bool has_children(void)
{
	siginfo_t info;

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* When a child has ended, its children have become this process's, and must be killed before the
 * next wait, which would be for their own end otherwise. */
static void kill_all(pid_t group)
{
	int killed;

	if (group > 0)
		(void)kill(-group, SIGKILL);
	while ((killed = kill_children()) > 0 && (waitpid(-1, NULL, 0) > 0 || errno == EINTR))
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	if (killed < 0) {
		const int errnum = errno;

		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (has_children())
			(void)complain(0,
				       "cannot find the processes that the command has started in "
				       "/proc: %s: they may still run",
				       strerror(errnum));
	}
}

/* ---- the command ---- */

static void take_foreground(pid_t group)
{
	if (tty_fd >= 0)
		(void)tcsetpgrp(tty_fd, group); /* SIGTTOU is blocked */
}

__attribute__((noreturn)) static void run_command(char **command)
{
	(void)setpgid(0, 0);
	if (has_foreground)
		take_foreground(getpid());
	(void)sigaction(SIGCHLD, &sigchld_before, NULL);
	(void)sigprocmask(SIG_SETMASK, &mask_before, NULL);
	_exit(become(command));
}

int become(char **command)
{
	int errnum;

	(void)execvp(command[0], command);
	errnum = errno;
	if (errnum == ENOENT && strchr(command[0], '/') && access(command[0], F_OK) == 0)
		return complain(
			STATUS_NOT_FOUND,
			"cannot execute %s: the interpreter or dynamic linker that it names "
			"does not exist",
			command[0]);
	if (errnum == ENOENT)
		return complain(STATUS_NOT_FOUND, "%s: command not found", command[0]);
	return complain(STATUS_NOT_EXECUTABLE, "cannot execute %s: %s", command[0],
			strerror(errnum));
}

/* ---- the guard ---- */

/* Commands find the hosts of the plan below a process whose descriptors they are. */
static void name_hosts(const struct gons_net *net, pid_t owner)
{
	const char *name;

	for (size_t i = 0; net && (name = gons_net_host_name(net, i)); i++) {
		char variable[HOST_VARIABLE_SIZE], path[64];

		host_variable(name, variable);
		(void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", owner,
			       gons_net_nsfd(net, name));
		if (setenv(variable, path, 1) < 0)
			_exit(complain(STATUS_FAILURE, "out of memory"));
	}
}

static void tell(int fd, const struct report *report)
{
	(void)send(fd, report, sizeof(*report), MSG_NOSIGNAL);
}

/* Returns false when the command has ended. */
static bool tell_changes(int fd, pid_t command)
{
	struct report report = { 0 };
	pid_t pid;

	/* Also what was adopted is reaped here. */
	while ((pid = waitpid(-1, &report.status, WNOHANG | WUNTRACED | WCONTINUED)) > 0) {
		if (pid != command || WIFCONTINUED(report.status))
			continue;
		/* gons-run cannot tell in another PID namespace, where the group has another number. */
		report.has_foreground = tty_fd >= 0 && tcgetpgrp(tty_fd) == command;
		tell(fd, &report);
		if (!WIFSTOPPED(report.status))
			return false;
	}
	return true;
}

/* Returns false when gons-run has ended. */
static bool obey(int fd, pid_t command)
{
	struct request request;
	ssize_t got = recv(fd, &request, sizeof(request), MSG_DONTWAIT);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	if (got != sizeof(request))
		return false;
	if (request.to_foreground)
		take_foreground(command);
	(void)kill(request.to_group ? -command : command, request.number);
	return true;
}

static int watch_command(int fd, pid_t command)
{
	sigset_t only_sigchld;
	struct pollfd events[2] = { { .fd = fd, .events = POLLIN }, { .events = POLLIN } };
	bool runs = true;

	(void)sigemptyset(&only_sigchld);
	(void)sigaddset(&only_sigchld, SIGCHLD);
	events[1].fd = signalfd(-1, &only_sigchld, SFD_CLOEXEC | SFD_NONBLOCK);
	if (events[1].fd < 0) {
		kill_all(command);
		return complain(STATUS_FAILURE, "cannot wait for signals: %s", strerror(errno));
	}
	while (runs) {
		struct signalfd_siginfo info;

		if (poll(events, 2, -1) < 0 && errno != EINTR)
			break;
		while (read(events[1].fd, &info, sizeof(info)) == sizeof(info))
			;
		runs = tell_changes(fd, command) && (events[0].revents == 0 || obey(fd, command));
	}
	kill_all(command);
	return 0;
}

/* Runs the guard. It closes its end of the socket when nothing of the command is left. */
static int guard(const struct options *options, const struct gons_net *net, int fd)
{
	struct report report = { .could_not_start = true };
	pid_t command;

	(void)setpgid(0, 0);
	(void)prctl(PR_SET_NAME, "gons-run-guard");
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	/* Processes of the same user can open its descriptors. */
	(void)prctl(PR_SET_DUMPABLE, 1);
	report.status = options->types & CLONE_NEWPID ? prepare_procfs(options) : -1;
	if (options->types & CLONE_NEWPID)
		open_procfs(); /* the numbers in the other one are of the PID namespace outside */
	if (report.status >= 0) {
		tell(fd, &report);
		return 0;
	}
	restore_variables();
	name_hosts(net, getpid());
	command = fork();
	if (command == 0)
		run_command(options->command);
	if (command < 0) {
		report.status =
			complain(STATUS_FAILURE, "cannot fork the command: %s", strerror(errno));
		tell(fd, &report);
		return 0;
	}
	(void)setpgid(command, command); /* the child does the same, whichever is first */
	return watch_command(fd, command);
}

/* ---- gons-run ---- */

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct supervision {
	int fd; /* to the guard */
	int signal_fd;
	int64_t deadline; /* 0: none */
	bool timed_out, ended;
	struct report report;
};

static void request_signal(const struct supervision *supervision, int number, bool to_group)
{
	const struct request request = { .number = number, .to_group = to_group };

	(void)send(supervision->fd, &request, sizeof(request), MSG_NOSIGNAL);
}

/* Stops as the command has, but not for longer than the timeout: then a timer continues it. A
 * command in the background leaves the terminal to the shell. */
static void stop_too(const struct supervision *supervision, bool has_had_foreground)
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
	if (has_had_foreground)
		take_foreground(getpgrp());
	(void)kill(getpid(), SIGSTOP);
	if (has_timer)
		(void)timer_delete(timer);
}

/* Somebody has continued gons-run, perhaps in the foreground of the terminal. */
static void continue_command(const struct supervision *supervision)
{
	const struct request request = { .number = SIGCONT,
					 .to_group = true,
					 .to_foreground =
						 tty_fd >= 0 && tcgetpgrp(tty_fd) == getpgrp() };

	(void)send(supervision->fd, &request, sizeof(request), MSG_NOSIGNAL);
}

static void read_report(struct supervision *supervision)
{
	struct report report;
	ssize_t got = recv(supervision->fd, &report, sizeof(report), MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got != sizeof(report)) {
		supervision->ended = true; /* the guard has ended */
		return;
	}
	if (!report.could_not_start && WIFSTOPPED(report.status)) {
		stop_too(supervision, report.has_foreground);
		return;
	}
	supervision->report = report;
}

/* What somebody sends to gons-run is for the command. What the terminal sends goes to the group in
 * the foreground, which is the command's. */
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
		read_report(supervision);
		if (!supervision->ended)
			enforce_timeout(supervision);
	}
}

/* The exit status that the command's stands for; a signal's number has 0x100 added. */
static int read_status(const struct options *options, const struct supervision *supervision)
{
	const int status = supervision->report.status;

	if (supervision->timed_out)
		return STATUS_TIMEOUT;
	if (supervision->report.could_not_start)
		return status;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return WTERMSIG(status) + (options->types & CLONE_NEWPID ? 128 : 0x100);
}

/* Dies of the same signal, without a second core dump. */
static void die_of(int number)
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

static void open_terminal(void)
{
	tty_fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	has_foreground = tty_fd >= 0 && tcgetpgrp(tty_fd) == getpgrp();
}

/* Signals do again what they did when gons-run started, but those that have come by now. */
static void unblock_signals(void)
{
	const struct timespec at_once = { 0, 0 };
	sigset_t all;

	(void)sigfillset(&all);
	while (sigtimedwait(&all, NULL, &at_once) > 0 || errno == EINTR)
		;
	(void)sigprocmask(SIG_SETMASK, &mask_before, NULL);
}

static void block_signals(void)
{
	const struct sigaction by_default = { .sa_handler = SIG_DFL };
	sigset_t all;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &mask_before);
	(void)sigaction(SIGCHLD, &by_default, &sigchld_before);
}

/* ---- after a failure ---- */

static void run_shell(const struct gons_net *net)
{
	const char *shell = getenv("SHELL");
	pid_t owner = getpid(), pid = fork();

	if (pid == 0) {
		restore_variables();
		name_hosts(net, owner);
		(void)sigprocmask(SIG_SETMASK, &mask_before, NULL);
		(void)execlp(shell && *shell ? shell : "sh", shell && *shell ? shell : "sh", NULL);
		(void)execl("/bin/sh", "sh", NULL);
		_exit(STATUS_NOT_FOUND);
	}
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* Paths that the command saw may be of private files, or hidden by them. */
static void go_to_artifacts(const struct options *options)
{
	struct stat before, now;

	if (options->artifacts_fd < 0 || fstat(options->artifacts_fd, &before) < 0 ||
	    (stat(options->artifacts, &now) == 0 && now.st_dev == before.st_dev &&
	     now.st_ino == before.st_ino) ||
	    fchdir(options->artifacts_fd) < 0)
		return;
	(void)complain(0, "files are written into %s, which was hidden from the command",
		       options->artifacts);
	(void)setenv("GONS_ARTIFACTS", ".", 1);
}

static void explain_failure(const struct options *options, const struct gons_net *net, int status)
{
	if (status == 0 || status == STATUS_IMPOSSIBLE)
		return;
	if (options->on_failure & ON_FAILURE_SHELL) {
		(void)complain(0, "the command has failed; this shell runs in its namespaces");
		run_shell(net);
	}
	unblock_signals();
	go_to_artifacts(options);
	if (options->on_failure & (ON_FAILURE_REPORT | ON_FAILURE_HOLD) || options->capture ||
	    options->artifacts)
		end_test(true);
}

int supervise(const struct options *options, const struct gons_net *net)
{
	struct supervision supervision = { .report = { .could_not_start = true, .status = -1 } };
	sigset_t all;
	int ends[2], status;
	pid_t pid;

	open_procfs();
	open_terminal();
	block_signals();
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1); /* should the guard be killed */
	(void)sigfillset(&all);
	supervision.signal_fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (supervision.signal_fd < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return complain(STATUS_FAILURE, "cannot watch the command: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		return complain(STATUS_FAILURE, "cannot fork: %s", strerror(errno));
	if (pid == 0) {
		(void)close(ends[0]);
		(void)close(supervision.signal_fd);
		_exit(guard(options, net, ends[1]));
	}
	(void)close(ends[1]);
	supervision.fd = ends[0];
	supervision.deadline =
		options->timeout > 0 ? now_ms() + (int64_t)(options->timeout * 1000) : 0;
	wait_for_command(&supervision);
	(void)close(supervision.fd);
	(void)close(supervision.signal_fd);
	kill_all(0);
	/* Without a report nobody knows, and a shell that gets the terminal too early is better off than
	 * one that never does. */
	if (supervision.report.status < 0 ? has_foreground : supervision.report.has_foreground)
		take_foreground(getpgrp());
	if (tty_fd >= 0)
		(void)close(tty_fd);
	if (proc_fd >= 0)
		(void)close(proc_fd);
	status = read_status(options, &supervision);
	if (status < 0)
		return complain(STATUS_FAILURE,
				"the exit status of the command is unknown: its parent process, "
				"gons-run-guard, was killed");
	if (!supervision.report.could_not_start)
		explain_failure(options, net, status);
	end_test(false);
	if (status > 0xff)
		die_of(status - 0x100);
	return status > 0xff ? 128 + status - 0x100 : status;
}

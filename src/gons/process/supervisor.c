/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor of a program: a child of the caller, and the parent of the program.
 *
 * It starts the program, writes its input, records its output, and waits for its end. It is a
 * subreaper (PR_SET_CHILD_SUBREAPER): processes whose parents have ended become its children, so it
 * also finds daemons. It kills all of them when the caller asks for it or dies. The caller gets no
 * signal when the supervisor ends, and does not see it by wait(2).
 *
 * The supervisor is forked from a process whose other threads may hold any lock: only
 * async-signal-safe calls are allowed here.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "gons/base/clock.h"
#include "gons/base/child.h"
#include "gons/core/switch.h"
#include "gons/process/start.h"
#include "gons/process/supervisor.h"
#include "gons/sets/join.h"

enum {
	LOWEST_FD = 4, /* lower descriptors are those of the program */
	TERMINATE_MS = 1000, /* from SIGTERM to SIGKILL */
	KILL_MS = 10000, /* how long to kill processes again and again */
	PAUSE_MS = 2, /* between two rounds of SIGKILL */
};

enum { INPUT, OUTPUT, ERROR, PIPES = GONS_I_PIPES }; /* as the program's descriptors are numbered */

/* SUPERVISING: the program runs, or processes that it has left do. TERMINATING: all have got
 * SIGTERM. KILLING: all get SIGKILL until they have ended. */
enum phase { SUPERVISING, TERMINATING, KILLING };

struct supervisor {
	const struct gons_i_command *command;
	struct gons_i_shared *shared;
	struct gons_i_supervisor_buffers *buffers;
	int socket_fd, caller_fd, log_fd, extra_fd, children_fd, signal_fd;
	int pipe_fd[PIPES]; /* -1 when closed */
	pid_t pid;
	const char *input;
	size_t input_left;
	size_t printed[PIPES];
	enum phase phase;
	int64_t deadline, next_step; /* in ms */
	bool tried_children_fd; /* children_fd was opened, or could not be opened */
	bool reaped; /* the program has ended, and its status was read */
	bool announced; /* the caller was told that the program is over */
};

static int64_t now_ms(void)
{
	return gons_i_nanoseconds() / GONS_I_NS_OF_MS;
}

/* Wakes the caller, which may sleep in poll(2), if it waits for this event (0: for the end). One
 * message is enough. */
static void notify(const struct supervisor *self, int what)
{
	const char message = GONS_I_FROM_SUPERVISOR;

	if (what != 0 && !(self->shared->wanted & what))
		return;
	if (!atomic_exchange(&self->shared->notified, true))
		(void)send(self->socket_fd, &message, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Ends the supervisor because it cannot start the program. */
_Noreturn static void fail(const struct supervisor *self, enum gons_i_failed_step failed_step)
{
	self->shared->errnum = errno;
	self->shared->failed_step = failed_step;
	self->shared->state = GONS_I_FAILED;
	gons_i_child_exit(1);
}

/* ---- descriptors ---- */

/* Moves a descriptor to a number that the program does not use. */
static int move_up(int fd)
{
	int moved;

	if (fd < 0 || fd >= LOWEST_FD)
		return fd;
	moved = fcntl(fd, F_DUPFD_CLOEXEC, LOWEST_FD);
	(void)close(fd);
	return moved;
}

/* Opens the list of the children of this process. Returns -1 if /proc is missing, or belongs to
 * another PID namespace, in which processes have other ids. */
static int open_children(void)
{
	char self[16];
	ssize_t length = readlink("/proc/self", self, sizeof(self) - 1);

	if (length < 0)
		return -1;
	self[length] = '\0';
	if (atoi(self) != getpid())
		return -1;
	return open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
}

/* Closes all descriptors that the supervisor does not need, except for those that the program has
 * its own instead of: as long as they are open, no new one has to be moved. */
static void keep_descriptors(struct supervisor *self, const struct gons_i_supervisor_fds *fds)
{
	int *const kept[] = { &self->socket_fd, &self->caller_fd, &self->log_fd, &self->extra_fd,
			      &self->children_fd };
	enum { KEPT = sizeof(kept) / sizeof(kept[0]) };
	int numbers[KEPT];

	self->socket_fd = fds->socket;
	self->caller_fd = fds->caller;
	self->log_fd = fds->log;
	/* A copy, which may be moved: the caller uses the original. */
	self->extra_fd = self->command->extra_fd < 0
				 ? -1
				 : fcntl(self->command->extra_fd, F_DUPFD_CLOEXEC, LOWEST_FD);
	for (size_t i = 0; i < KEPT; i++) {
		*kept[i] = move_up(*kept[i]);
		numbers[i] = *kept[i];
	}
	if (self->socket_fd < 0 || self->caller_fd < 0 || self->log_fd < 0 ||
	    (self->extra_fd < 0 && self->command->extra_fd >= 0))
		fail(self, GONS_I_STEP_PIPE);
	gons_i_close_others(LOWEST_FD, numbers, KEPT);
}

/* Returns the program's ends of the pipes; they block, as the program expects. */
static void open_pipes(struct supervisor *self, int program_fd[PIPES])
{
	for (int i = 0; i < PIPES; i++) {
		int own = i == INPUT ? 1 : 0;
		int ends[2];

		if (pipe2(ends, O_CLOEXEC) < 0)
			fail(self, GONS_I_STEP_PIPE);
		self->pipe_fd[i] = move_up(ends[own]);
		program_fd[i] = move_up(ends[1 - own]);
		if (self->pipe_fd[i] < 0 || program_fd[i] < 0 ||
		    fcntl(self->pipe_fd[i], F_SETFL, O_NONBLOCK) < 0)
			fail(self, GONS_I_STEP_PIPE);
	}
	gons_i_close_from_to(0, LOWEST_FD - 1);
}

static void close_pipe(struct supervisor *self, int i)
{
	if (self->pipe_fd[i] >= 0)
		(void)close(self->pipe_fd[i]);
	self->pipe_fd[i] = -1;
}

/* ---- the start of the program ---- */

static void start_program(struct supervisor *self, bool is_foreign)
{
	struct gons_i_start start = { .command = self->command,
				      .socket_fd = is_foreign ? self->socket_fd : -1,
				      .extra_fd = self->extra_fd,
				      .stack_end = self->buffers->program_stack +
						   GONS_I_PROGRAM_STACK_SIZE };

	open_pipes(self, start.fd);
	self->pid = gons_i_start(&start);
	if (self->pid < 0)
		fail(self, start.errnum == 0 ? GONS_I_STEP_FORK : GONS_I_STEP_EXECUTE);
	self->shared->pid = is_foreign ? 0 : self->pid;
	for (int i = 0; i < PIPES; i++)
		(void)close(start.fd[i]);
	if (self->extra_fd >= 0)
		(void)close(self->extra_fd);
}

/* ---- input and output ---- */

static void write_input(struct supervisor *self)
{
	ssize_t put = write(self->pipe_fd[INPUT], self->input, self->input_left);

	if (put < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* EPIPE: the program does not read the rest. */
	self->input += put < 0 ? 0 : put;
	self->input_left -= put < 0 ? self->input_left : (size_t)put;
	if (self->input_left == 0)
		close_pipe(self, INPUT);
}

static void begin_killing(struct supervisor *self, enum gons_i_outcome outcome)
{
	if (self->phase == KILLING)
		return;
	self->phase = KILLING;
	self->next_step = now_ms() + KILL_MS;
	if (!self->announced)
		self->shared->outcome = outcome;
}

static bool record(struct supervisor *self, const char *data, size_t size)
{
	const size_t at = self->shared->log_size;

	for (size_t put = 0; put < size;) {
		ssize_t got = pwrite(self->log_fd, data + put, size - put, (off_t)(at + put));

		if (got < 0 && errno != EINTR)
			return false;
		put += got < 0 ? 0 : (size_t)got;
	}
	self->shared->log_size = at + size;
	return true;
}

/* Reads output once and records it: at most this many bytes. Returns how many it has read. */
static size_t read_output(struct supervisor *self, int i, size_t most)
{
	struct gons_i_piece *header = &self->buffers->piece.header;
	ssize_t got = read(self->pipe_fd[i], self->buffers->piece.data,
			   most < GONS_I_PIECE_SIZE ? most : GONS_I_PIECE_SIZE);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (got <= 0) {
		close_pipe(self, i);
		self->shared->output_closed = self->pipe_fd[OUTPUT] < 0 && self->pipe_fd[ERROR] < 0;
		if (self->shared->output_closed)
			notify(self, GONS_I_WANTS_OUTPUT);
		return 0;
	}
	header->stream = i == OUTPUT ? GONS_I_OUTPUT : GONS_I_ERROR_OUTPUT;
	header->size = (uint32_t)got;
	if (!record(self, (const char *)&self->buffers->piece, sizeof(*header) + (size_t)got)) {
		self->shared->errnum = errno;
		begin_killing(self, GONS_I_OUTPUT_NOT_RECORDED);
		return 0;
	}
	self->printed[i] += (size_t)got;
	if (self->printed[i] > self->command->most_output)
		begin_killing(self, GONS_I_TOO_MUCH_OUTPUT);
	notify(self, GONS_I_WANTS_OUTPUT);
	return (size_t)got;
}

/* Reads what is in the pipes when the program has ended, but not what other processes write
 * later. */
static void read_remaining_output(struct supervisor *self)
{
	for (int i = OUTPUT; i <= ERROR; i++) {
		int left = 0;

		if (self->pipe_fd[i] < 0 || ioctl(self->pipe_fd[i], FIONREAD, &left) < 0)
			continue;
		while (left > 0 && self->pipe_fd[i] >= 0) {
			size_t got = read_output(self, i, (size_t)left);

			if (got == 0)
				break;
			left -= (int)got;
		}
	}
}

/* ---- the end ---- */

/* Waits for children that have ended, without blocking. Returns whether there are others. */
static bool reap(struct supervisor *self)
{
	int status;
	pid_t pid;

	for (;;) {
		pid = waitpid(-1, &status, WNOHANG | __WALL);
		if (pid == 0)
			return true;
		if (pid < 0 && errno != EINTR)
			return false;
		if (pid != self->pid)
			continue;
		self->reaped = true;
		self->shared->status = status;
	}
}

/* Sends a signal to the program's group and to all children. Their ids cannot belong to other
 * processes yet, since only this process reaps them. Returns whether any process got it. */
static bool signal_all(struct supervisor *self, int number)
{
	char text[4096];
	ssize_t length = 0;
	bool any = false;
	pid_t pid = 0;

	if (!self->tried_children_fd)
		self->children_fd = open_children();
	self->tried_children_fd = true;
	if (self->children_fd >= 0)
		length = pread(self->children_fd, text, sizeof(text) - 1, 0);

	/* Once it is reaped, another group may have its id. */
	if (!self->reaped) {
		any |= kill(-self->pid, number) == 0;
		any |= kill(self->pid, number) == 0; /* may have left its group */
	}
	for (ssize_t i = 0; i < length; i++) { /* each id is followed by a blank */
		if (text[i] >= '0' && text[i] <= '9') {
			pid = 10 * pid + (text[i] - '0');
			continue;
		}
		any |= pid > 0 && pid != self->pid && kill(pid, number) == 0;
		pid = 0;
	}
	return any;
}

static void begin_terminating(struct supervisor *self)
{
	if (self->phase != SUPERVISING)
		return;
	self->phase = TERMINATING;
	self->next_step = now_ms() + TERMINATE_MS;
	(void)signal_all(self, SIGTERM);
	(void)signal_all(self, SIGCONT); /* a stopped process would not act on the other signal */
}

/* Tells the caller that the program is over. */
static void announce_end(struct supervisor *self)
{
	struct gons_i_shared *shared = self->shared;

	if (self->announced)
		return;
	read_remaining_output(self);
	self->announced = true;
	if (!self->reaped)
		shared->outcome = GONS_I_NOT_KILLABLE;
	else if (shared->outcome == GONS_I_TIMED_OUT &&
		 !(WIFSIGNALED(shared->status) && WTERMSIG(shared->status) == SIGKILL))
		shared->outcome = GONS_I_ENDED; /* it ended by itself before SIGKILL */
	shared->state = GONS_I_OVER;
	notify(self, 0);
}

/* ---- while the program runs ---- */

/* Takes the next step whose time has come. Returns how long to wait for events, in ms; -1 for no
 * limit, -2 to give up. */
static int step(struct supervisor *self)
{
	const int64_t now = now_ms();
	int64_t next = INT64_MAX;

	if (self->phase == SUPERVISING && now >= self->deadline)
		begin_killing(self, GONS_I_TIMED_OUT);
	if (self->phase == TERMINATING && now >= self->next_step)
		begin_killing(self, GONS_I_ENDED);
	if (self->phase == KILLING)
		return signal_all(self, SIGKILL) && now < self->next_step ? PAUSE_MS : -2;
	next = self->phase == TERMINATING ? self->next_step : self->deadline;
	if (next == INT64_MAX)
		return -1;
	return next - now > 1000000 ? 1000000 : (int)(next - now);
}

static void wait_for_events(struct supervisor *self, int timeout_ms)
{
	enum { SOCKET = PIPES, CALLER, SIGNALS, POLLED };
	struct pollfd polled[POLLED] = {
		[INPUT] = { .fd = self->pipe_fd[INPUT], .events = POLLOUT },
		[OUTPUT] = { .fd = self->pipe_fd[OUTPUT], .events = POLLIN },
		[ERROR] = { .fd = self->pipe_fd[ERROR], .events = POLLIN },
		[SOCKET] = { .fd = self->phase == SUPERVISING ? self->socket_fd : -1,
			     .events = POLLIN },
		[CALLER] = { .fd = self->phase == KILLING ? -1 : self->caller_fd,
			     .events = POLLIN },
		[SIGNALS] = { .fd = self->signal_fd, .events = POLLIN },
	};
	struct signalfd_siginfo info;

	if (poll(polled, POLLED, timeout_ms) < 0) {
		if (errno == EINTR)
			return;
		self->shared->errnum = errno;
		begin_killing(self, GONS_I_OUTPUT_NOT_RECORDED);
		return;
	}
	if (polled[SIGNALS].revents) /* there may be children to reap */
		(void)read(self->signal_fd, &info, sizeof(info));
	if (polled[INPUT].revents)
		write_input(self);
	for (int i = OUTPUT; i <= ERROR; i++)
		if (polled[i].revents)
			(void)read_output(self, i, SIZE_MAX);
	if (polled[CALLER].revents)
		begin_killing(self, GONS_I_ENDED);
	else if (polled[SOCKET].revents)
		begin_terminating(self);
}

static void supervise(struct supervisor *self)
{
	for (;;) {
		bool left = reap(self);
		int timeout_ms;

		self->shared->has_remaining = left;
		if (self->reaped && left && self->command->ends_all)
			begin_killing(self, GONS_I_ENDED);
		else if (self->reaped)
			announce_end(self);
		if (!left)
			return;
		timeout_ms = step(self);
		if (timeout_ms == -2)
			return;
		wait_for_events(self, timeout_ms);
	}
}

/* ---- the supervisor ---- */

/* At most one namespace, of a type that needs no preparation. This is the usual case, and fast. */
bool gons_i_joins_at_once(int types)
{
	return types == 0 || (gons_i_type_entry(types) && (types & GONS_I_SWITCHABLE_FLAGS) &&
			      types != CLONE_NEWNS);
}

/* Returns false if there is more to do, and when it fails. */
static bool join_at_once(const struct gons_i_command *command)
{
	if (!gons_i_joins_at_once(command->types))
		return false;
	return command->types == 0 ||
	       gons_i_join(command->nsfds[gons_i_type_entry(command->types) - gons_i_types],
			   command->types) == 0;
}

static void begin(struct supervisor *self)
{
	const struct sigaction by_default = { .sa_handler = SIG_DFL };
	const struct gons_i_command *command = self->command;

	(void)prctl(PR_SET_NAME, "gons-supervisor");
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	/* So that signals to the group of the caller do not reach this process. */
	(void)setpgid(0, 0);
	/* Also SIGCHLD: if it were ignored, there would be no status to wait for. The program
	 * inherits which signals are ignored. */
	for (int number = 1; number < NSIG; number++)
		(void)sigaction(number, &by_default, NULL);
	/* Open it now only if /proc may be another one later, since this takes time. */
	self->children_fd = command->types & (CLONE_NEWNS | CLONE_NEWUSER) ? open_children() : -1;
	self->tried_children_fd = command->types & (CLONE_NEWNS | CLONE_NEWUSER);
	if (!join_at_once(command) && gons_i_switch_for_good(command->nsfds, command->types) < 0) {
		gons_i_failure_save(&self->shared->failure);
		fail(self, GONS_I_STEP_NAMESPACE);
	}
	if (command->directory && chdir(command->directory) < 0)
		fail(self, GONS_I_STEP_DIRECTORY);
}

void gons_i_supervise(const struct gons_i_command *command, const struct gons_i_supervisor_fds *fds,
		      struct gons_i_shared *shared, struct gons_i_supervisor_buffers *buffers)
{
	struct supervisor self = { .command = command,
				   .shared = shared,
				   .buffers = buffers,
				   .input = command->input,
				   .input_left = command->input_size,
				   .deadline = command->timeout_ms < 0
						       ? INT64_MAX
						       : now_ms() + command->timeout_ms };
	sigset_t children;

	begin(&self);
	keep_descriptors(&self, fds);
	start_program(&self, getppid() != fds->caller_pid);
	if (self.input_left == 0)
		close_pipe(&self, INPUT);
	(void)sigemptyset(&children);
	(void)sigaddset(&children, SIGCHLD);
	self.signal_fd = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
	if (self.signal_fd < 0)
		begin_killing(&self, GONS_I_OUTPUT_NOT_RECORDED);
	shared->state = GONS_I_RUNNING;
	notify(&self, GONS_I_WANTS_START);
	(void)chdir("/"); /* so that the directory of the program can be unmounted after it */
	supervise(&self);
	announce_end(&self);
	gons_i_child_exit(0);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that supervisors run: how the caller starts, watches and ends them.
 *
 * A supervisor is forked so that the caller gets no SIGCHLD when it ends, and that wait(2) does not
 * find it. The two share memory for the state of the program, and a memory file for its output.
 */
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "gons/base/clock.h"
#include "gons/base/child.h"
#include "gons/core/thread.h"
#include "gons/diagnosis/refusal.h"
#include "gons/process/program.h"
#include "gons/process/vfork.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8 /* Linux 6.3, which warns without it */
#endif

/* By these calls ThreadSanitizer releases its locks for the supervisor. But it then also starts a
 * thread in the supervisor, and the kernel refuses user and time namespaces to a process with
 * threads. */
void __sanitizer_syscall_pre_impl_fork(void) __attribute__((weak)); /* NOLINT */
void __sanitizer_syscall_post_impl_fork(long pid) __attribute__((weak)); /* NOLINT */

static int64_t now_ms(void)
{
	return gons_i_nanoseconds() / GONS_I_NS_OF_MS;
}

/* ---- messages of the supervisor ---- */

static void reap_supervisor(struct gons_i_program *program)
{
	int saved = errno;

	if (program->vfork)
		gons_i_vfork_join(program->vfork);
	else
		(void)gons_i_wait(program->supervisor, NULL);
	program->vfork = NULL;
	program->supervisor = 0;
	errno = saved;
}

/* Receives one message, without blocking. A message of the program's process tells its id in this
 * PID namespace. Returns whether there was one. */
static bool receive(struct gons_i_program *program)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	char bytes[1] = { 0 };
	struct iovec iov = { .iov_base = bytes, .iov_len = sizeof(bytes) };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = control.bytes,
				  .msg_controllen = sizeof(control.bytes) };
	const struct cmsghdr *header;
	struct ucred sender;
	ssize_t got;

	do
		got = recvmsg(program->socket_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got == 0) /* the other end is closed: poll(2) would return at once from now on */
		gons_i_close_fd(&program->socket_fd);
	if (got != 1)
		return false;
	header = CMSG_FIRSTHDR(&message);
	if (bytes[0] == GONS_I_FROM_PROGRAM && header && header->cmsg_type == SCM_CREDENTIALS) {
		memcpy(&sender, CMSG_DATA(header), sizeof(sender));
		program->pid = sender.pid;
	}
	return true;
}

static bool has_ended(const struct gons_i_program *program)
{
	return program->vfork && gons_i_vfork_has_ended(program->vfork);
}

/* Sleeps until the supervisor has sent a message or has ended. */
static void await(struct gons_i_program *program, int timeout_ms)
{
	struct pollfd polled[] = { { .fd = program->socket_fd, .events = POLLIN },
				   { .fd = program->supervisor_fd, .events = POLLIN } };

	if (!has_ended(program) && poll(polled, 2, timeout_ms) <= 0)
		return;
	while (receive(program))
		;
	if (polled[1].revents || has_ended(program))
		reap_supervisor(program);
}

/* ---- output ---- */

/* Makes room for size more bytes and a '\0'. */
static int make_room(struct gons_i_buffer *buffer, size_t size)
{
	size_t room = buffer->room ? buffer->room : 256;
	char *data;

	while (room < buffer->size + size + 1)
		room *= 2;
	if (room == buffer->room)
		return 0;
	data = realloc(buffer->data, room);
	if (!data)
		return gons_i_fail(ENOMEM, "cannot store the %zu bytes that a program has printed",
				   buffer->size + size);
	buffer->data = data;
	buffer->room = room; /* NOLINT(clang-analyzer-unix.Malloc): the program has the buffer */
	return 0;
}

static bool read_log(const struct gons_i_program *program, size_t at, void *data, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t got = pread(program->log_fd, (char *)data + done, size - done,
				    (off_t)(at + done));

		if (got == 0)
			errno = EIO;
		if (got == 0 || (got < 0 && errno != EINTR))
			return false;
		done += got < 0 ? 0 : (size_t)got;
	}
	return true;
}

static int append_to_tail(struct gons_i_buffer *tail, const char *data, size_t size)
{
	if (size > GONS_I_TAIL) {
		data += size - GONS_I_TAIL;
		size = GONS_I_TAIL;
	}
	if (tail->size + size > 2 * (size_t)GONS_I_TAIL) {
		memmove(tail->data, tail->data + tail->size - GONS_I_TAIL, GONS_I_TAIL);
		tail->size = GONS_I_TAIL;
	}
	if (make_room(tail, size) < 0)
		return -1;
	memcpy(tail->data + tail->size, data, size);
	tail->size += size;
	tail->data[tail->size] = '\0';
	return 0;
}

int gons_i_program_collect(struct gons_i_program *program)
{
	const size_t end = program->shared ? program->shared->log_size : 0;

	while (program->log_fd >= 0 && program->log_read < end) {
		struct gons_i_buffer *buffer;
		struct gons_i_piece piece;

		if (!read_log(program, program->log_read, &piece, sizeof(piece)))
			return gons_i_fail(errno, "cannot read what a program has printed");
		buffer = &program->stream[piece.stream];
		if (make_room(buffer, piece.size) < 0)
			return -1;
		if (!read_log(program, program->log_read + sizeof(piece),
			      buffer->data + buffer->size, piece.size))
			return gons_i_fail(errno, "cannot read what a program has printed");
		if (append_to_tail(&program->tail, buffer->data + buffer->size, piece.size) < 0)
			return -1;
		buffer->size += piece.size;
		buffer->data[buffer->size] = '\0';
		program->log_read += sizeof(piece) + piece.size;
	}
	return 0;
}

/* The limit is for files in memory, too. */
int gons_i_program_explain_record(const struct gons_i_program *program)
{
	if (program->errnum == EFBIG) {
		gons_i_add_cause("the limit on the size of files (ulimit -f, RLIMIT_FSIZE) is "
				 "reached");
		gons_i_add_remedy("raise it");
	}
	return -1;
}

/* ---- the start ---- */

static int open_log(void)
{
	int fd = memfd_create("gons-output", MFD_CLOEXEC | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("gons-output", MFD_CLOEXEC);
	return fd;
}

/* A socket that tells the sender of each message (SO_PASSCRED). */
static int open_socket(int ends[2])
{
	const int on = 1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	return setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
}

static struct gons_i_shared *new_shared(void)
{
	struct gons_i_shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
					    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return shared == MAP_FAILED ? NULL : shared;
}

static pid_t clone_supervisor(int types)
{
	const bool tell_sanitizer = __sanitizer_syscall_pre_impl_fork &&
				    __sanitizer_syscall_post_impl_fork &&
				    !(types & (CLONE_NEWUSER | CLONE_NEWTIME));
	pid_t pid;

	if (tell_sanitizer)
		__sanitizer_syscall_pre_impl_fork();
	pid = gons_i_fork();
	if (tell_sanitizer)
		__sanitizer_syscall_post_impl_fork(pid);
	return pid;
}

static int fail_pidfd(const char *what)
{
	int errnum = errno;

	(void)gons_i_fail(errnum, "%s", what);
	(void)gons_i_diagnose_call("pidfd_open(2)", "5.3");
	return -1;
}

/* Forks the supervisor, with a pidfd. */
static int fork_supervisor(const struct gons_i_command *command, const char *what,
			   const struct gons_i_supervisor_fds *fds, struct gons_i_program *program)
{
	static struct gons_i_supervisor_buffers buffers; /* the child's copy is used */
	sigset_t all, old;
	int errnum;

	/* No signal handler of the program must run in the supervisor. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	program->supervisor = clone_supervisor(command->types);
	if (program->supervisor == 0)
		gons_i_supervise(command, fds, program->shared, &buffers);
	errnum = errno;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (program->supervisor < 0) {
		program->supervisor = 0;
		return gons_i_fail_fork(errnum, what);
	}
	program->supervisor_fd = (int)syscall(SYS_pidfd_open, program->supervisor, 0);
	if (program->supervisor_fd >= 0)
		return 0;
	(void)fail_pidfd(what);
	(void)kill(program->supervisor, SIGKILL); /* which ends the program as well */
	reap_supervisor(program);
	return -1;
}

/* The caller only waits for it, if waits is true. After a failure, gons_i_program_free() closes what
 * was opened. */
static int start_supervisor(const struct gons_i_command *command, const char *what, bool waits,
			    struct gons_i_program *program)
{
	struct gons_i_supervisor_fds fds = { .caller_pid = getpid() };
	int ends[2] = { -1, -1 };
	int errnum, result;

	program->log_fd = open_log();
	if (program->log_fd < 0)
		return gons_i_fail(errno, "%s", what);
	program->shared = new_shared();
	if (!program->shared)
		return gons_i_fail(ENOMEM, "%s", what);
	program->shared->wanted = waits ? 0 : GONS_I_WANTS_START;
	if (open_socket(ends) < 0) {
		errnum = errno;
		gons_i_close_fd(&ends[0]);
		gons_i_close_fd(&ends[1]);
		return gons_i_fail(errnum, "%s", what);
	}
	program->socket_fd = ends[0];
	fds.socket = ends[1];
	fds.log = program->log_fd;
	fds.caller = (int)syscall(SYS_pidfd_open, getpid(), 0); /* close-on-exec */
	if (fds.caller < 0) {
		(void)fail_pidfd(what);
		gons_i_close_fd(&fds.socket);
		return -1;
	}
	if (waits && gons_i_vfork_suits(command))
		program->vfork = gons_i_vfork_start(command, &fds, program->shared);
	if (program->vfork)
		return 0;
	result = fork_supervisor(command, what, &fds, program);
	gons_i_close_fd(&fds.socket);
	gons_i_close_fd(&fds.caller);
	return result;
}

static int fail_step(const struct gons_i_command *command, const char *what,
		     const struct gons_i_shared *shared)
{
	switch (shared->failed_step) {
	case GONS_I_STEP_NAMESPACE:
		return gons_i_failure_restore(&shared->failure);
	case GONS_I_STEP_DIRECTORY:
		return gons_i_fail(shared->errnum, "%s in the directory %s", what,
				   command->directory);
	case GONS_I_STEP_FORK:
		return gons_i_fail_fork(shared->errnum, what);
	case GONS_I_STEP_PIPE:
	case GONS_I_STEP_EXECUTE:
		break;
	}
	return gons_i_fail(shared->errnum, "%s", what);
}

/* The result of a start, once it is known or the supervisor has ended. */
static int check_start(const struct gons_i_command *command, const char *what,
		       struct gons_i_program *program)
{
	while (receive(program))
		;
	if (program->shared->pid != 0)
		program->pid = program->shared->pid;
	if (program->shared->state == GONS_I_FAILED)
		return fail_step(command, what, program->shared);
	if (program->shared->state != GONS_I_STARTING)
		return 0;
	(void)gons_i_fail(ECHILD, "%s", what);
	gons_i_add_cause(
		"its supervisor, a process of gons, was killed before it could start the program");
	return -1;
}

static void clean_up(struct gons_i_program *program)
{
	struct gons_i_failure failure;

	gons_i_failure_save(&failure);
	(void)gons_i_program_end(program);
	gons_i_program_free(program);
	(void)gons_i_failure_restore(&failure);
}

static const struct gons_i_program no_program = {
	.supervisor_fd = -1, .socket_fd = -1, .log_fd = -1, .status = -1
};

int gons_i_program_start(const struct gons_i_command *command, const char *what,
			 struct gons_i_program *ret_program)
{
	struct gons_i_program program = no_program;
	int result = start_supervisor(command, what, false, &program);

	/* A message may come before the start has succeeded or failed. */
	while (result == 0 && program.shared->state == GONS_I_STARTING &&
	       gons_i_program_is_supervised(&program))
		await(&program, -1);
	if (result == 0)
		result = check_start(command, what, &program);
	if (result < 0) {
		clean_up(&program);
		return -1;
	}
	*ret_program = program;
	return 0;
}

/* ---- later ---- */

int gons_i_program_wait(struct gons_i_program *program, bool (*is_done)(void *arg), void *arg,
			int timeout_ms)
{
	const int64_t deadline = timeout_ms < 0 ? INT64_MAX : now_ms() + timeout_ms;

	for (;;) {
		bool over, gone;
		int64_t left;

		program->shared->wanted = is_done ? GONS_I_WANTS_OUTPUT : 0;
		program->shared->notified = false; /* from here on, events are sent as messages */
		gone = !gons_i_program_is_supervised(program);
		over = program->shared->state == GONS_I_OVER;
		/* Other processes that the program has started may still print. */
		if (is_done && program->shared->has_remaining && !program->shared->output_closed)
			over = false;
		if (gons_i_program_collect(program) < 0)
			return -1;
		if (is_done && is_done(arg))
			return 0;
		if (over || gone) {
			over = program->shared->state == GONS_I_OVER;
			program->outcome = over ? program->shared->outcome : GONS_I_STATUS_UNKNOWN;
			program->status = over ? program->shared->status : -1;
			program->errnum = program->shared->errnum;
			return 1;
		}
		left = deadline - now_ms();
		if (left <= 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		await(program, left > INT_MAX ? -1 : (int)left);
	}
}

void gons_i_program_request_end(struct gons_i_program *program)
{
	if (gons_i_program_is_supervised(program))
		(void)send(program->socket_fd, "e", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

bool gons_i_program_is_supervised(const struct gons_i_program *program)
{
	return program->supervisor > 0 || program->vfork;
}

bool gons_i_program_has_remaining(const struct gons_i_program *program)
{
	return gons_i_program_is_supervised(program) && program->shared->has_remaining;
}

bool gons_i_program_end(struct gons_i_program *program)
{
	enum { MOST_MS = 30000 }; /* longer than the supervisor waits */
	const int64_t end = now_ms() + MOST_MS;
	int saved = errno;

	gons_i_program_request_end(program);
	while (gons_i_program_is_supervised(program) && now_ms() < end)
		await(program, MOST_MS);
	if (gons_i_program_is_supervised(program)) {
		if (program->vfork)
			gons_i_vfork_kill(program->vfork);
		else
			(void)syscall(SYS_pidfd_send_signal, program->supervisor_fd, SIGKILL, NULL,
				      0);
		reap_supervisor(program);
	}
	(void)gons_i_program_collect(program);
	errno = saved;
	return !program->shared || !program->shared->has_remaining;
}

int gons_i_program_run(const struct gons_i_command *command, const char *what,
		       struct gons_i_program *ret_program)
{
	struct gons_i_program program = no_program;
	int result = start_supervisor(command, what, true, &program);

	if (result == 0)
		result = gons_i_program_wait(&program, NULL, NULL, -1) < 0 ? -1 : 0;
	if (result == 0)
		result = check_start(command, what, &program);
	if (result < 0) {
		clean_up(&program);
		return -1; /* NOLINT(clang-analyzer-unix.Malloc): clean_up() frees the buffers */
	}
	*ret_program = program;
	return 0;
}

void gons_i_program_free(struct gons_i_program *program)
{
	int saved = errno;

	if (program->vfork) /* in a child of fork(2) */
		gons_i_vfork_drop(program->vfork);
	gons_i_close_fd(&program->supervisor_fd);
	gons_i_close_fd(&program->socket_fd);
	gons_i_close_fd(&program->log_fd);
	if (program->shared)
		(void)munmap(program->shared, sizeof(*program->shared));
	program->shared = NULL;
	for (int i = 0; i < GONS_I_STREAMS; i++)
		free(program->stream[i].data);
	free(program->tail.data);
	errno = saved;
}

const char *gons_i_describe_end(int status, char text[GONS_I_END_TEXT_SIZE])
{
	if (WIFSIGNALED(status))
		(void)snprintf(text, GONS_I_END_TEXT_SIZE, "was killed by signal %d (%s)",
			       WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		(void)snprintf(text, GONS_I_END_TEXT_SIZE, "exited with status %d",
			       WEXITSTATUS(status));
	return text;
}

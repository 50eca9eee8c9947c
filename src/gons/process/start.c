/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The start of a program by its supervisor, and of the supervisor itself: only async-signal-safe
 * calls are allowed here.
 */
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gons/base/child.h"
#include "gons/process/start.h"

void gons_i_close_from_to(unsigned first, unsigned last)
{
	struct rlimit limit = { 0, 0 };

	if (first > last || syscall(SYS_close_range, first, last, 0) == 0)
		return;
	/* Before Linux 5.9, or below a filter. */
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	for (unsigned fd = first; fd <= last && fd < limit.rlim_cur; fd++)
		(void)close((int)fd);
}

void gons_i_close_others(unsigned first, const int kept[], size_t n)
{
	for (;;) {
		unsigned next = ~0U;

		for (size_t i = 0; i < n; i++)
			if (kept[i] >= 0 && (unsigned)kept[i] >= first && (unsigned)kept[i] < next)
				next = (unsigned)kept[i];
		gons_i_close_from_to(first, next - 1);
		if (next == ~0U)
			return;
		first = next + 1;
	}
}

/* Tries all paths like execvp(3): after EACCES it goes on, and returns EACCES if no other file can
 * be executed. */
static int search(const struct gons_i_command *command)
{
	int errnum = ENOENT;

	for (const char *const *path = command->paths; *path; path++) {
		(void)execve(*path, command->argv, command->environment);
		if (errno == ENOEXEC && command->shell_argv) {
			((const char **)command->shell_argv)[1] = *path;
			(void)execve(command->shell_argv[0], command->shell_argv,
				     command->environment);
			return ENOEXEC;
		}
		if (errno == EACCES)
			errnum = EACCES;
		else if (errno != ENOENT && errno != ENOTDIR)
			return errno;
	}
	return errnum;
}

/* Runs in the memory of the supervisor, which waits until execve(2). */
static int become_program(void *arg)
{
	struct gons_i_start *start = arg;
	const char message = GONS_I_FROM_PROGRAM;
	sigset_t none;

	(void)setpgid(0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The kernel adds the id of this process in the caller's PID namespace to this message. */
	if (start->socket_fd >= 0)
		(void)send(start->socket_fd, &message, 1, MSG_NOSIGNAL);
	for (int i = 0; i < GONS_I_PIPES; i++)
		if (dup3(start->fd[i], i, 0) < 0)
			goto failed;
	if (start->extra_fd >= 0 && dup3(start->extra_fd, GONS_I_PIPES, 0) < 0)
		goto failed;
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	errno = search(start->command);
failed:
	start->errnum = errno;
	gons_i_child_exit(127);
}

pid_t gons_i_start(struct gons_i_start *start)
{
	pid_t pid;

	start->errnum = 0;
	/* Shares the memory: copying the page tables of a large caller would take long. */
	pid = clone(become_program, start->stack_end, CLONE_VM | CLONE_VFORK | SIGCHLD, start);
	if (pid < 0 || start->errnum == 0)
		return pid;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	errno = start->errnum;
	return -1;
}

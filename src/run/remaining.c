/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kills the processes that the command has left, by the guard and by gons-run. Both are subreapers,
 * so all descendants of the command become their children when their parents end.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guard.h"
#include "run.h"

static int proc_fd = -1;

void open_procfs(void)
{
	if (proc_fd >= 0)
		(void)close(proc_fd);
	proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Kills the process with this number if it is a child of this one. Returns whether it did. */
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
		return false; /* the process has ended */
	length = read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	text[length > 0 ? length : 0] = '\0';
	end = strrchr(text, ')'); /* the name before it may have any character in it */
	return end && sscanf(end, ") %*c %d", &parent) == 1 && parent == getpid() &&
	       kill(atoi(number), SIGKILL) == 0;
}

/* Kills the children of this process. Returns their number, or -1 with errno if /proc cannot be
 * read. */
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

/* When a child has ended, its children become children of this process. So it kills and waits in
 * turn: waiting for all at once would not end before they end by themselves. */
void kill_remaining(pid_t group)
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
				       "cannot look in /proc for processes that the command has "
				       "started: %s; they may still run",
				       strerror(errnum));
	}
}

void close_procfs(void)
{
	if (proc_fd >= 0)
		(void)close(proc_fd);
	proc_fd = -1;
}

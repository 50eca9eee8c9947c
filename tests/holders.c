/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gons/netns.h>

#include "holders.h"

#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

void get_older(void)
{
	(void)poll(NULL, 0, 15);
}

int same(int held)
{
	return dup(held);
}

int namespace_of(int socket_fd)
{
	return ioctl(socket_fd, SIOCGSKNS);
}

int open_of_process(int pid)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

void close_it(int fd)
{
	assert_int_equal(close(fd), 0);
}

void kill_it(int pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

void kill_daemon(int pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
}

static int hold_by_dup(int nsfd)
{
	return fcntl(nsfd, F_DUPFD_CLOEXEC, 3);
}

static int hold_by_socket(int nsfd)
{
	return gons_keep(gons_must(gons_netns_socket(nsfd, AF_INET, SOCK_DGRAM, 0)));
}

static int hold_by_child(int nsfd)
{
	pid_t pid = -1;

	GONS_SCOPE {
		gons_must(gons_enter(nsfd));
		pid = fork();
		if (pid == 0) {
			(void)pause();
			_exit(0);
		}
	}
	return pid;
}

/* The number of the socket in the daemon. */
enum { DAEMONS_FD = 200 };

/* In the daemon, which is not in the namespace: keeps the socket, and tells its id. */
static void keep_socket(int socket_fd, int pipe_fd)
{
	const int pid = (int)getpid();

	(void)dup2(socket_fd, DAEMONS_FD);
	for (int fd = 3; fd < 1024; fd++)
		if (fd != DAEMONS_FD && fd != pipe_fd)
			(void)close(fd);
	if (write(pipe_fd, &pid, sizeof(pid)) != sizeof(pid))
		_exit(1);
	(void)close(pipe_fd);
	(void)sleep(120); /* a test that fails does not kill it */
	_exit(0);
}

/* A grandchild whose parent has ended: not a child of this process. */
static int hold_by_socket_of_daemon(int nsfd)
{
	const int socket_fd = hold_by_socket(nsfd);
	int ends[2], pid = -1;
	pid_t parent;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	parent = fork();
	if (parent == 0) {
		if (fork() == 0)
			keep_socket(socket_fd, ends[1]);
		_exit(0);
	}
	assert_int_equal(waitpid(parent, NULL, 0), parent);
	assert_int_equal(read(ends[0], &pid, sizeof(pid)), sizeof(pid));
	assert_int_equal(close(ends[0]) + close(ends[1]) + close(socket_fd), 0);
	return pid;
}

void require_getfd(const char *test)
{
	const int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	const int copy = (int)syscall(SYS_pidfd_getfd, pidfd, pidfd, 0);

	(void)close(pidfd);
	if (copy < 0)
		skip_for(test, "pidfd_getfd(2) is missing, or refused, as by the filter of docker");
	(void)close(copy);
}

static int namespace_of_daemons_socket(int pid)
{
	const int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	const int socket_fd = (int)syscall(SYS_pidfd_getfd, pidfd, DAEMONS_FD, 0);
	const int nsfd = namespace_of(socket_fd);

	(void)close(pidfd);
	(void)close(socket_fd);
	return nsfd;
}

const struct holder by_dup = { hold_by_dup, same, close_it };
const struct holder by_socket = { hold_by_socket, namespace_of, close_it };
const struct holder by_child = { hold_by_child, open_of_process, kill_it };
const struct holder by_socket_of_daemon = { hold_by_socket_of_daemon, namespace_of_daemons_socket,
					    kill_daemon };

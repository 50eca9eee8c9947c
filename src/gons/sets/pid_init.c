/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first process of a new PID namespace: its init.
 *
 * The kernel lets others enter a PID namespace only while that has an init. So gons starts an idle
 * one, which lives until the sets that hold the namespace are closed, or their process ends.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "gons/base/error.h"
#include "gons/base/child.h"
#include "gons/core/thread.h"
#include "gons/diagnosis/refusal.h"
#include "gons/sets/pid_init.h"
#include "gons/sets/set.h"

struct gons_i_pid_init {
	atomic_uint users; /* sets, and inits of PID namespaces below */
	struct gons_i_pid_init *parent;
	int life[2]; /* sockets: the init lives while this process has the second one */
	int pidfd; /* or -1 */
	struct gons_i_pid_init *next; /* in the list of all */
};

/* The inits that this process watches, so that a forked child finds their sockets. The child that
 * creates an init does not find it: it needs the sockets. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct gons_i_pid_init *all;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int once_error;

static void lock_all(void)
{
	(void)pthread_mutex_lock(&lock); /* cannot fail: it is never locked twice */
}

static void unlock_all(void)
{
	(void)pthread_mutex_unlock(&lock);
}

/* Closes the sockets in a forked child, so that the inits end with the parent. */
static void leave_to_parent(void)
{
	for (struct gons_i_pid_init *init = all; init; init = init->next) {
		gons_i_close_fd(&init->life[0]);
		gons_i_close_fd(&init->life[1]);
	}
	unlock_all();
}

static void watch_forks(void)
{
	once_error = pthread_atfork(lock_all, unlock_all, leave_to_parent);
}

struct gons_i_pid_init *gons_i_pid_init_new(struct gons_i_pid_init *parent)
{
	struct gons_i_pid_init *init = malloc(sizeof(*init));

	(void)pthread_once(&once, watch_forks);
	if (!init || once_error != 0) {
		(void)gons_i_fail(ENOMEM, "cannot start the first process of a PID namespace");
		free(init);
		return NULL;
	}
	*init = (struct gons_i_pid_init){ .users = 1, .pidfd = -1 };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, init->life) < 0) {
		(void)gons_i_fail(errno,
				  "cannot create a socket to the first process of a PID namespace");
		free(init);
		return NULL;
	}
	init->parent = gons_i_pid_init_share(parent);
	return init;
}

/* Closes all files of the program. */
static void close_others(int fd)
{
	if (fd != 0 && dup3(fd, 0, O_CLOEXEC) < 0)
		gons_i_child_exit(1);
	if (syscall(SYS_close_range, 1, ~0U, 0) == 0)
		return;
	for (int i = (int)sysconf(_SC_OPEN_MAX); i > 0; i--)
		(void)close(i);
}

/* All signals are blocked, as in every child of gons. Where SIGCHLD is ignored, the kernel reaps
 * the orphans of the namespace by itself. */
__attribute__((noreturn)) static void be_init(int life_fd)
{
	char byte;

	(void)signal(SIGCHLD, SIG_IGN);
	(void)prctl(PR_SET_NAME, "gons-init");
	(void)!chdir("/"); /* keeps no file system of the program busy */
	close_others(life_fd);
	while (read(0, &byte, 1) < 0 && errno == EINTR)
		;
	gons_i_child_exit(0);
}

int gons_i_pid_init_start(const struct gons_i_pid_init *init, int *ret_pidfd)
{
	pid_t pid = gons_i_fork();

	if (pid < 0)
		return gons_i_fail_fork(errno, "cannot fork the first process of a PID namespace");
	if (pid == 0)
		be_init(init->life[0]);
	*ret_pidfd = (int)syscall(SYS_pidfd_open, pid, 0); /* Linux 5.3 */
	return 0;
}

void gons_i_pid_init_watch(struct gons_i_pid_init *init, int pidfd)
{
	gons_i_close_fd(&init->life[0]);
	init->pidfd = pidfd;
	lock_all();
	init->next = all;
	all = init;
	unlock_all();
}

unsigned gons_i_pid_init_fds(const struct gons_i_pid_init *init, int fds[GONS_I_PID_INIT_FDS])
{
	unsigned n = 0;

	if (init && init->life[1] >= 0)
		fds[n++] = init->life[1];
	if (init && init->pidfd >= 0)
		fds[n++] = init->pidfd;
	return n;
}

struct gons_i_pid_init *gons_i_pid_init_share(struct gons_i_pid_init *init)
{
	if (init)
		init->users++;
	return init;
}

/*
 * Ends the init and, with it, all processes of the namespace. Closing the socket is not enough: a
 * child that another library has forked may have a copy of it. The signal also ends an init that is
 * stopped; the byte also ends one that belongs to another user by now. Usually all have ended
 * within a millisecond, and the caller finds none of them. The wait is short for what takes longer.
 */
static void end(const struct gons_i_pid_init *init)
{
	enum { PATIENCE_MS = 50 };
	struct pollfd ended = { .fd = init->pidfd, .events = POLLIN };

	(void)send(init->life[1], "", 1, MSG_NOSIGNAL);
	if (init->pidfd < 0)
		return;
	(void)syscall(SYS_pidfd_send_signal, init->pidfd, SIGKILL, NULL, 0);
	(void)poll(&ended, 1, PATIENCE_MS); /* a signal handler only makes it shorter */
	/* A process that adopts orphans, as PID 1 does, is its parent and has to reap it. */
	(void)waitid(P_PIDFD, (id_t)init->pidfd, NULL, WEXITED | WNOHANG);
}

static void unlist(const struct gons_i_pid_init *init)
{
	lock_all();
	for (struct gons_i_pid_init **link = &all; *link; link = &(*link)->next)
		if (*link == init) {
			*link = init->next;
			break;
		}
	unlock_all();
}

/* NOLINTNEXTLINE(misc-no-recursion): the kernel nests at most 32 of them */
void gons_i_pid_init_free(struct gons_i_pid_init *init)
{
	if (!init || --init->users > 0)
		return;
	unlist(init);
	if (init->life[1] >= 0) /* not in a forked child */
		end(init);
	gons_i_close_fd(&init->life[0]);
	gons_i_close_fd(&init->life[1]);
	gons_i_close_fd(&init->pidfd);
	gons_i_pid_init_free(init->parent);
	free(init);
}

/* ---- its process id ---- */

/* The number of fields after "NSpid:" in a file of procfs: the process's number in procfs's own PID
 * namespace, and in each one below. Returns how many there are. */
static int read_pids(const char *path, pid_t pids[], int most)
{
	FILE *file = fopen(path, "re");
	char line[1024];
	int n = 0;

	if (!file)
		return gons_i_fail(errno, "cannot read %s", path);
	while (n == 0 && fgets(line, sizeof(line), file)) {
		char *rest = NULL, *word;

		if (strncmp(line, "NSpid:", 6) != 0)
			continue;
		for (word = strtok_r(line + 6, " \t\n", &rest); word && n < most;
		     word = strtok_r(NULL, " \t\n", &rest))
			pids[n++] = atoi(word);
	}
	(void)fclose(file);
	return n;
}

static bool has_ended(const struct gons_i_pid_init *init)
{
	struct pollfd ended = { .fd = init->pidfd, .events = POLLIN };
	int result;

	do
		result = poll(&ended, 1, 0);
	while (result < 0 && errno == EINTR);
	return result != 0;
}

pid_t gons_i_pid_init_pid(const struct gons_i_pid_init *init)
{
	enum { MOST = 33 }; /* the kernel nests no more */
	pid_t own[MOST], pids[MOST];
	char path[64];
	int depth, n;

	if (init->pidfd < 0) {
		(void)gons_i_fail(ENOSYS,
				  "cannot read the process id of the first process of the set's "
				  "PID namespace");
		(void)gons_i_diagnose_call("pidfd_open(2)", "5.3");
		return -1;
	}
	(void)snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%d", init->pidfd);
	depth = read_pids("/proc/self/status", own, MOST);
	n = depth < 0 ? -1 : read_pids(path, pids, MOST);
	if (n < 0)
		return -1;
	/* It keeps its number until its parent has waited for it. */
	if (depth > 0 && n >= depth && pids[depth - 1] > 0 && !has_ended(init))
		return pids[depth - 1];
	return gons_i_fail(ESRCH, "the first process of the set's PID namespace has ended");
}

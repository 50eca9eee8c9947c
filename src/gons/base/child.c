/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Child processes of gons: bare ones, in which only async-signal-safe functions run, and those
 * of fork(3).
 *
 * A child reports by shared memory. A pipe would be inherited by children that other threads of the
 * program fork meanwhile. If the child died, reading would wait until those end, too.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/child.h"
#include "gons/base/forks.h"

/* In memory that the child shares with its parent. */
struct gons_i_child_report {
	atomic_bool is_complete;
	int result;
	struct gons_i_failure failure;
};

/* In a child: the process id, signal mask and SIGCHLD action of its parent. */
static pid_t parent;
static sigset_t parent_mask;
static struct sigaction parent_sigchld;

/* ---- forking ---- */

static pid_t clone_process(unsigned long flags)
{
#ifdef __s390__
	return (pid_t)syscall(SYS_clone, NULL, flags, NULL, NULL, 0L);
#else
	return (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, 0L);
#endif
}

pid_t gons_i_fork_into(int types)
{
	pid_t own = getpid();
	pid_t pid = clone_process((unsigned)types);

	if (pid < 0 && errno == EINVAL) /* emulators know children with SIGCHLD only */
		pid = clone_process((unsigned)types | SIGCHLD);
	if (pid == 0) {
		parent = own;
		gons_i_forks_free_in_bare_child();
	}
	return pid;
}

pid_t gons_i_fork(void)
{
	return gons_i_fork_into(0);
}

void gons_i_child_exit(int status)
{
	for (;;)
		(void)syscall(SYS_exit_group, status);
}

int gons_i_wait(pid_t pid, int *ret_status)
{
	while (waitpid(pid, ret_status, __WALL) < 0)
		if (errno != EINTR)
			return -1;
	return 0;
}

void gons_i_child_tie_to(pid_t parent_pid, int parent_pidfd)
{
	struct pollfd ended = { .fd = parent_pidfd, .events = POLLIN };
	pid_t now;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The parent may have ended before. getppid() is 0 for a parent in an ancestor PID
	 * namespace, and also for a process there that has adopted this one. */
	now = getppid();
	if (now == parent_pid)
		return;
	if (now != 0 || (parent_pidfd >= 0 && poll(&ended, 1, 0) > 0))
		gons_i_child_exit(1);
}

void gons_i_child_tie(void)
{
	gons_i_child_tie_to(parent, -1);
}

/* Only the run-time library of the ThreadSanitizer has it. */
extern void __tsan_init(void) __attribute__((weak)); /* NOLINT(bugprone-reserved-identifier) */

/*
 * The ThreadSanitizer may start a thread in a child of fork(3), and the kernel refuses user
 * namespaces to a process with threads. So the child continues in a bare child of its own.
 */
static void leave_thread_of_sanitizer(void)
{
	int status = 0;
	pid_t pid;

	if (!__tsan_init)
		return;
	pid = gons_i_fork();
	if (pid == 0)
		gons_i_child_tie();
	if (pid <= 0)
		return;
	(void)gons_i_wait(pid, &status);
	if (WIFSIGNALED(status))
		(void)kill(getpid(), WTERMSIG(status));
	gons_i_child_exit(WEXITSTATUS(status));
}

bool gons_i_children_have_other_pidns(bool unless_known)
{
	struct stat own, theirs;

	if (stat("/proc/thread-self/ns/pid", &own) < 0)
		return false;
	if (stat("/proc/thread-self/ns/pid_for_children", &theirs) < 0)
		return unless_known;
	return own.st_ino != theirs.st_ino;
}

/* The kernel does not tell which one it is. Both have the same errno. */
static void diagnose_limit_on_threads(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NPROC, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
		gons_i_add_cause("a control group may have no more threads (pids.max)");
	else
		gons_i_add_cause("the limit on threads is reached: that of this user (ulimit -u, "
				 "RLIMIT_NPROC = %llu), or that of a control group (pids.max)",
				 (unsigned long long)limit.rlim_cur);
	gons_i_add_remedy("raise it (control group: docker, podman: --pids-limit; systemd: "
			  "TasksMax=)");
}

int gons_i_fail_fork(int errnum, const char *what)
{
	const bool elsewhere = errnum == ENOMEM && gons_i_children_have_other_pidns(false);

	(void)gons_i_fail(errnum, "%s", what);
	if (errnum == EAGAIN) {
		diagnose_limit_on_threads();
	} else if (elsewhere) {
		gons_i_add_cause("the first process of the PID namespace for children of this "
				 "thread has ended");
		gons_i_add_remedy(
			"enter another one by setns(2), such as /proc/thread-self/ns/pid");
	}
	return -1;
}

/* ---- the child's side ---- */

/* The alarm is that of the child, which inherits none. */
static void set_limit(unsigned limit_s)
{
	const struct sigaction by_default = { .sa_handler = SIG_DFL };
	sigset_t only;

	(void)sigaction(SIGALRM, &by_default, NULL);
	(void)sigemptyset(&only);
	(void)sigaddset(&only, SIGALRM);
	(void)sigprocmask(SIG_UNBLOCK, &only, NULL);
	(void)alarm(limit_s);
}

__attribute__((noreturn)) static void run(bool is_bare, unsigned limit_s, int (*fn)(void *),
					  void *arg, struct gons_i_child_report *report)
{
	const struct sigaction by_default = { .sa_handler = SIG_DFL };

	gons_i_child_tie();
	if (limit_s != 0)
		set_limit(limit_s);
	/* The function may have children itself, and waits for them. */
	(void)sigaction(SIGCHLD, &by_default, &parent_sigchld);
	if (!is_bare)
		leave_thread_of_sanitizer();
	report->result = fn(arg);
	gons_i_failure_save(&report->failure);
	atomic_store(&report->is_complete, true);
	gons_i_child_exit(0);
}

void gons_i_child_detach(void)
{
	(void)sigaction(SIGCHLD, &parent_sigchld, NULL);
	(void)sigprocmask(SIG_SETMASK, &parent_mask, NULL);
}

/* ---- the parent's side ---- */

static struct gons_i_child_report *map_report(void)
{
	void *memory = mmap(NULL, sizeof(struct gons_i_child_report), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory != MAP_FAILED)
		return memory;
	(void)gons_i_fail(errno, "cannot share memory with a child process");
	return NULL;
}

static int start(bool is_bare, unsigned limit_s, int (*fn)(void *), void *arg,
		 struct gons_i_child *ret_child)
{
	const pid_t own = getpid();
	struct gons_i_child_report *report;
	sigset_t all, old;
	int errnum;
	pid_t pid;

	/* Where gons was loaded by dlopen(3), a thread's first look at its variables allocates:
	 * that must not happen in the child. */
	(void)gons_i_is_explained();
	report = map_report();
	if (!report)
		return -1;
	/* No signal handler of the program must run in this child. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	pid = is_bare ? gons_i_fork() : fork();
	if (pid == 0) {
		parent = own;
		parent_mask = old;
		run(is_bare, limit_s, fn, arg, report);
	}
	errnum = errno;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (pid < 0) {
		(void)munmap(report, sizeof(*report));
		return gons_i_fail_fork(errnum, "cannot fork a child process");
	}
	*ret_child = (struct gons_i_child){ pid, report };
	return 0;
}

int gons_i_child_start(int (*fn)(void *), void *arg, struct gons_i_child *ret_child)
{
	return start(true, GONS_I_CHILD_LIMIT_S, fn, arg, ret_child);
}

/* The child ended, by status, before its function had returned. */
static int fail_ended(int status)
{
	const int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (number == SIGALRM)
		return gons_i_fail(ETIMEDOUT, "the child process of this call did not end");
	/* SIGSYS comes from a seccomp filter; other signals say nothing about the machine. */
	(void)gons_i_fail(number == 0 || number == SIGSYS ? EPERM : ECHILD,
			  "the child process of this call ended early");
	if (number == SIGSYS)
		gons_i_add_cause("a seccomp filter killed it (SIGSYS)");
	else if (number != 0)
		gons_i_add_cause("signal %d killed it", number);
	return -1;
}

int gons_i_child_finish(struct gons_i_child *child)
{
	struct gons_i_child_report *report = child->report;
	int status = 0;
	int result;

	/* If SIGCHLD is ignored there may be no status, but the child's report is complete. */
	(void)gons_i_wait(child->pid, &status);
	if (!atomic_load(&report->is_complete))
		result = fail_ended(status);
	else if (report->result < 0)
		result = gons_i_failure_restore(&report->failure);
	else
		result = report->result;
	{
		const int errnum = errno;

		(void)munmap(report, sizeof(*report));
		errno = errnum;
	}
	return result;
}

static int start_and_finish(bool is_bare, unsigned limit_s, int (*fn)(void *), void *arg)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct gons_i_child child;

	return start(is_bare, limit_s, fn, arg, &child) < 0 ? -1 : gons_i_child_finish(&child);
}

int gons_i_in_child_for(unsigned limit_s, int (*fn)(void *), void *arg)
{
	return start_and_finish(true, limit_s, fn, arg);
}

int gons_i_in_child(int (*fn)(void *), void *arg)
{
	return start_and_finish(true, GONS_I_CHILD_LIMIT_S, fn, arg);
}

int gons_i_in_forked_child(int (*fn)(void *), void *arg)
{
	return start_and_finish(false, 0, fn, arg);
}

/* ---- descriptors from a child ---- */

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(GONS_I_SENT_FDS * sizeof(int))];
};

int gons_i_send_fds(int socket_fd, const int fds[GONS_I_SENT_FDS])
{
	union control control = { .bytes = { 0 } };
	unsigned char places[GONS_I_SENT_FDS];
	struct iovec iov = { .iov_base = places };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes };
	int sent[GONS_I_SENT_FDS] = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < GONS_I_SENT_FDS; i++)
		if (fds[i] >= 0) {
			places[n] = (unsigned char)i;
			sent[n++] = fds[i];
		}
	iov.iov_len = n;
	message.msg_controllen = CMSG_SPACE(n * sizeof(int));
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(&control.header), sent, n * sizeof(int));
	if (sendmsg(socket_fd, &message, MSG_NOSIGNAL) == (ssize_t)n)
		return 0;
	return gons_i_fail(errno, "cannot send descriptors to the parent process");
}

int gons_i_receive_fds(int socket_fd, int fds[GONS_I_SENT_FDS])
{
	union control control;
	unsigned char places[GONS_I_SENT_FDS] = { 0 };
	struct iovec iov = { .iov_base = places, .iov_len = sizeof(places) };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = control.bytes,
				  .msg_controllen = sizeof(control.bytes) };
	/* The child sends the descriptors before its result. */
	ssize_t n = recvmsg(socket_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	const struct cmsghdr *header = n < 0 ? NULL : CMSG_FIRSTHDR(&message);
	size_t got = header ? (header->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;
	int received[GONS_I_SENT_FDS];

	if (n < 0)
		return gons_i_fail(errno, "cannot receive descriptors from a child");
	if (got > 0)
		memcpy(received, CMSG_DATA(header), got * sizeof(int));
	for (size_t i = 0; i < got; i++)
		fds[places[i]] = received[i];
	/* The kernel leaves out descriptors for which this process has no room. */
	return got == (size_t)n ? 0
				: gons_i_fail(EMFILE, "cannot receive descriptors from a child");
}

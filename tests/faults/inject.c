/* SPDX-License-Identifier: Apache-2.0 */
#include "inject.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../count.h"

#ifndef SECCOMP_USER_NOTIF_FLAG_CONTINUE
#define SECCOMP_USER_NOTIF_FLAG_CONTINUE 1 /* Linux 5.5 */
#endif

/* An unused option of prctl(2). */
enum { MAGIC = 0x676f6e73 };

/* How long a child and its descendants may make no system call. */
enum { MOST_MS = 15000 };

/* ---- allocations, which the child counts and fails by itself ---- */

static struct shared {
	struct outcome outcome;
	atomic_uint allocations;
	unsigned fail_at; /* 0: none */
	atomic_bool counting, hit;
} * shared;

static bool allocation_fails(void)
{
	if (!shared || !shared->counting || ++shared->allocations != shared->fail_at)
		return false;
	shared->hit = true;
	errno = ENOMEM;
	return true;
}

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
	return allocation_fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return allocation_fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
	return allocation_fails() ? NULL : __libc_realloc(old, size);
}

/* ---- the child ---- */

void reach(enum phase phase)
{
	shared->counting = false;
	(void)prctl(MAGIC, phase, 0, 0, 0);
	shared->counting = phase == PREPARED;
}

/* Installs the filter. It reports all calls but the one that passes the listener to the parent. */
static int listen_to_calls(int control_fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sendmsg, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)control_fd, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
	};
	const struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
			    &program);
}

static bool send_fd(int control_fd, int fd)
{
	char byte = 0;
	struct iovec iov = { &byte, 1 };
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .header = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	const struct msghdr message = { .msg_iov = &iov,
					.msg_iovlen = 1,
					.msg_control = &control,
					.msg_controllen = sizeof(control) };

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(control_fd, &message, 0) == 1;
}

static int receive_fd(int control_fd)
{
	char byte;
	struct iovec iov = { &byte, 1 };
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	int fd;

	if (recvmsg(control_fd, &message, MSG_CMSG_CLOEXEC) != 1 || message.msg_controllen == 0)
		return -1;
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

static void live(void (*fn)(void *, struct outcome *), void *arg, int control_fd)
{
	int listener_fd = listen_to_calls(control_fd);

	if (listener_fd < 0 || !send_fd(control_fd, listener_fd))
		_exit(99);
	(void)close(listener_fd);
	(void)close(control_fd);
	fn(arg, &shared->outcome);
	_exit(0);
}

/* ---- snapshots ---- */

static int count_words(const char *path)
{
	FILE *file = fopen(path, "re");
	char word[32];
	int count = 0;

	while (file && fscanf(file, "%31s", word) == 1)
		count++;
	if (file)
		(void)fclose(file);
	return count;
}

static int count_entries_of(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	int count = 0;

	while (dir && (entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	if (dir)
		(void)closedir(dir);
	return count;
}

static void identify(const char *path, uint64_t ret_id[2])
{
	struct stat st;

	if (stat(path, &st) < 0)
		memset(&st, 0, sizeof(st));
	ret_id[0] = st.st_dev;
	ret_id[1] = st.st_ino;
}

/* like: an earlier snapshot; while the child has more threads than there, this waits. */
static struct snapshot take_snapshot(pid_t pid, const struct snapshot *like)
{
	static const char *const types[8] = { "net",	"mnt",	"uts", "ipc",
					      "cgroup", "user", "pid", "time" };
	struct snapshot snapshot;
	char path[64];
	uint64_t id[2];

#define OF_CHILD(name)                                                                             \
	((void)snprintf(path, sizeof(path), "/proc/%d/task/%d/" name, pid, pid), path)
	for (int i = 0; i < 8; i++) {
		(void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, types[i]);
		identify(path, id);
		snapshot.namespaces[i] = id[1];
	}
	identify(OF_CHILD("root"), snapshot.root);
	identify(OF_CHILD("cwd"), snapshot.cwd);
	snapshot.fds = count_entries_of(OF_CHILD("fd"));
	snapshot.mounts = count_lines(OF_CHILD("mountinfo"));
	snapshot.children = count_words(OF_CHILD("children"));
	snapshot.links = count_lines(OF_CHILD("net/dev"));
	(void)snprintf(path, sizeof(path), "/proc/%d/task", pid);
	/* The kernel may still list a joined thread for a moment. */
	for (int tries = 0; tries < 1000; tries++) {
		snapshot.threads = count_entries_of(path);
		if (!like || snapshot.threads <= like->threads)
			break;
		(void)usleep(100);
	}
#undef OF_CHILD
	return snapshot;
}

/* ---- the parent ---- */

static bool has_thread(pid_t pid, pid_t tid)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d", pid, tid);
	return access(path, F_OK) == 0;
}

/* Whether this is the system call of fstat(3). */
static bool is_fstat(const struct seccomp_data *data)
{
	return data->nr == SYS_newfstatat && (data->args[3] & AT_EMPTY_PATH);
}

static void answer(const struct seccomp_notif *call, pid_t pid, const struct fault *fault,
		   bool *active, struct report *report, struct seccomp_notif_resp *ret_answer)
{
	int number = is_fstat(&call->data) ? SYS_fstat : call->data.nr;
	enum phase phase = (enum phase)call->data.args[1];
	bool elsewhere;

	memset(ret_answer, 0, sizeof(*ret_answer));
	ret_answer->id = call->id;
	ret_answer->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	if (number == SYS_prctl && call->data.args[0] == MAGIC && phase < PHASES) {
		report->at[phase] = take_snapshot(pid, phase == CALLED	? &report->at[PREPARED]
						       : phase == ENDED ? &report->at[BEGUN]
									: NULL);
		report->was[phase] = true;
		*active = phase == PREPARED;
		ret_answer->flags = 0;
		return;
	}
	if (!*active || number < 0 || number >= ALLOCATION)
		return;
	elsewhere = !has_thread(pid, (pid_t)call->pid);
	if (elsewhere && fault->here_only)
		return;
	if (++report->count[number] != fault->nth || number != fault->call)
		return;
	report->hit = true;
	report->hit_elsewhere = elsewhere;
	ret_answer->flags = 0;
	ret_answer->error = -fault->errnum;
}

static void supervise(pid_t pid, int listener_fd, const struct fault *fault, struct report *report)
{
	struct pollfd poll_fd = { .fd = listener_fd, .events = POLLIN };
	struct seccomp_notif call;
	struct seccomp_notif_resp reply;
	bool active = false;

	/* POLLHUP comes when no process is under the filter any more. */
	while (poll(&poll_fd, 1, MOST_MS) >= 0 && !(poll_fd.revents & POLLHUP)) {
		memset(&call, 0, sizeof(call));
		if (poll_fd.revents == 0) { /* the thread that made the call is not blocked */
			report->hangs = true;
			(void)kill(pid, SIGKILL);
			break;
		}
		if (!(poll_fd.revents & POLLIN) ||
		    ioctl(listener_fd, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0)
			continue;
		answer(&call, pid, fault, &active, report, &reply);
		(void)ioctl(listener_fd, SECCOMP_IOCTL_NOTIF_SEND, &reply);
	}
}

bool run_with_fault(void (*fn)(void *, struct outcome *), void *arg, const struct fault *fault,
		    struct report *report)
{
	int control[2];
	int listener_fd;
	pid_t pid;

	memset(report, 0, sizeof(*report));
	if (!shared)
		shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) < 0)
		return false;
	memset(shared, 0, sizeof(*shared));
	shared->fail_at = fault->call == ALLOCATION ? fault->nth : 0;
	pid = fork();
	if (pid == 0)
		live(fn, arg, control[1]);
	(void)close(control[1]);
	listener_fd = pid < 0 ? -1 : receive_fd(control[0]);
	(void)close(control[0]);
	if (listener_fd >= 0) {
		supervise(pid, listener_fd, fault, report);
		(void)close(listener_fd);
	}
	if (pid < 0 || waitpid(pid, &report->status, 0) != pid)
		return false;
	report->outcome = shared->outcome;
	report->count[ALLOCATION] = shared->allocations;
	report->hit = report->hit || shared->hit;
	return listener_fd >= 0;
}

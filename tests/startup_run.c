/* SPDX-License-Identifier: Apache-2.0 */
#include "startup_run.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

const char *const seen_names[SEEN] = {
	[USER] = "user",
	[MNT] = "mnt",
	[CGROUP] = "cgroup",
	[IPC] = "ipc",
	[NET] = "net",
	[PID] = "pid",
	[UTS] = "uts",
	[TIME] = "time",
	[CHILDREN_PID] = "pid_for_children",
	[CHILDREN_TIME] = "time_for_children",
};

const char *text(const char *format, ...)
{
	static char buffers[16][1024];
	static unsigned next;
	char *buffer = buffers[next++ % 16];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(buffer, sizeof(buffers[0]), format, args);
	va_end(args);
	return buffer;
}

const char *ns_path(pid_t pid, int which)
{
	return text("/proc/%d/ns/%s", (int)pid, seen_names[which]);
}

uint64_t ns_ino(pid_t pid, int which)
{
	struct stat st;

	assert_int_equal(stat(ns_path(pid, which), &st), 0);
	return st.st_ino;
}

/* ---- in the started program ---- */

static void mount_sysfs(void *result)
{
	*(int *)result = gons_mntns_mount_sysfs_ro() < 0 ? errno : 0;
}

static void look_at_sysfs(struct seen *seen, const char *home)
{
	mount_sysfs(&seen->sysfs_errno);
	seen->sysfs_links = count_class_net(AT_FDCWD, "/sys/class/net");
	seen->home_errno = -1;
	if (home && gons_execute(gons_open(home, CLONE_NEWNS), mount_sysfs, &seen->home_errno) < 0)
		seen->home_errno = errno;
}

static void look_at_child(struct seen *seen)
{
	uint64_t answer[3];
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		_exit(3);
	pid = fork();
	if (pid == 0) {
		/* procfs may show the outer PID namespace. */
		answer[0] = (uint64_t)getpid();
		answer[1] = (uint64_t)getppid();
		answer[2] = own_ino("pid");
		_exit(write(ends[1], answer, sizeof(answer)) == sizeof(answer) ? 0 : 1);
	}
	if (pid < 0 || read(ends[0], answer, sizeof(answer)) != sizeof(answer) ||
	    waitpid(pid, NULL, 0) != pid)
		_exit(3);
	seen->child_pid = (pid_t)answer[0];
	seen->child_parent = (pid_t)answer[1];
	seen->child_pid_ino = answer[2];
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static void *end_at_once(void *arg)
{
	return arg;
}

static void look(struct seen *seen)
{
	struct timespec now;
	size_t used = 0;
	pthread_t thread;

	(void)snprintf(seen->status, sizeof(seen->status), "%s",
		       gons_status() ? gons_status() : "");
	seen->fds = count_entries("/proc/thread-self/fd");
	for (int i = 0; i < SEEN; i++)
		seen->ino[i] = own_ino(seen_names[i]);
	for (char **variable = environ; *variable; variable++)
		if (strncmp(*variable, "gons_", 5) == 0 &&
		    (used += strlen(*variable) + 1) < sizeof(seen->left)) {
			strcat(seen->left, *variable);
			strcat(seen->left, "\n");
		}
	if (!getcwd(seen->cwd, sizeof(seen->cwd)))
		_exit(3);
	seen->mounts = count_mounts();
	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	seen->boottime = (double)now.tv_sec;
	seen->thread_errnum = pthread_create(&thread, NULL, end_at_once, NULL);
	if (seen->thread_errnum == 0)
		(void)pthread_join(thread, NULL);
	seen->has_error = gons_error()[0] != '\0';
	seen->is_complete = 1;
}

/* startup-run FD SYSFS [HOME] */
void startup_run_main(int argc, char **argv)
{
	static struct seen seen;
	int errnum = errno;
	int fd;

	if (argc < 3 || strcmp(argv[0], "startup-run") != 0)
		return;
	fd = atoi(argv[1]);
	look(&seen);
	seen.errnum = errnum;
	if (strcmp(argv[2], "sysfs") == 0)
		look_at_sysfs(&seen, argv[3]);
	look_at_child(&seen);
	_exit(write(fd, &seen, sizeof(seen)) == sizeof(seen) ? 0 : 3);
}

/* ---- in the test ---- */

/* This process' environment without variables of gons, and the given ones before it. */
static char **make_environment(const char *const *variables)
{
	size_t n = 0, used = 0;
	char **list;

	while (environ[n])
		n++;
	list = calloc(n + 16 + 1, sizeof(*list));
	assert_non_null(list);
	for (; *variables; variables++)
		list[used++] = (char *)*variables;
	for (size_t i = 0; i < n; i++)
		if (strncmp(environ[i], "gons_", 5) != 0)
			list[used++] = environ[i];
	return list;
}

static void become(const struct start *start, char **environment, int fd)
{
	const char *const argv[] = { "startup-run", text("%d", fd), start->sysfs ? "sysfs" : "-",
				     start->home, NULL };
	/* The function before() may unmount procfs. */
	int exe_fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	int status = start->before ? start->before(start->arg) : 0;

	if (status != 0)
		_exit(status);
	if ((start->cwd && chdir(start->cwd) < 0) || fcntl(fd, F_SETFD, 0) < 0)
		_exit(4);
	(void)syscall(SYS_execveat, exe_fd, "", argv, environment, AT_EMPTY_PATH);
	perror("execveat(2) of the test");
	_exit(5);
}

void start(const struct start *start, struct seen *ret_seen)
{
	char **environment = make_environment(start->variables);
	int ends[2], status;
	size_t got = 0;
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		become(start, environment, ends[1]);
	free(environment);
	assert_int_equal(close(ends[1]), 0);
	memset(ret_seen, 0, sizeof(*ret_seen));
	for (ssize_t n = 1; n > 0 && got < sizeof(*ret_seen); got += (size_t)n) {
		n = read(ends[0], (char *)ret_seen + got, sizeof(*ret_seen) - got);
		assert_true(n >= 0);
	}
	assert_int_equal(close(ends[0]), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(ret_seen->is_complete, 1);
	assert_int_equal(ret_seen->errnum, 0);
	assert_false(ret_seen->has_error);
}

static void assert_moved(const struct seen *seen, unsigned moved)
{
	for (int i = 0; i < SEEN; i++) {
		bool is_moved = seen->ino[i] != own_ino(seen_names[i]);

		if (is_moved != (moved >> i & 1))
			fail_msg("the program is %s %s namespace as the test",
				 is_moved ? "not in the same" : "in the same", seen_names[i]);
	}
}

void assert_switched(const struct seen *seen, unsigned moved)
{
	assert_string_equal(seen->status, "");
	assert_string_equal(seen->left, "");
	assert_moved(seen, moved);
}

void assert_stayed(const struct seen *seen, const char *message, unsigned moved)
{
	assert_string_equal(seen->status, message);
	assert_moved(seen, moved);
}

/* ---- files ---- */

void enter_with_run(void)
{
	gons_must(gons_enter_transient(CLONE_NEWNS));
	assert_int_equal(mount("gons", "/run", "tmpfs", 0, NULL), 0);
}

void bind_file(const char *from, const char *file)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(mount(from, file, NULL, MS_BIND, NULL), 0);
}

/* ---- processes that hold namespaces ---- */

static struct holder {
	pid_t pid;
	int to_fd;
} holders[16];

/* The holder ends at the end of its standard input. */
static void end_holder(void *arg)
{
	struct holder *holder = arg;

	(void)close(holder->to_fd);
	while (waitpid(holder->pid, NULL, 0) < 0 && errno == EINTR)
		;
	holder->pid = 0;
}

static void become_holder(int (*before)(void *), const char *const options[], const int in[2],
			  const int out[2])
{
	static const char *const rest[] = { "sh", "-c", "echo; exec cat", NULL };
	const char *argv[24] = { "unshare" };
	size_t n = 1;

	for (; *options; options++)
		argv[n++] = *options;
	memcpy(argv + n, rest, sizeof(rest));
	if ((before && before(NULL) != 0) || dup2(in[0], 0) < 0 || dup2(out[1], 1) < 0)
		_exit(4);
	(void)execvp(argv[0], (char *const *)argv);
	_exit(5);
}

pid_t hold_as(int (*before)(void *), const char *const options[])
{
	struct holder *holder = holders;
	int in[2], out[2];
	char c;

	while (holder->pid != 0)
		holder++;
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	holder->pid = fork();
	assert_true(holder->pid >= 0);
	if (holder->pid == 0)
		become_holder(before, options, in, out);
	holder->to_fd = in[1];
	gons_must(gons_defer(end_holder, holder));
	assert_int_equal(close(in[0]), 0);
	assert_int_equal(close(out[1]), 0);
	assert_int_equal(read(out[0], &c, 1), 1);
	assert_int_equal(close(out[0]), 0);
	return holder->pid;
}

pid_t hold(const char *const options[])
{
	return hold_as(NULL, options);
}

/* ---- before a program is executed ---- */

int become_nobody(void *unused)
{
	(void)unused;
	return setgroups(0, NULL) < 0 || setresgid(65534, 65534, 65534) < 0 ||
	       setresuid(65534, 65534, 65534) < 0;
}

/* A program that root executes gets all capabilities of the bounding set. */
int drop_all_capabilities(void *unused)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	(void)unused;
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap) < 0)
			return 1;
	return syscall(SYS_capset, &header, none) < 0;
}

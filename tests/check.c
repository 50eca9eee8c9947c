/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <gons/mntns.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/kcmp.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "count.h"

static const char *const names[] = { "cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts" };
enum { NAMES = sizeof(names) / sizeof(names[0]) };

static struct snapshot {
	uint64_t ino[NAMES];
	struct stat root, cwd;
	int fds, threads, children, mounts;
	char umask[8];
	int mark;
} before;

const struct switchable switchable[SWITCHABLE] = {
	{ CLONE_NEWNET, "net" }, { CLONE_NEWNS, "mnt" },	{ CLONE_NEWUTS, "uts" },
	{ CLONE_NEWIPC, "ipc" }, { CLONE_NEWCGROUP, "cgroup" },
};

/* Some tests hold hundreds of descriptors. With a lower limit their failures would say nothing
 * about gons. */
__attribute__((__constructor__)) static void need_descriptors(void)
{
	enum { NEEDED = 1024 };
	struct rlimit limit;

	/* A program that startup_run.c starts again, or tests/env/run, keeps the limits that a test
	 * has set for it. */
	if (strcmp(program_invocation_short_name, "startup-run") == 0 ||
	    strcmp(program_invocation_short_name, "probe") == 0 ||
	    getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= NEEDED)
		return;
	if (limit.rlim_max < NEEDED)
		limit.rlim_max = NEEDED; /* for root */
	limit.rlim_cur = NEEDED;
	if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return;
	(void)fprintf(stderr,
		      "gons: skipped: %s: the limit on open descriptors is below %d "
		      "(ulimit -n %d)\n",
		      program_invocation_short_name, NEEDED, NEEDED);
	exit(77);
}

/* Tests of the library ask for all that Linux does, and gVisor does a part of that: programs with
 * tests that cannot pass there are skipped, and the others run. */
__attribute__((__constructor__)) static void need_linux(void)
{
	static const struct {
		const char *missing, *programs; /* "test-" and each of these, between blanks */
	} needs[] = {
		{ "pidfd_open(2)",
		  " bare_children emulators process process_end reexec reexec_child "
		  "reexec_json reexec_misuse reexec_namespaces reexec_pipes " },
		{ "openat2(2)", " procfsroot procfsroot_race " },
		{ "/proc/self/setgroups and descriptors of user and PID namespaces",
		  " enter_own privilege report set set_do set_run startup startup_refused types " },
		{ "cgroup namespaces", " filters mntns netns transient " },
		{ "requests and notifications of rtnetlink",
		  " address deferred_undo ip kit netlink rtnl sockets " },
		{ "the names of namespaces in /proc/self/fd", " leak pool_limits " },
		{ "the propagation of mounts below a covered root", " private " },
	};
	const char *name = strchr(program_invocation_short_name, '-');
	char word[64];

	if (access("/proc/sentry-meminfo", F_OK) < 0 || !name) {
		errno = 0; /* as programs begin */
		return;
	}
	(void)snprintf(word, sizeof(word), " %s ", name + 1);
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		if (!strstr(needs[i].programs, word))
			continue;
		(void)fprintf(stderr, "gons: skipped: %s: the kernel is gVisor, which lacks %s\n",
			      name + 1, needs[i].missing);
		exit(77);
	}
}

void take_inodes(uint64_t ino[SWITCHABLE])
{
	for (int i = 0; i < SWITCHABLE; i++)
		ino[i] = own_ino(switchable[i].name);
}

void assert_inodes(const uint64_t ino[SWITCHABLE])
{
	for (int i = 0; i < SWITCHABLE; i++)
		assert_int_equal(own_ino(switchable[i].name), ino[i]);
}

uint64_t own_ino(const char *name)
{
	char path[64];
	struct statfs fs;
	struct stat st;

	(void)snprintf(path, sizeof(path), "/proc/thread-self/ns/%s", name);
	/* In gVisor some of these lead to files of procfs, to another one each time. */
	return stat(path, &st) == 0 && statfs(path, &fs) == 0 && fs.f_type == NSFS_MAGIC ? st.st_ino
											 : 0;
}

int count_entries_at(int dir_fd, const char *path)
{
	int fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int count = 0;

	if (!dir)
		return -1;
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			count++;
	(void)closedir(dir);
	return count;
}

int count_entries(const char *path)
{
	return count_entries_at(AT_FDCWD, path);
}

int count_class_net(int dir_fd, const char *path)
{
	char masters[64];

	(void)snprintf(masters, sizeof(masters), "%s/bonding_masters", path);
	return count_entries_at(dir_fd, path) - (faccessat(dir_fd, masters, F_OK, 0) == 0);
}

const char *read_text(const char *path)
{
	static char text[65536];
	FILE *file = fopen(path, "re");
	size_t length = 0;

	if (file) {
		length = fread(text, 1, sizeof(text) - 1, file);
		(void)fclose(file);
	}
	text[length] = '\0';
	return text;
}

int count_mounts(void)
{
	return count_lines("/proc/thread-self/mountinfo");
}

static int count_children(void)
{
	const char *text = read_text("/proc/thread-self/children");
	int count = 0;

	for (; *text; text++)
		count += *text == ' ';
	return count;
}

/* Process 1 of a PID namespace becomes the parent of children that others have left, for which it has
 * to wait. */
static void reap_adopted(int expected)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	if (getpid() != 1)
		return;
	for (int i = 0; i < 10000; i++) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (count_children() <= expected)
			return;
		(void)nanosleep(&pause, NULL);
	}
}

/* Leaves out idle set threads of gons_set_do_restore(), which end by themselves. */
static int list_threads(void)
{
	DIR *dir = opendir("/proc/self/task");
	const struct dirent *entry;
	int count = 0;

	if (!dir)
		return -1;
	while ((entry = readdir(dir))) {
		const char *name;
		char path[64];

		(void)snprintf(path, sizeof(path), "/proc/self/task/%.16s/comm", entry->d_name);
		name = read_text(path);
		/* A thread that is just ending has no name any more. */
		if (entry->d_name[0] != '.' && name[0] != '\0' && strcmp(name, "gons-set\n") != 0)
			count++;
	}
	(void)closedir(dir);
	return count;
}

int count_threads(int expected)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	for (int i = 0; i < 10000 && list_threads() > expected; i++)
		(void)nanosleep(&pause, NULL);
	return list_threads();
}

/* Other programs of the machine may mount something for a while. */
static void await_mounts(int expected)
{
	const struct timespec pause = { .tv_nsec = 10000000 };

	for (int i = 0; i < 1000 && count_mounts() != expected; i++)
		(void)nanosleep(&pause, NULL);
}

static void take_snapshot(struct snapshot *snapshot)
{
	const char *umask_line;

	for (size_t i = 0; i < NAMES; i++)
		snapshot->ino[i] = own_ino(names[i]);
	assert_int_equal(stat("/", &snapshot->root), 0);
	assert_int_equal(stat(".", &snapshot->cwd), 0);
	snapshot->fds = count_entries("/proc/thread-self/fd");
	snapshot->threads = list_threads();
	snapshot->children = count_children();
	snapshot->mounts = count_mounts();
	umask_line = strstr(read_text("/proc/thread-self/status"), "\nUmask:\t");
	(void)snprintf(snapshot->umask, sizeof(snapshot->umask), "%.4s",
		       umask_line ? umask_line + 8 : "");
}

bool is_sanitized(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return true;
#elif defined(__has_feature)
	return __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||
	       __has_feature(memory_sanitizer);
#else
	return false;
#endif
}

/* ThreadSanitizer starts a thread of its own along with the program's first one. */
static void start_sanitizer(void)
{
#ifdef __SANITIZE_THREAD__
	static bool started;

	if (!started)
		on_thread(free, NULL);
	started = true;
#endif
}

int check_begin(void **state)
{
	(void)state;
	start_sanitizer();
	take_snapshot(&before);
	before.mark = gons_must(gons_scope_begin());
	return 0;
}

int check_end(void **state)
{
	struct snapshot after;

	(void)state;
	gons_must(gons_scope_end(before.mark));
	(void)count_threads(before.threads);
	await_mounts(before.mounts);
	reap_adopted(before.children);
	take_snapshot(&after);
	for (size_t i = 0; i < NAMES; i++)
		if (after.ino[i] != before.ino[i])
			fail_msg("the thread is in another %s namespace", names[i]);
	assert_int_equal(after.root.st_dev, before.root.st_dev);
	assert_int_equal(after.root.st_ino, before.root.st_ino);
	assert_int_equal(after.cwd.st_dev, before.cwd.st_dev);
	assert_int_equal(after.cwd.st_ino, before.cwd.st_ino);
	assert_string_equal(after.umask, before.umask);
	assert_int_equal(after.fds, before.fds);
	assert_int_equal(after.threads, before.threads);
	assert_int_equal(after.children, before.children);
	assert_int_equal(after.mounts, before.mounts);
	return 0;
}

void check_contains(const char *text, const char *words, const char *file, int line)
{
	if (text && strstr(text, words))
		return;
	print_error("\"%s\" has no \"%s\" in it\n", text ? text : "(null)", words);
	_fail(file, line);
}

/* Whether the message contains the words; %m in them stands for the text of errnum. */
static bool message_has(const char *words, int errnum)
{
	const char *reason = strstr(words, "%m");
	char wanted[1024];

	if (!reason)
		return strstr(gons_error(), words);
	(void)snprintf(wanted, sizeof(wanted), "%.*s%s%s", (int)(reason - words), words,
		       strerror(errnum), reason + 2);
	return strstr(gons_error(), wanted);
}

void check_refused(bool failed, const char *call, int actual_errno, int wanted_errno,
		   const char *words, const char *file, int line)
{
	if (!failed)
		print_error("%s succeeded\n", call);
	else if (actual_errno != wanted_errno)
		print_error("%s: errno is %d (%s), not %d: %s\n", call, actual_errno,
			    strerror(actual_errno), wanted_errno, gons_error());
	else if (!message_has(words, wanted_errno))
		print_error("%s: \"%s\" has no \"%s\" in it\n", call, gons_error(), words);
	else
		return;
	_fail(file, line);
}

/* In a user namespace, the kernel refuses to drop flags that the machine's mount has. */
bool make_read_only(const char *path)
{
	struct statvfs mounted;
	unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY;

	if (statvfs(path, &mounted) < 0)
		return false;
	flags |= mounted.f_flag & (MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME);
	if (mounted.f_flag & ST_RELATIME)
		flags |= MS_RELATIME;
	return mount(NULL, path, NULL, flags, NULL) == 0;
}

bool enter_read_only_proc_sys(void)
{
	static const char sys[] = "/proc/sys";

	gons_must(gons_mntns_enter_transient());
	return mount(sys, sys, NULL, MS_BIND | MS_REC, NULL) == 0 && make_read_only(sys);
}

void skip_for(const char *test, const char *reason)
{
	print_error("gons: skipped: %s: %s\n", test, reason);
	skip();
}

void require_mapped_user(const char *test)
{
	if (read_text("/proc/thread-self/uid_map")[0] == '\0')
		skip_for(test, "the user is not mapped, and can own no files");
	if (geteuid() == 0 && !gons_has_cap(CAP_SETFCAP))
		skip_for(test, "without CAP_SETFCAP, user 0 cannot be mapped");
}

/* Returns the errno of a refusal of the whole of /proc/sys, or 0. */
static int set_sysctl(void *arg)
{
	(void)arg;
	return gons_scope_begin() >= 0 && gons_enter_transient(CLONE_NEWNET) == 0 &&
			       gons_netns_sysctl_set(-1, "net.ipv4.ip_forward", "1") < 0 &&
			       (errno == EROFS || strstr(gons_error(), "possibly refuses it"))
		       ? errno
		       : 0;
}

void require_writable_sysctls(const char *test)
{
	const int errnum = in_child(set_sysctl, NULL);

	if (errnum == EROFS)
		skip_for(test, "/proc/sys is mounted read-only, and another procfs is refused");
	if (errnum != 0)
		skip_for(test, "a security module refuses sysctls of the network");
}

/* As root of a user namespace that has limits of its own. */
static int open_limit(void *arg)
{
	(void)arg;
	return unshare(CLONE_NEWUSER) == 0 &&
	       open("/proc/sys/user/max_user_namespaces", O_WRONLY | O_CLOEXEC) < 0 &&
	       errno == EACCES && gons_has_cap(CAP_SYS_RESOURCE);
}

void require_writable_limits(const char *test)
{
	struct statvfs mount;

	if (statvfs("/proc/sys", &mount) == 0 && (mount.f_flag & ST_RDONLY))
		skip_for(test, "/proc/sys is mounted read-only");
	if (in_child(open_limit, NULL) != 0)
		skip_for(test, "a security module refuses limits of namespaces");
}

static int mount_writable_sys(void *arg)
{
	(void)arg;
	return gons_scope_begin() >= 0 && gons_enter_transient(CLONE_NEWNET | CLONE_NEWNS) == 0 &&
			       gons_mntns_mount_sysfs_rw() < 0 &&
			       strstr(gons_error(), "while the one on /sys is read-only")
		       ? 1
		       : 0;
}

void require_writable_sys(const char *test)
{
	if (in_child(mount_writable_sys, NULL) != 0)
		skip_for(test, "/sys is mounted read-only");
}

static int change_host_name(void *arg)
{
	(void)arg;
	return unshare(CLONE_NEWUTS) == 0 && sethostname("test", 4) < 0 ? 1 : 0;
}

void require_sethostname(const char *test)
{
	if (in_child(change_host_name, NULL) != 0)
		skip_for(test, "sethostname(2) is refused, as by the filter of a container");
}

void require_kcmp(const char *test)
{
	if (syscall(SYS_kcmp, getpid(), getpid(), KCMP_FS, 0, 0) < 0)
		skip_for(test, "kcmp(2) is refused, as by the filter of a container");
}

void require_setns(const char *test)
{
	if (setns(-1, 0) < 0 && errno != EBADF)
		skip_for(test, "setns(2) is refused, as by the filter of a container");
}

void require_cap(const char *test, int cap, const char *name)
{
	char reason[64];

	(void)snprintf(reason, sizeof(reason), "%s is missing, as in a container", name);
	if (!gons_has_cap(cap))
		skip_for(test, reason);
}

void require_setuid_in_tmp(const char *test)
{
	struct statvfs mount;

	if (statvfs("/tmp", &mount) == 0 && (mount.f_flag & ST_NOEXEC))
		skip_for(test, "nothing can be executed in /tmp: it is mounted noexec");
	if (statvfs("/tmp", &mount) == 0 && (mount.f_flag & ST_NOSUID))
		skip_for(test, "no program becomes another user in /tmp: it is mounted nosuid");
}

bool check_wanted(bool condition, const char *text, const char *file, int line)
{
	if (!condition)
		(void)fprintf(stderr, "%s:%d: not so: %s; errno %d, \"%s\"\n", file, line, text,
			      errno, gons_error());
	return condition;
}

bool failed_with(int result, int errnum, const char *words)
{
	if (result < 0 && errno == errnum && strstr(gons_error(), words))
		return true;
	(void)fprintf(stderr, "result %d, errno %d: \"%s\" has no \"%s\" in it\n", result, errno,
		      gons_error(), words);
	return false;
}

uint64_t ino_in(const gons_set *set, int type)
{
	return gons_must(gons_ino(gons_must(gons_set_fd(set, type)), type));
}

bool refuse_call(long number, int errnum)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)errnum),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

bool lose_capabilities(uint64_t which)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	for (int i = 0; i < 2; i++) {
		data[i].effective &= ~(uint32_t)(which >> 32 * i);
		data[i].permitted &= ~(uint32_t)(which >> 32 * i);
		data[i].inheritable &= ~(uint32_t)(which >> 32 * i);
	}
	return syscall(SYS_capset, &header, data) == 0;
}

bool put_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		(void)close(fd);
	return written;
}

int in_child(int (*fn)(void *), void *arg)
{
	int status = -1;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(fn(arg));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

pid_t hold_in_child(int types)
{
	int ends[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (unshare(types) < 0 || write(ends[1], "r", 1) != 1)
			_exit(1);
		for (;;)
			(void)pause();
	}
	assert_int_equal(close(ends[1]), 0);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	assert_int_equal(close(ends[0]), 0);
	return pid;
}

static int return_to(void *name)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/thread-self/ns/%s", (const char *)name);
	return setns(open(path, O_RDONLY | O_CLOEXEC), 0) < 0;
}

bool can_return_to(const char *name)
{
	return in_child(return_to, (void *)name) == 0;
}

static int become_nobody(void *arg)
{
	(void)arg;
	return setresuid(65534, 65534, 65534) == 0 ? 0 : 1;
}

bool can_become_nobody(void)
{
	return getuid() == 0 && in_child(become_nobody, NULL) == 0;
}

int limit_namespaces(const char *type, const char *most)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/sys/user/max_%s_namespaces", type);
	return put_text(path, most) ? 0 : 102;
}

int enter_limited(const char *type, const char *most)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |
		    CLONE_NEWCGROUP) < 0)
		return 101;
	return limit_namespaces(type, most);
}

struct job {
	void (*fn)(void *);
	void *arg;
};

static void *run_job(void *arg)
{
	const struct job *job = arg;

	job->fn(job->arg);
	return NULL;
}

void on_thread(void (*fn)(void *), void *arg)
{
	struct job job = { fn, arg };
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, run_job, &job), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

/* Joining the own mount namespace leads to its root, from where there are other mounts to be seen. */
static int compare_mounts(void *arg)
{
	char seen_before[512];
	const int fd = open("/proc/thread-self/ns/mnt", O_RDONLY | O_CLOEXEC);

	(void)arg;
	(void)snprintf(seen_before, sizeof(seen_before), "%s",
		       read_text("/proc/thread-self/mountinfo"));
	if (fd < 0 || setns(fd, CLONE_NEWNS) < 0)
		return 0; /* nor can the test go there */
	return strncmp(seen_before, read_text("/proc/thread-self/mountinfo"),
		       strlen(seen_before)) != 0;
}

void require_no_chroot(const char *test)
{
	if (in_child(compare_mounts, NULL) != 0)
		skip_for(test, "this process is below a chroot(2)");
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Mount namespaces: entered, created and held by an idle thread, and compared. */
#include "check.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static bool called;

static void note_call(void *arg)
{
	(void)arg;
	called = true;
}

/* Returns the inode number of another thread's namespace; "/proc/TID/root" names the thread. */
static uint64_t ino_of(const char *procfsroot, const char *name)
{
	char path[64];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%.*s/ns/%s",
		       (int)(strlen(procfsroot) - strlen("/root")), procfsroot, name);
	return stat(path, &st) == 0 ? st.st_ino : 0;
}

static const char *read_of(const char *procfsroot, const char *file)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%.*s/%s", (int)(strlen(procfsroot) - strlen("/root")),
		       procfsroot, file);
	return read_text(path);
}

static bool exists_below(const char *root, const char *path)
{
	char full[256];

	(void)snprintf(full, sizeof(full), "%s%s", root, path);
	return access(full, F_OK) == 0;
}

/* Enters a mount namespace in which all mounts are shared, as on a machine with systemd. */
static void enter_shared(void)
{
	gons_must(gons_mntns_enter_transient());
	assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL), 0);
	assert_contains(read_text("/proc/thread-self/mountinfo"), " shared:");
}

/* ---- entering ---- */

static void entering_changes_only_the_mount_namespace(void **state)
{
	uint64_t outside = own_ino("mnt"), net = own_ino("net");
	int mounts = count_mounts();

	(void)state;
	gons_require(CLONE_NEWNS);
	GONS_SCOPE {
		gons_must(gons_mntns_enter_transient());
		assert_int_not_equal(own_ino("mnt"), outside);
		assert_int_equal(gons_mntns_current_ino(), own_ino("mnt"));
		assert_int_equal(own_ino("net"), net);
		assert_int_equal(count_mounts(), mounts);
	}
	assert_int_equal(own_ino("mnt"), outside);
	assert_int_equal(gons_mntns_current_ino(), outside);
}

static void every_mount_in_an_entered_namespace_is_private(void **state)
{
	int mounts;

	(void)state;
	gons_require(CLONE_NEWNS);
	enter_shared();
	mounts = count_mounts();
	GONS_SCOPE {
		gons_must(gons_mntns_enter_transient());
		assert_null(strstr(read_text("/proc/thread-self/mountinfo"), " shared:"));
		assert_null(strstr(read_text("/proc/thread-self/mountinfo"), " master:"));
		assert_int_equal(mount("gons", "/tmp", "tmpfs", 0, NULL), 0);
		assert_int_equal(count_mounts(), mounts + 1);
	}
	assert_int_equal(count_mounts(), mounts);
}

static void enter_beside_the_main_thread(void *arg)
{
	const uint64_t *outside = arg;
	struct stat main_thread;

	gons_must(gons_mntns_enter_transient());
	assert_int_not_equal(own_ino("mnt"), *outside);
	assert_int_equal(stat("/proc/self/ns/mnt", &main_thread), 0);
	assert_int_equal(main_thread.st_ino, *outside);
}

static void entering_a_mount_namespace_moves_only_the_calling_thread(void **state)
{
	uint64_t outside = own_ino("mnt");

	(void)state;
	gons_require(CLONE_NEWNS);
	on_thread(enter_beside_the_main_thread, &outside);
	assert_int_equal(own_ino("mnt"), outside);
}

/* ---- wrong descriptors ---- */

static void refuse_execute_and_ino(int fd, int errnum, const char *words)
{
	uint64_t before = own_ino("mnt");

	called = false;
	assert_refused(gons_mntns_execute(fd, note_call, NULL), errnum, words);
	assert_false(called);
	assert_int_equal(own_ino("mnt"), before);
	assert_refused(gons_mntns_ino(fd), errnum, words);
}

static void descriptors_of_other_types_are_refused_before_anything_is_switched(void **state)
{
	const int types[] = { CLONE_NEWNET, CLONE_NEWUTS,  CLONE_NEWIPC, CLONE_NEWCGROUP,
			      CLONE_NEWPID, CLONE_NEWUSER, CLONE_NEWTIME };

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		refuse_execute_and_ino(gons_must(gons_current(types[i])), EINVAL, "mount");
}

static void descriptors_that_are_no_namespaces_are_refused(void **state)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	refuse_execute_and_ino(-1, EBADF, "closed");
	refuse_execute_and_ino(fd, EINVAL, "not a namespace");
	assert_int_equal(close(fd), 0);
	refuse_execute_and_ino(fd, EBADF, "closed");
	assert_refused(gons_mntns_execute(gons_must(gons_mntns_current()), NULL, NULL), EINVAL,
		       "fn is NULL");
}

static void paths_of_other_types_are_refused(void **state)
{
	(void)state;
	assert_int_equal(gons_mntns_path_ino("/proc/thread-self/ns/mnt"), own_ino("mnt"));
	assert_refused(gons_mntns_path_ino("/proc/thread-self/ns/net"), EINVAL, "network");
	assert_refused(gons_mntns_path_ino("/etc/passwd"), EINVAL, "/etc/passwd");
	assert_refused(gons_mntns_path_ino("/nonexistent"), ENOENT, "/nonexistent");
	assert_refused(gons_mntns_path_ino(NULL), EINVAL, "path is NULL");
}

static void gons_mntns_current_opens_the_threads_mount_namespace(void **state)
{
	int fd = gons_must(gons_mntns_current());

	(void)state;
	assert_int_equal(gons_type(fd), CLONE_NEWNS);
	assert_int_equal(gons_mntns_ino(fd), own_ino("mnt"));
	assert_int_equal(gons_mntns_current_ino(), own_ino("mnt"));
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

/* ---- created without entering ---- */

static void a_mount_namespace_is_created_without_entering_it(void **state)
{
	const char *procfsroot = NULL;
	uint64_t outside = own_ino("mnt");
	int fd;

	(void)state;
	gons_require(CLONE_NEWNS);
	fd = gons_must(gons_mntns_new_transient(&procfsroot));
	assert_int_equal(own_ino("mnt"), outside);
	assert_int_not_equal(gons_mntns_ino(fd), outside);
	assert_int_equal(ino_of(procfsroot, "mnt"), gons_mntns_ino(fd));
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static void idle_threads_have_a_name_and_the_callers_other_namespaces(void **state)
{
	const char *const names[] = { "cgroup", "ipc", "net", "pid", "time", "user", "uts" };
	const char *procfsroot = NULL;
	char rebuilt[64];
	int tid = 0;

	(void)state;
	gons_require(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS);
	gons_must(gons_enter_transient(CLONE_NEWNET | CLONE_NEWUTS));
	gons_must(gons_mntns_new_transient(&procfsroot));
	assert_int_equal(sscanf(procfsroot, "/proc/%d/root", &tid), 1);
	(void)snprintf(rebuilt, sizeof(rebuilt), "/proc/%d/root", tid);
	assert_string_equal(procfsroot, rebuilt);
	(void)snprintf(rebuilt, sizeof(rebuilt), "/proc/self/task/%d", tid);
	assert_int_equal(access(rebuilt, F_OK), 0);
	assert_int_not_equal(tid, gettid());
	assert_string_equal(read_of(procfsroot, "comm"), "gons-mntns\n");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(ino_of(procfsroot, names[i]), own_ino(names[i]));
}

static void the_idle_thread_of_a_mount_namespace_blocks_all_signals(void **state)
{
	const char *procfsroot = NULL;
	unsigned long long blocked = 0, wanted = ~0ULL;
	const char *line;
	sigset_t own;

	(void)state;
	gons_require(CLONE_NEWNS);
	gons_must(gons_mntns_new_transient(&procfsroot));
	line = strstr(read_of(procfsroot, "status"), "\nSigBlk:\t");
	assert_non_null(line);
	assert_int_equal(sscanf(line, "\nSigBlk:\t%llx", &blocked), 1);
	/* KILL and STOP cannot be blocked, and the C library uses those below SIGRTMIN itself. */
	wanted &= ~(1ULL << (SIGKILL - 1) | 1ULL << (SIGSTOP - 1));
	for (int own_signal = 32; own_signal < SIGRTMIN; own_signal++)
		wanted &= ~(1ULL << (own_signal - 1));
	assert_true((blocked & wanted) == wanted);
	/* The caller's own mask is unchanged. */
	assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &own), 0);
	assert_false(sigismember(&own, SIGUSR1));
	assert_false(sigismember(&own, SIGTERM));
}

static void every_mount_in_a_new_namespace_is_private(void **state)
{
	const char *procfsroot = NULL;

	(void)state;
	gons_require(CLONE_NEWNS);
	enter_shared();
	gons_must(gons_mntns_new_transient(&procfsroot));
	assert_contains(read_of(procfsroot, "mountinfo"), " /proc ");
	assert_null(strstr(read_of(procfsroot, "mountinfo"), " shared:"));
	assert_null(strstr(read_of(procfsroot, "mountinfo"), " master:"));
}

static void the_idle_thread_of_a_mount_namespace_ends_with_the_scope(void **state)
{
	const char *procfsroot = NULL;
	int threads = count_entries("/proc/self/task");
	char kept[64];

	(void)state;
	gons_require(CLONE_NEWNS);
	GONS_SCOPE {
		gons_must(gons_mntns_new_transient(&procfsroot));
		(void)snprintf(kept, sizeof(kept), "%s", procfsroot);
		assert_int_equal(access(kept, F_OK), 0);
		assert_int_equal(count_entries("/proc/self/task"), threads + 1);
	}
	assert_int_equal(count_entries("/proc/self/task"), threads);
	assert_int_equal(access(kept, F_OK), -1);
	assert_int_equal(errno, ENOENT);
}

static void the_procfsroot_of_a_new_mount_namespace_is_optional(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNS);
	assert_int_equal(gons_type(gons_must(gons_mntns_new_transient(NULL))), CLONE_NEWNS);
}

static void mount_tmpfs_with_a_file(void *arg)
{
	int fd;

	*(uint64_t *)arg = own_ino("mnt");
	assert_int_equal(mount("gons", "/tmp", "tmpfs", 0, NULL), 0);
	fd = open("/tmp/gons-only-inside", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
}

static void mounts_inside_are_visible_only_through_the_procfsroot(void **state)
{
	const char *procfsroot = NULL;
	int mounts = count_mounts();
	uint64_t inside = 0;
	int fd;

	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS);
	fd = gons_must(gons_mntns_new_transient(&procfsroot));
	assert_false(exists_below(procfsroot, "/tmp/gons-only-inside"));
	gons_must(gons_mntns_execute(fd, mount_tmpfs_with_a_file, &inside));
	assert_int_equal(inside, gons_mntns_ino(fd));
	assert_true(exists_below(procfsroot, "/tmp/gons-only-inside"));
	assert_false(exists_below("", "/tmp/gons-only-inside"));
	assert_int_equal(count_mounts(), mounts);
}

static void a_procfsroot_is_valid_in_other_namespaces_too(void **state)
{
	const char *procfsroot = NULL;
	uint64_t inside = 0;
	int fd;

	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS | CLONE_NEWNET);
	fd = gons_must(gons_mntns_new_transient(&procfsroot));
	gons_must(gons_mntns_execute(fd, mount_tmpfs_with_a_file, &inside));
	gons_must(gons_enter_transient(CLONE_NEWNS | CLONE_NEWNET));
	assert_int_equal(ino_of(procfsroot, "mnt"), inside);
	assert_true(exists_below(procfsroot, "/tmp/gons-only-inside"));
}

static void fifty_mount_namespaces_with_idle_threads_exist_at_once(void **state)
{
	enum { MANY = 50 };
	const char *procfsroots[MANY];
	int threads = count_entries("/proc/self/task");
	int fds[MANY];

	(void)state;
	gons_require(CLONE_NEWNS);
	for (int i = 0; i < MANY; i++)
		fds[i] = gons_must(gons_mntns_new_transient(&procfsroots[i]));
	assert_int_equal(count_entries("/proc/self/task"), threads + MANY);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(ino_of(procfsroots[i], "mnt"), gons_mntns_ino(fds[i]));
		for (int k = 0; k < i; k++) {
			assert_int_not_equal(gons_mntns_ino(fds[i]), gons_mntns_ino(fds[k]));
			assert_string_not_equal(procfsroots[i], procfsroots[k]);
		}
	}
}

static void make_one(void *arg)
{
	const char *procfsroot = NULL;

	gons_must(gons_mntns_new_transient(&procfsroot));
	(void)snprintf(arg, 64, "%s", procfsroot);
	assert_int_equal(access(procfsroot, F_OK), 0);
}

static void a_thread_that_ends_takes_its_idle_threads_with_it(void **state)
{
	char kept[64] = "";

	(void)state;
	gons_require(CLONE_NEWNS);
	on_thread(make_one, kept);
	assert_int_equal(access(kept, F_OK), -1);
}

static void limit_descriptors(rlim_t limit)
{
	struct rlimit rlimit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &rlimit), 0);
	rlimit.rlim_cur = limit;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &rlimit), 0);
}

static void without_free_descriptors_no_mount_namespace_is_created(void **state)
{
	static const char untouched[] = "untouched";
	int threads = count_entries("/proc/self/task");
	const char *procfsroot = untouched;
	struct rlimit before;
	int refusals = 0;
	int result = -1;
	int errnum, lowest;

	(void)state;
	gons_require(CLONE_NEWNS);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	lowest = dup(STDIN_FILENO);
	assert_int_equal(close(lowest), 0);
	for (int i = 0; result < 0 && i < 32; i++) {
		limit_descriptors((rlim_t)(lowest + i));
		result = gons_mntns_new_transient(&procfsroot);
		errnum = errno;
		limit_descriptors(before.rlim_cur);
		if (result >= 0)
			break;
		assert_int_equal(errnum, EMFILE);
		assert_contains(gons_error(), "RLIMIT_NOFILE");
		assert_ptr_equal(procfsroot, untouched);
		assert_int_equal(count_entries("/proc/self/task"), threads);
		refusals++;
	}
	assert_true(result >= 0);
	assert_true(refusals > 0);
}

/* The namespace gets descriptor 0, and there is no other free number. */
static int make_with_descriptor_0_alone(void *arg)
{
	const struct rlimit limit = { 3, 3 };
	int threads = count_entries("/proc/self/task");

	(void)arg;
	want(gons_scope_begin() >= 0);
	(void)close(0);
	(void)close(1);
	(void)close(2);
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || gons_mntns_new_transient(NULL) != -1)
		return 2;
	return count_entries("/proc/self/task") == threads ? 0 : 3;
}

static void a_mount_namespace_that_cannot_leave_descriptor_0_leaves_no_thread(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNS);
	assert_int_equal(in_child(make_with_descriptor_0_alone, NULL), 0);
}

/* ---- the umask ---- */

static void change_umask(void *arg)
{
	*(mode_t *)arg = umask(0137);
}

static void executing_in_a_mount_namespace_restores_the_umask(void **state)
{
	mode_t before = umask(022), inside = 0;

	(void)state;
	gons_require(CLONE_NEWNS);
	gons_must(gons_mntns_execute(gons_must(gons_mntns_new_transient(NULL)), change_umask,
				     &inside));
	assert_int_equal(inside, 022);
	assert_int_equal(umask(before), 022);
}

static jmp_buf outside;

static void change_umask_and_jump(void *arg)
{
	change_umask(arg);
	longjmp(outside, 1);
}

static void after_a_longjmp_out_of_the_function_the_scope_restores_the_umask(void **state)
{
	mode_t before = umask(022), inside = 0;
	int mark;

	(void)state;
	gons_require(CLONE_NEWNS);
	mark = gons_must(gons_scope_begin());
	if (setjmp(outside) == 0)
		(void)gons_mntns_execute(gons_must(gons_mntns_new_transient(NULL)),
					 change_umask_and_jump, &inside);
	gons_must(gons_scope_end(mark));
	assert_int_equal(umask(before), 022);
}

/* ---- memory ---- */

static long resident_kib(void)
{
	const char *line = strstr(read_text("/proc/self/status"), "\nVmRSS:");
	long kib = -1;

	assert_non_null(line);
	assert_int_equal(sscanf(line, "\nVmRSS: %ld", &kib), 1);
	return kib;
}

static void an_idle_thread_takes_little_memory(void **state)
{
	enum { MANY = 200, LIMIT_KIB = 32 };
	const char *preload = getenv("LD_PRELOAD");
	long before;

	(void)state;
	gons_require(CLONE_NEWNS);
	if (is_sanitized() || (preload && strstr(preload, "vgpreload"))) {
		skip_for(__func__, "the memory of a sanitizer or of valgrind would be measured");
	}
	gons_must(gons_mntns_new_transient(NULL)); /* without what the first one takes once */
	before = resident_kib();
	for (int i = 0; i < MANY; i++)
		gons_must(gons_mntns_new_transient(NULL));
	assert_true(resident_kib() - before <= (long)MANY * LIMIT_KIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(entering_changes_only_the_mount_namespace),
		check_test(every_mount_in_an_entered_namespace_is_private),
		check_test(entering_a_mount_namespace_moves_only_the_calling_thread),
		check_test(descriptors_of_other_types_are_refused_before_anything_is_switched),
		check_test(descriptors_that_are_no_namespaces_are_refused),
		check_test(paths_of_other_types_are_refused),
		check_test(gons_mntns_current_opens_the_threads_mount_namespace),
		check_test(a_mount_namespace_is_created_without_entering_it),
		check_test(idle_threads_have_a_name_and_the_callers_other_namespaces),
		check_test(the_idle_thread_of_a_mount_namespace_blocks_all_signals),
		check_test(every_mount_in_a_new_namespace_is_private),
		check_test(the_idle_thread_of_a_mount_namespace_ends_with_the_scope),
		check_test(the_procfsroot_of_a_new_mount_namespace_is_optional),
		check_test(mounts_inside_are_visible_only_through_the_procfsroot),
		check_test(a_procfsroot_is_valid_in_other_namespaces_too),
		check_test(fifty_mount_namespaces_with_idle_threads_exist_at_once),
		check_test(a_thread_that_ends_takes_its_idle_threads_with_it),
		check_test(without_free_descriptors_no_mount_namespace_is_created),
		check_test(a_mount_namespace_that_cannot_leave_descriptor_0_leaves_no_thread),
		check_test(executing_in_a_mount_namespace_restores_the_umask),
		check_test(after_a_longjmp_out_of_the_function_the_scope_restores_the_umask),
		check_test(an_idle_thread_takes_little_memory),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

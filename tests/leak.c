/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gons_leaks_begin() and gons_leaks_end() by themselves, as another test framework uses them.
 */
#include "check.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The messages of one report, a line each. */
struct report {
	char text[4096];
	int n;
};

static void collect(const char *message, void *arg)
{
	struct report *report = arg;
	size_t used = strlen(report->text);

	(void)snprintf(report->text + used, sizeof(report->text) - used, "%s\n", message);
	report->n++;
}

/* Ends the leak check, and asserts that it reports as many findings as it returns. */
static struct report end(gons_leaks *leaks)
{
	struct report report = { .n = 0 };
	int found = gons_must(gons_leaks_end(leaks, collect, &report));

	assert_int_equal(found, report.n);
	return report;
}

__attribute__((format(printf, 1, 2))) static const char *format(const char *words, ...)
{
	static char text[512];
	va_list args;

	va_start(args, words);
	(void)vsnprintf(text, sizeof(text), words, args);
	va_end(args);
	return text;
}

struct cancelled {
	struct report report;
	int found, fd;
};

static void *end_when_cancelled(void *arg)
{
	struct cancelled *cancelled = arg;
	gons_leaks *leaks = gons_leaks_begin();

	cancelled->fd = leaks ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1;
	if (cancelled->fd < 0 || pthread_cancel(pthread_self()) != 0)
		return NULL;
	cancelled->found = gons_leaks_end(leaks, collect, &cancelled->report);
	pthread_testcancel();
	return NULL;
}

static void a_cancelled_thread_ends_its_check_first(void **state)
{
	struct cancelled cancelled = { .found = -1 };
	pthread_t thread;
	void *result;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, end_when_cancelled, &cancelled), 0);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_ptr_equal(result, PTHREAD_CANCELED);
	assert_int_equal(cancelled.found, 1);
	assert_contains(cancelled.report.text, "was left open: /dev/null");
	assert_int_equal(close(cancelled.fd), 0);
}

static void an_unchanged_process_has_no_findings(void **state)
{
	(void)state;
	assert_string_equal(end(gons_must(gons_leaks_begin())).text, "");
}

static void a_scope_that_has_ended_leaves_nothing_to_find(void **state)
{
	gons_leaks *leaks;
	int mark;

	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS);
	leaks = gons_must(gons_leaks_begin());
	mark = gons_must(gons_scope_begin());
	gons_must(gons_enter_transient(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS));
	gons_must(gons_mntns_new_transient(NULL));
	assert_int_equal(chdir("/proc"), 0);
	gons_must(gons_scope_end(mark));
	assert_string_equal(end(leaks).text, "");
}

static void a_snapshot_holds_eight_descriptors_at_most(void **state)
{
	int before = count_entries("/proc/thread-self/fd");
	gons_leaks *leaks = gons_must(gons_leaks_begin());
	int held = count_entries("/proc/thread-self/fd") - before;

	(void)state;
	assert_in_range(held, 1, 8);
	assert_string_equal(end(leaks).text, "");
	assert_int_equal(count_entries("/proc/thread-self/fd"), before);
}

static void an_open_descriptor_is_found_and_described(void **state)
{
	gons_leaks *leaks = gons_must(gons_leaks_begin());
	int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	struct report report = end(leaks);

	(void)state;
	assert_string_equal(report.text, format("descriptor %d was left open: /etc/passwd\n", fd));
	/* The descriptor is reported and stays open: another thread may use it. */
	assert_int_equal(close(fd), 0);
}

static void open_sockets_and_namespaces_are_found(void **state)
{
	gons_leaks *leaks = gons_must(gons_leaks_begin());
	int socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int ns_fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	struct report report = end(leaks);
	struct stat st;

	(void)state;
	assert_int_equal(report.n, 2);
	assert_int_equal(fstat(socket_fd, &st), 0);
	assert_contains(report.text, format("descriptor %d was left open: socket:[%ju]\n",
					    socket_fd, (uintmax_t)st.st_ino));
	assert_contains(report.text, format("descriptor %d was left open: net:[%ju]\n", ns_fd,
					    (uintmax_t)own_ino("net")));
	assert_int_equal(close(socket_fd), 0);
	assert_int_equal(close(ns_fd), 0);
}

static void hundreds_of_descriptors_are_all_found(void **state)
{
	gons_leaks *leaks;
	int fds[300];
	struct report report = { .n = 0 };

	(void)state;
	for (size_t i = 0; i < 150; i++)
		fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	leaks = gons_must(gons_leaks_begin());
	for (size_t i = 150; i < 300; i++)
		fds[i] = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	assert_int_equal(gons_leaks_end(leaks, NULL, NULL), 150);
	leaks = gons_must(gons_leaks_begin());
	for (size_t i = 0; i < 300; i++)
		assert_int_equal(close(fds[i]), 0);
	assert_int_equal(gons_leaks_end(leaks, collect, &report), 0);
}

static void a_closed_descriptor_is_no_leak(void **state)
{
	int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	gons_leaks *leaks = gons_must(gons_leaks_begin());

	(void)state;
	assert_int_equal(close(fd), 0);
	assert_string_equal(end(leaks).text, "");
}

static void a_descriptor_that_was_replaced_is_found(void **state)
{
	int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	gons_leaks *leaks = gons_must(gons_leaks_begin());
	int other = open("/etc/group", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(dup3(other, fd, O_CLOEXEC), fd);
	assert_int_equal(close(other), 0);
	assert_string_equal(end(leaks).text,
			    format("descriptor %d was left open: /etc/group\n", fd));
	assert_int_equal(close(fd), 0);
}

/* ---- threads ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *wait_for_mutex(void *arg)
{
	(void)pthread_setname_np(pthread_self(), "a name");
	__atomic_store_n((pid_t *)arg, (pid_t)syscall(SYS_gettid), __ATOMIC_SEQ_CST);
	(void)pthread_mutex_lock(&mutex);
	(void)pthread_mutex_unlock(&mutex);
	return NULL;
}

static void a_running_thread_is_found_by_name_and_id(void **state)
{
	gons_leaks *leaks = gons_must(gons_leaks_begin());
	struct report report;
	pthread_t thread;
	pid_t tid = 0;

	(void)state;
	assert_int_equal(pthread_mutex_lock(&mutex), 0);
	assert_int_equal(pthread_create(&thread, NULL, wait_for_mutex, &tid), 0);
	while (__atomic_load_n(&tid, __ATOMIC_SEQ_CST) == 0)
		(void)sched_yield();
	report = end(leaks);
	leaks = gons_must(gons_leaks_begin()); /* taken after the thread was started */
	assert_int_equal(gons_leaks_end(leaks, NULL, NULL), 0);
	assert_int_equal(pthread_mutex_unlock(&mutex), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_string_equal(report.text, format("thread %d \"a name\" was left running\n", tid));
}

static void *do_nothing(void *arg)
{
	return arg;
}

static void joined_threads_are_never_found(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++) {
		gons_leaks *leaks = gons_must(gons_leaks_begin());
		pthread_t thread;

		assert_int_equal(pthread_create(&thread, NULL, do_nothing, NULL), 0);
		assert_int_equal(pthread_join(thread, NULL), 0);
		assert_string_equal(end(leaks).text, "");
	}
}

static void look_at_another_thread(void *arg)
{
	struct report *report = arg;
	gons_leaks *leaks = gons_leaks_begin();

	(void)unshare(CLONE_FS);
	(void)chdir("/proc");
	if (gons_leaks_end(leaks, collect, report) < 0)
		report->n = -1;
	if (strcmp(read_text("/proc/thread-self/comm"), "") == 0)
		report->n = -1;
}

static void a_thread_is_compared_with_its_own_snapshot(void **state)
{
	struct report report = { .n = 0 };

	(void)state;
	on_thread(look_at_another_thread, &report);
	assert_int_equal(report.n, 1);
	assert_contains(report.text, "the working directory was left at /proc, before at /");
}

/* ---- where the thread is ---- */

static void other_namespaces_are_found_and_left(void **state)
{
	static const struct {
		int type;
		const char *name;
	} types[] = { { CLONE_NEWNET, "net" },
		      { CLONE_NEWNS, "mnt" },
		      { CLONE_NEWUTS, "uts" },
		      { CLONE_NEWIPC, "ipc" },
		      { CLONE_NEWCGROUP, "cgroup" } };

	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		const char *name = types[i].name;
		uint64_t home = own_ino(name);
		gons_leaks *leaks = gons_must(gons_leaks_begin());
		uint64_t away;

		assert_int_equal(unshare(types[i].type), 0);
		away = own_ino(name);
		assert_int_not_equal(away, home);
		assert_string_equal(end(leaks).text,
				    format("the thread was left in another %s namespace: "
					   "%s:[%ju], before in %s:[%ju]\n",
					   name, name, (uintmax_t)away, name, (uintmax_t)home));
		assert_int_equal(own_ino(name), home);
	}
}

static void several_findings_are_all_reported_and_restored(void **state)
{
	gons_leaks *leaks;
	struct report report;
	mode_t mask;

	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWUTS);
	mask = umask(0022);
	leaks = gons_must(gons_leaks_begin());
	assert_int_equal(unshare(CLONE_NEWNET | CLONE_NEWUTS), 0);
	assert_int_equal(chdir("/proc"), 0);
	assert_int_equal(umask(0137), 0022);
	report = end(leaks);
	assert_int_equal(report.n, 4);
	assert_contains(report.text, "another net namespace");
	assert_contains(report.text, "another uts namespace");
	assert_contains(report.text, "the working directory was left at /proc, before at /");
	assert_contains(report.text, "the umask was left at 0137, before at 0022\n");
	assert_int_equal(umask(mask), 0022);
}

/* The return to a mount namespace, or to a root, also restores the working directory. */
static void a_changed_working_directory_is_found_beside_a_changed_mount_namespace(void **state)
{
	gons_leaks *leaks;
	struct report report;

	(void)state;
	gons_require(CLONE_NEWNS);
	leaks = gons_must(gons_leaks_begin());
	assert_int_equal(unshare(CLONE_NEWNS), 0);
	assert_int_equal(chdir("/proc"), 0);
	report = end(leaks);
	assert_contains(report.text, "another mnt namespace");
	assert_contains(report.text, "the working directory was left at /proc, before at /");
}

static void a_changed_working_directory_is_found_and_restored(void **state)
{
	char before[4096], now[4096];
	gons_leaks *leaks = gons_must(gons_leaks_begin());

	(void)state;
	assert_non_null(getcwd(before, sizeof(before)));
	assert_int_equal(chdir("/proc/sys"), 0);
	assert_string_equal(
		end(leaks).text,
		format("the working directory was left at /proc/sys, before at %s\n", before));
	assert_non_null(getcwd(now, sizeof(now)));
	assert_string_equal(now, before);
}

static void a_removed_working_directory_is_found(void **state)
{
	char path[] = "/tmp/gons-leak-XXXXXX";
	gons_leaks *leaks = gons_must(gons_leaks_begin());

	(void)state;
	assert_non_null(mkdtemp(path));
	assert_int_equal(chdir(path), 0);
	assert_int_equal(rmdir(path), 0);
	assert_contains(
		end(leaks).text,
		format("the working directory was left at %s (deleted), before at /", path));
}

static void a_changed_root_is_found_and_restored(void **state)
{
	struct stat before, now;
	gons_leaks *leaks;

	(void)state;
	gons_require(CLONE_NEWNS); /* since chroot(2) takes a capability */
	leaks = gons_must(gons_leaks_begin());
	assert_int_equal(stat("/", &before), 0);
	assert_int_equal(chroot("/etc"), 0); /* there is no procfs */
	assert_string_equal(end(leaks).text, "the thread was left in another root directory\n");
	assert_int_equal(stat("/", &now), 0);
	assert_int_equal(now.st_ino, before.st_ino);
}

static void a_changed_umask_is_found_and_restored(void **state)
{
	mode_t mask = umask(0);
	gons_leaks *leaks = gons_must(gons_leaks_begin());

	(void)state;
	(void)umask(0777);
	assert_string_equal(end(leaks).text, "the umask was left at 0777, before at 0000\n");
	assert_int_equal(umask(mask), 0);
}

static void *sleep_for_ever(void *arg)
{
	for (;;)
		(void)pause();
	return arg;
}

/* In a process with other threads, /proc/thread-self/status has the umask. */
static int cover_the_umask(void *arg)
{
	const mode_t mask = 0027;
	gons_leaks *leaks;
	pthread_t thread;

	(void)arg;
	(void)umask(mask);
	want(pthread_create(&thread, NULL, sleep_for_ever, NULL) == 0);
	want(unshare(CLONE_NEWNS) == 0);
	want(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	leaks = gons_leaks_begin();
	want(leaks && mount("/dev/null", "/proc/thread-self/status", NULL, MS_BIND, NULL) == 0);
	want(gons_leaks_end(leaks, NULL, NULL) == 0);
	leaks = gons_leaks_begin();
	want(leaks && umount("/proc/thread-self/status") == 0);
	want(gons_leaks_end(leaks, NULL, NULL) == 0);
	want(umask(0) == mask);
	return 0;
}

static void a_umask_that_cannot_be_read_is_neither_found_nor_changed(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNS);
	assert_int_equal(in_child(cover_the_umask, NULL), 0);
}

/* ---- refusals ---- */

static jmp_buf out_of_report;

__attribute__((noreturn)) static void leave(const char *message, void *arg)
{
	(void)message;
	(void)arg;
	longjmp(out_of_report, 1);
}

static void a_report_callback_may_call_longjmp(void **state)
{
	int before = count_entries("/proc/thread-self/fd");
	gons_leaks *volatile leaks = gons_must(gons_leaks_begin());
	volatile int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	(void)state;
	if (setjmp(out_of_report) == 0) {
		(void)gons_leaks_end(leaks, leave, NULL);
		fail();
	}
	assert_int_equal(close(fd), 0);
	assert_int_equal(count_entries("/proc/thread-self/fd"), before);
	assert_string_equal(end(gons_must(gons_leaks_begin())).text, "");
}

static void a_success_leaves_the_message_of_the_last_failure(void **state)
{
	char message[1024];

	(void)state;
	assert_int_equal(gons_type(-1), -1);
	(void)snprintf(message, sizeof(message), "%s", gons_error());
	assert_string_equal(end(gons_must(gons_leaks_begin())).text, "");
	assert_string_equal(gons_error(), message);
}

static void a_snapshot_whose_descriptors_were_closed_leaves_the_message_too(void **state)
{
	enum { FDS = 64 };
	bool was_open[FDS];
	char message[1024];
	gons_leaks *leaks;

	(void)state;
	assert_int_equal(gons_type(-1), -1);
	(void)snprintf(message, sizeof(message), "%s", gons_error());
	for (int fd = 0; fd < FDS; fd++)
		was_open[fd] = fcntl(fd, F_GETFD) >= 0;
	leaks = gons_must(gons_leaks_begin());
	for (int fd = 0; fd < FDS; fd++)
		if (!was_open[fd])
			(void)close(fd); /* some are the snapshot's */
	assert_string_equal(end(leaks).text, "");
	assert_string_equal(gons_error(), message);
}

static void a_null_leak_snapshot_is_refused(void **state)
{
	struct report report = { .n = 0 };

	(void)state;
	assert_refused(gons_leaks_end(NULL, collect, &report), EINVAL, "leaks is NULL");
	assert_int_equal(report.n, 0);
}

static void without_free_descriptors_a_leak_snapshot_is_refused(void **state)
{
	struct rlimit limit, low;
	int before = count_entries("/proc/thread-self/fd");
	int refusals = 0;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	low = limit;
	/* The call fails at each of its descriptors in turn. */
	for (low.rlim_cur = 3; low.rlim_cur < 64; low.rlim_cur++) {
		gons_leaks *leaks;
		int errnum;

		assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
		leaks = gons_leaks_begin();
		errnum = errno;
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
		if (leaks) {
			assert_string_equal(end(leaks).text, "");
		} else {
			refusals++;
			assert_int_equal(errnum, EMFILE);
			assert_contains(gons_error(), strerror(EMFILE));
		}
		assert_int_equal(count_entries("/proc/thread-self/fd"), before);
	}
	assert_in_range(refusals, 7, 60);
}

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { { 0, 0, 0 } };

	(void)syscall(SYS_capset, &header, data);
}

/* Each returns 0, or the number of the step that failed. */
static int stays_away(void *arg)
{
	gons_leaks *leaks = gons_leaks_begin();
	struct report report = { .n = 0 };

	(void)arg;
	if (!leaks || unshare(CLONE_NEWNET) < 0)
		return 1;
	drop_capabilities();
	if (gons_leaks_end(leaks, collect, &report) != -1)
		return 2;
	if (errno != EPERM || !strstr(gons_error(), "this thread cannot return to the"))
		return 3;
	return report.n == 1 && strstr(report.text, "another net namespace: net:[") ? 0 : 4;
}

static void a_refused_return_is_an_error_of_the_leak_report(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET);
	assert_int_equal(in_child(stays_away, NULL), 0);
}

static int stays_in_a_chroot(void *arg)
{
	struct report report = { .n = 0 };
	gons_leaks *leaks;

	(void)arg;
	/* With procfs below the new root, all but the root is unchanged. */
	if (gons_mntns_enter_transient() < 0 || mount("none", "/tmp", "tmpfs", 0, NULL) < 0 ||
	    mkdir("/tmp/proc", 0755) < 0 ||
	    mount("/proc", "/tmp/proc", NULL, MS_BIND | MS_REC, NULL) < 0)
		return 1;
	leaks = gons_leaks_begin();
	if (!leaks || chroot("/tmp") < 0)
		return 2;
	drop_capabilities();
	if (gons_leaks_end(leaks, collect, &report) != -1)
		return 3;
	return errno == EPERM &&
			       strstr(report.text, "the thread was left in another root directory")
		       ? 0
		       : 4;
}

static void a_root_directory_that_cannot_be_restored_is_an_error(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS);
	assert_int_equal(in_child(stays_in_a_chroot, NULL), 0);
}

static int goes_to_another_pid_namespace(void *arg)
{
	gons_leaks *leaks = gons_leaks_begin();
	struct report report = { .n = 0 };

	(void)arg;
	if (!leaks || unshare(CLONE_NEWPID) < 0)
		return 1;
	if (gons_leaks_end(leaks, collect, &report) != -1 || errno != EPERM)
		return 2;
	return strstr(report.text, "another pid_for_children namespace") ? 0 : 3;
}

static void another_pid_namespace_for_children_is_an_error(void **state)
{
	(void)state;
	gons_require(CLONE_NEWPID);
	assert_int_equal(in_child(goes_to_another_pid_namespace, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(a_cancelled_thread_ends_its_check_first),
		check_test(an_unchanged_process_has_no_findings),
		check_test(a_scope_that_has_ended_leaves_nothing_to_find),
		check_test(a_snapshot_holds_eight_descriptors_at_most),
		check_test(an_open_descriptor_is_found_and_described),
		check_test(open_sockets_and_namespaces_are_found),
		check_test(hundreds_of_descriptors_are_all_found),
		check_test(a_closed_descriptor_is_no_leak),
		check_test(a_descriptor_that_was_replaced_is_found),
		check_test(a_running_thread_is_found_by_name_and_id),
		check_test(joined_threads_are_never_found),
		check_test(a_thread_is_compared_with_its_own_snapshot),
		check_test(other_namespaces_are_found_and_left),
		check_test(several_findings_are_all_reported_and_restored),
		check_test(a_changed_working_directory_is_found_beside_a_changed_mount_namespace),
		check_test(a_changed_working_directory_is_found_and_restored),
		check_test(a_removed_working_directory_is_found),
		check_test(a_changed_root_is_found_and_restored),
		check_test(a_changed_umask_is_found_and_restored),
		check_test(a_umask_that_cannot_be_read_is_neither_found_nor_changed),
		check_test(a_report_callback_may_call_longjmp),
		check_test(a_success_leaves_the_message_of_the_last_failure),
		check_test(a_snapshot_whose_descriptors_were_closed_leaves_the_message_too),
		check_test(a_null_leak_snapshot_is_refused),
		check_test(without_free_descriptors_a_leak_snapshot_is_refused),
		check_test(a_refused_return_is_an_error_of_the_leak_report),
		check_test(a_root_directory_that_cannot_be_restored_is_an_error),
		check_test(another_pid_namespace_for_children_is_an_error),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

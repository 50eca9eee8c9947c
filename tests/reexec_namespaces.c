/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Re-execution in other namespaces: the namespaces of the action, and refusals.
 */
#include "startup_run.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gons/reexec.h>

/* A program that enters in place without gons_become_root(), after which it could not be seen to
 * get into another process' user namespace. */
static void require_power(int types, const char *test)
{
	if (getuid() != 0 && !gons_can(types)) {
		skip_for(test, "needs root");
	}
	gons_require(types);
}

enum { LONG_MS = 60000 };

static struct gons_reexec_result result;

/* The output of the action. */
struct place {
	uint64_t ino[SEEN];
	uid_t uid;
	char cwd[256];
	pid_t child; /* the process id of its first child there */
};
static struct place place;

GONS_ACTION(look_around)
{
	int ends[2];

	for (int i = 0; i < SEEN; i++)
		place.ino[i] = own_ino(seen_names[i]);
	place.uid = getuid();
	if (!getcwd(place.cwd, sizeof(place.cwd)) || pipe2(ends, O_CLOEXEC) < 0)
		return 1;
	if (fork() == 0) {
		pid_t pid = getpid();

		_exit(write(ends[1], &pid, sizeof(pid)) != sizeof(pid));
	}
	if (read(ends[0], &place.child, sizeof(place.child)) != sizeof(place.child))
		return 1;
	return fwrite(&place, sizeof(place), 1, stdout) == 1 ? 0 : 1;
}

static int look(const struct gons_nsref *namespaces, size_t n)
{
	/* LeakSanitizer waits forever if its helper is in a PID namespace of its own. */
	static const char *const environment[] = { "ASAN_OPTIONS=detect_leaks=0", NULL };
	const struct gons_reexec job = { .action = "look_around",
					 .environment = environment,
					 .namespaces = namespaces,
					 .n_namespaces = n,
					 .timeout_ms = LONG_MS };

	gons_reexec_result_free(&result);
	memset(&place, 0, sizeof(place));
	if (gons_reexec_run(&job, &result) < 0)
		return -1;
	assert_int_equal(result.output_size, sizeof(place));
	memcpy(&place, result.output, sizeof(place));
	return 0;
}

static int end(void **state)
{
	gons_reexec_result_free(&result);
	return check_end(state);
}
#define reexec_test(f) cmocka_unit_test_setup_teardown(f, check_begin, end)

/* Asserts that only these namespaces (1 << NET...) of the action differ from this thread's. */
static void assert_moved(unsigned moved)
{
	for (int i = 0; i < SEEN; i++)
		if (moved & (1U << i))
			assert_int_not_equal(place.ino[i], own_ino(seen_names[i]));
		else
			assert_int_equal(place.ino[i], own_ino(seen_names[i]));
}

/* ---- namespaces of an action ---- */

static void without_namespaces_the_action_runs_in_those_of_its_caller(void **state)
{
	(void)state;
	gons_must(look(NULL, 0));
	assert_moved(0);
	assert_int_equal(place.uid, getuid());
}

static void the_action_is_in_the_namespace_of_another_process(void **state)
{
	static const char *const options[] = { "-n", NULL };
	struct gons_nsref ref = { "net", NULL };
	pid_t pid;

	(void)state;
	require_power(CLONE_NEWNET, __func__);
	pid = hold(options);
	ref.path = ns_path(pid, NET);
	gons_must(look(&ref, 1));
	assert_moved(1U << NET);
	assert_int_equal(place.ino[NET], ns_ino(pid, NET));
}

static void a_path_may_be_relative_to_the_working_directory(void **state)
{
	static const char *const options[] = { "-n", NULL };
	const struct gons_nsref ref = { "!net", "ns/net" };
	int done, cwd_fd;
	pid_t pid;

	(void)state;
	require_power(CLONE_NEWNET, __func__);
	pid = hold(options);
	cwd_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(chdir(text("/proc/%d", (int)pid)), 0);
	done = look(&ref, 1);
	assert_int_equal(fchdir(cwd_fd), 0);
	(void)close(cwd_fd);
	gons_must(done);
	assert_int_equal(place.ino[NET], ns_ino(pid, NET));
}

/* The types of a container; their creator may use them, as root or not. */
static void a_job_in_the_user_network_and_mount_namespaces_of_another_process(void **state)
{
	static const char *const options[] = { "-Ur", "-n", "-m", NULL };
	struct gons_nsref refs[] = { { "!user", NULL }, { "!net", NULL }, { "!mnt", NULL } };
	pid_t pid;

	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS);
	pid = hold(options);
	refs[0].path = ns_path(pid, USER);
	refs[1].path = ns_path(pid, NET);
	refs[2].path = ns_path(pid, MNT);
	gons_must(look(refs, 3));
	assert_moved(1U << USER | 1U << NET | 1U << MNT);
	assert_int_equal(place.ino[USER], ns_ino(pid, USER));
	assert_int_equal(place.ino[NET], ns_ino(pid, NET));
	assert_int_equal(place.ino[MNT], ns_ino(pid, MNT));
	assert_int_equal(place.uid, 0);
}

static void children_of_an_action_are_in_its_pid_namespace(void **state)
{
	static const char *const options[] = { "-Ur", "-p", "-f", NULL };
	struct gons_nsref refs[] = { { "!user", NULL }, { "!pid", NULL } };
	pid_t pid;

	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWUSER | CLONE_NEWPID);
	pid = hold(options);
	refs[0].path = ns_path(pid, USER);
	refs[1].path = ns_path(pid, CHILDREN_PID);
	gons_must(look(refs, 2));
	assert_moved(1U << USER | 1U << CHILDREN_PID);
	assert_in_range(place.child, 2, 9);
}

/* ---- paths ---- */

static void a_descriptor_of_the_caller_is_a_path(void **state)
{
	struct gons_nsref ref = { "!net", NULL };
	uint64_t ino;
	int fd;

	(void)state;
	require_power(CLONE_NEWNET, __func__);
	fd = gons_must(gons_netns_new_transient());
	ino = gons_must(gons_netns_ino(fd));
	ref.path = text("/proc/self/fd/%d", fd);
	gons_must(look(&ref, 1));
	assert_int_equal(place.ino[NET], ino);
	ref.path = text("/proc/thread-self/fd/%d", fd);
	gons_must(look(&ref, 1));
	assert_int_equal(place.ino[NET], ino);
	/* Without "!" the path is opened in the new process, which has no such descriptor. */
	ref.type = "net";
	assert_refused(look(&ref, 1), ENOENT, ref.path);
}

static void look_from_elsewhere(void *arg)
{
	const struct gons_nsref own = { "!net", "/proc/thread-self/ns/net" };
	const struct gons_nsref mains = { "!net", "/proc/self/ns/net" };

	gons_must(gons_netns_enter_transient());
	gons_must(look(NULL, 0));
	assert_moved(0);
	assert_int_not_equal(place.ino[NET], *(uint64_t *)arg);
	gons_must(look(&own, 1));
	assert_moved(0);
	gons_must(look(&mains, 1));
	assert_int_equal(place.ino[NET], *(uint64_t *)arg);
}

static void the_action_starts_in_the_calling_threads_namespaces(void **state)
{
	uint64_t mains = own_ino("net");

	(void)state;
	require_power(CLONE_NEWNET, __func__);
	on_thread(look_from_elsewhere, &mains);
}

struct bound {
	const char *file, *ns;
};

static void bind_here(void *arg)
{
	const struct bound *bound = arg;

	assert_int_equal(mount(bound->ns, bound->file, NULL, MS_BIND, NULL), 0);
}

/* The same path is a namespace in one mount namespace, and an empty file in the other. */
static void order_and_exclamation_mark_select_the_mount_namespace_of_a_path(void **state)
{
	char file[] = "/tmp/gons-reexec-XXXXXX";
	struct gons_nsref refs[] = { { "!mnt", NULL }, { "net", file } };
	struct gons_nsref swapped[] = { { "net", file }, { "mnt", NULL } };
	struct bound bound = { file, NULL };
	const char *procfsroot;
	int mnt_fd, net_fd;

	(void)state;
	require_power(CLONE_NEWNET | CLONE_NEWNS, __func__);
	assert_int_equal(close(mkostemp(file, O_CLOEXEC)), 0);
	mnt_fd = gons_must(gons_mntns_new_transient(&procfsroot));
	net_fd = gons_must(gons_netns_new_transient());
	bound.ns = text("/proc/thread-self/fd/%d", net_fd);
	gons_must(gons_execute(mnt_fd, bind_here, &bound));

	refs[0].path = text("/proc/self/fd/%d", mnt_fd);
	gons_must(look(refs, 2));
	assert_moved(1U << MNT | 1U << NET);
	assert_int_equal(place.ino[NET], gons_must(gons_netns_ino(net_fd)));

	refs[1].type = "!net";
	assert_refused(look(refs, 2), EINVAL, "the action \"look_around\" was not run: gons_net: ");
	assert_contains(gons_error(), file);
	swapped[1].path = text("%.*s/ns/mnt", (int)strlen(procfsroot) - 5, procfsroot);
	assert_refused(look(swapped, 2), EINVAL, "gons_net: ");
	assert_int_equal(unlink(file), 0);
}

/* ---- refusals ---- */

static void a_namespace_that_cannot_be_joined_is_the_error_of_the_call(void **state)
{
	const struct gons_nsref missing = { "!net", "/not/there" };
	const struct gons_nsref other = { "net", "/proc/self/ns/uts" };

	(void)state;
	assert_refused(look(&missing, 1), ENOENT,
		       "the action \"look_around\" was not run: gons_net: ");
	assert_contains(gons_error(), "/not/there: No such file or directory");
	assert_string_equal(result.output, "");
	assert_string_equal(result.error_output, "");
	assert_int_equal(result.exit_status, 1);
	assert_refused(look(&other, 1), EINVAL, "gons_net: ");
	assert_contains(gons_error(), "UTS namespace");
}

static void a_line_feed_in_a_path_does_not_end_the_message(void **state)
{
	const struct gons_nsref missing = { "!net", "/not\nthere" };

	(void)state;
	assert_refused(look(&missing, 1), ENOENT, "/not there: No such file or directory");
	assert_string_equal(result.error_output, "");
}

static void the_message_says_that_the_action_may_not_join(void **state)
{
	const struct gons_nsref net = { "!net", "/proc/self/ns/net" };

	(void)state;
	if (gons_can(CLONE_NEWNET)) {
		skip_for(__func__, "this user may");
	}
	assert_refused(look(&net, 1), EPERM, "was not run: gons_net: ");
	assert_contains(gons_error(), "Operation not permitted");
}

/* A process that has changed its user is not dumpable. */
static int run_after_setresuid(void *arg)
{
	const struct gons_nsref own = { "!net", "/proc/self/ns/net" };

	(void)arg;
	want(setresuid(65534, 65534, 65534) == 0);
	want(look(NULL, 0) == 0);
	want(look(&own, 1) < 0 && errno == EACCES);
	want(strstr(gons_error(), "Permission denied: this process is not dumpable, so the "
				  "new process may not open files below its /proc/self; "
				  "call prctl(PR_SET_DUMPABLE, 1)"));
	want(prctl(PR_SET_DUMPABLE, 1) == 0);
	want(look(&own, 1) < 0 && errno == EPERM); /* the root of the namespace says so */
	return 0;
}

static int reach_this_program(void *path)
{
	return setresuid(65534, 65534, 65534) < 0 || access(path, X_OK) < 0;
}

static void a_path_below_proc_self_takes_a_dumpable_process(void **state)
{
	char path[PATH_MAX] = "";

	(void)state;
	assert_true(readlink("/proc/self/exe", path, sizeof(path) - 1) > 0);
	if (!can_become_nobody() || in_child(reach_this_program, path) != 0) {
		print_error("gons: skipped: %s: it takes root, and another user who can reach this "
			    "program\n",
			    __func__);
		skip();
	}
	assert_int_equal(in_child(run_after_setresuid, NULL), 0);
}

static void a_mount_namespace_without_the_dynamic_linker_or_proc_is_named(void **state)
{
	(void)state;
	require_power(CLONE_NEWNS, __func__);
	gons_must(gons_mntns_enter_transient());
	assert_int_equal(mount("tmpfs", "/mnt", "tmpfs", 0, NULL), 0);
	assert_int_equal(mkdir("/mnt/proc", 0700), 0);
	assert_int_equal(mount("/proc", "/mnt/proc", NULL, MS_BIND | MS_REC, NULL), 0);
	assert_int_equal(chroot("/mnt"), 0);
	assert_refused(look(NULL, 0), ENOENT, "cannot run this program (/proc/self/exe) again");
	assert_contains(gons_error(),
			"its dynamic linker does not exist in this thread's mount namespace "
			"or root");
	assert_null(result.output);
	assert_int_equal(result.exit_status, -1);
	assert_int_equal(umount2("/proc", MNT_DETACH), 0);
	assert_refused(
		look(NULL, 0), ENOENT,
		"procfs of this PID namespace is not mounted on /proc; mount it: mount -t proc proc "
		"/proc");
}

/* In a mount namespace with procfs of another PID namespace, whose init has ended; arg: the
 * thread's children would not be in that one. */
static int run_beside_another_pid_namespace(void *arg)
{
	int own_fd = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC), status;
	pid_t pid;

	want(unshare(CLONE_NEWNS | CLONE_NEWPID) == 0);
	want(mount("/", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	pid = fork();
	if (pid == 0)
		_exit(arg && mount("proc", "/proc", "proc", 0, NULL) < 0);
	want(waitpid(pid, &status, 0) == pid && status == 0);
	want(!arg || setns(own_fd, CLONE_NEWPID) == 0);
	want(look(NULL, 0) < 0 && errno == (arg ? ENOENT : ENOMEM));
	want(strstr(gons_error(), "(/proc/self/exe) again: "));
	want(strstr(gons_error(), arg ? "procfs of this PID namespace is not mounted on /proc"
				      : ": the first process of the PID namespace for"));
	return 0;
}

static void a_pid_namespace_that_has_ended_is_named(void **state)
{
	(void)state;
	require_power(CLONE_NEWNS | CLONE_NEWPID, __func__);
	assert_int_equal(in_child(run_beside_another_pid_namespace, NULL), 0);
}

static void procfs_of_another_pid_namespace_is_named(void **state)
{
	(void)state;
	require_power(CLONE_NEWNS | CLONE_NEWPID, __func__);
	assert_int_equal(in_child(run_beside_another_pid_namespace, state), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		reexec_test(without_namespaces_the_action_runs_in_those_of_its_caller),
		reexec_test(the_action_is_in_the_namespace_of_another_process),
		reexec_test(a_path_may_be_relative_to_the_working_directory),
		reexec_test(a_job_in_the_user_network_and_mount_namespaces_of_another_process),
		reexec_test(children_of_an_action_are_in_its_pid_namespace),
		reexec_test(a_descriptor_of_the_caller_is_a_path),
		reexec_test(the_action_starts_in_the_calling_threads_namespaces),
		reexec_test(order_and_exclamation_mark_select_the_mount_namespace_of_a_path),
		reexec_test(a_namespace_that_cannot_be_joined_is_the_error_of_the_call),
		reexec_test(a_line_feed_in_a_path_does_not_end_the_message),
		reexec_test(the_message_says_that_the_action_may_not_join),
		reexec_test(a_path_below_proc_self_takes_a_dumpable_process),
		reexec_test(a_mount_namespace_without_the_dynamic_linker_or_proc_is_named),
		reexec_test(a_pid_namespace_that_has_ended_is_named),
		reexec_test(procfs_of_another_pid_namespace_is_named),
	};

	gons_reexec_check();
	return gons_run_group_tests(tests, NULL, NULL);
}

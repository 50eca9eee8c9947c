/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs: their input and environment, their results, and each way in which they can end.
 */
#include "check.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gons/mntns.h>
#include <gons/netns.h>
#include <gons/privilege.h>
#include <gons/process.h>

#include "caller.h"

enum { LONG_MS = 120000, LARGE = 8 << 20 };

static struct gons_process_result result;
static struct gons_process_options options;

static int run(const char *const argv[])
{
	gons_process_result_free(&result);
	return gons_process_run(argv, &options, &result);
}

static int run_shell(const char *script)
{
	const char *const argv[] = { "sh", "-c", script, NULL };

	return run(argv);
}

static gons_process *start_shell(const char *script)
{
	const char *const argv[] = { "sh", "-c", script, NULL };

	return gons_process_start(argv, &options);
}

static int begin(void **state)
{
	memset(&options, 0, sizeof(options));
	options.timeout_ms = LONG_MS;
	return check_begin(state);
}

static int end(void **state)
{
	gons_process_result_free(&result);
	return check_end(state);
}
#define process_test(f) cmocka_unit_test_setup_teardown(f, begin, end)

static void assert_exited(int status)
{
	assert_true(WIFEXITED(result.status));
	assert_int_equal(WEXITSTATUS(result.status), status);
}

/* ---- run ---- */

static void a_program_returns_its_output_and_status(void **state)
{
	(void)state;
	gons_must(run_shell("echo out; echo err >&2; exit 3"));
	assert_exited(3);
	assert_string_equal(result.output, "out\n");
	assert_int_equal(result.output_size, 4);
	assert_string_equal(result.error_output, "err\n");
	assert_int_equal(result.error_size, 4);
}

static void a_program_that_prints_nothing_has_empty_output(void **state)
{
	(void)state;
	gons_must(run_shell("exit 0"));
	assert_exited(0);
	assert_string_equal(result.output, "");
	assert_string_equal(result.error_output, "");
}

static void without_a_result_a_failed_program_is_a_failure(void **state)
{
	static const char *const good[] = { "true", NULL };
	static const char *const bad[] = { "sh", "-c", "echo no link; exit 4", NULL };

	(void)state;
	gons_must(gons_process_run(good, NULL, NULL));
	assert_refused(gons_process_run(bad, NULL, NULL), EREMOTEIO, "sh exited with status 4");
	assert_contains(gons_error(), "it has printed: no link");
}

static void a_program_that_dies_by_a_signal_has_that_status(void **state)
{
	(void)state;
	gons_must(run_shell("echo last words; kill -SEGV $$"));
	assert_true(WIFSIGNALED(result.status));
	assert_int_equal(WTERMSIG(result.status), SIGSEGV);
	assert_string_equal(result.output, "last words\n");
}

static void a_missing_program_is_enoent(void **state)
{
	static const char *const missing[] = { "gons-no-such-program", NULL };
	static const char *const path[] = { "/nowhere/program", NULL };
	static const char *const environment[] = { "PATH=/usr/bin:/bin", NULL };

	(void)state;
	options.environment = environment;
	assert_refused(run(missing), ENOENT, "cannot run gons-no-such-program: %m");
	assert_contains(gons_error(), "there is no such program in PATH (/usr/bin:/bin)");
	assert_int_equal(result.status, -1);
	assert_null(result.output);
	assert_null(gons_process_start(missing, &options));
	assert_int_equal(errno, ENOENT);
	assert_refused(run(path), ENOENT, "cannot run /nowhere/program: %m");
}

static void a_program_that_may_not_be_executed_is_eacces(void **state)
{
	static const char *const argv[] = { "/etc/passwd", NULL };

	(void)state;
	assert_refused(run(argv), EACCES, "cannot run /etc/passwd");
}

static void make_script(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void a_mount_where_nothing_can_be_executed_is_named(void **state)
{
	static const char *const argv[] = { "/tmp/script", NULL };

	(void)state;
	/* Without it, only in a user namespace, where no test here is. */
	if (!gons_has_cap(CAP_SYS_ADMIN))
		skip_for(__func__, gons_error());
	gons_require(CLONE_NEWNS);
	gons_must(gons_mntns_enter_transient());
	assert_int_equal(mount("tmpfs", "/tmp", "tmpfs", MS_NOEXEC, NULL), 0);
	make_script(argv[0], "#!/bin/sh\n", 0755);
	assert_refused(run(argv), EACCES, "/tmp/script");
	assert_contains(gons_error(), "it is on a file system that is mounted noexec; "
				      "put it where programs can be executed");
	assert_int_equal(chmod(argv[0], 0644), 0);
	assert_refused(run(argv), EACCES, "/tmp/script");
	assert_null(strstr(gons_error(), "noexec"));
}

static void a_missing_working_directory_is_named(void **state)
{
	(void)state;
	options.directory = "/nowhere";
	assert_refused(run_shell("pwd"), ENOENT, "cannot run sh in the directory /nowhere: %m");
}

static void a_program_starts_in_the_directory(void **state)
{
	(void)state;
	options.directory = "/proc";
	gons_must(run_shell("pwd"));
	assert_string_equal(result.output, "/proc\n");
}

static void a_program_gets_the_given_environment(void **state)
{
	static const char *const environment[] = { "PATH=/usr/bin:/bin", "ANSWER=42", NULL };
	static const char *const argv[] = { "env", NULL };

	(void)state;
	options.environment = environment;
	gons_must(run(argv));
	assert_string_equal(result.output, "PATH=/usr/bin:/bin\nANSWER=42\n");
	options.environment = NULL;
	assert_int_equal(setenv("GONS_TEST_VARIABLE", "inherited", 1), 0);
	gons_must(run_shell("echo $GONS_TEST_VARIABLE"));
	assert_int_equal(unsetenv("GONS_TEST_VARIABLE"), 0);
	assert_string_equal(result.output, "inherited\n");
}

static void the_program_is_looked_up_in_path_of_its_own_environment(void **state)
{
	char first[] = "/tmp/gons-process-XXXXXX", second[] = "/tmp/gons-process-XXXXXX";
	char path[256], forbidden[64], script[64];
	const char *const environment[] = { path, NULL };
	static const char *const argv[] = { "gons-script", "argument", NULL };
	int done, fds, again;
	bool can_execute;

	(void)state;
	assert_non_null(mkdtemp(first));
	assert_non_null(mkdtemp(second));
	(void)snprintf(forbidden, sizeof(forbidden), "%s/gons-script", first);
	(void)snprintf(script, sizeof(script), "%s/gons-script", second);
	make_script(forbidden, "echo wrong\n", 0644);
	make_script(script, "echo $0 $1\n", 0755); /* no "#!", as execvp(3) takes it */
	can_execute = access(script, X_OK) == 0;
	(void)snprintf(path, sizeof(path), "PATH=/nowhere:%s:%s:/bin", first, second);
	options.environment = environment;
	done = run(argv);
	fds = chmod(script, 0644);
	again = done < 0 ? 0 : gons_process_run(argv, &options, NULL);
	(void)unlink(forbidden);
	(void)unlink(script);
	(void)rmdir(first);
	(void)rmdir(second);
	if (!can_execute)
		skip_for(__func__, "nothing can be executed in /tmp: it is mounted noexec");
	gons_must(done);
	(void)snprintf(path, sizeof(path), "%s argument\n", script);
	assert_string_equal(result.output, path);
	assert_int_equal(fds, 0);
	assert_int_equal(again, -1);
}

static void a_program_reads_its_input_to_the_end(void **state)
{
	static const char *const argv[] = { "cat", NULL };

	(void)state;
	options.input = "some\0text";
	options.input_size = 9;
	gons_must(run(argv));
	assert_int_equal(result.output_size, 9);
	assert_memory_equal(result.output, "some\0text", 10);
	options.input_size = 0;
	gons_must(run(argv));
	assert_int_equal(result.output_size, 0);
}

static void input_and_both_outputs_may_be_large_at_once(void **state)
{
	static const char *const argv[] = { "tee", "/dev/stderr", NULL };
	char *text = malloc(LARGE);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < LARGE; i++)
		text[i] = (char)(i * 7 + i / 251);
	options.input = text;
	options.input_size = LARGE;
	gons_must(run(argv));
	assert_exited(0);
	assert_int_equal(result.output_size, LARGE);
	assert_memory_equal(result.output, text, LARGE);
	assert_int_equal(result.error_size, LARGE);
	assert_memory_equal(result.error_output, text, LARGE);
	free(text);
}

static void a_program_may_ignore_its_input(void **state)
{
	char *text = calloc(1, LARGE);

	(void)state;
	assert_non_null(text);
	options.input = text;
	options.input_size = LARGE;
	gons_must(run_shell("exec <&-; echo done"));
	assert_string_equal(result.output, "done\n");
	gons_must(run_shell("echo done"));
	assert_string_equal(result.output, "done\n");
	free(text);
}

static void a_program_may_close_its_output_early(void **state)
{
	(void)state;
	gons_must(run_shell("echo all; exec >&- 2>&-; sleep 0.1; exit 5"));
	assert_string_equal(result.output, "all\n");
	assert_exited(5);
}

static void a_program_has_three_descriptors_and_its_own_group(void **state)
{
	(void)state;
	/* The one of ls(1) itself is the fourth. */
	gons_must(run_shell(
		"ls /proc/self/fd | wc -l; [ $(cut -d' ' -f5 /proc/$$/stat) = $$ ] && echo leads"));
	assert_memory_equal(result.output, "4\n", 2);
	assert_contains(result.output, "leads");
}

static void on_signal(int number)
{
	(void)number;
}

static void a_program_finds_signals_at_their_defaults(void **state)
{
	struct sigaction old[2];
	static const char *const argv[] = { "cat", "/proc/self/status", NULL };
	sigset_t set, old_set;
	int done;

	(void)state;
	(void)sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = SIG_IGN }, &old[0]);
	(void)sigaction(SIGUSR2, &(struct sigaction){ .sa_handler = on_signal }, &old[1]);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)pthread_sigmask(SIG_BLOCK, &set, &old_set);
	done = run(argv);
	(void)pthread_sigmask(SIG_SETMASK, &old_set, NULL);
	(void)sigaction(SIGUSR1, &old[0], NULL);
	(void)sigaction(SIGUSR2, &old[1], NULL);
	gons_must(done);
	assert_contains(result.output, "SigBlk:\t0000000000000000\n"
				       "SigIgn:\t0000000000000000\n"
				       "SigCgt:\t0000000000000000\n");
}

static void a_program_is_killed_when_its_time_is_over(void **state)
{
	(void)state;
	options.timeout_ms = 300;
	do
		assert_refused(run_shell("echo begun; sleep 1000"), ETIMEDOUT,
			       "sh was killed because it took longer than 300 ms: %m");
	while (result.output_size == 0); /* on a busy machine it may not have reached this point */
	assert_contains(gons_error(), "it has printed: begun");
	assert_string_equal(result.output, "begun\n");
	assert_true(WIFSIGNALED(result.status));
	assert_int_equal(WTERMSIG(result.status), SIGKILL);
}

static void a_program_may_run_without_a_limit(void **state)
{
	(void)state;
	options.timeout_ms = -1;
	gons_must(run_shell("echo fine"));
	assert_string_equal(result.output, "fine\n");
}

/* ---- namespaces ---- */

static int run_in_a_namespace(void *arg)
{
	char wanted[64];

	(void)arg;
	want(gons_become_root() == 0);
	options.nsfd = gons_netns_new_transient();
	want(options.nsfd >= 0);
	want(run_shell("readlink /proc/self/ns/net") == 0);
	(void)snprintf(wanted, sizeof(wanted), "net:[%ju]\n",
		       (uintmax_t)gons_netns_ino(options.nsfd));
	want(strcmp(result.output, wanted) == 0);
	gons_process_result_free(&result);
	return 0;
}

static void a_program_runs_in_a_namespace(void **state)
{
	(void)state;
	gons_require(gons_has_cap(CAP_SYS_ADMIN) ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET);
	assert_int_equal(in_child(run_in_a_namespace, NULL), 0);
}

static void a_program_runs_in_all_namespaces_of_a_set(void **state)
{
	static const int types =
		CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS;
	static const char *const links[] = { "user", "net", "mnt", "uts" };
	gons_set *set;
	char wanted[64];
	pid_t pid;

	(void)state;
	gons_require(types);
	set = gons_must(gons_set_unshare(NULL, types, NULL));
	options.set = set;
	gons_must(run_shell("readlink /proc/$PPID/ns/net /proc/self/ns/user /proc/self/ns/net "
			    "/proc/self/ns/mnt /proc/self/ns/uts; echo pid $$"));
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		const int type = gons_type_from_name(links[i]);

		(void)gons_set_id(set, type, wanted, sizeof(wanted));
		/* If /proc is that of another PID namespace, "self" is a dangling link. */
		if (result.output_size > 40)
			assert_contains(result.output, wanted);
	}
	assert_contains(result.output, "pid ");
	pid = atoi(strstr(result.output, "pid ") + 4);
	assert_true(pid > 1 && pid < 100);
	gons_set_close(set);
}

static void the_pid_is_that_of_the_callers_namespace(void **state)
{
	gons_process *process;
	char path[64];
	gons_set *set;

	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWPID);
	set = gons_must(gons_set_unshare(NULL, CLONE_NEWUSER | CLONE_NEWPID, NULL));
	options.set = set;
	process = gons_must(start_shell("echo $$; exec sleep 1000"));
	gons_must(gons_process_wait_output(process, "\n", LONG_MS));
	(void)snprintf(path, sizeof(path), "/proc/%d/comm", (int)gons_process_pid(process));
	while (strcmp(read_text(path), "sh\n") == 0)
		(void)usleep(1000);
	assert_string_equal(read_text(path), "sleep\n");
	gons_set_close(set);
}

static void the_pid_is_known_in_a_pid_namespace_for_children(void **state)
{
	gons_process *process;
	char path[64];
	gons_set *set;
	int pidns;

	(void)state;
	/* A thread enters PID namespaces below its own, in whose user namespace it needs this. */
	if (!gons_has_cap(CAP_SYS_ADMIN))
		skip_for("the_pid_is_known_in_a_pid_namespace_for_children", gons_error());
	gons_require(CLONE_NEWPID);
	set = gons_must(gons_set_unshare(NULL, CLONE_NEWPID, NULL));
	pidns = gons_set_fd(set, CLONE_NEWPID);
	GONS_SCOPE {
		/* In unshare -Ur, the PID namespace belongs to the user namespace outside. */
		if (gons_enter(pidns) < 0) {
			assert_refused(gons_enter(pidns), EPERM,
				       geteuid() == 0 ? "that owns it; use gons_set_run()"
						      : "run as root, or use gons_set_run()");
			gons_set_close(set);
			skip_for("the_pid_is_known_in_a_pid_namespace_for_children", gons_error());
		}
		process = gons_must(start_shell("echo pid $$; exec sleep 1000"));
		gons_must(gons_process_wait_output(process, "pid ", LONG_MS));
		(void)snprintf(path, sizeof(path), "/proc/%d/comm", (int)gons_process_pid(process));
		while (strcmp(read_text(path), "sh\n") == 0)
			(void)usleep(1000);
		assert_string_equal(read_text(path), "sleep\n");
	}
	gons_set_close(set);
}

static int run_without_capabilities(void *arg)
{
	(void)arg;
	want(lose_capabilities(~0ULL));
	want(failed_with(run_shell("true"), EPERM, "network namespace"));
	return 0;
}

static void a_refusal_to_join_is_explained(void **state)
{
	gons_set *set;

	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWNET);
	set = gons_must(gons_set_unshare(NULL, CLONE_NEWUSER | CLONE_NEWNET, NULL));
	options.nsfd = gons_set_fd(set, CLONE_NEWNET);
	assert_int_equal(in_child(run_without_capabilities, NULL), 0);
	gons_set_close(set);
}

/* ---- start ---- */

static void gons_process_wait_output_waits_for_a_text(void **state)
{
	gons_process *process;

	(void)state;
	process = gons_must(start_shell("printf rea; sleep 0.1; printf 'dy\n' ; sleep 1000"));
	gons_must(gons_process_wait_output(process, "ready\n", LONG_MS));
	gons_must(gons_process_wait_output(process, "ready", 0));
	gons_must(gons_process_wait_output(process, "", 0));
	assert_refused(gons_process_wait_output(process, "steady", 10), ETIMEDOUT,
		       "sh has not printed \"steady\" in 10 ms: %m: it has printed: ready");
	assert_true(gons_process_pid(process) > 1);
	assert_int_equal(kill(gons_process_pid(process), 0), 0);
}

static void standard_error_is_searched_for_the_text_too(void **state)
{
	gons_process *process;

	(void)state;
	process = gons_must(start_shell("echo ready >&2; sleep 1000"));
	gons_must(gons_process_wait_output(process, "ready", LONG_MS));
}

static void a_program_that_ends_without_the_text_is_an_error(void **state)
{
	gons_process *process;

	(void)state;
	process = gons_must(start_shell("echo bad configuration; exit 2"));
	assert_refused(gons_process_wait_output(process, "ready", LONG_MS), EREMOTEIO,
		       "sh exited with status 2 and has not printed \"ready\": %m: it has printed: "
		       "bad configuration");
}

static void a_started_program_can_be_waited_for_again_and_again(void **state)
{
	gons_process *process;

	(void)state;
	process = gons_must(start_shell("echo $0; read x; exit 6"));
	for (int i = 0; i < 2; i++) {
		gons_process_result_free(&result);
		gons_must(gons_process_wait(process, LONG_MS, &result));
		assert_exited(6);
		assert_string_equal(result.output, "sh\n");
		assert_string_equal(result.error_output, "");
	}
	assert_refused(gons_process_wait(process, LONG_MS, NULL), EREMOTEIO,
		       "sh exited with status 6");
}

static void a_program_that_still_runs_is_a_timeout_with_its_output(void **state)
{
	gons_process *process;

	(void)state;
	process = gons_must(start_shell("echo begun; sleep 1000"));
	gons_must(gons_process_wait_output(process, "begun", LONG_MS));
	assert_refused(gons_process_wait(process, 0, &result), ETIMEDOUT,
		       "sh has not ended in 0 ms: %m: it has printed: begun");
	assert_int_equal(result.status, -1);
	assert_string_equal(result.output, "begun\n");
	gons_process_result_free(&result);
	assert_int_equal(kill(-gons_process_pid(process), SIGTERM), 0);
	gons_must(gons_process_wait(process, LONG_MS, &result));
	assert_true(WIFSIGNALED(result.status));
	assert_int_equal(WTERMSIG(result.status), SIGTERM);
}

static void a_started_program_may_have_a_limit_of_its_own(void **state)
{
	gons_process *process;

	(void)state;
	options.timeout_ms = 20;
	process = gons_must(start_shell("sleep 1000"));
	assert_refused(gons_process_wait(process, LONG_MS, &result), ETIMEDOUT,
		       "sh was killed because it took longer than 20 ms");
}

static void unread_output_does_not_block_a_program(void **state)
{
	gons_process *process;

	(void)state;
	/* More than both pipes can hold, while they are not read. */
	process = gons_must(start_shell("i=0; while [ $i -lt 40000 ]; do echo out $i; "
					"echo err $i >&2; i=$((i + 1)); done; exit 7"));
	while (gons_process_wait(process, 0, &result) < 0) {
		assert_int_equal(errno, ETIMEDOUT);
		gons_process_result_free(&result);
		(void)usleep(10000);
	}
	assert_exited(7);
	assert_contains(result.output, "out 39999\n");
	assert_contains(result.error_output, "err 39999\n");
}

/* ---- misuse ---- */

static void misuse_of_programs_names_the_argument(void **state)
{
	static const char *const argv[] = { "true", NULL };
	static const char *const none[] = { NULL }, *const empty[] = { "", NULL };
	gons_set *set = gons_must(gons_set_current(CLONE_NEWUTS));
	int fd = gons_must(gons_current(CLONE_NEWUTS));
	gons_process *process = gons_must(start_shell("sleep 1000"));

	(void)state;
	assert_refused(run(NULL), EINVAL, "argv is NULL");
	assert_refused(run(none), EINVAL, "argv[0] is NULL");
	assert_refused(run(empty), EINVAL, "argv[0] is empty: it must name a program");
	assert_null(gons_process_start(NULL, NULL));
	assert_int_equal(errno, EINVAL);
	options.set = set;
	options.nsfd = fd;
	assert_refused(run(argv), EINVAL, "both set and nsfd are given: %m; give only one of them");
	options.set = NULL;
	options.nsfd = 1000000;
	assert_refused(run(argv), EBADF, "descriptor 1000000");
	options.nsfd = 1;
	assert_refused(run(argv), EINVAL, "descriptor 1 ");
	options.nsfd = -1;
	options.input_size = 3;
	assert_refused(run(argv), EINVAL, "input is NULL but input_size is 3");
	options.input_size = 0;
	options.timeout_ms = -3;
	assert_refused(run(argv), EINVAL, "timeout_ms is negative (-3)");
	options.timeout_ms = 0;
	options.reserved[3] = 1;
	assert_refused(run(argv), EINVAL, "reserved[3] of struct gons_process_options is not 0");
	assert_refused(gons_process_pid(NULL), EINVAL, "process is NULL");
	assert_refused(gons_process_wait(NULL, 0, NULL), EINVAL, "process is NULL");
	assert_refused(gons_process_wait(process, -2, NULL), EINVAL, "timeout_ms is negative (-2)");
	assert_refused(gons_process_wait_output(NULL, "", 0), EINVAL, "process is NULL");
	assert_refused(gons_process_wait_output(process, NULL, 0), EINVAL, "text is NULL");
	assert_refused(gons_process_wait_output(process, "", -2), EINVAL,
		       "timeout_ms is negative (-2)");
	gons_set_close(set);
}

static void the_result_of_a_program_may_be_freed_twice_or_never(void **state)
{
	(void)state;
	gons_must(run_shell("echo x"));
	errno = ENOTTY;
	gons_process_result_free(&result);
	gons_process_result_free(&result);
	gons_process_result_free(NULL);
	assert_int_equal(errno, ENOTTY);
	assert_int_equal(result.status, -1);
	assert_null(result.output);
	assert_null(result.error_output);
	assert_int_equal(result.output_size, 0);
}

/* ---- the caller ---- */

static bool run_cat(const char *text)
{
	static const char *const argv[] = { "cat", NULL };
	const struct gons_process_options with_input = { .input = text,
							 .input_size = strlen(text),
							 .timeout_ms = LONG_MS };
	struct gons_process_result own;
	const int done = gons_process_run(argv, &with_input, &own);
	const bool same = done == 0 && own.status == 0 && strcmp(own.output, text) == 0;

	gons_process_result_free(&own); /* keeps errno */
	return same;
}

static void programs_run_for_a_caller_without_standard_descriptors(void **state)
{
	(void)state;
	assert_runs_without_standard_descriptors(run_cat);
}

static void a_program_without_free_descriptors_leaves_nothing(void **state)
{
	(void)state;
	assert_runs_with_few_descriptors(run_cat);
}

static void programs_are_refused_by_name_on_a_kernel_without_pidfds(void **state)
{
	(void)state;
	assert_refused_without_pidfds(run_cat);
}

static int run_without_close_range(void *arg)
{
	static const char *const argv[] = { "sh", "-c", "ls /proc/$PPID/fd | wc -l", NULL };

	(void)arg;
	/* The supervisor has the pipes and few other descriptors. */
	while (dup(0) < 30)
		;
	want(refuse_call(SYS_close_range, ENOSYS));
	want(gons_process_run(argv, NULL, &result) == 0);
	want(atoi(result.output) > 3 && atoi(result.output) < 12);
	gons_process_result_free(&result);
	return 0;
}

static void without_close_range_a_program_inherits_no_more_descriptors(void **state)
{
	(void)state;
	assert_int_equal(in_child(run_without_close_range, NULL), 0);
}

static volatile int n_signals;

static void count_signal(int number)
{
	(void)number;
	n_signals++;
}

static void programs_are_no_children_of_the_caller(void **state)
{
	struct sigaction action = { .sa_handler = count_signal }, old;
	gons_process *process;
	pid_t waited;
	int done;

	(void)state;
	assert_int_equal(sigaction(SIGCHLD, &action, &old), 0);
	process = start_shell("read x; exit 1");
	done = process ? gons_process_wait(process, LONG_MS, &result) : -1;
	waited = waitpid(-1, NULL, WNOHANG);
	assert_int_equal(sigaction(SIGCHLD, &old, NULL), 0);
	gons_must(done);
	assert_exited(1);
	assert_int_equal(n_signals, 0);
	assert_int_equal(waited, -1);
}

static char awaited[64];

static void create_awaited(int number)
{
	int saved = errno;

	(void)number;
	(void)close(open(awaited, O_CREAT | O_CLOEXEC, 0600));
	errno = saved;
}

static void the_caller_handles_signals_while_it_waits(void **state)
{
	const struct itimerval soon = { .it_value = { .tv_usec = 50000 } };
	struct sigaction action = { .sa_handler = create_awaited }, old;
	char script[128];
	int done;

	(void)state;
	(void)snprintf(awaited, sizeof(awaited), "/tmp/gons-test-signal-%d", (int)getpid());
	(void)snprintf(script, sizeof(script), "until [ -e %s ]; do sleep 0.01; done", awaited);
	assert_int_equal(sigaction(SIGALRM, &action, &old), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
	done = run_shell(script);
	assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
	(void)unlink(awaited);
	gons_must(done);
	assert_exited(0);
}

static void a_program_leaves_no_thread(void **state)
{
	(void)state;
	gons_must(run_shell("true"));
	assert_int_equal(count_threads(1), 1);
	/* Until the end of the scope; then the fixture counts. */
	gons_must(run_shell("sleep 1000 >/dev/null 2>&1 & true"));
}

static int run_with_sigchld_ignored(void *arg)
{
	static const char *const argv[] = { "sh", "-c", "sh -c 'exit 2'; exit $(($? + 1))", NULL };

	(void)arg;
	(void)signal(SIGCHLD, SIG_IGN);
	want(gons_process_run(argv, NULL, &result) == 0);
	want(WIFEXITED(result.status) && WEXITSTATUS(result.status) == 3);
	gons_process_result_free(&result);
	return 0;
}

static void the_status_of_a_program_is_known_where_sigchld_is_ignored(void **state)
{
	(void)state;
	assert_int_equal(in_child(run_with_sigchld_ignored, NULL), 0);
}

static void the_caller_may_close_what_was_open_at_the_start(void **state)
{
	gons_process *process;
	char byte;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	process = gons_must(start_shell("sleep 1000"));
	assert_non_null(process);
	assert_int_equal(close(ends[1]), 0);
	/* This would block if another process had it open. */
	assert_int_equal(read(ends[0], &byte, 1), 0);
	assert_int_equal(close(ends[0]), 0);
}

static void several_threads_run_programs_at_once(void **state)
{
	(void)state;
	assert_runs_on_several_threads(run_cat);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		process_test(a_program_returns_its_output_and_status),
		process_test(a_program_that_prints_nothing_has_empty_output),
		process_test(without_a_result_a_failed_program_is_a_failure),
		process_test(a_program_that_dies_by_a_signal_has_that_status),
		process_test(a_missing_program_is_enoent),
		process_test(a_program_that_may_not_be_executed_is_eacces),
		process_test(a_mount_where_nothing_can_be_executed_is_named),
		process_test(a_missing_working_directory_is_named),
		process_test(a_program_starts_in_the_directory),
		process_test(a_program_gets_the_given_environment),
		process_test(the_program_is_looked_up_in_path_of_its_own_environment),
		process_test(a_program_reads_its_input_to_the_end),
		process_test(input_and_both_outputs_may_be_large_at_once),
		process_test(a_program_may_ignore_its_input),
		process_test(a_program_may_close_its_output_early),
		process_test(a_program_has_three_descriptors_and_its_own_group),
		process_test(a_program_finds_signals_at_their_defaults),
		process_test(a_program_is_killed_when_its_time_is_over),
		process_test(a_program_may_run_without_a_limit),
		process_test(a_program_runs_in_a_namespace),
		process_test(a_program_runs_in_all_namespaces_of_a_set),
		process_test(the_pid_is_that_of_the_callers_namespace),
		process_test(the_pid_is_known_in_a_pid_namespace_for_children),
		process_test(a_refusal_to_join_is_explained),
		process_test(gons_process_wait_output_waits_for_a_text),
		process_test(standard_error_is_searched_for_the_text_too),
		process_test(a_program_that_ends_without_the_text_is_an_error),
		process_test(a_started_program_can_be_waited_for_again_and_again),
		process_test(a_program_that_still_runs_is_a_timeout_with_its_output),
		process_test(a_started_program_may_have_a_limit_of_its_own),
		process_test(unread_output_does_not_block_a_program),
		process_test(misuse_of_programs_names_the_argument),
		process_test(the_result_of_a_program_may_be_freed_twice_or_never),
		process_test(programs_run_for_a_caller_without_standard_descriptors),
		process_test(a_program_without_free_descriptors_leaves_nothing),
		process_test(programs_are_refused_by_name_on_a_kernel_without_pidfds),
		process_test(without_close_range_a_program_inherits_no_more_descriptors),
		process_test(programs_are_no_children_of_the_caller),
		process_test(the_caller_handles_signals_while_it_waits),
		process_test(a_program_leaves_no_thread),
		process_test(the_status_of_a_program_is_known_where_sigchld_is_ignored),
		process_test(the_caller_may_close_what_was_open_at_the_start),
		process_test(several_threads_run_programs_at_once),
	};

	return gons_run_group_tests(tests, NULL, NULL);
}

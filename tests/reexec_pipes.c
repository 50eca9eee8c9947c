/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pipes of a re-execution: large data, early ends, and processes that hold them open.
 */
#include "check.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gons/process.h>
#include <gons/reexec.h>

#include "caller.h"

enum { LONG_MS = 120000, LARGE = 64 << 20 };

static struct gons_reexec_result result;

static int run_with(const char *action, const void *param, size_t size)
{
	const struct gons_reexec job = {
		.action = action, .param = param, .param_size = size, .timeout_ms = LONG_MS
	};

	gons_reexec_result_free(&result);
	return gons_reexec_run(&job, &result);
}

static int end(void **state)
{
	gons_reexec_result_free(&result);
	return check_end(state);
}
#define reexec_test(f) cmocka_unit_test_setup_teardown(f, check_begin, end)

static bool write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t put = write(fd, data, size);

		if (put <= 0)
			return false;
		data += put;
		size -= (size_t)put;
	}
	return true;
}

/* ---- large ---- */

static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	return *seed ^= *seed << 5;
}

static uint32_t *new_large(void)
{
	uint32_t *words = malloc(LARGE);
	uint32_t seed = 1;

	assert_non_null(words);
	for (size_t i = 0; i < LARGE / sizeof(*words); i++)
		words[i] = next_random(&seed);
	return words;
}

/* Returns each byte inverted, while input arrives. */
GONS_ACTION(invert)
{
	static char data[100000];
	ssize_t got;

	while ((got = read(STDIN_FILENO, data, sizeof(data))) > 0) {
		for (ssize_t i = 0; i < got; i++)
			data[i] = (char)~data[i];
		if (!write_all(STDOUT_FILENO, data, (size_t)got))
			return 2;
	}
	return got < 0;
}

static void parameter_and_output_may_have_64_mib_at_once(void **state)
{
	uint32_t *words = new_large();
	const uint32_t *inverted;
	size_t wrong = 0;

	(void)state;
	gons_must(run_with("invert", words, LARGE));
	assert_int_equal(result.output_size, LARGE);
	inverted = (const uint32_t *)(const void *)result.output;
	for (size_t i = 0; i < LARGE / sizeof(*words); i++)
		wrong += inverted[i] != ~words[i];
	assert_int_equal(wrong, 0);
	assert_int_equal(result.output[LARGE], '\0');
	free(words);
}

/* Writes all its output before it reads anything. */
GONS_ACTION(write_first)
{
	static char data[1 << 20];

	memset(data, 'w', sizeof(data));
	for (int i = 0; i < 8; i++)
		if (!write_all(STDOUT_FILENO, data, sizeof(data)))
			return 1;
	for (size_t n = 0;;) {
		ssize_t got = read(STDIN_FILENO, data, sizeof(data));

		if (got <= 0)
			return got < 0 || n != LARGE;
		n += (size_t)got;
	}
}

static void an_action_that_does_not_read_its_parameter_does_not_block_the_caller(void **state)
{
	uint32_t *words = new_large();

	(void)state;
	gons_must(run_with("write_first", words, LARGE));
	assert_int_equal(result.output_size, 8 << 20);
	free(words);
}

GONS_ACTION(both_outputs)
{
	static char data[1 << 20];

	memset(data, 'x', sizeof(data));
	return !write_all(STDERR_FILENO, data, sizeof(data)) ||
	       !write_all(STDOUT_FILENO, data, sizeof(data)) ||
	       !write_all(STDERR_FILENO, data, sizeof(data));
}

static void standard_error_of_an_action_may_be_large(void **state)
{
	(void)state;
	assert_refused(run_with("both_outputs", NULL, 0), EREMOTEIO, "standard error: xxx");
	assert_int_equal(strlen(result.error_output), 2 << 20);
	assert_int_equal(result.output_size, 1 << 20);
}

GONS_ACTION(zeros)
{
	return fwrite("\0a\0", 1, 3, stdout) == 3 ? 0 : 1;
}

static void output_of_an_action_may_contain_zero_bytes(void **state)
{
	(void)state;
	gons_must(run_with("zeros", NULL, 0));
	assert_int_equal(result.output_size, 3);
	assert_memory_equal(result.output, "\0a\0", 4);
}

/* ---- closed early ---- */

GONS_ACTION(does_not_read)
{
	return close(STDIN_FILENO) == 0 && printf("done") == 4 ? 0 : 1;
}

static void on_sigpipe(int number)
{
	(void)number;
	abort();
}

static void an_action_need_not_read_its_parameter(void **state)
{
	uint32_t *words = new_large();
	struct sigaction action = { .sa_handler = on_sigpipe }, old;
	sigset_t pending;

	(void)state;
	/* SIGPIPE has its default, which would end this process; later it has a handler. */
	gons_must(run_with("does_not_read", words, LARGE));
	assert_string_equal(result.output, "done");
	assert_int_equal(sigaction(SIGPIPE, &action, &old), 0);
	assert_true(old.sa_handler == SIG_DFL);
	gons_must(run_with("does_not_read", words, LARGE));
	(void)sigpending(&pending);
	assert_int_equal(sigismember(&pending, SIGPIPE), 0);
	(void)sigaction(SIGPIPE, &old, NULL);
	free(words);
}

static void a_pending_sigpipe_of_the_caller_stays(void **state)
{
	uint32_t *words = new_large();
	sigset_t set, old, pending;
	int number;

	(void)state;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGPIPE);
	(void)pthread_sigmask(SIG_BLOCK, &set, &old);
	(void)raise(SIGPIPE);
	gons_must(run_with("does_not_read", words, LARGE));
	(void)sigpending(&pending);
	assert_int_equal(sigismember(&pending, SIGPIPE), 1);
	assert_int_equal(sigwait(&set, &number), 0);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	free(words);
}

/* Ends without reading its input, with input and output open. */
GONS_ACTION(ignores_its_input)
{
	return 0;
}

static void an_action_may_end_with_a_parameter_waiting(void **state)
{
	uint32_t *words = new_large();

	(void)state;
	gons_must(run_with("ignores_its_input", words, LARGE));
	assert_string_equal(result.output, "");
	free(words);
}

/* Continues to read when its output is not read any more. */
GONS_ACTION(closes_its_output)
{
	static char data[1 << 16];
	size_t n = 0;
	ssize_t got;

	(void)close(STDOUT_FILENO);
	(void)close(STDERR_FILENO);
	while ((got = read(STDIN_FILENO, data, sizeof(data))) > 0)
		n += (size_t)got;
	return n == LARGE ? 0 : 1;
}

static void an_action_may_close_its_output_and_read_on(void **state)
{
	uint32_t *words = new_large();

	(void)state;
	gons_must(run_with("closes_its_output", words, LARGE));
	assert_string_equal(result.output, "");
	free(words);
}

GONS_ACTION(reopens_its_input)
{
	char line[16] = "";
	FILE *file = fopen("/dev/stdin", "re");

	if (!file || !fgets(line, sizeof(line), file) || fclose(file) != 0)
		return 1;
	return printf("%s", line) > 0 ? 0 : 1;
}

static void an_action_can_read_its_parameter_from_dev_stdin(void **state)
{
	(void)state;
	gons_must(run_with("reopens_its_input", "by path", 7));
	assert_string_equal(result.output, "by path");
}

/* ---- other processes that hold the pipes ---- */

/* Starts a chain of n processes that hold all pipes open, and prints the last one's process id. */
static int leave_behind(bool own_session, int n)
{
	int ends[2];
	char byte;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return 1;
	pid = fork();
	if (pid == 0) {
		if (own_session)
			(void)setsid();
		while (n > 1 && fork() == 0)
			n--;
		if (n == 1)
			(void)printf("%d", (int)getpid());
		(void)fflush(stdout);
		(void)close(ends[0]);
		(void)close(ends[1]);
		while (pause() < 0)
			;
	}
	(void)close(ends[1]);
	return pid > 0 && read(ends[0], &byte, 1) == 0 ? 0 : 1;
}

GONS_ACTION(leaves_a_process)
{
	return leave_behind(false, 1);
}

GONS_ACTION(leaves_a_chain)
{
	return leave_behind(false, 20);
}

GONS_ACTION(leaves_a_daemon)
{
	return leave_behind(true, 1);
}

static void nothing_that_an_action_started_survives_it(void **state)
{
	static const char *const actions[] = { "leaves_a_process", "leaves_a_chain",
					       "leaves_a_daemon" };

	(void)state;
	for (int i = 0; i < 3; i++) {
		gons_must(run_with(actions[i], NULL, 0));
		assert_true(atoi(result.output) > 1);
		assert_int_equal(kill(atoi(result.output), 0), -1);
		assert_int_equal(errno, ESRCH);
	}
}

/* ---- the caller ---- */

GONS_ACTION(echo)
{
	char data[64];
	size_t got = fread(data, 1, sizeof(data), stdin);

	return fwrite(data, 1, got, stdout) == got ? 0 : 1;
}

static bool run_echo(const char *text)
{
	const struct gons_reexec job = {
		.action = "echo", .param = text, .param_size = strlen(text), .timeout_ms = LONG_MS
	};
	struct gons_reexec_result own;
	const int done = gons_reexec_run(&job, &own);
	const bool same = done == 0 && strcmp(own.output, text) == 0;

	gons_reexec_result_free(&own); /* keeps errno */
	return same;
}

static void actions_run_for_a_caller_without_standard_descriptors(void **state)
{
	(void)state;
	assert_runs_without_standard_descriptors(run_echo);
}

static void an_action_without_free_descriptors_leaves_nothing(void **state)
{
	(void)state;
	assert_runs_with_few_descriptors(run_echo);
}

static int run_without_processes(void *arg)
{
	const struct rlimit none = { 0, 0 };
	const struct gons_reexec job = { .action = "echo" };

	(void)arg;
	want(setuid(65534) == 0 || getuid() != 0);
	want(setrlimit(RLIMIT_NPROC, &none) == 0);
	want(gons_reexec_run(&job, NULL) < 0 && errno == EAGAIN);
	want(strstr(gons_error(), "cannot run this program (/proc/self/exe) again: Resource "
				  "temporarily unavailable"));
	want(strstr(gons_error(), "ulimit -u, RLIMIT_NPROC = 0") &&
	     strstr(gons_error(), "pids.max"));
	return 0;
}

static const struct rlimit no_files = { 0, 0 };

#ifndef __SANITIZE_THREAD__ /* which needs files itself, before main */
static int run_action_without_files(void *arg)
{
	const struct gons_reexec job = { .action = "echo" };

	(void)arg;
	want(setrlimit(RLIMIT_FSIZE, &no_files) == 0);
	want(gons_reexec_run(&job, NULL) < 0 && errno == EFBIG);
	want(strstr(gons_error(), "the action \"echo\" was killed") &&
	     strstr(gons_error(), "(ulimit -f, RLIMIT_FSIZE)"));
	return 0;
}

static void an_action_is_killed_by_a_limit_on_files(void **state)
{
	(void)state;
	assert_int_equal(in_child(run_action_without_files, NULL), 0);
}
#endif

static int run_program_without_files(void *arg)
{
	const char *const argv[] = { "echo", "text", NULL };

	(void)arg;
	want(setrlimit(RLIMIT_FSIZE, &no_files) == 0);
	want(gons_process_run(argv, NULL, NULL) < 0 && errno == EFBIG);
	want(strstr(gons_error(), "(ulimit -f, RLIMIT_FSIZE)"));
	return 0;
}

static void the_message_names_a_limit_on_files(void **state)
{
	(void)state;
	assert_int_equal(in_child(run_program_without_files, NULL), 0);
}

static void the_message_names_a_limit_on_processes(void **state)
{
	(void)state;
	if (getuid() == 0 && !can_become_nobody()) {
		skip_for(__func__, "root is not limited, and alone here");
	}
	assert_int_equal(in_child(run_without_processes, NULL), 0);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
GONS_ACTION(prints_much)
{
	static char data[1 << 20];

	for (int i = 0; i < 256; i++)
		if (!write_all(STDOUT_FILENO, data, sizeof(data)))
			return 1;
	return 0;
}

static int run_with_little_memory(void *arg)
{
	const struct rlimit limit = { 64 << 20, 64 << 20 };
	const struct gons_reexec job = { .action = "prints_much", .timeout_ms = LONG_MS };
	struct gons_reexec_result own;

	(void)arg;
	want(setrlimit(RLIMIT_AS, &limit) == 0);
	want(gons_reexec_run(&job, &own) < 0 && errno == ENOMEM);
	want(strstr(gons_error(), "bytes that a program has printed: "));
	want(strstr(gons_error(), strerror(ENOMEM)));
	want(own.output == NULL);
	want(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	return 0;
}

static void an_action_without_memory_leaves_nothing(void **state)
{
	int fds = count_entries("/proc/self/fd");

	(void)state;
	assert_int_equal(in_child(run_with_little_memory, NULL), 0);
	assert_int_equal(count_entries("/proc/self/fd"), fds);
}
#endif

static void actions_are_refused_by_name_on_a_kernel_without_pidfds(void **state)
{
	(void)state;
	assert_refused_without_pidfds(run_echo);
}

/* ---- children of the caller's own ---- */

static int run_with_sigchld_ignored(void *arg)
{
	const struct gons_reexec job = { .action = "fails_with_3", .timeout_ms = LONG_MS };
	struct gons_reexec_result own;

	(void)signal(SIGCHLD, arg ? SIG_IGN : SIG_DFL);
	if (!arg) {
		struct sigaction action = { .sa_flags = SA_NOCLDWAIT };

		want(sigaction(SIGCHLD, &action, NULL) == 0);
	}
	want(gons_reexec_run(&job, &own) < 0 && errno == EREMOTEIO);
	want(own.exit_status == 3);
	gons_reexec_result_free(&own);
	return 0;
}

GONS_ACTION(fails_with_3)
{
	return 3;
}

static void the_status_of_an_action_is_known_where_sigchld_is_ignored(void **state)
{
	(void)state;
	assert_int_equal(in_child(run_with_sigchld_ignored, state), 0);
	assert_int_equal(in_child(run_with_sigchld_ignored, NULL), 0);
}

static volatile int n_signals;

static void on_sigchld(int number)
{
	int saved = errno;

	(void)number;
	n_signals++;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	errno = saved;
}

static void the_handler_of_sigchld_is_not_called_for_an_action(void **state)
{
	struct sigaction action = { .sa_handler = on_sigchld }, old;
	int done;

	(void)state;
	assert_int_equal(sigaction(SIGCHLD, &action, &old), 0);
	done = run_with("echo", "heard", 5);
	assert_int_equal(sigaction(SIGCHLD, &old, NULL), 0);
	gons_must(done);
	assert_int_equal(n_signals, 0);
	assert_string_equal(result.output, "heard");
	assert_int_equal(result.exit_status, 0);
}

static void *wait_for_any_child(void *arg)
{
	(void)arg;
	for (int i = 0; i < 100000 && waitpid(-1, NULL, 0) < 0; i++)
		;
	return NULL;
}

static void a_thread_that_waits_for_any_child_does_not_take_the_status(void **state)
{
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, wait_for_any_child, NULL), 0);
	gons_must(run_with("echo", "heard", 5));
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(result.exit_status, 0);
}

static void on_alarm(int number)
{
	(void)number;
}

static void handled_signals_do_not_disturb_an_action(void **state)
{
	const struct itimerval often = { { 0, 200 }, { 0, 200 } }, never = { { 0, 0 }, { 0, 0 } };
	struct sigaction action = { .sa_handler = on_alarm }, old; /* no SA_RESTART */
	uint32_t *words = new_large();
	int done;

	(void)state;
	assert_int_equal(sigaction(SIGALRM, &action, &old), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
	done = run_with("invert", words, LARGE);
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
	gons_must(done);
	assert_int_equal(result.output_size, LARGE);
	free(words);
}

/* ---- threads ---- */

static void several_threads_run_actions_at_once(void **state)
{
	(void)state;
	assert_runs_on_several_threads(run_echo);
}

static void *run_cancelled(void *barrier)
{
	struct gons_reexec_result own;
	const struct gons_reexec job = { .action = "echo", .param = "x", .param_size = 1 };

	(void)pthread_barrier_wait(barrier); /* may be cancelled from here on */
	(void)gons_reexec_run(&job, &own);
	gons_reexec_result_free(&own);
	while (pause() < 0) /* until it is cancelled */
		;
	return NULL;
}

static void a_thread_cancelled_while_an_action_runs_leaves_nothing(void **state)
{
	pthread_barrier_t barrier;
	pthread_t thread;
	void *value;

	(void)state;
	(void)pthread_barrier_init(&barrier, NULL, 2);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(pthread_create(&thread, NULL, run_cancelled, &barrier), 0);
		(void)pthread_barrier_wait(&barrier);
		assert_int_equal(pthread_cancel(thread), 0);
		assert_int_equal(pthread_join(thread, &value), 0);
		assert_ptr_equal(value, PTHREAD_CANCELED);
	}
	(void)pthread_barrier_destroy(&barrier);
}

/* ---- a caller that dies ---- */

/* Its parent is a process of gons, whose parent is the caller. */
GONS_ACTION(outlives_nobody)
{
	char path[64], state;
	int caller = 0;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)getppid());
	file = fopen(path, "re");
	if (file && fscanf(file, "%*d (%*[^)]) %c %d", &state, &caller) == 2 && caller > 1)
		(void)kill(caller, SIGKILL);
	while (pause() < 0)
		;
	return 0;
}

static int run_to_death(void *arg)
{
	const struct gons_reexec job = { .action = "outlives_nobody", .timeout_ms = LONG_MS };

	(void)arg;
	(void)gons_reexec_run(&job, NULL);
	return 0;
}

static void an_action_dies_with_its_caller(void **state)
{
	int status = -1;

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	assert_int_equal(in_child(run_to_death, NULL), 128 + SIGKILL);
	/* The supervisor, which has reaped the action, is now a child of this process. */
	assert_true(waitpid(-1, &status, __WALL) > 1);
	assert_int_equal(status, 0);
	assert_int_equal(waitpid(-1, &status, __WALL), -1);
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		reexec_test(parameter_and_output_may_have_64_mib_at_once),
		reexec_test(an_action_that_does_not_read_its_parameter_does_not_block_the_caller),
		reexec_test(standard_error_of_an_action_may_be_large),
		reexec_test(output_of_an_action_may_contain_zero_bytes),
		reexec_test(an_action_need_not_read_its_parameter),
		reexec_test(a_pending_sigpipe_of_the_caller_stays),
		reexec_test(an_action_may_end_with_a_parameter_waiting),
		reexec_test(an_action_may_close_its_output_and_read_on),
		reexec_test(an_action_can_read_its_parameter_from_dev_stdin),
		reexec_test(nothing_that_an_action_started_survives_it),
		reexec_test(actions_run_for_a_caller_without_standard_descriptors),
		reexec_test(an_action_without_free_descriptors_leaves_nothing),
#ifndef __SANITIZE_THREAD__
		reexec_test(an_action_is_killed_by_a_limit_on_files),
#endif
		reexec_test(the_message_names_a_limit_on_files),
		reexec_test(the_message_names_a_limit_on_processes),
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
		reexec_test(an_action_without_memory_leaves_nothing),
#endif
		reexec_test(actions_are_refused_by_name_on_a_kernel_without_pidfds),
		reexec_test(the_status_of_an_action_is_known_where_sigchld_is_ignored),
		reexec_test(the_handler_of_sigchld_is_not_called_for_an_action),
		reexec_test(a_thread_that_waits_for_any_child_does_not_take_the_status),
		reexec_test(handled_signals_do_not_disturb_an_action),
		reexec_test(several_threads_run_actions_at_once),
		reexec_test(a_thread_cancelled_while_an_action_runs_leaves_nothing),
		reexec_test(an_action_dies_with_its_caller),
	};

	gons_reexec_check();
	return gons_run_group_tests(tests, NULL, NULL);
}

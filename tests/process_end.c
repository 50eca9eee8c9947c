/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of programs: with the scope, with the caller, and without leaving processes.
 */
#include "check.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <gons/netns.h>
#include <gons/process.h>

#include "gons/process/process.h"

enum { LONG_MS = 120000 };

static const struct gons_process_options in_place;

static gons_process *start_shell(const char *script)
{
	const char *const argv[] = { "sh", "-c", script, NULL };

	return gons_process_start(argv, &in_place);
}

/* ---- processes of the test ---- */

/* Each program of this test, and its descendants, have this in their environment. */
static char tag[64];

static bool is_tagged(const char *pid)
{
	static char text[1 << 16];
	char path[300];
	FILE *file;
	size_t length;

	(void)snprintf(path, sizeof(path), "/proc/%s/environ", pid);
	file = fopen(path, "re");
	length = file ? fread(text, 1, sizeof(text), file) : 0;
	if (file)
		(void)fclose(file);
	return memmem(text, length, tag, strlen(tag)) != NULL;
}

/* Counts other processes with the tag. */
static int count_tagged(void)
{
	DIR *dir = opendir("/proc");
	const struct dirent *entry;
	int n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		if (atoi(entry->d_name) > 0 && atoi(entry->d_name) != getpid() &&
		    is_tagged(entry->d_name))
			n++;
	(void)closedir(dir);
	return n;
}

static void wait_until_tagged(int n)
{
	while (count_tagged() != n)
		(void)usleep(1000);
}

static void wait_for_background(int n)
{
	while (count_tagged() < n)
		(void)usleep(1000);
}

static int begin(void **state)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)snprintf(tag, sizeof(tag), "GONS_TAG=%d.%ld.%ld.", (int)getpid(), (long)now.tv_sec,
		       now.tv_nsec);
	(void)setenv("GONS_TAG", strchr(tag, '=') + 1, 1);
	return check_begin(state);
}

static int end(void **state)
{
	const int failed = check_end(state);
	const int n = count_tagged();

	(void)unsetenv("GONS_TAG");
	if (n != 0)
		(void)fprintf(stderr, "%d processes are left\n", n);
	return failed | (n != 0);
}
#define end_test(f) cmocka_unit_test_setup_teardown(f, begin, end)

/* Nor any child, not even a zombie or one that wait(2) does not report. */
static void assert_nothing_left(void)
{
	assert_int_equal(count_tagged(), 0);
	assert_int_equal(waitpid(-1, NULL, __WALL | WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* ---- the end of the scope ---- */

static void a_program_ends_with_its_scope(void **state)
{
	(void)state;
	GONS_SCOPE {
		gons_process *process = gons_must(start_shell("echo ready; sleep 1000"));

		gons_must(gons_process_wait_output(process, "ready", LONG_MS));
		assert_true(count_tagged() >= 1);
	}
	assert_nothing_left();
}

static void a_program_is_asked_to_end_first(void **state)
{
	char path[] = "/tmp/gons-process-XXXXXX";
	char script[256], written[32] = "";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	(void)snprintf(script, sizeof(script),
		       "trap 'echo asked >%s; exit' TERM; echo ready; while :; do sleep 0.01; done",
		       path);
	GONS_SCOPE {
		gons_process *process = gons_must(start_shell(script));

		gons_must(gons_process_wait_output(process, "ready", LONG_MS));
	}
	(void)read(fd, written, sizeof(written) - 1);
	(void)unlink(path);
	(void)close(fd);
	assert_string_equal(written, "asked\n");
	assert_nothing_left();
}

static void a_program_that_ignores_sigterm_is_killed(void **state)
{
	(void)state;
	GONS_SCOPE {
		gons_process *process =
			gons_must(start_shell("trap '' TERM; echo ready; sleep 1000; sleep 1000"));

		gons_must(gons_process_wait_output(process, "ready", LONG_MS));
	}
	assert_nothing_left();
}

static void a_stopped_program_is_ended(void **state)
{
	(void)state;
	GONS_SCOPE {
		gons_process *process = gons_must(start_shell("echo ready; kill -STOP $$"));

		gons_must(gons_process_wait_output(process, "ready", LONG_MS));
	}
	assert_nothing_left();
}

static void programs_that_ignore_sigterm_are_killed_at_the_same_time(void **state)
{
	enum { N = 30 };
	struct timespec begun, ended;

	(void)state;
	GONS_SCOPE {
		for (int i = 0; i < N; i++) {
			gons_process *process =
				gons_must(start_shell("trap '' TERM; echo ready; sleep 1000"));

			gons_must(gons_process_wait_output(process, "ready", LONG_MS));
		}
		(void)clock_gettime(CLOCK_MONOTONIC, &begun);
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &ended);
	assert_true(ended.tv_sec - begun.tv_sec < N);
	assert_nothing_left();
}

/* Twice forked, in a session of its own, and the program itself has ended. */
static const char daemon_script[] =
	"setsid sh -c 'trap \"\" HUP; (echo ready; sleep 1000) & sleep 1000' & exit 0";

static void a_program_that_goes_into_the_background_ends_with_the_scope(void **state)
{
	(void)state;
	GONS_SCOPE {
		gons_process *process = gons_must(start_shell(daemon_script));

		gons_must(gons_process_wait_output(process, "ready", LONG_MS));
		gons_must(gons_process_wait(process, LONG_MS, NULL));
		wait_for_background(2);
	}
	assert_nothing_left();
}

static void background_programs_of_gons_process_run_end_with_the_scope(void **state)
{
	const char *const argv[] = { "sh", "-c", daemon_script, NULL };

	(void)state;
	GONS_SCOPE {
		gons_must(gons_process_run(argv, NULL, NULL));
		wait_for_background(2);
	}
	assert_nothing_left();
}

static void a_program_that_has_ended_leaves_nothing(void **state)
{
	const char *const argv[] = { "sh", "-c", "exit 1", NULL };

	(void)state;
	for (int i = 0; i < 20; i++) {
		struct gons_process_result result;

		gons_must(gons_process_run(argv, NULL, &result));
		assert_int_equal(WEXITSTATUS(result.status), 1);
		gons_process_result_free(&result);
		assert_nothing_left();
	}
}

static void a_hundred_programs_run_at_once(void **state)
{
	enum { N = 100 };
	gons_process *processes[N];
	struct gons_process_result result;
	char wanted[32];

	(void)state;
	GONS_SCOPE {
		for (int i = 0; i < N; i++) {
			char script[96];

			(void)snprintf(script, sizeof(script),
				       "echo number %d; trap 'exit 3' TERM; read x; sleep 1000 & "
				       "wait",
				       i);
			processes[i] = gons_must(start_shell(script));
		}
		for (int i = N - 1; i >= 0; i--) {
			(void)snprintf(wanted, sizeof(wanted), "number %d\n", i);
			gons_must(gons_process_wait_output(processes[i], wanted, LONG_MS));
		}
		assert_int_equal(kill(gons_process_pid(processes[50]), SIGKILL), 0);
		gons_must(gons_process_wait(processes[50], LONG_MS, &result));
		assert_int_equal(WTERMSIG(result.status), SIGKILL);
		gons_process_result_free(&result);
	}
	assert_nothing_left();
}

static void a_longjmp_out_of_the_test_ends_the_program_with_the_outer_scope(void **state)
{
	int mark = gons_must(gons_scope_begin());

	(void)state;
	(void)gons_must(gons_scope_begin());
	(void)gons_must(start_shell("sleep 1000"));
	gons_must(gons_scope_end(mark));
	assert_nothing_left();
}

static void start_on_thread(void *arg)
{
	*(bool *)arg = start_shell("sleep 1000") != NULL;
}

static void a_program_ends_with_the_thread_that_started_it(void **state)
{
	bool started = false;

	(void)state;
	on_thread(start_on_thread, &started);
	assert_true(started);
	assert_nothing_left();
}

static int end_scope_in_child(void *arg)
{
	want(gons_scope_end(*(int *)arg) == 0);
	want(count_tagged() >= 1);
	return 0;
}

static void a_forked_child_leaves_the_program_to_its_parent(void **state)
{
	(void)state;
	GONS_SCOPE {
		int mark = gons_must(gons_scope_begin());
		gons_process *process = gons_must(start_shell("echo ready; sleep 1000"));

		gons_must(gons_process_wait_output(process, "ready", LONG_MS));
		assert_int_equal(in_child(end_scope_in_child, &mark), 0);
		assert_int_equal(kill(gons_process_pid(process), 0), 0);
		assert_refused(gons_process_wait(process, 0, NULL), ETIMEDOUT, "has not ended");
	}
	assert_nothing_left();
}

/* ---- the death of the caller ---- */

static int start_and_die(void *arg)
{
	static const char *const stubborn =
		"trap '' TERM HUP; setsid sh -c 'trap \"\" TERM; (sleep 1000; :) & sleep 1000' & "
		"echo ready; sleep 1000; :";
	gons_process *process;

	(void)arg;
	for (int i = 0; i < 5; i++) {
		process = start_shell(stubborn);
		want(process);
		want(gons_process_wait_output(process, "ready", LONG_MS) == 0);
	}
	wait_for_background(5 * 3);
	(void)kill(getpid(), SIGKILL);
	return 1;
}

static void programs_end_when_their_caller_is_killed(void **state)
{
	(void)state;
	assert_int_equal(in_child(start_and_die, NULL), 128 + SIGKILL);
	wait_until_tagged(0);
}

static int start_and_kill_group(void *arg)
{
	gons_process *process;

	(void)arg;
	want(setpgid(0, 0) == 0);
	process = start_shell(daemon_script);
	want(process && gons_process_wait_output(process, "ready", LONG_MS) == 0);
	(void)kill(0, SIGKILL);
	return 1;
}

static void programs_end_when_their_callers_process_group_is_killed(void **state)
{
	(void)state;
	assert_int_equal(in_child(start_and_kill_group, NULL), 128 + SIGKILL);
	wait_until_tagged(0);
}

static int start_and_exit(void *arg)
{
	(void)arg;
	want(start_shell(daemon_script));
	_exit(0);
}

static void programs_end_when_their_caller_exits(void **state)
{
	(void)state;
	assert_int_equal(in_child(start_and_exit, NULL), 0);
	wait_until_tagged(0);
}

/* The supervisor is the parent of the program. */
static void kill_supervisor(const gons_process *process)
{
	char path[64], state;
	int supervisor = 0;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)gons_process_pid(process));
	file = fopen(path, "re");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%*d (%*[^)]) %c %d", &state, &supervisor), 2);
	(void)fclose(file);
	assert_true(supervisor > 1 && supervisor != getpid());
	assert_int_equal(kill(supervisor, SIGKILL), 0);
}

static void a_supervisor_that_is_killed_takes_the_program_along(void **state)
{
	struct gons_process_result result;
	int mark = gons_must(gons_scope_begin());
	gons_process *process = gons_must(start_shell("echo ready; exec sleep 1000"));

	(void)state;
	gons_must(gons_process_wait_output(process, "ready", LONG_MS));
	kill_supervisor(process);
	assert_refused(
		gons_process_wait(process, LONG_MS, &result), ECHILD,
		"the exit status of sh is unknown: %m: its supervisor, a process of gons, was "
		"killed");
	assert_string_equal(result.output, "ready\n");
	assert_int_equal(result.status, -1);
	gons_process_result_free(&result);
	assert_refused(gons_scope_end(mark), ECHILD, "was killed");
	wait_until_tagged(0);
}

/* ---- for the report ---- */

struct seen {
	int n;
	char text[1000];
	size_t last_size;
};

static void see(const struct gons_i_process_state *state, void *arg)
{
	struct seen *seen = arg;
	size_t used = strlen(seen->text);

	seen->n++;
	seen->last_size = state->output_size;
	assert_int_equal(strlen(state->output), state->output_size);
	(void)snprintf(seen->text + used, sizeof(seen->text) - used, "%s %s %d: %.20s",
		       state->argv[2], state->running ? "runs" : "ended", state->status,
		       state->output);
}

static void the_report_gets_programs_that_run_or_failed(void **state)
{
	const char *const good[] = { "sh", "-c", "echo good", NULL };
	const char *const bad[] = { "sh", "-c", "echo out; echo err >&2; exit 1", NULL };
	struct gons_process_result result;
	struct seen seen = { 0 };
	gons_process *process;

	(void)state;
	GONS_SCOPE {
		gons_must(gons_process_run(good, NULL, &result));
		gons_process_result_free(&result);
		gons_must(gons_process_run(bad, NULL, &result));
		gons_process_result_free(&result);
		process = gons_must(start_shell("echo ready; exec sleep 1000"));
		gons_must(gons_process_wait_output(process, "ready", LONG_MS));
		gons_i_processes_each(see, &seen);
		assert_int_equal(seen.n, 2);
		assert_string_equal(seen.text,
				    "echo out; echo err >&2; exit 1 ended 256: out\nerr\n"
				    "echo ready; exec sleep 1000 runs -1: ready\n");
	}
	seen.n = 0;
	gons_i_processes_each(see, &seen);
	assert_int_equal(seen.n, 0);
}

static void the_report_has_the_end_of_a_long_output(void **state)
{
	struct seen seen = { 0 };
	gons_process *process;

	(void)state;
	process = gons_must(start_shell("i=0; while [ $i -lt 20000 ]; do echo number $i; "
					"i=$((i + 1)); done; printf end; sleep 1000"));
	gons_must(gons_process_wait_output(process, "end", LONG_MS));
	gons_i_processes_each(see, &seen);
	assert_int_equal(seen.last_size, 65536);
}

static void many_failures_do_not_keep_all_of_their_output(void **state)
{
	const char *const bad[] = { "sh", "-c", "echo failed; exit 1", NULL };
	struct gons_process_result result;
	struct seen seen = { 0 };

	(void)state;
	for (int i = 0; i < 40; i++) {
		gons_must(gons_process_run(bad, NULL, &result));
		gons_process_result_free(&result);
	}
	gons_i_processes_each(see, &seen);
	assert_int_equal(seen.n, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		end_test(a_program_ends_with_its_scope),
		end_test(a_program_is_asked_to_end_first),
		end_test(a_program_that_ignores_sigterm_is_killed),
		end_test(a_stopped_program_is_ended),
		end_test(programs_that_ignore_sigterm_are_killed_at_the_same_time),
		end_test(a_program_that_goes_into_the_background_ends_with_the_scope),
		end_test(background_programs_of_gons_process_run_end_with_the_scope),
		end_test(a_program_that_has_ended_leaves_nothing),
		end_test(a_hundred_programs_run_at_once),
		end_test(a_longjmp_out_of_the_test_ends_the_program_with_the_outer_scope),
		end_test(a_program_ends_with_the_thread_that_started_it),
		end_test(a_forked_child_leaves_the_program_to_its_parent),
		end_test(programs_end_when_their_caller_is_killed),
		end_test(programs_end_when_their_callers_process_group_is_killed),
		end_test(programs_end_when_their_caller_exits),
		end_test(a_supervisor_that_is_killed_takes_the_program_along),
		end_test(the_report_gets_programs_that_run_or_failed),
		end_test(the_report_has_the_end_of_a_long_output),
		end_test(many_failures_do_not_keep_all_of_their_output),
	};

	return gons_run_group_tests(tests, NULL, NULL);
}

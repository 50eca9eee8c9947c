/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Re-execution: the results, and each way in which an action can end.
 */
#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gons/reexec.h>

enum { LONG_MS = 60000 }; /* long enough for the slowest machine */

static struct gons_reexec_result result;

static int run(const char *action)
{
	const struct gons_reexec job = { .action = action, .timeout_ms = LONG_MS };

	gons_reexec_result_free(&result);
	return gons_reexec_run(&job, &result);
}

static int end(void **state)
{
	gons_reexec_result_free(&result);
	return check_end(state);
}
#define reexec_test(f) cmocka_unit_test_setup_teardown(f, check_begin, end)

static void assert_result(const char *output, const char *error_output, int exit_status)
{
	assert_non_null(result.output);
	assert_string_equal(result.output, output);
	assert_int_equal(result.output_size, strlen(output));
	assert_non_null(result.error_output);
	assert_string_equal(result.error_output, error_output);
	assert_int_equal(result.exit_status, exit_status);
}

/* ---- success ---- */

GONS_ACTION(answer)
{
	return printf("42") == 2 ? 0 : 1;
}

GONS_ACTION("with a name - of any kind")
{
	return printf("any\n") == 4 ? 0 : 1;
}

GONS_ACTION(silent)
{
	return 0;
}

static int registered_by_a_call(void)
{
	return printf("called") == 6 ? 0 : 1;
}

static void the_output_of_an_action_is_returned(void **state)
{
	(void)state;
	gons_must(run("answer"));
	assert_result("42", "", 0);
}

static void names_of_actions_are_identifiers_or_strings(void **state)
{
	(void)state;
	gons_must(run("with a name - of any kind"));
	assert_result("any\n", "", 0);
	gons_must(run("registered"));
	assert_result("called", "", 0);
}

static void an_action_may_print_nothing(void **state)
{
	(void)state;
	gons_must(run("silent"));
	assert_result("", "", 0);
}

static void the_result_of_an_action_is_optional(void **state)
{
	const struct gons_reexec job = { .action = "answer", .timeout_ms = LONG_MS };
	const struct gons_reexec failing = { .action = "fails", .timeout_ms = LONG_MS };

	(void)state;
	gons_must(gons_reexec_run(&job, NULL));
	assert_refused(gons_reexec_run(&failing, NULL), EREMOTEIO, "status 3");
}

static void the_result_of_an_action_may_be_freed_twice_or_never(void **state)
{
	struct gons_reexec_result none = { 0 };

	(void)state;
	gons_must(run("answer"));
	errno = ENOTTY;
	gons_reexec_result_free(&result);
	gons_reexec_result_free(&result);
	gons_reexec_result_free(&none);
	gons_reexec_result_free(NULL);
	assert_int_equal(errno, ENOTTY);
	assert_null(result.output);
	assert_null(result.error_output);
	assert_int_equal(result.exit_status, -1);
}

/* ---- failure ---- */

GONS_ACTION(fails)
{
	return printf("so far") == 6 ? 3 : 1;
}

GONS_ACTION(complains)
{
	return fprintf(stderr, "the link is down\n") > 0 ? 0 : 1;
}

GONS_ACTION(complains_and_fails)
{
	return fprintf(stderr, "first\nsecond\n\n") > 0 && printf("out") == 3 ? 4 : 1;
}

GONS_ACTION(complains_with_a_blank_line)
{
	return fputs("\f \n", stderr) < 0;
}

GONS_ACTION(complains_in_binary)
{
	return fwrite("\0\033boom", 1, 6, stderr) != 6;
}

GONS_ACTION(complains_at_length)
{
	for (int i = 0; i < 5000; i++)
		(void)fprintf(stderr, "\xc3\xa4"); /* two bytes for each letter */
	return 0;
}

GONS_ACTION(exits)
{
	exit(7);
}

GONS_ACTION(out_of_range)
{
	return 256;
}

GONS_ACTION(negative)
{
	return -1;
}

GONS_ACTION(killed)
{
	(void)printf("last words");
	(void)fflush(stdout);
	(void)raise(SIGKILL);
	return 0;
}

static void an_action_with_another_exit_status_is_a_failure(void **state)
{
	(void)state;
	assert_refused(run("fails"), EREMOTEIO, "");
	assert_string_equal(gons_error(), "the action \"fails\" exited with status 3");
	assert_result("so far", "", 3);
	assert_refused(run("exits"), EREMOTEIO, "the action \"exits\" exited with status 7");
	assert_result("", "", 7);
}

static void an_action_with_a_status_out_of_range_is_a_failure(void **state)
{
	(void)state;
	assert_refused(run("out_of_range"), EREMOTEIO, "exited with status 255");
	assert_refused(run("negative"), EREMOTEIO, "exited with status 255");
	assert_result("", "", 255);
}

static void an_action_that_prints_on_standard_error_is_a_failure(void **state)
{
	(void)state;
	assert_refused(run("complains"), EREMOTEIO, "");
	assert_string_equal(gons_error(),
			    "the action \"complains\" exited with status 0; it wrote to "
			    "standard error: the link is down");
	assert_result("", "the link is down\n", 0);
	assert_refused(run("complains_and_fails"), EREMOTEIO, "");
	assert_string_equal(gons_error(),
			    "the action \"complains_and_fails\" exited with status 4; it wrote to "
			    "standard error: first\nsecond");
	assert_result("out", "first\nsecond\n\n", 4);
	assert_refused(run("complains_with_a_blank_line"), EREMOTEIO,
		       "exited with status 0; it wrote to standard error: white space");
	assert_refused(run("complains_in_binary"), EREMOTEIO,
		       "exited with status 0; it wrote to standard error: ??boom");
}

static void a_long_text_is_cut_in_the_message_and_complete_in_the_result(void **state)
{
	const char *message;
	size_t length;

	(void)state;
	assert_refused(run("complains_at_length"), EREMOTEIO, "standard error: \xc3\xa4\xc3\xa4");
	assert_int_equal(strlen(result.error_output), 10000);
	message = gons_error();
	length = strlen(message);
	assert_true(length > 900 && length < 1024);
	assert_string_equal(message + length - 5, "\xc3\xa4...");
}

static void the_signal_that_kills_an_action_is_named(void **state)
{
	(void)state;
	assert_refused(run("killed"), EREMOTEIO, "");
	assert_string_equal(gons_error(), "the action \"killed\" was killed by signal 9 (Killed)");
	assert_result("last words", "", 128 + 9);
}

/* ---- the timeout ---- */

GONS_ACTION(forever)
{
	pid_t pid = fork();

	if (pid > 0) {
		(void)printf("%d", (int)pid);
		(void)fflush(stdout);
		(void)fprintf(stderr, "still busy");
	}
	while (pause() < 0)
		;
	return 0;
}

GONS_ACTION(forever_and_signals_blocked)
{
	sigset_t all;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	(void)setpgid(0, getppid()); /* with or without a refusal, the result has it */
	while (pause() < 0)
		;
	return 0;
}

static int time_out(const char *action)
{
	const struct gons_reexec job = { .action = action, .timeout_ms = 300 };

	gons_reexec_result_free(&result);
	return gons_reexec_run(&job, &result);
}

static void an_action_that_runs_forever_is_killed_with_what_it_started(void **state)
{
	pid_t pid;

	(void)state;
	/* On a busy machine the action may not have reached this point. */
	do {
		assert_refused(time_out("forever"), ETIMEDOUT, "was killed after 300 ms");
		assert_int_equal(waitpid(-1, NULL, 0), -1);
	} while (strlen(result.error_output) == 0);
	assert_string_equal(gons_error(),
			    "the action \"forever\" was killed after 300 ms; it wrote to "
			    "standard error: still busy");
	assert_int_equal(result.exit_status, 128 + SIGKILL);
	assert_string_equal(result.error_output, "still busy");
	pid = atoi(result.output);
	assert_true(pid > 1);
	assert_int_equal(kill(pid, 0), -1);
}

static void an_action_that_ends_just_before_its_timeout_is_not_reported_as_killed(void **state)
{
	(void)state;
	for (int i = 0; i < 600; i++) {
		const struct gons_reexec job = { .action = "answer", .timeout_ms = 1 + i % 6 };

		gons_reexec_result_free(&result);
		if (gons_reexec_run(&job, &result) == 0)
			assert_result("42", "", 0);
		else
			assert_int_equal(result.exit_status, 128 + SIGKILL);
	}
}

static void an_action_that_blocks_all_signals_is_killed_after_its_timeout(void **state)
{
	(void)state;
	assert_refused(time_out("forever_and_signals_blocked"), ETIMEDOUT,
		       "was killed after 300 ms");
}

static void a_program_that_does_not_reach_the_action_is_reported(void **state)
{
	static const char *const environment[] = { "STOP_BEFORE_CHECK=1", NULL };
	static const char *const loudly[] = { "STOP_BEFORE_CHECK=loudly", NULL };
	struct gons_reexec job = { .action = "answer", .environment = environment };

	(void)state;
	job.timeout_ms = LONG_MS;
	assert_refused(gons_reexec_run(&job, &result), EREMOTEIO, "");
	assert_string_equal(gons_error(), "the program exited with status 5 before it called "
					  "gons_reexec_check(), which runs the action \"answer\"");
	assert_result("", "", 5);
	gons_reexec_result_free(&result);
	job.environment = loudly;
	assert_refused(gons_reexec_run(&job, &result), EREMOTEIO,
		       "runs the action \"answer\"; it wrote to standard error: usage: none");
	assert_result("", "usage: none\n", 5);
}

/* ---- the environment of an action ---- */

GONS_ACTION(descriptors)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(dir))
			(void)printf("%s ", entry->d_name);
	return dir ? closedir(dir) : 1;
}

static void an_action_inherits_only_three_descriptors(void **state)
{
	int fds[20], done;

	(void)state;
	for (int i = 0; i < 20; i++) {
		fds[i] = open("/", O_PATH); /* deliberately not close-on-exec */
		assert_true(fds[i] >= 0);
	}
	assert_int_equal(dup2(fds[0], 900), 900);
	done = run("descriptors");
	for (int i = 0; i < 20; i++)
		(void)close(fds[i]);
	(void)close(900);
	gons_must(done);
#ifdef COVERED
	assert_result("0 1 2 100 ", "", 0);
#else
	assert_result("0 1 2 ", "", 0);
#endif
}

GONS_ACTION(signals)
{
	sigset_t blocked;

	(void)sigprocmask(SIG_BLOCK, NULL, &blocked);
	for (int number = 1; number < NSIG; number++) {
		struct sigaction action;

		if (sigismember(&blocked, number) == 1)
			(void)printf("%d is blocked ", number);
		if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			(void)printf("%d is ignored ", number);
	}
	(void)printf(getpgrp() == getpid() ? "own group" : "no group");
	return 0;
}

static void signals_have_their_defaults_in_an_action(void **state)
{
	sigset_t set, old;

	(void)state;
	(void)sigfillset(&set);
	(void)sigprocmask(SIG_BLOCK, &set, &old);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	gons_must(run("signals"));
	(void)signal(SIGPIPE, SIG_DFL);
	(void)signal(SIGHUP, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	assert_string_equal(result.output, "own group");
}

extern char **environ;

GONS_ACTION(environment)
{
	for (char **variable = environ; *variable; variable++)
		if (strncmp(*variable, "gons_", 5) == 0 || strncmp(*variable, "TRY_", 4) == 0)
			(void)printf("%s\n", *variable);
	return 0;
}

static void the_action_has_the_environment_of_its_caller_and_of_the_job(void **state)
{
	static const char *const variables[] = { "TRY_A=1",   "TRY_C=",	     "TRY_D=x",
						 "TRY_D=y=z", "gons_mine=3", NULL };
	const struct gons_reexec job = { .action = "environment",
					 .environment = variables,
					 .timeout_ms = LONG_MS };

	(void)state;
	assert_int_equal(setenv("TRY_A", "0", 1), 0);
	assert_int_equal(setenv("TRY_AB", "2", 1), 0);
	assert_int_equal(setenv("gons_net", "/not/there", 1), 0);
	assert_int_equal(setenv("gons_order", "nonsense", 1), 0);
	assert_int_equal(setenv("gons_mine", "2", 1), 0);
	assert_int_equal(setenv("gons_nets", "/not/there", 1), 0);
	gons_must(gons_reexec_run(&job, &result));
	assert_string_equal(result.output, "TRY_AB=2\ngons_nets=/not/there\nTRY_A=1\nTRY_C=\n"
					   "TRY_D=y=z\ngons_mine=3\n");
	(void)unsetenv("TRY_A");
	(void)unsetenv("TRY_AB");
	(void)unsetenv("gons_net");
	(void)unsetenv("gons_order");
	(void)unsetenv("gons_mine");
	(void)unsetenv("gons_nets");
}

GONS_ACTION(where)
{
	char path[4096];
	char name[64] = "";
	FILE *file = fopen("/proc/self/comm", "re");

	if (!file || !fgets(name, sizeof(name), file) || fclose(file) != 0 ||
	    !getcwd(path, sizeof(path)))
		return 1;
	(void)printf("%s %s%s", program_invocation_name, name, path);
	return 0;
}

static void the_action_is_the_same_program_in_the_same_directory(void **state)
{
	char wanted[8192], path[4096];

	(void)state;
	assert_non_null(getcwd(path, sizeof(path)));
	(void)snprintf(wanted, sizeof(wanted), "%s %s\n%s", program_invocation_name,
		       program_invocation_short_name, path);
	gons_must(run("where"));
	assert_string_equal(result.output, wanted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		reexec_test(the_output_of_an_action_is_returned),
		reexec_test(names_of_actions_are_identifiers_or_strings),
		reexec_test(an_action_may_print_nothing),
		reexec_test(the_result_of_an_action_is_optional),
		reexec_test(the_result_of_an_action_may_be_freed_twice_or_never),
		reexec_test(an_action_with_another_exit_status_is_a_failure),
		reexec_test(an_action_with_a_status_out_of_range_is_a_failure),
		reexec_test(an_action_that_prints_on_standard_error_is_a_failure),
		reexec_test(a_long_text_is_cut_in_the_message_and_complete_in_the_result),
		reexec_test(the_signal_that_kills_an_action_is_named),
		reexec_test(an_action_that_runs_forever_is_killed_with_what_it_started),
		reexec_test(an_action_that_ends_just_before_its_timeout_is_not_reported_as_killed),
		reexec_test(an_action_that_blocks_all_signals_is_killed_after_its_timeout),
		reexec_test(a_program_that_does_not_reach_the_action_is_reported),
		reexec_test(an_action_inherits_only_three_descriptors),
		reexec_test(signals_have_their_defaults_in_an_action),
		reexec_test(the_action_has_the_environment_of_its_caller_and_of_the_job),
		reexec_test(the_action_is_the_same_program_in_the_same_directory),
	};
	const char *stop = getenv("STOP_BEFORE_CHECK");

	if (stop) {
		if (strcmp(stop, "loudly") == 0)
			(void)fprintf(stderr, "usage: none\n");
		return 5;
	}
	if (gons_reexec_register("registered", registered_by_a_call) < 0)
		return 1;
	gons_reexec_check();
	return gons_run_group_tests(tests, NULL, NULL);
}

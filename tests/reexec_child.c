/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs below their supervisors: limits of their output, and processes that cannot be killed.
 */
#include "check.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gons/process/program.h"

enum { LONG_MS = 60000, NOT_ROOT = 76 };

static struct gons_i_program program = { .supervisor_fd = -1, .socket_fd = -1, .log_fd = -1 };

static void free_program(void)
{
	gons_i_program_free(&program);
	program = (struct gons_i_program){ .supervisor_fd = -1, .socket_fd = -1, .log_fd = -1 };
}

static int run(const char *variable, size_t most_output, int timeout_ms)
{
	static const char *const paths[] = { "/proc/self/exe", NULL };
	static char text[128], name[] = "reexec_child";
	char *argv[] = { name, NULL };
	char *environment[] = { text, NULL };
	const struct gons_i_command command = { .paths = paths,
						.argv = argv,
						.environment = environment,
						.timeout_ms = timeout_ms,
						.most_output = most_output,
						.ends_all = true,
						.extra_fd = -1 };

	free_program();
	(void)snprintf(text, sizeof(text), "%s", variable);
	if (gons_i_program_run(&command, "cannot run it", &program) < 0)
		return -1;
	(void)gons_i_program_end(&program);
	return 0;
}

static int end(void **state)
{
	free_program();
	return check_end(state);
}
#define child_test(f) cmocka_unit_test_setup_teardown(f, check_begin, end)

static void endless_output_is_limited(void **state)
{
	(void)state;
	gons_must(run("CHILD=prints 1", 1 << 20, LONG_MS));
	assert_int_equal(program.outcome, GONS_I_TOO_MUCH_OUTPUT);
	assert_true(WIFSIGNALED(program.status));
	assert_int_equal(WTERMSIG(program.status), SIGKILL);
	assert_in_range(program.stream[GONS_I_OUTPUT].size, (1 << 20) + 1, 4 << 20);
	assert_int_equal(program.stream[GONS_I_ERROR_OUTPUT].size, 0);
}

static void endless_output_to_standard_error_is_limited(void **state)
{
	(void)state;
	gons_must(run("CHILD=prints 2", 1 << 20, LONG_MS));
	assert_int_equal(program.outcome, GONS_I_TOO_MUCH_OUTPUT);
	assert_in_range(program.stream[GONS_I_ERROR_OUTPUT].size, (1 << 20) + 1, 4 << 20);
}

static void a_program_that_prints_all_the_time_is_killed_at_its_timeout(void **state)
{
	(void)state;
	/* Slowly, so that there is little output until then. */
	gons_must(run("CHILD=drips 1", SIZE_MAX, 200));
	assert_int_equal(program.outcome, GONS_I_TIMED_OUT);
}

/* In a child that is an unprivileged user: the program becomes root, and lives on. */
static int run_immortal(void *arg)
{
	want(setresuid(65534, 65534, 65534) == 0);
	/* On a busy machine it may take time to become root. */
	for (int timeout_ms = 300; timeout_ms < 20000; timeout_ms *= 2) {
		want(run(arg, 1 << 20, timeout_ms) == 0);
		want(waitpid(-1, NULL, WNOHANG) == -1);
		if (program.outcome == GONS_I_NOT_KILLABLE)
			return 0;
		/* It ends if it cannot become root: set-user-id is ignored here. */
		if (program.outcome == GONS_I_ENDED && WIFEXITED(program.status) &&
		    WEXITSTATUS(program.status) == NOT_ROOT)
			return 77;
		want(program.outcome == GONS_I_TIMED_OUT);
	}
	want(program.outcome == GONS_I_NOT_KILLABLE);
	return 0;
}

/* Root can kill them. */
static void kill_orphans(void)
{
	const char *pids = read_text("/proc/thread-self/children");
	char *end;

	for (long pid; (pid = strtol(pids, &end, 10)) > 0; pids = end)
		assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
	while (waitpid(-1, NULL, 0) > 0) /* their children, too */
		;
}

static void a_program_that_became_another_users_process_is_not_waited_for(void **state)
{
	char dir[] = "/tmp/gons-reexec-XXXXXX";
	char command[256], variable[80];
	int status;

	(void)state;
	if (!can_become_nobody())
		skip_for(__func__, "it takes root, and another user");
	require_setuid_in_tmp(__func__);
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chmod(dir, 0755), 0);
	(void)snprintf(command, sizeof(command),
		       "cp /proc/%d/exe %s/program && chmod 4755 %s/program", (int)getpid(), dir,
		       dir);
	assert_int_equal(system(command), 0);
	(void)snprintf(variable, sizeof(variable), "CHILD=%s/program", dir);
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	status = in_child(run_immortal, variable);
	kill_orphans();
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
	(void)snprintf(command, sizeof(command), "%s/program", dir);
	assert_int_equal(unlink(command), 0);
	assert_int_equal(rmdir(dir), 0);
	if (status == 77) {
		skip_for(__func__, "nobody gets root's powers in /tmp");
	}
	assert_int_equal(status, 0);
}

/* ---- the child ---- */

static int print_forever(int fd, bool slowly)
{
	static const char data[4096];
	const struct timespec pause = { .tv_nsec = 1000000 };

	while (write(fd, data, slowly ? 1 : sizeof(data)) > 0)
		if (slowly)
			(void)nanosleep(&pause, NULL);
	return 1;
}

static int act(char *what)
{
	static char nothing[] = "CHILD=waits";
	char *argv[] = { what, NULL };
	char *environment[] = { nothing, NULL };

	if (strncmp(what, "prints ", 7) == 0 || strncmp(what, "drips ", 6) == 0)
		return print_forever(atoi(strchr(what, ' ')), what[0] == 'd');
	if (strcmp(what, "waits") != 0) {
		if (fork() == 0) /* this child will not be reaped */
			return pause();
		return execve(what, argv, environment);
	}
	while (setuid(0) == 0 && pause() < 0)
		;
	return NOT_ROOT;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		child_test(endless_output_is_limited),
		child_test(endless_output_to_standard_error_is_limited),
		child_test(a_program_that_prints_all_the_time_is_killed_at_its_timeout),
		child_test(a_program_that_became_another_users_process_is_not_waited_for),
	};
	char *what = getenv("CHILD");

	if (what)
		return act(what);
	return gons_run_group_tests(tests, NULL, NULL);
}

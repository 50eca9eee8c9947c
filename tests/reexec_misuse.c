/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Re-execution: misuse that is refused before a process is created.
 */
#include "check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gons/reexec.h>

enum { LONG_MS = 60000 };

static struct gons_reexec_result result = { (char *)1, 1, (char *)1, 1, { 0 } };

static int run(const char *action)
{
	const struct gons_reexec job = { .action = action, .timeout_ms = LONG_MS };

	return gons_reexec_run(&job, &result);
}

static int nothing(void)
{
	return 0;
}

GONS_ACTION(fine)
{
	return 0;
}

GONS_ACTION(ambiguous)
{
	return 0;
}

GONS_ACTION("ambiguous")
{
	return 0;
}

/* ---- in processes that may start no others ---- */

#define misuse_test(f)                                                                             \
	{                                                                                          \
#f, f##_in_child, check_begin, check_end, NULL                                     \
	}

static int no_forks(void)
{
#ifdef SYS_vfork /* not on newer architectures */
	if (!refuse_call(SYS_vfork, ENOTTY))
		return 0;
#endif
	return refuse_call(SYS_clone, ENOTTY) && refuse_call(SYS_clone3, ENOTTY);
}

/* A test within a forked child, in which fork(2) would fail with another errno. */
#define MISUSE(name)                                                                               \
	static int name(void *);                                                                   \
	static void name##_in_child(void **state)                                                  \
	{                                                                                          \
		(void)state;                                                                       \
		assert_int_equal(in_child(name, NULL), 0);                                         \
	}                                                                                          \
	static int name(__attribute__((unused)) void *arg)

#define want_refused(call, errnum, words)                                                          \
	do {                                                                                       \
		want((call) == -1);                                                                \
		want(errno == (errnum));                                                           \
		want(strstr(gons_error(), words) != NULL);                                         \
	} while (0)

static bool is_zero(void)
{
	return !result.output && result.output_size == 0 && !result.error_output &&
	       result.exit_status == -1;
}

MISUSE(a_process_would_be_seen)
{
	want(no_forks());
	want_refused(run("fine"), ENOTTY, "cannot run this program (/proc/self/exe) again");
	want(is_zero());
	return 0;
}

MISUSE(an_action_must_be_registered_exactly_once)
{
	want(no_forks());
	want_refused(run("unknown"), EINVAL, "no action \"unknown\" is registered");
	want(is_zero());
	want_refused(run("fin"), EINVAL, "no action \"fin\" is registered");
	want_refused(run("fine "), EINVAL, "no action \"fine \" is registered");
	want_refused(run("\"fine\""), EINVAL, "no action \"\"fine\"\" is registered");
	want_refused(run("\"quoted"), ENOTTY, "cannot run this program");
	want_refused(run("ambiguous"), EINVAL, "more than one action \"ambiguous\" is registered");
	want_refused(run("registered twice"), EINVAL,
		     "more than one action \"registered twice\" is registered");
	return 0;
}

MISUSE(a_job_has_an_action_with_a_name)
{
	char name[300];

	want(no_forks());
	want_refused(gons_reexec_run(NULL, &result), EINVAL, "job is NULL");
	want(is_zero());
	want_refused(run(NULL), EINVAL, "the name of an action is NULL");
	want_refused(run(""), EINVAL, "the name of an action must have 1 to 255 bytes; it has 0");
	memset(name, 'n', sizeof(name));
	name[256] = '\0';
	want_refused(run(name), EINVAL, "must have 1 to 255 bytes; it has 256");
	name[255] = '\0';
	want_refused(run(name), EINVAL, "is registered");
	return 0;
}

MISUSE(a_parameter_of_some_size_is_somewhere)
{
	struct gons_reexec job = { .action = "fine", .param_size = 1 };

	want(no_forks());
	want_refused(gons_reexec_run(&job, &result), EINVAL, "param is NULL but param_size is 1");
	job.param_size = 0;
	job.timeout_ms = -3;
	want_refused(gons_reexec_run(&job, &result), EINVAL,
		     "timeout_ms is negative (-3): Invalid argument; use -1 to wait without limit");
	job.timeout_ms = -1;
	want_refused(gons_reexec_run(&job, &result), ENOTTY, "");
	job.reserved[2] = 1;
	want_refused(gons_reexec_run(&job, &result), EINVAL,
		     "reserved[2] of struct gons_reexec is not 0");
	return 0;
}

static int in(struct gons_nsref *refs, size_t n)
{
	const struct gons_reexec job = { .action = "fine", .namespaces = refs, .n_namespaces = n };

	return gons_reexec_run(&job, &result);
}

MISUSE(namespaces_have_a_type_and_a_path)
{
	struct gons_nsref refs[] = { { "!net", "/a" }, { "net", "/a" } };

	want(no_forks());
	want_refused(in(NULL, 2), EINVAL, "namespaces is NULL but n_namespaces is 2");
	want_refused(in(refs, 2), EINVAL, "namespaces has two entries of the type net");
	refs[0].type = NULL;
	want_refused(in(refs, 1), EINVAL, "namespaces has an entry whose type is NULL");
	for (int i = 0; i < 5; i++) {
		static const char *const types[] = { "", "!", "!!net", "nets", "NET" };

		refs[0].type = types[i];
		want_refused(in(refs, 1), EINVAL, "namespaces has an entry of the unknown type ");
	}
	refs[0].type = "uts";
	refs[0].path = NULL;
	want_refused(in(refs, 1), EINVAL, "namespaces has an entry of the type uts without a path");
	refs[0].path = "";
	want_refused(in(refs, 1), EINVAL, "namespaces has an entry of the type uts without a path");
	return 0;
}

static int with(const char *variable)
{
	const char *const environment[] = { "GOOD=1", variable, NULL };
	const struct gons_reexec job = { .action = "fine", .environment = environment };

	return gons_reexec_run(&job, &result);
}

MISUSE(variables_are_assignments_and_not_those_of_gons)
{
	want(no_forks());
	want_refused(with("ODD"), EINVAL, "\"ODD\" in the environment is not NAME=value");
	want_refused(with("=odd"), EINVAL, "\"=odd\" in the environment is not NAME=value");
	want_refused(with(""), EINVAL, "\"\" in the environment is not NAME=value");
	want_refused(with("gons_net=/a"), EINVAL, "cannot set the variable \"gons_net=/a\"");
	want(strstr(gons_error(), "use the member namespaces of struct gons_reexec") != NULL);
	want_refused(with("gons_order="), EINVAL, "cannot set the variable \"gons_order=\"");
	want_refused(with("gons_action=x"), EINVAL, "cannot set the variable");
	want_refused(with("gons_nets=x"), ENOTTY, "cannot run this program");
	want_refused(with("GONS_REQUIRE=1"), ENOTTY, "cannot run this program");
	return 0;
}

/* ---- registration ---- */

static struct seen {
	int value, errnum;
	char message[256];
} before_check, second_time;

static void remember(struct seen *seen, int value)
{
	seen->value = value;
	seen->errnum = errno;
	(void)snprintf(seen->message, sizeof(seen->message), "%s", gons_error());
}

static void a_program_must_call_gons_reexec_check(void **state)
{
	(void)state;
	assert_int_equal(before_check.value, -1);
	assert_int_equal(before_check.errnum, EINVAL);
	assert_contains(before_check.message,
			"cannot run the action \"fine\": Invalid argument: main() has not called "
			"gons_reexec_check()");
}

static void registering_a_second_time_is_refused(void **state)
{
	(void)state;
	assert_int_equal(second_time.value, -1);
	assert_int_equal(second_time.errnum, EINVAL);
	assert_string_equal(second_time.message, "the action \"registered twice\" is registered "
						 "already: Invalid argument");
}

static void invalid_registrations_are_refused(void **state)
{
	(void)state;
	assert_refused(gons_reexec_register(NULL, nothing), EINVAL, "is NULL");
	assert_refused(gons_reexec_register("", nothing), EINVAL, "it has 0");
	assert_refused(gons_reexec_register("null", NULL), EINVAL,
		       "action is NULL for the name \"null\"");
	assert_refused(gons_reexec_register("late", nothing), EINVAL,
		       "cannot register the action \"late\" after gons_reexec_check()");
	assert_refused(run("late"), EINVAL, "no action \"late\" is registered");
}

/* ---- in an action ---- */

GONS_ACTION(again)
{
	const struct gons_reexec job = { .action = "fine" };

	if (gons_reexec_run(&job, NULL) == 0 || errno != EINVAL)
		return 1;
	(void)printf("%s", gons_error());
	return 0;
}

GONS_ACTION(again_in_a_child)
{
	const struct gons_reexec job = { .action = "fine" };
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(gons_reexec_run(&job, NULL) < 0 && errno == EINVAL ? 0 : 1);
	return waitpid(pid, &status, 0) == pid ? WEXITSTATUS(status) : 2;
}

static void an_action_cannot_run_another_action(void **state)
{
	(void)state;
	gons_must(run("again"));
	assert_string_equal(result.output, "gons_reexec_run() cannot be called from within an "
					   "action: Invalid argument");
	gons_reexec_result_free(&result);
	gons_must(run("again_in_a_child"));
	gons_reexec_result_free(&result);
}

/* ---- elevated privileges ---- */

enum { NOT_SECURE = 77, IDLE = 5 };

#ifndef COVERED
/* To the library, this looks like a program that is built for gcov. */
void __gcov_dump(void); /* NOLINT(bugprone-reserved-identifier) */
void __gcov_dump(void)
{
}
#endif

/* Standard error of the last executed program. */
static char said[8192];

/* The exit status of the program at path, which is executed by another user, or not. Descriptor 3
 * is a directory, as for an action of a program that is built for gcov. */
static int execute(const char *path, const char *argument, const char *const variables[],
		   bool other)
{
	char *argv[] = { (char *)path, (char *)argument, NULL };
	int ends[2], status = -1;
	size_t size = 0;
	ssize_t got;
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		if ((!other || setuid(65534) == 0) && dup2(ends[1], STDERR_FILENO) >= 0 &&
		    dup2(open("/", O_PATH | O_CLOEXEC), 3) == 3)
			/* Not execve(3), with which one that is built for gcov writes its data first. */
			(void)syscall(SYS_execve, path, argv, variables);
		_exit(1);
	}
	(void)close(ends[1]);
	while ((got = read(ends[0], said + size, sizeof(said) - 1 - size)) > 0)
		size += (size_t)got;
	said[size] = '\0';
#ifdef COVERED
	if (strstr(said, "profiling:")) /* which is libgcov's */
		*strstr(said, "profiling:") = '\0';
#endif
	(void)close(ends[0]);
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* With a stray or hostile environment. */
static void setting_the_variable_of_an_action_runs_only_that_action(void **state)
{
	static char endless[8000] = "gons_action=0123456789abcdef-";
	static const struct {
		const char *variable;
		int status;
		const char *said;
	} cases[] = {
		{ "gons_action=0123456789abcdef-fine", 0, "0123456789abcdef:0:\n" },
		/* The second one has the place of the coverage data. */
		{ "gons_action=0123456789abcdefcfine", 0,
		  "0123456789abcdef:0:\n0123456789abcdef:0:\n" },
		{ "gons_action=0123456789abcdef-no", EXIT_FAILURE,
		  "0123456789abcdef:22:no action \"no\" is registered: Invalid argument; "
		  "register it with GONS_ACTION(), or with gons_reexec_register() before "
		  "gons_reexec_check()\n" },
		{ "gons_action=0123456789abcdef-", IDLE, "" },
		{ "gons_action=fine", IDLE, "" },
		{ "gons_action=", IDLE, "" },
		{ "gons_actions=0123456789abcdef-fine", IDLE, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *const variables[] = { cases[i].variable, NULL };

		assert_int_equal(execute("/proc/self/exe", "idle", variables, false),
				 cases[i].status);
		assert_string_equal(said, cases[i].said);
	}
	memset(endless + strlen(endless), 'x', sizeof(endless) - 1 - strlen(endless));
	assert_int_equal(
		execute("/proc/self/exe", "idle", (const char *[]){ endless, NULL }, false),
		EXIT_FAILURE);
	assert_contains(said, "xxx\" is registered");
}

/* Root has started the program, so it has no elevated privileges. It drops its privileges, and
 * would get them back by executing itself. */
static int run_dropped(void)
{
	want(setresuid(65534, 65534, 65534) == 0);
	want_refused(run("fine"), EPERM,
		     "the action \"fine\" was not run: a program with elevated privileges takes no "
		     "action from its environment: Operation not permitted");
	gons_reexec_result_free(&result);
	return 0;
}

static int run_secure(void)
{
	if (getauxval(AT_SECURE) == 0)
		return NOT_SECURE;
	want(!gons_status());
	want_refused(run("fine"), EPERM,
		     "a program with elevated privileges cannot run actions: Operation not "
		     "permitted");
	return 0;
}

static void copy_self(const char *path)
{
	char command[512];

	(void)snprintf(command, sizeof(command), "cp /proc/%d/exe %s && chmod 4755 %s",
		       (int)getpid(), path, path);
	assert_int_equal(system(command), 0);
}

static void set_user_id_programs_can_neither_call_nor_be_an_action(void **state)
{
	char dir[] = "/tmp/gons-reexec-XXXXXX";
	char path[64];
	const char *const nothing[] = { NULL };
	const char *const ticket[] = { "gons_action=0123456789abcdefcfine", "gons_net=/nowhere",
				       "gons_order=foo", NULL };
	const char *const stray[] = { "gons_action=fine", "gons_net=/nowhere", "gons_order=foo",
				      NULL };
	int has_run, has_dropped, was_run, ignored;
	char said_then[sizeof(said)];

	(void)state;
	if (!can_become_nobody())
		skip_for(__func__, "it takes root, and another user");
	require_setuid_in_tmp(__func__);
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chmod(dir, 0755), 0);
	(void)snprintf(path, sizeof(path), "%s/program", dir);
	copy_self(path);
	has_run = execute(path, "secure", nothing, true);
	has_dropped = execute(path, "dropped", nothing, false);
	was_run = execute(path, "secure", ticket, true);
	(void)strcpy(said_then, said);
	ignored = execute(path, "secure", stray, true);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
	if (has_run == NOT_SECURE) {
		skip_for(__func__, "nobody gets root's powers in /tmp");
	}
	assert_int_equal(has_run, 0);
	assert_int_equal(has_dropped, 0);
	/* Neither main nor the action runs, which both end with 0; and no coverage data is
	 * written. */
	assert_int_equal(was_run, 1);
	assert_string_equal(said_then,
			    "0123456789abcdef:1:a program with elevated privileges takes "
			    "no action from its environment: Operation not permitted\n");
	/* main would learn of start-up switching. */
	assert_int_equal(ignored, 0);
	assert_string_equal(said, "");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		misuse_test(a_process_would_be_seen),
		misuse_test(an_action_must_be_registered_exactly_once),
		misuse_test(a_job_has_an_action_with_a_name),
		misuse_test(a_parameter_of_some_size_is_somewhere),
		misuse_test(namespaces_have_a_type_and_a_path),
		misuse_test(variables_are_assignments_and_not_those_of_gons),
		check_test(a_program_must_call_gons_reexec_check),
		check_test(registering_a_second_time_is_refused),
		check_test(invalid_registrations_are_refused),
		check_test(an_action_cannot_run_another_action),
		check_test(setting_the_variable_of_an_action_runs_only_that_action),
		check_test(set_user_id_programs_can_neither_call_nor_be_an_action),
	};

	remember(&before_check, run("fine"));
	if (gons_reexec_register("registered twice", nothing) < 0 ||
	    gons_reexec_register("\"quoted", nothing) < 0)
		return 1;
	remember(&second_time, gons_reexec_register("registered twice", nothing));
	gons_reexec_check();
	if (argc == 2 && strcmp(argv[1], "idle") == 0)
		return IDLE;
	if (argc == 2 && strcmp(argv[1], "secure") == 0)
		return run_secure();
	if (argc == 2 && strcmp(argv[1], "dropped") == 0)
		return run_dropped();
	return gons_run_group_tests(tests, NULL, NULL);
}

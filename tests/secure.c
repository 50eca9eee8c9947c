/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program with more powers than who runs it (set-user-ID): its environment is a stranger's, and
 * must not choose what runs with these powers.
 */
#include "check.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CALLER = 65534, OWNER = 65533, NOT_SECURE = 77 };

/* ---- the program ---- */

/* What takes newuidmap(1), since the program may not map an id that is not its own. */
static int map_another_user(void)
{
	const struct gons_idmap map = { 0, CALLER, 1 };
	const struct gons_set_options options = { .maps = { &map, 1, &map, 1 } };

	if (getauxval(AT_SECURE) == 0)
		return NOT_SECURE;
	want(!gons_set_unshare(NULL, CLONE_NEWUSER, &options));
	want(errno == EPERM || errno == EACCES);
	want(strstr(gons_error(), "newuidmap"));
	return 0;
}

/* ---- who runs it ---- */

static void make_program(const char *dir)
{
	char command[512];

	(void)snprintf(command, sizeof(command),
		       "cd %s && cp /proc/%d/exe program && chown %d program && chmod 4755 program "
		       "&& printf '#!/bin/sh\nid -u >%s/mark/mark' >newuidmap && "
		       "chmod 755 newuidmap && mkdir -m 777 mark",
		       dir, (int)getpid(), OWNER, dir);
	assert_int_equal(system(command), 0);
}

static void remove_program(const char *dir)
{
	char command[64];

	(void)snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

static int run_program(void *dir)
{
	char path[64], variable[64];
	char *const argv[] = { path, (char *)"secure", NULL };
	char *const environment[] = { variable, NULL };

	(void)snprintf(path, sizeof(path), "%s/program", (const char *)dir);
	(void)snprintf(variable, sizeof(variable), "PATH=%s", (const char *)dir);
	if (setresgid(CALLER, CALLER, CALLER) == 0 && setresuid(CALLER, CALLER, CALLER) == 0)
		(void)execve(path, argv, environment);
	return 1;
}

static void a_set_user_id_program_runs_no_programs_from_the_callers_path(void **state)
{
	char dir[] = "/tmp/gons-secure-XXXXXX";
	char mark[64];
	struct stat st;
	int status;
	bool was_run;

	(void)state;
	gons_require(CLONE_NEWUSER);
	if (!can_become_nobody())
		skip_for(__func__, "it takes root, and other users");
	require_setuid_in_tmp(__func__);
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chmod(dir, 0755), 0);
	make_program(dir);
	status = in_child(run_program, dir);
	(void)snprintf(mark, sizeof(mark), "%s/mark/mark", dir);
	was_run = stat(mark, &st) == 0;
	remove_program(dir);
	if (status == NOT_SECURE) {
		print_error("gons: skipped: %s: nobody gets another's powers in /tmp\n", __func__);
		skip();
	}
	assert_int_equal(status, 0);
	assert_false(was_run);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		check_test(a_set_user_id_program_runs_no_programs_from_the_callers_path),
	};

	/* Leaks cannot be looked for in a program that may not be traced. */
	if (argc == 2 && strcmp(argv[1], "secure") == 0)
		_exit(map_another_user());
	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

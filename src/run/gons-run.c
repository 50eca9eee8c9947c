/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gons-run: runs a program in a network of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <gons/gons.h>
#include <gons/test.h>

#include "run.h"

/* Opens /dev/null close-on-exec for each standard stream that is closed, so that no other file of
 * gons-run gets its number. For the command it is closed again. */
static void reserve_streams(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR | O_CLOEXEC) < 0)
			return; /* without /dev/null another file may get the number */
}

/* Variables that options set for the library in gons-run. The command gets their previous
 * values. */
static struct variable {
	const char *name, *value;
	char *before;
} variables[] = { { "GONS_REPORT", NULL, NULL },
		  { "GONS_CAPTURE", NULL, NULL },
		  { "GONS_ARTIFACTS", NULL, NULL },
		  { "GONS_HOLD", NULL, NULL } };

static void set_variables(const struct options *options)
{
	variables[0].value = options->on_failure & ON_FAILURE_REPORT ? "1" : "0";
	variables[1].value = options->capture ? "1" : NULL;
	variables[2].value = options->artifacts;
	variables[3].value = options->on_failure & ON_FAILURE_HOLD ? "1" : NULL;
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		const char *before = getenv(variables[i].name);

		if (!variables[i].value)
			continue;
		variables[i].before = before ? strdup(before) : NULL;
		(void)setenv(variables[i].name, variables[i].value, 1);
	}
}

void restore_variables(void)
{
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		if (!variables[i].value)
			continue;
		if (variables[i].before)
			(void)setenv(variables[i].name, variables[i].before, 1);
		else
			(void)unsetenv(variables[i].name);
	}
}

static bool test_is_open;

void end_test(bool failed)
{
	if (!test_is_open)
		return;
	test_is_open = false;
	(void)gons_leaks_accept(); /* the command may keep what it wants, and gons-run ends */
	(void)gons_test_end(failed);
}

/* For gons the command is a test: after a failure the library reports on its namespaces. */
static int begin_test(const struct options *options)
{
	const char *name = strrchr(options->command[0], '/');

	if (!options->on_failure && !options->capture && !options->artifacts)
		return -1;
	set_variables(options);
	test_is_open = true;
	if (gons_test_begin(name ? name + 1 : options->command[0], 0) == 0)
		return -1;
	return complain(STATUS_FAILURE, "%s", gons_error());
}

/* Whether this is a program on a mount where none may be executed. */
static bool is_noexec(const char *path)
{
	struct statvfs mount;
	struct stat st;

	return strchr(path, '/') && stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       (st.st_mode & 0111) && statvfs(path, &mount) == 0 && (mount.f_flag & ST_NOEXEC);
}

int become(char **command)
{
	int errnum;

	if (command[0][0] == '\0')
		return complain(STATUS_NOT_FOUND, "command not found: its name is empty");
	(void)execvp(command[0], command);
	errnum = errno;
	if (errnum == ENOENT && strchr(command[0], '/') && access(command[0], F_OK) == 0)
		return complain(
			STATUS_NOT_FOUND,
			"cannot execute %s: the interpreter or dynamic linker that it names "
			"does not exist",
			command[0]);
	if (errnum == ENOENT)
		return complain(STATUS_NOT_FOUND, "%s: command not found", command[0]);
	return complain(STATUS_NOT_EXECUTABLE, "cannot execute %s: %s%s", command[0],
			strerror(errnum),
			errnum == EACCES && is_noexec(command[0])
				? ": it is on a file system that is mounted noexec; put it where "
				  "programs can be executed"
				: "");
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	struct gons_net *net;
	int status;

	reserve_streams();
	status = options_read(argc, argv, &options);
	if (status < 0)
		status = get_capabilities(&options);
	if (status < 0 && options.command)
		status = begin_test(&options);
	if (status < 0)
		status = prepare(&options, &net);
	if (status < 0 && options_need_supervisor(&options))
		status = supervise(&options, net);
	else if (status < 0 && options.command)
		status = become(options.command);
	end_test(false);
	return status;
}

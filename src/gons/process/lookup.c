/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The paths at which a program is looked for, its arguments, and the text that describes its end.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "gons/process/lookup.h"

const char *gons_i_find_variable(const char *name, char *const environment[])
{
	size_t length = strlen(name);

	for (; environment && *environment; environment++)
		if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
			return *environment + length + 1;
	return NULL;
}

/* The array and its strings are one piece of memory. */
const char **gons_i_list_paths(const char *program, char *const environment[])
{
	static const char usual[] = "/usr/local/bin:/usr/bin:/bin"; /* as a shell without PATH */
	const char *path = gons_i_find_variable("PATH", environment);
	size_t n = 1, length;
	const char **paths;
	char *text;

	if (!path)
		path = usual;
	if (strchr(program, '/') || program[0] == '\0')
		path = "";
	for (const char *c = path; *c; c++)
		n += *c == ':';
	length = (n + 1) * sizeof(*paths) + strlen(path) + n * (strlen(program) + 2);
	paths = malloc(length);
	if (!paths)
		return NULL;
	text = (char *)(paths + n + 1);
	for (size_t i = 0; i < n; i++) {
		int part = (int)strcspn(path, ":");

		paths[i] = text;
		/* An empty part is the working directory. */
		text += sprintf(text, "%.*s%s%s", part, path, part > 0 ? "/" : "", program) + 1;
		path += part + 1;
	}
	paths[n] = NULL;
	return paths;
}

char **gons_i_list_shell_arguments(const char *const argv[])
{
	size_t n = 0;
	char **list;

	while (argv[n])
		n++;
	list = malloc((n + 2) * sizeof(*list));
	if (!list)
		return NULL;
	list[0] = (char *)"/bin/sh";
	for (size_t i = 0; i <= n; i++)
		list[i + 1] = (char *)argv[i];
	return list;
}

char **gons_i_copy_arguments(const char *const argv[])
{
	size_t n = 0, size = sizeof(char *);
	char **copy;
	char *text;

	for (; argv[n]; n++)
		size += sizeof(char *) + strlen(argv[n]) + 1;
	copy = malloc(size);
	if (!copy)
		return NULL;
	text = (char *)(copy + n + 1);
	for (size_t i = 0; i < n; i++) {
		copy[i] = strcpy(text, argv[i]);
		text += strlen(text) + 1;
	}
	copy[n] = NULL;
	return copy;
}

const char *gons_i_describe_end(int status, char end[GONS_I_END_SIZE])
{
	if (WIFSIGNALED(status))
		(void)snprintf(end, GONS_I_END_SIZE, "was killed by signal %d (%s)",
			       WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		(void)snprintf(end, GONS_I_END_SIZE, "exited with status %d", WEXITSTATUS(status));
	return end;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What execve(2) needs to run a program: the paths to try, and the arguments.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gons/process/exec_arguments.h"

const char *gons_i_find_variable(const char *name, char *const environment[])
{
	size_t length = strlen(name);

	for (; environment && *environment; environment++)
		if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
			return *environment + length + 1;
	return NULL;
}

/* The array and its strings are in one block of memory. */
const char **gons_i_list_paths(const char *program, char *const environment[])
{
	static const char usual[] =
		"/usr/local/bin:/usr/bin:/bin"; /* what shells use without PATH */
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
		/* An empty part stands for the working directory. */
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

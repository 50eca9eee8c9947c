/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The environment of a re-executed process: the caller's, what the job adds, the variables of
 * start-up switching, and the action.
 */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gons/base/error.h"
#include "gons/base/types.h"
#include "gons/process/reexec_parts.h"
#include "gons/startup/plan.h"

extern char **environ;

static const char prefix_of_gons[] = "gons_"; /* other variables may have it, too */

static bool same_name(const char *a, const char *b)
{
	size_t length = strcspn(a, "=");

	return strncmp(a, b, length) == 0 && (b[length] == '=' || b[length] == '\0');
}

/* Whether gons reads this variable when a program starts. */
static bool is_reserved(const char *variable)
{
	char name[GONS_I_VARIABLE_SIZE];

	if (strncmp(variable, prefix_of_gons, sizeof(prefix_of_gons) - 1) != 0)
		return false;
	for (size_t i = 0; i < GONS_I_TYPES; i++)
		if (same_name(gons_i_plan_variable(&gons_i_types[i], name), variable))
			return true;
	return same_name("gons_order", variable) || same_name(GONS_I_ACTION_VARIABLE, variable);
}

/* ---- checks ---- */

static int check_namespace(const struct gons_nsref *ref, int *types)
{
	int type;

	if (!ref->type)
		return gons_i_fail(EINVAL, "namespaces has an entry whose type is NULL");
	type = gons_type_from_name(ref->type + (ref->type[0] == '!'));
	if (type < 0)
		return gons_i_fail(EINVAL, "namespaces has an entry of the unknown type \"%s\"",
				   ref->type);
	if (*types & type)
		return gons_i_fail(EINVAL, "namespaces has two entries of the type %s",
				   gons_type_name(type));
	if (!ref->path || ref->path[0] == '\0')
		return gons_i_fail(EINVAL, "namespaces has an entry of the type %s without a path",
				   gons_type_name(type));
	*types |= type;
	return 0;
}

static int check_variable(const char *variable)
{
	if (variable[0] == '=' || !strchr(variable, '='))
		return gons_i_fail(EINVAL, "\"%s\" in the environment is not NAME=value", variable);
	if (!is_reserved(variable))
		return 0;
	(void)gons_i_fail(EINVAL, "cannot set the variable \"%s\"", variable);
	gons_i_add_cause("gons sets this variable itself");
	gons_i_add_remedy("use the member namespaces of struct gons_reexec");
	return -1;
}

int gons_i_environment_check(const struct gons_reexec *job)
{
	int types = 0;

	if (!job->namespaces && job->n_namespaces > 0)
		return gons_i_fail(EINVAL, "namespaces is NULL but n_namespaces is %zu",
				   job->n_namespaces);
	for (size_t i = 0; i < job->n_namespaces; i++)
		if (check_namespace(&job->namespaces[i], &types) < 0)
			return -1;
	for (size_t i = 0; job->environment && job->environment[i]; i++)
		if (check_variable(job->environment[i]) < 0)
			return -1;
	return 0;
}

/* ---- creating it ---- */

static size_t count(char *const *variables)
{
	size_t n = 0;

	while (variables && variables[n])
		n++;
	return n;
}

static bool has(char *const *variables, const char *variable)
{
	for (; variables && *variables; variables++)
		if (same_name(variable, *variables))
			return true;
	return false;
}

/*
 * If path begins with "/proc/self" or "/proc/thread-self": prefix is a path that leads another
 * process to the same directory. Returns the rest of path.
 */
static const char *resolve_self(const char *path, char prefix[PATH_MAX])
{
	static const char *const links[] = { "/proc/self", "/proc/thread-self" };
	static const char proc[] = "/proc/";
	char *number = prefix + sizeof(proc) - 1;

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		size_t length = strlen(links[i]);
		ssize_t got;

		if (strncmp(path, links[i], length) != 0 || path[length] != '/')
			continue;
		got = readlink(links[i], number, PATH_MAX - sizeof(proc));
		if (got < 0)
			break;
		number[got] = '\0';
		memcpy(prefix, proc, sizeof(proc) - 1);
		return path + length;
	}
	prefix[0] = '\0';
	return path;
}

/* Appends "NAME=value" to the variables that the environment owns. */
__attribute__((format(printf, 2, 3))) static int add(struct gons_i_environment *environment,
						     const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vasprintf(&environment->variables[environment->own], format, args);
	va_end(args);
	if (length >= 0) {
		environment->own++;
		return 0;
	}
	environment->variables[environment->own] = NULL; /* asprintf() leaves it undefined */
	return gons_i_fail(ENOMEM, "cannot create the environment of a process");
}

static int add_namespaces(const struct gons_reexec *job, struct gons_i_environment *environment)
{
	char order[GONS_I_TYPES * sizeof("!cgroup,")] = "";
	char prefix[PATH_MAX];

	for (size_t i = 0; i < job->n_namespaces; i++) {
		const char *type = job->namespaces[i].type;
		const char *path = job->namespaces[i].path;

		(void)strcat(strcat(order, i > 0 ? "," : ""),
			     type); /* fits: each type is there once */
		prefix[0] = '\0';
		if (type[0] == '!')
			path = resolve_self(path, prefix);
		if (add(environment, "%s%s=%s%s", prefix_of_gons, type + (type[0] == '!'), prefix,
			path) < 0)
			return -1;
	}
	return job->n_namespaces == 0 ? 0 : add(environment, "%sorder=%s", prefix_of_gons, order);
}

/* Copies the caller's variables, without those of gons and those to which the job gives another
 * value. */
static void add_variables_of_caller(const struct gons_reexec *job,
				    struct gons_i_environment *environment)
{
	char *const *added = (char *const *)job->environment;
	size_t n = environment->own;

	for (char **variable = environ; variable && *variable; variable++)
		if (!is_reserved(*variable) && !has(added, *variable))
			environment->variables[n++] = *variable;
	for (; added && *added; added++)
		if (!has(added + 1, *added)) /* the last one counts */
			environment->variables[n++] = *added;
}

int gons_i_environment_create(const struct gons_reexec *job, const char *ticket,
			      struct gons_i_environment *ret_environment)
{
	size_t n = count(environ) + count((char *const *)job->environment) + job->n_namespaces;
	struct gons_i_environment environment = { calloc(n + 3, sizeof(char *)), 0 };

	if (!environment.variables)
		return gons_i_fail(ENOMEM, "cannot create the environment of a process");
	if (add(&environment, "%s=%s", GONS_I_ACTION_VARIABLE, ticket) < 0 ||
	    add_namespaces(job, &environment) < 0) {
		gons_i_environment_free(&environment);
		return -1;
	}
	add_variables_of_caller(job, &environment);
	*ret_environment = environment;
	return 0;
}

void gons_i_environment_free(struct gons_i_environment *environment)
{
	int saved = errno;

	for (size_t i = 0; i < environment->own; i++)
		free(environment->variables[i]);
	free(environment->variables);
	errno = saved;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The environment of a re-executed process: start-up reads in it what the job contains.
 *
 * Each line of the input is a part of the job: "@TYPE=PATH" a namespace, with "!" before the type
 * as in the order; anything else a variable.
 */
#include <string.h>

#include "fuzz.h"
#include "gons/base/error.h"
#include "gons/base/types.h"
#include "gons/process/reexec_parts.h"
#include "gons/startup/plan.h"

enum { MOST = 32 };
static const char ticket[] = "0123456789abcdef-action";

static size_t count(char *const *variables, const char *name)
{
	const size_t length = strlen(name);
	size_t n = 0;

	for (; *variables; variables++)
		n += strncmp(*variables, name, length) == 0 && (*variables)[length] == '=';
	return n;
}

static bool has(char *const *variables, const char *variable)
{
	while (*variables && strcmp(*variables, variable) != 0)
		variables++;
	return *variables;
}

/* Where a path is to be opened early, "/proc/self" is another one for the new process. */
static void check_path(const char *given, const char *read, bool is_early)
{
	if (is_early && (strncmp(given, "/proc/self/", 11) == 0 ||
			 strncmp(given, "/proc/thread-self/", 18) == 0))
		check(strncmp(read, "/proc/", 6) == 0 &&
		      strcmp(strrchr(read, '/'), strrchr(given, '/')) == 0);
	else
		check(strcmp(given, read) == 0);
}

static void check_plan(const struct gons_reexec *job, char *const *variables)
{
	const struct gons_i_type *fault;
	struct gons_i_plan plan;

	check(gons_i_plan_parse(variables, &plan, &fault) == 0);
	check(plan.n == job->n_namespaces);
	for (size_t i = 0; i < plan.n; i++) {
		const struct gons_nsref *ref = &job->namespaces[i];

		check(plan.entry[i].early == (ref->type[0] == '!'));
		check(strcmp(plan.entry[i].type->name, ref->type + plan.entry[i].early) == 0);
		check_path(ref->path, plan.entry[i].path, plan.entry[i].early);
	}
}

/* The last value that a variable was given is its only one. */
static void check_variables(const struct gons_reexec *job, char *const *variables)
{
	check(count(variables, GONS_I_ACTION_VARIABLE) == 1);
	for (size_t i = 0; job->environment[i]; i++) {
		const char *variable = job->environment[i];
		char name[4096];

		(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(variable, "="), variable);
		check(count(variables, name) == 1);
		if (count((char *const *)job->environment + i, name) == 1)
			check(has(variables, variable));
	}
}

static void check_job(const struct gons_reexec *job)
{
	struct gons_i_environment environment;

	gons_i_failure_clear(0);
	if (gons_i_environment_check(job) < 0) {
		check(errno == EINVAL && gons_error()[0] != '\0');
		return;
	}
	check(gons_i_environment_create(job, ticket, &environment) == 0);
	check_plan(job, environment.variables);
	check_variables(job, environment.variables);
	gons_i_environment_free(&environment);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *environment[MOST + 1] = { NULL };
	struct gons_nsref refs[MOST];
	struct gons_reexec job = { .namespaces = refs, .environment = environment };
	char *text = malloc(size + 1), *equals;
	size_t n = 0;

	check(text);
	memcpy(text, data, size);
	text[size] = '\0';
	for (char *rest = text, *line;
	     n < MOST && job.n_namespaces < MOST && (line = strsep(&rest, "\n"));) {
		if (line[0] != '@') {
			environment[n++] = line;
			continue;
		}
		equals = strchr(line, '=');
		if (equals)
			*equals = '\0';
		refs[job.n_namespaces++] =
			(struct gons_nsref){ line + 1, equals ? equals + 1 : NULL };
	}
	check_job(&job);
	free(text);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader of gons_order and the variables of the types. Each line of the input is a variable.
 *
 * It also compares the plan with the result of another reader.
 */
#include <string.h>

#include "fuzz.h"
#include "gons/base/types.h"
#include "gons/startup/plan.h"

/* As getenv(3) would, "" where there is none. */
static const char *get(char *const *environment, const char *name)
{
	for (; *environment; environment++)
		if (strncmp(*environment, name, strlen(name)) == 0 &&
		    (*environment)[strlen(name)] == '=')
			return *environment + strlen(name) + 1;
	return "";
}

static const char *path_of(char *const *environment, const struct gons_i_type *entry)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "gons_%s", entry->name);
	return get(environment, name);
}

static int wanted_types(char *const *environment)
{
	int types = 0;

	for (size_t i = 0; i < GONS_I_TYPES; i++)
		if (path_of(environment, &gons_i_types[i])[0] != '\0')
			types |= gons_i_types[i].flag;
	return types;
}

/* The steps that are taken, and nothing else, are in the order one after the other. */
static void check_order(const char *order, const struct gons_i_plan *plan)
{
	char padded[128], item[16];
	const char *at = padded;

	/* An order that is accepted has eight types at most. */
	check(strlen(order) < sizeof(padded) - 2);
	(void)snprintf(padded, sizeof(padded), ",%s,", order);
	for (size_t i = 0; i < plan->n; i++) {
		(void)snprintf(item, sizeof(item), ",%s%s,", plan->entry[i].early ? "!" : "",
			       plan->entry[i].type->name);
		at = strstr(at, item);
		check(at);
	}
}

static void check_plan(char *const *environment, const struct gons_i_plan *plan)
{
	const char *order = get(environment, "gons_order");
	int types = 0;

	check(plan->n <= GONS_I_TYPES);
	for (size_t i = 0; i < plan->n; i++) {
		const struct gons_i_entry *entry = &plan->entry[i];

		check(!(types & entry->type->flag));
		types |= entry->type->flag;
		check(entry->path == path_of(environment, entry->type));
	}
	check(types == wanted_types(environment));
	check_order(order[0] ? order : "!user,!mnt,!cgroup,!ipc,!net,!pid,!uts,!time", plan);
}

static void check_environment(char *const *environment)
{
	const struct gons_i_type *fault = NULL;
	struct gons_i_plan plan;
	char variable[GONS_I_VARIABLE_SIZE];

	errno = 0;
	if (gons_i_plan_parse(environment, &plan, &fault) == 0) {
		check(!fault);
		check_plan(environment, &plan);
		return;
	}
	check(errno == EINVAL);
	check(plan.n == 0);
	check(gons_error()[0] != '\0');
	/* The variable at fault is there. */
	check(get(environment, fault ? gons_i_plan_variable(fault, variable) : "gons_order")[0] ||
	      (!fault && wanted_types(environment)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	char **environment = calloc(size + 2, sizeof(*environment));
	size_t n = 0;

	if (text && environment) {
		memcpy(text, data, size);
		text[size] = '\0';
		/* NUL bytes end a variable early. */
		for (char *rest = text, *line; (line = strsep(&rest, "\n"));)
			environment[n++] = line;
		check_environment(environment);
	}
	free(environment);
	free(text);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which namespaces the environment asks a program to join when it starts.
 *
 * Names and meanings are those of the Go package github.com/thediveo/gons, so that programs of both
 * kinds can be started alike. As there, an empty variable, gons_order too, is the same as an unset
 * one, a comma may end the order, and a type in the order without a variable is skipped. A mistake
 * is an error here, because a test must not run in other namespaces than its caller wanted.
 */
#include <stdio.h>
#include <string.h>

#include "gons/base/error.h"
#include "gons/base/types.h"
#include "gons/startup/plan.h"

static const char prefix[] = "gons_";
enum { PREFIX = sizeof(prefix) - 1 };

static const char default_order[] = "!user,!mnt,!cgroup,!ipc,!net,!pid,!uts,!time";

/* The values of the variables, "" where there is none. */
struct values {
	const char *order;
	const char *path[GONS_I_TYPES];
};

const char *gons_i_plan_variable(const struct gons_i_type *entry, char buf[GONS_I_VARIABLE_SIZE])
{
	(void)snprintf(buf, GONS_I_VARIABLE_SIZE, "%s%s", prefix, entry->name); /* fits */
	return buf;
}

/* The value in "name=value", or NULL where the variable has another name. */
static const char *value_of(const char *variable, const char *name)
{
	size_t length = strlen(name);

	return strncmp(variable, name, length) == 0 && variable[length] == '='
		       ? variable + length + 1
		       : NULL;
}

/* If a variable exists twice, the first one counts, as in getenv(3). */
static void keep_first(const char **value, const char *other)
{
	if (!*value)
		*value = other;
}

/* Returns whether any namespace is named. */
static bool read_values(char *const *environment, struct values *ret_values)
{
	bool any = false;

	memset(ret_values, 0, sizeof(*ret_values));
	for (; *environment; environment++) {
		if (strncmp(*environment, prefix, PREFIX) != 0)
			continue;
		keep_first(&ret_values->order, value_of(*environment + PREFIX, "order"));
		for (size_t i = 0; i < GONS_I_TYPES; i++)
			keep_first(&ret_values->path[i],
				   value_of(*environment + PREFIX, gons_i_types[i].name));
	}
	keep_first(&ret_values->order, "");
	for (size_t i = 0; i < GONS_I_TYPES; i++) {
		keep_first(&ret_values->path[i], "");
		any |= ret_values->path[i][0] != '\0';
	}
	return any;
}

static size_t find_type(const char *name, size_t length)
{
	size_t i = 0;

	while (i < GONS_I_TYPES && (strlen(gons_i_types[i].name) != length ||
				    memcmp(gons_i_types[i].name, name, length) != 0))
		i++;
	return i;
}

/* Takes one item of the order, "net" or "!net". */
static int add_item(const char *item, size_t length, const struct values *values, int *ordered,
		    struct gons_i_plan *plan)
{
	bool early = item[0] == '!'; /* an empty item ends in a comma or NUL */
	const char *name = item + early;
	size_t i = find_type(name, length - early);

	if (i == GONS_I_TYPES)
		return gons_i_fail(EINVAL, "\"%.*s\" is not a namespace type",
				   (int)(length - early), name);
	if (*ordered & gons_i_types[i].flag)
		return gons_i_fail(EINVAL, "%s is listed twice", gons_i_types[i].name);
	*ordered |= gons_i_types[i].flag;
	if (values->path[i][0] != '\0')
		plan->entry[plan->n++] =
			(struct gons_i_entry){ &gons_i_types[i], values->path[i], early };
	return 0;
}

static int read_order(const char *order, const struct values *values, int *ret_ordered,
		      struct gons_i_plan *plan)
{
	const char *item = order;

	for (;;) {
		size_t length = strcspn(item, ",");

		if (add_item(item, length, values, ret_ordered, plan) < 0) {
			gons_i_add_cause("it is \"%s\"", order);
			return -1;
		}
		item += length;
		if (item[0] == '\0' || item[1] == '\0')
			return 0;
		item++;
	}
}

/* A variable that is set but not in the order would be ignored silently. */
static int check_all_ordered(const struct values *values, int ordered,
			     const struct gons_i_type **ret_fault)
{
	for (size_t i = 0; i < GONS_I_TYPES; i++) {
		if (values->path[i][0] == '\0' || (ordered & gons_i_types[i].flag))
			continue;
		*ret_fault = &gons_i_types[i];
		(void)gons_i_fail(EINVAL, "%s is not in gons_order, which is \"%s\"",
				  gons_i_types[i].name, values->order);
		return -1;
	}
	return 0;
}

int gons_i_plan_parse(char *const *environment, struct gons_i_plan *ret_plan,
		      const struct gons_i_type **ret_fault)
{
	struct gons_i_plan plan = { .n = 0 };
	struct values values;
	bool any = read_values(environment, &values);
	int ordered = 0;

	*ret_fault = NULL;
	*ret_plan = plan;
	if (!any && values.order[0] == '\0')
		return 0;
	if (read_order(values.order[0] ? values.order : default_order, &values, &ordered, &plan) <
		    0 ||
	    check_all_ordered(&values, ordered, ret_fault) < 0)
		return -1;
	*ret_plan = plan;
	return 0;
}

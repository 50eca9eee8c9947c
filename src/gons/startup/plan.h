/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_STARTUP_PLAN_H
#define GONS_I_STARTUP_PLAN_H

#include "gons/base/types.h"

/* What the environment asks for: namespaces to join, in this order. */
struct gons_i_plan {
	size_t n;
	struct gons_i_entry {
		const struct gons_i_type *type;
		const char *path; /* within the environment */
		bool early; /* to be opened before the first switch */
	} entry[GONS_I_TYPES];
};

/* "gons_net", the variable with the path of a namespace of this type. */
enum { GONS_I_VARIABLE_SIZE = 16 };
const char *gons_i_plan_variable(const struct gons_i_type *entry, char buf[GONS_I_VARIABLE_SIZE]);

/* Reads gons_order and the variables of the types; there are no entries if the variables are unset.
 * Makes no system call. -1 with EINVAL, and ret_fault, the type whose variable is wrong (NULL:
 * gons_order). */
int gons_i_plan_parse(char *const *environment, struct gons_i_plan *ret_plan,
		      const struct gons_i_type **ret_fault);

#endif

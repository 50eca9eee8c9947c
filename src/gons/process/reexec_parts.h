/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_PROCESS_REEXEC_PARTS_H
#define GONS_I_PROCESS_REEXEC_PARTS_H

/*
 * The parts of re-execution: actions, and the environment by which a new process runs one.
 */

#include <gons/reexec.h>

#include "gons/base/common.h"

/* ---- reexec_action.c ---- */

/* 0, or -1 with EINVAL if this action cannot be run from this process. */
int gons_i_action_check(const char *name);

/* In a program built for gcov, the root directory that its paths are below; else -1. */
int gons_i_coverage_fd(void);

/* ---- reexec_environment.c ---- */

/* The variable by which a process knows that it is to run an action. Its value is a ticket: the
 * nonce, 'c' for a descriptor for coverage or '-', and the action's name. */
#define GONS_I_ACTION_VARIABLE "gons_action"
enum {
	GONS_I_NONCE = 16,
	GONS_I_NAME_MAX = 255,
	GONS_I_TICKET_SIZE = GONS_I_NONCE + 1 + GONS_I_NAME_MAX + 1
};

struct gons_i_environment {
	char **variables; /* ends with a NULL */
	size_t own; /* so many, from the first one on, are freed */
};

/* Checks the job's namespaces and environment. 0, or -1 with EINVAL. */
int gons_i_environment_check(const struct gons_reexec *job);

/* The environment of the process that will run the job, which was checked. */
int gons_i_environment_create(const struct gons_reexec *job, const char *ticket,
			      struct gons_i_environment *ret_environment);
void gons_i_environment_free(struct gons_i_environment *environment);

#endif

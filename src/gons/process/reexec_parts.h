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

/* In a program that is built for gcov: the directory that is the root of its paths. Otherwise
 * -1. */
int gons_i_coverage_fd(void);

/* ---- reexec_environment.c ---- */

/* The variable that tells a process to run an action. Its value, called the ticket, has three
 * parts: a nonce of GONS_I_NONCE digits; 'c' if descriptor 3 is for coverage, else '-'; and the
 * name of the action. */
#define GONS_I_ACTION_VARIABLE "gons_action"
enum {
	GONS_I_NONCE = 16,
	GONS_I_NAME_MAX = 255,
	GONS_I_TICKET_SIZE = GONS_I_NONCE + 1 + GONS_I_NAME_MAX + 1
};

struct gons_i_environment {
	char **variables; /* ends with a NULL */
	size_t own; /* how many of the first strings belong to this environment */
};

/* Checks the job's namespaces and environment. 0, or -1 with EINVAL. */
int gons_i_environment_check(const struct gons_reexec *job);

/* The environment of the process that will run the job, which was checked. */
int gons_i_environment_create(const struct gons_reexec *job, const char *ticket,
			      struct gons_i_environment *ret_environment);
void gons_i_environment_free(struct gons_i_environment *environment);

#endif

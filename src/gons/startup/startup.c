/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Start-up switching: before main, the process joins the namespaces that its environment names.
 *
 * Unlike a thread's switch it is for good, and takes user, PID and time namespaces too. The
 * places where the process comes from are kept until all went well.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/types.h"
#include "gons/core/nsfd.h"
#include "gons/core/saved_context.h"
#include "gons/core/switch.h"
#include "gons/diagnosis/refusal.h"
#include "gons/startup/plan.h"

/* Why switching failed; "" where it did not. */
static char status[GONS_I_MESSAGE_SIZE];
static int status_errno;

struct journey {
	struct gons_i_plan plan;
	size_t done; /* steps that were taken */
	int target_fd[GONS_I_TYPES]; /* of each step */
	int own_fd[GONS_I_TYPES]; /* of each step that place is not for */
	struct gons_i_context place;
};

/* The message of the last failure, and the variable it is about: the fault's, or gons_order. */
static void set_status(const struct gons_i_type *fault)
{
	char variable[GONS_I_VARIABLE_SIZE];
	int length;

	status_errno = errno;
	length = snprintf(status, sizeof(status), "%s: %s",
			  fault ? gons_i_plan_variable(fault, variable) : "gons_order",
			  gons_error());

	if (length >= (int)sizeof(status))
		memcpy(status + sizeof(status) - sizeof("..."), "...", sizeof("..."));
}

/* ---- the way back ---- */

/* Opens what the process' children are in, as far as it is not in place. */
static int open_own(const struct gons_i_type *entry)
{
	/* Before its first process is there, a PID namespace cannot be opened. */
	if (entry->flag == CLONE_NEWPID)
		return open("/proc/thread-self/ns/pid_for_children", O_RDONLY | O_CLOEXEC);
	return entry->flag == CLONE_NEWTIME ? gons_i_open_own(entry) : -1;
}

static int open_way_back(struct journey *journey)
{
	const struct gons_i_plan *plan = &journey->plan;
	int types = 0;

	for (size_t i = 0; i < plan->n; i++)
		types |= plan->step[i].entry->flag & GONS_I_SWITCHABLE_FLAGS;
	if (gons_i_context_save(types, &journey->place) < 0)
		return -1;
	for (size_t i = 0; i < plan->n; i++)
		journey->own_fd[i] = open_own(plan->step[i].entry);
	return 0;
}

static int step_back(const struct journey *journey, size_t i)
{
	const struct gons_i_type *entry = journey->plan.step[i].entry;
	struct gons_i_context place = journey->place;

	if (!(entry->flag &
	      GONS_I_SWITCHABLE_FLAGS)) /* a user namespace is never left: -1, EBADF */
		return gons_i_join(journey->own_fd[i], entry->flag);
	place.types = entry->flag;
	return gons_i_context_restore(&place);
}

/* "user:[4026532601]" for where a step has led to. */
static void name_target(const struct journey *journey, size_t i, char *buf, size_t size)
{
	const struct gons_i_type *entry = journey->plan.step[i].entry;
	struct stat st = { .st_ino = 0 };

	(void)fstat(journey->target_fd[i], &st); /* is open */
	(void)snprintf(buf, size, "%s%s:[%ju]", entry->name,
		       entry->flag == CLONE_NEWPID ? "_for_children" : "", (uintmax_t)st.st_ino);
}

/* Goes back after a failure, keeping its message; adds where the process is now, if elsewhere. */
static void go_back(const struct journey *journey)
{
	char here[GONS_I_TYPES * 48] = "", name[40];
	struct gons_i_failure failure;
	size_t used = 0;

	gons_i_failure_save(&failure);
	for (size_t i = journey->done; i-- > 0;) {
		if (step_back(journey, i) == 0)
			continue;
		name_target(journey, i, name, sizeof(name));
		used += (size_t)snprintf(here + used, sizeof(here) - used, "%s%s", used ? ", " : "",
					 name);
	}
	(void)gons_i_failure_restore(&failure);
	if (used > 0)
		gons_i_explain("the kernel does not let the process go back: it is in %s now",
			       here);
}

/* ---- the way there ---- */

static int open_target(struct journey *journey, size_t i)
{
	const struct gons_i_step *step = &journey->plan.step[i];

	journey->target_fd[i] = gons_i_open_checked(step->path, step->entry->flag);
	return journey->target_fd[i] < 0 ? -1 : 0;
}

static int take_step(struct journey *journey, size_t i)
{
	const struct gons_i_step *step = &journey->plan.step[i];
	int fd;

	if (journey->target_fd[i] < 0 && open_target(journey, i) < 0)
		return -1;
	fd = journey->target_fd[i];
	if (gons_i_switch_one(fd, step->entry->flag, &journey->place) < 0) {
		(void)gons_i_fail(errno, "cannot enter the %s namespace %s", step->entry->long_name,
				  step->path);
		gons_i_explain_join(fd, step->entry->flag);
		return -1;
	}
	journey->done = i + 1;
	return 0;
}

/* Says in ret_fault at which step it failed. */
static int travel(struct journey *journey, const struct gons_i_type **ret_fault)
{
	const struct gons_i_plan *plan = &journey->plan;

	*ret_fault = plan->step[0].entry;
	if (gons_i_has_threads())
		return gons_i_fail(EINVAL, "cannot switch a process that has other threads");
	for (size_t i = 0; i < plan->n; i++) {
		*ret_fault = plan->step[i].entry;
		if (plan->step[i].early && open_target(journey, i) < 0)
			return -1;
	}
	*ret_fault = plan->step[0].entry;
	if (open_way_back(journey) < 0)
		return -1;
	for (size_t i = 0; i < plan->n; i++) {
		*ret_fault = plan->step[i].entry;
		if (take_step(journey, i) < 0)
			return -1;
	}
	return 0;
}

static void unset_variables(void)
{
	char variable[GONS_I_VARIABLE_SIZE];

	for (size_t i = 0; i < GONS_I_TYPES; i++)
		(void)unsetenv(gons_i_plan_variable(&gons_i_types[i], variable));
	(void)unsetenv("gons_order");
}

static void switch_by(const struct gons_i_plan *plan)
{
	struct journey journey = { .plan = *plan,
				   .target_fd = { [0 ... GONS_I_TYPES - 1] = -1 },
				   .own_fd = { [0 ... GONS_I_TYPES - 1] = -1 },
				   .place = { .fd = { [0 ... GONS_I_ENTERABLE - 1] = -1 },
					      .root_fd = -1,
					      .cwd_fd = -1 } };
	const struct gons_i_type *fault;

	if (travel(&journey, &fault) == 0) {
		unset_variables();
	} else {
		go_back(&journey);
		set_status(fault);
	}
	gons_i_context_close(&journey.place);
	for (size_t i = 0; i < GONS_I_TYPES; i++) {
		gons_i_close_fd(&journey.target_fd[i]);
		gons_i_close_fd(&journey.own_fd[i]);
	}
}

/* The priority puts it before other constructors, also those of a program that has the library
 * in it: threads that they start, and what they open, belong into the new namespaces. */
__attribute__((constructor(101))) static void switch_at_startup(void)
{
	extern char **environ;
	const struct gons_i_type *fault;
	struct gons_i_plan plan;
	int errnum = errno;

	/* A program with more powers than its caller must not be led astray by the caller. */
	if (!environ || getauxval(AT_SECURE) != 0)
		return;
	if (gons_i_plan_make(environ, &plan, &fault) < 0)
		set_status(fault);
	else if (plan.n > 0)
		switch_by(&plan);
	else
		return;
	gons_i_failure_forget(errnum); /* it is no call that has failed */
}

GONS_EXPORT const char *gons_status(void)
{
	return status[0] != '\0' ? status : NULL;
}

GONS_EXPORT int gons_status_errno(void)
{
	return status_errno;
}

GONS_EXPORT void gons_status_or_exit(void)
{
	if (status[0] == '\0')
		return;
	(void)fprintf(stderr, "%s\n", status);
	exit(EXIT_FAILURE);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Start-up switching: before main, the process joins the namespaces that its environment names.
 *
 * Unlike the switch of a thread it is permanent, and includes user, PID and time namespaces. The
 * previous namespaces are kept open until the last one was joined.
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
#include "gons/base/procfs.h"
#include "gons/base/types.h"
#include "gons/core/nsfd.h"
#include "gons/core/saved_context.h"
#include "gons/core/switch.h"
#include "gons/diagnosis/refusal.h"
#include "gons/startup/plan.h"

/* Why switching failed; "" if it did not. */
static char status[GONS_I_MESSAGE_SIZE];
static int status_errno;

struct startup {
	struct gons_i_plan plan;
	size_t done; /* entries that were joined */
	bool skipped[GONS_I_TYPES]; /* of each entry: the process was in it already */
	int target_fd[GONS_I_TYPES]; /* of each entry */
	int own_fd[GONS_I_TYPES]; /* of each entry that the context does not hold */
	struct gons_i_context context;
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

/* ---- the return ---- */

/* Opens what the children of the process are in, if the context does not hold it. */
static int open_own(const struct gons_i_type *type)
{
	/* A PID namespace without a first process cannot be opened. */
	if (type->flag == CLONE_NEWPID)
		return open("/proc/thread-self/ns/pid_for_children", O_RDONLY | O_CLOEXEC);
	return type->flag == CLONE_NEWTIME ? gons_i_open_own(type) : -1;
}

static int save_context(struct startup *startup)
{
	const struct gons_i_plan *plan = &startup->plan;
	int types = 0;

	for (size_t i = 0; i < plan->n; i++)
		types |= plan->entry[i].type->flag & GONS_I_SWITCHABLE_FLAGS;
	if (gons_i_context_save(types, &startup->context) < 0)
		return -1;
	for (size_t i = 0; i < plan->n; i++)
		startup->own_fd[i] = open_own(plan->entry[i].type);
	return 0;
}

static int return_from(const struct startup *startup, size_t i)
{
	const struct gons_i_type *type = startup->plan.entry[i].type;
	struct gons_i_context context = startup->context;

	if (startup->skipped[i])
		return 0;
	/* A user namespace is never left: -1, EBADF. */
	if (!(type->flag & GONS_I_SWITCHABLE_FLAGS))
		return gons_i_join(startup->own_fd[i], type->flag);
	context.types = type->flag;
	return gons_i_context_restore(&context);
}

/* "user:[4026532601]" for the namespace of an entry. */
static void name_target(const struct startup *startup, size_t i, char *buf, size_t size)
{
	const struct gons_i_type *type = startup->plan.entry[i].type;
	struct stat st = { .st_ino = 0 };

	(void)fstat(startup->target_fd[i], &st); /* is open */
	(void)snprintf(buf, size, "%s%s:[%ju]", type->name,
		       type->flag == CLONE_NEWPID ? "_for_children" : "", (uintmax_t)st.st_ino);
}

/* Returns after a failure, keeping its message; adds where the process is now, if elsewhere. */
static void return_all(const struct startup *startup)
{
	char here[GONS_I_TYPES * 48] = "", name[40];
	struct gons_i_failure failure;
	size_t used = 0;

	gons_i_failure_save(&failure);
	for (size_t i = startup->done; i-- > 0;) {
		if (return_from(startup, i) == 0)
			continue;
		name_target(startup, i, name, sizeof(name));
		used += (size_t)snprintf(here + used, sizeof(here) - used, "%s%s", used ? ", " : "",
					 name);
	}
	(void)gons_i_failure_restore(&failure);
	if (used > 0)
		gons_i_add_remedy("the kernel refuses the return, so the process is in %s now",
				  here);
}

/* ---- joining ---- */

static int open_target(struct startup *startup, size_t i)
{
	const struct gons_i_entry *entry = &startup->plan.entry[i];

	startup->target_fd[i] = gons_i_open_checked(entry->path, entry->type->flag);
	return startup->target_fd[i];
}

static int join(struct startup *startup, size_t i)
{
	const struct gons_i_entry *entry = &startup->plan.entry[i];
	int fd;

	if (startup->target_fd[i] < 0 && open_target(startup, i) < 0)
		return -1;
	fd = startup->target_fd[i];
	if (gons_i_switch_one(fd, entry->type->flag, &startup->context) < 0) {
		/* setns(2) always refuses the user namespace that the process is in. */
		startup->skipped[i] =
			entry->type->flag == CLONE_NEWUSER && gons_i_is_own(fd, entry->type);
		if (!startup->skipped[i]) {
			(void)gons_i_fail(errno, "cannot enter the %s namespace %s",
					  entry->type->long_name, entry->path);
			gons_i_diagnose_join(fd, entry->type->flag);
			return -1;
		}
	}
	startup->done = i + 1;
	return 0;
}

/* Sets ret_fault to the type with which it failed. */
static int join_all(struct startup *startup, const struct gons_i_type **ret_fault)
{
	const struct gons_i_plan *plan = &startup->plan;

	*ret_fault = plan->entry[0].type;
	if (gons_i_has_threads())
		return gons_i_fail(EINVAL, "cannot switch a process that has other threads");
	for (size_t i = 0; i < plan->n; i++) {
		*ret_fault = plan->entry[i].type;
		if (plan->entry[i].early && open_target(startup, i) < 0)
			return -1;
	}
	*ret_fault = plan->entry[0].type;
	if (save_context(startup) < 0)
		return -1;
	for (size_t i = 0; i < plan->n; i++) {
		*ret_fault = plan->entry[i].type;
		if (join(startup, i) < 0)
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
	struct startup startup = { .plan = *plan,
				   .target_fd = { [0 ... GONS_I_TYPES - 1] = -1 },
				   .own_fd = { [0 ... GONS_I_TYPES - 1] = -1 },
				   .context = { .fd = { [0 ... GONS_I_ENTERABLE - 1] = -1 },
						.root_fd = -1,
						.cwd_fd = -1 } };
	const struct gons_i_type *fault;

	if (join_all(&startup, &fault) == 0) {
		unset_variables();
	} else {
		return_all(&startup);
		set_status(fault);
	}
	gons_i_context_close(&startup.context);
	for (size_t i = 0; i < GONS_I_TYPES; i++) {
		gons_i_close_fd(&startup.target_fd[i]);
		gons_i_close_fd(&startup.own_fd[i]);
	}
}

/* The priority puts it before other constructors, also those of a program that is linked with
 * libgons.a: the threads that they start, and what they open, belong to the new namespaces. */
__attribute__((constructor(101))) static void switch_at_startup(void)
{
	extern char **environ;
	const struct gons_i_type *fault;
	struct gons_i_plan plan;
	int errnum = errno;

	/* The caller of a program with elevated privileges must not choose its namespaces. */
	if (!environ || getauxval(AT_SECURE) != 0)
		return;
	if (gons_i_plan_parse(environ, &plan, &fault) < 0)
		set_status(fault);
	else if (plan.n > 0)
		switch_by(&plan);
	else
		return;
	gons_i_failure_clear(errnum); /* the program has made no call yet */
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

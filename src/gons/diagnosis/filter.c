/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a seccomp filter refuses a system call. Proved rather than guessed: the call is made
 * with arguments that the kernel itself answers by another error, before it looks at
 * permissions, and changes nothing for. Any other answer is not the kernel's.
 */
#include <linux/capability.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/syscall.h>

#include <gons/privilege.h>

#include "gons/base/caps.h"
#include "gons/base/error.h"
#include "gons/base/procfs.h"
#include "gons/base/types.h"
#include "gons/diagnosis/cause.h"
#include "gons/diagnosis/refusal.h"

enum { NO_FLAGS = ~0 };

static const struct question {
	const char *call;
	long number;
	long args[5];
	int answer; /* the kernel's */
	int types_at; /* the argument that types are added to, or -1 */
	bool admin; /* only to who may mount: the kernel looks at that first */
} questions[] = {
	/* Not one of unshare's flags. A filter that looks for those of namespaces finds them
	 * beside it. */
	{ "unshare(2)", SYS_unshare, { CLONE_PARENT_SETTID }, EINVAL, 0, false },
	{ "setns(2)", SYS_setns, { -1 }, EBADF, 1, false },
	{ "chroot(2)", SYS_chroot, { (long)"" }, ENOENT, -1, false },
	{ "mount(2)", SYS_mount, { (long)"none", (long)"", (long)"none" }, ENOENT, -1, false },
	{ "fsopen(2)", SYS_fsopen, { (long)"", NO_FLAGS }, EINVAL, -1, true },
	{ "fsconfig(2)", SYS_fsconfig, { -1 }, EINVAL, -1, false },
	{ "fsmount(2)", SYS_fsmount, { -1, NO_FLAGS }, EINVAL, -1, true },
	{ "open_tree(2)", SYS_open_tree, { -1, (long)"", NO_FLAGS }, EINVAL, -1, false },
	{ "move_mount(2)",
	  SYS_move_mount,
	  { -1, (long)"", -1, (long)"", NO_FLAGS },
	  EINVAL,
	  -1,
	  true },
	{ "clone3(2)", SYS_clone3, { 0 }, EINVAL, -1, false },
	{ "openat2(2)", SYS_openat2, { -1, (long)"" }, EINVAL, -1, false },
};

static const struct question *find(const char *call)
{
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
		if (strcmp(questions[i].call, call) == 0)
			return &questions[i];
	return NULL;
}

static bool may_mount(void)
{
	return gons_i_has_cap(CAP_SYS_ADMIN) && !gons_i_is_foreign(CLONE_NEWNS);
}

/* Whether it is not the kernel that answers. */
static bool is_refused(const struct question *question, int types)
{
	long args[5];

	memcpy(args, question->args, sizeof(args));
	if (types != 0)
		args[question->types_at] |= types;
	return syscall(question->number, args[0], args[1], args[2], args[3], args[4]) < 0 &&
	       errno != question->answer;
}

bool gons_i_has_filter(void)
{
	uint64_t mode;

	return gons_i_status_number("Seccomp", 10, &mode) == 0 && mode == 2;
}

enum gons_i_filtered gons_i_filtered(const char *call, int types)
{
	const struct question *question = find(call);
	enum gons_i_filtered filtered = GONS_I_FILTERED_NOT;
	const int errnum = errno;

	if (question && (!question->admin || may_mount())) {
		/* Debian's kernel looks at its sysctl before it does at the flags. */
		if (gons_i_clone_is_off())
			types &= ~CLONE_NEWUSER;
		if (is_refused(question, 0))
			filtered = GONS_I_FILTERED;
		else if (types != 0 && question->types_at >= 0 && is_refused(question, types))
			filtered = GONS_I_FILTERED_TYPES;
	}
	errno = errnum;
	return filtered;
}

bool gons_i_explain_filter(const char *call, int types)
{
	const enum gons_i_filtered filtered = gons_i_filtered(call, types);
	char nouns[GONS_I_TYPE_NAMES_SIZE];

	if (filtered == GONS_I_FILTERED_NOT)
		return false;
	if (!gons_i_has_filter())
		gons_i_explain("it is not the kernel that refuses %s, but a tracer or a sandbox",
			       call);
	else if (filtered == GONS_I_FILTERED)
		gons_i_explain("a seccomp filter refuses %s, as in a container: run without it "
			       "(seccomp=unconfined)",
			       call);
	else
		gons_i_explain(
			"a seccomp filter refuses %s for %s namespaces, as in a container: run "
			"without it (seccomp=unconfined)",
			call, gons_i_type_names(types, nouns));
	return true;
}

bool gons_i_explain_call(const char *call, const char *since)
{
	if (errno == EPERM)
		return gons_i_explain_filter(call, 0);
	if (errno != ENOSYS)
		return false;
	gons_i_explain(
		"%s is missing: Linux %s is needed, and a container whose seccomp filter lets "
		"it pass",
		call, since);
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a seccomp filter refuses a system call. The call is made in a child process, with
 * arguments that the kernel answers by another error before it looks at permissions. A filter may
 * kill the child, and a kernel of the future may accept the arguments: neither harms the caller.
 */
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "gons/base/caps.h"
#include "gons/base/child.h"
#include "gons/base/error.h"
#include "gons/base/procfs.h"
#include "gons/base/types.h"
#include "gons/diagnosis/cause.h"
#include "gons/diagnosis/refusal.h"

/* Flags that no call knows: all bits are set. */
enum { NO_FLAGS = ~0 };

#define ALL_TYPES                                                                                  \
	(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP |              \
	 CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWTIME)

static const struct probe {
	const char *call;
	long number;
	long args[5];
	int answer; /* the kernel's, or 0: it succeeds and does nothing */
	int types_at; /* the argument that types are added to, or -1 */
	long beside; /* what is added with them, so that the kernel's answer is EINVAL */
	bool admin; /* only for who may mount: the kernel looks at that first */
} probes[] = {
	{ "unshare(2)", SYS_unshare, { 0 }, 0, 0, ~(long)ALL_TYPES & 0xffffffffL, false },
	{ "setns(2)", SYS_setns, { -1 }, EBADF, 1, 0, false },
	{ "chroot(2)", SYS_chroot, { (long)"" }, ENOENT, -1, 0, false },
	{ "mount(2)", SYS_mount, { (long)"none", (long)"", (long)"none" }, ENOENT, -1, 0, false },
	{ "fsopen(2)", SYS_fsopen, { (long)"", NO_FLAGS }, EINVAL, -1, 0, true },
	{ "fsconfig(2)", SYS_fsconfig, { -1 }, EINVAL, -1, 0, false },
	{ "fsmount(2)", SYS_fsmount, { -1, NO_FLAGS }, EINVAL, -1, 0, true },
	{ "open_tree(2)", SYS_open_tree, { -1, (long)"", NO_FLAGS }, EINVAL, -1, 0, false },
	{ "move_mount(2)",
	  SYS_move_mount,
	  { -1, (long)"", -1, (long)"", NO_FLAGS },
	  EINVAL,
	  -1,
	  0,
	  true },
	{ "clone3(2)", SYS_clone3, { 0 }, EINVAL, -1, 0, false },
	{ "openat2(2)", SYS_openat2, { -1, (long)"" }, EINVAL, -1, 0, false },
	{ "sethostname(2)", SYS_sethostname, { 0, -1 }, EINVAL, -1, 0, false },
};

static const struct probe *find(const char *call)
{
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++)
		if (strcmp(probes[i].call, call) == 0)
			return &probes[i];
	return NULL;
}

static bool may_mount(void)
{
	return gons_i_has_cap(CAP_SYS_ADMIN) && !gons_i_is_owned_by_ancestor(CLONE_NEWNS);
}

bool gons_i_has_filter(void)
{
	uint64_t mode;

	return gons_i_status_number("Seccomp", 10, &mode) == 0 && mode == 2;
}

/* ---- in the child ---- */

struct attempt {
	const struct probe *probe;
	int types;
};

/* The errno of the call with this added to its argument, or 0. */
static int probe_call(const struct probe *probe, long added)
{
	long args[5];

	memcpy(args, probe->args, sizeof(args));
	if (added != 0)
		args[probe->types_at] |= added;
	if (syscall(probe->number, args[0], args[1], args[2], args[3], args[4]) >= 0)
		return 0;
	return errno;
}

/* A success is never a refusal. */
static bool is_refusal(int errnum, int expected)
{
	return errnum != 0 && errnum != expected;
}

static int probe_in_child(void *arg)
{
	const struct attempt *attempt = arg;
	const struct probe *probe = attempt->probe;
	int plain;

	if (is_refusal(probe_call(probe, 0), probe->answer))
		return GONS_I_FILTERED;
	if (attempt->types == 0 || probe->types_at < 0)
		return GONS_I_FILTERED_NOT;
	/* A newer kernel may check something else first. Then both answers are the same. */
	plain = probe->beside ? probe_call(probe, probe->beside) : probe->answer;
	if (is_refusal(plain, probe->beside ? EINVAL : probe->answer))
		return GONS_I_FILTERED_NOT;
	return is_refusal(probe_call(probe, probe->beside | attempt->types), plain)
		       ? GONS_I_FILTERED_TYPES
		       : GONS_I_FILTERED_NOT;
}

/* ---- the result ---- */

enum gons_i_filtered gons_i_filtered(const char *call, int types)
{
	enum { LIMIT_S = 30 };
	struct attempt attempt = { find(call), types };
	struct gons_i_failure before;
	const int errnum = errno;
	int result;

	if (!attempt.probe || (attempt.probe->admin && !may_mount()))
		return GONS_I_FILTERED_NOT;
	/* gVisor looks at capabilities first, and lacks some of the calls. */
	if (gons_i_is_gvisor() && !(gons_i_has_filter() && gons_i_has_root_caps()))
		return GONS_I_FILTERED_NOT;
	/* Debian's kernel looks at its sysctl before it does at the flags. */
	if (gons_i_userns_clone_is_off())
		attempt.types &= ~CLONE_NEWUSER;
	gons_i_failure_save(&before);
	result = gons_i_in_child_for(LIMIT_S, probe_in_child, &attempt);
	(void)gons_i_failure_restore(&before);
	errno = errnum;
	/* The child was killed, or there is none: the filter may treat the real call in another
	 * way. */
	return result < 0 ? GONS_I_FILTERED_NOT : (enum gons_i_filtered)result;
}

void gons_i_add_filter_remedy(void)
{
	gons_i_add_remedy("run without the filter (docker, podman: --security-opt "
			  "seccomp=unconfined)");
}

void gons_i_add_tracer(const char *before, const char *call)
{
	gons_i_add_cause("%sit is not the kernel that refuses %s, but a tracer or a sandbox",
			 before, call);
	gons_i_add_remedy("run without it (proot: take bwrap)");
}

bool gons_i_diagnose_filter_with_prefix(const char *before, const char *call, int types)
{
	const enum gons_i_filtered filtered = gons_i_filtered(call, types);
	char names[GONS_I_TYPE_NAMES_SIZE];

	if (filtered == GONS_I_FILTERED_NOT)
		return false;
	if (!gons_i_has_filter()) {
		gons_i_add_tracer(before, call);
		return true;
	}
	if (filtered == GONS_I_FILTERED)
		gons_i_add_cause("%sa seccomp filter refuses %s", before, call);
	else
		gons_i_add_cause("%sa seccomp filter refuses %s for %s namespaces", before, call,
				 gons_i_type_names(types, names));
	gons_i_add_filter_remedy();
	return true;
}

bool gons_i_diagnose_filter(const char *call, int types)
{
	return gons_i_diagnose_filter_with_prefix("", call, types);
}

/* ---- calls that older kernels lack ---- */

bool gons_i_kernel_is_before(const char *version)
{
	struct utsname system;
	unsigned long major, minor, wanted_major, wanted_minor;
	char *rest;

	if (uname(&system) < 0)
		return true;
	major = strtoul(system.release, &rest, 10); /* "6.1.0-9-amd64" */
	minor = *rest == '.' ? strtoul(rest + 1, NULL, 10) : 0;
	wanted_major = strtoul(version, &rest, 10);
	wanted_minor = *rest == '.' ? strtoul(rest + 1, NULL, 10) : 0;
	return major != wanted_major ? major < wanted_major : minor < wanted_minor;
}

bool gons_i_diagnose_call(const char *call, const char *since)
{
	if (errno == EPERM)
		return gons_i_diagnose_filter(call, 0);
	if (errno != ENOSYS)
		return false;
	if (gons_i_diagnose_gvisor("%s", call))
		return true;
	if (gons_i_kernel_is_before(since)) {
		gons_i_add_cause("%s needs Linux %s", call, since);
		gons_i_add_remedy("use a newer kernel");
	} else if (gons_i_has_filter()) {
		gons_i_add_cause("Linux has %s since %s, so possibly a seccomp filter refuses it",
				 call, since);
		gons_i_add_filter_remedy();
	} else {
		gons_i_add_cause(
			"Linux has %s since %s, so possibly an emulator, such as qemu-user or "
			"valgrind, does not know it",
			call, since);
		gons_i_add_remedy("run without it");
	}
	errno = ENOSYS;
	return true;
}

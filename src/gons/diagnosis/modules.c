/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Security modules: whether one may have refused something, and which label it gives the process.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "gons/base/caps.h"
#include "gons/base/child.h"
#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/procfs.h"
#include "gons/base/signal_safe_read.h"
#include "gons/diagnosis/cause.h"

#ifndef SYS_lsm_list_modules
#ifdef __alpha__
#define SYS_lsm_list_modules 571
#else
#define SYS_lsm_list_modules 461
#endif
#endif

/* ---- which modules there are ---- */

/* Of <linux/lsm.h>, which is newer than the headers that this builds with. */
enum {
	ID_SELINUX = 101,
	ID_SMACK = 102,
	ID_TOMOYO = 103,
	ID_APPARMOR = 104,
	ID_BPF = 109,
	ID_LANDLOCK = 110,
	ID_KNOWN = 113, /* those before it that are not named refuse none of this */
};

static const struct {
	uint64_t id;
	const char *name;
	bool guards_userns;
} modules[] = {
	{ ID_SELINUX, "SELinux", true }, { ID_SMACK, "Smack", false },
	{ ID_TOMOYO, "TOMOYO", false },	 { ID_APPARMOR, "AppArmor", true },
	{ ID_BPF, "BPF", true },	 { ID_LANDLOCK, "Landlock", false },
};
enum { MODULES = sizeof(modules) / sizeof(modules[0]), UNKNOWN = 1 << MODULES };

/* The bit of a module that may refuse it. */
static int bit_of(uint64_t id, enum gons_i_guarded guarded)
{
	for (int i = 0; i < MODULES; i++)
		if (modules[i].id == id)
			return guarded != GONS_I_GUARDED_USERNS || modules[i].guards_userns ? 1 << i
											    : 0;
	return id > ID_KNOWN ? UNKNOWN : 0;
}

/* In a child process, since a filter may kill for a call that it does not know. */
static int list_modules(void *arg)
{
	const enum gons_i_guarded guarded = *(enum gons_i_guarded *)arg;
	uint64_t ids[32];
	uint32_t size = sizeof(ids);
	const long n = syscall(SYS_lsm_list_modules, ids, &size, 0);
	int found = 0;

	for (long i = 0; i < n; i++)
		found |= bit_of(ids[i], guarded);
	return n < 0 ? -1 : found;
}

/* The bits of those that may refuse it, or -1 where the kernel does not tell (before Linux 6.8). */
static int find_modules(enum gons_i_guarded guarded)
{
	enum { LIMIT_S = 30 };
	const int errnum = errno;
	struct gons_i_failure before;
	int found;

	gons_i_failure_save(&before);
	found = gons_i_in_child_for(LIMIT_S, list_modules, &guarded);
	(void)gons_i_failure_restore(&before);
	errno = errnum;
	return found;
}

bool gons_i_no_module_refuses(enum gons_i_guarded guarded)
{
	return find_modules(guarded) == 0;
}

/* "a security module (AppArmor or BPF)" */
static void describe_modules(enum gons_i_guarded guarded, char *text, size_t size)
{
	const int found = find_modules(guarded);
	const char *separator = " (";
	size_t used = (size_t)snprintf(text, size, "a security module");

	if (found <= 0 || (found & UNKNOWN)) {
		(void)snprintf(text, size, "a security module, such as %s,",
			       guarded == GONS_I_GUARDED_MOUNT ? "AppArmor or Landlock"
							       : "AppArmor or SELinux");
		return;
	}
	for (int i = 0; i < MODULES && used < size; i++) {
		if (!(found & 1 << i))
			continue;
		used += (size_t)snprintf(text + used, size - used, "%s%s", separator,
					 modules[i].name);
		separator = " or ";
	}
	if (used < size)
		(void)snprintf(text + used, size - used, ")");
}

/* ---- what they refuse to this process ---- */

/* capget(2) asks the module, procfs does not. */
bool gons_i_module_withholds_cap(int cap)
{
	const int errnum = errno;
	uint64_t caps;
	const bool taken = gons_i_status_number("CapEff", 16, &caps) == 0 && (caps >> cap & 1) &&
			   !gons_i_has_cap(cap);

	errno = errnum;
	return taken;
}

/* The label that a module gives this process. False if the process is unconfined, or has no
 * label. */
static bool read_label(const char *path, char *label, size_t size)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : gons_i_read(fd, label, size - 1);

	if (length <= 0)
		return false;
	label[length] = '\0';
	label[strcspn(label, "\n")] = '\0';
	return label[0] != '\0' && strcmp(label, "unconfined") != 0;
}

/* Only AppArmor's labels end in a mode. */
static bool is_profile(const char *label)
{
	return label[strlen(label) - 1] == ')';
}

void gons_i_diagnose_confinement(const char *before, const char *refuses,
				 enum gons_i_guarded guarded)
{
	const int errnum = errno;
	char label[128], names[96];

	if (gons_i_is_gvisor()) { /* which has no such modules */
		gons_i_add_cause("%sgVisor, which is the kernel here, %s", before, refuses);
		gons_i_add_gvisor_remedy();
	} else if (!read_label("/proc/thread-self/attr/apparmor/current", label, sizeof(label)) &&
		   !read_label("/proc/thread-self/attr/current", label, sizeof(label))) {
		describe_modules(guarded, names, sizeof(names));
		gons_i_add_cause("%s%s %s", before, names, refuses);
	} else if (!is_profile(label)) {
		gons_i_add_cause("%sa security module, for which this process is \"%s\", %s",
				 before, label, refuses);
	} else {
		gons_i_add_cause("%sthe AppArmor profile %s %s", before, label, refuses);
		if (strstr(label, "unprivileged_userns"))
			gons_i_add_remedy(
				"set kernel.apparmor_restrict_unprivileged_userns to 0, or give "
				"this program a profile that allows userns");
		else
			gons_i_add_remedy("run without the profile (docker, podman: --security-opt "
					  "apparmor=unconfined; Kubernetes: appArmorProfile.type: "
					  "Unconfined)");
	}
	errno = errnum;
}

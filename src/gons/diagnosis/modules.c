/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Security modules: whether one may have refused something, and what it calls the process.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>

#include "gons/base/caps.h"
#include "gons/base/child.h"
#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/procfs.h"
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

static bool may_refuse(uint64_t id, enum gons_i_guarded guarded)
{
	if (id > ID_KNOWN)
		return true;
	if (id == ID_SMACK || id == ID_TOMOYO || id == ID_LANDLOCK)
		return guarded != GONS_I_GUARDED_USERNS;
	return id == ID_SELINUX || id == ID_APPARMOR || id == ID_BPF;
}

/* In a child process, since a filter may kill for a call that it does not know. */
static int look_for_none(void *arg)
{
	const enum gons_i_guarded guarded = *(enum gons_i_guarded *)arg;
	uint64_t ids[32];
	uint32_t size = sizeof(ids);
	const long n = syscall(SYS_lsm_list_modules, ids, &size, 0);

	for (long i = 0; i < n; i++)
		if (may_refuse(ids[i], guarded))
			return 0;
	return n >= 0;
}

bool gons_i_no_module_refuses(enum gons_i_guarded guarded)
{
	enum { LIMIT_S = 30 };
	const int errnum = errno;
	struct gons_i_failure before;
	int none;

	gons_i_failure_save(&before);
	none = gons_i_in_child_for(LIMIT_S, look_for_none, &guarded);
	(void)gons_i_failure_restore(&before);
	errno = errnum;
	return none == 1;
}

/* ---- what they do to this process ---- */

/* capget(2) asks the module, procfs does not. */
bool gons_i_is_taken(int cap)
{
	const int errnum = errno;
	uint64_t caps;
	const bool taken = gons_i_status_number("CapEff", 16, &caps) == 0 && (caps >> cap & 1) &&
			   !gons_i_has_cap(cap);

	errno = errnum;
	return taken;
}

/* What a module calls this process. False where it leaves it alone, or none tells. */
static bool read_label(const char *path, char *label, size_t size)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, label, size - 1);

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
	char label[128];

	if (!read_label("/proc/thread-self/attr/apparmor/current", label, sizeof(label)) &&
	    !read_label("/proc/thread-self/attr/current", label, sizeof(label))) {
		gons_i_add_cause("%sa security module, such as %s, %s", before,
				 guarded == GONS_I_GUARDED_MOUNT ? "AppArmor or Landlock"
								 : "AppArmor or SELinux",
				 refuses);
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
					  "apparmor=unconfined)");
	}
	errno = errnum;
}

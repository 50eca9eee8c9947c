/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a process cannot create or enter user namespaces: settings of the kernel, its root directory,
 * its ids, its threads.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#include "gons/base/caps.h"
#include "gons/base/child.h"
#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/signal_safe_read.h"
#include "gons/base/mountinfo.h"
#include "gons/base/mounts.h"
#include "gons/base/procfs.h"
#include "gons/base/types.h"
#include "gons/diagnosis/cause.h"
#include "gons/diagnosis/refusal.h"

/* ---- chroot ---- */

enum { SAME_ROOT, OTHER_ROOT };

/* In a child process: joining the mount namespace that a thread is in moves the thread to the root
 * of the namespace. */
static int compare_roots(void *arg)
{
	const uint64_t id = gons_i_mount_id("/");
	struct stat before, after;
	cleanup_fd int fd = open("/proc/thread-self/ns/mnt", O_RDONLY | O_CLOEXEC);

	(void)arg;
	if (fd < 0 || stat("/", &before) < 0 || setns(fd, CLONE_NEWNS) < 0 || stat("/", &after) < 0)
		return -1;
	return gons_i_mount_id("/") != id || before.st_dev != after.st_dev ||
			       before.st_ino != after.st_ino
		       ? OTHER_ROOT
		       : SAME_ROOT;
}

/* Whether this process has the mount of this number elsewhere than on "/". */
static bool has_elsewhere(pid_t pid, uint64_t id)
{
	char path[64];
	struct gons_i_lines lines;
	struct gons_i_mount mount;
	bool has = false;

	(void)snprintf(path, sizeof(path), "/proc/%d/mountinfo", pid);
	if (gons_i_lines_open(&lines, path) < 0)
		return false;
	while (!has && gons_i_mountinfo_next(&lines, &mount) > 0)
		has = (uint64_t)mount.id == id && strcmp(mount.point, "/") != 0;
	gons_i_lines_close(&lines);
	return has;
}

static pid_t parent_of(pid_t pid)
{
	char path[64];
	struct gons_i_lines lines;
	const char *line;
	pid_t parent = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (gons_i_lines_open(&lines, path) < 0)
		return 0;
	while (parent == 0 && (line = gons_i_lines_next(&lines)))
		if (strncmp(line, "PPid:", 5) == 0)
			parent = (pid_t)atoi(line + 5);
	gons_i_lines_close(&lines);
	return parent;
}

/* An ancestor process that is outside of the chroot sees where the root is mounted. */
static bool is_seen_elsewhere(void)
{
	enum { MOST_ANCESTORS = 64 };
	const uint64_t id = gons_i_mount_id("/");
	pid_t pid = getppid();

	for (int i = 0; id != 0 && pid > 0 && i < MOST_ANCESTORS; i++) {
		if (has_elsewhere(pid, id))
			return true;
		pid = parent_of(pid);
	}
	return false;
}

static bool is_chrooted(void)
{
	enum { LIMIT_S = 30 };
	struct gons_i_failure before;
	int compared;

	if (gons_i_mount_root("/", 0) == 0)
		return true; /* no mount begins there */
	gons_i_failure_save(&before);
	compared = gons_i_has_cap(CAP_SYS_ADMIN) && gons_i_has_cap(CAP_SYS_CHROOT)
			   ? gons_i_in_child_for(LIMIT_S, compare_roots, NULL)
			   : -1;
	(void)gons_i_failure_restore(&before);
	return compared == OTHER_ROOT || (compared < 0 && is_seen_elsewhere());
}

/* ---- ids ---- */

#define MAP_USER                                                                                   \
	"map it, which for user 0 takes CAP_SETFCAP (docker, podman: --cap-add SETFCAP; bwrap: "   \
	"--cap-add ALL, or leave out --uid 0)"

/* Reads one line of a map: "inside outside count". */
static bool next_range(struct gons_i_lines *lines, unsigned long *inside, unsigned long *count)
{
	char *line = gons_i_lines_next(lines);

	if (!line)
		return false;
	*inside = strtoul(line, &line, 10);
	(void)strtoul(line, &line, 10);
	*count = strtoul(line, NULL, 10);
	return true;
}

bool gons_i_is_mapped(const char *path, unsigned id)
{
	struct gons_i_lines lines;
	unsigned long inside, count;
	bool mapped = false;

	if (gons_i_lines_open(&lines, path) < 0)
		return true;
	while (!mapped && next_range(&lines, &inside, &count))
		mapped = id >= inside && id - inside < count;
	gons_i_lines_close(&lines);
	return mapped;
}

unsigned long gons_i_count_mapped(const char *path)
{
	struct gons_i_lines lines;
	unsigned long inside, count, sum = 0;

	if (gons_i_lines_open(&lines, path) < 0)
		return 0;
	while (next_range(&lines, &inside, &count))
		sum += count;
	gons_i_lines_close(&lines);
	return sum;
}

bool gons_i_is_procfs_read_only(void)
{
	const int errnum = errno;
	struct statvfs st;
	const bool is = statvfs("/proc/thread-self/uid_map", &st) == 0 && (st.f_flag & ST_RDONLY);

	errno = errnum;
	return is;
}

bool gons_i_is_fakeroot(void)
{
	return geteuid() == 0 && syscall(SYS_geteuid) != 0;
}

bool gons_i_is_fakeroot_by_ipc(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return getenv("FAKEROOTKEY") && preload && strstr(preload, "libfakeroot") &&
	       !strstr(preload, "libfakeroot-tcp");
}

/* ---- all of it ---- */

static const struct gons_i_obstacle *find_obstacle(void)
{
	static const struct gons_i_obstacle option = {
		"this kernel was built without user namespaces (CONFIG_USER_NS)", NULL
	};
	static const struct gons_i_obstacle limit = {
		"unprivileged user namespaces are disabled (user.max_user_namespaces = 0)",
		"raise the limit"
	};
	static const struct gons_i_obstacle debian = {
		"unprivileged user namespaces are disabled (kernel.unprivileged_userns_clone = 0)",
		"set that to 1"
	};
	static const struct gons_i_obstacle chrooted = {
		"the kernel refuses user namespaces to chrooted processes", GONS_I_NO_CHROOT
	};
	static const struct gons_i_obstacle unmapped = {
		"the kernel refuses user namespaces to a user or group that is not mapped in the "
		"present one",
		MAP_USER
	};
	static const struct gons_i_obstacle apparmor = {
		"AppArmor leaves unprivileged user namespaces without capabilities "
		"(kernel.apparmor_restrict_unprivileged_userns = 1)",
		"set that to 0, or give this program a profile that allows userns"
	};

	if (gons_i_lacks_type(CLONE_NEWUSER))
		return &option;
	if (gons_i_limit_is_zero(CLONE_NEWUSER))
		return &limit;
	if (gons_i_userns_clone_is_off())
		return &debian;
	if (is_chrooted())
		return &chrooted;
	if (!gons_i_is_mapped("/proc/thread-self/uid_map", (unsigned)syscall(SYS_geteuid)) ||
	    !gons_i_is_mapped("/proc/thread-self/gid_map", (unsigned)syscall(SYS_getegid)))
		return &unmapped;
	if (gons_i_read_sysctl("kernel/apparmor_restrict_unprivileged_userns") == 1)
		return &apparmor;
	return NULL;
}

void gons_i_diagnose_owner(void)
{
	if (errno != EOVERFLOW)
		return;
	gons_i_add_cause("the user is not mapped in this user namespace, and can own no files");
	gons_i_add_remedy(MAP_USER);
}

const struct gons_i_obstacle *gons_i_find_obstacle(void)
{
	const int errnum = errno;
	const struct gons_i_obstacle *obstacle = find_obstacle();

	errno = errnum;
	return obstacle;
}

/* ---- threads ---- */

void __tsan_init(void) __attribute__((weak));

bool gons_i_is_tsan(void)
{
	return __tsan_init != NULL;
}

/* glibc since 2.32: true while the program has one thread. */
extern char __libc_single_threaded __attribute__((weak)); /* NOLINT(bugprone-reserved-identifier) */

/* The kernel counts threads that the C library has not started. */
static bool has_strange_threads(void)
{
	return &__libc_single_threaded && __libc_single_threaded;
}

void gons_i_diagnose_threads(void)
{
	if (gons_i_is_tsan()) {
		gons_i_add_cause(
			"ThreadSanitizer runs a thread of its own, and the kernel does not "
			"let a process with several threads change its user namespace");
		gons_i_add_remedy("start the program in a user namespace: unshare -Ur ./program");
	} else if (has_strange_threads()) {
		gons_i_add_cause(
			"the process has threads that the program has not started, possibly "
			"those of an emulator such as qemu-user, and the kernel lets no "
			"process with threads change its user namespace");
		gons_i_add_remedy("run without it");
	} else {
		gons_i_add_cause("the process has other threads");
		gons_i_add_remedy("call it before they are started, or use gons_set_run() or "
				  "gons_reexec_run(), which also work with several threads");
	}
}

/* ---- gons_become_root(), refused before ---- */

static struct {
	atomic_flag
		is_busy; /* not waited for, since a forked child may lack the thread that set it */
	bool is_refused;
	struct gons_i_failure failure;
} root = { .is_busy = ATOMIC_FLAG_INIT };

void gons_i_note_root_refused(const struct gons_i_failure *failure)
{
	if (atomic_flag_test_and_set(&root.is_busy))
		return;
	root.is_refused = failure != NULL;
	if (failure)
		root.failure = *failure;
	atomic_flag_clear(&root.is_busy);
}

bool gons_i_root_refused(struct gons_i_failure *ret_failure)
{
	bool is_refused;

	if (atomic_flag_test_and_set(&root.is_busy))
		return false;
	is_refused = root.is_refused;
	if (is_refused)
		*ret_failure = root.failure;
	atomic_flag_clear(&root.is_busy);
	return is_refused;
}

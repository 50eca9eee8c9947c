/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of namespaces: how they are opened, copied, examined and closed.
 */
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/procfs.h"
#include "gons/base/signal_safe_read.h"
#include "gons/base/types.h"
#include "gons/core/enter.h"
#include "gons/core/nsfd.h"
#include "gons/core/saved_context.h"
#include "gons/core/scope.h"
#include "gons/diagnosis/cause.h"
#include "gons/diagnosis/refusal.h"
#include "gons/sets/pid_init.h"
#include "gons/sets/set.h"

bool gons_i_set_is_valid(const gons_set *set)
{
	if (!set)
		(void)gons_i_fail(EINVAL, "set is NULL");
	return set != NULL;
}

gons_set *gons_i_set_new(void)
{
	gons_set *set = malloc(sizeof(*set));

	if (!set) {
		(void)gons_i_fail(ENOMEM, "cannot create a namespace set");
		return NULL;
	}
	*set = (struct gons_set){ .fd = { [0 ... GONS_I_TYPES - 1] = -1 } };
	return set;
}

GONS_EXPORT void gons_set_close(gons_set *set)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	int saved = errno;

	if (!set)
		return;
	for (size_t i = 0; i < GONS_I_TYPES; i++)
		gons_i_close_fd(&set->fd[i]);
	gons_i_pid_init_free(set->pid_init);
	free(set);
	errno = saved;
}

int gons_i_set_check_enterable(const gons_set *set)
{
	char names[GONS_I_TYPE_NAMES_SIZE];
	int others = 0;

	for (size_t i = GONS_I_ENTERABLE; i < GONS_I_TYPES; i++)
		if (set->fd[i] >= 0 && !gons_i_is_own(set->fd[i], &gons_i_types[i]))
			others |= gons_i_types[i].flag;
	if (others == 0)
		return 0;
	(void)gons_i_fail(EINVAL, "cannot enter the set's %s namespace",
			  gons_i_type_names(others, names));
	gons_i_add_remedy_for_entering(others);
	return -1;
}

/* Opens a namespace of this type for a set. Returns a descriptor, or -1 with errno and message. */
typedef int open_fn(const struct gons_i_type *entry, void *arg);

/* Creates a set of what open_fd() returns for each of the types. Types 0 means all that exist:
 * open_fd() fails with ENOENT for those that do not. */
static gons_set *create(int types, open_fn *open_fd, void *arg)
{
	const int wanted = types ? types : GONS_ALL_TYPES;
	gons_set *set;

	if (gons_i_check_types(wanted) < 0)
		return NULL;
	set = gons_i_set_new();
	if (!set)
		return NULL;
	for (size_t i = 0; i < GONS_I_TYPES; i++) {
		if (!(wanted & gons_i_types[i].flag))
			continue;
		set->fd[i] = open_fd(&gons_i_types[i], arg);
		if (set->fd[i] >= 0)
			set->types |= gons_i_types[i].flag;
		else if (types != 0 || errno != ENOENT)
			goto failed;
	}
	if (set->types != 0)
		return set;
failed:
	gons_set_close(set); /* keeps errno */
	return NULL;
}

/* ---- of the calling thread ---- */

static int open_own(const struct gons_i_type *entry, void *arg)
{
	(void)arg;
	return gons_i_open_own(entry);
}

GONS_EXPORT gons_set *gons_set_current(int types)
{
	uncancelled int cancel = gons_i_forbid_cancel();

	return create(types, open_own, NULL);
}

/* ---- of a process ---- */

struct process {
	pid_t pid;
	int dir_fd; /* of /proc/PID: stays that of this process, even if the id is reused */
};

/* Also true for a zombie. */
static bool has_ended(const struct process *process)
{
	cleanup_fd int fd = openat(process->dir_fd, "stat", O_RDONLY | O_CLOEXEC);
	char text[128];
	ssize_t length = fd < 0 ? -1 : gons_i_read(fd, text, sizeof(text) - 1);
	const char *state;

	if (length < 0)
		return errno == ENOENT || errno == ESRCH;
	text[length] = '\0';
	state = strrchr(text, ')'); /* "42 (name) Z", and the name may have any character in it */
	return state && (strncmp(state, ") Z", 3) == 0 || strncmp(state, ") X", 3) == 0);
}

static int fail_ended(const struct process *process)
{
	return gons_i_fail(ESRCH, "cannot open the namespaces of process %d, which has ended",
			   process->pid);
}

static int fail_process(const struct process *process, const struct gons_i_type *entry)
{
	int errnum = errno;
	bool ended = false;

	if (errnum == ENOENT || errnum == ESRCH || errnum == EACCES)
		ended = has_ended(process);
	if (ended)
		return fail_ended(process);
	(void)gons_i_fail(errnum, "cannot open the %s namespace of process %d", entry->long_name,
			  process->pid);
	if (errnum == ENOENT && access(entry->own_path, F_OK) < 0)
		gons_i_add_cause("this kernel has no %s namespaces", entry->long_name);
	else if (errnum == EACCES || errnum == EPERM)
		gons_i_diagnose_other_process();
	return -1;
}

static int open_of_process(const struct gons_i_type *entry, void *arg)
{
	const struct process *process = arg;
	char name[16];
	int fd;

	(void)snprintf(name, sizeof(name), "ns/%s", entry->name); /* fits */
	fd = openat(process->dir_fd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail_process(process, entry);
	if (gons_i_check_type(fd, entry->flag) == 0)
		return fd;
	(void)gons_i_fail(gons_i_is_gvisor() ? ENOENT : EINVAL,
			  "/proc/%d/ns/%s is not a %s namespace", process->pid, entry->name,
			  entry->long_name);
	if (!gons_i_diagnose_gvisor("descriptors of %s namespaces", entry->long_name)) {
		gons_i_add_cause("something is mounted over it");
		gons_i_add_remedy("unmount that, or mount procfs on /proc");
	}
	gons_i_close_fd(&fd);
	return -1;
}

static int open_process(pid_t pid)
{
	char path[32];
	int fd;

	if (pid <= 0)
		return gons_i_fail(EINVAL, "pid is not positive (%d)", pid);
	(void)snprintf(path, sizeof(path), "/proc/%d", pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	if (errno != ENOENT && errno != ESRCH)
		return gons_i_fail(errno, "cannot open %s", path);
	if (access("/proc/thread-self/ns", F_OK) == 0)
		return gons_i_fail(ESRCH, "there is no process %d", pid);
	(void)gons_i_fail(ENOENT, "cannot open %s", path);
	gons_i_add_cause("procfs of this PID namespace is not mounted on /proc");
	gons_i_add_remedy("mount it: mount -t proc proc /proc");
	return -1;
}

GONS_EXPORT gons_set *gons_set_from_pid(pid_t pid, int types)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	cleanup_fd int dir_fd = -1;
	struct process process = { .pid = pid };
	gons_set *set;

	if (types != 0 && gons_i_check_types(types) < 0)
		return NULL;
	dir_fd = open_process(pid);
	if (dir_fd < 0)
		return NULL;
	process.dir_fd = dir_fd;
	set = create(types, open_of_process, &process);
	if (!set || !has_ended(&process))
		return set;
	/* The kernel still shows its user and PID namespaces until its parent has waited for it. */
	gons_set_close(set);
	(void)fail_ended(&process);
	return NULL;
}

/* ---- of files ---- */

static int open_in_dir(const struct gons_i_type *entry, void *arg)
{
	const char *dir = arg;
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, entry->name) >= sizeof(path))
		return gons_i_fail(ENAMETOOLONG, "cannot open the namespaces in %.64s...", dir);
	return gons_i_open_checked(path, entry->flag);
}

GONS_EXPORT gons_set *gons_set_from_dir(const char *dir, int types)
{
	uncancelled int cancel = gons_i_forbid_cancel();

	if (dir && dir[0])
		return create(types, open_in_dir, (void *)dir);
	(void)gons_i_fail(EINVAL, "dir is NULL or empty");
	return NULL;
}

/* ---- of another set ---- */

int gons_i_set_index(const gons_set *set, int type)
{
	const struct gons_i_type *entry;

	if (!gons_i_set_is_valid(set))
		return -1;
	entry = gons_i_one_type(type);
	if (!entry)
		return -1;
	if (!(set->types & type))
		return gons_i_fail(EINVAL, "the set holds no %s namespace", entry->long_name);
	return (int)(entry - gons_i_types);
}

int gons_i_set_copy(gons_set *to, const gons_set *from, int types)
{
	for (size_t i = 0; i < GONS_I_TYPES; i++) {
		if (!(types & gons_i_types[i].flag))
			continue;
		to->fd[i] = fcntl(from->fd[i], F_DUPFD_CLOEXEC, 0);
		if (to->fd[i] < 0)
			return gons_i_fail(errno,
					   "cannot copy the descriptor of the set's %s "
					   "namespace",
					   gons_i_types[i].long_name);
		to->types |= gons_i_types[i].flag;
	}
	if (types & CLONE_NEWPID)
		to->pid_init = gons_i_pid_init_share(from->pid_init);
	return 0;
}

GONS_EXPORT gons_set *gons_set_dup(const gons_set *set, int types)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	char names[GONS_I_TYPE_NAMES_SIZE];
	gons_set *to;

	if (!gons_i_set_is_valid(set) || (types != 0 && gons_i_check_types(types) < 0))
		return NULL;
	if (types & ~set->types) {
		(void)gons_i_fail(EINVAL, "the set holds no %s namespace",
				  gons_i_type_names(types & ~set->types, names));
		return NULL;
	}
	to = gons_i_set_new();
	if (!to)
		return NULL;
	if (gons_i_set_copy(to, set, types ? types : set->types) == 0)
		return to;
	gons_set_close(to); /* keeps errno */
	return NULL;
}

/* ---- entering in place ---- */

GONS_EXPORT int gons_set_enter(const gons_set *set)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	int fds[GONS_I_TYPES];
	size_t n = 0;
	unsigned number;

	if (!gons_i_set_is_valid(set) || gons_i_set_check_enterable(set) < 0)
		return -1;
	for (size_t i = 0; i < GONS_I_TYPES; i++)
		if (set->fd[i] >= 0 && i != GONS_I_MNT)
			fds[n++] = set->fd[i];
	if (set->fd[GONS_I_MNT] >= 0)
		fds[n++] = set->fd[GONS_I_MNT]; /* last: paths mean something else then */
	return gons_i_enter(fds, n, GONS_I_RETURN_CHECK_AGAIN, &number);
}

/* ---- inspecting ---- */

GONS_EXPORT int gons_set_types(const gons_set *set)
{
	return gons_i_set_is_valid(set) ? set->types : -1;
}

GONS_EXPORT int gons_set_fd(const gons_set *set, int type)
{
	int index = gons_i_set_index(set, type);

	return index < 0 ? -1 : set->fd[index];
}

GONS_EXPORT int gons_set_id(const gons_set *set, int type, char *buf, size_t size)
{
	int index = gons_i_set_index(set, type);
	char id[32];
	struct stat st;
	size_t length;

	if (index < 0)
		return -1;
	if (!buf)
		return gons_i_fail(EINVAL, "buf is NULL");
	if (fstat(set->fd[index], &st) < 0)
		return gons_i_fail(errno, "cannot read the id of the set's %s namespace",
				   gons_i_types[index].long_name);
	length = (size_t)snprintf(id, sizeof(id), "%s:[%llu]", gons_i_types[index].name,
				  (unsigned long long)st.st_ino);
	if (length >= size)
		return gons_i_fail(ERANGE, "\"%s\" needs %zu bytes, and size is %zu", id,
				   length + 1, size);
	memcpy(buf, id, length + 1);
	return 0;
}

GONS_EXPORT pid_t gons_set_pid(const gons_set *set)
{
	uncancelled int cancel = gons_i_forbid_cancel();

	if (gons_i_set_index(set, CLONE_NEWPID) < 0)
		return -1;
	if (set->pid_init)
		return gons_i_pid_init_pid(set->pid_init);
	return gons_i_fail(ESRCH, "the set's PID namespace has no process that gons started");
}

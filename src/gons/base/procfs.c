/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What procfs says about the calling thread.
 */
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/signal_safe_read.h"
#include "gons/base/mounts.h"
#include "gons/base/procfs.h"
#include "gons/base/types.h"

int gons_i_tid(void)
{
	char link[64] = "";
	const char *last;
	int tid;

	if (readlink("/proc/thread-self", link, sizeof(link) - 1) < 0)
		return gons_i_fail(errno, "cannot read /proc/thread-self");
	last = strrchr(link, '/'); /* PID/task/TID */
	tid = last ? atoi(last + 1) : 0;
	return tid > 0 ? tid : gons_i_fail(EINVAL, "/proc/thread-self leads to \"%s\"", link);
}

/* Whether something is mounted over the directory of the thread's namespaces, or over one between
 * it and /proc. Linux before 5.8 does not tell mounts apart. */
static bool is_covered_directory(void)
{
	uint64_t proc, dir;
	struct statfs fs;

	if (statfs("/proc/thread-self/ns", &fs) < 0)
		return false; /* opening a namespace will fail with a message */
	if (fs.f_type != PROC_SUPER_MAGIC)
		return true;
	dir = gons_i_mount_id("/proc/thread-self/ns");
	proc = gons_i_mount_id("/proc/");
	return dir != 0 && proc != 0 && dir != proc;
}

static __thread int checked; /* types */

void gons_i_forget_procfs_check(void)
{
	checked = 0;
}

int gons_i_fail_covered(const struct gons_i_type *entry)
{
	(void)gons_i_fail(ENOENT, "%s does not lead to the %s namespace of this thread",
			  entry->own_path, entry->long_name);
	gons_i_add_cause("something is mounted over it");
	gons_i_add_remedy("unmount that, or mount procfs on /proc");
	return -1;
}

int gons_i_check_procfs(const struct gons_i_type *entry)
{
	char target[8];

	if (checked & entry->flag)
		return 0;
	/* A mount over the link shows by readlink(2) finding no link. */
	if ((checked == 0 && is_covered_directory()) ||
	    (readlink(entry->own_path, target, sizeof(target)) < 0 && errno == EINVAL)) {
		return gons_i_fail_covered(entry);
	}
	checked |= entry->flag;
	return 0;
}

int gons_i_status_number(const char *name, int base, uint64_t *ret_number)
{
	const size_t length = strlen(name);
	struct gons_i_lines lines;
	const char *line;
	int result = -1;

	if (gons_i_lines_open(&lines, "/proc/thread-self/status") < 0)
		return -1;
	while ((line = gons_i_lines_next(&lines)))
		if (strncmp(line, name, length) == 0 && line[length] == ':') {
			*ret_number = strtoull(line + length + 1, NULL, base);
			result = 0;
			break;
		}
	gons_i_lines_close(&lines);
	return result;
}

/* False also for a thread that has ended. */
static bool is_running(int dir_fd, const char *tid)
{
	/* PF_EXITING of the kernel, which is set before pthread_join(3) returns. */
	enum { EXITING = 4 };
	char path[32], text[256];
	cleanup_fd int fd = -1;
	unsigned flags = 0;
	const char *rest;
	ssize_t length;

	(void)snprintf(path, sizeof(path), "%.16s/stat", tid); /* fits: a number */
	fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
	length = fd < 0 ? -1 : gons_i_read(fd, text, sizeof(text) - 1);
	if (length < 0)
		return false;
	text[length] = '\0';
	rest = strrchr(text, ')'); /* "42 (name) R", and the name may have any character in it */
	return rest && sscanf(rest, ") %*c %*d %*d %*d %*d %*d %u", &flags) == 1 &&
	       !(flags & EXITING);
}

static bool count_running(int dir_fd, const char *tid, void *n)
{
	*(int *)n += is_running(dir_fd, tid);
	return true;
}

int gons_i_running_threads(void)
{
	int n = 0;

	if (gons_i_each_name("/proc/self/task", count_running, &n) < 0)
		return gons_i_fail(errno, "cannot list the threads of this process");
	return n;
}

bool gons_i_is_own(int nsfd, const struct gons_i_type *entry)
{
	struct stat own, other;
	int saved = errno;
	bool same = stat(entry->flag == CLONE_NEWPID ? "/proc/thread-self/ns/pid_for_children"
						     : entry->own_path,
			 &own) == 0 &&
		    fstat(nsfd, &other) == 0 && own.st_dev == other.st_dev &&
		    own.st_ino == other.st_ino;

	errno = saved;
	return same;
}

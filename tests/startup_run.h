/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STARTUP_RUN_H
#define STARTUP_RUN_H

/*
 * For the tests of start-up switching: processes that hold namespaces, made by util-linux, and
 * this program started again in an environment of its own, to say where it finds itself.
 */

#include "check.h"

#include <limits.h>
#include <sys/types.h>

/* What can be seen in /proc/thread-self/ns. */
enum {
	USER,
	MNT,
	CGROUP,
	IPC,
	NET,
	PID,
	CHILDREN_PID,
	UTS,
	TIME,
	CHILDREN_TIME,
	SEEN,
};
extern const char *const seen_names[SEEN];

/* What the started program found at the beginning of its main. */
struct seen {
	char status[2048]; /* "" where gons_status() is NULL */
	uint64_t ino[SEEN];
	char left[512]; /* variables gons_*, with a line feed behind each */
	char cwd[PATH_MAX];
	int errnum, has_error, fds, is_complete;
	pid_t child_pid, child_parent; /* as its first child sees itself, and it */
	uint64_t child_pid_ino; /* PID namespace of that child */
	double boottime; /* in seconds */
	int thread_errnum; /* of pthread_create(3) */
	int mounts; /* that can be reached from its root */
	int sysfs_errno; /* of gons_mntns_mount_sysfs_ro(), where it was asked for */
	int sysfs_links; /* entries of /sys/class/net then */
	int home_errno; /* the same, executed in the mount namespace of "home" */
};

struct start {
	const char *variables[16]; /* "gons_net=..."; up to the first NULL */
	int (*before)(void *); /* in the forked child before it executes; 0, or its exit status */
	void *arg;
	const char *cwd; /* NULL: the present one */
	bool sysfs; /* call gons_mntns_mount_sysfs_ro() */
	const char *home; /* with sysfs: path of a mount namespace to do so in as well */
};

/* Starts this program; it must end with status 0. */
void start(const struct start *start, struct seen *ret_seen);

/* In the main of such a program: does not return in one that was started. */
void startup_run_main(int argc, char **argv);

/* All went well, and only these namespaces (by 1 << NET...) are others than this thread's. */
void assert_switched(const struct seen *seen, unsigned moved);

/* It did not, for this reason, and all is as it was but for these. */
void assert_stayed(const struct seen *seen, const char *message, unsigned moved);

/* A process of "unshare OPTIONS...", which ends with the scope. */
pid_t hold(const char *const options[]);

/* The same, after before() (see struct start). */
pid_t hold_as(int (*before)(void *), const char *const options[]);

/* For before(): another user, without any capabilities. */
int become_nobody(void *unused);
int drop_all_capabilities(void *unused);

/* "/proc/PID/ns/NAME", and its inode number. A few are valid at a time. */
const char *ns_path(pid_t pid, int which);
uint64_t ns_ino(pid_t pid, int which);

/* A mount namespace with an empty /run, until the scope ends. */
void enter_with_run(void);

/* Makes a file that a namespace is mounted on. */
void bind_file(const char *from, const char *file);

/* printf into one of a few static buffers. */
const char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

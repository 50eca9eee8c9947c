/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STARTUP_RUN_H
#define STARTUP_RUN_H

/*
 * For the tests of start-up switching: processes of util-linux that hold namespaces, and this
 * program started again in another environment, to report its namespaces.
 */

#include "check.h"

#include <limits.h>
#include <sys/types.h>

/* The names in /proc/thread-self/ns. */
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

/* What the started program found when main began. */
struct seen {
	char status[2048]; /* "" where gons_status() is NULL */
	uint64_t ino[SEEN];
	char left[512]; /* variables gons_*, each followed by a line feed */
	char cwd[PATH_MAX];
	int errnum, has_error, fds, is_complete;
	pid_t child_pid, child_parent; /* as seen by its first child */
	uint64_t child_pid_ino; /* PID namespace of that child */
	double boottime; /* in seconds */
	int thread_errnum; /* of pthread_create(3) */
	int mounts; /* that can be reached from its root */
	int sysfs_errno; /* of gons_mntns_mount_sysfs_ro(), if it was called */
	int sysfs_links; /* entries of /sys/class/net afterwards */
	int home_errno; /* the same, executed in the mount namespace "home" */
};

struct start {
	const char *variables[16]; /* "gons_net=..."; up to the first NULL */
	int (*before)(void *); /* in the forked child before it executes; 0, or its exit status */
	void *arg;
	const char *cwd; /* NULL: the present directory */
	bool sysfs; /* call gons_mntns_mount_sysfs_ro() */
	const char *home; /* with sysfs: path of a mount namespace in which to call it too */
};

/* Starts this program; it must end with status 0. */
void start(const struct start *start, struct seen *ret_seen);

/* To be called in main; it does not return in a started program. */
void startup_run_main(int argc, char **argv);

/* The start succeeded, and only these namespaces (1 << NET...) differ from this thread's. */
void assert_switched(const struct seen *seen, unsigned moved);

/* The start failed for this reason, and only these namespaces differ. */
void assert_stayed(const struct seen *seen, const char *message, unsigned moved);

/* A process of "unshare OPTIONS...", which ends with the scope. */
pid_t hold(const char *const options[]);

/* The same, after before() (see struct start). */
pid_t hold_as(int (*before)(void *), const char *const options[]);

/* For before(): becomes another user without capabilities. */
int become_nobody(void *unused);
int drop_all_capabilities(void *unused);

/* "/proc/PID/ns/NAME", and its inode number. A few are valid at a time. */
const char *ns_path(pid_t pid, int which);
uint64_t ns_ino(pid_t pid, int which);

/* Enters a mount namespace with an empty /run until the scope ends. */
void enter_with_run(void);

/* Creates a file and mounts a namespace on it. */
void bind_file(const char *from, const char *file);

/* printf into one of a few static buffers. */
const char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ids of user namespaces: how those outside are mapped to those inside, and the caller's own.
 */
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/core/child.h"
#include "gons/core/switch.h"
#include "gons/diagnosis/cause.h"
#include "gons/sets/idmap.h"

/* The kernel's own limits: lines since Linux 4.15, bytes where a page has 4096. */
enum { MOST_LINES = 340, MOST_BYTES = 4096 };

struct kind {
	const char *long_name, *file, *program;
};
static const struct kind uids = { "uid", "uid_map", "newuidmap" };
static const struct kind gids = { "gid", "gid_map", "newgidmap" };

/* ---- what can be said before it is tried ---- */

static bool overlap(unsigned a, unsigned n_a, unsigned b, unsigned n_b)
{
	return a < b ? b - a < n_a : a - b < n_b;
}

static int check_line(const struct kind *kind, const struct gons_idmap *map, size_t i)
{
	const struct gons_idmap *line = &map[i];

	if (line->count == 0)
		return gons_i_fail(EINVAL, "line %zu of the %s map maps no ids", i,
				   kind->long_name);
	/* The last one, 4294967295, means "no id" everywhere. */
	if (line->count > ~0U - line->inside || line->count > ~0U - line->outside)
		return gons_i_fail(EINVAL, "line %zu of the %s map goes beyond the last id", i,
				   kind->long_name);
	for (size_t j = 0; j < i; j++) {
		if (overlap(line->inside, line->count, map[j].inside, map[j].count))
			return gons_i_fail(
				EINVAL, "lines %zu and %zu of the %s map have ids inside in common",
				j, i, kind->long_name);
		if (overlap(line->outside, line->count, map[j].outside, map[j].count))
			return gons_i_fail(
				EINVAL,
				"lines %zu and %zu of the %s map have ids outside in common", j, i,
				kind->long_name);
	}
	return 0;
}

/* The map as the kernel reads it. Returns its length, 0 where it is too long. */
static size_t format_map(const struct gons_idmap *map, size_t n, char text[MOST_BYTES])
{
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		used += (size_t)snprintf(text + used, MOST_BYTES - used, "%u %u %u\n",
					 map[i].inside, map[i].outside, map[i].count);
		if (used >= MOST_BYTES)
			return 0;
	}
	return used;
}

static int check_map(const struct kind *kind, const struct gons_idmap *map, size_t n)
{
	char text[MOST_BYTES];

	if (n > 0 && !map)
		return gons_i_fail(EINVAL, "the %s map has %zu lines and is NULL", kind->long_name,
				   n);
	if (n > MOST_LINES)
		return gons_i_fail(EINVAL, "the %s map has %zu lines, more than %d",
				   kind->long_name, n, MOST_LINES);
	for (size_t i = 0; i < n; i++)
		if (check_line(kind, map, i) < 0)
			return -1;
	if (n > 0 && format_map(map, n, text) == 0)
		return gons_i_fail(EINVAL, "the %s map takes more than %d bytes", kind->long_name,
				   MOST_BYTES);
	return 0;
}

int gons_i_idmaps_check(const struct gons_idmaps *maps)
{
	return check_map(&uids, maps->uid, maps->n_uid) < 0
		       ? -1
		       : check_map(&gids, maps->gid, maps->n_gid);
}

/* ---- newuidmap and newgidmap ---- */

/* Starts it with its output going to to_parent. Returns an error number. Whoever runs a program
 * with more powers than his own has made its environment, and must not choose what runs here. */
static int spawn(const char *program, char *const argv[], int to_parent, pid_t *ret_pid)
{
	const bool is_secure = getauxval(AT_SECURE) != 0;
	char *const nothing[] = { NULL };
	char path[32];
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int errnum;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_adddup2(&actions, to_parent, STDOUT_FILENO);
	(void)posix_spawn_file_actions_adddup2(&actions, to_parent, STDERR_FILENO);
	(void)posix_spawnattr_init(&attr);
	(void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	(void)posix_spawnattr_setsigmask(&attr, &none);
	(void)posix_spawnattr_setsigdefault(&attr, &all);
	(void)snprintf(path, sizeof(path), "%s%s", is_secure ? "/usr/bin/" : "",
		       program); /* fits */
	errnum = posix_spawnp(ret_pid, path, &actions, &attr, argv, is_secure ? nothing : environ);
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&actions);
	return errnum;
}

/* The first line of what the program says, and its exit status. */
static int hear(pid_t pid, int fd, char *line, size_t size)
{
	size_t used = 0;
	int status = -1;
	ssize_t got;
	char rest;

	while (used < size - 1 && (got = read(fd, line + used, size - 1 - used)) != 0) {
		if (got < 0 && errno != EINTR)
			break;
		used += got > 0 ? (size_t)got : 0;
	}
	while (read(fd, &rest, 1) > 0)
		;
	line[used] = '\0';
	line[strcspn(line, "\n")] = '\0';
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* Has the program, which may have a capability that this process lacks, write the map of this
 * child's parent. 0; or -1, with errno as it was and the reason as a hint to the message. */
static int map_by_program(const struct kind *kind, const char *map)
{
	static char *argv[3 + 3 * MOST_LINES];
	static char pid[16], words[MOST_BYTES];
	char line[256];
	const int refusal = errno;
	char *rest = NULL;
	size_t n = 0;
	int ends[2];
	pid_t child;
	int errnum;

	(void)snprintf(pid, sizeof(pid), "%d", getppid());
	(void)strcpy(words, map);
	argv[n++] = (char *)kind->program;
	argv[n++] = pid;
	for (char *word = strtok_r(words, " \n", &rest); word; word = strtok_r(NULL, " \n", &rest))
		argv[n++] = word;
	argv[n] = NULL;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return gons_i_fail(errno, "cannot make a pipe to %s", kind->program);
	errnum = spawn(kind->program, argv, ends[1], &child);
	gons_i_close_fd(&ends[1]);
	if (errnum == 0 && hear(child, ends[0], line, sizeof(line)) == 0)
		errnum = -1;
	gons_i_close_fd(&ends[0]);
	if (errnum == -1)
		return 0;
	errno = errnum;
	if (errnum == ENOENT || errnum == EACCES) /* or a directory of PATH is closed */
		gons_i_explain("%s, which could, is not installed (Debian: uidmap)", kind->program);
	else if (errnum != 0)
		gons_i_explain("%s cannot be run: %m", kind->program);
	else
		gons_i_explain("%s", line);
	errno = refusal;
	return -1;
}

/* ---- writing them ---- */

/* What the writer, in the parent namespace, has to know of the process in the new one. */
struct writing {
	const struct gons_idmaps *maps;
	int dir_fd; /* its /proc/PID/task/TID */
	int go[2]; /* a pipe: a byte for it to start */
};

static int write_file(int dir_fd, const char *file, const char *text)
{
	cleanup_fd int fd = openat(dir_fd, file, O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text))
		return 0;
	(void)gons_i_fail(errno, "cannot write the %s of a new user namespace", file);
	if (errno == EROFS)
		gons_i_explain("/proc is mounted read-only: " GONS_I_WRITABLE_PROCFS);
	return -1;
}

static int write_map(const struct writing *writing, const struct kind *kind,
		     const struct gons_idmap *map, size_t n, unsigned own)
{
	static char text[MOST_BYTES]; /* this child's alone, which may have a small stack */

	if (n == 0)
		return 0;
	(void)format_map(map, n, text); /* fits, as was checked */
	if (write_file(writing->dir_fd, kind->file, text) == 0)
		return 0;
	if (errno != EPERM && errno != EACCES)
		return -1;
	/* Its own group may be mapped by anybody, who has given up setgroups(2). */
	if (kind == &gids && n == 1 && map[0].count == 1 && map[0].outside == own &&
	    write_file(writing->dir_fd, "setgroups", "deny") == 0)
		return write_file(writing->dir_fd, kind->file, text);
	if (n == 1 && map[0].count == 1 && map[0].outside == own) {
		gons_i_explain(
			"a security module such as AppArmor may leave user namespaces without "
			"powers, or root lacks CAP_SETFCAP, without which it cannot be mapped");
		return -1;
	}
	gons_i_explain("ids other than its own take privileges to map");
	return map_by_program(kind, text);
}

/* In a child, which is in the parent namespace. */
static int write_maps(void *arg)
{
	const struct writing *writing = arg;
	const struct gons_idmap own_uid = { 0, geteuid(), 1 }, own_gid = { 0, getegid(), 1 };
	struct gons_idmaps maps = *writing->maps;
	char go;

	if (!maps.uid) {
		maps.uid = &own_uid;
		maps.n_uid = 1;
	}
	if (!maps.gid) {
		maps.gid = &own_gid;
		maps.n_gid = 1;
	}
	(void)close(writing->go[1]);
	if (read(writing->go[0], &go, 1) != 1) /* with all signals blocked */
		return gons_i_fail(ECANCELED, "there is no user namespace to map ids in");
	if (write_map(writing, &uids, maps.uid, maps.n_uid, geteuid()) < 0)
		return -1;
	return write_map(writing, &gids, maps.gid, maps.n_gid, getegid());
}

/* Starts the writer, goes into the namespace and lets it write. */
static int unshare_and_map(struct writing *writing)
{
	struct gons_i_child writer;

	if (gons_i_child_start(write_maps, writing, &writer) < 0)
		return -1;
	if (gons_i_unshare(CLONE_NEWUSER) < 0) {
		struct gons_i_failure failure;

		gons_i_failure_save(&failure);
		gons_i_close_fd(&writing->go[1]);
		(void)gons_i_child_finish(&writer);
		return gons_i_failure_restore(&failure);
	}
	/* The files of a process that has changed its user belong to root, unless it is
	 * dumpable; this one is a child that only makes namespaces. */
	(void)prctl(PR_SET_DUMPABLE, 1);
	/* Fits; a writer that is not told to go, or has gone, says so itself. */
	(void)!write(writing->go[1], "g", 1);
	gons_i_close_fd(&writing->go[1]);
	return gons_i_child_finish(&writer);
}

int gons_i_idmaps_unshare(const struct gons_idmaps *maps)
{
	cleanup_fd int dir_fd = open("/proc/thread-self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct writing writing = { .maps = maps, .dir_fd = dir_fd };
	int result;

	if (dir_fd < 0)
		return gons_i_fail(errno, "cannot open /proc/thread-self");
	if (pipe2(writing.go, O_CLOEXEC) < 0)
		return gons_i_fail(errno, "cannot make a pipe to a child");
	result = unshare_and_map(&writing);
	gons_i_close_fd(&writing.go[0]);
	gons_i_close_fd(&writing.go[1]);
	return result;
}

/* ---- the ids of who joins ---- */

static bool set_effective(cap_value_t cap, cap_flag_value_t value)
{
	cap_t caps = cap_get_proc();
	bool done = caps && cap_set_flag(caps, CAP_EFFECTIVE, 1, &cap, value) == 0 &&
		    cap_set_proc(caps) == 0;

	(void)cap_free(caps);
	return done;
}

/*
 * An id that is not mapped reads as the overflow id, 65534, which may be mapped as well. But
 * without the capability to change it, it can be set to what it reads as only if it is that one.
 */
static bool is_mapped(const struct kind *kind, unsigned id)
{
	cap_value_t cap = kind == &uids ? CAP_SETUID : CAP_SETGID;
	bool mapped;

	if (!set_effective(cap, CAP_CLEAR))
		return true;
	mapped = (kind == &uids ? setresuid((uid_t)-1, id, (uid_t)-1)
				: setresgid((gid_t)-1, id, (gid_t)-1)) == 0;
	(void)set_effective(cap, CAP_SET);
	return mapped;
}

void gons_i_be_mapped(void)
{
	/* The group first, which takes a capability that may go with the user. What cannot be
	 * changed stays: 0 need not be mapped. */
	if (!is_mapped(&gids, getegid())) {
		(void)setgroups(0, NULL);
		(void)!setresgid(0, 0, 0);
	}
	if (!is_mapped(&uids, geteuid()))
		(void)!setresuid(0, 0, 0);
}

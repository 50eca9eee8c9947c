/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Built for gcov by coverage.sh. A line with a count in it must have been run N times in all,
 * whichever processes and namespaces that was in.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gons/mntns.h>
#include <gons/privilege.h>
#include <gons/reexec.h>
#include <gons/set.h>

enum { TYPES = CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS };

static int calls;

GONS_ACTION(in_place)
{
	calls++; /* counts: 3 */
	return calls == 1 ? 0 : 1;
}

GONS_ACTION(by_exit)
{
	calls++; /* counts: 1 */
	exit(0);
}

GONS_ACTION(in_a_child)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		calls++; /* counts: 1 */
		exit(0);
	}
	return waitpid(pid, &status, 0) == pid ? WEXITSTATUS(status) : 1;
}

/* What is to be the build folder is empty, and cannot be written to, as there. */
GONS_ACTION(without_the_build_folder)
{
	calls++; /* counts: 2 */
	return access(__FILE__, F_OK) == 0 ? 1 : 0;
}

GONS_ACTION(in_a_user_namespace)
{
	calls++; /* counts: 1 */
	return access(__FILE__, F_OK) == 0 ? 0 : 1;
}

GONS_ACTION(descriptors)
{
	for (int fd = 0; fd < 200; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			(void)printf("%d ", fd);
	return calls++; /* counts: 1 */
}

static void run(const char *action, const struct gons_nsref *namespaces, size_t n)
{
	const struct gons_reexec job = {
		.action = action, .namespaces = namespaces, .n_namespaces = n, .timeout_ms = 60000
	};
	struct gons_reexec_result result;

	if (gons_reexec_run(&job, &result) < 0) {
		(void)fprintf(stderr, "%s\n", gons_error());
		exit(1);
	}
	if (strcmp(action, "descriptors") == 0 && strcmp(result.output, "0 1 2 100 ") != 0) {
		(void)fprintf(stderr, "descriptors: %s\n", result.output);
		exit(1);
	}
	gons_reexec_result_free(&result);
}

static void must(int value, const char *what)
{
	if (value >= 0)
		return;
	(void)fprintf(stderr, "%s: %s\n", what, gons_error());
	exit(1);
}

/* In a process that holds the namespaces, with an empty file system on the build folder. */
static pid_t hold(const char *folder)
{
	int ends[2];
	char byte;
	pid_t pid;

	must(pipe2(ends, O_CLOEXEC), "pipe2");
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(TYPES) < 0 || mount("tmpfs", folder, "tmpfs", MS_RDONLY, NULL) < 0)
			_exit(1);
		(void)close(ends[1]);
		for (;;)
			(void)pause();
	}
	(void)close(ends[1]);
	(void)!read(ends[0], &byte, 1);
	(void)close(ends[0]);
	return pid;
}

/* The holder is of the same user, and owns all that it holds. */
static void run_there(const char *folder)
{
	pid_t pid = hold(folder);
	char path[3][64];
	const struct gons_nsref refs[] = { { "!user", path[0] }, { "!mnt", path[1] } };
	int status;

	(void)snprintf(path[0], sizeof(path[0]), "/proc/%d/ns/user", (int)pid);
	(void)snprintf(path[1], sizeof(path[1]), "/proc/%d/ns/mnt", (int)pid);
	run("in_a_user_namespace", refs, 1);
	run("without_the_build_folder", refs, 2);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, &status, 0);
}

static int in_a_set(void *arg)
{
	calls++; /* counts: 3 */
	return *(const int *)arg;
}

static int cover_here(void *folder)
{
	int value = 5;

	if (mount("tmpfs", folder, "tmpfs", MS_RDONLY, NULL) < 0)
		return 1;
	return in_a_set(&value);
}

/* By gons_set_run(), the last time where the build folder is covered. */
static void run_in_sets(const char *folder)
{
	gons_set *set = gons_set_unshare(NULL, TYPES | CLONE_NEWPID, NULL);
	int value = 5, status = -1;

	must(set ? 0 : -1, "gons_set_unshare");
	for (int i = 0; i < 2; i++) {
		must(gons_set_run(set, in_a_set, &value, &status), "gons_set_run");
		must(WEXITSTATUS(status) == 5 ? 0 : -1, "in_a_set");
	}
	must(gons_set_run(set, cover_here, (void *)folder, &status), "gons_set_run");
	must(WEXITSTATUS(status) == 5 ? 0 : -1, "cover_here");
	gons_set_close(set);
}

static void cover(void *folder)
{
	must(mount("tmpfs", folder, "tmpfs", MS_RDONLY, NULL), "mount");
	run("without_the_build_folder", NULL, 0);
}

int main(int argc, char **argv)
{
	gons_reexec_check();
	if (argc != 2) {
		run("in_place", NULL, 0);
		return 0;
	}
	if (!gons_can(TYPES)) {
		(void)fprintf(stderr, "gons: skipped: coverage: %s\n", gons_error());
		return 77;
	}
	run("in_place", NULL, 0);
	run("in_place", NULL, 0);
	run("in_place", NULL, 0);
	run("by_exit", NULL, 0);
	run("in_a_child", NULL, 0);
	run("descriptors", NULL, 0);
	run_there(argv[1]);
	run_in_sets(argv[1]);
	/* The caller itself is where the folder is not. */
	must(gons_become_root(), "gons_become_root");
	must(gons_scope_begin(), "gons_scope_begin");
	must(gons_mntns_enter_transient(), "gons_mntns_enter_transient");
	cover(argv[1]);
	must(gons_scope_end(0), "gons_scope_end");
	return 0; /* counts: 1 */
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole processes: the start of a program that links gons, and the commands that people use
 * for what gons does in place.
 */
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gons/mntns.h>
#include <gons/netns.h>

#include "measure.h"

extern char **environ;

/* The exit status of a command, found in PATH; 127 when it is not installed. */
static int run(const char *const argv[], bool quiet)
{
	posix_spawn_file_actions_t actions;
	int status = 127 << 8;
	int errnum;
	pid_t pid;

	(void)posix_spawn_file_actions_init(&actions);
	if (quiet)
		(void)posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	errnum = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	if (errnum == 0)
		BARE(waitpid(pid, &status, 0));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void must_run(const char *const argv[])
{
	(void)must_bare(run(argv, false) == 0 ? 0 : -1, argv[0]);
}

/* ---- start-up ---- */

struct programs {
	const char *linked, *plain;
};

static void start_linked(void *arg)
{
	const struct programs *programs = arg;
	const char *const argv[] = { programs->linked, NULL };

	must_run(argv);
}

static void start_plain(void *arg)
{
	const struct programs *programs = arg;
	const char *const argv[] = { programs->plain, NULL };

	must_run(argv);
}

/* ---- a network namespace, for a moment ---- */

static const char *const unshare_true[] = { "unshare", "-n", "true", NULL };
static const char *const ip_add[] = { "ip", "netns", "add", "gons", NULL };
static const char *const ip_exec[] = { "ip", "netns", "exec", "gons", "true", NULL };
static const char *const ip_del[] = { "ip", "netns", "del", "gons", NULL };

static void enter_and_leave(void *arg)
{
	int mark = GONS(gons_scope_begin());

	(void)arg;
	GONS(gons_netns_enter_transient());
	GONS(gons_scope_end(mark));
}

static void run_unshare(void *arg)
{
	(void)arg;
	must_run(unshare_true);
}

static void run_ip(void *arg)
{
	(void)arg;
	must_run(ip_add);
	must_run(ip_exec);
	must_run(ip_del);
}

static bool ip_works(void)
{
	return run(ip_add, true) == 0 && run(ip_exec, true) == 0 && run(ip_del, true) == 0;
}

static void measure_commands(void)
{
	const struct job with_unshare = {
		"unshare -n true", enter_and_leave, run_unshare, NULL, NULL, 200, 1, 0
	};
	const struct job with_ip = {
		"ip netns add; exec true; del", enter_and_leave, run_ip, NULL, NULL, 200, 1, 0
	};
	int mark = GONS(gons_scope_begin());

	if (run(unshare_true, true) == 0)
		table_measure(&with_unshare);
	else
		printf("unshare -n true: not installed, or refused\n");
	/* The machine's /run/netns must not see any of it. */
	GONS(gons_mntns_enter_transient());
	BARE(mount("tmpfs", "/run", "tmpfs", 0, NULL));
	if (ip_works())
		table_measure(&with_ip);
	else
		printf("ip netns: not installed, or refused\n");
	GONS(gons_scope_end(mark));
}

int main(int argc, char **argv)
{
	struct programs programs = { argc == 3 ? argv[1] : "", argc == 3 ? argv[2] : "" };
	const struct job start = {
		"start of a program", start_linked, start_plain, NULL, &programs, 1000, 1, 0
	};

	if (argc != 3) {
		(void)fprintf(stderr, "usage: %s PROGRAM_WITH_GONS PROGRAM_WITHOUT\n", argv[0]);
		return 2;
	}
	prepare("processes", CLONE_NEWNET | CLONE_NEWNS);
	table_head("A program that links gons and uses none of it, in microseconds", "linked",
		   "not linked");
	table_measure(&start);
	table_head("Entering and leaving a network namespace beside commands, in microseconds",
		   "gons", "command");
	measure_commands();
	return 0;
}

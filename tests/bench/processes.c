/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole processes: the start of a program that links gons, and the commands that people use
 * for what gons does in place.
 */
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
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
static int run_in(char **environment, const char *const argv[], bool quiet)
{
	posix_spawn_file_actions_t actions;
	int status = 127 << 8;
	int errnum;
	pid_t pid;

	(void)posix_spawn_file_actions_init(&actions);
	if (quiet)
		(void)posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	errnum = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environment);
	(void)posix_spawn_file_actions_destroy(&actions);
	if (errnum == 0)
		BARE(waitpid(pid, &status, 0));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run(const char *const argv[], bool quiet)
{
	return run_in(environ, argv, quiet);
}

static void must_run(const char *const argv[])
{
	(void)must_bare(run(argv, false) == 0 ? 0 : -1, argv[0]);
}

/* ---- start-up ---- */

struct programs {
	const char *linked, *plain, *switched;
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

/* ---- a program in a network namespace that others made ---- */

static const char *const nsenter_true[] = { "nsenter", "--net=/run/netns/gons", "true", NULL };

/* The environment with gons_net in front. */
static char **environment_with_net(void)
{
	static char variable[] = "gons_net=/run/netns/gons";
	size_t n = 0;
	char **list;

	while (environ[n])
		n++;
	list = must_allocate(n + 2, sizeof(*list));
	list[0] = variable;
	memcpy(list + 1, environ, n * sizeof(*list));
	return list;
}

struct switched {
	char **environment;
	const char *const argv[2];
};

static void start_switched(void *arg)
{
	const struct switched *switched = arg;

	(void)must_bare(run_in(switched->environment, switched->argv, false) == 0 ? 0 : -1,
			switched->argv[0]);
}

static void run_nsenter(void *arg)
{
	(void)arg;
	must_run(nsenter_true);
}

static void run_ip_exec(void *arg)
{
	(void)arg;
	must_run(ip_exec);
}

static void measure_switched(const char *program)
{
	struct switched switched = { environment_with_net(), { program, NULL } };
	const struct job with_nsenter = {
		"nsenter --net=FILE true", start_switched, run_nsenter, NULL, &switched, 500, 1, 0.6
	};
	const struct job with_ip = {
		"ip netns exec NAME true", start_switched, run_ip_exec, NULL, &switched, 500, 1, 0
	};
	int mark = GONS(gons_scope_begin());

	GONS(gons_mntns_enter_transient());
	BARE(mount("tmpfs", "/run", "tmpfs", 0, NULL));
	if (run(ip_add, true) == 0) {
		if (run(nsenter_true, true) == 0)
			table_measure(&with_nsenter);
		else
			printf("nsenter: not installed, or refused\n");
		table_measure(&with_ip);
	} else {
		printf("ip netns: not installed, or refused\n");
	}
	GONS(gons_scope_end(mark));
	free(switched.environment);
}

int main(int argc, char **argv)
{
	struct programs programs = { argc == 4 ? argv[1] : "", argc == 4 ? argv[2] : "",
				     argc == 4 ? argv[3] : "" };
	const struct job start = {
		"start of a program", start_linked, start_plain, NULL, &programs, 1000, 1, 0
	};

	if (argc != 4) {
		(void)fprintf(stderr,
			      "usage: %s PROGRAM_WITH_GONS PROGRAM_WITHOUT PROGRAM_THAT_LOOKS\n",
			      argv[0]);
		return 2;
	}
	prepare("processes", CLONE_NEWNET | CLONE_NEWNS);
	table_head("A program that links gons and uses none of it, in microseconds", "linked",
		   "not linked");
	table_measure(&start);
	table_head("Entering and leaving a network namespace beside commands, in microseconds",
		   "gons", "command");
	measure_commands();
	table_head("Starting a program in a network namespace by gons_net, in microseconds", "gons",
		   "command");
	measure_switched(programs.switched);
	return 0;
}

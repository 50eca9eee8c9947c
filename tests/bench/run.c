/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gons-run against unshare(1) and the rest of its work by bare system calls: whole processes, in
 * turns. Also against one process that does all of it by bare system calls, which is as fast as it
 * gets. Usage: run GONS_RUN EXTRA
 */
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

extern char **environ;

enum { ROUNDS = 300, KINDS = 4 };

/* In microseconds. Processor time is what other work on the machine spoils least. */
struct times {
	double wall[ROUNDS], processor[ROUNDS];
};

static double microseconds(const struct timeval *time)
{
	return (double)time->tv_sec * 1e6 + (double)time->tv_usec;
}

static void run(const char *const argv[], double *ret_wall, double *ret_processor)
{
	const double begin = now_us();
	struct rusage usage;
	int status;
	pid_t pid;

	BARE(-posix_spawnp(&pid, argv[0], NULL, NULL, (char **)(uintptr_t)argv, environ));
	BARE(wait4(pid, &status, 0, &usage));
	BARE(status == 0 ? 0 : -1);
	*ret_wall = now_us() - begin;
	*ret_processor = microseconds(&usage.ru_utime) + microseconds(&usage.ru_stime);
}

static void print(const char *what, const double medians[KINDS])
{
	printf("%s: gons-run true: %.0f us; unshare -n true: %.0f us; the rest by bare system "
	       "calls: %.0f us; ratio %.3f (target: at most 0.75)\n",
	       what, medians[0], medians[1], medians[2], medians[0] / (medians[1] + medians[2]));
	printf("%s: all of it by bare system calls in one process: %.0f us; ratio %.3f\n", what,
	       medians[3], medians[0] / medians[3]);
}

int main(int argc, char **argv)
{
	const char *const gons[] = { argc > 1 ? argv[1] : NULL, "true", NULL };
	const char *const unshare[] = { "unshare", "-n", "true", NULL };
	const char *const extra[] = { argc > 2 ? argv[2] : NULL, NULL };
	const char *const all[] = { extra[0], "true", NULL };
	const char *const *programs[KINDS] = { gons, unshare, extra, all };
	static struct times times[KINDS];
	double wall[KINDS], processor[KINDS];

	if (argc != 3)
		return EXIT_FAILURE;
	if (geteuid() != 0) {
		(void)fprintf(stderr, "gons: skipped: run: this takes root\n");
		return 77;
	}
	for (size_t round = 0; round < ROUNDS; round++)
		for (size_t kind = 0; kind < KINDS; kind++)
			run(programs[kind], &times[kind].wall[round],
			    &times[kind].processor[round]);
	for (size_t kind = 0; kind < KINDS; kind++) {
		wall[kind] = quantile(times[kind].wall, ROUNDS, 0.5);
		processor[kind] = quantile(times[kind].processor, ROUNDS, 0.5);
	}
	print("time", wall);
	print("processor time", processor);
	return 0;
}

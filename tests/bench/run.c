/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gons-run against unshare(1) and the rest of its work by bare system calls: whole processes, in
 * turns. Usage: run GONS_RUN EXTRA
 */
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

extern char **environ;

enum { ROUNDS = 300, KINDS = 3 };

/* Microseconds. */
static double run(const char *const argv[])
{
	const double begin = now_us();
	int status;
	pid_t pid;

	BARE(-posix_spawnp(&pid, argv[0], NULL, NULL, (char **)(uintptr_t)argv, environ));
	BARE(waitpid(pid, &status, 0));
	BARE(status == 0 ? 0 : -1);
	return now_us() - begin;
}

int main(int argc, char **argv)
{
	const char *const gons[] = { argc > 1 ? argv[1] : NULL, "true", NULL };
	const char *const unshare[] = { "unshare", "-n", "true", NULL };
	const char *const extra[] = { argc > 2 ? argv[2] : NULL, NULL };
	const char *const *programs[KINDS] = { gons, unshare, extra };
	static double times[KINDS][ROUNDS];
	double medians[KINDS];

	if (argc != 3)
		return EXIT_FAILURE;
	if (geteuid() != 0) {
		(void)fprintf(stderr, "gons: skipped: run: this takes root\n");
		return 77;
	}
	for (size_t round = 0; round < ROUNDS; round++)
		for (size_t kind = 0; kind < KINDS; kind++)
			times[kind][round] = run(programs[kind]);
	for (size_t kind = 0; kind < KINDS; kind++)
		medians[kind] = quantile(times[kind], ROUNDS, 0.5);
	printf("gons-run true: %.0f us; unshare -n true: %.0f us; the rest by bare system calls: "
	       "%.0f us; ratio %.3f (target: at most 0.75)\n",
	       medians[0], medians[1], medians[2], medians[0] / (medians[1] + medians[2]));
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timing in turns, and the table.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gons/privilege.h>

#include "measure.h"

enum { WARM_UP = 20 };

static _Noreturn void give_up(const char *call, const char *reason)
{
	(void)fflush(stdout);
	(void)fprintf(stderr, "cannot measure: %s: %s\n", call, reason);
	exit(1);
}

int must_gons(int value, const char *call)
{
	if (value < 0)
		give_up(call, gons_error());
	return value;
}

int must_bare(int value, const char *call)
{
	if (value < 0)
		give_up(call, strerror(errno));
	return value;
}

void *must_allocate(size_t n, size_t size)
{
	void *memory = calloc(n, size);

	if (!memory)
		give_up("calloc", strerror(errno));
	return memory;
}

void prepare(const char *program, int types)
{
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	if (gons_become_root() == 0 && gons_can(types))
		return;
	(void)fprintf(stderr, "gons: skipped: %s: %s\n", program, gons_error());
	exit(77);
}

double now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail */
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

double quantile(double *values, size_t n, double q)
{
	qsort(values, n, sizeof(*values), compare);
	return values[(size_t)((double)(n - 1) * q + 0.5)];
}

static double time_one(const struct job *job, void (*fn)(void *))
{
	double start = now_us();
	double end;

	for (unsigned i = 0; i < job->calls; i++)
		fn(job->arg);
	end = now_us();
	if (job->reset)
		job->reset(job->arg);
	return (end - start) / job->calls;
}

void table_head(const char *title, const char *gons, const char *bare)
{
	printf("\n%s\n%-36s %6s %10s %10s %10s %10s %7s %7s  %s\n", title, "job", "rounds", gons,
	       "p90", bare, "p90", "ratio", "paired", "target");
}

void table_measure(const struct job *job)
{
	double *gons = must_allocate(job->rounds, sizeof(*gons));
	double *bare = must_allocate(job->rounds, sizeof(*bare));
	double *ratio = must_allocate(job->rounds, sizeof(*ratio));
	double gons_median, bare_median;

	for (unsigned i = 0; i < WARM_UP && i < job->rounds; i++) {
		(void)time_one(job, job->bare);
		(void)time_one(job, job->gons);
	}
	for (unsigned i = 0; i < job->rounds; i++) {
		/* Each goes first as often: what one leaves to the kernel may delay the other. */
		if (i % 2)
			bare[i] = time_one(job, job->bare);
		gons[i] = time_one(job, job->gons);
		if (i % 2 == 0)
			bare[i] = time_one(job, job->bare);
		ratio[i] = gons[i] / bare[i];
	}
	gons_median = quantile(gons, job->rounds, 0.5);
	bare_median = quantile(bare, job->rounds, 0.5);
	printf("%-36s %6u %10.2f %10.2f %10.2f %10.2f %7.3f %7.3f", job->name, job->rounds,
	       gons_median, quantile(gons, job->rounds, 0.9), bare_median,
	       quantile(bare, job->rounds, 0.9), gons_median / bare_median,
	       quantile(ratio, job->rounds, 0.5));
	if (job->target > 0)
		printf("  <= %.2f %s", job->target,
		       gons_median / bare_median <= job->target ? "met" : "MISSED");
	printf("\n");
	free(gons);
	free(bare);
	free(ratio);
}

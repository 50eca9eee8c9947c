/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A loop as of a test program: a network namespace for each test, which works in it for a while.
 * Timed is how long it takes to have one and be inside, by unshare(2) and from pools.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <gons/set.h>

#include "measure.h"

enum { BLOCKS = 10, BLOCK = 100, TIMES = BLOCKS * BLOCK };

enum work { BUSY, ASLEEP };

struct row {
	unsigned ahead; /* 0: bare unshare */
	unsigned work_us;
	enum work work;
	bool keeps; /* what it has used, until the end of a block */
};

static void work(const struct row *row)
{
	const struct timespec pause = { .tv_nsec = (long)row->work_us * 1000 };
	const double end = now_us() + row->work_us;

	if (row->work == ASLEEP)
		(void)nanosleep(&pause, NULL);
	else
		while (now_us() < end)
			;
}

static double loop_pool(gons_pool *pool, const struct row *row, gons_set **used)
{
	int mark = GONS(gons_scope_begin());
	double start = now_us();
	gons_set *set = gons_pool_get(pool);
	double taken;

	GONS(set ? 0 : -1);
	GONS(gons_set_enter(set));
	taken = now_us() - start;
	work(row);
	GONS(gons_scope_end(mark));
	if (row->keeps)
		*used = set;
	else
		gons_set_close(set);
	return taken;
}

static double loop_bare(const struct row *row)
{
	int fd = BARE(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
	double start = now_us();
	double taken;

	BARE(unshare(CLONE_NEWNET));
	taken = now_us() - start;
	work(row);
	BARE(setns(fd, CLONE_NEWNET));
	BARE(close(fd));
	return taken;
}

/* One block of the loop, with a pool that is full at first. */
static void run_block(const struct row *row, double *times)
{
	gons_pool *pool = row->ahead ? gons_pool_new(CLONE_NEWNET, NULL, NULL) : NULL;
	gons_set *used[BLOCK] = { NULL };

	if (row->ahead) {
		GONS(pool ? gons_pool_start(pool, row->ahead) : -1);
		while (gons_pool_len(pool) < row->ahead)
			(void)sched_yield();
	}
	for (int i = 0; i < BLOCK; i++)
		times[i] = pool ? loop_pool(pool, row, &used[i]) : loop_bare(row);
	for (int i = 0; i < BLOCK; i++)
		gons_set_close(used[i]);
	gons_pool_close(pool);
}

static void print_row(const struct row *row, double *times, double unshare_us)
{
	double median = quantile(times, TIMES, 0.5);
	const bool has_target = row->ahead >= 4 && row->work_us == 1000 && row->work == BUSY;
	char name[32] = "unshare", notes[48];
	double sum = 0;

	for (int i = 0; i < TIMES; i++)
		sum += times[i];
	if (row->ahead)
		(void)snprintf(name, sizeof(name), "pool of %u", row->ahead);
	(void)snprintf(notes, sizeof(notes), "%u us %s%s", row->work_us,
		       row->work == ASLEEP ? "asleep" : "busy", row->keeps ? ", kept" : "");
	printf("%-12s %-20s %9.1f %9.1f %9.1f %9.1f %8.3f%s\n", name, notes, median,
	       quantile(times, TIMES, 0.9), quantile(times, TIMES, 0.99), sum / TIMES,
	       median / unshare_us,
	       !has_target	? ""
	       : median <= 15.0 ? "  <= 15 us met"
				: "  <= 15 us MISSED");
}

int main(void)
{
	static const struct row rows[] = {
		{ 0, 1000, BUSY, false }, { 1, 1000, BUSY, false },   { 2, 1000, BUSY, false },
		{ 4, 1000, BUSY, false }, { 8, 1000, BUSY, false },   { 32, 1000, BUSY, false },
		{ 8, 1000, BUSY, true },  { 0, 1000, ASLEEP, false }, { 8, 1000, ASLEEP, false },
		{ 0, 300, BUSY, false },  { 8, 300, BUSY, false },    { 0, 100, BUSY, false },
		{ 8, 100, BUSY, false },  { 0, 0, BUSY, false },      { 8, 0, BUSY, false },
	};
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
	static double times[ROWS][TIMES];
	double unshare_us = 0;

	prepare("pool", CLONE_NEWNET);
	/* In turns, so that a machine that is busy for a while is so for all. */
	for (int block = 0; block < BLOCKS; block++)
		for (int i = 0; i < ROWS; i++)
			run_block(&rows[i], &times[i][(size_t)block * BLOCK]);
	printf("To have a network namespace and be inside, in microseconds\n");
	printf("%-12s %-20s %9s %9s %9s %9s %8s\n", "from", "work in each", "median", "p90", "p99",
	       "mean", "ratio");
	for (int i = 0; i < ROWS; i++) {
		if (rows[i].ahead == 0)
			unshare_us = quantile(times[i], TIMES, 0.5);
		print_row(&rows[i], times[i], unshare_us);
	}
	printf("The ratio is that of the medians to unshare with the same work. Where less work is "
	       "done than\none takes to be made, the getter makes some by itself.\n");
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MEASURE_H
#define MEASURE_H

/*
 * Two ways to do the same job, timed in turns. A program that cannot measure ends with
 * status 1, one that the machine gives no namespaces to with 77; no time is a failure.
 */

#include <stdbool.h>
#include <stddef.h>

struct job {
	const char *name;
	void (*gons)(void *arg);
	void (*bare)(void *arg);
	void (*reset)(void *arg); /* follows each of them, not timed; NULL: nothing to do */
	void *arg;
	unsigned rounds;
	unsigned calls; /* timed together, where one is short against reading the clock */
	double target; /* what the ratio should be at most; 0: no target */
};

/* The table's head; what the two ways are called in it. */
void table_head(const char *title, const char *gons, const char *bare);

/* Times the job and prints a line of the table: medians, 90th percentiles, the ratio of the
 * medians and the median of the rounds' own ratios, which disturbances spoil less. */
void table_measure(const struct job *job);

double now_us(void);

/* The q-quantile; sorts the values. */
double quantile(double *values, size_t n, double q);

/* The value of a call of gons, or of a system call. */
int must_gons(int value, const char *call);
int must_bare(int value, const char *call);
#define GONS(call) must_gons(call, #call)
#define BARE(call) must_bare((int)(call), #call)

void *must_allocate(size_t n, size_t size);

/* For unprivileged users a user namespace; ends the program where there is no way to make
 * namespaces of these types. */
void prepare(const char *program, int types);

#endif

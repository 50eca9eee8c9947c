/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What gons adds to an empty test: a group of tests of gons's, of plain tests that gons runs, and
 * of plain tests that cmocka runs without gons, in turns; in processor time. The target is 40 microseconds a test.
 */
#include <fcntl.h>
#include <gons/cmocka.h>
#include <time.h>
#include <unistd.h>

#include "measure.h"

enum { TESTS = 50, ROUNDS = 101, KINDS = 4, TARGET_US = 40 };

static void empty(void **state)
{
	(void)state;
}

static int run_bare(const struct CMUnitTest *tests)
{
	return _cmocka_run_group_tests("bare", tests, TESTS, NULL, NULL);
}

static int run_gons(const struct CMUnitTest *tests)
{
	struct CMUnitTest copy[TESTS];

	memcpy(copy, tests, sizeof(copy));
	return gons_run_group_tests(copy, NULL, NULL);
}

static const struct {
	const char *name;
	struct CMUnitTest test;
	int (*run)(const struct CMUnitTest *tests);
} kinds[KINDS] = {
	{ "cmocka_unit_test(), without gons", cmocka_unit_test(empty), run_bare },
	{ "cmocka_unit_test() in a group of gons", cmocka_unit_test(empty), run_gons },
	{ "gons_unit_test()", gons_unit_test(empty), run_gons },
	{ "gons_unit_test_in(CLONE_NEWUTS)", gons_unit_test_in(empty, CLONE_NEWUTS), run_gons },
};

/* Of the processor, which other programs do not disturb. */
static double cpu_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* Microseconds a test. */
static double measure(size_t kind)
{
	struct CMUnitTest tests[TESTS];
	double begin;

	for (size_t i = 0; i < TESTS; i++)
		tests[i] = kinds[kind].test;
	begin = cpu_us();
	if (kinds[kind].run(tests) != 0)
		exit(EXIT_FAILURE);
	return (cpu_us() - begin) / TESTS;
}

int main(void)
{
	double times[KINDS][ROUNDS];
	double base;
	int output;

	prepare("tests", CLONE_NEWUTS);
	/* What cmocka prints is nobody's; the table is. */
	output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (output < 0 || !freopen("/dev/null", "we", stdout) ||
	    dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
		return EXIT_FAILURE;
	for (size_t round = 0; round < ROUNDS; round++)
		for (size_t kind = 0; kind < KINDS; kind++)
			times[kind][round] = measure(kind);
	base = quantile(times[0], ROUNDS, 0.5);
	(void)dprintf(output, "%-42s %10s %10s %10s\n", "an empty test", "median us", "p90 us",
		      "more us");
	for (size_t kind = 0; kind < KINDS; kind++) {
		const double median = quantile(times[kind], ROUNDS, 0.5);

		(void)dprintf(output, "%-42s %10.1f %10.1f %10.1f%s\n", kinds[kind].name, median,
			      quantile(times[kind], ROUNDS, 0.9), median - base,
			      kind != 2			   ? ""
			      : median - base <= TARGET_US ? "  (target 40: met)"
							   : "  (target 40: missed)");
	}
	return 0;
}

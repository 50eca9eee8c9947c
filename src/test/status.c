/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exit status of a program that runs tests.
 */
#include <stdlib.h>

#include "gons/base/common.h"
#include "gons/base/forks.h"
#include "test/test.h"

enum { MOST = 76, SKIPPED = 77, ENOUGH = 126 };

/* Of all groups so far. */
static size_t all_failed, all_started, all_completed;

/* The group that ran last. */
static struct group {
	size_t failed;
	bool is_skip, is_first;
} last;

/* What the program has if it combines the results so far. */
static unsigned any_bits, sum, highest;

static pid_t first_process; /* that was started, and not forked */
static bool ends_skipped; /* the process ends now, with a status that becomes SKIPPED */
static bool is_running; /* a group, in this process: */
static unsigned run_forks;

GONS_EXPORT int gons_exit_status(void)
{
	if (all_failed > 0)
		return all_failed > MOST ? MOST : (int)all_failed;
	return all_started > 0 && all_completed == 0 ? SKIPPED : 0;
}

void gons_i_status_count(bool failed, bool skipped)
{
	all_started++;
	all_completed += !skipped;
	all_failed += failed;
}

/* ---- the end of the process ---- */

__attribute__((constructor)) static void remember_process(void)
{
	first_process = getpid();
}

void gons_i_status_run_begins(void)
{
	is_running = true;
	run_forks = gons_i_forks();
}

void gons_i_status_run_ends(void)
{
	is_running = false;
}

/* After the exit handlers and the destructors of the program. */
__attribute__((destructor)) static void end_process(void)
{
	const char *name = gons_i_test_name();

	if (is_running && run_forks == gons_i_forks()) {
		(void)fprintf(stderr, "gons: %s called exit(3): the tests after it have not run\n",
			      name ? name : "a fixture");
		(void)fflush(NULL);
		_exit(EXIT_FAILURE);
	}
	if (ends_skipped) {
		(void)fflush(NULL);
		_exit(SKIPPED);
	}
}

#ifdef __GLIBC__ /* has on_exit(3) */
static void look_at_status(int status, void *arg)
{
	(void)arg;
	ends_skipped = status == 0 && gons_exit_status() == SKIPPED;
}

/* Whether the status can become SKIPPED at the end of the process. */
static bool skips_at_exit(void)
{
	static bool is_registered;

	if (getpid() != first_process)
		return false;
	if (!is_registered)
		is_registered = on_exit(look_at_status, NULL) == 0;
	return is_registered;
}
#endif

/* ---- groups ---- */

/* Whether the program still has a failure if it combines this one with the results so far. */
static bool is_failure_everywhere(unsigned status)
{
	const unsigned results[] = { any_bits | status, (sum + status) & 255,
				     highest > status ? highest : status };

	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++)
		if (results[i] == 0 || results[i] == SKIPPED)
			return false;
	return status != SKIPPED;
}

static unsigned result_of_failures(size_t failed)
{
	unsigned status = failed > MOST ? MOST : (unsigned)failed;

	while (!is_failure_everywhere(status) && status < ENOUGH)
		status++;
	return status;
}

void gons_i_status_add(size_t failed, size_t started, size_t completed)
{
	last.failed = failed;
	last.is_skip = failed == 0 && started > 0 && completed == 0;
	last.is_first = all_started == 0 && all_failed == 0;
	all_failed += failed;
	all_started += started;
	all_completed += completed;
}

int gons_i_status_result(void)
{
	unsigned status = 0;

	if (last.failed > 0)
		status = result_of_failures(last.failed);
	else if (last.is_skip && last.is_first)
		status = SKIPPED;
#ifdef __GLIBC__
	if (skips_at_exit() && status == SKIPPED)
		status = 0;
#endif
	any_bits |= status;
	sum = (sum + status) & 255;
	highest = highest > status ? highest : status;
	return (int)status;
}

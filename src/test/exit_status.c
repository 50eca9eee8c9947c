/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exit status of a program that runs tests.
 */
#include <stdlib.h>

#include "gons/base/common.h"
#include "gons/base/forks.h"
#include "test/test.h"

enum { MOST_FAILURES = 76, SKIPPED = 77, HIGHEST_RESULT = 126 };

static struct status {
	unsigned forks; /* of the process whose tests these numbers count */
	/* Of all groups so far. */
	size_t failed, started, completed;
	/* Of the group that ran last. */
	size_t last_failed;
	bool last_is_skip, last_is_first;
	/* The possible results of a program that combines those of its groups. */
	unsigned any_bits, sum, highest;
} status;

static pid_t first_process; /* the process that was started, not a fork of it */
static bool ends_skipped; /* exit(3) was called, and the status becomes SKIPPED */
static bool is_running; /* a group runs in the process with these numbers: */
static unsigned run_forks;
static pid_t run_pid; /* differs in children that are created without pthread_atfork(3) */

/* In a forked child, drops the numbers of the parent. */
static void drop_numbers_of_parent(void)
{
	if (status.forks != gons_i_forks())
		status = (struct status){ .forks = gons_i_forks() };
}

GONS_EXPORT int gons_exit_status(void)
{
	drop_numbers_of_parent();
	if (status.failed > 0)
		return status.failed > MOST_FAILURES ? MOST_FAILURES : (int)status.failed;
	return status.started > 0 && status.completed == 0 ? SKIPPED : 0;
}

void gons_i_exit_status_count(bool failed, bool skipped)
{
	drop_numbers_of_parent();
	status.started++;
	status.completed += !skipped;
	status.failed += failed;
}

/* ---- the end of the process ---- */

__attribute__((constructor)) static void remember_process(void)
{
	first_process = getpid();
}

void gons_i_exit_status_run_begins(void)
{
	is_running = true;
	run_forks = gons_i_forks();
	run_pid = getpid();
}

void gons_i_exit_status_run_ends(void)
{
	is_running = false;
}

bool gons_i_exit_status_is_running(void)
{
	return is_running && run_forks == gons_i_forks() && run_pid == getpid();
}

/* Runs after the exit handlers and the destructors of the program. */
__attribute__((destructor)) static void end_process(void)
{
	const char *name = gons_i_test_name();

	if (gons_i_exit_status_is_running()) {
		(void)fprintf(stderr, "gons: %s called exit(3): the remaining tests have not run\n",
			      name ? name : "a fixture");
		(void)fflush(NULL);
		_exit(EXIT_FAILURE);
	}
	if (ends_skipped) {
		(void)fflush(NULL);
		_exit(SKIPPED);
	}
}

#ifdef __GLIBC__ /* which has on_exit(3) */
static void check_exit_status(int exit_status, void *arg)
{
	(void)arg;
	ends_skipped = exit_status == 0 && gons_exit_status() == SKIPPED;
}

/* Whether the status can become SKIPPED at the end of the process. */
static bool skips_at_exit(void)
{
	static bool is_registered;

	if (getpid() != first_process)
		return false;
	if (!is_registered)
		is_registered = on_exit(check_exit_status, NULL) == 0;
	return is_registered;
}
#endif

/* ---- groups of tests ---- */

/* Whether the program fails however it combines this result with those of earlier groups. */
static bool is_failure_everywhere(unsigned result)
{
	const unsigned combined[] = { result, status.any_bits | result, (status.sum + result) & 255,
				      status.highest > result ? status.highest : result };

	for (size_t i = 0; i < sizeof(combined) / sizeof(combined[0]); i++)
		if (combined[i] == 0 || combined[i] == SKIPPED)
			return false;
	return true;
}

static unsigned result_of_failures(size_t failed)
{
	unsigned result = failed > MOST_FAILURES ? MOST_FAILURES : (unsigned)failed;

	while (!is_failure_everywhere(result) && result < HIGHEST_RESULT)
		result++;
	return result;
}

void gons_i_exit_status_add(size_t failed, size_t started, size_t completed)
{
	drop_numbers_of_parent();
	status.last_failed = failed;
	status.last_is_skip = failed == 0 && started > 0 && completed == 0;
	status.last_is_first = status.started == 0 && status.failed == 0;
	status.failed += failed;
	status.started += started;
	status.completed += completed;
}

int gons_i_exit_status_result(void)
{
	unsigned result = 0;

	if (status.last_failed > 0)
		result = result_of_failures(status.last_failed);
	else if (status.last_is_skip && status.last_is_first)
		result = SKIPPED;
#ifdef __GLIBC__
	if (skips_at_exit() && result == SKIPPED)
		result = 0;
#endif
	status.any_bits |= result;
	status.sum = (status.sum + result) & 255;
	status.highest = status.highest > result ? status.highest : result;
	return (int)result;
}

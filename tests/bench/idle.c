/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much memory an idle thread takes, which keeps a mount namespace alive.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../check.h"

enum { THREADS = 200, MOST_KIB = 32 };

/* Not VmRSS of /proc/self/status, which the kernel only estimates. */
static long resident_kib(void)
{
	const char *rss = strstr(read_text("/proc/self/smaps_rollup"), "\nRss:");

	assert_non_null(rss);
	return strtol(rss + strlen("\nRss:"), NULL, 10);
}

static void an_idle_thread_takes_at_most_32_KiB(void **state)
{
	int threads;
	long before;
	long taken;

	(void)state;
	gons_require(CLONE_NEWNS);
	/* The first one brings pages that all share. */
	gons_must(gons_mntns_new_transient(NULL));
	threads = count_entries("/proc/self/task");
	before = resident_kib();
	for (int i = 0; i < THREADS; i++)
		gons_must(gons_mntns_new_transient(NULL));
	taken = resident_kib() - before;
	assert_int_equal(count_entries("/proc/self/task") - threads, THREADS);
	print_message("%d idle threads take %ld KiB, each %.2f\n", THREADS, taken,
		      (double)taken / THREADS);
	assert_true(taken > 0);
	assert_true(taken <= (long)THREADS * MOST_KIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = { check_test(an_idle_thread_takes_at_most_32_KiB) };
	const char *preload = getenv("LD_PRELOAD");
	const char *reason = NULL;

#ifdef SANITIZED
	reason = "a sanitizer has memory of its own for each thread";
#endif
	if (preload && strstr(preload, "vgpreload"))
		reason = "valgrind has memory of its own for each thread";
	if (!reason)
		return gons_run_group_tests(tests, gons_group_setup_root, NULL);
	print_error("gons: skipped: idle: %s\n", reason);
	return 77;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same job 100,000 times: it fails if memory, descriptors or threads grow, and prints
 * whether the last ones take longer than the first ones.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gons/mntns.h>
#include <gons/netns.h>

#include "measure.h"

enum { ROUNDS = 100000, TENTH = ROUNDS / 10, MOST_KIB = 64 };

struct kept {
	long kib;
	int fds, threads;
};

static int count_entries(const char *path)
{
	DIR *dir = opendir(path);
	int count = 0;

	while (dir && readdir(dir))
		count++;
	if (dir)
		(void)closedir(dir);
	return count;
}

/* Memory of the process's own: pages of files come in clusters, whenever one is touched. */
static long anonymous_kib(void)
{
	FILE *file = fopen("/proc/self/smaps_rollup", "re");
	char line[256];
	long kib = -1;

	while (file && kib < 0 && fgets(line, sizeof(line), file))
		if (strncmp(line, "Anonymous:", 10) == 0)
			kib = strtol(line + 10, NULL, 10);
	if (file)
		(void)fclose(file);
	return kib;
}

static struct kept look(void)
{
	return (struct kept){ anonymous_kib(), count_entries("/proc/self/fd"),
			      count_entries("/proc/self/task") };
}

static void enter_and_leave(void *arg)
{
	int mark = GONS(gons_scope_begin());

	(void)arg;
	GONS(gons_netns_enter_transient());
	GONS(gons_scope_end(mark));
}

static void enter_and_leave_both(void *arg)
{
	int mark = GONS(gons_scope_begin());

	(void)arg;
	GONS(gons_enter_transient(CLONE_NEWNET | CLONE_NEWNS));
	GONS(gons_scope_end(mark));
}

static void nothing(void *arg)
{
	(void)arg;
}

static void execute(void *nsfd)
{
	GONS(gons_execute(*(int *)nsfd, nothing, NULL));
}

/* Returns whether nothing grew. */
static bool endure(const char *name, void (*fn)(void *), void *arg)
{
	double *times = must_allocate(ROUNDS, sizeof(*times));
	struct kept before, after;
	double first, last;

	memset(times, 1, ROUNDS * sizeof(*times)); /* so that its pages are there before */
	for (int i = 0; i < TENTH / 10; i++)
		fn(arg);
	before = look();
	for (int i = 0; i < ROUNDS; i++) {
		double start = now_us();

		fn(arg);
		times[i] = now_us() - start;
	}
	after = look();
	first = quantile(times, TENTH, 0.5);
	last = quantile(times + ROUNDS - TENTH, TENTH, 0.5);
	free(times);
	printf("%-32s %9.1f %9.1f %7.2f %+8ld %+6d %+6d\n", name, first, last, last / first,
	       after.kib - before.kib, after.fds - before.fds, after.threads - before.threads);
	return after.kib - before.kib <= MOST_KIB && after.fds == before.fds &&
	       after.threads == before.threads;
}

int main(void)
{
	int net_fd, mnt_fd;
	bool ok = true;

	setvbuf(stdout, NULL, _IOLBF, 0);
	prepare("endurance", CLONE_NEWNET | CLONE_NEWNS);
	net_fd = GONS(gons_netns_new_transient());
	mnt_fd = GONS(gons_mntns_new_transient(NULL));
	printf("%d times each; medians of the first and the last tenth, and what was more after\n"
	       "%-32s %9s %9s %7s %8s %6s %6s\n",
	       ROUNDS, "", "first us", "last us", "ratio", "KiB", "fds", "threads");
	ok &= endure("execute in a network namespace", execute, &net_fd);
	ok &= endure("execute in a mount namespace", execute, &mnt_fd);
	ok &= endure("enter and leave net", enter_and_leave, NULL);
	ok &= endure("enter and leave net and mnt", enter_and_leave_both, NULL);
	if (!ok)
		fprintf(stderr, "something grew\n");
	return ok ? 0 : 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many namespaces in one scope: what each costs, and whether a later one costs more. The
 * kernel's own cost also changes with the number, and with other work on the machine, so the
 * same system calls without gons are measured beside it.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <gons/mntns.h>
#include <gons/netns.h>

#include "measure.h"

enum { SIZES = 3, LARGEST = 1000, REPETITIONS = 10, WARM_UP = 1, CHILDREN = 5 };
static const unsigned sizes[SIZES] = { 10, 100, LARGEST };

/* ---- the four ways ---- */

struct way {
	const char *name;
	void (*make)(unsigned i); /* one more, the i-th */
	void (*end)(unsigned n); /* all n of them */
};

static int mark;

static void make_net_gons(unsigned i)
{
	(void)i;
	GONS(gons_netns_new_transient());
}

static void make_mnt_gons(unsigned i)
{
	(void)i;
	GONS(gons_mntns_new_transient(NULL));
}

static void end_gons(unsigned n)
{
	(void)n;
	GONS(gons_scope_end(mark));
}

static int net_fds[LARGEST];

static void make_net_bare(unsigned i)
{
	int fd = BARE(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));

	BARE(unshare(CLONE_NEWNET));
	net_fds[i] = BARE(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
	BARE(setns(fd, CLONE_NEWNET));
	BARE(close(fd));
}

static void end_net_bare(unsigned n)
{
	while (n-- > 0)
		BARE(close(net_fds[n]));
}

static pthread_attr_t small_stack;
static struct thread {
	pthread_t id;
	sem_t ready, quit;
	int fd;
} threads[LARGEST];

static void *live(void *arg)
{
	struct thread *thread = arg;

	BARE(unshare(CLONE_NEWNS));
	BARE(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	thread->fd = BARE(open("/proc/thread-self/ns/mnt", O_RDONLY | O_CLOEXEC));
	BARE(sem_post(&thread->ready));
	while (sem_wait(&thread->quit) < 0)
		;
	return NULL;
}

static void make_mnt_bare(unsigned i)
{
	(void)sem_init(&threads[i].ready, 0, 0);
	(void)sem_init(&threads[i].quit, 0, 0);
	BARE(-pthread_create(&threads[i].id, &small_stack, live, &threads[i]));
	while (sem_wait(&threads[i].ready) < 0)
		;
}

static void end_mnt_bare(unsigned n)
{
	while (n-- > 0) {
		BARE(close(threads[n].fd));
		BARE(sem_post(&threads[n].quit));
		BARE(-pthread_join(threads[n].id, NULL));
	}
}

/* ---- the kernel's part ---- */

/* In a user namespace of this program's own, which has limits and counts of its own. */
static void write_text(const char *path, const char *text)
{
	int fd = BARE(open(path, O_WRONLY | O_CLOEXEC));

	BARE(write(fd, text, strlen(text)));
	BARE(close(fd));
}

static void own_user_namespace(void)
{
	char uid_map[32], gid_map[32];

	(void)snprintf(uid_map, sizeof(uid_map), "0 %u 1", geteuid());
	(void)snprintf(gid_map, sizeof(gid_map), "0 %u 1", getegid());
	BARE(unshare(CLONE_NEWUSER));
	write_text("/proc/self/setgroups", "deny");
	write_text("/proc/self/uid_map", uid_map);
	write_text("/proc/self/gid_map", gid_map);
	BARE(unshare(CLONE_NEWNET | CLONE_NEWNS));
}

static void nap(void)
{
	const struct timespec pause = { .tv_nsec = 5000000 };

	(void)nanosleep(&pause, NULL);
}

/*
 * Waits until the kernel has destroyed what was given up, which it does late: under a limit
 * of one more than the namespace that the program lives in, that one more can be made.
 */
static void settle(int type, const char *limit, const char *own)
{
	int fd = BARE(open(own, O_RDONLY | O_CLOEXEC));
	int tries = 12000;

	write_text(limit, "2");
	while (unshare(type) < 0 && tries-- > 0)
		nap();
	write_text(limit, "100000");
	BARE(tries > 0 ? 0 : -1);
	BARE(setns(fd, type));
	BARE(close(fd));
	nap();
}

static void settle_all(void)
{
	settle(CLONE_NEWNET, "/proc/sys/user/max_net_namespaces", "/proc/self/ns/net");
	settle(CLONE_NEWNS, "/proc/sys/user/max_mnt_namespaces", "/proc/self/ns/mnt");
}

/* ---- time ---- */

/* What one repetition found, of each size and way. */
struct costs {
	double make, end, both;
};

static double timed(void (*fn)(unsigned), unsigned arg)
{
	double start = now_us();

	fn(arg);
	return now_us() - start;
}

/* n namespaces, first of one way, then of the other. Adds the times to make one, and the time
 * to end all. */
static void run_block(const struct way ways[2], unsigned n, unsigned order, double *make[2],
		      double end[2])
{
	for (unsigned turn = 0; turn < 2; turn++) {
		unsigned way = (turn + order) % 2;

		settle_all();
		mark = GONS(gons_scope_begin());
		for (unsigned i = 0; i < n; i++)
			make[way][i] = timed(ways[way].make, i);
		end[way] += timed(ways[way].end, n);
		if (way == 1)
			GONS(gons_scope_end(mark));
	}
}

/*
 * The small blocks are half before and half after the large one, so that a machine that
 * is busy for a while is so for all sizes. The median of the times to make one is taken,
 * which another process on the CPU for a while does not change.
 */
static void run_repetition(const struct way ways[2], unsigned repetition,
			   struct costs costs[SIZES][2])
{
	static const unsigned plan[] = { 0, 0, 0, 0, 0, 1, 2, 1, 0, 0, 0, 0, 0 };
	static double make[SIZES][2][LARGEST];
	double end[SIZES][2] = { { 0 } };
	size_t used[SIZES] = { 0 };

	for (unsigned i = 0; i < sizeof(plan) / sizeof(plan[0]); i++) {
		unsigned size = plan[i];
		double *next[2] = { make[size][0] + used[size], make[size][1] + used[size] };

		run_block(ways, sizes[size], i + repetition, next, end[size]);
		used[size] += sizes[size];
	}
	for (unsigned size = 0; size < SIZES; size++)
		for (unsigned way = 0; way < 2; way++) {
			struct costs *cost = &costs[size][way];

			cost->make = quantile(make[size][way], used[size], 0.5);
			cost->end = end[size][way] / (double)used[size];
			cost->both = cost->make + cost->end;
		}
}

typedef struct costs repetition_costs[SIZES][2];

/* The median over the repetitions of one number in struct costs. */
static double typical(const repetition_costs *all, unsigned size, unsigned way, size_t member)
{
	double values[REPETITIONS];

	for (unsigned i = 0; i < REPETITIONS; i++)
		memcpy(&values[i], (const char *)&all[i][size][way] + member, sizeof(double));
	return quantile(values, REPETITIONS, 0.5);
}

static void print_sizes(const repetition_costs *all)
{
	printf("%6s %5s %12s %12s %12s %10s\n", "number", "", "make us", "end us", "both us",
	       "gons/bare");
	for (unsigned size = 0; size < SIZES; size++) {
		double ratio[REPETITIONS];

		for (unsigned i = 0; i < REPETITIONS; i++)
			ratio[i] = all[i][size][0].both / all[i][size][1].both;
		for (unsigned way = 0; way < 2; way++)
			printf("%6u %5s %12.2f %12.2f %12.2f%s", sizes[size], way ? "bare" : "gons",
			       typical(all, size, way, offsetof(struct costs, make)),
			       typical(all, size, way, offsetof(struct costs, end)),
			       typical(all, size, way, offsetof(struct costs, both)),
			       way ? "" : "\n");
		printf(" %10.3f\n", quantile(ratio, REPETITIONS, 0.5));
	}
}

/* A ratio of each repetition: median, and the range that half of them are in. */
static double print_ratios(const char *what, double ratios[REPETITIONS])
{
	double median = quantile(ratios, REPETITIONS, 0.5);

	printf("%s: %.3f (half of the repetitions: %.3f to %.3f)", what, median,
	       quantile(ratios, REPETITIONS, 0.25), quantile(ratios, REPETITIONS, 0.75));
	return median;
}

static void print_growth(const repetition_costs *all)
{
	double gons[REPETITIONS], bare[REPETITIONS], own[REPETITIONS];

	for (unsigned i = 0; i < REPETITIONS; i++) {
		gons[i] = all[i][SIZES - 1][0].both / all[i][0][0].both;
		bare[i] = all[i][SIZES - 1][1].both / all[i][0][1].both;
		own[i] = gons[i] / bare[i];
	}
	printf("  <= 1.20 %s\n",
	       print_ratios("growth from 10 to 1000, gons", gons) <= 1.2 ? "met" : "MISSED");
	(void)print_ratios("growth from 10 to 1000, bare", bare);
	(void)print_ratios("\ngrowth of gons beyond bare", own);
	printf("\n");
}

static void measure_growth(const char *title, const struct way ways[2])
{
	repetition_costs *all = must_allocate(REPETITIONS, sizeof(*all));

	for (unsigned i = 0; i < WARM_UP; i++)
		run_repetition(ways, i, all[0]);
	for (unsigned i = 0; i < REPETITIONS; i++)
		run_repetition(ways, i, all[i]);
	printf("\n%s\n", title);
	print_sizes(all);
	print_growth(all);
	free(all);
}

/* ---- memory ---- */

/* A number of KiB from /proc; 0 where it has none. */
static double read_kib(const char *path, const char *key)
{
	FILE *file = fopen(path, "re");
	char line[256];
	double kib = 0;

	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, key, strlen(key)) == 0)
			kib = strtod(line + strlen(key), NULL);
	if (file)
		(void)fclose(file);
	return kib;
}

static double resident(void)
{
	return read_kib("/proc/self/smaps_rollup", "Rss:");
}

/* Of the whole machine: what else happens on it is in there, too. */
static double kernel_memory(void)
{
	static const char *const keys[] = { "Slab:", "KernelStack:", "PageTables:", "Percpu:" };
	double kib = 0;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		kib += read_kib("/proc/meminfo", keys[i]);
	return kib;
}

struct memory {
	double process, kernel;
};

static struct memory measure_memory_here(const struct way *way, unsigned n)
{
	struct memory before, taken;

	settle_all();
	mark = GONS(gons_scope_begin());
	/* What the first one and the reading itself bring is not counted. */
	way->make(0);
	(void)resident();
	(void)kernel_memory();
	before.process = resident();
	before.kernel = kernel_memory();
	for (unsigned i = 1; i < n; i++)
		way->make(i);
	taken.process = (resident() - before.process) / (n - 1);
	taken.kernel = (kernel_memory() - before.kernel) / (n - 1);
	return taken;
}

/* In a child, and before this process has had threads: the stacks of ended ones are kept
 * for new ones, and are inherited. */
static struct memory memory_in_child(const struct way *way, unsigned n)
{
	struct memory taken = { 0, 0 };
	int fds[2], status;
	pid_t pid;

	BARE(pipe2(fds, O_CLOEXEC));
	pid = BARE(fork());
	if (pid == 0) {
		taken = measure_memory_here(way, n);
		BARE(write(fds[1], &taken, sizeof(taken)));
		_exit(0);
	}
	BARE(waitpid(pid, &status, 0));
	BARE(status == 0 && read(fds[0], &taken, sizeof(taken)) == sizeof(taken) ? 0 : -1);
	BARE(close(fds[0]));
	BARE(close(fds[1]));
	return taken;
}

static void measure_memory(const char *title, const struct way ways[2])
{
	double process[2][CHILDREN], kernel[2][CHILDREN];

	printf("\n%s (the kernel's: of the whole machine, so only roughly)\n%6s %5s %12s %12s\n",
	       title, "number", "", "process KiB", "kernel KiB");
	for (size_t size = 0; size < SIZES; size++) {
		for (size_t i = 0; i < CHILDREN; i++)
			for (size_t way = 0; way < 2; way++) {
				struct memory taken = memory_in_child(&ways[way], sizes[size]);

				process[way][i] = taken.process;
				kernel[way][i] = taken.kernel;
			}
		for (size_t way = 0; way < 2; way++)
			printf("%6u %5s %12.2f %12.0f\n", sizes[size], ways[way].name,
			       quantile(process[way], CHILDREN, 0.5),
			       quantile(kernel[way], CHILDREN, 0.5));
	}
	settle_all();
}

int main(void)
{
	static const struct way net[2] = { { "gons", make_net_gons, end_gons },
					   { "bare", make_net_bare, end_net_bare } };
	static const struct way mnt[2] = { { "gons", make_mnt_gons, end_gons },
					   { "bare", make_mnt_bare, end_mnt_bare } };
	struct rlimit limit;

	prepare("growth", CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS);
	own_user_namespace();
	BARE(getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = limit.rlim_max;
	BARE(setrlimit(RLIMIT_NOFILE, &limit));
	BARE(-pthread_attr_init(&small_stack));
	BARE(-pthread_attr_setstacksize(&small_stack, 64 * 1024));
	measure_memory("Memory for each network namespace, after the first", net);
	measure_memory("Memory for each mount namespace with its idle thread, after the first",
		       mnt);
	measure_growth("Time for each network namespace in one scope", net);
	measure_growth("Time for each mount namespace with its idle thread in one scope", mnt);
	return 0;
}

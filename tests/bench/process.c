/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that prints 10 bytes in a network namespace, beside setns(2) and posix_spawn(3) by
 * hand.
 */
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gons/netns.h>
#include <gons/process.h>

#include "measure.h"

extern char **environ;

static const char *const argv[] = { "echo", "-n", "0123456789", NULL };
static int nsfd;

static void must_be_text(const char *output, size_t size)
{
	BARE(size == 10 && memcmp(output, argv[2], 10) == 0 ? 0 : -1);
}

static void run_gons(void *arg)
{
	const struct gons_process_options there = { .nsfd = nsfd };
	struct gons_process_result result;

	(void)arg;
	GONS(gons_process_run(argv, &there, &result));
	must_be_text(result.output, result.output_size);
	gons_process_result_free(&result);
}

static void run_bare(void *arg)
{
	const int own = BARE(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
	posix_spawn_file_actions_t actions;
	size_t size = 0;
	char output[64];
	ssize_t got;
	int status = -1;
	int ends[2];
	pid_t pid;

	(void)arg;
	BARE(pipe2(ends, O_CLOEXEC));
	BARE(-posix_spawn_file_actions_init(&actions));
	BARE(-posix_spawn_file_actions_adddup2(&actions, ends[1], 1));
	BARE(setns(nsfd, CLONE_NEWNET));
	BARE(-posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ));
	BARE(setns(own, CLONE_NEWNET));
	BARE(posix_spawn_file_actions_destroy(&actions));
	BARE(close(ends[1]));
	do {
		got = read(ends[0], output + size, sizeof(output) - size);
		BARE(got);
		size += (size_t)got;
	} while (got > 0);
	BARE(close(ends[0]));
	BARE(close(own));
	BARE(waitpid(pid, &status, 0));
	must_be_text(output, size);
}

int main(void)
{
	const struct job job = { "output read", run_gons, run_bare, NULL, NULL, 1000, 1, 1.3 };

	prepare("process", CLONE_NEWNET);
	GONS(gons_scope_begin());
	nsfd = GONS(gons_netns_new_transient());
	table_head("A program in a network namespace, in microseconds", "process", "spawn");
	table_measure(&job);
	return 0;
}

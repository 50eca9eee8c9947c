/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A re-execution that returns 10 bytes, beside a bare posix_spawn(3) of the same program that
 * prints 10 bytes.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gons/netns.h>
#include <gons/reexec.h>

#include "measure.h"

extern char **environ;

static const char text[] = "0123456789";

static int print(void)
{
	return fwrite(text, 1, 10, stdout) == 10 ? 0 : 1;
}

GONS_ACTION(print_ten_bytes)
{
	return print();
}

static void must_be_text(const char *output, size_t size)
{
	BARE(size == 10 && memcmp(output, text, 10) == 0 ? 0 : -1);
}

static void run_gons(void *arg)
{
	const struct gons_reexec *job = arg;
	struct gons_reexec_result result;

	GONS(gons_reexec_run(job, &result));
	must_be_text(result.output, result.output_size);
	gons_reexec_result_free(&result);
}

static void run_bare(void *arg)
{
	char *const argv[] = { (char *)"bench-reexec", (char *)"print", NULL };
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
	BARE(-posix_spawn(&pid, "/proc/self/exe", &actions, NULL, argv, environ));
	BARE(posix_spawn_file_actions_destroy(&actions));
	BARE(close(ends[1]));
	do {
		got = read(ends[0], output + size, sizeof(output) - size);
		BARE(got);
		size += (size_t)got;
	} while (got > 0);
	BARE(close(ends[0]));
	BARE(waitpid(pid, &status, 0));
	must_be_text(output, size);
}

int main(int argc, char **argv)
{
	struct gons_reexec in_place = { .action = "print_ten_bytes" };
	struct gons_reexec elsewhere = in_place;
	const struct job plain = { "10 bytes", run_gons, run_bare, NULL, &in_place, 1000, 1, 1.3 };
	const struct job there = { "10 bytes from a network namespace",
				   run_gons,
				   run_bare,
				   NULL,
				   &elsewhere,
				   1000,
				   1,
				   0 };
	struct gons_nsref ref = { "!net", NULL };
	char path[32];

	if (argc == 2 && strcmp(argv[1], "print") == 0)
		return print();
	gons_reexec_check();
	prepare("reexec", CLONE_NEWNET);
	GONS(gons_scope_begin());
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", GONS(gons_netns_new_transient()));
	ref.path = path;
	elsewhere.namespaces = &ref;
	elsewhere.n_namespaces = 1;
	table_head("This program once more, in microseconds", "reexec", "spawn");
	table_measure(&plain);
	table_measure(&there);
	return 0;
}

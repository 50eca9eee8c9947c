/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "caller.h"

struct closed {
	echo_function echo;
	int fds; /* bit N for descriptor N */
};

static int run_closed(void *arg)
{
	const struct closed *closed = arg;

	for (int fd = 0; fd < 3; fd++)
		if (closed->fds & (1 << fd))
			(void)close(fd);
	if (!closed->echo("through"))
		return 1;
	for (int fd = 0; fd < 3; fd++)
		if ((closed->fds & (1 << fd)) && fcntl(fd, F_GETFD) >= 0)
			return 2;
	return 0;
}

void assert_runs_without_standard_descriptors(echo_function echo)
{
	(void)fflush(NULL);
	for (int fds = 1; fds < 8; fds++)
		assert_int_equal(in_child(run_closed, &(struct closed){ echo, fds }), 0);
}

static int run_with_few_descriptors(void *echo)
{
	const int open_fds = count_entries("/proc/self/fd");
	struct rlimit limit = { 0, 4096 };
	bool worked = false;

	for (int i = 0; i < 16 && !worked; i++) {
		limit.rlim_cur = (rlim_t)(open_fds + i);
		want(setrlimit(RLIMIT_NOFILE, &limit) == 0);
		worked = (*(echo_function *)echo)("few");
		want(worked || errno == EMFILE);
		want(worked || strstr(gons_error(), "(RLIMIT_NOFILE) is reached"));
		limit.rlim_cur = 4096;
		want(setrlimit(RLIMIT_NOFILE, &limit) == 0);
		want(count_entries("/proc/self/fd") == open_fds);
		want(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	}
	want(worked);
	return 0;
}

void assert_runs_with_few_descriptors(echo_function echo)
{
	assert_int_equal(in_child(run_with_few_descriptors, &echo), 0);
}

static int run_without_pidfds(void *echo)
{
	const int open_fds = count_entries("/proc/self/fd");

	want(refuse_call(SYS_pidfd_open, ENOSYS));
	want(!(*(echo_function *)echo)("x") && errno == ENOSYS);
	want(strstr(gons_error(), "pidfd_open(2)") && strstr(gons_error(), "5.3"));
	want(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	want(count_entries("/proc/self/fd") == open_fds);
	return 0;
}

void assert_refused_without_pidfds(echo_function echo)
{
	assert_int_equal(in_child(run_without_pidfds, &echo), 0);
}

enum { THREADS = 8, TIMES = 8 };

struct caller {
	echo_function echo;
	int number;
	char error[1024];
};

static void *run_many(void *arg)
{
	struct caller *caller = arg;
	char text[32];

	for (int i = 0; i < TIMES; i++) {
		(void)snprintf(text, sizeof(text), "%d of thread %d", i, caller->number);
		if (!caller->echo(text)) {
			(void)snprintf(caller->error, sizeof(caller->error), "%s: %s", text,
				       gons_error());
			break;
		}
	}
	return NULL;
}

void assert_runs_on_several_threads(echo_function echo)
{
	struct caller callers[THREADS];
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++) {
		callers[i] = (struct caller){ echo, i, "" };
		assert_int_equal(pthread_create(&threads[i], NULL, run_many, &callers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (int i = 0; i < THREADS; i++)
		assert_string_equal(callers[i].error, "");
}

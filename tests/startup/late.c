/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads the library when it has another thread already, none yet, or has just joined them: late
 * LIBGONS.SO VARIABLE thread|alone|joined. Prints what gons_status() says.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *wait_for_ever(void *arg)
{
	(void)pause();
	return arg;
}

/* With descriptors of its own, which it closes after the kernel has told that it ends. */
static void *end_slowly(void *arg)
{
	if (unshare(CLONE_FILES) == 0)
		for (int i = 0; i < 1000; i++)
			(void)open("/dev/null", O_RDONLY | O_CLOEXEC);
	return arg;
}

static void join_threads(void)
{
	pthread_t threads[8];

	for (int i = 0; i < 8; i++)
		if (pthread_create(&threads[i], NULL, end_slowly, NULL) != 0)
			abort();
	for (int i = 0; i < 8; i++)
		if (pthread_join(threads[i], NULL) != 0)
			abort();
}

int main(int argc, char **argv)
{
	const char *(*status)(void);
	pthread_t thread;
	void *library;

	if (argc != 4 || putenv(argv[2]) != 0)
		return 2;
	if (strcmp(argv[3], "thread") == 0 &&
	    pthread_create(&thread, NULL, wait_for_ever, NULL) != 0)
		return 2;
	if (strcmp(argv[3], "joined") == 0)
		join_threads();
	library = dlopen(argv[1], RTLD_NOW);
	status = library ? (const char *(*)(void))dlsym(library, "gons_status") : NULL;
	if (!status) {
		(void)fprintf(stderr, "%s\n", dlerror());
		return 2;
	}
	printf("%s\n", status() ? status() : "NULL");
	return 0;
}

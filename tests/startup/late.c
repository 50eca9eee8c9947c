/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads the library when it has another thread already, or none yet: late LIBGONS.SO VARIABLE thread|alone.
 * Prints what gons_status() says.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *wait_for_ever(void *arg)
{
	(void)pause();
	return arg;
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
	library = dlopen(argv[1], RTLD_NOW);
	status = library ? (const char *(*)(void))dlsym(library, "gons_status") : NULL;
	if (!status) {
		(void)fprintf(stderr, "%s\n", dlerror());
		return 2;
	}
	printf("%s\n", status() ? status() : "NULL");
	return 0;
}

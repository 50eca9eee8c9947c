/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Start-up switching: a variable in the environment puts a program into a network namespace before
 * its main() begins:
 *
 *     gons_net=/run/netns/blue ./startup look
 *
 * Here "./startup" creates a namespace, sets the variable, and starts itself as "./startup look",
 * which prints its links. The code for "look" switches nothing.
 */
#include <net/if.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gons/netns.h>
#include <gons/privilege.h>

extern char **environ;

static int look_around(void)
{
	struct if_nameindex *links = if_nameindex();
	int n = 0;

	if (!links)
		return -1;
	printf("network namespace %ju has", (uintmax_t)gons_netns_current_ino());
	while (links[n].if_index != 0)
		printf(" %s", links[n++].if_name);
	printf("\n");
	if_freenameindex(links);
	return n;
}

/* Starts this program with the argument "look" in a namespace. Returns its wait status, or -1. */
static int look_into(int nsfd)
{
	static char *argv[] = { (char *)"startup", (char *)"look", NULL };
	char path[64];
	int status = -1;
	pid_t pid;

	/* nsfd is close-on-exec, so the new program opens it by the path in this process. */
	(void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getpid(), nsfd);
	if (setenv("gons_net", path, 1) < 0)
		return -1;
	fflush(stdout);
	if (posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ) == 0)
		(void)waitpid(pid, &status, 0);
	(void)unsetenv("gons_net");
	return status;
}

int main(int argc, char **argv)
{
	int status = 1;

	gons_status_or_exit(); /* the message says what went wrong */
	if (argc == 2 && strcmp(argv[1], "look") == 0)
		return look_around() == 1 ? 0 : 1; /* a new one has lo */
	if (gons_become_root() < 0) {
		fprintf(stderr, "gons: skipped: startup: %s\n", gons_error());
		return 77;
	}
	(void)look_around();
	GONS_SCOPE {
		int nsfd = gons_netns_new_transient();

		if (nsfd < 0)
			fprintf(stderr, "%s\n", gons_error());
		else
			status = look_into(nsfd) == 0 ? 0 : 1;
	}
	return status;
}

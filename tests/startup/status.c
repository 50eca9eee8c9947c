/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Says where it was started, or executes its arguments, unless start-up switching failed.
 */
#include <stdio.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <gons/gons.h>

static uint64_t early;

/* What constructors start and open belongs into the namespaces of the rest, too. */
__attribute__((constructor)) static void look_early(void)
{
	early = gons_current_ino(CLONE_NEWNET);
}

int main(int argc, char **argv)
{
	gons_status_or_exit();
	if (early != gons_current_ino(CLONE_NEWNET)) {
		(void)fprintf(stderr, "constructors ran in %ju\n", (uintmax_t)early);
		return 1;
	}
	if (argc > 1)
		return execvp(argv[1], argv + 1);
	printf("net %ju secure %lu euid %u\n", (uintmax_t)gons_current_ino(CLONE_NEWNET),
	       getauxval(AT_SECURE), geteuid());
	return 0;
}

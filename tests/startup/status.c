/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Says where it was started, unless start-up switching failed.
 */
#include <stdio.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <gons/gons.h>

int main(void)
{
	gons_status_or_exit();
	printf("net %ju secure %lu euid %u\n", (uintmax_t)gons_current_ino(CLONE_NEWNET),
	       getauxval(AT_SECURE), geteuid());
	return 0;
}

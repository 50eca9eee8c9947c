/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Says where it was started, and does not ask how start-up switching went.
 */
#include <stdio.h>

#include <gons/gons.h>

int main(void)
{
	printf("net %ju\n", (uintmax_t)gons_current_ino(CLONE_NEWNET));
	return 0;
}

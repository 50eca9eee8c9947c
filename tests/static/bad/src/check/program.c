/* SPDX-License-Identifier: Apache-2.0 */
/* For forbidden.py, never compiled: a program prints, and is a library's file otherwise. */
static void report(void)
{
	printf("yes\n");
	fflush(stdout);
	perror("gons-check");
	exit(1); /* bad: exit */
}

static int move(int fd)
{
	return setns(fd, 0); /* bad: setns */
}

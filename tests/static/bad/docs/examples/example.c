/* SPDX-License-Identifier: Apache-2.0 */
/* For forbidden.py, never compiled: what is marked must be found, and nothing else. */
int main(void)
{
	int fd = open("/proc/self/ns/net", O_RDONLY); /* bad: open /proc/self/ns */

	if (unshare(CLONE_NEWNET) < 0)
		abort();
	printf("%d\n", fd);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* For forbidden.py, never compiled: what is marked must be found, and nothing else. */
static inline int in_a_header(void)
{
	print_error("%s\n", gons_error());
	(void)fprintf(stderr, "%s\n", gons_error()); /* bad: stderr */
	if (setns(fd, 0) < 0) /* bad: setns */
		exit(1);
	return open("/proc/self/ns/net", O_RDONLY); /* bad: open /proc/self/ns */
}

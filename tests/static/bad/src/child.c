/* SPDX-License-Identifier: Apache-2.0 */
/* For forbidden.py, never compiled: what is marked must be found, and nothing else. */
static void child(void)
{
	if (fork() == 0)
		_exit(1);
}

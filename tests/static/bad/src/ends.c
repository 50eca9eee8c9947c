/* SPDX-License-Identifier: Apache-2.0 */
/* For forbidden.py, never compiled: what is marked must be found, and nothing else. */
static void ends(void)
{
	exit(1); /* bad: exit */
	_Exit(1); /* bad: _Exit */
	_exit(1); /* bad: _exit */
	quick_exit(1); /* bad: quick_exit */
	abort(); /* bad: abort */
	assert(fd >= 0); /* bad: assert */
	_Static_assert(sizeof(int) == 4, "abort()");
	__builtin_trap(); /* bad: __builtin_trap */
	__builtin_abort(); /* bad: __builtin_abort */
	pthread_exit(NULL);
	/* Not even fork() in a comment lets _exit() pass. */
}

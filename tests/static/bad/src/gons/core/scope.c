/* SPDX-License-Identifier: Apache-2.0 */
/* For forbidden.py, never compiled: what is marked must be found, and nothing else. */
static void scope_block_end(void)
{
	(void)fprintf(stderr, "gons: %s\n", gons_error());
	abort();
}

static void once_is_enough(void)
{
	(void)fprintf(stderr, "gons: %s\n", gons_error()); /* bad: stderr */
	abort(); /* bad: abort */
}

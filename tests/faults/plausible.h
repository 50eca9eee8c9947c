/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAUSIBLE_H
#define PLAUSIBLE_H

/* The errnos with which a system call may plausibly fail. */
struct plausible {
	int call;
	const char *name;
	int errnums[6]; /* ends with 0; empty: cannot fail, or cannot be handled */
};

/* NULL for a call that the table does not know. */
const struct plausible *find_plausible(int call);

#endif

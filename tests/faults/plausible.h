/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAUSIBLE_H
#define PLAUSIBLE_H

/* What a system call may plausibly fail with. */
struct plausible {
	int call;
	const char *name;
	int errnums[6]; /* ended by 0; none: it cannot fail, or nobody could do anything about it */
};

/* NULL for a call that the table does not know. */
const struct plausible *find_plausible(int call);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INJECT_H
#define INJECT_H

/*
 * A child under a seccomp filter that notifies its parent of each system call (seccomp(2),
 * SECCOMP_RET_USER_NOTIF). The parent counts them and lets the n-th one of a kind fail. It also
 * takes snapshots of the child, which waits meanwhile.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A pseudo number for the allocation of memory. */
enum { CALLS = 512, ALLOCATION = CALLS - 1 };

struct fault {
	int call; /* its number; -1: none */
	unsigned nth; /* of the calls of this number, from 1 */
	int errnum;
	bool here_only; /* in the child, and not in its descendants */
};

/* What the child and its thread have, as seen from outside. */
struct snapshot {
	uint64_t namespaces[8];
	uint64_t root[2], cwd[2]; /* device and inode */
	int fds, threads, children, mounts, links;
};

/* When snapshots are taken: at the beginning and the end of the child, and around the call
 * under test. */
enum phase { BEGUN, PREPARED, CALLED, CALLED_AGAIN, ENDED, PHASES };

struct outcome {
	int result, errnum; /* results of the call under test with the fault, and then without it */
	int again, again_errnum;
	int end, end_errnum;
	char message[1024], again_sentence[1024], end_sentence[1024];
};

struct report {
	struct outcome outcome; /* written by the child */
	struct snapshot at[PHASES];
	bool was[PHASES]; /* the child has reached this phase */
	unsigned count[CALLS]; /* number of calls of each kind while faults were possible */
	bool hit; /* the fault was injected... */
	bool hit_elsewhere; /* ... into a call of a descendant */
	bool hangs; /* the child or a descendant made no call for too long */
	int status; /* of the child, as waitpid(2) gives it */
};

/* Runs fn(arg, &outcome) in a child, with this fault. Returns false when that cannot be done. */
bool run_with_fault(void (*fn)(void *arg, struct outcome *outcome), void *arg,
		    const struct fault *fault, struct report *report);

/* In the child: reports that it has reached this phase. Faults are possible from PREPARED to
 * CALLED. */
void reach(enum phase phase);

#endif

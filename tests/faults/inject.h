/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INJECT_H
#define INJECT_H

/*
 * A child under a seccomp filter that asks its parent before each system call (seccomp(2),
 * SECCOMP_RET_USER_NOTIF): the parent counts them and has the n-th of a kind fail. It also takes
 * pictures of the child, which waits meanwhile and makes no call of its own for that.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Beside system calls, the allocation of memory. */
enum { CALLS = 512, ALLOCATION = CALLS - 1 };

struct fault {
	int call; /* its number; -1: none */
	unsigned nth; /* of the calls of this number, from 1 */
	int errnum;
	bool here_only; /* in the child, and not in processes that it has made */
};

/* What the child and its thread have, as seen from outside. */
struct picture {
	uint64_t namespaces[8];
	uint64_t root[2], cwd[2]; /* device and inode */
	int fds, threads, children, mounts, links;
};

/* When pictures are taken: the child's begin and end, and around what is made to fail. */
enum phase { BEGUN, PREPARED, CALLED, CALLED_AGAIN, ENDED, PHASES };

struct outcome {
	int result, errnum; /* of what was made to fail, and then again without */
	int again, again_errnum;
	int end, end_errnum;
	char message[1024], again_sentence[1024], end_sentence[1024];
};

struct report {
	struct outcome outcome; /* written by the child */
	struct picture at[PHASES];
	bool was[PHASES]; /* the child has got that far */
	unsigned count[CALLS]; /* how often each was called while faults were possible */
	bool hit; /* the fault was injected... */
	bool hit_elsewhere; /* ... into a call of a process that the child has made */
	bool hangs; /* the child, or a process that it has left behind */
	int status; /* of the child, as waitpid(2) gives it */
};

/* Runs fn(arg, &outcome) in a child, with this fault. Returns false when that cannot be done. */
bool run_with_fault(void (*fn)(void *arg, struct outcome *outcome), void *arg,
		    const struct fault *fault, struct report *report);

/* In the child: this phase is reached. Faults are possible from PREPARED to CALLED. */
void reach(enum phase phase);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_LEAK_EXEMPT_H
#define GONS_I_LEAK_EXEMPT_H

/*
 * What gons holds outside of all scopes, and leak snapshots leave out.
 *
 * Threads that wait for work, and descriptors that were opened in advance, are not leaks of the
 * test during which they appear. Each has an owner: later owners have higher numbers, so that a pool
 * that a test has started itself is still reported as a leak. All of this is guarded by the lock of
 * gons_i_forks_forbid(), which is free in a forked child.
 */

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

enum { GONS_I_EXEMPT_LIBRARY = 1 }; /* the first owner: gons itself, before any test */

struct gons_i_exempt_thread {
	pid_t tid;
	unsigned owner;
	struct gons_i_exempt_thread *next;
	bool is_gons_only; /* never runs functions of the program */
};

/* To be called at least once before the other functions. Returns -1 with ENOMEM. */
int gons_i_exempt_prepare(void);

/* Between these two calls, no other thread takes a snapshot: so the calling thread may open
 * descriptors and start threads before it exempts them, and close and end them after it has removed
 * the exemption. The calls nest. Do not call them with the lock held. */
void gons_i_exempt_begin_change(void);
void gons_i_exempt_end_change(void);

/* A thread takes part in the change of another one that waits for it: a change of its own would wait
 * for a snapshot that waits for the other one. The depth is the other thread's, 0 for no change. */
unsigned gons_i_exempt_depth(void);
void gons_i_exempt_take_part(unsigned depth);

/* For a snapshot. Between these two calls, no other thread makes such a change. The first one waits
 * for changes of other threads to end, for 10 s at most. Do not call them with the lock held. */
void gons_i_exempt_begin_snapshot(void);
void gons_i_exempt_end_snapshot(void);

/* With the lock held: */
unsigned gons_i_exempt_last(void); /* the latest owner */
unsigned gons_i_exempt_new(void); /* a later one */
int gons_i_exempt_add_fd(int fd, unsigned owner); /* -1 with ENOMEM */
void gons_i_exempt_remove_fd(int fd);
void gons_i_exempt_add_thread(struct gons_i_exempt_thread *thread); /* in the caller's memory */
void gons_i_exempt_remove_thread(const struct gons_i_exempt_thread *thread);
bool gons_i_exempt_has_fd(int fd, unsigned last); /* of owners up to this one */
bool gons_i_exempt_has_thread(pid_t tid, unsigned last);
/* Their number; -1 if one of them is not open, for it is being closed. */
int gons_i_exempt_count_open_fds(unsigned last);
unsigned gons_i_exempt_count_gons_only_threads(void);

#endif

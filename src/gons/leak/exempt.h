/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_KEPT_H
#define GONS_KEPT_H

/*
 * What gons keeps beyond any scope.
 *
 * Threads that wait for work and descriptors that were made ahead are no leaks of the test
 * that runs while they come and go. Each has an owner: a number, higher for a later one, so
 * that what a test itself has begun to keep is still found. All of it under one lock, which
 * a forked child finds free.
 */

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

enum { GONS_I_EXEMPT_LIBRARY = 1 }; /* the first owner: all that no test has begun to keep */

struct gons_i_exempt_thread {
	pid_t tid;
	unsigned owner;
	struct gons_i_exempt_thread *next;
};

/* To be called once at least, before anything else of this. -1 with ENOMEM. */
int gons_i_exempt_prepare(void);

/* Between these, the calling thread opens, closes and starts what is gons's and is not (or no
 * longer) known as such. They nest. Not while the lock is held. */
void gons_i_exempt_change(void);
void gons_i_exempt_changed(void);

/* Between these, no other thread is in the middle of a change: for a picture. Waits for 10 s at
 * most. Not while the lock is held. */
void gons_i_exempt_hold(void);
void gons_i_exempt_release(void);

/* With the lock held: */
unsigned gons_i_exempt_last(void); /* the latest owner */
unsigned gons_i_exempt_new(void); /* a later one */
int gons_i_exempt_add_fd(int fd, unsigned owner); /* -1 with ENOMEM */
void gons_i_exempt_remove_fd(int fd);
void gons_i_exempt_add_thread(struct gons_i_exempt_thread *thread); /* in the caller's memory */
void gons_i_exempt_remove_thread(const struct gons_i_exempt_thread *thread);
bool gons_i_exempt_has_fd(int fd, unsigned last); /* of owners up to this one */
bool gons_i_exempt_has_thread(pid_t tid, unsigned last);

#endif

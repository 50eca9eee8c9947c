/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_SWITCH_H
#define GONS_SWITCH_H

/* Where a thread is, where it goes, and how it comes back. */

#include "internal.h"

/* ---- switch.c: the only setns, unshare and chroot ---- */

/* setns(2), for whoever arranges the way back; errno alone. A mount namespace takes the thread to
 * its root, and ends the sharing of root and working directory with other threads. */
int gons_i_join(int nsfd, int type);

/* ---- place.c, and in switch.c what moves ---- */

/* Where a thread is: its namespaces of some types and, with CLONE_NEWNS, its root and
 * working directory. fd is in the order of gons_i_types. */
struct gons_i_place {
	int types;
	int fd[GONS_I_SWITCHABLE];
	int root_fd, cwd_fd;
};

/* Opens the thread's root directory (O_PATH). -1 with errno and sentence. */
int gons_i_open_root(void);

/* The proof of the way back costs as much as one more switch. Where that counts, it is
 * made once a thread and type: only a program that has since gone into another user
 * namespace by itself can be wrong then. */
enum gons_i_proof { GONS_I_PROOF_AGAIN, GONS_I_PROOF_ONCE };

/* Remembers the calling thread's place, after proving that the kernel would let the thread come
 * back to it. nsfds is what is to be entered then; none, where new namespaces are to be made. */
int gons_i_place_open(const int *nsfds, size_t n, int types, enum gons_i_proof proof,
		      struct gons_i_place *ret_place);

/* The same without the proof. */
int gons_i_place_remember(int types, struct gons_i_place *ret_place);

/* Root and working directory of a place with CLONE_NEWNS, within the mount namespace that
 * the thread is in. 0, or -1 with errno alone. */
int gons_i_place_directories(const struct gons_i_place *place);

/* Brings the thread back. Goes on when one type fails, and says the first failure. */
int gons_i_place_return(const struct gons_i_place *place);

void gons_i_place_close(struct gons_i_place *place);

/* Records place as a way back, in room that was reserved; the record owns it from then
 * on. Returns the record's number, for gons_i_scope_return(). */
unsigned gons_i_place_record(struct gons_i_place *place);

/* unshare(2), with ENOSPC retried while the kernel is late in destroying namespaces.
 * Says why not. */
int gons_i_unshare(int types);

/* Whether that was in vain, so that this process is to retry for a shorter time: for what a child
 * has found out. */
void gons_i_note_exhausted(int types, bool are);

/* Puts the calling thread into new namespaces; a new mount namespace is made private. All
 * or nothing, where there is a place; NULL is for a thread that ends after a failure. */
int gons_i_switch_new(int types, const struct gons_i_place *place);

/* Makes every mount of the thread's mount namespace private. */
int gons_i_make_private(void);

/* Puts the calling thread into one existing namespace; into a mount namespace, root and working
 * directory of place go along by their paths. errno alone. */
int gons_i_switch_one(int nsfd, int type, const struct gons_i_place *place);

/* Puts the calling thread into n existing namespaces, whose types were checked; place
 * is where it is. All or nothing. */
int gons_i_switch_to(const int *nsfds, const int *types, size_t n,
		     const struct gons_i_place *place);

/* Puts a thread or child that nobody wants back, into those of fds that types has (in the order
 * of gons_i_types), in an order that works; a user, PID or time namespace takes a child. -1 where
 * it may be half-way there. */
int gons_i_switch_for_good(const int fds[GONS_I_TYPES], int types);

/* Goes back to place after a failure, from these types, keeping its errno and sentence;
 * says so when even that fails. Returns -1. */
int gons_i_switch_undo(const struct gons_i_place *place, int types);

/* Whether the process has other threads than this one. One that was joined counts for a moment yet,
 * also when it is not listed any more, which is waited for; no other is. */
bool gons_i_has_threads(void);

/* What the records of gons_i_place_record() are known by. */
extern const struct gons_i_undo gons_i_way_back;

/* True while this thread is in namespaces that it will leave with its scope. */
bool gons_i_is_away(void);

/* True while this thread is in a namespace that the kernel did not let it leave. */
bool gons_i_lost(void);

/* ---- enter.c ---- */

/* Checks these descriptors, switches to them in their order and records the way back, under the
 * number returned. */
int gons_i_enter(const int *nsfds, size_t n, enum gons_i_proof proof, unsigned *ret_number);

/* ---- root.c ---- */

/* Puts the process into a new user namespace, with ground to come back to in it. -1 where it
 * may be half-way there: for a child. */
int gons_i_new_root(void);

#endif

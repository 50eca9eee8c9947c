/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_CORE_SAVED_CONTEXT_H
#define GONS_I_CORE_SAVED_CONTEXT_H

/* Where a thread is, kept open so that it can return there. */

#include "gons/base/types.h"

/* Where a thread is: its namespaces of some types and, with CLONE_NEWNS, its root and
 * working directory. fd is in the order of gons_i_types. */
struct gons_i_context {
	int types;
	int fd[GONS_I_SWITCHABLE];
	int root_fd, cwd_fd;
};

/* Opens the thread's root directory (O_PATH). -1 with errno and message. */
int gons_i_open_root(void);

/* The proof of the way back costs as much as one more switch. Where that counts, it is
 * made once a thread and type: only a program that has since gone into another user
 * namespace by itself can be wrong then. */
enum gons_i_return_check { GONS_I_RETURN_CHECK_AGAIN, GONS_I_RETURN_CHECK_ONCE };

/* Remembers the calling thread's place, after proving that the kernel would let the thread come
 * back to it. nsfds is what is to be entered then; none, where new namespaces are to be made. */
int gons_i_context_save_checked(const int *nsfds, size_t n, int types,
				enum gons_i_return_check proof, struct gons_i_context *ret_place);

/* The same without the proof. */
int gons_i_context_save(int types, struct gons_i_context *ret_place);

/* Root and working directory of a place with CLONE_NEWNS, within the mount namespace that
 * the thread is in. 0, or -1 with errno alone. */
int gons_i_context_restore_directories(const struct gons_i_context *place);

/* Brings the thread back. Goes on when one type fails, and says the first failure. */
int gons_i_context_restore(const struct gons_i_context *place);

void gons_i_context_close(struct gons_i_context *place);

/* Records place as a way back, in room that was reserved; the record owns it from then
 * on. Returns the record's number, for gons_i_scope_return(). */
unsigned gons_i_context_record(struct gons_i_context *place);

/* Has fn called on each thread that has come back by its scope. */
void gons_i_on_return(void (*fn)(void));

#endif

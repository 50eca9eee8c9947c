/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_CORE_SAVED_CONTEXT_H
#define GONS_I_CORE_SAVED_CONTEXT_H

/* Where a thread is, kept open so that it can return there. */

#include "gons/base/file.h"
#include "gons/base/mounts.h"
#include "gons/base/types.h"

/* A thread's namespaces of some types (the PID namespace is that of its children) and, with
 * CLONE_NEWNS, its root, working directory and umask. fd and id are in the order of
 * gons_i_types. */
struct gons_i_context {
	int types;
	int fd[GONS_I_ENTERABLE];
	int root_fd, cwd_fd;
	mode_t umask; /* once it is recorded */
	int stranded; /* the types of which this is not the namespace to return to in the end */
	bool may_enter_cwd; /* known, since it was opened by "." */
	/* The thread's root is that of its mount namespace, and not below a chroot(2). Known after
	 * the return was checked. */
	bool is_at_root;
	struct gons_i_file_id id[GONS_I_ENTERABLE], cwd_id;
	struct gons_i_spot root;
};

/* Opens the thread's root directory (O_PATH). -1 with errno and message. */
int gons_i_open_root(void);

/* Saves the calling thread's context of these types. 0 or -1. */
int gons_i_context_save(int types, struct gons_i_context *ret_context);

/* Checking the return costs as much as one more switch. Where that counts, it is done once a thread
 * and type: only a program that has since entered another user namespace by itself can be wrong
 * then. */
enum gons_i_return_check { GONS_I_RETURN_CHECK_AGAIN, GONS_I_RETURN_CHECK_ONCE };

/*
 * Checks whether the kernel lets the thread return to the context. nsfds is what is to be entered
 * then; nothing, where new namespaces are to be created. optional are types that are taken off the
 * context when their return is refused, because the thread is not going to leave them; they are
 * always checked. 0 or -1.
 */
int gons_i_context_check(struct gons_i_context *context, int optional, const int *nsfds, size_t n,
			 enum gons_i_return_check check);

/* Both. */
int gons_i_context_save_checked(const int *nsfds, size_t n, int types,
				enum gons_i_return_check check, struct gons_i_context *ret_context);

/* Sets the thread's root and working directory to those of a context with CLONE_NEWNS, within the
 * mount namespace that the thread is in. 0, or -1 with errno alone. */
int gons_i_context_restore_directories(const struct gons_i_context *context);

/* Returns the thread to the context. Goes on when one type fails, and says the first failure. */
int gons_i_context_restore(const struct gons_i_context *context);

/* After functions of the program have run: a descriptor that was closed by other means is not the
 * context's any more, whatever has its number now. The return fails with EBADF then. */
void gons_i_context_claim(struct gons_i_context *context);

void gons_i_context_close(struct gons_i_context *context);

/* Records the return to the context, in room that was reserved; the record owns it from then on.
 * Returns the record's number, for gons_i_scope_return(). */
unsigned gons_i_context_record(struct gons_i_context *context);

/* Has fn called on each thread that has returned by its scope. */
void gons_i_on_return(void (*fn)(void));

#endif

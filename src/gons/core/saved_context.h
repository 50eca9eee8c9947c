/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_CORE_SAVED_CONTEXT_H
#define GONS_I_CORE_SAVED_CONTEXT_H

/* The namespaces, root and working directory of a thread, kept open so that it can return to
 * them. */

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
	mode_t umask; /* set by gons_i_context_record() */
	int stranded; /* the types in which the thread was stranded when this was saved */
	bool may_enter_cwd; /* the working directory could be opened by "." */
	/* The thread's root is that of its mount namespace, and not below a chroot(2). Known after
	 * the return was checked. */
	bool is_at_root;
	struct gons_i_file_id id[GONS_I_ENTERABLE], cwd_id;
	struct gons_i_mount_and_file root;
};

/* Opens the thread's root directory (O_PATH). -1 with errno and message. */
int gons_i_open_root(void);

/* Saves the calling thread's context of these types. 0 or -1. */
int gons_i_context_save(int types, struct gons_i_context *ret_context);

/* Checking the return costs as much as one more switch. Calls that have to be fast check it once
 * for each thread and type. That is not enough only if the program has since entered another user
 * namespace by itself. */
enum gons_i_return_check { GONS_I_RETURN_CHECK_AGAIN, GONS_I_RETURN_CHECK_ONCE };

/*
 * Checks whether the kernel will let the thread return to the context. nsfds are the namespaces to
 * be entered next; n is 0 before new namespaces are created. optional are types whose namespaces
 * the thread will not leave: they are always checked, and if their return is refused, they are
 * removed from the context. 0 or -1.
 */
int gons_i_context_check(struct gons_i_context *context, int optional, const int *nsfds, size_t n,
			 enum gons_i_return_check check);

/* Saves a context and checks the return to it. */
int gons_i_context_save_checked(const int *nsfds, size_t n, int types,
				enum gons_i_return_check check, struct gons_i_context *ret_context);

/* Sets the thread's root and working directory to those of a context with CLONE_NEWNS, within the
 * mount namespace that the thread is in. 0, or -1 with errno alone. */
int gons_i_context_restore_directories(const struct gons_i_context *context);

/* Returns the thread to the context. If one type fails, the others still return, and the first
 * failure is reported. 0 or -1. */
int gons_i_context_restore(const struct gons_i_context *context);

/* To be called after functions of the program have run: sets the descriptors that the program has
 * closed to -1, since their numbers may belong to other files now. The return then fails with
 * EBADF. */
void gons_i_context_disown_closed(struct gons_i_context *context);

void gons_i_context_close(struct gons_i_context *context);

/* Records the return to the context, in room that was reserved; the record owns it from then on.
 * Returns the record's number, for gons_i_scope_return(). */
unsigned gons_i_context_record(struct gons_i_context *context);

/* Sets a function that is called on each thread after it has returned to its namespaces at the end
 * of a scope; NULL: none. */
void gons_i_set_return_hook(void (*fn)(void));

#endif

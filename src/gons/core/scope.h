/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_CORE_SCOPE_H
#define GONS_I_CORE_SCOPE_H

/* The undo stack of a thread. */

#include "gons/base/common.h"
#include "gons/base/file.h"

/* What a record does when its scope ends, in the process that recorded it and in a forked child. */
struct gons_i_undo {
	int (*undo)(void *data); /* 0, or -1 with errno and message */
	void (*drop)(void *data); /* in a forked child: only frees memory and closes descriptors */
	bool is_return; /* returns from namespaces: gons_i_scope_return() undoes it, too */
	/* Calls fn for each namespace descriptor that the record holds, with a name for people or
	 * NULL. May be NULL: the record holds none. */
	void (*each_nsfd)(const void *data, void (*fn)(int nsfd, const char *name, void *arg),
			  void *arg);
};

enum { GONS_I_RECORD_SIZE = 192 };

/* Makes room for n records: the next n calls of gons_i_scope_push() cannot fail. -1 with ENOMEM. */
int gons_i_scope_reserve(size_t n);

/* Records data (of at most GONS_I_RECORD_SIZE bytes); there must be room. Returns the
 * record's number, for gons_i_scope_return(). */
unsigned gons_i_scope_push(const struct gons_i_undo *undo, const void *data, size_t size);

/* If standard input is closed, a namespace may get descriptor 0, which in options means "none".
 * Returns fd, or a duplicate of descriptor 0, which is closed; -1 if it cannot be duplicated. */
int gons_i_move_from_0(int fd);

/* Records a descriptor to be closed; there must be room. Returns it, moved from 0 as above; -1 if
 * it could not be moved, and then it is closed. */
int gons_i_scope_push_fd(int fd);

/* Undoes the record with this number and, before it, the newer records that return from namespaces;
 * keeps the other records. Also 0 if the record no longer exists. */
int gons_i_scope_return(unsigned number);

/* Calls fn for each namespace descriptor of the calling thread's records, oldest first: those that
 * the thread returns to, or the others. In a forked child, the former include those that its parent
 * returns to. fn must not use the scope. */
void gons_i_scope_each_nsfd(bool is_return, void (*fn)(int nsfd, const char *name, void *arg),
			    void *arg);

/* For the end of a block, which has no caller to return -1 to: if the kernel has refused the
 * return, prints the message and aborts, since the code after the block must not run in this
 * namespace. */
void gons_i_abort_if_stranded(void);

/*
 * The bottom of the calling scope: directly above the newest mark, so that a record there is undone
 * last of that scope. There must be room. gons_i_scope_bottom() returns the data of the record
 * there if that has this undo, else NULL.
 */
void gons_i_scope_insert_at_bottom(const struct gons_i_undo *undo, const void *data, size_t size);
void *gons_i_scope_bottom(const struct gons_i_undo *undo);

/* Whether a namespace may end with the calling scope: it is the thread's own (is_own), which was
 * entered in this scope, or it is not held by a record of an outer scope. */
bool gons_i_scope_may_end(const struct gons_i_file_id *id, bool is_own);

/* Removes the record with this number without undoing it. */
void gons_i_scope_remove(unsigned number);

#endif

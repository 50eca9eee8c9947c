/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_CORE_NSFD_H
#define GONS_I_CORE_NSFD_H

/* Descriptors of namespaces: opening, checking and comparing them. */

#include "gons/base/file.h"
#include "gons/base/types.h"

/* Whether this thread is in all of these namespaces. A descriptor of -1 stands for none. */
bool gons_i_is_in(const int fds[GONS_I_SWITCHABLE]);

/* Opens the calling thread's namespace; the descriptor is the caller's. */
int gons_i_open_own(const struct gons_i_type *entry);

/* The same, and what file it is, for a return by setns(2), which checks the type once more. So the
 * check here, a system call, is left out for a namespace that was opened on this thread before. */
int gons_i_open_own_id(const struct gons_i_type *entry, struct gons_i_file_id *ret_id);

/* Opens the namespace at path and checks its type (0: any); the descriptor is the caller's. */
int gons_i_open_checked(const char *path, int type);

/* The switchable types that this kernel has; 0 with errno and message if that cannot be found
 * out. */
int gons_i_present_types(void);

/* EINVAL unless nsfd refers to a namespace of this type (0: any); the message names its type. 0 or
 * -1. */
int gons_i_check_type(int nsfd, int type);

/*
 * A namespace descriptor in an argument or option struct in which 0 and negative numbers mean
 * the caller's namespace: *ret_nsfd is nsfd or -1. EINVAL where descriptor 0 is itself a
 * namespace, so that a call does not use the caller's namespace by mistake. Returns 0 or -1.
 */
int gons_i_optional_nsfd(int nsfd, int *ret_nsfd);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_BASE_TYPES_H
#define GONS_I_BASE_TYPES_H

/* The table of the eight types of namespaces. */

#include "gons/base/common.h"

/* A thread can enter namespaces of the first GONS_I_SWITCHABLE types of the table and return. The
 * first GONS_I_ENTERABLE types include PID, of which it can change that of its children. */
enum {
	GONS_I_TYPES = 8,
	GONS_I_SWITCHABLE = 5,
	GONS_I_ENTERABLE = 6,
	GONS_I_MNT = 1,
	GONS_I_PID = 5,
	GONS_I_USER = 6
};
#define GONS_I_SWITCHABLE_FLAGS                                                                    \
	(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP)
#define GONS_I_ENTERABLE_FLAGS (GONS_I_SWITCHABLE_FLAGS | CLONE_NEWPID)

struct gons_i_type {
	int flag;
	const char *name; /* in /proc/PID/ns */
	const char *own_path; /* of the calling thread's; /proc/self would be the main thread's */
	const char *long_name; /* in messages */
	const char *limit; /* in /proc/sys/user */
};
extern const struct gons_i_type gons_i_types[GONS_I_TYPES];

/* The entry of exactly this type, or NULL. */
const struct gons_i_type *gons_i_type_entry(int type);

/* The same with EINVAL and a message, for calls that take one type only. */
const struct gons_i_type *gons_i_one_type(int type);

/* The article before such a name in a message. */
static inline const char *gons_i_article(const char *long_name)
{
	return long_name[0] == 'I' ? "an" : "a";
}

/* "network and mount" for a set of types; buf is filled and returned. */
#define GONS_I_TYPE_NAMES_SIZE 96
const char *gons_i_type_names(int types, char buf[GONS_I_TYPE_NAMES_SIZE]);

/* Whether types is one or several of the eight. 0, or -1 with EINVAL. */
int gons_i_check_types(int types);

#endif

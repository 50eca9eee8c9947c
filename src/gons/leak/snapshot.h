/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_LEAK_SNAPSHOT_H
#define GONS_I_LEAK_SNAPSHOT_H

/* What the process and the calling thread have at one moment, read from procfs. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "gons/base/types.h"

/* A descriptor and its file, a thread, or a child process. */
struct gons_i_item {
	int number;
	dev_t dev;
	ino_t ino;
	bool is_own; /* a descriptor of the snapshot itself */
};

struct gons_i_items {
	struct gons_i_item *list;
	size_t n;
};

bool gons_i_items_have(const struct gons_i_items *items, const struct gons_i_item *item);
int gons_i_items_add(struct gons_i_items *items, const struct gons_i_item *item);
void gons_i_items_free(struct gons_i_items *items);

/* Whether the calling thread is the only one, beside those that run nothing but gons. */
bool gons_i_has_one_thread(void);

/* Leaves out what is exempt for owners up to last_owner. Returns 0; or -1 with errno and
 * message, and an empty list. */
int gons_i_list_fds(unsigned last_owner, struct gons_i_items *fds);
int gons_i_list_threads(unsigned last_owner, struct gons_i_items *threads);

/* Whether only these descriptors are open, beside those that are exempt for owners up to last_owner:
 * their number, and each of them, are compared, without a list. The snapshot's own are taken to be
 * open, for a program would have to close some and leave as many open under the same numbers. False
 * where that cannot be told: before Linux 6.2, or while an exempt one is being closed. */
bool gons_i_fds_are_unchanged(unsigned last_owner, const struct gons_i_items *fds);

/* Running child processes. None for a subreaper: it cannot tell its own children from adopted
 * ones. */
int gons_i_list_children(struct gons_i_items *children);

/* The name that the kernel has for a process or thread; path is its directory in /proc. Returns
 * false when it has ended. */
enum { GONS_I_COMM_SIZE = 32 };
bool gons_i_read_comm(const char *path, char comm[GONS_I_COMM_SIZE]);

/* The thread's directory of its namespaces, or -1 with errno alone. */
int gons_i_open_namespaces(void);

/* The thread's namespaces, and those of its children: "net:[4026531840]"; "" where there is none yet,
 * or the kernel lacks the type. dir_fd refers to that directory; if it is -1, errno says why. Returns
 * 0, or -1 with errno and message. */
enum { GONS_I_LINKS = GONS_I_TYPES + 2, GONS_I_LINK_SIZE = 32 };
const char *gons_i_link_name(size_t i);
int gons_i_read_namespaces(int dir_fd, char links[GONS_I_LINKS][GONS_I_LINK_SIZE]);

/* Reads a link of procfs into buf; "" when it cannot be read. */
void gons_i_read_link(int dir_fd, const char *name, char *buf, size_t size);

/* -1 if it cannot be read. */
int gons_i_read_umask(bool has_one_thread);

#endif

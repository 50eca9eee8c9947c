/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_CHILD_H
#define GONS_CHILD_H

/* Runs fn(arg) in a forked child, and has its result, errno and sentence here. */
int gons_i_in_child(int (*fn)(void *), void *arg);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_NETNS_INSIDE_H
#define GONS_I_NETNS_INSIDE_H

/* Calls fn(arg) on this thread in the network namespace nsfd; -1: the thread's own, which is not
 * entered. Returns what fn does, 0 or -1 with errno and message, or -1 where the thread could not
 * go there or return. */
int gons_i_netns_inside(int nsfd, int (*fn)(void *), void *arg);

#endif

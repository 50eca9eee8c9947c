/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_NETNS_EXECUTE_H
#define GONS_I_NETNS_EXECUTE_H

/* Calls fn(arg) on this thread in the network namespace nsfd; -1: the thread's own. Returns the
 * result of fn, which is 0 or -1 with errno and message; or -1 if the thread could not enter the
 * namespace or return. */
int gons_i_netns_execute(int nsfd, int (*fn)(void *), void *arg);

#endif

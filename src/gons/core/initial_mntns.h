/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_CORE_INITIAL_MNTNS_H
#define GONS_I_CORE_INITIAL_MNTNS_H

/* Declares the calling thread's mount namespace the initial one. */
void gons_i_initial_mntns_set(void);

/* The same if the initial mount namespace is unknown, because procfs was not mounted when the
 * process started. Call it before the first switch. */
void gons_i_initial_mntns_set_if_unknown(void);

/* Whether the calling thread is in the initial mount namespace: 1, 0, or -1. */
int gons_i_initial_mntns_is_here(void);

#endif

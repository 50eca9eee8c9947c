/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_HOME_H
#define GONS_HOME_H

/* Makes the calling thread's mount namespace the home. */
void gons_i_initial_mntns_set(void);

/* The same where none is known, for procfs was not mounted when the process started. To be
 * called before the first switch. */
void gons_i_initial_mntns_learn(void);

/* Whether the calling thread is in it: 1, 0, or -1. */
int gons_i_initial_mntns_is_here(void);

#endif

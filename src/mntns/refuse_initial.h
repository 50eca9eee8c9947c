/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_MNTNS_REFUSE_INITIAL_H
#define GONS_I_MNTNS_REFUSE_INITIAL_H

/* EINVAL, "cannot <what> in the mount namespace that this process started in", if the thread is in
 * that one, or in one that gons_become_root() created. 0 or -1. */
int gons_i_refuse_initial_mntns(const char *what);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_PRIVILEGE_ROOT_H
#define GONS_I_PRIVILEGE_ROOT_H

/* Puts the process into a new user namespace, with ground to come back to in it. -1 where it
 * may be half-way there: for a child. */
int gons_i_new_root(void);

#endif

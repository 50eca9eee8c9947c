/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_PRIVILEGE_ROOT_H
#define GONS_I_PRIVILEGE_ROOT_H

/* Moves the process into a new user namespace, and into new namespaces that belong to it. Only for
 * child processes, also bare ones: after -1 the process may be in some of them. */
int gons_i_new_root(void);

#endif

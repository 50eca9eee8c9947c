/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_PRIVILEGE_ROOT_H
#define GONS_I_PRIVILEGE_ROOT_H

/* Moves the process into a new user namespace, and into new namespaces that belong to it. For a
 * child process, also a bare one: after -1 it may be half-way there. */
int gons_i_new_root(void);

#endif

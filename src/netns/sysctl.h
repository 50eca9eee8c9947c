/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_NETNS_SYSCTL_H
#define GONS_I_NETNS_SYSCTL_H

/* Opens a setting of the calling thread's network namespace, by its path below /proc, also where
 * /proc/sys is read-only, if that is possible. Returns a descriptor; -1 with errno alone. */
int gons_i_sysctl_open(const char *path, int flags);

/* Adds the cause and the remedy to a message about EROFS. */
void gons_i_sysctl_explain_read_only(void);

#endif

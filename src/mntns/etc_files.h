/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_MNTNS_ETC_FILES_H
#define GONS_I_MNTNS_ETC_FILES_H

#include <stddef.h>

/* Gives the thread's mount namespace files of its own for host names. 0, or -1 with everything
 * as it was. */
int gons_i_etc_files_create(void);

/* Adds lines to /etc/hosts, which gons_i_etc_files_create() created. 0 or -1. */
int gons_i_etc_hosts_add(const char *lines, size_t size);

#endif

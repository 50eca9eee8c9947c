/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_BASE_NSTYPE_H
#define GONS_I_BASE_NSTYPE_H

/*
 * The type of the namespace that a descriptor refers to. -1 with errno alone: EBADF when it is
 * closed or was opened with O_PATH, ENOTTY when it refers to something else, ENOSYS when it
 * refers to a namespace and the type cannot be found out.
 */
int gons_i_nstype(int fd);

#endif

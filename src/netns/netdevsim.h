/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_NETDEVSIM_H
#define GONS_NETDEVSIM_H

/* Whether devices of netdevsim can be made from where the calling thread is, which takes the
 * module and the right to write to its files. 0, or -1 with errno and message. */
int gons_i_netdevsim_try(void);

#endif

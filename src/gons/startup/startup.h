/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_STARTUP_STARTUP_H
#define GONS_I_STARTUP_STARTUP_H

/* The errno that belongs to gons_status(). */
int gons_i_status_errno(void);

#endif

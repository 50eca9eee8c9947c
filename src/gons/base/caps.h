/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_BASE_CAPS_H
#define GONS_I_BASE_CAPS_H

#include <stdbool.h>

/* Whether the calling thread has this capability in its effective set. Keeps errno and the
 * message; async-signal-safe. False also where the kernel does not know the capability. */
bool gons_i_has_cap(int cap);

/* Whether the calling thread has the capabilities with which gons_become_root() does not create a
 * user namespace. */
bool gons_i_has_root_caps(void);

/* Programs that the calling thread executes keep its capabilities, although it is not root. */
void gons_i_caps_keep_in_programs(void);

#endif

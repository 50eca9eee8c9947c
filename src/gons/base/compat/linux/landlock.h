/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel headers before Linux 5.13 have no such file. This is what the tests need of it. */
#ifndef GONS_COMPAT_LANDLOCK_H
#define GONS_COMPAT_LANDLOCK_H

#include <linux/types.h>

struct landlock_ruleset_attr {
	__u64 handled_access_fs;
};

#define LANDLOCK_CREATE_RULESET_VERSION (1U << 0)
#define LANDLOCK_ACCESS_FS_MAKE_SOCK	(1ULL << 9)

#endif

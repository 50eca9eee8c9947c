/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which user namespace owns a namespace. The kernel opens the owner only if it is the user
 * namespace of the caller or a descendant of that (ioctl_ns(2)).
 */
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>

#include "gons/base/common.h"
#include "gons/base/procfs.h"
#include "gons/base/types.h"
#include "gons/diagnosis/cause.h"
#include "gons/diagnosis/refusal.h"

bool gons_i_is_owned_by_ancestor(int types)
{
	for (size_t i = 0; i < GONS_I_TYPES; i++) {
		cleanup_fd int own_fd = -1;
		cleanup_fd int owner_fd = -1;

		/* Not gons_i_open_own(), which has a message of its own. */
		if (types & gons_i_types[i].flag)
			own_fd = open(gons_i_types[i].own_path, O_RDONLY | O_CLOEXEC);
		if (own_fd < 0)
			continue;
		owner_fd = ioctl(own_fd, NS_GET_USERNS);
		if (owner_fd < 0 && errno == EPERM)
			return true;
	}
	return false;
}

bool gons_i_is_owned_outside(int nsfd)
{
	cleanup_fd int owner_fd = nsfd < 0 ? -1 : ioctl(nsfd, NS_GET_USERNS);

	return nsfd >= 0 && owner_fd < 0 && errno == EPERM;
}

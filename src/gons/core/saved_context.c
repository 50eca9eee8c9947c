/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A place: where a thread is, kept open to come back to, and on the scope while it is elsewhere.
 */
#include <fcntl.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/procfs.h"
#include "gons/base/types.h"
#include "gons/core/initial_mntns.h"
#include "gons/core/nsfd.h"
#include "gons/core/saved_context.h"

int gons_i_open_root(void)
{
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 ? fd : gons_i_fail(errno, "cannot open the root directory of this thread");
}

static int open_cwd(void)
{
	int fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	/* Where this user may not enter it, a link of procfs still leads to it. */
	if (fd < 0 && errno == EACCES)
		fd = open("/proc/thread-self/cwd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 ? fd
		       : gons_i_fail(errno, "cannot open the working directory of this thread");
}

static int open_place(int types, struct gons_i_context *place)
{
	for (size_t i = 0; i < GONS_I_SWITCHABLE; i++) {
		if (!(types & gons_i_types[i].flag))
			continue;
		place->fd[i] = gons_i_open_own(&gons_i_types[i]);
		if (place->fd[i] < 0)
			return -1;
	}
	if (!(types & CLONE_NEWNS))
		return 0;
	place->root_fd = gons_i_open_root();
	if (place->root_fd < 0)
		return -1;
	place->cwd_fd = open_cwd();
	return place->cwd_fd < 0 ? -1 : 0;
}

int gons_i_context_save(int types, struct gons_i_context *ret_place)
{
	struct gons_i_context place = { .types = types,
					.fd = { [0 ... GONS_I_SWITCHABLE - 1] = -1 },
					.root_fd = -1,
					.cwd_fd = -1 };

	gons_i_initial_mntns_learn();
	if (open_place(types, &place) < 0) {
		gons_i_context_close(&place);
		return -1;
	}
	*ret_place = place;
	return 0;
}

void gons_i_context_close(struct gons_i_context *place)
{
	for (size_t i = 0; i < GONS_I_SWITCHABLE; i++)
		gons_i_close_fd(&place->fd[i]);
	gons_i_close_fd(&place->root_fd);
	gons_i_close_fd(&place->cwd_fd);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A saved context: descriptors of a thread's namespaces, root and working directory, by which the
 * thread can return to them.
 */
#include <fcntl.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/procfs.h"
#include "gons/base/types.h"
#include "gons/core/initial_mntns.h"
#include "gons/core/nsfd.h"
#include "gons/core/saved_context.h"
#include "gons/core/thread_state.h"
#include "gons/diagnosis/cause.h"

int gons_i_open_root(void)
{
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 ? fd : gons_i_fail(errno, "cannot open the root directory of this thread");
}

static int open_cwd(bool *ret_may_enter)
{
	int fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	*ret_may_enter = fd >= 0;
	/* If this user may not enter the directory, a link of procfs still leads to it. */
	if (fd < 0 && errno == EACCES)
		fd = open("/proc/thread-self/cwd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 ? fd
		       : gons_i_fail(errno, "cannot open the working directory of this thread");
}

/* Linux before 4.12 has no such file. Later kernels, up to 6.18 at least and not 7.2, refuse to open
 * it between unshare(2) and the first child. */
static int open_pid_for_children(void)
{
	static const char path[] = "/proc/thread-self/ns/pid_for_children";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd >= 0)
		return fd;
	(void)gons_i_fail(errno, "cannot open the PID namespace for children of this thread");
	if (errno != ENOENT)
		return -1;
	if (lstat(path, &st) == 0) {
		gons_i_add_cause("it has no process yet");
		gons_i_add_remedy("fork a child first");
	} else if (!gons_i_diagnose_gvisor("%s", path)) {
		gons_i_add_cause("this takes Linux 4.12 and procfs of this PID namespace on /proc");
	}
	errno = ENOENT;
	return -1;
}

static int identify(int fd, struct gons_i_file_id *ret_id)
{
	if (gons_i_file_id_get(fd, ret_id) == 0)
		return 0;
	return gons_i_fail(errno, "cannot find out what descriptor %d refers to", fd);
}

static int open_namespace(size_t i, struct gons_i_context *context)
{
	if (i != GONS_I_PID)
		context->fd[i] = gons_i_open_own_id(&gons_i_types[i], &context->id[i]);
	else if ((context->fd[i] = open_pid_for_children()) >= 0)
		return identify(context->fd[i], &context->id[i]);
	return context->fd[i] < 0 ? -1 : 0;
}

static int open_context(int types, struct gons_i_context *context)
{
	for (size_t i = 0; i < GONS_I_ENTERABLE; i++)
		if ((types & gons_i_types[i].flag) && open_namespace(i, context) < 0)
			return -1;
	if (!(types & CLONE_NEWNS))
		return 0;
	context->root_fd = gons_i_open_root();
	if (context->root_fd < 0)
		return -1;
	if (gons_i_mount_and_file_get(context->root_fd, "", &context->root) < 0)
		return gons_i_fail(errno,
				   "cannot find out what the root directory of this thread is");
	context->cwd_fd = open_cwd(&context->may_enter_cwd);
	if (context->cwd_fd < 0)
		return -1;
	return identify(context->cwd_fd, &context->cwd_id);
}

int gons_i_context_save(int types, struct gons_i_context *ret_context)
{
	struct gons_i_context context = { .types = types,
					  .stranded = gons_i_stranded_types(),
					  .fd = { [0 ... GONS_I_ENTERABLE - 1] = -1 },
					  .root_fd = -1,
					  .cwd_fd = -1 };

	gons_i_initial_mntns_set_if_unknown();
	if (open_context(types, &context) < 0) {
		gons_i_context_close(&context);
		return -1;
	}
	*ret_context = context;
	return 0;
}

static void disown_if_closed(int *fd, const struct gons_i_file_id *id)
{
	if (*fd >= 0 && !gons_i_file_id_is(id, *fd))
		*fd = -1;
}

void gons_i_context_disown_closed(struct gons_i_context *context)
{
	for (size_t i = 0; i < GONS_I_ENTERABLE; i++)
		disown_if_closed(&context->fd[i], &context->id[i]);
	disown_if_closed(&context->root_fd, &context->root.file);
	disown_if_closed(&context->cwd_fd, &context->cwd_id);
}

void gons_i_context_close(struct gons_i_context *context)
{
	for (size_t i = 0; i < GONS_I_ENTERABLE; i++)
		gons_i_close_fd(&context->fd[i]);
	gons_i_close_fd(&context->root_fd);
	gons_i_close_fd(&context->cwd_fd);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tmpfs over a directory of the machine.
 */
#include <sys/mount.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/diagnosis/refusal.h"
#include "mntns/tmpfs.h"

int gons_i_mount_tmpfs(const char *path, const char *options)
{
	if (mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, options) == 0)
		return 0;
	(void)gons_i_fail(errno, "cannot mount a tmpfs on %s", path);
	if (errno == ENOENT || errno == ENOTDIR)
		gons_i_add_cause("there is no such directory");
	else
		gons_i_diagnose_refusal(GONS_I_REFUSED_MOUNT, CLONE_NEWNS, -1);
	return -1;
}

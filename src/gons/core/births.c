/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When network namespaces were made, in process ids. An inode number may be given again, and then
 * what is noted may be of an earlier namespace, which is too early and so does no harm.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gons/base/common.h"
#include "gons/base/procfs.h"
#include "gons/base/types.h"
#include "gons/core/births.h"

enum { BIRTHS = 64 }; /* the last ones */

static __thread struct birth {
	struct gons_i_file_id id;
	int last_pid;
} births[BIRTHS];
static __thread unsigned next;

int gons_i_last_pid(void)
{
	cleanup_fd int fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
	char text[128];
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	const char *last;

	if (got <= 0)
		return -1;
	text[got] = '\0';
	last = strrchr(text, ' ');
	return last ? atoi(last + 1) : -1;
}

void gons_i_birth_note(int nsfd, int last_pid)
{
	char path[GONS_I_OWN_PATH_SIZE];
	const int saved = errno;
	struct stat st;

	if ((nsfd == -1 ? stat(gons_i_own_path(gons_i_type_entry(CLONE_NEWNET), path), &st)
			: fstat(nsfd, &st)) == 0)
		births[next++ % BIRTHS] = (struct birth){ { st.st_dev, st.st_ino }, last_pid };
	errno = saved;
}

int gons_i_birth_find(const struct gons_i_file_id *id)
{
	for (unsigned i = 1; i <= BIRTHS; i++) {
		const struct birth *birth = &births[(next - i) % BIRTHS];

		if (birth->id.ino == id->ino && birth->id.dev == id->dev)
			return birth->last_pid;
	}
	return -1;
}

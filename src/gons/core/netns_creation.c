/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When network namespaces were created, measured in process ids. The kernel reuses inode numbers, so
 * a note may be about an earlier namespace. Its process id is then too low, which does no harm: more
 * processes are looked at.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gons/base/clock.h"
#include "gons/base/common.h"
#include "gons/base/procfs.h"
#include "gons/base/signal_safe_read.h"
#include "gons/base/types.h"
#include "gons/core/netns_creation.h"

enum { NOTES = 64 }; /* the last ones */

static __thread struct note {
	struct gons_i_file_id id;
	int last_pid;
} notes[NOTES];
static __thread unsigned next;

int gons_i_last_pid(void)
{
	cleanup_fd int fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
	char text[128];
	ssize_t got = fd < 0 ? -1 : gons_i_read(fd, text, sizeof(text) - 1);
	const char *last;

	if (got <= 0)
		return -1;
	text[got] = '\0';
	last = strrchr(text, ' ');
	return last ? atoi(last + 1) : -1;
}

int gons_i_earlier_pid(void)
{
	enum { AGE_MS = 100 };
	static __thread int64_t read_at;
	static __thread int pid = -1;
	const int64_t now = gons_i_nanoseconds();

	if (pid < 0 || now - read_at > AGE_MS * (int64_t)GONS_I_NS_OF_MS) {
		pid = gons_i_last_pid();
		read_at = now;
	}
	return pid;
}

void gons_i_netns_creation_note(int nsfd, int last_pid)
{
	const int saved = errno;
	struct stat st;

	if ((nsfd == -1 ? stat(gons_i_type_entry(CLONE_NEWNET)->own_path, &st)
			: fstat(nsfd, &st)) == 0)
		notes[next++ % NOTES] = (struct note){ { st.st_dev, st.st_ino }, last_pid };
	errno = saved;
}

int gons_i_netns_creation_find(const struct gons_i_file_id *id)
{
	for (unsigned i = 1; i <= NOTES; i++) {
		const struct note *note = &notes[(next - i) % NOTES];

		if (note->id.ino == id->ino && note->id.dev == id->dev)
			return note->last_pid;
	}
	return -1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forked children that have left their parent's test, usually by a failed assertion. Such a child
 * ends with status 1. A test that does not wait for it would pass without knowing of the failure.
 * So the child also writes its process id into memory that both share.
 */
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gons/base/common.h"
#include "gons/base/forks.h"
#include "test/test.h"

enum { MOST = 32 }; /* children of a test; more are not noted */

struct notes {
	atomic_uint n;
	_Atomic pid_t pids[MOST];
};

/* NULL if memory was short. */
static struct notes *notes;
static unsigned forks;

void gons_i_children_run_begins(void)
{
	void *memory;

	if (notes && forks == gons_i_forks())
		return;
	memory = mmap(NULL, sizeof(*notes), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	notes = memory == MAP_FAILED ? NULL : memory;
	forks = gons_i_forks();
}

void gons_i_children_note(void)
{
	unsigned i;

	if (!notes)
		return;
	i = atomic_fetch_add(&notes->n, 1);
	if (i < MOST)
		notes->pids[i] = getpid();
}

pid_t gons_i_children_take_unwaited(void)
{
	pid_t unwaited = 0;

	if (!notes || notes->n == 0)
		return 0;
	for (unsigned i = 0; i < MOST && i < notes->n; i++) {
		siginfo_t info = { .si_pid = 0 };

		/* It has ended, and is not reaped yet. */
		if (notes->pids[i] > 0 &&
		    waitid(P_PID, (id_t)notes->pids[i], &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		    info.si_pid > 0)
			unwaited = info.si_pid;
		notes->pids[i] = 0;
	}
	notes->n = 0;
	return unwaited;
}

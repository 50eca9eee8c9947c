/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forked children that have left their parent's test, usually by a failed assertion. Such a child
 * ends with status 1. A test that does not wait for it would pass without knowing of the failure.
 * So the child also writes its process id into memory that both share.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gons/base/common.h"
#include "gons/base/forks.h"
#include "test/test.h"

enum { MOST = 32 }; /* children of a test; more are not noted */

enum { ANY = -1 }; /* its process id is not known */

struct notes {
	dev_t procfs; /* of the parent */
	atomic_uint n;
	_Atomic pid_t pids[MOST];
};

/* NULL if memory was short. */
static struct notes *notes;
static unsigned forks;

static dev_t present_procfs(void)
{
	struct stat st;

	return stat("/proc", &st) == 0 ? st.st_dev : 0;
}

void gons_i_children_run_begins(void)
{
	void *memory;

	if (notes && forks == gons_i_forks())
		return;
	memory = mmap(NULL, sizeof(*notes), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	notes = memory == MAP_FAILED ? NULL : memory;
	forks = gons_i_forks();
	if (notes)
		notes->procfs = present_procfs();
}

/* The process id of this child as its parent knows it. A parent in an ancestor PID namespace has
 * the id 0 here; its procfs has its ids. */
static pid_t id_for_parent(void)
{
	char id[16];
	ssize_t length;

	if (getppid() != 0)
		return getpid();
	if (notes->procfs == 0 || present_procfs() != notes->procfs)
		return ANY;
	length = readlink("/proc/self", id, sizeof(id) - 1);
	if (length <= 0)
		return ANY;
	id[length] = '\0';
	return (pid_t)atoi(id);
}

void gons_i_children_note(void)
{
	unsigned i;

	if (!notes)
		return;
	i = atomic_fetch_add(&notes->n, 1);
	if (i < MOST)
		notes->pids[i] = id_for_parent();
}

pid_t gons_i_children_take_unwaited(void)
{
	pid_t unwaited = 0;

	if (!notes || notes->n == 0)
		return 0;
	for (unsigned i = 0; i < MOST && i < notes->n; i++) {
		const pid_t pid = notes->pids[i];
		siginfo_t info = { .si_pid = 0 };

		/* It has ended, and is not reaped yet. */
		if (pid != 0 &&
		    waitid(pid == ANY ? P_ALL : P_PID, (id_t)pid, &info,
			   WEXITED | WNOHANG | WNOWAIT) == 0 &&
		    info.si_pid > 0)
			unwaited = info.si_pid;
		notes->pids[i] = 0;
	}
	notes->n = 0;
	return unwaited;
}

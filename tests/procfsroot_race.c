/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads swap directories and links, and mount and unmount, while paths below a root are
 * opened: nothing outside is ever reached.
 */
#include "check.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OPENS = 100000 };

static const char root[] = "/tmp/root";

static bool make_file(const char *path, const char *text)
{
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	(void)close(fd);
	return ok;
}

static void make_tree(void)
{
	static const char *const dirs[] = { "/tmp/root",   "/tmp/root/a", "/tmp/root/tmp",
					    "/tmp/root/d", "/tmp/root/m", "/tmp/root/d/e" };

	assert_int_equal(mount("gons", "/tmp", "tmpfs", 0, NULL), 0);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		assert_int_equal(mkdir(dirs[i], 0755), 0);
	assert_true(make_file("/tmp/secret", "outside"));
	assert_true(make_file("/tmp/root/secret", "inside"));
	assert_true(make_file("/tmp/root/a/secret", "inside"));
	assert_true(make_file("/tmp/root/tmp/secret", "inside"));
	/* These are swapped with the directory a: absolute and relative links to the outside. */
	assert_int_equal(symlink("/tmp", "/tmp/root/absolute"), 0);
	assert_int_equal(symlink("../../tmp", "/tmp/root/relative"), 0);
	assert_int_equal(symlink("a", "/tmp/root/chain"), 0);
}

/* musl has no renameat2(3). */
static void exchange(const char *path, const char *other)
{
	const unsigned rename_exchange = 1U << 1;

	(void)syscall(SYS_renameat2, AT_FDCWD, path, AT_FDCWD, other, rename_exchange);
}

/* In a child, until it is killed. */
static void swap(void)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		exchange("/tmp/root/a", "/tmp/root/absolute");
		exchange("/tmp/root/a", "/tmp/root/relative");
		/* For a walk that is in d/e, ".." is outside now. */
		(void)rename("/tmp/root/d", "/tmp/d");
		(void)mount("/tmp/root/tmp", "/tmp/root/m", NULL, MS_BIND, NULL);
		(void)rename("/tmp/d", "/tmp/root/d");
		(void)umount2("/tmp/root/m", MNT_DETACH);
	}
}

static const char *const paths[] = {
	"a/secret",	      "/a/secret",	  "chain/secret",	 "absolute/secret",
	"relative/secret",    "d/e/../../secret", "d/e/../../../secret", "m/../secret",
	"m/secret",	      "a/../tmp/secret",  "tmp/../secret",	 "d/../../tmp/../secret",
	"relative/../secret",
};
enum { PATHS = sizeof(paths) / sizeof(paths[0]) };

struct counts {
	int opened[PATHS], refused[PATHS];
};

/* Whether the swaps had an effect: a path that always exists was opened, and another one was
 * refused. On a busy machine this may take a while. */
static bool is_seen(const struct counts *counts)
{
	return counts->opened[0] > 0 && counts->opened[5] > 0 &&
	       counts->refused[5] + counts->refused[6] > 0;
}

/* Whether a descriptor refers to a file inside of the root. */
static bool is_inside(int fd)
{
	char text[16] = "";

	return read(fd, text, sizeof(text) - 1) == 6 && strcmp(text, "inside") == 0;
}

static void open_once(int i, struct counts *counts)
{
	int fd = gons_procfsroot_open(root, paths[i], O_RDONLY);

	if (fd < 0) {
		/* In the middle of a swap, a path may be missing or impossible to walk. */
		if (errno != ENOENT && errno != ENOTDIR && errno != EAGAIN && errno != ELOOP &&
		    errno != EXDEV)
			fail_msg("%s: %s", paths[i], gons_error());
		counts->refused[i]++;
		return;
	}
	if (!is_inside(fd))
		fail_msg("%s led outside", paths[i]);
	counts->opened[i]++;
	assert_int_equal(close(fd), 0);
}

static void resolve_once(int i)
{
	char *path = gons_procfsroot_resolve(root, paths[i], 0);

	if (path && strcmp(path, "/secret") != 0 && strcmp(path, "/a/secret") != 0 &&
	    strcmp(path, "/tmp/secret") != 0 && strcmp(path, "/absolute/secret") != 0 &&
	    strcmp(path, "/relative/secret") != 0 && strcmp(path, "/m/secret") != 0)
		fail_msg("%s was resolved to %s", paths[i], path);
	free(path);
}

static void end_swapper(void *pid)
{
	(void)kill(*(pid_t *)pid, SIGKILL);
	(void)waitpid(*(pid_t *)pid, NULL, 0);
}

static void nothing_outside_the_root_is_opened_while_threads_swap_directories(void **state)
{
	struct counts counts = { { 0 }, { 0 } };
	static pid_t pid;

	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS);
	gons_must(gons_mntns_enter_transient());
	make_tree();
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		swap();
	gons_must(gons_defer(end_swapper, &pid));
	for (int i = 0; i < OPENS || (!is_seen(&counts) && i < 50 * OPENS); i++) {
		open_once(i % PATHS, &counts);
		if (i % 10 == 0)
			resolve_once(i / 10 % PATHS);
	}
	for (int i = 0; i < PATHS; i++)
		print_message("%-24s opened %5d times, refused %5d times\n", paths[i],
			      counts.opened[i], counts.refused[i]);
	assert_true(is_seen(&counts));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(nothing_outside_the_root_is_opened_while_threads_swap_directories),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

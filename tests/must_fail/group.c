/* SPDX-License-Identifier: Apache-2.0 */
#include "group.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/stat.h>
#include <unistd.h>

int group_choose(int argc, char *argv[], const struct group *groups)
{
	for (; argc == 2 && groups->name; groups++)
		if (strcmp(groups->name, argv[1]) == 0)
			return groups->run();
	(void)fprintf(stderr, "usage: %s GROUP\n", argv[0]);
	return 2;
}

int group_main(int argc, char *argv[], const struct group *groups)
{
	if (gons_become_root() < 0 ||
	    !gons_can(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC)) {
		print_error("cannot run here: %s\n", gons_error());
		return 77;
	}
	return group_choose(argc, argv, groups);
}

/* ---- the state that each test starts in ---- */

static const char *const names[] = { "cgroup", "ipc", "mnt", "net", "pid", "user", "uts" };
enum { NAMES = sizeof(names) / sizeof(names[0]) };

static struct state {
	uint64_t ino[NAMES];
	struct stat root, cwd;
	int fds, threads, mounts;
	mode_t mask;
} ours, plain;

static struct state look(void)
{
	struct state now = { .fds = count_entries("/proc/thread-self/fd"),
			     .threads = count_entries("/proc/self/task"),
			     .mounts = count_mounts() };

	for (size_t i = 0; i < NAMES; i++)
		now.ino[i] = own_ino(names[i]);
	assert_int_equal(stat("/", &now.root), 0);
	assert_int_equal(stat(".", &now.cwd), 0);
	now.mask = umask(0);
	(void)umask(now.mask);
	return now;
}

static void compare(const struct state *before)
{
	struct state now = look();

	assert_int_not_equal(before->fds, 0); /* there is an earlier state */
	for (size_t i = 0; i < NAMES; i++)
		if (now.ino[i] != before->ino[i])
			fail_msg("in another %s namespace", names[i]);
	assert_int_equal(now.root.st_dev, before->root.st_dev);
	assert_int_equal(now.root.st_ino, before->root.st_ino);
	assert_int_equal(now.cwd.st_dev, before->cwd.st_dev);
	assert_int_equal(now.cwd.st_ino, before->cwd.st_ino);
	assert_int_equal(now.mask, before->mask);
	assert_int_equal(now.fds, before->fds);
	assert_int_equal(now.threads, before->threads);
	assert_int_equal(now.mounts, before->mounts);
}

void state_is_noted(void **state)
{
	(void)state;
	ours = look();
}

void plain_state_is_noted(void **state)
{
	(void)state;
	plain = look();
}

void next_test_starts_in_the_same_state(void **state)
{
	(void)state;
	compare(&ours);
}

void next_plain_test_starts_in_the_same_state(void **state)
{
	(void)state;
	compare(&plain);
}

/* ---- giving up capabilities ---- */

void drop_capability(int cap)
{
	const cap_value_t values[] = { cap };
	cap_t caps = cap < 0 ? cap_init() : cap_get_proc();

	assert_non_null(caps);
	if (cap >= 0) {
		assert_int_equal(cap_set_flag(caps, CAP_EFFECTIVE, 1, values, CAP_CLEAR), 0);
		assert_int_equal(cap_set_flag(caps, CAP_PERMITTED, 1, values, CAP_CLEAR), 0);
	}
	assert_int_equal(cap_set_proc(caps), 0);
	assert_int_equal(cap_free(caps), 0);
}

void become_powerless(void)
{
	/* In a new user namespace, a limit forbids further ones without affecting other programs.
	 * If no user namespace can be created, no limit is needed. */
	if (unshare(CLONE_NEWUSER) == 0) {
		int fd = open("/proc/sys/user/max_user_namespaces", O_WRONLY | O_CLOEXEC);

		if (fd >= 0 && write(fd, "0", 1) != 1)
			perror("cannot write to /proc/sys/user/max_user_namespaces");
		if (fd >= 0)
			(void)close(fd);
	}
	drop_capability(-1);
}

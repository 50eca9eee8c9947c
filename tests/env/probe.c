/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program as users write it, which runs in many environments. It prints in which
 * namespaces it is after the group set-up. The results that each environment must give are in
 * containers.sh, mounts.sh and powers.sh.
 *
 * probe [thread | late-thread | loop | exhaust]
 */
#include "check.h"

#include <fcntl.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const names[] = { "user", "net", "mnt", "uts", "ipc", "cgroup" };
enum { NAMES = sizeof(names) / sizeof(names[0]) };
static uint64_t started_in[NAMES], tests_in[NAMES];
static const char *mode = "";

/* ---- the tests of every environment ---- */

static void enter_and_leave(int type, const char *name)
{
	uint64_t before = own_ino(name);
	int mark;

	gons_require(type);
	mark = gons_must(gons_scope_begin());
	gons_must(gons_enter_transient(type));
	assert_int_not_equal(own_ino(name), 0);
	assert_int_not_equal(own_ino(name), before);
	gons_must(gons_scope_end(mark));
	assert_int_equal(own_ino(name), before);
}

static void enters_and_leaves_net(void **state)
{
	(void)state;
	enter_and_leave(CLONE_NEWNET, "net");
}

static void enters_and_leaves_mnt(void **state)
{
	(void)state;
	enter_and_leave(CLONE_NEWNS, "mnt");
}

static void enters_and_leaves_uts(void **state)
{
	(void)state;
	enter_and_leave(CLONE_NEWUTS, "uts");
}

/* A user without a number owns no file of a file system that is mounted in the user namespace. */
static bool is_unmapped;

static void write_a_file(void *arg)
{
	int fd;

	assert_int_equal(own_ino("mnt"), *(uint64_t *)arg);
	assert_int_equal(mount("none", "/tmp", "tmpfs", 0, NULL), 0);
	fd = open("/tmp/gons-probe", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	is_unmapped = fd < 0 && errno == EOVERFLOW;
	if (is_unmapped)
		return;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "inside", 6), 6);
	assert_int_equal(close(fd), 0);
}

static void executes_in_mnt_and_reads_through_procfsroot(void **state)
{
	const char *procfsroot = NULL;
	char text[16] = "";
	uint64_t ino;
	int nsfd, fd;

	(void)state;
	gons_require(CLONE_NEWNS);
	nsfd = gons_must(gons_mntns_new_transient(&procfsroot));
	ino = gons_must(gons_mntns_ino(nsfd));
	assert_int_not_equal(ino, own_ino("mnt"));
	gons_must(gons_mntns_execute(nsfd, write_a_file, &ino));
	if (is_unmapped) {
		print_error("gons: skipped: %s: the user is not mapped\n", __func__);
		skip();
	}
	assert_int_equal(access("/tmp/gons-probe", F_OK), -1);
	fd = gons_procfsroot_open(procfsroot, "/tmp/gons-probe", O_RDONLY);
	gons_must(fd);
	assert_int_equal(read(fd, text, sizeof(text)), 6);
	assert_int_equal(close(fd), 0);
	assert_string_equal(text, "inside");
}

/* Links that the kernel reports in the thread's network namespace. 1, unless its modules put
 * fallback tunnels into every new one. */
static int count_links(void)
{
	struct if_nameindex *links = if_nameindex();
	int count = 0;

	assert_non_null(links);
	while (links[count].if_index != 0)
		count++;
	if_freenameindex(links);
	assert_true(count > 0);
	return count;
}

static void sees_only_loopback(void **state)
{
	struct stat before, now;
	bool had_sys = stat("/sys", &before) == 0;

	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	gons_must(gons_netns_enter_transient());
	gons_must(gons_mntns_enter_transient());
	gons_must(gons_mntns_mount_sysfs_ro());
	assert_int_equal(count_class_net(AT_FDCWD, "/sys/class/net"), count_links());
	assert_int_equal(access("/sys/class/net/lo", F_OK), 0);
	/* Where the machine itself has nothing but lo, the old sysfs looks the same. */
	assert_int_equal(stat("/sys", &now), 0);
	assert_true(had_sys && now.st_dev != before.st_dev);
}

static void runs_in_net_and_mnt(void **state)
{
	(void)state;
	assert_int_equal(count_class_net(AT_FDCWD, "/sys/class/net"), count_links());
	assert_int_equal(strtol(read_text("/sys/class/net/lo/flags"), NULL, 16) & IFF_UP, IFF_UP);
	assert_int_equal(open("/sys/class/net/lo/mtu", O_WRONLY | O_CLOEXEC), -1);
	assert_true(errno == EROFS || errno == EACCES); /* by a user who is not mapped */
}

static void reads_a_detached_sysfs(void **state)
{
	char text[16] = "";
	int sysfs_fd, fd;

	(void)state;
	gons_require(CLONE_NEWNET);
	gons_must(gons_netns_enter_transient());
	sysfs_fd = gons_sysfs_open();
	if (sysfs_fd < 0)
		gons_require(CLONE_NEWNET | CLONE_NEWNS); /* the same refusal */
	gons_must(sysfs_fd);
	assert_int_equal(count_class_net(sysfs_fd, "class/net"), count_links());
	fd = openat(sysfs_fd, "class/net/lo/ifindex", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, text, sizeof(text)), 2);
	assert_int_equal(close(fd), 0);
	assert_string_equal(text, "1\n");
}

static bool note_net(void *ino)
{
	*(uint64_t *)ino = own_ino("net");
	return true;
}

static int is_in_net(void *ino)
{
	return own_ino("net") == *(uint64_t *)ino ? 0 : 1;
}

/* On a thread, on that thread again where it could be kept, and in a child. */
static void runs_in_a_set(void **state)
{
	uint64_t there, seen = 0;
	int status = -1;
	gons_set *set;

	(void)state;
	gons_require(CLONE_NEWNET);
	gons_must(gons_netns_enter_transient()); /* with which the thread ends */
	set = gons_must(gons_set_unshare(NULL, CLONE_NEWNET, NULL));
	there = ino_in(set, CLONE_NEWNET);
	assert_int_not_equal(there, own_ino("net"));
	for (int i = 0; i < 2; i++, seen = 0) {
		gons_must(gons_set_do_restore(set, note_net, &seen));
		assert_int_equal(seen, there);
	}
	gons_must(gons_set_run(set, is_in_net, &there, &status));
	assert_int_equal(status, 0);
	gons_set_close(set);
}

struct directories {
	struct stat root, cwd;
};

static void look_at_directories(struct directories *directories)
{
	assert_int_equal(stat("/", &directories->root), 0);
	assert_int_equal(stat(".", &directories->cwd), 0);
}

static void assert_same_directories(const struct directories *before)
{
	struct directories now;

	look_at_directories(&now);
	assert_int_equal(now.root.st_dev, before->root.st_dev);
	assert_int_equal(now.root.st_ino, before->root.st_ino);
	assert_int_equal(now.cwd.st_dev, before->cwd.st_dev);
	assert_int_equal(now.cwd.st_ino, before->cwd.st_ino);
}

static void returns_to_directory_and_root(void **state)
{
	struct directories before;
	int cwd_fd, mark;

	(void)state;
	gons_require(CLONE_NEWNS);
	cwd_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(cwd_fd >= 0);
	assert_int_equal(chdir("/tmp"), 0);
	look_at_directories(&before);
	mark = gons_must(gons_scope_begin());
	gons_must(gons_mntns_enter_transient());
	assert_int_equal(chroot("/proc"), 0);
	assert_int_equal(chdir("/"), 0);
	gons_must(gons_scope_end(mark));
	assert_same_directories(&before);
	assert_int_equal(fchdir(cwd_fd), 0);
	assert_int_equal(close(cwd_fd), 0);
}

/* ---- the tests for a small limit ---- */

static void enters_500_times(void **state)
{
	uint64_t before = own_ino("net");

	(void)state;
	gons_require(CLONE_NEWNET);
	for (int i = 0; i < 500; i++) {
		int mark = gons_must(gons_scope_begin());

		gons_must(gons_netns_enter_transient());
		assert_int_not_equal(own_ino("net"), before);
		gons_must(gons_scope_end(mark));
		assert_int_equal(own_ino("net"), before);
	}
}

static void runs_out_of_descriptors_and_recovers(void **state)
{
	uint64_t before = own_ino("net");
	int fds = count_entries("/proc/thread-self/fd");
	int mark, count = 0;

	(void)state;
	gons_require(CLONE_NEWNET);
	mark = gons_must(gons_scope_begin());
	while (gons_netns_current() >= 0)
		assert_true(++count < 256);
	assert_int_equal(errno, EMFILE);
	assert_contains(gons_error(), "the limit on open descriptors (RLIMIT_NOFILE) is reached");
	assert_refused(gons_netns_enter_transient(), EMFILE, "RLIMIT_NOFILE");
	assert_refused(gons_mntns_new_transient(NULL), EMFILE, "RLIMIT_NOFILE");
	assert_int_equal(own_ino("net"), before);
	assert_true(count > 200);
	gons_must(gons_scope_end(mark));
	assert_int_equal(count_entries("/proc/thread-self/fd"), fds);
	gons_must(gons_netns_enter_transient());
}

/* ---- another thread, which nothing must move ---- */

static pthread_t bystander;
static atomic_bool has_looked, enough, was_moved;

static void *look_around(void *arg)
{
	const uint64_t net = own_ino("net");
	const uint64_t mnt = own_ino("mnt");
	struct stat root, cwd, now;

	(void)arg;
	was_moved = stat("/", &root) < 0 || stat(".", &cwd) < 0;
	has_looked = true;
	while (!enough) {
		if (own_ino("net") != net || own_ino("mnt") != mnt)
			was_moved = true;
		if (stat("/", &now) < 0 || now.st_dev != root.st_dev || now.st_ino != root.st_ino)
			was_moved = true;
		if (stat(".", &now) < 0 || now.st_dev != cwd.st_dev || now.st_ino != cwd.st_ino)
			was_moved = true;
	}
	return NULL;
}

static void start_bystander(void)
{
	if (pthread_create(&bystander, NULL, look_around, NULL) != 0)
		exit(EXIT_FAILURE);
	while (!has_looked)
		(void)sched_yield();
}

/* ---- before and after ---- */

static struct directories group_directories;

static void take_all_inodes(uint64_t inodes[NAMES])
{
	for (size_t i = 0; i < NAMES; i++)
		inodes[i] = own_ino(names[i]);
}

/* "probe: moved to: user net", or "probe: moved to: nothing new". */
static void say_where(void)
{
	char list[64] = "";

	for (size_t i = 0; i < NAMES; i++)
		if (own_ino(names[i]) != started_in[i]) {
			strcat(list, " ");
			strcat(list, names[i]);
		}
	print_error("probe: moved to:%s\n", list[0] ? list : " nothing new");
}

static int set_up(void **state)
{
	int fds = count_entries("/proc/thread-self/fd");

	look_at_directories(&group_directories);
	if (gons_group_setup_root(state) != 0)
		return -1;
	if (gons_become_root() < 0)
		print_error("probe: no root: %s\n", gons_error());
	assert_int_equal(count_entries("/proc/thread-self/fd"), fds);
	assert_same_directories(&group_directories);
	say_where();
	take_all_inodes(tests_in);
	if (strcmp(mode, "late-thread") == 0)
		start_bystander();
	return 0;
}

static int tear_down(void **state)
{
	uint64_t now[NAMES];

	(void)state;
	take_all_inodes(now);
	assert_memory_equal(now, tests_in, sizeof(now));
	assert_same_directories(&group_directories);
	if (has_looked) {
		enough = true;
		assert_int_equal(pthread_join(bystander, NULL), 0);
		assert_false(was_moved);
	}
	return 0;
}

/* Each is compared, before and after, without gons's own leak report, too. */
#define env_test(f) gons_unit_test_setup_teardown(f, check_begin, check_end)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		env_test(enters_and_leaves_net),
		env_test(enters_and_leaves_mnt),
		env_test(enters_and_leaves_uts),
		env_test(executes_in_mnt_and_reads_through_procfsroot),
		env_test(sees_only_loopback),
		gons_unit_test_in_setup_teardown(runs_in_net_and_mnt, CLONE_NEWNET | CLONE_NEWNS,
						 check_begin, check_end),
		env_test(reads_a_detached_sysfs),
		env_test(runs_in_a_set),
		env_test(returns_to_directory_and_root),
	};
	const struct CMUnitTest loop[] = { env_test(enters_500_times) };
	const struct CMUnitTest exhaust[] = {
		env_test(runs_out_of_descriptors_and_recovers),
	};

	take_all_inodes(started_in);
	if (argc > 1)
		mode = argv[1];
	if (strcmp(mode, "thread") == 0)
		start_bystander();
	if (strcmp(mode, "loop") == 0)
		return gons_run_group_tests(loop, set_up, tear_down);
	if (strcmp(mode, "exhaust") == 0)
		return gons_run_group_tests(exhaust, set_up, tear_down);
	return gons_run_group_tests(tests, set_up, tear_down);
}

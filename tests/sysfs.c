/* SPDX-License-Identifier: Apache-2.0 */
/* The sysfs of the caller's network namespace: on /sys, and detached. */
#include "check.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/* The offset of the low half of an argument in a filter's data. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define LOW_WORD(offset) ((offset) + 4)
#else
#define LOW_WORD(offset) (offset)
#endif

/* ---- mounts ---- */

enum { MAX_POINTS = 128 };
static char points[MAX_POINTS][256];
static char options[128], source[64], super_options[128]; /* of the last one */

/* Finds the mounts on a directory, or those below it. Returns how many. */
static int find_mounts(const char *dir, bool below)
{
	FILE *file = fopen("/proc/thread-self/mountinfo", "re");
	size_t length = strlen(dir);
	char line[4096], point[256], own[128];
	int n = 0;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		assert_int_equal(sscanf(line, "%*s %*s %*s %*s %255s %127s", point, own), 2);
		if (strncmp(point, dir, length) != 0 || point[length] != (below ? '/' : '\0'))
			continue;
		assert_true(n < MAX_POINTS);
		(void)strcpy(points[n++], point);
		(void)strcpy(options, own);
		assert_int_equal(
			sscanf(strstr(line, " - "), " - %*s %63s %127s", source, super_options), 2);
	}
	assert_int_equal(fclose(file), 0);
	return n;
}

static bool is_sysfs(const char *path)
{
	struct statfs st;

	return statfs(path, &st) == 0 && st.f_type == SYSFS_MAGIC;
}

static dev_t device_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_dev : 0;
}

/* ---- links ---- */

/* Whether /sys shows exactly the links that the thread's network namespace has, all of them
 * virtual. */
static bool sys_agrees(void)
{
	struct if_nameindex *links = if_nameindex();
	char path[64];
	bool all = true;
	int n = 0;

	for (; links[n].if_index != 0; n++) {
		(void)snprintf(path, sizeof(path), "/sys/class/net/%.16s/ifindex",
			       links[n].if_name);
		all = all && strtoul(read_text(path), NULL, 10) == links[n].if_index;
	}
	if_freenameindex(links);
	return all && count_entries("/sys/devices/virtual/net") == n;
}

static void make_bridge(const char *name)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(ioctl(fd, SIOCBRADDBR, name), 0);
	assert_int_equal(close(fd), 0);
}

/* Enters new namespaces whose /sys is like that of a machine with the links lo and "gons-old". */
static void enter_namespaces(void)
{
	gons_must(gons_enter_transient(CLONE_NEWNET | CLONE_NEWNS));
	make_bridge("gons-old");
	gons_must(gons_mntns_mount_sysfs_ro());
	assert_true(sys_agrees());
}

static void require_all(void)
{
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	gons_require_link("bridge");
}

/* Mounts that hide a part of /sys would prevent a sysfs in any other user namespace. */
static void require_first_user_namespace(const char *test)
{
	if (strstr(read_text("/proc/self/uid_map"), "4294967295"))
		return;
	skip_for(test, "not in the first user namespace");
}

static void mount_tmpfs(const char *path)
{
	if (mkdir(path, 0755) < 0)
		assert_int_equal(errno, EEXIST);
	assert_int_equal(mount("gons", path, "tmpfs", 0, NULL), 0);
}

/* ---- contents ---- */

static void sees_only_loopback(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	gons_must(gons_netns_enter_transient());
	gons_must(gons_mntns_enter_transient());
	gons_must(gons_mntns_mount_sysfs_ro());
	assert_true(sys_agrees());
	assert_string_equal(read_text("/sys/class/net/lo/ifindex"), "1\n");
}

static void without_a_new_mount_sysfs_still_shows_the_old_links(void **state)
{
	(void)state;
	require_all();
	enter_namespaces();
	gons_must(gons_netns_enter_transient());
	assert_int_equal(if_nametoindex("gons-old"), 0);
	assert_int_equal(access("/sys/class/net/gons-old", F_OK), 0);
	gons_must(gons_mntns_mount_sysfs_ro());
	assert_int_equal(access("/sys/class/net/gons-old", F_OK), -1);
	assert_true(sys_agrees());
}

/* ---- mount options ---- */

static void called_twice_one_read_only_mount_is_there_on_a_writable_superblock(void **state)
{
	int on_sys = find_mounts("/sys", false);

	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	gons_must(gons_enter_transient(CLONE_NEWNET | CLONE_NEWNS));
	gons_must(gons_mntns_mount_sysfs_ro());
	assert_int_equal(find_mounts("/sys", false), on_sys + 1);
	assert_string_equal(options, "ro,nosuid,nodev,noexec,relatime");
	assert_string_equal(source, "sysfs");
	gons_must(gons_mntns_mount_sysfs_ro());
	assert_int_equal(find_mounts("/sys", false), on_sys + 1);
	assert_string_equal(super_options, "rw");
	assert_int_equal(open("/sys/class/net/lo/mtu", O_WRONLY | O_CLOEXEC), -1);
	assert_int_equal(errno, EROFS);
}

static void a_later_sysfs_of_the_same_namespace_is_writable(void **state)
{
	int fd;

	(void)state;
	require_writable_sys(__func__);
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	gons_must(gons_enter_transient(CLONE_NEWNET | CLONE_NEWNS));
	gons_must(gons_mntns_mount_sysfs_ro());
	assert_int_equal(mount("gons", "/tmp", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL), 0);
	assert_int_equal(device_of("/tmp"), device_of("/sys"));
	fd = open("/tmp/class/net/lo/mtu", O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "1400", 4), 4);
	assert_int_equal(close(fd), 0);
	assert_string_equal(read_text("/sys/class/net/lo/mtu"), "1400\n");
}

static void a_sysfs_of_this_namespace_on_sys_is_made_read_only(void **state)
{
	int mounts;

	(void)state;
	require_writable_sys(__func__);
	require_all();
	enter_namespaces();
	assert_int_equal(mount(NULL, "/sys", NULL, MS_REMOUNT | MS_BIND, NULL), 0);
	GONS_SCOPE {
		gons_must(gons_mntns_enter_transient());
		mounts = count_mounts();
		gons_must(gons_mntns_mount_sysfs_ro());
		assert_int_equal(count_mounts(), mounts);
		assert_true(find_mounts("/sys", false) > 0);
		assert_string_equal(options, "ro,nosuid,nodev,noexec,relatime");
		assert_string_equal(super_options, "rw");
	}
	assert_true(find_mounts("/sys", false) > 0);
	assert_string_equal(options, "rw,relatime");
}

/* ---- mounts below /sys ---- */

static void mounts_below_sys_stay_reachable(void **state)
{
	bool is_part[MAX_POINTS]; /* of the old sysfs: is one of the new sysfs then */
	dev_t devices[MAX_POINTS];
	int n;

	(void)state;
	require_writable_sys(__func__);
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	gons_must(gons_enter_transient(CLONE_NEWNET | CLONE_NEWNS));
	mount_tmpfs("/sys/fs/cgroup");
	mount_tmpfs("/sys/fs/cgroup/nested");
	mount_tmpfs("/sys/fs/cgroup/nested/a blank\tand\\more");
	assert_int_equal(mkdir("/sys/fs/cgroup/bound", 0755), 0);
	assert_int_equal(mount("/proc", "/sys/fs/cgroup/bound", NULL, MS_BIND, NULL), 0);
	assert_int_equal(symlink("nested", "/sys/fs/cgroup/link"), 0);
	n = find_mounts("/sys", true);
	for (int i = 0; i < n; i++) {
		is_part[i] = is_sysfs(points[i]);
		devices[i] = device_of(points[i]);
	}
	gons_must(gons_mntns_mount_sysfs_ro());
	for (int i = 0; i < n; i++)
		assert_int_equal(device_of(points[i]), is_part[i] ? device_of("/sys") : devices[i]);
	assert_int_not_equal(device_of("/sys/fs/cgroup/nested/a blank\tand\\more"),
			     device_of("/sys/fs/cgroup/nested"));
	assert_int_equal(device_of("/sys/fs/cgroup/bound"), device_of("/proc"));
	assert_int_equal(access("/sys/fs/cgroup/link/a blank\tand\\more", F_OK), 0);
	assert_true(sys_agrees());
}

/* Sorted by name, "lo-x" is between "lo" and "lo/below". */
static void each_mount_below_sys_is_restored_once(void **state)
{
	static const char *const own[] = { "/sys/devices/virtual/net/lo",
					   "/sys/devices/virtual/net/lo/below",
					   "/sys/devices/virtual/net/lo-x" };
	(void)state;
	require_all();
	require_first_user_namespace(__func__);
	gons_must(gons_enter_transient(CLONE_NEWNET | CLONE_NEWNS));
	make_bridge("lo-x");
	gons_must(gons_mntns_mount_sysfs_ro());
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		mount_tmpfs(own[i]);
	gons_must(gons_netns_enter_transient());
	make_bridge("lo-x");
	gons_must(gons_mntns_mount_sysfs_ro());
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		assert_int_equal(find_mounts(own[i], false), 2);
}

static void a_mount_on_a_link_of_the_old_namespace_is_left_out(void **state)
{
	(void)state;
	require_all();
	require_first_user_namespace(__func__);
	enter_namespaces();
	mount_tmpfs("/sys/devices/virtual/net/gons-old");
	mount_tmpfs("/sys/devices/virtual/net/gons-old/below");
	mount_tmpfs("/sys/fs/cgroup");
	gons_must(gons_netns_enter_transient());
	gons_must(gons_mntns_mount_sysfs_ro());
	assert_true(sys_agrees());
	assert_int_equal(access("/sys/devices/virtual/net/gons-old", F_OK), -1);
	assert_int_equal(find_mounts("/sys/devices/virtual/net/gons-old", false), 1);
	assert_int_not_equal(device_of("/sys/fs/cgroup"), device_of("/sys"));
}

/* LXC mounts this one, writable, where the rest of /sys is read-only. */
static void a_part_of_the_old_sysfs_is_left_out(void **state)
{
	static const char part[] = "/sys/devices/virtual/net";

	(void)state;
	require_all();
	require_first_user_namespace(__func__);
	enter_namespaces();
	assert_int_equal(mount(part, part, NULL, MS_BIND, NULL), 0);
	gons_must(gons_netns_enter_transient());
	gons_must(gons_mntns_mount_sysfs_ro());
	assert_true(sys_agrees());
	assert_int_equal(access("/sys/class/net/lo/mtu", F_OK), 0);
}

static const char masked_file[] = "/sys/kernel/uevent_seqnum";

static void mask_parts_of_sys(void)
{
	mount_tmpfs("/sys/firmware");
	assert_int_equal(mount(NULL, "/sys/firmware", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL),
			 0);
	assert_int_equal(mount("/dev/null", masked_file, NULL, MS_BIND, NULL), 0);
}

static void masks_over_sys_stay_where_root_may_mount(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	require_first_user_namespace(__func__);
	gons_must(gons_enter_transient(CLONE_NEWNET | CLONE_NEWNS));
	mask_parts_of_sys();
	gons_must(gons_mntns_mount_sysfs_ro());
	assert_true(sys_agrees());
	assert_int_equal(count_entries("/sys/firmware"), 0);
	assert_int_equal(device_of(masked_file), device_of("/dev/null"));
	assert_string_equal(read_text(masked_file), "");
}

/* ---- refusals ---- */

/* Runs when the program is started again, in a copy of the mount namespace, to protect the
 * machine's /sys from mistakes. */
static int call_where_it_started(void)
{
	const char *words = "the mount namespace that this process started in";
	int on_sys = find_mounts("/sys", false);
	char before[128];

	(void)strcpy(before, options);
	return !failed_with(gons_mntns_mount_sysfs_ro(), EINVAL, words) ||
	       gons_netns_enter_transient() < 0 ||
	       !failed_with(gons_mntns_mount_sysfs_ro(), EINVAL, "gons_mntns_enter_transient()") ||
	       find_mounts("/sys", false) != on_sys || strcmp(options, before) != 0;
}

static int start_again(void *arg)
{
	(void)arg;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return 1;
	return execl("/proc/self/exe", "test-sysfs", "again", NULL);
}

static void the_sys_of_the_initial_mount_namespace_is_not_changed(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	assert_int_equal(in_child(start_again, NULL), 0);
}

/* A mount namespace that gons has not created, which shares its mounts with the original. */
static int mount_in_shared_namespace(void *arg)
{
	(void)arg;
	if (unshare(CLONE_NEWNS | CLONE_NEWNET) < 0)
		return 1;
	return gons_mntns_mount_sysfs_ro() < 0;
}

static void sysfs_mounts_do_not_propagate_to_the_copied_mount_namespace(void **state)
{
	dev_t device;
	int mounts;

	(void)state;
	require_all();
	enter_namespaces();
	assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL), 0);
	mounts = count_mounts();
	device = device_of("/sys");
	assert_int_equal(in_child(mount_in_shared_namespace, NULL), 0);
	assert_int_equal(count_mounts(), mounts);
	assert_int_equal(device_of("/sys"), device);
}

static int try_masked(void *arg)
{
	(void)arg;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET) < 0)
		return 1;
	return !failed_with(gons_mntns_mount_sysfs_ro(), EPERM, "/sys/firmware (tmpfs)") ||
	       !failed_with(gons_mntns_mount_sysfs_ro(), EPERM, masked_file) ||
	       !failed_with(gons_sysfs_open(), EPERM, "/sys/firmware (tmpfs)") ||
	       !strstr(gons_error(), "unmask=ALL") ||
	       !strstr(gons_error(), "systempaths=unconfined") ||
	       !strstr(gons_error(), "lxc.mount.auto = proc:rw sys:rw") ||
	       strstr(gons_error(), "/sys/fs/cgroup") || device_of("/sys") != *(dev_t *)arg;
}

static void a_masked_sys_in_a_user_namespace_is_refused_naming_the_masks(void **state)
{
	dev_t device;

	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS);
	gons_must(gons_mntns_enter_transient());
	mount_tmpfs("/sys/fs/cgroup");
	mask_parts_of_sys();
	device = device_of("/sys");
	assert_int_equal(in_child(try_masked, &device), 0);
}

/* ---- missing requirements ---- */

static void a_chroot_without_sys_is_refused_and_one_with_it_is_not(void **state)
{
	int mounts;

	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	gons_must(gons_enter_transient(CLONE_NEWNET | CLONE_NEWNS));
	mount_tmpfs("/tmp");
	assert_int_equal(mkdir("/tmp/root", 0755), 0);
	assert_int_equal(mkdir("/tmp/root/proc", 0755), 0);
	assert_int_equal(mount("/proc", "/tmp/root/proc", NULL, MS_BIND | MS_REC, NULL), 0);
	assert_int_equal(chroot("/tmp/root"), 0);
	mounts = count_mounts();
	assert_refused(gons_mntns_mount_sysfs_ro(), ENOENT,
		       "cannot mount a sysfs on /sys: %m: the root of this process has no "
		       "directory /sys; create it: mkdir /sys");
	assert_int_equal(count_mounts(), mounts);
	/* /sys need not be a mount point, and the root need not be one either. */
	assert_int_equal(mkdir("/sys", 0755), 0);
	gons_must(gons_mntns_mount_sysfs_ro());
	assert_int_equal(count_mounts(), mounts + 1);
	assert_true(sys_agrees());
}

static void without_free_descriptors_sys_is_unchanged(void **state)
{
	struct rlimit before, limit;
	int mounts, result = -1;

	(void)state;
	require_all();
	enter_namespaces();
	mount_tmpfs("/sys/fs/cgroup");
	gons_must(gons_netns_enter_transient());
	mounts = count_mounts();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = before;
	for (limit.rlim_cur = 0; result < 0 && limit.rlim_cur < 256; limit.rlim_cur++) {
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
		result = gons_mntns_mount_sysfs_ro();
		if (result < 0)
			assert_int_equal(errno, EMFILE);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
		assert_true(result == 0 || count_mounts() == mounts);
		assert_int_equal(access("/sys/class/net/gons-old", F_OK), result == 0 ? -1 : 0);
	}
	assert_true(result == 0 && limit.rlim_cur > 4);
}

/* From here on, mount(2) with these flags fails with errnum. */
static bool refuse_mounts(unsigned flags, int errnum)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mount, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 LOW_WORD(offsetof(struct seccomp_data, args[3]))),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, flags, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)errnum),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* The mounts below are restored when /sys is covered already. */
static int mount_without_binds(void *arg)
{
	(void)arg;
	want(refuse_mounts(MS_BIND | MS_REC, EDEADLK));
	want(failed_with(gons_mntns_mount_sysfs_ro(), EDEADLK,
			 "/sys/fs/cgroup again below a new sysfs"));
	want(failed_with(gons_mntns_mount_sysfs_rw(), EDEADLK,
			 "/sys/fs/cgroup again below a new sysfs"));
	return 0;
}

static void a_failure_after_sys_is_covered_uncovers_it(void **state)
{
	int mounts;

	(void)state;
	require_writable_sys(__func__);
	require_all();
	enter_namespaces();
	mount_tmpfs("/sys/fs/cgroup");
	gons_must(gons_netns_enter_transient());
	mounts = count_mounts();
	assert_int_equal(in_child(mount_without_binds, NULL), 0);
	assert_int_equal(count_mounts(), mounts);
	assert_int_equal(access("/sys/class/net/gons-old", F_OK), 0);
}

/* ---- writable ---- */

static bool can_write_mtu(void)
{
	return put_text("/sys/class/net/lo/mtu", "1400") &&
	       strcmp(read_text("/sys/class/net/lo/mtu"), "1400\n") == 0;
}

static void a_writable_sysfs_takes_what_is_written(void **state)
{
	int on_sys = find_mounts("/sys", false);

	(void)state;
	require_writable_sys(__func__);
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	gons_must(gons_enter_transient(CLONE_NEWNET | CLONE_NEWNS));
	gons_must(gons_mntns_mount_sysfs_rw());
	assert_true(sys_agrees());
	assert_int_equal(find_mounts("/sys", false), on_sys + 1);
	assert_string_equal(options, "rw,nosuid,nodev,noexec,relatime");
	assert_true(can_write_mtu());
}

static void a_sysfs_of_this_namespace_changes_between_read_only_and_writable(void **state)
{
	int on_sys;

	(void)state;
	require_writable_sys(__func__);
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	gons_must(gons_enter_transient(CLONE_NEWNET | CLONE_NEWNS));
	gons_must(gons_mntns_mount_sysfs_ro());
	on_sys = find_mounts("/sys", false);
	assert_false(can_write_mtu());
	gons_must(gons_mntns_mount_sysfs_rw());
	assert_true(can_write_mtu());
	gons_must(gons_mntns_mount_sysfs_ro());
	assert_false(can_write_mtu());
	assert_int_equal(find_mounts("/sys", false), on_sys);
	assert_string_equal(options, "ro,nosuid,nodev,noexec,relatime");
}

static void mounts_below_a_writable_sysfs_stay_reachable(void **state)
{
	dev_t device;

	(void)state;
	require_writable_sys(__func__);
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	gons_must(gons_enter_transient(CLONE_NEWNET | CLONE_NEWNS));
	mount_tmpfs("/sys/fs/cgroup");
	device = device_of("/sys/fs/cgroup");
	gons_must(gons_mntns_mount_sysfs_rw());
	assert_int_equal(device_of("/sys/fs/cgroup"), device);
}

static int enter_with_read_only_sys(void)
{
	/* Mounts that exist when a user namespace gets its mount namespace are locked. */
	return unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET);
}

static int write_below_read_only(void *arg)
{
	(void)arg;
	want(enter_with_read_only_sys() == 0);
	want(gons_mntns_mount_sysfs_ro() == 0);
	want(failed_with(gons_mntns_mount_sysfs_rw(), EPERM, "is read-only"));
	want(strstr(gons_error(), "bwrap: --bind /sys /sys"));
	return 0;
}

static int write_without_first(void *arg)
{
	(void)arg;
	want(enter_with_read_only_sys() == 0);
	want(failed_with(gons_mntns_mount_sysfs_rw(), EPERM, "the one on /sys is read-only"));
	want(strstr(gons_error(), "docker, podman: -v /sys:/sys:rw"));
	want(gons_mntns_mount_sysfs_ro() == 0);
	return 0;
}

static void a_read_only_sys_in_a_user_namespace_refuses_a_writable_one(void **state)
{
	(void)state;
	require_writable_sys(__func__);
	gons_require(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS);
	gons_must(gons_mntns_enter_transient());
	assert_true(make_read_only("/sys"));
	assert_int_equal(in_child(write_without_first, NULL), 0);
	assert_int_equal(in_child(write_below_read_only, NULL), 0);
}

/* ---- without fsopen(2): Linux before 5.2, valgrind ---- */

static bool refuse_new_calls(void)
{
	return refuse_call(SYS_fsopen, ENOSYS) && refuse_call(SYS_open_tree, ENOSYS) &&
	       refuse_call(SYS_move_mount, ENOSYS);
}

static int mount_by_old_call(void *arg)
{
	dev_t device = device_of("/sys/fs/cgroup");
	int on_sys = find_mounts("/sys", false);

	(void)arg;
	want(refuse_new_calls());
	want(gons_type(-1) == -1);
	want(gons_mntns_mount_sysfs_ro() == 0);
	want(strstr(gons_error(), "descriptor -1")); /* a success leaves the message unchanged */
	want(sys_agrees());
	want(find_mounts("/sys", false) == on_sys + 1);
	want(strcmp(options, "ro,nosuid,nodev,noexec,relatime") == 0);
	want(strcmp(super_options, "rw") == 0);
	want(strcmp(source, "sysfs") == 0);
	want(device_of("/sys/fs/cgroup") == device);
	want(!can_write_mtu());
	want(gons_mntns_mount_sysfs_rw() == 0);
	want(find_mounts("/sys", false) == on_sys + 1);
	want(can_write_mtu());
	return 0;
}

static void without_fsopen_mount_covers_sys(void **state)
{
	(void)state;
	require_writable_sys(__func__);
	require_all();
	enter_namespaces();
	mount_tmpfs("/sys/fs/cgroup");
	gons_must(gons_netns_enter_transient());
	assert_int_equal(in_child(mount_by_old_call, NULL), 0);
}

static int open_by_old_call(void *arg)
{
	uint64_t inside = own_ino("mnt");
	int mounts = count_mounts();
	int mark = gons_scope_begin();
	int fd;

	(void)arg;
	want(refuse_new_calls());
	want(gons_type(-1) == -1);
	fd = gons_sysfs_open();
	want(fd >= 0);
	want(own_ino("mnt") == inside);
	want(count_mounts() == mounts);
	want(count_class_net(fd, "class/net") == 1);
	want(openat(fd, "class/net/lo/mtu", O_WRONLY | O_CLOEXEC) == -1 && errno == EROFS);
	want(gons_scope_end(mark) == 0);
	want(strstr(gons_error(), "descriptor -1"));
	return 0;
}

static void without_fsopen_a_sysfs_is_opened_that_is_mounted_nowhere(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	gons_must(gons_enter_transient(CLONE_NEWNET | CLONE_NEWNS));
	assert_int_equal(in_child(open_by_old_call, NULL), 0);
}

static int mount_masked_by_old_call(void *arg)
{
	(void)arg;
	want(unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET) == 0);
	want(refuse_new_calls());
	want(failed_with(gons_mntns_mount_sysfs_ro(), EPERM, "/sys/firmware (tmpfs)"));
	want(failed_with(gons_sysfs_open(), EPERM, "/sys/firmware (tmpfs)"));
	return 0;
}

static void without_fsopen_a_masked_sys_is_named_too(void **state)
{
	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS);
	gons_must(gons_mntns_enter_transient());
	mask_parts_of_sys();
	assert_int_equal(in_child(mount_masked_by_old_call, NULL), 0);
}

static int mount_read_only_by_old_call(void *arg)
{
	(void)arg;
	want(enter_with_read_only_sys() == 0);
	want(refuse_new_calls());
	want(failed_with(gons_mntns_mount_sysfs_rw(), EPERM, "the one on /sys is read-only"));
	want(gons_mntns_mount_sysfs_ro() == 0);
	want(sys_agrees());
	return 0;
}

static void without_fsopen_a_read_only_sys_permits_a_read_only_one(void **state)
{
	(void)state;
	require_writable_sys(__func__);
	gons_require(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS);
	gons_must(gons_mntns_enter_transient());
	assert_true(make_read_only("/sys"));
	assert_int_equal(in_child(mount_read_only_by_old_call, NULL), 0);
}

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		check_test(sees_only_loopback),
		check_test(without_a_new_mount_sysfs_still_shows_the_old_links),
		check_test(called_twice_one_read_only_mount_is_there_on_a_writable_superblock),
		check_test(a_later_sysfs_of_the_same_namespace_is_writable),
		check_test(a_sysfs_of_this_namespace_on_sys_is_made_read_only),
		check_test(mounts_below_sys_stay_reachable),
		check_test(each_mount_below_sys_is_restored_once),
		check_test(a_mount_on_a_link_of_the_old_namespace_is_left_out),
		check_test(a_part_of_the_old_sysfs_is_left_out),
		check_test(masks_over_sys_stay_where_root_may_mount),
		check_test(the_sys_of_the_initial_mount_namespace_is_not_changed),
		check_test(sysfs_mounts_do_not_propagate_to_the_copied_mount_namespace),
		check_test(a_masked_sys_in_a_user_namespace_is_refused_naming_the_masks),
		check_test(a_chroot_without_sys_is_refused_and_one_with_it_is_not),
		check_test(without_free_descriptors_sys_is_unchanged),
		check_test(a_failure_after_sys_is_covered_uncovers_it),
		check_test(a_writable_sysfs_takes_what_is_written),
		check_test(a_sysfs_of_this_namespace_changes_between_read_only_and_writable),
		check_test(mounts_below_a_writable_sysfs_stay_reachable),
		check_test(a_read_only_sys_in_a_user_namespace_refuses_a_writable_one),
		check_test(without_fsopen_mount_covers_sys),
		check_test(without_fsopen_a_sysfs_is_opened_that_is_mounted_nowhere),
		check_test(without_fsopen_a_masked_sys_is_named_too),
		check_test(without_fsopen_a_read_only_sys_permits_a_read_only_one),
	};

	if (argc == 2 && strcmp(argv[1], "again") == 0)
		return call_where_it_started();
	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

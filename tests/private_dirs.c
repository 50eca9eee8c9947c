/* SPDX-License-Identifier: Apache-2.0 */
/* Private directories and host names of a mount namespace. */
#include "check.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gons/mntns.h>
#include <gons/netns.h>

static int mode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (int)(st.st_mode & 07777) : -1;
}

/* Whether these are the same file, by device, inode number and time of the last change. */
static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Enters a mount namespace whose /etc is a copy with these files, to protect that of the
 * machine. */
static void enter_with_etc(const char *const files[])
{
	int fd;
	char path[64];

	gons_must(gons_mntns_enter_transient());
	assert_int_equal(mount("gons", "/etc", "tmpfs", 0, NULL), 0);
	for (; *files; files++) {
		(void)snprintf(path, sizeof(path), "/etc/%s", *files);
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		assert_true(fd >= 0);
		assert_int_equal(write(fd, "machine\n", 8), 8);
		assert_int_equal(close(fd), 0);
	}
}

static const char *const all_files[] = { "hosts", "resolv.conf", "nsswitch.conf", "passwd", NULL };

/* ---- directories ---- */

static void a_private_run_is_empty_but_for_two_directories(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS);
	gons_must(gons_mntns_enter_transient());
	(void)umask(077); /* the scope restores the one from before the entry */
	gons_must(gons_mntns_private(GONS_PRIVATE_RUN));
	assert_int_equal(count_entries("/run"), 2);
	assert_int_equal(mode_of("/run"), 0755);
	assert_int_equal(mode_of("/run/netns"), 0755);
	assert_int_equal(mode_of("/run/lock"), 01777);
	assert_int_equal(count_entries("/run/netns"), 0);
}

static void a_private_tmp_is_empty_and_open_to_all(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNS);
	gons_must(gons_mntns_enter_transient());
	gons_must(gons_mntns_private(GONS_PRIVATE_TMP));
	assert_int_equal(count_entries("/tmp"), 0);
	assert_int_equal(mode_of("/tmp"), 01777);
	assert_int_equal(count_entries("/var/tmp"), 0);
	assert_int_equal(mode_of("/var/tmp"), 01777);
}

static void files_in_private_directories_do_not_reach_the_machine(void **state)
{
	static const char path[] = "/tmp/gons-private";
	int fd;

	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS);
	GONS_SCOPE {
		gons_must(gons_mntns_enter_transient());
		gons_must(gons_mntns_private(GONS_PRIVATE_TMP));
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		assert_true(fd >= 0);
		assert_int_equal(close(fd), 0);
	}
	assert_int_equal(access(path, F_OK), -1);
}

static void a_symbolic_link_from_var_tmp_to_tmp_is_covered_once(void **state)
{
	int mounts;

	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS);
	gons_must(gons_mntns_enter_transient());
	assert_int_equal(mount("gons", "/var", "tmpfs", 0, NULL), 0);
	assert_int_equal(symlink("/tmp", "/var/tmp"), 0);
	mounts = count_mounts();
	gons_must(gons_mntns_private(GONS_PRIVATE_TMP));
	assert_int_equal(count_mounts(), mounts + 1);
}

static void a_missing_var_tmp_is_ignored_and_a_missing_run_is_refused(void **state)
{
	int mounts;

	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS);
	gons_must(gons_mntns_enter_transient());
	assert_int_equal(mount("gons", "/tmp", "tmpfs", 0, NULL), 0);
	assert_int_equal(mkdir("/tmp/proc", 0755), 0);
	assert_int_equal(mkdir("/tmp/tmp", 0755), 0);
	assert_int_equal(mount("/proc", "/tmp/proc", NULL, MS_BIND | MS_REC, NULL), 0);
	assert_int_equal(chroot("/tmp"), 0);
	assert_int_equal(chdir("/"), 0);
	mounts = count_mounts();
	gons_must(gons_mntns_private(GONS_PRIVATE_TMP));
	assert_int_equal(count_mounts(), mounts + 1);
	assert_refused(gons_mntns_private(GONS_PRIVATE_RUN), ENOENT, "/run");
	assert_refused(gons_mntns_private(GONS_PRIVATE_NAMES), ENOENT, "/etc");
	/* Either all are covered or none. */
	assert_refused(gons_mntns_private(GONS_PRIVATE_TMP | GONS_PRIVATE_NAMES), ENOENT, "/etc");
	assert_int_equal(count_mounts(), mounts + 1);
}

static void a_shared_mount_namespace_passes_nothing_on(void **state)
{
	int mounts;

	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS);
	gons_must(gons_mntns_enter_transient());
	assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL), 0);
	mounts = count_mounts();
	GONS_SCOPE {
		gons_must(gons_enter(gons_must(gons_mntns_new_transient(NULL))));
		gons_must(gons_mntns_private(GONS_PRIVATE_RUN | GONS_PRIVATE_TMP |
					     GONS_PRIVATE_NAMES));
	}
	assert_int_equal(count_mounts(), mounts);
}

/* ---- names ---- */

/* Returns the first address of a name, or "" and the error of getaddrinfo(3). */
static const char *look_up(const char *name, int family, int *ret_error)
{
	static char text[INET6_ADDRSTRLEN];
	const struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_DGRAM };
	struct addrinfo *found = NULL;

	text[0] = '\0';
	*ret_error = getaddrinfo(name, NULL, &hints, &found);
	if (*ret_error == 0)
		(void)getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof(text), NULL, 0,
				  NI_NUMERICHOST);
	if (found)
		freeaddrinfo(found);
	return text;
}

static const char *address_of(const char *name, int family)
{
	int error;

	return look_up(name, family, &error);
}

static void added_hosts_are_found_by_name(void **state)
{
	int error;

	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS | CLONE_NEWNET);
	gons_must(gons_enter_transient(CLONE_NEWNS | CLONE_NEWNET));
	gons_must(gons_netns_loopback_up());
	/* /run is covered, since a name service cache daemon of the machine has its socket there. */
	gons_must(gons_mntns_private(GONS_PRIVATE_NAMES | GONS_PRIVATE_RUN));
	gons_must(gons_mntns_add_host("server.example", "10.1.2.3"));
	gons_must(gons_mntns_add_host("server.example", "fd00::3"));
	assert_string_equal(address_of("localhost", AF_INET), "127.0.0.1");
	assert_string_equal(address_of("server.example", AF_INET), "10.1.2.3");
	assert_string_equal(address_of("server.example", AF_INET6), "fd00::3");
	assert_string_equal(look_up("other.example", AF_INET, &error), "");
	assert_int_not_equal(error, 0);
}

static void check_files_are_private(void)
{
	assert_contains(read_text("/etc/hosts"), "127.0.0.1 localhost\n");
	assert_null(strstr(read_text("/etc/resolv.conf"), "nameserver"));
	assert_contains(read_text("/etc/nsswitch.conf"), "hosts: files dns\n");
	assert_int_equal(mode_of("/etc/hosts"), 0644);
	assert_int_equal(mode_of("/etc/resolv.conf"), 0644);
	assert_int_equal(mode_of("/etc/nsswitch.conf"), 0644);
}

static void the_files_of_the_machine_are_covered_and_not_written(void **state)
{
	static const char *const paths[] = { "/etc", "/etc/hosts", "/etc/resolv.conf",
					     "/etc/nsswitch.conf", "/etc/passwd" };
	enum { PATHS = sizeof(paths) / sizeof(paths[0]) };
	struct stat before[PATHS], after;

	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS);
	enter_with_etc(all_files);
	(void)umask(077); /* until the scope ends */
	for (size_t i = 0; i < PATHS; i++)
		assert_int_equal(stat(paths[i], &before[i]), 0);
	GONS_SCOPE {
		gons_must(gons_mntns_enter_transient());
		gons_must(gons_mntns_private(GONS_PRIVATE_NAMES));
		check_files_are_private();
		assert_string_equal(read_text("/etc/passwd"), "machine\n");
		gons_must(gons_mntns_add_host("added", "10.0.0.1"));
	}
	for (size_t i = 0; i < PATHS; i++) {
		assert_int_equal(stat(paths[i], &after), 0);
		assert_true(is_same(&after, &before[i]));
	}
	assert_string_equal(read_text("/etc/hosts"), "machine\n");
}

static void a_symbolic_link_is_followed_to_the_file_that_is_covered(void **state)
{
	static const char *const files[] = { "hosts", "nsswitch.conf", "target", NULL };

	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS);
	enter_with_etc(files);
	assert_int_equal(mount("gons", "/tmp", "tmpfs", 0, NULL), 0);
	assert_true(close(open("/tmp/stub", O_WRONLY | O_CREAT | O_CLOEXEC, 0644)) == 0);
	assert_int_equal(symlink("/tmp/stub", "/etc/resolv.conf"), 0);
	gons_must(gons_mntns_private(GONS_PRIVATE_NAMES));
	check_files_are_private();
	assert_contains(read_text("/tmp/stub"), "no name server");
}

static void check_etc_is_in_sight(void)
{
	char target[64] = "";

	check_files_are_private();
	assert_string_equal(read_text("/etc/passwd"), "machine\n");
	assert_string_equal(read_text("/etc/dir/file"), "machine\n");
	assert_true(readlink("/etc/link", target, sizeof(target) - 1) > 0);
	assert_string_equal(target, "passwd");
	assert_string_equal(read_text("/etc/link"), "machine\n");
	gons_must(gons_mntns_add_host("added", "10.0.0.1"));
	assert_contains(read_text("/etc/hosts"), "10.0.0.1 added\n");
}

/* Without /etc/hosts, and with a dangling symbolic link, as after /run is covered. */
static void make_etc_with_holes(void)
{
	static const char *const files[] = { "nsswitch.conf", "passwd", NULL };
	int fd;

	enter_with_etc(files);
	assert_int_equal(mkdir("/etc/dir", 0755), 0);
	fd = open("/etc/dir/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "machine\n", 8), 8);
	assert_int_equal(close(fd), 0);
	assert_int_equal(symlink("passwd", "/etc/link"), 0);
	assert_int_equal(symlink("/run/gons-nowhere/resolv.conf", "/etc/resolv.conf"), 0);
}

static void missing_files_are_created_and_the_rest_of_etc_stays_visible(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS);
	make_etc_with_holes();
	GONS_SCOPE {
		gons_must(gons_mntns_enter_transient());
		gons_must(gons_mntns_private(GONS_PRIVATE_NAMES));
		check_etc_is_in_sight();
		/* Again, when the files exist. */
		gons_must(gons_mntns_private(GONS_PRIVATE_NAMES));
		assert_null(strstr(read_text("/etc/hosts"), "added"));
		check_etc_is_in_sight();
	}
	assert_int_equal(access("/etc/hosts", F_OK), -1);
}

/* In the chroot, /etc is a directory of the root file system. */
static void missing_files_are_also_created_in_a_chroot(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS);
	make_etc_with_holes();
	assert_int_equal(mount("gons", "/tmp", "tmpfs", 0, NULL), 0);
	assert_int_equal(mkdir("/tmp/proc", 0755), 0);
	assert_int_equal(mkdir("/tmp/etc", 0755), 0);
	assert_int_equal(mkdir("/tmp/etc/dir", 0755), 0);
	assert_int_equal(mount("/proc", "/tmp/proc", NULL, MS_BIND | MS_REC, NULL), 0);
	assert_int_equal(mount("/etc", "/tmp/etc/dir", NULL, MS_BIND | MS_REC, NULL), 0);
	assert_int_equal(chroot("/tmp"), 0);
	assert_int_equal(chdir("/"), 0);
	gons_must(gons_mntns_private(GONS_PRIVATE_NAMES));
	check_files_are_private();
	assert_string_equal(read_text("/etc/dir/passwd"), "machine\n");
}

static void a_read_only_root_is_no_obstacle(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS);
	make_etc_with_holes();
	assert_true(make_read_only("/etc"));
	gons_must(gons_mntns_private(GONS_PRIVATE_NAMES));
	check_etc_is_in_sight();
}

static void a_read_only_etc_with_all_files_is_no_obstacle(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS);
	enter_with_etc(all_files);
	assert_true(make_read_only("/etc"));
	gons_must(gons_mntns_private(GONS_PRIVATE_NAMES));
	check_files_are_private();
	gons_must(gons_mntns_add_host("added", "10.0.0.1"));
}

/* ---- refusals ---- */

static int call_where_it_started(void *arg)
{
	const char *words = "the mount namespace that this process started in";

	(void)arg;
	want(failed_with(gons_mntns_private(GONS_PRIVATE_RUN), EINVAL, words));
	want(failed_with(gons_mntns_add_host("name", "10.0.0.1"), EINVAL, words));
	want(strstr(gons_error(), "gons_mntns_enter_transient()"));
	return 0;
}

static void in_the_initial_mount_namespace_nothing_is_covered(void **state)
{
	int mounts = count_mounts();

	(void)state;
	assert_int_equal(call_where_it_started(NULL), 0);
	assert_int_equal(count_mounts(), mounts);
}

static void unknown_private_directories_are_refused(void **state)
{
	(void)state;
	assert_refused(gons_mntns_private(0), EINVAL, "what is 0");
	assert_refused(gons_mntns_private(8), EINVAL, "unknown bits");
	assert_refused(gons_mntns_private(-1), EINVAL, "GONS_PRIVATE_RUN");
}

static void malformed_hosts_are_refused(void **state)
{
	static char longest[255];

	(void)state;
	require_mapped_user(__func__);
	memset(longest, 'a', sizeof(longest) - 1);
	gons_require(CLONE_NEWNS);
	gons_must(gons_mntns_enter_transient());
	gons_must(gons_mntns_private(GONS_PRIVATE_NAMES));
	assert_refused(gons_mntns_add_host(NULL, "10.0.0.1"), EINVAL, "name is NULL");
	assert_refused(gons_mntns_add_host("a", NULL), EINVAL, "address is NULL");
	assert_refused(gons_mntns_add_host("", "10.0.0.1"), EINVAL, "not a host name");
	assert_refused(gons_mntns_add_host("a b", "10.0.0.1"), EINVAL, "\"a b\" is not");
	assert_refused(gons_mntns_add_host("a\n", "10.0.0.1"), EINVAL, "not a host name");
	assert_refused(gons_mntns_add_host("-a", "10.0.0.1"), EINVAL, "not a host name");
	assert_refused(gons_mntns_add_host(longest, "10.0.0.1"), EINVAL, "not a host name");
	assert_refused(gons_mntns_add_host("a", "10.0.0"), EINVAL, "\"10.0.0\" is not");
	assert_refused(gons_mntns_add_host("a", "10.0.0.1/24"), EINVAL, "not an IPv4 or IPv6");
	assert_null(strstr(read_text("/etc/hosts"), "10.0.0.1"));
	longest[253] = '\0';
	gons_must(gons_mntns_add_host(longest, "10.0.0.1"));
}

static void the_hosts_file_of_the_machine_is_not_written(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS);
	enter_with_etc(all_files); /* also on a tmpfs */
	assert_refused(gons_mntns_add_host("a", "10.0.0.1"), EINVAL, "gons_mntns_private(");
	assert_string_equal(read_text("/etc/hosts"), "machine\n");
	assert_int_equal(unlink("/etc/hosts"), 0);
	assert_refused(gons_mntns_add_host("a", "10.0.0.1"), EINVAL, "gons_mntns_private(");
}

static int cover_without_capabilities(void *arg)
{
	int mounts = count_mounts();

	(void)arg;
	want(gons_scope_begin() >= 0);
	want(gons_mntns_enter_transient() == 0);
	want(lose_capabilities(~0ULL));
	want(failed_with(gons_mntns_private(GONS_PRIVATE_TMP), EPERM, "CAP_SYS_ADMIN"));
	want(count_mounts() == mounts);
	return 0;
}

static void without_capabilities_nothing_is_covered(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNS);
	assert_int_equal(in_child(cover_without_capabilities, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(a_private_run_is_empty_but_for_two_directories),
		check_test(a_private_tmp_is_empty_and_open_to_all),
		check_test(files_in_private_directories_do_not_reach_the_machine),
		check_test(a_symbolic_link_from_var_tmp_to_tmp_is_covered_once),
		check_test(a_missing_var_tmp_is_ignored_and_a_missing_run_is_refused),
		check_test(a_shared_mount_namespace_passes_nothing_on),
		check_test(added_hosts_are_found_by_name),
		check_test(the_files_of_the_machine_are_covered_and_not_written),
		check_test(a_symbolic_link_is_followed_to_the_file_that_is_covered),
		check_test(missing_files_are_created_and_the_rest_of_etc_stays_visible),
		check_test(missing_files_are_also_created_in_a_chroot),
		check_test(a_read_only_root_is_no_obstacle),
		check_test(a_read_only_etc_with_all_files_is_no_obstacle),
		check_test(in_the_initial_mount_namespace_nothing_is_covered),
		check_test(unknown_private_directories_are_refused),
		check_test(malformed_hosts_are_refused),
		check_test(the_hosts_file_of_the_machine_is_not_written),
		check_test(without_capabilities_nothing_is_covered),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

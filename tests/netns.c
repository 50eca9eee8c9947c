/* SPDX-License-Identifier: Apache-2.0 */
/* Network namespaces: created, entered, and opened by name; their loopback link and their sysfs. */
#include "check.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool called;

static void note_call(void *arg)
{
	called = true;
	if (arg)
		*(uint64_t *)arg = own_ino("net");
}

/* Names of the links that netlink lists: "lo " in a new namespace. */
static const char *link_names(void)
{
	static char names[1024];
	struct if_nameindex *links = if_nameindex();
	size_t used = 0;

	assert_non_null(links);
	names[0] = '\0';
	for (int i = 0; links[i].if_index != 0; i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s ",
					 links[i].if_name);
	if_freenameindex(links);
	return names;
}

static short loopback_flags(void)
{
	struct ifreq ifr = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(ioctl(fd, SIOCGIFFLAGS, &ifr), 0);
	assert_int_equal(close(fd), 0);
	return ifr.ifr_flags;
}

/* ---- creating and comparing ---- */

static void a_new_network_namespace_has_only_a_loopback_link_that_is_down(void **state)
{
	uint64_t outside = own_ino("net");

	(void)state;
	gons_require(CLONE_NEWNET);
	GONS_SCOPE {
		gons_must(gons_netns_enter_transient());
		assert_int_not_equal(own_ino("net"), outside);
		assert_int_equal(if_nametoindex("lo"), 1);
		if (access("/proc/sys/net/core/fb_tunnels_only_for_init_net", F_OK) < 0 ||
		    access("/proc/sys/net/ipv4/conf/tunl0", F_OK) < 0)
			assert_string_equal(link_names(), "lo ");
		assert_false(loopback_flags() & IFF_UP);
	}
	assert_int_equal(own_ino("net"), outside);
}

static void a_network_namespace_is_created_without_entering_it(void **state)
{
	uint64_t outside = own_ino("net"), inside = 0;
	int first, second;

	(void)state;
	gons_require(CLONE_NEWNET);
	first = gons_must(gons_netns_new_transient());
	second = gons_must(gons_netns_new_transient());
	assert_int_equal(own_ino("net"), outside);
	assert_int_not_equal(gons_netns_ino(first), outside);
	assert_int_not_equal(gons_netns_ino(first), gons_netns_ino(second));
	assert_true(fcntl(first, F_GETFD) & FD_CLOEXEC);
	gons_must(gons_netns_execute(first, note_call, &inside));
	assert_int_equal(inside, gons_netns_ino(first));
	assert_int_equal(own_ino("net"), outside);
}

static void gons_netns_current_opens_the_threads_network_namespace(void **state)
{
	int fd = gons_must(gons_netns_current());

	(void)state;
	assert_int_equal(gons_type(fd), CLONE_NEWNET);
	assert_int_equal(gons_netns_ino(fd), own_ino("net"));
	assert_int_equal(gons_netns_current_ino(), own_ino("net"));
	assert_int_equal(gons_netns_path_ino("/proc/thread-self/ns/net"), own_ino("net"));
	GONS_SCOPE {
		gons_require(CLONE_NEWNET);
		gons_must(gons_netns_enter_transient());
		assert_int_equal(gons_netns_current_ino(), own_ino("net"));
		assert_int_not_equal(gons_netns_ino(fd), own_ino("net"));
	}
}

static void refuse_execute_and_ino(int fd, int errnum, const char *words)
{
	uint64_t before = own_ino("net");

	called = false;
	assert_refused(gons_netns_execute(fd, note_call, NULL), errnum, words);
	assert_false(called);
	assert_int_equal(own_ino("net"), before);
	assert_refused(gons_netns_ino(fd), errnum, words);
}

static void descriptors_of_other_types_are_refused_before_anything_is_switched(void **state)
{
	const int types[] = { CLONE_NEWNS,  CLONE_NEWUTS,  CLONE_NEWIPC, CLONE_NEWCGROUP,
			      CLONE_NEWPID, CLONE_NEWUSER, CLONE_NEWTIME };
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		refuse_execute_and_ino(gons_must(gons_current(types[i])), EINVAL, "network");
	refuse_execute_and_ino(-1, EBADF, "closed");
	refuse_execute_and_ino(fd, EINVAL, "not a namespace");
	assert_int_equal(close(fd), 0);
	refuse_execute_and_ino(fd, EBADF, "closed");
	assert_refused(gons_netns_execute(gons_netns_current(), NULL, NULL), EINVAL, "fn is NULL");
	assert_refused(gons_netns_path_ino("/proc/thread-self/ns/mnt"), EINVAL, "mount");
	assert_refused(gons_netns_path_ino("/etc/passwd"), EINVAL, "/etc/passwd");
	assert_refused(gons_netns_path_ino("/nonexistent"), ENOENT, "/nonexistent");
	assert_refused(gons_netns_path_ino(NULL), EINVAL, "path is NULL");
}

/* ---- by name ---- */

static void invalid_namespace_names_are_refused(void **state)
{
	static const char *const names[] = { "", ".", "..", "/", "a/b", "../netns/a", "a/", "/a" };
	char long_name[5001];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_refused(gons_netns_open_named(names[i]), EINVAL, "cannot be the name");
	assert_refused(gons_netns_open_named(NULL), EINVAL, "name is NULL");
	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[5000] = '\0';
	assert_refused(gons_netns_open_named(long_name), ENAMETOOLONG, "too long");
	assert_refused(gons_netns_open_named("gons no such name"), ENOENT, "gons no such name");
}

static void make_file(const char *path)
{
	int fd = open(path, O_CREAT | O_EXCL | O_RDONLY | O_CLOEXEC, 0444);

	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
}

static void bind_own(const char *name, const char *path)
{
	char own[64];

	(void)snprintf(own, sizeof(own), "/proc/thread-self/ns/%s", name);
	make_file(path);
	assert_int_equal(mount(own, path, NULL, MS_BIND, NULL), 0);
}

/* Odd names without a parent directory are valid file names. Symbolic links are followed, as
 * by "ip netns", and must lead to a network namespace. */
static void odd_names_and_symbolic_links_lead_only_to_network_namespaces(void **state)
{
	static const char *const odd[] = { "...",      ".hidden", " ",	"a b", "line\nfeed",
					   "\303\251", "\377",	  "-n", "%s%n" };
	static const char *const stray[] = { "gone", "loop", "mnt", "directory", "up", "passwd" };
	const int errnums[] = { ENOENT, ELOOP, EINVAL, EINVAL, EINVAL, EINVAL };
	char path[64];

	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	gons_must(gons_mntns_enter_transient());
	assert_int_equal(mount("gons", "/run", "tmpfs", 0, NULL), 0);
	assert_int_equal(mkdir("/run/netns", 0755), 0);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		assert_refused(gons_netns_open_named(odd[i]), ENOENT, odd[i]);
		(void)snprintf(path, sizeof(path), "/run/netns/%s", odd[i]);
		bind_own("net", path);
		assert_int_equal(
			gons_must(gons_netns_ino(gons_must(gons_netns_open_named(odd[i])))),
			own_ino("net"));
	}
	assert_int_equal(symlink("a b", "/run/netns/link"), 0);
	assert_int_equal(gons_must(gons_netns_ino(gons_must(gons_netns_open_named("link")))),
			 own_ino("net"));
	assert_int_equal(symlink("nowhere", "/run/netns/gone"), 0);
	assert_int_equal(symlink("loop", "/run/netns/loop"), 0);
	assert_int_equal(symlink("/proc/thread-self/ns/mnt", "/run/netns/mnt"), 0);
	assert_int_equal(mkdir("/run/netns/directory", 0755), 0);
	assert_int_equal(symlink("..", "/run/netns/up"), 0);
	assert_int_equal(symlink("/etc/passwd", "/run/netns/passwd"), 0);
	for (size_t i = 0; i < sizeof(stray) / sizeof(stray[0]); i++)
		assert_refused(gons_netns_open_named(stray[i]), errnums[i], stray[i]);
}

static void a_named_namespace_is_opened(void **state)
{
	char long_name[257] = "";
	uint64_t named = 0;
	int fd;

	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	gons_must(gons_mntns_enter_transient());
	assert_int_equal(mount("gons", "/run", "tmpfs", 0, NULL), 0);
	assert_refused(gons_netns_open_named("blue"), ENOENT, "/run/netns/blue");
	assert_int_equal(mkdir("/run/netns", 0755), 0);
	/* Like "ip netns add": mounts the thread's namespace on a file. */
	GONS_SCOPE {
		gons_must(gons_netns_enter_transient());
		named = own_ino("net");
		bind_own("net", "/run/netns/blue");
	}
	assert_int_not_equal(own_ino("net"), named);
	fd = gons_must(gons_netns_open_named("blue"));
	assert_int_equal(gons_netns_ino(fd), named);
	assert_int_equal(gons_netns_path_ino("/run/netns/blue"), named);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	make_file("/run/netns/plain");
	assert_refused(gons_netns_open_named("plain"), EINVAL, "/run/netns/plain");
	memset(long_name, 'x', 256);
	assert_refused(gons_netns_open_named(long_name), ENAMETOOLONG, "/run/netns/xxx");
	bind_own("uts", "/run/netns/uts");
	assert_refused(gons_netns_open_named("uts"), EINVAL, "/run/netns/uts");
}

/* The kernel unmounts the copies together with the file, so there is no EBUSY. */
static void a_named_namespace_can_be_deleted_while_other_mount_namespaces_have_it(void **state)
{
	const char *procfsroot;
	char copy[96];

	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	gons_must(gons_mntns_enter_transient());
	assert_int_equal(mount("gons", "/run", "tmpfs", 0, NULL), 0);
	bind_own("net", "/run/blue");
	gons_must(gons_mntns_new_transient(&procfsroot));
	(void)snprintf(copy, sizeof(copy), "%s/run/blue", procfsroot);
	assert_int_equal(umount2("/run/blue", 0), 0);
	assert_int_equal(gons_netns_path_ino(copy), own_ino("net"));
	assert_int_equal(unlink("/run/blue"), 0);
	assert_refused(gons_netns_path_ino(copy), ENOENT, copy);
}

/* ---- loopback ---- */

static void bringing_loopback_up_twice_is_no_error(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET);
	gons_must(gons_netns_enter_transient());
	assert_false(loopback_flags() & IFF_UP);
	gons_must(gons_netns_loopback_up());
	assert_true(loopback_flags() & IFF_UP);
	gons_must(gons_netns_loopback_up());
	assert_true(loopback_flags() & IFF_UP);
}

static void connect_to_itself(int family, const struct sockaddr *address, socklen_t size)
{
	struct sockaddr_storage bound;
	socklen_t length = sizeof(bound);
	int listening = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int connecting = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(listening, address, size), 0);
	assert_int_equal(listen(listening, 1), 0);
	assert_int_equal(getsockname(listening, (struct sockaddr *)&bound, &length), 0);
	assert_int_equal(connect(connecting, (struct sockaddr *)&bound, length), 0);
	assert_int_equal(close(connecting), 0);
	assert_int_equal(close(listening), 0);
}

static void the_loopback_addresses_work_at_once(void **state)
{
	const struct sockaddr_in in = { .sin_family = AF_INET,
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
					  .sin6_addr = IN6ADDR_LOOPBACK_INIT };

	(void)state;
	gons_require(CLONE_NEWNET);
	gons_must(gons_netns_enter_transient());
	gons_must(gons_netns_loopback_up());
	connect_to_itself(AF_INET, (const struct sockaddr *)&in, sizeof(in));
	if (access("/proc/sys/net/ipv6", F_OK) == 0)
		connect_to_itself(AF_INET6, (const struct sockaddr *)&in6, sizeof(in6));
}

static bool drop_capability(unsigned cap)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	data[cap / 32].effective &= ~(1U << cap % 32);
	data[cap / 32].permitted &= ~(1U << cap % 32);
	return syscall(SYS_capset, &header, data) == 0;
}

static int bring_up_without_capability(void *arg)
{
	if (gons_netns_enter_transient() < 0 || (arg && gons_netns_loopback_up() < 0) ||
	    !drop_capability(CAP_NET_ADMIN))
		return 1;
	if (arg)
		return gons_netns_loopback_up() < 0;
	return !failed_with(gons_netns_loopback_up(), EPERM, "CAP_NET_ADMIN is missing") ||
	       !failed_with(gons_netns_loopback_up(), EPERM, "cannot bring up the loopback link") ||
	       (loopback_flags() & IFF_UP);
}

static void loopback_without_the_capability_is_refused(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET);
	assert_int_equal(in_child(bring_up_without_capability, NULL), 0);
}

static void loopback_that_is_already_up_needs_no_capability(void **state)
{
	bool up = true;

	(void)state;
	gons_require(CLONE_NEWNET);
	assert_int_equal(in_child(bring_up_without_capability, &up), 0);
}

static int bring_up_foreign(void *arg)
{
	(void)arg;
	if (gons_netns_enter_transient() < 0 || unshare(CLONE_NEWUSER) < 0)
		return 1;
	return !failed_with(
		gons_netns_loopback_up(), EPERM,
		"the network namespace belongs to another user namespace; use one that was created in this user namespace");
}

static void bringing_up_loopback_of_another_user_namespace_is_refused(void **state)
{
	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWNET);
	assert_int_equal(in_child(bring_up_foreign, NULL), 0);
}

static void open_socket(void *fd)
{
	gons_must(gons_netns_loopback_up());
	*(int *)fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static void sockets_stay_in_the_network_namespace_of_their_creation(void **state)
{
	struct ifreq ifr = { .ifr_name = "lo" };
	int nsfd, fd = -1;

	(void)state;
	gons_require(CLONE_NEWNET);
	nsfd = gons_must(gons_netns_new_transient());
	gons_must(gons_netns_enter_transient());
	gons_must(gons_netns_execute(nsfd, open_socket, &fd));
	assert_false(loopback_flags() & IFF_UP);
	assert_int_equal(ioctl(fd, SIOCGIFFLAGS, &ifr), 0);
	assert_true(ifr.ifr_flags & IFF_UP);
	assert_int_equal(close(fd), 0);
}

/* ---- the detached sysfs ---- */

static void read_mtu(int sys_fd, char mtu[16])
{
	int fd = openat(sys_fd, "class/net/lo/mtu", O_RDONLY | O_CLOEXEC);
	ssize_t length = read(fd, mtu, 15);

	assert_true(length > 0);
	mtu[length] = '\0';
	assert_int_equal(close(fd), 0);
}

static void set_mtu(int mtu)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_mtu = mtu };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(ioctl(fd, SIOCSIFMTU, &ifr), 0);
	assert_int_equal(close(fd), 0);
}

static void open_sysfs_with_mtu(void *fd)
{
	set_mtu(*(int *)fd);
	*(int *)fd = gons_must(gons_sysfs_open());
}

static void a_detached_sysfs_shows_its_own_network_namespace(void **state)
{
	int first = 1401, second = 1402;
	int mounts = count_mounts();
	char mtu[16];

	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	gons_must(gons_netns_execute(gons_netns_new_transient(), open_sysfs_with_mtu, &first));
	GONS_SCOPE {
		gons_must(gons_netns_enter_transient());
		gons_must(gons_netns_execute(gons_netns_new_transient(), open_sysfs_with_mtu,
					     &second));
		read_mtu(second, mtu);
		assert_string_equal(mtu, "1402\n");
		read_mtu(first, mtu);
		assert_string_equal(mtu, "1401\n");
	}
	read_mtu(first, mtu);
	assert_string_equal(mtu, "1401\n");
	assert_int_equal(count_mounts(), mounts);
}

static void a_detached_sysfs_is_read_only_and_can_be_walked(void **state)
{
	struct stat st, device;
	char target[256] = "";
	int sys_fd, entries = 0;
	DIR *dir;

	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	gons_must(gons_netns_enter_transient());
	sys_fd = gons_must(gons_sysfs_open());
	assert_true(fcntl(sys_fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(count_entries_at(sys_fd, "devices/virtual/net"), 1);
	assert_int_equal(openat(sys_fd, "class/net/lo/mtu", O_WRONLY | O_CLOEXEC), -1);
	assert_int_equal(errno, EROFS);
	assert_true(readlinkat(sys_fd, "class/net/lo", target, sizeof(target) - 1) > 0);
	assert_string_equal(target, "../../devices/virtual/net/lo");
	assert_int_equal(fstatat(sys_fd, "class/net/lo", &st, 0), 0);
	assert_int_equal(fstatat(sys_fd, "devices/virtual/net/lo", &device, 0), 0);
	assert_int_equal(st.st_ino, device.st_ino);
	assert_int_equal(st.st_dev, device.st_dev);
	dir = fdopendir(dup(sys_fd));
	assert_non_null(dir);
	while (readdir(dir))
		entries++;
	assert_int_equal(closedir(dir), 0);
	assert_int_equal(entries, count_entries_at(sys_fd, ".") + 2);
}

static void a_detached_sysfs_is_closed_with_the_scope(void **state)
{
	int sys_fd = -1;

	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	gons_must(gons_netns_enter_transient());
	GONS_SCOPE {
		sys_fd = gons_must(gons_sysfs_open());
		assert_int_equal(faccessat(sys_fd, "class/net/lo", F_OK, 0), 0);
	}
	assert_int_equal(fcntl(sys_fd, F_GETFD), -1);
}

static int make_sysfs_of_foreign_namespace(void *arg)
{
	(void)arg;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return 1;
	return !failed_with(gons_mntns_mount_sysfs_ro(), EPERM,
			    "belongs to another user namespace") ||
	       !failed_with(gons_sysfs_open(), EPERM, "gons_netns_enter_transient()");
}

static void a_sysfs_of_another_user_namespaces_network_is_refused(void **state)
{
	(void)state;
	gons_require(CLONE_NEWUSER);
	assert_int_equal(in_child(make_sysfs_of_foreign_namespace, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(a_new_network_namespace_has_only_a_loopback_link_that_is_down),
		check_test(a_network_namespace_is_created_without_entering_it),
		check_test(gons_netns_current_opens_the_threads_network_namespace),
		check_test(descriptors_of_other_types_are_refused_before_anything_is_switched),
		check_test(invalid_namespace_names_are_refused),
		check_test(odd_names_and_symbolic_links_lead_only_to_network_namespaces),
		check_test(a_named_namespace_is_opened),
		check_test(a_named_namespace_can_be_deleted_while_other_mount_namespaces_have_it),
		check_test(bringing_loopback_up_twice_is_no_error),
		check_test(the_loopback_addresses_work_at_once),
		check_test(loopback_without_the_capability_is_refused),
		check_test(loopback_that_is_already_up_needs_no_capability),
		check_test(bringing_up_loopback_of_another_user_namespace_is_refused),
		check_test(sockets_stay_in_the_network_namespace_of_their_creation),
		check_test(a_detached_sysfs_shows_its_own_network_namespace),
		check_test(a_detached_sysfs_is_read_only_and_can_be_walked),
		check_test(a_detached_sysfs_is_closed_with_the_scope),
		check_test(a_sysfs_of_another_user_namespaces_network_is_refused),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated network devices: ports in the caller's namespace, which are removed completely. */
#include "check.h"

#include <fcntl.h>
#include <gons/ip.h>
#include <gons/link.h>
#include <linux/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "links.h"

enum { PORTS = 3, MOST_PORTS = 128 };

/* Returns the directory of the device to which a link of the thread's namespace belongs; all
 * sysfs instances show the same bus. */
static const char *device_of(const char *name)
{
	static char path[128];
	char link[64], target[128];
	int sysfs_fd = gons_must(gons_sysfs_open());
	ssize_t length;

	(void)snprintf(link, sizeof(link), "class/net/%s/device", name);
	length = readlinkat(sysfs_fd, link, target, sizeof(target) - 1);
	assert_true(length > 0);
	target[length] = '\0';
	assert_contains(target, "/netdevsim");
	(void)snprintf(path, sizeof(path), "/sys/bus/netdevsim/devices%.64s", strrchr(target, '/'));
	assert_int_equal(access(path, F_OK), 0);
	return path;
}

static void assert_ports(const struct gons_link *links, int ports)
{
	struct seen_link seen;

	assert_int_equal(count_links(-1), ports);
	for (int i = 0; i < ports; i++) {
		assert_true(see_link(-1, links[i].ifindex, &seen));
		assert_string_equal(seen.name, links[i].name);
		assert_int_equal(links[i].peer_ifindex, 0);
		assert_string_equal(links[i].peer_name, "");
		assert_true(i == 0 || links[i].ifindex > links[i - 1].ifindex);
	}
}

static void enter_new_net(void)
{
	gons_require(CLONE_NEWNET);
	gons_require_link("netdevsim");
	gons_must(gons_netns_enter_transient());
}

static void netdevsim_ports_are_links_in_the_callers_namespace_until_the_scope_ends(void **state)
{
	const char *device = "";
	struct gons_link links[PORTS];
	int mark;

	(void)state;
	enter_new_net();
	mark = gons_must(gons_scope_begin());
	memset(links, 0xff, sizeof(links));
	gons_must(gons_netdevsim_new_transient(PORTS, links));
	assert_ports(links, PORTS);
	device = device_of(links[0].name);
	gons_must(gons_scope_end(mark));
	assert_int_equal(count_links(-1), 0);
	assert_int_equal(access(device, F_OK), -1);
}

/* Each port has its number in phys_port_name. */
static void netdevsim_ports_are_in_the_order_of_their_numbers(void **state)
{
	struct gons_link links[12];
	char path[64], text[16], before[16] = "";
	int sysfs_fd, fd;
	ssize_t length;

	(void)state;
	enter_new_net();
	gons_must(gons_netdevsim_new_transient(12, links));
	sysfs_fd = gons_must(gons_sysfs_open());
	for (int i = 0; i < 12; i++) {
		(void)snprintf(path, sizeof(path), "class/net/%s/phys_port_name", links[i].name);
		fd = openat(sysfs_fd, path, O_RDONLY | O_CLOEXEC);
		assert_true(fd >= 0);
		length = read(fd, text, sizeof(text) - 1);
		(void)close(fd);
		assert_true(length > 1);
		text[length - 1] = '\0';
		assert_true(i == 0 || strlen(text) > strlen(before) || strcmp(text, before) > 0);
		memcpy(before, text, sizeof(before));
	}
}

static void netdevsim_creates_as_many_ports_as_the_driver_permits(void **state)
{
	struct gons_link links[MOST_PORTS];

	(void)state;
	enter_new_net();
	gons_must(gons_netdevsim_new_transient(MOST_PORTS, links));
	assert_ports(links, MOST_PORTS);
}

static void two_netdevsim_devices_are_independent(void **state)
{
	struct gons_link one, other;
	char device[128];

	(void)state;
	enter_new_net();
	gons_must(gons_netdevsim_new_transient(1, &one));
	gons_must(gons_netdevsim_new_transient(1, &other));
	assert_int_equal(count_links(-1), 2);
	(void)snprintf(device, sizeof(device), "%s", device_of(one.name));
	assert_string_not_equal(device_of(other.name), device);
}

static void a_netdevsim_port_is_brought_up(void **state)
{
	struct seen_link seen;
	struct gons_link link;

	(void)state;
	enter_new_net();
	gons_must(gons_netdevsim_new_transient(1, &link));
	gons_must(gons_link_up(-1, link.ifindex, 5000));
	gons_must(gons_address_add(-1, link.ifindex, "fd00::1/64"));
	assert_true(see_link(-1, link.ifindex, &seen));
	assert_true(seen.flags & IFF_UP);
}

static void netdevsim_works_with_a_read_only_sys(void **state)
{
	struct gons_link link;
	char path[64];

	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	gons_require_link("netdevsim");
	gons_must(gons_enter_transient(CLONE_NEWNET | CLONE_NEWNS));
	gons_must(gons_mntns_mount_sysfs_ro());
	assert_int_equal(open("/sys/bus/netdevsim/new_device", O_WRONLY | O_CLOEXEC), -1);
	gons_must(gons_netdevsim_new_transient(1, &link));
	(void)snprintf(path, sizeof(path), "/sys/class/net/%s/ifindex", link.name);
	assert_int_equal(atoi(read_text(path)), link.ifindex);
}

static void make_ports(void *links)
{
	gons_must(gons_netdevsim_new_transient(PORTS, links));
}

static void a_netdevsim_device_in_another_namespace_is_removed(void **state)
{
	struct gons_link links[PORTS];
	int nsfd, mark, before;

	(void)state;
	gons_require(CLONE_NEWNET);
	gons_require_link("netdevsim");
	nsfd = gons_must(gons_netns_new_transient());
	before = see_links(-1, NULL, 0);
	mark = gons_must(gons_scope_begin());
	gons_must(gons_netns_execute(nsfd, make_ports, links));
	assert_int_equal(count_links(nsfd), PORTS);
	assert_int_equal(see_links(-1, NULL, 0), before);
	gons_must(gons_scope_end(mark));
	assert_int_equal(count_links(nsfd), 0);
}

/* Only the device keeps the namespace. */
static void a_netdevsim_device_stays_in_its_namespace(void **state)
{
	struct gons_link link;
	const char *device = "";
	int home_fd, mark;

	(void)state;
	gons_require(CLONE_NEWNET);
	gons_require_link("netdevsim");
	home_fd = gons_must(gons_netns_current());
	mark = gons_must(gons_scope_begin());
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	gons_must(gons_netdevsim_new_transient(1, &link));
	GONS_SCOPE {
		device = device_of(link.name);
	}
	assert_int_equal(setns(home_fd, CLONE_NEWNET), 0);
	gons_must(gons_scope_end(mark));
	assert_int_equal(access(device, F_OK), -1);
}

static void a_netdevsim_device_that_was_removed_is_no_error(void **state)
{
	struct gons_link link;
	char number[64];
	int fd, mark;

	(void)state;
	enter_new_net();
	mark = gons_must(gons_scope_begin());
	gons_must(gons_netdevsim_new_transient(1, &link));
	(void)snprintf(number, sizeof(number), "%s", strrchr(device_of(link.name), '/') + 10);
	fd = open("/sys/bus/netdevsim/del_device", O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, number, strlen(number)), strlen(number));
	(void)close(fd);
	assert_int_equal(count_links(-1), 0);
	gons_must(gons_scope_end(mark));
}

static int end_inherited_scope(void *mark)
{
	want(gons_scope_end(*(int *)mark) == 0);
	return 0;
}

static void a_forked_child_leaves_the_parents_device_alone(void **state)
{
	struct gons_link links[PORTS];
	int mark;

	(void)state;
	enter_new_net();
	mark = gons_must(gons_scope_begin());
	gons_must(gons_netdevsim_new_transient(PORTS, links));
	assert_int_equal(in_child(end_inherited_scope, &mark), 0);
	assert_ports(links, PORTS);
}

/* ---- refusals ---- */

static void netdevsim_with_no_ports_or_too_many_is_refused(void **state)
{
	(void)state;
	assert_refused(gons_netdevsim_new_transient(0, NULL), EINVAL,
		       "ports is 0, and may be 1 to 128");
	assert_refused(gons_netdevsim_new_transient(129, NULL), EINVAL, "ports is 129");
	assert_refused(gons_netdevsim_new_transient(4294967295, NULL), EINVAL,
		       "ports is 4294967295");
}

static void netdevsim_works_or_the_message_names_the_missing_module(void **state)
{
	(void)state;
	require_writable_sys(__func__);
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	gons_require(CLONE_NEWNET);
	gons_must(gons_netns_enter_transient());
	if (gons_can_link("netdevsim")) {
		gons_must(gons_netdevsim_new_transient(1, NULL));
		assert_int_equal(count_links(-1), 1);
	} else if (errno == EOPNOTSUPP) {
		assert_contains(gons_error(), "load the module netdevsim");
		assert_refused(gons_netdevsim_new_transient(1, NULL), EOPNOTSUPP,
			       "cannot create a netdevsim device: %m: this kernel lacks it; load "
			       "the module netdevsim");
	} else { /* the module is loaded, but this user may not use it */
		assert_refused(gons_netdevsim_new_transient(1, NULL), EACCES, "belong to root");
	}
}

static void rtnetlink_refuses_netdevsim_and_names_the_call_to_use(void **state)
{
	struct gons_link link;

	(void)state;
	enter_new_net();
	assert_refused(gons_link_new_transient("netdevsim", NULL, &link), EOPNOTSUPP,
		       "cannot create a link of kind netdevsim: %m");
	assert_contains(gons_error(), "gons_netdevsim_new_transient()");
}

static int try_as_somebody_else(void *arg)
{
	(void)arg;
	want(setresgid(65533, 65533, 65533) == 0 && setresuid(65533, 65533, 65533) == 0);
	want(gons_become_root() == 0);
	want(gons_netns_enter_transient() == 0);
	want(gons_netdevsim_new_transient(1, NULL) == -1 && errno == EACCES);
	want(strstr(gons_error(),
		    "cannot create a netdevsim device: Permission denied: the files "
		    "new_device and del_device of /sys/bus/netdevsim belong to root"));
	want(!gons_can_link("netdevsim") && errno == EACCES);
	return 0;
}

static void need_root(const char *test)
{
	if (geteuid() == 0 && strstr(read_text("/proc/self/uid_map"), "4294967295"))
		return;
	skip_for(test, "needs root, to become another user");
}

static void the_message_says_that_the_user_cannot_write_to_sysfs(void **state)
{
	(void)state;
	enter_new_net();
	need_root(__func__);
	assert_int_equal(in_child(try_as_somebody_else, NULL), 0);
}

static int try_without_a_capability(void *arg)
{
	(void)arg;
	want(setresgid(65533, 65533, 65533) == 0 && setresuid(65533, 65533, 65533) == 0);
	want(gons_netdevsim_new_transient(1, NULL) == -1 && errno == EPERM);
	want(strstr(gons_error(), "CAP_SYS_ADMIN is missing"));
	return 0;
}

static void the_message_names_capabilities_that_netdevsim_needs(void **state)
{
	(void)state;
	enter_new_net();
	need_root(__func__);
	assert_int_equal(in_child(try_without_a_capability, NULL), 0);
}

static int find_the_limit(void *arg)
{
	struct rlimit limit = { 0, 64 };
	int refused = 0;

	(void)arg;
	for (limit.rlim_cur = 3; limit.rlim_cur < 64; limit.rlim_cur++) {
		int mark = gons_scope_begin(), result, errnum;

		want(setrlimit(RLIMIT_NOFILE, &limit) == 0);
		result = gons_netdevsim_new_transient(2, NULL);
		errnum = errno;
		limit.rlim_cur += 20;
		want(setrlimit(RLIMIT_NOFILE, &limit) == 0);
		limit.rlim_cur -= 20;
		want(count_links(-1) == (result == 0 ? 2 : 0));
		want(gons_scope_end(mark) == 0);
		want(count_links(-1) == 0);
		if (result == 0)
			break;
		errno = errnum;
		want(errnum == EMFILE);
		refused++;
	}
	want(refused > 1 && limit.rlim_cur < 64);
	return 0;
}

static void without_free_descriptors_no_netdevsim_device_is_left(void **state)
{
	(void)state;
	enter_new_net();
	assert_int_equal(in_child(find_the_limit, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(netdevsim_ports_are_links_in_the_callers_namespace_until_the_scope_ends),
		check_test(netdevsim_ports_are_in_the_order_of_their_numbers),
		check_test(netdevsim_creates_as_many_ports_as_the_driver_permits),
		check_test(two_netdevsim_devices_are_independent),
		check_test(a_netdevsim_port_is_brought_up),
		check_test(netdevsim_works_with_a_read_only_sys),
		check_test(a_netdevsim_device_in_another_namespace_is_removed),
		check_test(a_netdevsim_device_stays_in_its_namespace),
		check_test(a_netdevsim_device_that_was_removed_is_no_error),
		check_test(a_forked_child_leaves_the_parents_device_alone),
		check_test(netdevsim_with_no_ports_or_too_many_is_refused),
		check_test(netdevsim_works_or_the_message_names_the_missing_module),
		check_test(rtnetlink_refuses_netdevsim_and_names_the_call_to_use),
		check_test(the_message_says_that_the_user_cannot_write_to_sysfs),
		check_test(the_message_names_capabilities_that_netdevsim_needs),
		check_test(without_free_descriptors_no_netdevsim_device_is_left),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

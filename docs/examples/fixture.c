/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cmocka fixture: each test gets a network of its own, with a /sys/class/net that shows
 * it, and nothing has to be taken down. A failing test leaves nothing for the next one.
 */
#include <dirent.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include <gons/cmocka.h>

/* Set-ups may use gons like tests do: what they make ends with the test. */
static int own_network(void **state)
{
	(void)state;
	gons_must(gons_netns_enter_transient());
	gons_must(gons_netns_loopback_up());
	gons_must(gons_mntns_enter_transient());
	gons_must(gons_mntns_mount_sysfs_ro());
	return 0;
}

static void sysfs_shows_the_loopback_link_only(void **state)
{
	DIR *dir = opendir("/sys/class/net");
	const struct dirent *entry;

	(void)state;
	assert_non_null(dir);
	while ((entry = readdir(dir)))
		if (entry->d_type == DT_LNK) /* not bonding_masters */
			assert_string_equal(entry->d_name, "lo");
	closedir(dir);
}

static void netlink_agrees(void **state)
{
	struct if_nameindex *links = if_nameindex();

	(void)state;
	assert_non_null(links);
	assert_string_equal(links[0].if_name, "lo");
	assert_int_equal(links[1].if_index, 0);
	if_freenameindex(links);
}

/* The same without a set-up: gons makes the namespaces, or skips the test where it cannot. */
static void a_host_name_of_ones_own(void **state)
{
	char name[64] = "";

	(void)state;
	assert_int_equal(sethostname("fixture", strlen("fixture")), 0);
	assert_int_equal(gethostname(name, sizeof(name)), 0);
	assert_string_equal(name, "fixture");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		gons_unit_test_setup_teardown(sysfs_shows_the_loopback_link_only, own_network,
					      NULL),
		gons_unit_test_setup_teardown(netlink_agrees, own_network, NULL),
		gons_unit_test_in(a_host_name_of_ones_own, CLONE_NEWUTS),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cmocka fixture. Each test gets a network of its own with a matching /sys/class/net, and a set-up
 * creates a link for it. No teardown is needed: the scope of the test deletes the link, even if the
 * test fails.
 */
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include <gons/cmocka.h>
#include <gons/link.h>

static struct gons_link cable;

/* A set-up may use gons like a test: what it creates ends with the test. */
static int make_cable(void **state)
{
	const struct gons_link_options options = { .up = true };

	gons_require_link("veth");
	gons_must(gons_veth_new_transient(&options, &cable));
	*state = &cable;
	return 0;
}

static void netlink_knows_the_link(void **state)
{
	const struct gons_link *link = *state;

	assert_int_equal(if_nametoindex(link->name), link->ifindex);
}

static void sysfs_knows_the_link(void **state)
{
	const struct gons_link *link = *state;
	char path[64];

	(void)snprintf(path, sizeof(path), "/sys/class/net/%s/ifindex", link->name);
	assert_int_equal(access(path, R_OK), 0);
}

/* A UTS namespace, so that the machine keeps its host name. */
static void the_host_name_can_be_changed(void **state)
{
	char name[64] = "";

	(void)state;
	if (sethostname("fixture", strlen("fixture")) < 0) {
		print_error("gons: skipped: %s: sethostname(2) is refused\n", __func__);
		skip();
	}
	assert_int_equal(gethostname(name, sizeof(name)), 0);
	assert_string_equal(name, "fixture");
}

int main(void)
{
	const int types = CLONE_NEWNET | CLONE_NEWNS;
	const struct CMUnitTest tests[] = {
		gons_unit_test_in_setup_teardown(netlink_knows_the_link, types, make_cable, NULL),
		gons_unit_test_in_setup_teardown(sysfs_knows_the_link, types, make_cable, NULL),
		gons_unit_test_in(the_host_name_can_be_changed, CLONE_NEWUTS),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

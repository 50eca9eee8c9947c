/* SPDX-License-Identifier: Apache-2.0 */
/* Invalid links are refused with a reason, and no half of a pair is left. */
#include "check.h"

#include <fcntl.h>
#include <gons/ip.h>
#include <gons/link.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "links.h"

/* Moves the test into blue. */
static void enter_blue(const char *kind)
{
	need_namespaces(kind);
	gons_must(gons_enter(blue));
}

/* The link, and a pair of it, are refused, and nothing is created in any namespace. */
#define assert_not_made(kind, options, errnum, words)                                              \
	do {                                                                                       \
		int blue_ = see_links(blue, NULL, 0), red_ = see_links(red, NULL, 0);              \
		struct gons_link link_ = { .ifindex = 4711, .name = "untouched" };                 \
		assert_refused(gons_link_new_transient(kind, options, &link_), errnum, words);     \
		assert_int_equal(see_links(blue, NULL, 0), blue_);                                 \
		assert_int_equal(see_links(red, NULL, 0), red_);                                   \
		assert_int_equal(link_.ifindex, 4711);                                             \
		assert_string_equal(link_.name, "untouched");                                      \
	} while (0)

/* ---- kinds ---- */

static void an_invalid_kind_of_link_is_refused(void **state)
{
	(void)state;
	enter_blue("veth");
	assert_not_made(NULL, NULL, EINVAL, "kind is NULL");
	assert_not_made("", NULL, EINVAL, "\"\" is not a kind of link");
	assert_not_made("a-kind-of-sixteen", NULL, EINVAL, "is not a kind of link");
	assert_not_made("a/b", NULL, EINVAL,
			"\"a/b\" is not a kind of link: %m: a kind has 1 to 15 letters, digits, "
			"\"_\", \"-\" or \".\"");
	assert_not_made("nonsense", NULL, EOPNOTSUPP,
			"cannot create a link of kind nonsense: %m: this kernel lacks it; load the "
			"module nonsense");
	assert_not_made("%s%n", NULL, EINVAL, "%s%n");
	assert_not_made("VETH", NULL, EOPNOTSUPP, "VETH");
	assert_not_made("veth ", NULL, EINVAL, "veth ");
}

static void the_message_names_a_missing_kind_of_link_and_its_module(void **state)
{
	static const struct {
		const char *kind, *module;
	} kinds[] = {
		{ "dummy", "dummy" },	      { "vlan", "8021q" },	  { "bond", "bonding" },
		{ "gre", "ip_gre" },	      { "ip6tnl", "ip6_tunnel" }, { "ipvlan", "ipvlan" },
		{ "xfrm", "xfrm_interface" }, { "nonsense", "nonsense" },
	};
	char words[64];
	int lacking = 0;

	(void)state;
	enter_blue("veth");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (gons_can_link(kinds[i].kind))
			continue;
		assert_int_equal(errno, EOPNOTSUPP);
		assert_contains(gons_error(), kinds[i].kind);
		(void)snprintf(words, sizeof(words), "load the module %s,", kinds[i].module);
		assert_contains(gons_error(), words);
		assert_not_made(kinds[i].kind, NULL, EOPNOTSUPP, words);
		assert_contains(gons_error(), kinds[i].kind);
		lacking++;
	}
	assert_true(lacking > 0); /* at least nonsense */
}

/* ---- options ---- */

static void an_invalid_name_prefix_is_refused(void **state)
{
	static const char *const prefixes[] = {
		"twelve-chars", "sixteen-chars-xx",
		"a/b",		"/",
		"a b",		" ",
		"a\tb",		"a\n",
		"a:b",		"veth%d",
		"100%",		"\x7f",
		"\x80",		"\xc3\xa4",
	};
	struct gons_link_options options = { .mtu = 0 };
	struct gons_link link;
	char long_prefix[5000];

	(void)state;
	enter_blue("veth");
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		options.prefix = prefixes[i];
		assert_not_made("veth", &options, EINVAL, "the prefix \"");
	}
	options.prefix = "twelve-chars";
	assert_not_made("veth", &options, EINVAL, "has more than 11 characters");
	memset(long_prefix, 'x', sizeof(long_prefix) - 1);
	long_prefix[sizeof(long_prefix) - 1] = '\0';
	options.prefix = long_prefix;
	assert_not_made("veth", &options, EINVAL, "...");

	/* These are valid. */
	options.prefix = "eleven-char";
	gons_must(gons_veth_new_transient(&options, &link));
	assert_memory_equal(link.name, "eleven-char", 11);
	options.prefix = ".";
	gons_must(gons_veth_new_transient(&options, &link));
	options.prefix = "";
	for (int i = 0; i < 30; i++) {
		gons_must(gons_veth_new_transient(&options, &link));
		assert_int_equal(strlen(link.name), 15);
		assert_in_range(link.name[0], 'a', 'z');
	}
}

static void an_invalid_address_of_a_link_is_refused(void **state)
{
	static const unsigned char zeros[6], multicast[6] = { 0x01, 0, 0x5e, 0, 0, 1 },
					     broadcast[6] = { 255, 255, 255, 255, 255, 255 };
	struct gons_link_options options = { .address = zeros };

	(void)state;
	enter_blue("veth");
	assert_not_made("veth", &options, EINVAL, "address is all zeros");
	options.address = multicast;
	assert_not_made("veth", &options, EINVAL,
			"01:00:5e:00:00:01, which is a multicast address");
	options.address = broadcast;
	assert_not_made("bridge", &options, EINVAL, "ff:ff:ff:ff:ff:ff");
}

static void an_mtu_out_of_range_is_refused(void **state)
{
	static const unsigned mtus[] = {
		1, 67, 65536, 1000000, 0x7fffffff, 0x80000000, 0xffffffff
	};
	struct gons_link_options options = { .mtu = 0 };

	(void)state;
	enter_blue("veth");
	options.peer_nsfd = red;
	for (size_t i = 0; i < sizeof(mtus) / sizeof(mtus[0]); i++) {
		options.mtu = mtus[i];
		assert_not_made("veth", &options, EINVAL, "its MTU of ");
	}
	options.peer_nsfd = 0;
	gons_require_link("bridge");
	options.mtu = 1;
	assert_not_made("bridge", &options, EINVAL,
			"the kernel says: mtu less than device minimum");
	options.mtu = 100000;
	assert_not_made("bridge", &options, EINVAL,
			"the kernel says: mtu greater than device maximum");
}

static void descriptors_of_other_types_are_refused_for_links(void **state)
{
	int others[3];
	struct gons_link_options options;

	(void)state;
	enter_blue("veth");
	others[0] = gons_must(gons_current(CLONE_NEWNS));
	others[1] = gons_must(gons_current(CLONE_NEWUTS));
	others[2] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	for (int i = 0; i < 3; i++) {
		const char *words = i < 2 ? "network" : "not a namespace";

		options = (struct gons_link_options){ .nsfd = others[i] };
		assert_not_made("veth", &options, EINVAL, words);
		options = (struct gons_link_options){ .peer_nsfd = others[i] };
		assert_not_made("veth", &options, EINVAL, words);
		options = (struct gons_link_options){ .link_nsfd = others[i] };
		assert_not_made("veth", &options, EINVAL, words);
		assert_refused(gons_link_up(others[i], 1, 0), EINVAL, words);
		assert_refused(gons_link_delete(others[i], 1), EINVAL, words);
		assert_refused(gons_link_set_master(others[i], 1, 0), EINVAL, words);
		assert_refused(gons_address_add(others[i], 1, "10.0.0.1"), EINVAL, words);
	}
	assert_int_equal(close(others[2]), 0);
	options = (struct gons_link_options){ .nsfd = others[2] };
	assert_not_made("veth", &options, EBADF, "closed");
	assert_refused(gons_link_up(others[2], 1, 0), EBADF, "closed");
	for (int nsfd = -2; nsfd > -1000; nsfd = nsfd * 2 - 1) { /* -1: the caller's */
		options = (struct gons_link_options){ .nsfd = nsfd };
		assert_not_made("veth", &options, EBADF, "closed");
		options = (struct gons_link_options){ .peer_nsfd = nsfd };
		assert_not_made("veth", &options, EBADF, "closed");
		options = (struct gons_link_options){ .link_nsfd = nsfd };
		assert_not_made("veth", &options, EBADF, "closed");
		assert_refused(gons_link_up(nsfd, 1, 0), EBADF, "closed");
		assert_refused(gons_link_delete(nsfd, 1), EBADF, "closed");
		assert_refused(gons_link_set_master(nsfd, 1, 0), EBADF, "closed");
		assert_refused(gons_address_add(nsfd, 1, "10.0.0.1"), EBADF, "closed");
	}
	options = (struct gons_link_options){ .peer_nsfd = red };
	assert_not_made("bridge", &options, EINVAL, "a link of kind bridge has no peer");
}

/* ---- parents ---- */

static void a_missing_parent_is_refused(void **state)
{
	struct gons_link_options options = { .parent_ifindex = 4711 };
	struct gons_link link;

	(void)state;
	enter_blue("macvlan");
	gons_require_link("veth");
	assert_not_made("macvlan", &options, ENODEV, "its parent, link 4711, does not exist");
	options.nsfd = red;
	assert_not_made("macvlan", &options, ENODEV, "its parent, link 4711, does not exist");
	options.link_nsfd = red;
	assert_not_made("macvlan", &options, ENODEV, "its parent, link 4711, does not exist");
	options.parent_ifindex = -5;
	assert_not_made("macvlan", &options, EINVAL, "parent_ifindex is negative (-5)");
	options.parent_ifindex = 0;
	assert_not_made("macvlan", &options, EINVAL,
			"cannot create a link of kind macvlan: %m: it possibly needs a "
			"parent_ifindex or info_data");
	assert_refused(gons_macvlan_new_transient(&options, &link), EINVAL, "needs a parent");
	assert_refused(gons_macvlan_new_transient(NULL, &link), EINVAL, "needs a parent");

	/* A parent that is in another namespace than the one given. */
	gons_must(gons_veth_new_transient(NULL, NULL));
	gons_must(gons_veth_new_transient(NULL, &link));
	options = (struct gons_link_options){ .parent_ifindex = link.ifindex, .link_nsfd = red };
	assert_not_made("macvlan", &options, ENODEV, "does not exist in the namespace link_nsfd");
	options.link_nsfd = 0;
	options.nsfd = red;
	/* It exists in the caller's namespace. */
	gons_must(gons_macvlan_new_transient(&options, NULL));
}

static void a_parent_that_is_already_a_port_is_refused(void **state)
{
	struct gons_link_options options = { .up = 0 };
	struct gons_link bridge, link;
	char words[96];

	(void)state;
	enter_blue("macvlan");
	gons_require_link("veth");
	gons_require_link("bridge");
	gons_must(gons_bridge_new_transient(NULL, &bridge));
	gons_must(gons_veth_new_transient(NULL, &link));
	gons_must(gons_link_set_master(0, link.ifindex, bridge.ifindex));
	options.parent_ifindex = link.ifindex;
	(void)snprintf(words, sizeof(words),
		       "its parent, link %d, is possibly a port of another link", link.ifindex);
	assert_not_made("macvlan", &options, EBUSY, words);
}

static void a_vlan_id_out_of_range_is_refused(void **state)
{
	static const unsigned ids[] = { 0, 4095, 4096, 65536 + 5, 0xffffffff };
	const struct gons_link_options options = { .parent_ifindex = 1 };
	char words[64];

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		(void)snprintf(words, sizeof(words), "id is %u, and a VLAN id", ids[i]);
		assert_refused(gons_vlan_new_transient(ids[i], &options, NULL), EINVAL, words);
	}
	assert_refused(gons_vlan_new_transient(5, NULL, NULL), EINVAL, "needs a parent_ifindex");
}

/* ---- info_data ---- */

static void put_much(struct nlmsghdr *nlh, size_t room, void *size)
{
	static char zeros[65000];

	assert_int_equal(room, 2048);
	mnl_attr_put(nlh, 77, *(size_t *)size, zeros);
}

static void more_info_data_than_fits_is_refused(void **state)
{
	size_t size = 2045;
	struct gons_link_options options = { .info_data = put_much, .info_data_arg = &size };

	(void)state;
	enter_blue("veth");
	for (; size < 65000; size = size * 2 - 1)
		assert_not_made("veth", &options, EMSGSIZE, "may write 2048 at most");
	size = 2044;
	/* The kernel ignores unknown attributes. */
	gons_must(gons_veth_new_transient(&options, NULL));
}

static void leave(struct nlmsghdr *nlh, size_t room, void *place)
{
	(void)nlh;
	(void)room;
	longjmp(*(jmp_buf *)place, 1);
}

static void info_data_may_call_longjmp(void **state)
{
	jmp_buf place;
	struct gons_link_options options = { .info_data = leave, .info_data_arg = &place };

	(void)state;
	enter_blue("veth");
	options.peer_nsfd = red;
	if (setjmp(place) == 0)
		fail_msg("%d", gons_veth_new_transient(&options, NULL));
	assert_int_equal(count_links(-1), 0);
	gons_must(gons_veth_new_transient(NULL, NULL));
}

/* ---- permission ---- */

/* In a user namespace of its own, the process has no capabilities over the host's namespaces. */
static int make_without_permission(void *arg)
{
	const struct gons_link_options here = { .nsfd = 0 };
	struct gons_link_options there = { .nsfd = 0 };
	struct gons_link link;
	int links;

	there.peer_nsfd = *(int *)arg;
	want(unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0);
	want(gons_veth_new_transient(&here, &link) == 0);
	want(gons_link_delete(0, link.ifindex) == 0);
	links = see_links(-1, NULL, 0);
	/* Older kernels, such as 6.1, do not check permissions in the namespace of the peer. */
	if (gons_veth_new_transient(&there, &link) == 0)
		want(gons_link_delete(0, link.ifindex) == 0);
	else
		want(errno == EPERM);
	want(see_links(-1, NULL, 0) == links);
	there = (struct gons_link_options){ .nsfd = *(int *)arg };
	want(gons_veth_new_transient(&there, &link) < 0);
	want(errno == EPERM);
	want(gons_link_up(*(int *)arg, 1, 0) < 0 && errno == EPERM);
	want(gons_netns_mnl_open(*(int *)arg, 0) == NULL && errno == EPERM);
	return 0;
}

static void without_permission_in_one_namespace_no_end_of_a_pair_is_created(void **state)
{
	int before;

	(void)state;
	enter_blue("veth");
	gons_require(CLONE_NEWUSER | CLONE_NEWNET);
	before = see_links(blue, NULL, 0);
	assert_int_equal(in_child(make_without_permission, &blue), 0);
	assert_int_equal(see_links(blue, NULL, 0), before);
}

/* ---- changes of links ---- */

static void invalid_masters_are_refused(void **state)
{
	struct gons_link bridge, link;

	(void)state;
	enter_blue("bridge");
	gons_require_link("veth");
	gons_must(gons_bridge_new_transient(NULL, &bridge));
	gons_must(gons_veth_new_transient(NULL, &link));
	assert_refused(gons_link_set_master(0, link.ifindex, 4711), EINVAL, " a port of link 4711");
	assert_contains(gons_error(), "link 4711 does not exist");
	assert_refused(gons_link_set_master(0, link.ifindex, link.peer_ifindex), EOPNOTSUPP,
		       "does not take this link as a port");
	assert_refused(gons_link_set_master(0, 4711, bridge.ifindex), ENODEV, "link 4711");
	assert_refused(gons_link_set_master(0, 4711, 0), ENODEV, "cannot take link 4711 off");
	assert_refused(gons_link_set_master(0, 0, bridge.ifindex), EINVAL, "0 is not an ifindex");
	assert_refused(gons_link_set_master(0, link.ifindex, -1), EINVAL,
		       "master is negative (-1)");
	assert_refused(gons_link_set_master(0, 1, bridge.ifindex), EINVAL, "link 1 a port");
	gons_must(gons_link_set_master(0, link.ifindex, 0)); /* has no master */
}

static void loopback_cannot_be_deleted(void **state)
{
	(void)state;
	enter_blue("veth");
	assert_refused(gons_link_delete(0, 1), EOPNOTSUPP, "cannot delete link 1");
	assert_refused(gons_link_delete(0, 0), EINVAL, "0 is not an ifindex");
	assert_refused(gons_link_delete(0, -1), EINVAL, "-1 is not an ifindex");
	gons_must(gons_link_delete(0, 4711));
	/* A success leaves the message unchanged. */
	assert_contains(gons_error(), "-1 is not an ifindex");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(an_invalid_kind_of_link_is_refused),
		check_test(the_message_names_a_missing_kind_of_link_and_its_module),
		check_test(an_invalid_name_prefix_is_refused),
		check_test(an_invalid_address_of_a_link_is_refused),
		check_test(an_mtu_out_of_range_is_refused),
		check_test(descriptors_of_other_types_are_refused_for_links),
		check_test(a_missing_parent_is_refused),
		check_test(a_parent_that_is_already_a_port_is_refused),
		check_test(a_vlan_id_out_of_range_is_refused),
		check_test(more_info_data_than_fits_is_refused),
		check_test(info_data_may_call_longjmp),
		check_test(without_permission_in_one_namespace_no_end_of_a_pair_is_created),
		check_test(invalid_masters_are_refused),
		check_test(loopback_cannot_be_deleted),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual links: created in the requested namespaces, with the requested options. */
#include "check.h"

#include <gons/link.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <string.h>

#include "links.h"

/* A name is the prefix, and letters and digits up to 15 characters. */
static void assert_name(const char *name, const char *prefix)
{
	size_t length = strlen(prefix);

	assert_int_equal(strlen(name), 15);
	assert_memory_equal(name, prefix, length);
	assert_int_equal(strspn(name + length, "abcdefghijklmnopqrstuvwxyz0123456789"),
			 15 - length);
}

static void put_vni(struct nlmsghdr *nlh, size_t room, void *vni)
{
	(void)room;
	mnl_attr_put_u32(nlh, IFLA_VXLAN_ID, *(uint32_t *)vni);
	mnl_attr_put_u16(nlh, IFLA_VXLAN_PORT, 0xb612); /* 4790 */
}

/* ---- namespaces of links ---- */

static void the_ends_of_a_veth_may_both_be_in_other_namespaces_than_the_callers(void **state)
{
	struct gons_link_options options = { .up = 0 };
	struct seen_link seen, peer;
	struct gons_link link;
	int before;

	(void)state;
	need_namespaces("veth");
	gons_must(gons_enter(green)); /* where no other program creates links */
	before = see_links(-1, NULL, 0);
	options.nsfd = blue;
	options.peer_nsfd = red;
	gons_must(gons_veth_new_transient(&options, &link));
	assert_int_equal(see_links(-1, NULL, 0), before);
	assert_int_equal(count_links(blue), 1);
	assert_int_equal(count_links(red), 1);
	assert_true(see_link(blue, link.ifindex, &seen));
	assert_true(see_link(red, link.peer_ifindex, &peer));
	assert_string_equal(seen.name, link.name);
	assert_string_equal(peer.name, link.peer_name);
	assert_string_equal(seen.kind, "veth");
	assert_int_equal(seen.below, peer.ifindex);
	assert_int_equal(peer.below, seen.ifindex);
	assert_name(link.name, "veth-");
	assert_name(link.peer_name, "veth-");
	assert_string_not_equal(link.name, link.peer_name);
	assert_false(seen.flags & IFF_UP);
	assert_int_equal(seen.mtu, 1500);
}

static void without_options_a_pair_is_in_the_callers_namespace(void **state)
{
	struct seen_link seen;
	struct gons_link link;

	(void)state;
	need_namespaces("veth");
	gons_must(gons_enter(blue));
	gons_must(gons_veth_new_transient(NULL, &link));
	assert_int_equal(count_links(-1), 2);
	assert_true(see_link(-1, link.ifindex, &seen));
	assert_string_equal(seen.name, link.name);
	assert_int_equal(seen.below, link.peer_ifindex);
	assert_true(see_link(-1, link.peer_ifindex, &seen));
	assert_string_equal(seen.name, link.peer_name);
	gons_must(gons_veth_new_transient(NULL, NULL));
	assert_int_equal(count_links(-1), 4);
}

/* Each combination of namespaces for the two ends, including the caller's. */
static void the_ends_of_a_veth_are_created_in_any_two_namespaces(void **state)
{
	struct gons_link link;
	int places[4];

	(void)state;
	need_namespaces("veth");
	gons_must(gons_enter(green));
	places[0] = 0;
	places[1] = -1;
	places[2] = blue;
	places[3] = red;
	for (int i = 0; i < 16; i++)
		GONS_SCOPE {
			struct gons_link_options options = { .nsfd = places[i / 4],
							     .peer_nsfd = places[i % 4] };

			/* Options that are not used make no difference. */
			options.link_nsfd = i % 3 == 0 ? blue : 0;
			gons_must(gons_veth_new_transient(&options, &link));
			for (int j = 1; j < 4; j++) {
				int here = (i / 4 == j || (j == 1 && i / 4 == 0)) +
					   (i % 4 == j || (j == 1 && i % 4 == 0));

				assert_int_equal(count_links(places[j]), here);
			}
			assert_true(see_name(places[i / 4] ? places[i / 4] : -1, link.name, NULL));
			assert_true(
				see_name(places[i % 4] ? places[i % 4] : -1, link.peer_name, NULL));
		}
	for (int j = 1; j < 4; j++)
		assert_int_equal(count_links(places[j]), 0);
}

static void a_macvlan_has_its_parent_in_a_third_namespace(void **state)
{
	struct gons_link_options options = { .up = 0 };
	struct gons_link parent, link;
	struct seen_link seen;
	int before;

	(void)state;
	need_namespaces("macvlan");
	gons_require_link("veth");
	gons_must(gons_netns_enter_transient()); /* where no other program creates links */
	before = see_links(-1, NULL, 0);
	options.nsfd = options.peer_nsfd = red;
	gons_must(gons_veth_new_transient(&options, NULL)); /* so that the indices differ */
	gons_must(gons_veth_new_transient(&options, &parent));
	options.nsfd = blue;
	options.peer_nsfd = 0;
	options.link_nsfd = red;
	options.parent_ifindex = parent.ifindex;
	gons_must(gons_macvlan_new_transient(&options, &link));
	assert_int_equal(see_links(-1, NULL, 0), before);
	assert_int_equal(count_links(blue), 1);
	assert_int_equal(count_links(red), 4);
	assert_true(see_link(blue, link.ifindex, &seen));
	assert_string_equal(seen.kind, "macvlan");
	assert_int_equal(seen.below, parent.ifindex);
	assert_true(seen.below_nsid >= 0);
	assert_int_equal(seen.macvlan_mode, MACVLAN_MODE_BRIDGE);
	assert_name(link.name, "macvlan-");
	assert_int_equal(link.peer_ifindex, 0);
	assert_string_equal(link.peer_name, "");
	gons_must(gons_enter(blue));
	assert_int_equal(gons_netns_nsid(red), seen.below_nsid);
}

/* ---- options of links ---- */

static void a_link_has_the_requested_mtu_and_address(void **state)
{
	static const unsigned char address[6] = { 0x02, 0x11, 0x22, 0x33, 0x44, 0x55 };
	struct gons_link_options options = { .mtu = 9000, .address = address, .prefix = "eth" };
	struct seen_link seen, peer;
	struct gons_link link;

	(void)state;
	need_namespaces("veth");
	options.nsfd = blue;
	options.peer_nsfd = red;
	gons_must(gons_veth_new_transient(&options, &link));
	assert_name(link.name, "eth");
	assert_name(link.peer_name, "eth");
	assert_true(see_link(blue, link.ifindex, &seen));
	assert_true(see_link(red, link.peer_ifindex, &peer));
	assert_int_equal(seen.mtu, 9000);
	assert_int_equal(peer.mtu, 9000);
	assert_memory_equal(seen.address, address, 6);
	assert_memory_not_equal(peer.address, address, 6);
}

static void info_data_passes_attributes_of_a_vxlan(void **state)
{
	uint32_t vni = 4711;
	struct gons_link_options options = { .info_data = put_vni, .info_data_arg = &vni };
	struct seen_link seen;
	struct gons_link link;

	(void)state;
	need_namespaces("vxlan");
	options.nsfd = blue;
	gons_must(gons_link_new_transient("vxlan", &options, &link));
	assert_true(see_link(blue, link.ifindex, &seen));
	assert_string_equal(seen.kind, "vxlan");
	assert_int_equal(seen.vni, 4711);
	/* The extack says what exists, so gons tries no other names. */
	assert_refused(gons_link_new_transient("vxlan", &options, &link), EEXIST, "VNI");
	options.nsfd = red;
	gons_must(gons_link_new_transient("vxlan", &options, &link));
}

/* IF_OPER_UP, or IF_OPER_UNKNOWN as older kernels may have it for a moment. */
static bool is_up_or_unknown(const struct seen_link *seen)
{
	return (seen->state == 6 || seen->state == 0) && seen->flags & IFF_LOWER_UP;
}

static void a_pair_is_brought_up_and_waited_for(void **state)
{
	struct gons_link_options options = { .up = 1 };
	struct seen_link seen;
	struct gons_link link;

	(void)state;
	need_namespaces("veth");
	options.nsfd = blue;
	options.peer_nsfd = red;
	for (int i = 0; i < 20; i++) {
		gons_must(gons_veth_new_transient(&options, &link));
		assert_true(see_link(blue, link.ifindex, &seen));
		assert_true(is_up_or_unknown(&seen));
		assert_true(see_link(red, link.peer_ifindex, &seen));
		assert_true(is_up_or_unknown(&seen));
	}
}

/* ---- kinds that this kernel may lack ---- */

static void a_dummy_is_up_at_once(void **state)
{
	struct gons_link_options options = { .up = 1 };
	struct seen_link seen;
	struct gons_link link;

	(void)state;
	need_namespaces("dummy");
	options.nsfd = blue;
	gons_must(gons_dummy_new_transient(&options, &link));
	assert_true(see_link(blue, link.ifindex, &seen));
	assert_string_equal(seen.kind, "dummy");
	assert_true(seen.flags & IFF_UP);
	assert_name(link.name, "dummy-");
}

/* Uses a veth in blue as the parent, whose other end is in green; both are up. */
static void put_on_a_veth(struct gons_link_options *options)
{
	struct gons_link_options veth = { .nsfd = blue, .peer_nsfd = green, .up = 1 };
	struct gons_link link;

	gons_must(gons_veth_new_transient(&veth, &link));
	options->link_nsfd = blue;
	options->parent_ifindex = link.ifindex;
}

static void a_vlan_has_its_id_and_its_parent(void **state)
{
	struct gons_link_options options = { .up = 1 };
	struct seen_link seen;
	struct gons_link link;

	(void)state;
	need_namespaces("vlan");
	gons_require_link("veth");
	put_on_a_veth(&options);
	for (int i = 0; i < 2; i++) {
		options.nsfd = i ? red : blue;
		gons_must(gons_vlan_new_transient(i ? 4094 : 1, &options, &link));
		assert_true(see_link(options.nsfd, link.ifindex, &seen));
		assert_string_equal(seen.kind, "vlan");
		assert_int_equal(seen.vlan_id, i ? 4094 : 1);
		assert_int_equal(seen.below, options.parent_ifindex);
		assert_name(link.name, "vlan-");
	}
	assert_refused(gons_vlan_new_transient(1, &options, &link), EEXIST, "kind vlan");
	assert_int_equal(count_links(blue), 2);
	assert_int_equal(count_links(red), 1);
}

static void an_ipvlan_has_its_parent_in_another_namespace(void **state)
{
	struct gons_link_options options = { .up = 1 };
	struct seen_link seen;
	struct gons_link link;

	(void)state;
	need_namespaces("ipvlan");
	gons_require_link("veth");
	put_on_a_veth(&options);
	options.nsfd = red;
	gons_must(gons_link_new_transient("ipvlan", &options, &link));
	assert_true(see_link(red, link.ifindex, &seen));
	assert_string_equal(seen.kind, "ipvlan");
	assert_int_equal(seen.below, options.parent_ifindex);
	assert_name(link.name, "ipvlan-");
}

static void put_table(struct nlmsghdr *nlh, size_t room, void *arg)
{
	(void)room;
	(void)arg;
	mnl_attr_put_u32(nlh, IFLA_VRF_TABLE, 10);
}

static void a_vrf_takes_ports(void **state)
{
	struct gons_link_options options = { .up = 1, .info_data = put_table };
	struct seen_link seen;
	struct gons_link vrf, port;

	(void)state;
	need_namespaces("vrf");
	gons_require_link("veth");
	options.nsfd = blue;
	gons_must(gons_link_new_transient("vrf", &options, &vrf));
	options = (struct gons_link_options){ .nsfd = blue, .peer_nsfd = red, .up = 1 };
	gons_must(gons_veth_new_transient(&options, &port));
	gons_must(gons_link_set_master(blue, port.ifindex, vrf.ifindex));
	assert_true(see_link(blue, port.ifindex, &seen));
	assert_int_equal(seen.master, vrf.ifindex);
	gons_must(gons_link_set_master(blue, port.ifindex, 0));
	assert_true(see_link(blue, port.ifindex, &seen));
	assert_int_equal(seen.master, 0);
}

static void a_bond_is_up_with_its_port(void **state)
{
	struct gons_link_options options = { .up = 1 };
	struct seen_link seen;
	struct gons_link bond, port;

	(void)state;
	need_namespaces("bond");
	gons_require_link("veth");
	options.nsfd = blue;
	gons_must(gons_link_new_transient("bond", &options, &bond)); /* does not wait for ports */
	assert_true(see_link(blue, bond.ifindex, &seen));
	assert_true(seen.flags & IFF_UP);
	assert_refused(gons_link_up(blue, bond.ifindex, 100), ETIMEDOUT, "no carrier");
	options = (struct gons_link_options){ .nsfd = blue, .peer_nsfd = red };
	gons_must(gons_veth_new_transient(&options, &port));
	gons_must(gons_link_set_master(blue, port.ifindex, bond.ifindex));
	assert_int_equal(set_flags(red, port.peer_ifindex, IFF_UP, IFF_UP), 0);
	gons_must(gons_link_up(blue, bond.ifindex, 30000));
}

static void peers_of_other_kinds_are_in_the_requested_namespace(void **state)
{
	static const char *const kinds[] = { "vxcan", "netkit" };
	struct gons_link_options options = { .up = 0 };
	struct gons_link link;
	int seen = 0;

	(void)state;
	need_namespaces("veth");
	options.nsfd = blue;
	options.peer_nsfd = red;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!gons_can_link(kinds[i]))
			continue;
		GONS_SCOPE {
			gons_must(gons_link_new_transient(kinds[i], &options, &link));
			assert_true(see_link(blue, link.ifindex, NULL));
			assert_true(see_name(red, link.peer_name, NULL));
			assert_true(see_link(red, link.peer_ifindex, NULL));
		}
		assert_int_equal(count_links(blue) + count_links(red), 0);
		seen++;
	}
	if (seen == 0) {
		print_error("gons: skipped: peers_of_other_kinds_are_in_the_requested_namespace: "
			    "%s\n",
			    gons_error());
		skip();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(the_ends_of_a_veth_may_both_be_in_other_namespaces_than_the_callers),
		check_test(without_options_a_pair_is_in_the_callers_namespace),
		check_test(the_ends_of_a_veth_are_created_in_any_two_namespaces),
		check_test(a_macvlan_has_its_parent_in_a_third_namespace),
		check_test(a_link_has_the_requested_mtu_and_address),
		check_test(info_data_passes_attributes_of_a_vxlan),
		check_test(a_pair_is_brought_up_and_waited_for),
		check_test(a_dummy_is_up_at_once),
		check_test(a_vlan_has_its_id_and_its_parent),
		check_test(an_ipvlan_has_its_parent_in_another_namespace),
		check_test(a_vrf_takes_ports),
		check_test(a_bond_is_up_with_its_port),
		check_test(peers_of_other_kinds_are_in_the_requested_namespace),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

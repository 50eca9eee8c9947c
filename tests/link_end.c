/* SPDX-License-Identifier: Apache-2.0 */
/* The end of the scope deletes its links, whatever the test did to them, and no other links. */
#include "check.h"

#include <fcntl.h>
#include <gons/link.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "links.h"

static const unsigned char address[6] = { 0x02, 0x11, 0x22, 0x33, 0x44, 0x55 };

static int scope_with(const char *kind, int nsfd, struct gons_link *link)
{
	const struct gons_link_options options = { .nsfd = nsfd };
	int mark = gons_must(gons_scope_begin());

	gons_must(gons_link_new_transient(kind, &options, link));
	return mark;
}

/* ---- deleted with the scope ---- */

static void a_link_is_deleted_with_the_scope(void **state)
{
	struct gons_link link;
	int mark;

	(void)state;
	need_namespaces("bridge");
	mark = scope_with("bridge", blue, &link);
	assert_int_equal(count_links(blue), 1);
	gons_must(gons_scope_end(mark));
	assert_int_equal(count_links(blue), 0);
}

static void both_ends_of_a_pair_are_deleted_with_the_scope(void **state)
{
	struct gons_link_options options = { .up = 1 };
	struct gons_link link;
	int mark;

	(void)state;
	need_namespaces("veth");
	options.nsfd = blue;
	options.peer_nsfd = red;
	mark = gons_must(gons_scope_begin());
	gons_must(gons_veth_new_transient(&options, &link));
	gons_must(gons_scope_end(mark));
	assert_int_equal(count_links(blue) + count_links(red), 0);
}

static void a_deleted_link_is_no_error(void **state)
{
	struct gons_link link;
	int mark;

	(void)state;
	need_namespaces("veth");
	for (int i = 0; i < 3; i++) {
		mark = scope_with("veth", blue, &link);
		if (i == 0)
			gons_must(gons_link_delete(blue, link.ifindex));
		else
			assert_int_equal(delete_link(i == 1 ? blue : -1,
						     i == 1 ? link.ifindex : link.peer_ifindex),
					 0);
		assert_int_equal(count_links(blue), 0);
		gons_must(gons_link_delete(blue, link.ifindex));
		gons_must(gons_scope_end(mark));
	}
}

static void a_renamed_link_is_deleted(void **state)
{
	static const char *const kinds[] = { "veth", "bridge", "dummy", "ifb", "vxlan" };
	struct gons_link link;
	int mark;

	(void)state;
	need_namespaces("veth");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!gons_can_link(kinds[i]) || strcmp(kinds[i], "vxlan") == 0)
			continue;
		mark = scope_with(kinds[i], blue, &link);
		assert_int_equal(rename_link(blue, link.ifindex, "eth0"), 0);
		assert_true(see_name(blue, "eth0", NULL));
		gons_must(gons_scope_end(mark));
		assert_int_equal(count_links(blue), 0);
	}
}

static void a_link_with_a_changed_address_is_deleted(void **state)
{
	struct gons_link link;
	int mark;

	(void)state;
	need_namespaces("veth");
	mark = scope_with("veth", blue, &link);
	assert_int_equal(set_address(blue, link.ifindex, address), 0);
	gons_must(gons_scope_end(mark));
	assert_int_equal(count_links(blue), 0);
}

/* Only its peer or lower device still identifies the link. */
static void a_link_with_a_changed_name_and_address_is_deleted(void **state)
{
	static const unsigned char other[6] = { 0x02, 0x55, 0x44, 0x33, 0x22, 0x11 };
	struct gons_link_options options = { .address = address };
	struct gons_link link, parent;
	int mark;

	(void)state;
	need_namespaces("veth");
	options.nsfd = blue;
	for (int i = 0; i < 2; i++) {
		options.peer_nsfd = i == 0 ? blue : red;
		mark = gons_must(gons_scope_begin());
		gons_must(gons_veth_new_transient(&options, &link));
		assert_int_equal(rename_link(blue, link.ifindex, "eth0"), 0);
		assert_int_equal(set_address(blue, link.ifindex, other), 0);
		assert_int_equal(rename_link(options.peer_nsfd, link.peer_ifindex, "eth1"), 0);
		assert_int_equal(set_address(options.peer_nsfd, link.peer_ifindex, address), 0);
		gons_must(gons_scope_end(mark));
		assert_int_equal(count_links(blue) + count_links(red), 0);
	}
	if (!gons_can_link("macvlan"))
		return;
	gons_must(gons_veth_new_transient(&options, &parent));
	for (int i = 0; i < 2; i++) {
		options.nsfd = i == 0 ? blue : green;
		options.peer_nsfd = 0;
		options.link_nsfd = blue;
		options.parent_ifindex = parent.ifindex;
		options.address = NULL;
		mark = gons_must(gons_scope_begin());
		gons_must(gons_macvlan_new_transient(&options, &link));
		assert_int_equal(rename_link(options.nsfd, link.ifindex, "eth0"), 0);
		assert_int_equal(set_address(options.nsfd, link.ifindex, other), 0);
		gons_must(gons_scope_end(mark));
		assert_int_equal(count_links(blue), 1);
		assert_int_equal(count_links(green), 0);
	}
}

static void a_renamed_vlan_with_the_address_of_its_parent_is_deleted(void **state)
{
	struct gons_link_options options = { .up = 0 };
	struct gons_link parent, link;
	int mark;

	(void)state;
	need_namespaces("vlan");
	gons_require_link("veth");
	options.nsfd = blue;
	gons_must(gons_veth_new_transient(&options, &parent));
	options.link_nsfd = blue;
	options.parent_ifindex = parent.ifindex;
	mark = gons_must(gons_scope_begin());
	gons_must(gons_vlan_new_transient(7, &options, &link));
	assert_int_equal(rename_link(blue, link.ifindex, "eth0.7"), 0);
	gons_must(gons_scope_end(mark));
	assert_int_equal(count_links(blue), 1);
}

/* A bridge or bond takes the address of a port. */
static void a_renamed_bridge_with_a_port_is_deleted(void **state)
{
	static const char *const kinds[] = { "bridge", "bond" };
	struct gons_link_options options = { .up = 0 };
	struct seen_link before, after;
	struct gons_link link, port;
	int mark;

	(void)state;
	need_namespaces("veth");
	options.nsfd = options.peer_nsfd = blue;
	for (int i = 0; i < 2; i++) {
		if (!gons_can_link(kinds[i]))
			continue;
		mark = scope_with(kinds[i], blue, &link);
		assert_true(see_link(blue, link.ifindex, &before));
		gons_must(gons_veth_new_transient(&options, &port));
		gons_must(gons_link_set_master(blue, port.ifindex, link.ifindex));
		assert_true(see_link(blue, port.ifindex, &after));
		assert_int_equal(after.master, link.ifindex);
		assert_true(see_link(blue, link.ifindex, &after));
		assert_memory_not_equal(after.address, before.address, 6);
		assert_int_equal(rename_link(blue, link.ifindex, "eth0"), 0);
		gons_must(gons_scope_end(mark));
		assert_int_equal(count_links(blue), 0);
	}
}

/* ---- moved ---- */

static void a_moved_link_is_deleted(void **state)
{
	struct gons_link link;
	int mark;

	(void)state;
	need_namespaces("bridge");
	/* Bridges cannot be moved, so this is another kind without a peer. */
	gons_require_link("ifb");
	mark = scope_with("ifb", blue, &link);
	assert_int_equal(move_link(blue, link.ifindex, red, NULL), 0);
	assert_int_equal(count_links(blue), 0);
	assert_int_equal(count_links(red), 1);
	gons_must(gons_scope_end(mark));
	assert_int_equal(count_links(red), 0);
}

static void a_moved_link_with_another_name_or_address_is_deleted(void **state)
{
	struct seen_link seen;
	struct gons_link link;
	int mark;

	(void)state;
	need_namespaces("ifb");
	mark = scope_with("ifb", blue, &link);
	assert_int_equal(move_link(blue, link.ifindex, red, "eth0"), 0);
	assert_true(see_name(red, "eth0", &seen));
	gons_must(gons_scope_end(mark));
	assert_int_equal(count_links(red), 0);

	mark = scope_with("veth", blue, &link);
	assert_int_equal(set_address(blue, link.ifindex, address), 0);
	assert_int_equal(move_link(blue, link.ifindex, red, NULL), 0);
	gons_must(gons_scope_end(mark));
	assert_int_equal(count_links(red), 0);
}

static void a_link_moved_there_and_back_is_deleted(void **state)
{
	struct gons_link link;
	struct seen_link seen;
	int mark;

	(void)state;
	need_namespaces("ifb");
	mark = scope_with("ifb", blue, &link);
	assert_int_equal(move_link(blue, link.ifindex, red, NULL), 0);
	/* By then, another link has its ifindex. */
	assert_int_equal(make_veth(blue, link.ifindex, "stranger"), 0);
	assert_int_equal(move_link(red, link.ifindex, blue, "eth0"), 0);
	assert_true(see_name(blue, "eth0", &seen));
	assert_int_not_equal(seen.ifindex, link.ifindex);
	gons_must(gons_scope_end(mark));
	assert_int_equal(count_links(blue), 2);
	assert_true(see_name(blue, "stranger", NULL));
}

/* Either end may have been moved and renamed. */
static void a_pair_with_moved_ends_is_deleted(void **state)
{
	struct gons_link link;
	int mark;

	(void)state;
	need_namespaces("veth");
	for (int i = 1; i < 16; i++) {
		mark = scope_with("veth", blue, &link);
		gons_must(gons_enter(blue));
		/* created in blue and in the caller's namespace */
		gons_must(gons_link_delete(-1, link.ifindex));
		gons_must(gons_veth_new_transient(NULL, &link));
		if (i & 1)
			assert_int_equal(move_link(blue, link.ifindex, red, i & 4 ? "eth0" : NULL),
					 0);
		if (i & 2)
			assert_int_equal(
				move_link(blue, link.peer_ifindex, green, i & 8 ? "eth1" : NULL),
				0);
		gons_must(gons_scope_end(mark));
		assert_int_equal(count_links(blue) + count_links(red) + count_links(green), 0);
	}
}

/* This end cannot be identified any more, but its peer can. */
static void an_unrecognisable_end_is_deleted_with_its_peer(void **state)
{
	struct gons_link link;
	int mark;

	(void)state;
	need_namespaces("veth");
	gons_must(gons_enter(blue));
	for (int i = 0; i < 2; i++) {
		mark = scope_with("veth", blue, &link);
		assert_int_equal(set_address(blue, link.ifindex, address), 0);
		assert_int_equal(move_link(blue, link.ifindex, red, "eth0"), 0);
		if (i)
			assert_int_equal(move_link(blue, link.peer_ifindex, green, "eth1"), 0);
		gons_must(gons_scope_end(mark));
		assert_int_equal(count_links(blue) + count_links(red) + count_links(green), 0);
	}
}

/* The peer has a random address that identifies it, even if the link has a given one. */
static void an_end_with_a_given_address_is_deleted_with_its_peer(void **state)
{
	struct gons_link_options options = { .address = address };
	struct gons_link link;
	int mark;

	(void)state;
	need_namespaces("veth");
	options.nsfd = options.peer_nsfd = blue;
	mark = gons_must(gons_scope_begin());
	gons_must(gons_veth_new_transient(&options, &link));
	assert_int_equal(move_link(blue, link.ifindex, red, "eth0"), 0);
	assert_int_equal(move_link(blue, link.peer_ifindex, green, "eth1"), 0);
	gons_must(gons_scope_end(mark));
	assert_int_equal(count_links(red) + count_links(green), 0);
}

/* ---- links of others ---- */

static void another_programs_link_with_the_same_index_stays(void **state)
{
	struct seen_link seen;
	struct gons_link link;
	int mark;

	(void)state;
	need_namespaces("veth");
	mark = scope_with("veth", blue, &link);
	assert_int_equal(move_link(blue, link.ifindex, red, NULL), 0);
	assert_int_equal(make_veth(green, link.ifindex, "stranger"), 0);
	assert_int_equal(move_link(green, link.ifindex, blue, NULL), 0);
	assert_true(see_name(blue, "stranger", &seen));
	assert_int_equal(seen.ifindex, link.ifindex);
	gons_must(gons_scope_end(mark));
	assert_int_equal(count_links(red), 0);
	assert_true(see_link(blue, link.ifindex, &seen));
	assert_string_equal(seen.name, "stranger");

	mark = scope_with("veth", red, &link);
	gons_must(gons_link_delete(red, link.ifindex));
	assert_int_equal(make_veth(red, link.ifindex, "another"), 0);
	gons_must(gons_scope_end(mark));
	assert_true(see_link(red, link.ifindex, &seen));
	assert_string_equal(seen.name, "another");
}

/* Even if it is connected to the same link. */
static void another_programs_macvlan_on_the_same_parent_stays(void **state)
{
	struct gons_link_options options = { .up = 0 };
	struct gons_link parent, link, other;
	struct seen_link seen;
	int mark, yellow;

	(void)state;
	need_namespaces("macvlan");
	gons_require_link("veth");
	yellow = gons_must(gons_netns_new_transient());
	options.nsfd = options.peer_nsfd = blue;
	gons_must(gons_veth_new_transient(&options, &parent));
	options = (struct gons_link_options){ .nsfd = red, .link_nsfd = blue };
	options.parent_ifindex = parent.ifindex;
	gons_must(gons_macvlan_new_transient(&options, &other));
	assert_int_equal(move_link(red, other.ifindex, green, "stranger"), 0);
	options.nsfd = yellow;
	mark = gons_must(gons_scope_begin());
	gons_must(gons_macvlan_new_transient(&options, &link));
	assert_int_equal(link.ifindex, other.ifindex);
	assert_int_equal(move_link(yellow, link.ifindex, red, NULL), 0);
	assert_int_equal(move_link(green, other.ifindex, yellow, NULL), 0);
	assert_true(see_link(yellow, link.ifindex, &seen));
	assert_string_equal(seen.name, "stranger");
	gons_must(gons_scope_end(mark));
	assert_int_equal(count_links(red), 0);
	assert_true(see_name(yellow, "stranger", NULL));
}

/* A given address may belong to another link as well. */
static void another_link_with_the_same_address_stays(void **state)
{
	struct gons_link_options options = { .address = address };
	struct gons_link outer, inner;
	struct seen_link seen;
	int mark;

	(void)state;
	need_namespaces("veth");
	options.nsfd = options.peer_nsfd = blue;
	gons_must(gons_veth_new_transient(&options, &outer));
	assert_int_equal(make_veth(red, 0, "stranger"), 0);
	assert_true(see_name(red, "stranger", &seen));
	assert_int_equal(set_address(red, seen.ifindex, address), 0);
	for (int i = 0; i < 2; i++) {
		options.nsfd = options.peer_nsfd = i == 0 ? blue : red;
		mark = gons_must(gons_scope_begin());
		gons_must(gons_veth_new_transient(&options, &inner));
		gons_must(gons_link_delete(options.nsfd, inner.ifindex));
		gons_must(gons_scope_end(mark));
		assert_true(see_link(blue, outer.ifindex, NULL));
		assert_true(see_name(red, "stranger", NULL));
	}
	/* The link is found: by its address in the same namespace, by its name in another one. */
	for (int i = 0; i < 2; i++) {
		mark = gons_must(gons_scope_begin());
		gons_must(gons_veth_new_transient(&options, &inner));
		if (i == 0)
			assert_int_equal(rename_link(red, inner.ifindex, "eth0"), 0);
		else
			assert_int_equal(move_link(red, inner.ifindex, green, NULL), 0);
		gons_must(gons_scope_end(mark));
		assert_int_equal(count_links(red), 2);
		assert_int_equal(count_links(green), 0);
	}
}

/* ---- the namespace ---- */

static void a_link_in_a_namespace_that_is_gone_is_no_error(void **state)
{
	struct gons_link link;
	int mark, inner;

	(void)state;
	need_namespaces("ifb");
	mark = scope_with("ifb", blue, &link);
	inner = gons_must(gons_scope_begin());
	assert_int_equal(move_link(blue, link.ifindex, gons_must(gons_netns_new_transient()), NULL),
			 0);
	gons_must(gons_scope_end(inner));
	gons_must(gons_scope_end(mark));
}

static void the_descriptor_of_a_links_namespace_may_be_closed_first(void **state)
{
	struct gons_link_options options = { .up = 0 };
	struct gons_link link;
	char path[64];
	int mark, fd;

	(void)state;
	need_namespaces("bridge");
	(void)snprintf(path, sizeof(path), "/proc/thread-self/fd/%d", blue);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd > 0);
	mark = gons_must(gons_scope_begin());
	options.nsfd = fd;
	gons_must(gons_bridge_new_transient(&options, &link));
	assert_int_equal(close(fd), 0);
	gons_must(gons_scope_end(mark));
	assert_int_equal(count_links(blue), 0);
}

/* ---- other ends of a scope ---- */

static int end_inherited(void *arg)
{
	int fds = count_entries("/proc/thread-self/fd");
	int mark = *(int *)arg;

	want(gons_scope_end(mark) == 0);
	want(count_entries("/proc/thread-self/fd") == fds - 1);
	return 0;
}

static int make_of_its_own(void *arg)
{
	const struct gons_link_options options = { .nsfd = blue };
	struct gons_link link;

	want(gons_bridge_new_transient(&options, &link) == 0);
	want(gons_scope_end(*(int *)arg) == 0);
	return 0;
}

static void a_forked_child_deletes_its_own_links_and_not_its_parents(void **state)
{
	struct gons_link link;
	int mark;

	(void)state;
	need_namespaces("bridge");
	mark = scope_with("bridge", blue, &link);
	assert_int_equal(in_child(end_inherited, &mark), 0);
	assert_true(see_link(blue, link.ifindex, NULL));
	assert_int_equal(in_child(make_of_its_own, &mark), 0);
	assert_int_equal(count_links(blue), 1);
	/* The shared socket still works for its owner. */
	gons_must(gons_link_up(blue, link.ifindex, 1000));
	gons_must(gons_scope_end(mark));
	assert_int_equal(count_links(blue), 0);
}

static void make_and_end(void *arg)
{
	(void)arg;
	gons_must(gons_bridge_new_transient(&(struct gons_link_options){ .nsfd = blue }, NULL));
}

static void links_are_deleted_when_their_thread_ends(void **state)
{
	(void)state;
	need_namespaces("bridge");
	on_thread(make_and_end, NULL);
	assert_int_equal(count_links(blue), 0);
}

/* ---- descriptors ---- */

static void links_of_one_namespace_share_one_descriptor(void **state)
{
	int before, mark;

	(void)state;
	need_namespaces("veth");
	before = count_entries("/proc/thread-self/fd");
	mark = gons_must(gons_scope_begin());
	for (int i = 0; i < 100; i++) {
		struct gons_link_options options = { .nsfd = i % 2 ? blue : red,
						     .peer_nsfd = i % 2 ? red : blue };

		gons_must(gons_veth_new_transient(&options, NULL));
	}
	assert_int_equal(count_entries("/proc/thread-self/fd"), before + 2);
	gons_must(gons_scope_end(mark));
	assert_int_equal(count_entries("/proc/thread-self/fd"), before);
	assert_int_equal(count_links(blue) + count_links(red), 0);
}

static int meet_the_limit(void *arg)
{
	const struct gons_link_options options = { .nsfd = blue };
	int fds = count_entries("/proc/thread-self/fd");
	int lowest = fcntl(0, F_DUPFD_CLOEXEC, 0); /* that is unused */
	struct rlimit limit = { .rlim_cur = 0, .rlim_max = 4096 };

	(void)arg;
	want(close(lowest) == 0);
	/* With each number of descriptors it fails at another step, and leaves nothing. */
	for (int free_fds = 0; free_fds < 12; free_fds++) {
		int mark = gons_scope_begin();
		int result;

		limit.rlim_cur = (rlim_t)(lowest + free_fds);
		want(setrlimit(RLIMIT_NOFILE, &limit) == 0);
		result = gons_link_new_transient("veth", &options, NULL);
		limit.rlim_cur = 4096;
		want(setrlimit(RLIMIT_NOFILE, &limit) == 0);
		want(result == 0 || strstr(gons_error(), "RLIMIT_NOFILE"));
		want(free_fds > 0 || result < 0);
		want(free_fds < 11 || result == 0);
		want(gons_scope_end(mark) == 0);
		want(count_entries("/proc/thread-self/fd") == fds);
		want(count_links(blue) == 0);
	}
	return 0;
}

static void without_free_descriptors_links_are_deleted(void **state)
{
	(void)state;
	need_namespaces("veth");
	assert_int_equal(in_child(meet_the_limit, NULL), 0);
}

static int close_everything(void *arg)
{
	const struct gons_link_options options = { .nsfd = blue };
	struct gons_link link;
	int mark = gons_scope_begin();
	int other;

	(void)arg;
	want(gons_bridge_new_transient(&options, &link) == 0);
	for (int fd = 3; fd < 64; fd++)
		if (gons_type(fd) < 0)
			(void)close(fd);
	/* The file that has the descriptor now must stay open. */
	do
		other = open("/dev/null", O_WRONLY | O_CLOEXEC);
	while (other >= 0 && other < 60);
	want(gons_scope_end(mark) < 0);
	want(errno == EBADF);
	want(strstr(gons_error(), "the program has closed a netlink socket") != NULL);
	want(fcntl(other, F_GETFD) >= 0);
	want(write(3, "", 1) >= -1 && fcntl(3, F_GETFD) >= 0);
	/* and a new socket is opened for the next link. */
	want(gons_link_delete(blue, link.ifindex) == 0);
	return 0;
}

static void a_closed_netlink_socket_is_reported_and_a_reused_descriptor_left_alone(void **state)
{
	(void)state;
	need_namespaces("bridge");
	assert_int_equal(in_child(close_everything, NULL), 0);
}

static int end_without_capabilities(void *arg)
{
	const struct gons_link_options options = { .nsfd = blue };
	struct gons_link link;
	int mark = gons_scope_begin();

	(void)arg;
	want(gons_bridge_new_transient(&options, &link) == 0);
	want(lose_capabilities(UINT64_MAX));
	want(gons_scope_end(mark) < 0);
	want(errno == EPERM);
	want(strstr(gons_error(), "cannot delete link ") != NULL);
	want(strstr(gons_error(), link.name) != NULL);
	want(strstr(gons_error(), "CAP_NET_ADMIN is missing") != NULL);
	return 0;
}

static void without_permission_the_end_of_the_scope_names_the_link_that_stays(void **state)
{
	(void)state;
	need_namespaces("bridge");
	assert_int_equal(in_child(end_without_capabilities, NULL), 0);
	assert_int_equal(count_links(blue), 1);
}

static int without_standard_input(void *arg)
{
	struct gons_link_options options = { .up = 0 };
	int links;

	(void)arg;
	want(gons_netns_enter_transient() == 0); /* where no other program creates links */
	links = see_links(-1, NULL, 0);
	want(close(0) == 0);
	options.nsfd = gons_netns_new_transient();
	want(options.nsfd > 0);
	want(gons_current(CLONE_NEWNET) > 0);
	want(gons_bridge_new_transient(&options, NULL) == 0);
	want(see_links(-1, NULL, 0) == links);
	want(fcntl(0, F_GETFD) < 0);
	return 0;
}

static void the_descriptor_of_a_namespace_is_never_0(void **state)
{
	(void)state;
	need_namespaces("bridge");
	assert_int_equal(in_child(without_standard_input, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(a_link_is_deleted_with_the_scope),
		check_test(both_ends_of_a_pair_are_deleted_with_the_scope),
		check_test(a_deleted_link_is_no_error),
		check_test(a_renamed_link_is_deleted),
		check_test(a_link_with_a_changed_address_is_deleted),
		check_test(a_link_with_a_changed_name_and_address_is_deleted),
		check_test(a_renamed_vlan_with_the_address_of_its_parent_is_deleted),
		check_test(a_renamed_bridge_with_a_port_is_deleted),
		check_test(a_moved_link_is_deleted),
		check_test(a_moved_link_with_another_name_or_address_is_deleted),
		check_test(a_link_moved_there_and_back_is_deleted),
		check_test(a_pair_with_moved_ends_is_deleted),
		check_test(an_unrecognisable_end_is_deleted_with_its_peer),
		check_test(an_end_with_a_given_address_is_deleted_with_its_peer),
		check_test(another_programs_link_with_the_same_index_stays),
		check_test(another_programs_macvlan_on_the_same_parent_stays),
		check_test(another_link_with_the_same_address_stays),
		check_test(a_link_in_a_namespace_that_is_gone_is_no_error),
		check_test(the_descriptor_of_a_links_namespace_may_be_closed_first),
		check_test(a_forked_child_deletes_its_own_links_and_not_its_parents),
		check_test(links_are_deleted_when_their_thread_ends),
		check_test(links_of_one_namespace_share_one_descriptor),
		check_test(without_free_descriptors_links_are_deleted),
		check_test(a_closed_netlink_socket_is_reported_and_a_reused_descriptor_left_alone),
		check_test(without_permission_the_end_of_the_scope_names_the_link_that_stays),
		check_test(the_descriptor_of_a_namespace_is_never_0),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

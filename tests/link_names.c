/* SPDX-License-Identifier: Apache-2.0 */
/* Taken names: gons tries others. This program replaces getrandom(2) for the library, since
 * waiting for a collision would take too long. */
#include "check.h"

#include <gons/link.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "links.h"

/* How many calls still return the same value; negative: those of the kernel. */
static int same_left;
static int calls, errnum;

/* NOLINTNEXTLINE: the C library has another one */
ssize_t getrandom(void *buf, size_t size, unsigned flags)
{
	calls++;
	if (errnum != 0) {
		errno = errnum;
		return -1;
	}
	if (same_left <= 0)
		return syscall(SYS_getrandom, buf, size, flags);
	same_left--;
	memset(buf, 0, size);
	return (ssize_t)size;
}

static void begin(void)
{
	same_left = errnum = calls = 0;
	need_namespaces("bridge");
}

static void a_taken_random_name_is_replaced_by_another(void **state)
{
	const struct gons_link_options options = { .prefix = "x-" };
	struct gons_link first, second;

	(void)state;
	begin();
	gons_must(gons_enter(blue));
	same_left = 1000;
	gons_must(gons_bridge_new_transient(&options, &first));
	assert_string_equal(first.name, "x-aaaaaaaaaaaaa");
	assert_true(calls > 0 && calls < 10);
	same_left = 20;
	gons_must(gons_bridge_new_transient(&options, &second));
	assert_string_not_equal(second.name, first.name);
	assert_memory_equal(second.name, "x-", 2);
	assert_int_equal(same_left, 0);
	assert_int_equal(count_links(-1), 2);
}

static void a_taken_random_name_is_replaced_for_either_end_of_a_pair(void **state)
{
	struct gons_link_options options = { .prefix = "x-" };
	struct gons_link link;

	(void)state;
	begin();
	gons_require_link("veth");
	for (int i = 0; i < 2; i++)
		GONS_SCOPE {
			options.nsfd = i ? red : blue;
			same_left = 1000;
			gons_must(gons_bridge_new_transient(&options, NULL));
			options.nsfd = blue;
			options.peer_nsfd = red;
			same_left = 20;
			gons_must(gons_veth_new_transient(&options, &link));
			assert_int_equal(same_left, 0);
			options.peer_nsfd = 0;
		}
}

static void the_search_for_a_free_name_is_limited(void **state)
{
	const struct gons_link_options options = { .prefix = "x-" };

	(void)state;
	begin();
	gons_must(gons_enter(blue));
	same_left = 1000000;
	gons_must(gons_bridge_new_transient(&options, NULL));
	assert_refused(gons_bridge_new_transient(&options, NULL), EEXIST,
		       "100 random names were tried");
	assert_int_equal(count_links(-1), 1);
}

static void without_random_numbers_no_link_is_created(void **state)
{
	(void)state;
	begin();
	gons_must(gons_enter(blue));
	errnum = ENOSYS;
	assert_refused(gons_bridge_new_transient(NULL, NULL), ENOSYS, "random numbers");
	errnum = 0;
	assert_int_equal(count_links(-1), 0);
}

/* ---- exact names ---- */

static void a_link_and_its_peer_have_the_requested_names(void **state)
{
	struct gons_link_options options = { .name = "eth0", .peer_name = "enp0s31f6np0v1x" };
	struct seen_link seen;
	struct gons_link link;

	(void)state;
	need_namespaces("veth");
	options.nsfd = blue;
	options.peer_nsfd = red;
	gons_must(gons_veth_new_transient(&options, &link));
	assert_string_equal(link.name, "eth0");
	assert_string_equal(link.peer_name, "enp0s31f6np0v1x");
	assert_true(see_name(blue, "eth0", &seen));
	assert_int_equal(seen.ifindex, link.ifindex);
	assert_int_equal(link.address_size, 6);
	assert_memory_equal(seen.address, link.address, 6);
	assert_true(see_name(red, "enp0s31f6np0v1x", &seen));
	assert_memory_equal(seen.address, link.peer_address, 6);
	options.peer_name = NULL;
	assert_refused(gons_veth_new_transient(&options, NULL), EEXIST, "eth0 is taken");
	options.name = NULL;
	options.peer_name = "enp0s31f6np0v1x";
	assert_refused(gons_veth_new_transient(&options, NULL), EEXIST, "np0v1x is taken");
	options.nsfd = red; /* the name is free in that namespace */
	options.name = "eth0";
	options.peer_name = "eth1";
	gons_must(gons_veth_new_transient(&options, NULL));
}

static void invalid_link_names_are_refused(void **state)
{
	static const char *const names[] = { "",    ".",   "..",    "a/b",
					     "a:b", "a b", "eth%d", "sixteen-letters-" };
	struct gons_link_options options = { .name = "eth0", .prefix = "eth" };

	(void)state;
	need_namespaces("veth");
	gons_must(gons_enter(blue));
	assert_refused(gons_veth_new_transient(&options, NULL), EINVAL,
		       "prefix and name are both set");
	options = (struct gons_link_options){ .peer_name = "eth0", .prefix = "eth" };
	assert_refused(gons_veth_new_transient(&options, NULL), EINVAL,
		       "prefix and peer_name are both set");
	options = (struct gons_link_options){ .peer_name = "eth0" };
	assert_refused(gons_link_new_transient("bridge", &options, NULL), EINVAL, "no peer");
	options = (struct gons_link_options){ .reserved = { 0, 0, 0, 1 } };
	assert_refused(gons_veth_new_transient(&options, NULL), EINVAL, "reserved[3]");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		options = (struct gons_link_options){ .name = names[i] };
		assert_refused(gons_veth_new_transient(&options, NULL), EINVAL, names[i]);
		options = (struct gons_link_options){ .peer_name = names[i] };
		assert_refused(gons_veth_new_transient(&options, NULL), EINVAL, names[i]);
		assert_refused(gons_link_rename(-1, 1, names[i]), EINVAL, names[i]);
		assert_refused(gons_link_move(-1, 1, red, names[i]), EINVAL, names[i]);
	}
	assert_int_equal(count_links(-1), 0);
}

static void a_link_is_renamed_moved_and_set_down(void **state)
{
	struct gons_link_options options = { .up = 1 };
	struct seen_link seen;
	struct gons_link link;
	int ifindex;

	(void)state;
	need_namespaces("veth");
	options.nsfd = options.peer_nsfd = blue;
	gons_must(gons_veth_new_transient(&options, &link));
	gons_must(gons_link_set_mtu(blue, link.ifindex, 1400));
	gons_must(gons_link_down(blue, link.ifindex));
	gons_must(gons_link_rename(blue, link.ifindex, "eth0"));
	assert_true(see_name(blue, "eth0", &seen));
	assert_int_equal(seen.mtu, 1400);
	assert_false(seen.flags & 1 /* IFF_UP */);
	assert_refused(gons_link_rename(blue, link.ifindex, "lo"), EEXIST, "to lo");
	assert_refused(gons_link_rename(blue, 4711, "x"), ENODEV, "link 4711");
	assert_refused(gons_link_rename(blue, link.ifindex, NULL), EINVAL, "name is NULL");
	assert_refused(gons_link_set_mtu(blue, link.ifindex, 1), EINVAL, "to 1");
	assert_refused(gons_link_set_mtu(blue, 4711, 1400), ENODEV, "link 4711");
	assert_refused(gons_link_down(blue, 4711), ENODEV, "link 4711");
	assert_refused(gons_link_down(blue, 0), EINVAL, "0 is not an ifindex");
	gons_must(gons_link_up(blue, link.ifindex, 5000)); /* shows that the link is usable again */
	assert_refused(gons_link_move(blue, link.ifindex, red, "lo"), EEXIST, "named lo");
	assert_refused(gons_link_move(blue, 1, red, NULL), EINVAL, "cannot move link 1");
	assert_refused(gons_link_move(blue, 4711, red, NULL), ENODEV, "link 4711");
	ifindex = gons_must(gons_link_move(blue, link.ifindex, red, "eth7"));
	assert_true(see_name(red, "eth7", &seen));
	assert_int_equal(seen.ifindex, ifindex);
	ifindex = gons_must(gons_link_move(red, ifindex, green, NULL));
	assert_true(see_name(green, "eth7", &seen));
	assert_int_equal(seen.ifindex, ifindex);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(a_taken_random_name_is_replaced_by_another),
		check_test(a_taken_random_name_is_replaced_for_either_end_of_a_pair),
		check_test(the_search_for_a_free_name_is_limited),
		check_test(without_random_numbers_no_link_is_created),
		check_test(a_link_and_its_peer_have_the_requested_names),
		check_test(invalid_link_names_are_refused),
		check_test(a_link_is_renamed_moved_and_set_down),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

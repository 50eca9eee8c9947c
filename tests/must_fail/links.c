/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links of tests that fail are gone before the next test.
 */
#include <fcntl.h>
#include <gons/link.h>
#include <net/if.h>
#include <sys/stat.h>
#include <unistd.h>

#include "group.h"

static int nsfd; /* of a network namespace that outlives the tests */

static void make_links(void)
{
	const struct gons_link_options options = { .nsfd = nsfd, .peer_nsfd = nsfd, .up = 1 };
	const struct gons_link_options bridge = { .nsfd = nsfd };

	gons_must(gons_veth_new_transient(&options, NULL));
	gons_must(gons_bridge_new_transient(&bridge, NULL));
}

static void count_links(void *count)
{
	struct if_nameindex *links = if_nameindex();

	while (links && links[*(int *)count].if_index != 0)
		++*(int *)count;
	if_freenameindex(links);
}

/*
 * run: assertions
 * status: 2
 * failed: makes_links_and_fails
 * failed: fails_within_the_namespace
 * passed: finds_no_links
 * passed: finds_none_either
 * no: gons: left behind*
 * no: gons: not undone*
 */
static void makes_links_and_fails(void **state)
{
	(void)state;
	gons_require_link("veth");
	gons_require_link("bridge");
	make_links();
	fail();
}

static void fail_there(void *arg)
{
	(void)arg;
	make_links();
	fail();
}

static void fails_within_the_namespace(void **state)
{
	(void)state;
	gons_must(gons_netns_execute(nsfd, fail_there, NULL));
}

static void assert_no_links(void)
{
	static int before;
	int count = 0;

	gons_must(gons_netns_execute(nsfd, count_links, &count));
	if (before == 0)
		before = count;
	assert_int_equal(count, before);
}

static void finds_the_links_of_a_new_namespace(void **state)
{
	(void)state;
	assert_no_links();
}

static void finds_no_links(void **state)
{
	(void)state;
	assert_no_links();
}

static void finds_none_either(void **state)
{
	(void)state;
	assert_no_links();
}

static int assertions(void)
{
	run_these(gons_unit_test(finds_the_links_of_a_new_namespace),
		  gons_unit_test(makes_links_and_fails), gons_unit_test(finds_no_links),
		  gons_unit_test(fails_within_the_namespace), gons_unit_test(finds_none_either));
}

/*
 * A test that closes a socket of the scope is reported.
 *
 * run: closed
 * status: 1
 * err: gons: not undone: closes_the_socket: cannot find link *: Bad file descriptor: the program has closed a netlink socket of the scope
 * failed: closes_the_socket
 */
static void closes_the_socket(void **state)
{
	const struct gons_link_options options = { .nsfd = nsfd };
	struct stat st;
	int next;

	(void)state;
	gons_require_link("bridge");
	next = fcntl(0, F_DUPFD_CLOEXEC, 0);
	assert_int_equal(close(next), 0);
	gons_must(gons_bridge_new_transient(&options, NULL));
	for (int fd = next; fd < next + 8; fd++)
		if (fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode))
			assert_int_equal(close(fd), 0);
}

static int closed(void)
{
	run_these(gons_unit_test(closes_the_socket));
}

int main(int argc, char *argv[])
{
	static const struct group groups[] = {
		{ "assertions", assertions },
		{ "closed", closed },
		{ NULL, NULL },
	};

	if (gons_become_root() == 0)
		nsfd = gons_netns_new_transient();
	return group_main(argc, argv, groups);
}

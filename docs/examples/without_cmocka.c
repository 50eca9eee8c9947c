/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gons without a test framework: gons_test_begin() gives a test its namespaces, GONS_IN() is a block
 * in another namespace, and gons_test_end() undoes everything and reports what the test left behind.
 */
#include <net/if.h>
#include <stdio.h>

#include <gons/link.h>
#include <gons/netns.h>
#include <gons/privilege.h>
#include <gons/test.h>

/* A link is visible only in the namespace in which it was created. */
static bool a_link_is_in_one_namespace(void)
{
	struct gons_link_options options = { .nsfd = gons_netns_new_transient() };
	struct gons_link link;
	unsigned ifindex = 0;

	options.peer_nsfd = options.nsfd;
	if (options.nsfd < 0 || gons_veth_new_transient(&options, &link) < 0) {
		fprintf(stderr, "%s\n", gons_error());
		return false;
	}
	GONS_IN(options.nsfd) {
		ifindex = if_nametoindex(link.name);
	}
	return ifindex == (unsigned)link.ifindex && if_nametoindex(link.name) == 0;
}

int main(void)
{
	bool ok = false;
	int begun;

	/* Where this is refused, the test is skipped with the reason. */
	(void)gons_become_root();
	begun = gons_test_begin("a_link_is_in_one_namespace", CLONE_NEWNET);
	if (begun == 0)
		begun = gons_test_require_link("veth");
	if (begun == 0)
		ok = a_link_is_in_one_namespace();
	(void)gons_test_end(begun == 0 && !ok);
	return gons_exit_status();
}

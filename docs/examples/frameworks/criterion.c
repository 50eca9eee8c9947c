/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gons with Criterion: each test has a network of its own.
 */
#include <net/if.h>
#include <unistd.h>

#include <gons/criterion.h>

GONS_TEST(network, sees_only_the_loopback_link, CLONE_NEWNET | CLONE_NEWNS)
{
	cr_assert_eq(if_nametoindex("lo"), 1);
	cr_assert_eq(access("/sys/class/net/lo", F_OK), 0);
}

GONS_TEST(network, looks_into_another_network, 0)
{
	int nsfd;

	gons_require(CLONE_NEWNET);
	nsfd = gons_must(gons_netns_new_transient());
	GONS_MUST_IN(nsfd) {
		cr_assert_eq(gons_must(gons_netns_current_ino()), gons_must(gons_netns_ino(nsfd)));
	}
	cr_assert_neq(gons_netns_current_ino(), gons_netns_ino(nsfd));
}

/* Criterion has a main() of its own; this one is for unprivileged users. */
int main(int argc, char *argv[])
{
	struct criterion_test_set *tests;
	int passed;

	if (gons_become_root() < 0)
		fprintf(stderr, "gons: not root: %s\n", gons_error());
	tests = criterion_initialize();
	if (!criterion_handle_args(argc, argv, true))
		return 0; /* --help, for example */
	passed = criterion_run_all_tests(tests);
	criterion_finalize(tests);
	return passed ? 0 : 1;
}

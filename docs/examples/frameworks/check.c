/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gons with Check: each test has a network of its own.
 */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <gons/check.h>

GONS_START_TEST(sees_only_the_loopback_link, CLONE_NEWNET | CLONE_NEWNS)
{
	ck_assert_uint_eq(if_nametoindex("lo"), 1);
	ck_assert_int_eq(access("/sys/class/net/lo", F_OK), 0);
}
END_TEST

GONS_START_TEST(looks_into_another_network, 0)
{
	int nsfd;

	gons_require(CLONE_NEWNET);
	nsfd = gons_must(gons_netns_new_transient());
	GONS_MUST_IN(nsfd) {
		ck_assert(gons_must(gons_netns_current_ino()) == gons_must(gons_netns_ino(nsfd)));
	}
	ck_assert(gons_netns_current_ino() != gons_netns_ino(nsfd));
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("network");
	Suite *suite = suite_create("gons");
	SRunner *runner = srunner_create(suite);
	int failed;

	if (gons_become_root() < 0)
		fprintf(stderr, "gons: not root: %s\n", gons_error());
	suite_add_tcase(suite, tests);
	tcase_add_test(tests, sees_only_the_loopback_link);
	tcase_add_test(tests, looks_into_another_network);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

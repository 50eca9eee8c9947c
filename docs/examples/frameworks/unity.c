/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gons with Unity: each test has a network of its own.
 */
#include <net/if.h>
#include <stdio.h>
#include <unistd.h>

#include <gons/unity.h>

/* Unity wants these. */
void setUp(void)
{
}

void tearDown(void)
{
}

static void sees_only_the_loopback_link(void)
{
	TEST_ASSERT_EQUAL_UINT(1, if_nametoindex("lo"));
	TEST_ASSERT_EQUAL_INT(0, access("/sys/class/net/lo", F_OK));
}

static void looks_into_another_network(void)
{
	int nsfd;

	gons_require(CLONE_NEWNET);
	nsfd = gons_must(gons_netns_new_transient());
	GONS_MUST_IN(nsfd) {
		TEST_ASSERT_TRUE(gons_must(gons_netns_current_ino()) ==
				 gons_must(gons_netns_ino(nsfd)));
	}
	TEST_ASSERT_TRUE(gons_netns_current_ino() != gons_netns_ino(nsfd));
}

int main(void)
{
	if (gons_become_root() < 0)
		fprintf(stderr, "gons: not root: %s\n", gons_error());
	UNITY_BEGIN();
	GONS_RUN_TEST(sees_only_the_loopback_link, CLONE_NEWNET | CLONE_NEWNS);
	GONS_RUN_TEST(looks_into_another_network, 0);
	return UNITY_END();
}

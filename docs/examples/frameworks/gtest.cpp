/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gons with GoogleTest: each test has a network of its own.
 */
#include <net/if.h>
#include <stdio.h>
#include <unistd.h>

#include <gons/gtest.h>

class Network : public gons::TestIn<CLONE_NEWNET | CLONE_NEWNS>
{
};

TEST_F(Network, SeesOnlyTheLoopbackLink)
{
	EXPECT_EQ(if_nametoindex("lo"), 1u);
	EXPECT_EQ(access("/sys/class/net/lo", F_OK), 0);
}

class Outside : public gons::Test
{
};

TEST_F(Outside, LooksIntoAnotherNetwork)
{
	int nsfd;

	gons_require(CLONE_NEWNET);
	nsfd = gons_must(gons_netns_new_transient());
	GONS_MUST_IN(nsfd) {
		EXPECT_EQ(gons_must(gons_netns_current_ino()), gons_must(gons_netns_ino(nsfd)));
	}
	EXPECT_NE(gons_netns_current_ino(), gons_netns_ino(nsfd));
}

int main(int argc, char **argv)
{
	testing::InitGoogleTest(&argc, argv);
	if (gons_become_root() < 0)
		fprintf(stderr, "gons: not root: %s\n", gons_error());
	return RUN_ALL_TESTS();
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * <gons/gtest.h>: tests that fail on purpose.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gons/gtest.h>

static ino_t outside;

static ino_t own_netns()
{
	struct stat st;

	return stat("/proc/thread-self/ns/net", &st) == 0 ? st.st_ino : 0;
}

/*
 * run: all
 * status: 1
 * out: {assertion}: Failure
 * out: *FAILED  ] InNetwork.Fails*
 * out: *OK ] Outside.IsOutside*
 * out: {leaks}: Failure
 * out: left behind: descriptor * was left open: /etc/passwd
 * out: {must}: Failure
 * out: gons_type(-1): *: Bad file descriptor*
 * out: cannot create a link of kind nonsense: *
 * out: *SKIPPED ] Outside.Requires*
 * out: *PASSED  ] 2 tests.
 * err: gons: left behind: Outside.Leaks: descriptor * was left open: /etc/passwd
 * no: not reached
 */
class InNetwork : public gons::TestIn<CLONE_NEWNET>
{
};

TEST_F(InNetwork, Fails)
{
	ASSERT_EQ(own_netns(), outside); /* assertion */
	fprintf(stderr, "not reached\n");
}

class Outside : public gons::Test
{
};

TEST_F(Outside, IsOutside)
{
	ASSERT_EQ(own_netns(), outside);
}

TEST_F(Outside, Leaks) /* leaks */
{
	ASSERT_GE(open("/etc/passwd", O_RDONLY | O_CLOEXEC), 0);
}

TEST_F(Outside, Must)
{
	gons_must(gons_type(-1)); /* must */
	fprintf(stderr, "not reached\n");
}

TEST_F(Outside, Requires)
{
	gons_require_link("nonsense");
	fprintf(stderr, "not reached\n");
}

class InNetworkAgain : public gons::TestIn<CLONE_NEWNET>
{
};

TEST_F(InNetworkAgain, Passes)
{
	ASSERT_NE(own_netns(), outside);
}

int main(int argc, char **argv)
{
	testing::InitGoogleTest(&argc, argv);
	if (gons_become_root() < 0 || !gons_can(CLONE_NEWNET)) {
		fprintf(stderr, "cannot run here: %s\n", gons_error());
		return 77;
	}
	outside = own_netns();
	return RUN_ALL_TESTS();
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * <gons/unity.h>: tests that fail on purpose.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gons/unity.h>

static ino_t outside;

static ino_t own_netns(void)
{
	struct stat st;

	return stat("/proc/thread-self/ns/net", &st) == 0 ? st.st_ino : 0;
}

void setUp(void)
{
}

void tearDown(void)
{
}

/*
 * run: all
 * status: 3
 * out: {assertion}:fails:FAIL*
 * out: *:is_outside:PASS
 * out: {leaks}:leaks:FAIL:*left behind: descriptor * was left open: /etc/passwd
 * out: {must}:must:FAIL:*gons_type(-1): *: Bad file descriptor*
 * out: *:requires:IGNORE: cannot create a link of kind nonsense: *
 * out: *:passes:PASS
 * out: 6 Tests 3 Failures 1 Ignored*
 * no: not reached
 */
static void fails(void)
{
	TEST_ASSERT_TRUE(own_netns() == outside); /* assertion */
	fprintf(stderr, "not reached\n");
}

static void is_outside(void)
{
	TEST_ASSERT_TRUE(own_netns() == outside);
}

static void leaks(void)
{
	TEST_ASSERT_TRUE(open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0);
}

static void must(void)
{
	gons_must(gons_type(-1)); /* must */
	fprintf(stderr, "not reached\n");
}

static void requires(void)
{
	gons_require_link("nonsense");
	fprintf(stderr, "not reached\n");
}

static void passes(void)
{
	TEST_ASSERT_TRUE(own_netns() != outside);
}

int main(void)
{
	if (gons_become_root() < 0 || !gons_can(CLONE_NEWNET)) {
		fprintf(stderr, "cannot run here: %s\n", gons_error());
		return 77;
	}
	outside = own_netns();
	UNITY_BEGIN();
	GONS_RUN_TEST(fails, CLONE_NEWNET);
	GONS_RUN_TEST(is_outside, 0);
	GONS_RUN_TEST(leaks, 0); /* leaks */
	GONS_RUN_TEST(must, 0);
	GONS_RUN_TEST(requires, 0);
	GONS_RUN_TEST(passes, CLONE_NEWNET);
	return UNITY_END();
}

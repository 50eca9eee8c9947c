/* SPDX-License-Identifier: Apache-2.0 */
/*
 * <gons/criterion.h>: tests that fail on purpose.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gons/criterion.h>

static ino_t outside;

static ino_t own_netns(void)
{
	struct stat st;

	return stat("/proc/thread-self/ns/net", &st) == 0 ? st.st_ino : 0;
}

static void set_up(void)
{
	outside = own_netns();
}

/*
 * run: all
 * status: 1
 * err: *{assertion}: Assertion Failed*
 * err: *FAIL* tests::fails: *
 * err: gons: left behind: tests.leaks: descriptor * was left open: /etc/passwd
 * err: *{leaks}: Assertion Failed*
 * err: *left behind: descriptor * was left open: /etc/passwd*
 * err: *{must}: Assertion Failed*
 * err: *gons_type(-1): *: Bad file descriptor*
 * err: gons: skipped: tests.skips: cannot create a link of kind nonsense: *
 * err: *Tested: 4 | Passing: 1 | Failing: 3*
 * no: not reached
 */
GONS_TEST(tests, fails, CLONE_NEWNET, .init = set_up)
{
	cr_assert_eq(own_netns(), outside); /* assertion */
	fprintf(stderr, "not reached\n");
}

GONS_TEST(tests, leaks, CLONE_NEWUTS, .init = set_up) /* leaks */
{
	cr_assert_geq(open("/etc/passwd", O_RDONLY | O_CLOEXEC), 0);
}

GONS_TEST(tests, must, 0, .init = set_up)
{
	gons_must(gons_type(-1)); /* must */
	fprintf(stderr, "not reached\n");
}

GONS_TEST(tests, passes, CLONE_NEWNET, .init = set_up)
{
	cr_assert_neq(own_netns(), outside);
}

GONS_TEST(tests, skips, 0, .init = set_up)
{
	gons_require_link("nonsense");
	fprintf(stderr, "not reached\n");
}

int main(int argc, char *argv[])
{
	struct criterion_test_set *tests;
	int result;

	(void)argc;
	(void)argv;
	if (gons_become_root() < 0 || !gons_can(CLONE_NEWNET | CLONE_NEWUTS)) {
		fprintf(stderr, "cannot run here: %s\n", gons_error());
		return 77;
	}
	tests = criterion_initialize();
	criterion_options.jobs = 1;
	result = criterion_run_all_tests(tests) ? 0 : 1;
	criterion_finalize(tests);
	return result;
}

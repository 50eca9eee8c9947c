/* SPDX-License-Identifier: Apache-2.0 */
/*
 * <gons/check.h>: tests that fail on purpose, in forked children and without.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gons/check.h>

static ino_t outside;

static ino_t own_netns(void)
{
	struct stat st;

	return stat("/proc/thread-self/ns/net", &st) == 0 ? st.st_ino : 0;
}

/*
 * run: fork
 * status: 3
 * out: *%: Checks: 6, Failures: 3, Errors: 0
 * out: {assertion}:F:*fails:0: Assertion 'own_netns() == outside' failed*
 * out: {leaks}:F:*leaks:0: left behind: descriptor * was left open: /etc/passwd
 * out: {must}:F:*must:0: gons_type(-1): *: Bad file descriptor*
 * run: no_fork
 * status: 3
 * out: *%: Checks: 6, Failures: 3, Errors: 0
 * out: {assertion}:F:*fails:0: Assertion 'own_netns() == outside' failed*
 * out: {leaks}:F:*leaks:0: left behind: descriptor * was left open: /etc/passwd
 * out: {must}:F:*must:0: gons_type(-1): *: Bad file descriptor*
 * err: gons: left behind: leaks: descriptor * was left open: /etc/passwd
 * err: gons: skipped: requires: cannot create a link of kind nonsense: *
 * no: not reached
 */
GONS_START_TEST(fails, CLONE_NEWNET)
{
	ck_assert(own_netns() == outside); /* assertion */
	fprintf(stderr, "not reached\n");
}
END_TEST

GONS_START_TEST(is_outside, 0)
{
	ck_assert(own_netns() == outside);
}
END_TEST

GONS_START_TEST(leaks, CLONE_NEWUTS) /* leaks */
{
	ck_assert_int_ge(open("/etc/passwd", O_RDONLY | O_CLOEXEC), 0);
}
END_TEST

GONS_START_TEST(must, 0)
{
	gons_must(gons_type(-1)); /* must */
	fprintf(stderr, "not reached\n");
}
END_TEST

GONS_START_TEST(requires, 0)
{
	gons_require_link("nonsense");
	fprintf(stderr, "not reached\n");
}
END_TEST

GONS_START_TEST(passes, CLONE_NEWNET)
{
	ck_assert(own_netns() != outside);
}
END_TEST

int main(int argc, char *argv[])
{
	TCase *tests = tcase_create("tests");
	Suite *suite = suite_create("gons");
	SRunner *runner = srunner_create(suite);
	int failed;

	if (argc != 2 || gons_become_root() < 0 || !gons_can(CLONE_NEWNET | CLONE_NEWUTS)) {
		fprintf(stderr, "cannot run here: %s\n", gons_error());
		return 77;
	}
	outside = own_netns();
	suite_add_tcase(suite, tests);
	tcase_add_test(tests, fails);
	tcase_add_test(tests, is_outside);
	tcase_add_test(tests, leaks);
	tcase_add_test(tests, must);
	tcase_add_test(tests, requires);
	tcase_add_test(tests, passes);
	srunner_set_fork_status(runner, strcmp(argv[1], "fork") == 0 ? CK_FORK : CK_NOFORK);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}

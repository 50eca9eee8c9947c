/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A working directory that the user may not enter, as after root has become another user: calls
 * that have to return to it are refused.
 *
 * The process there must belong to another user, so this program starts itself again.
 */
#include "check.h"

#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The working directory by name: stat(2) of "." is refused in it. */
static void get_directory(char path[PATH_MAX])
{
	assert_true(syscall(SYS_getcwd, path, PATH_MAX) > 0);
}

static void a_test_without_requirements_passes(void **state)
{
	(void)state;
	assert_int_equal(access(".", X_OK), -1);
	assert_int_equal(errno, EACCES);
}

static void a_mount_namespace_is_refused_where_the_working_directory_cannot_be_restored(
	void **state)
{
	uint64_t before = own_ino("mnt");
	char old[PATH_MAX], now[PATH_MAX];
	int fds = count_entries("/proc/thread-self/fd");

	(void)state;
	get_directory(old);
	assert_refused(gons_enter_transient(CLONE_NEWNS), EACCES,
		       "this user may not enter the present working directory");
	assert_int_equal(own_ino("mnt"), before);
	get_directory(now);
	assert_string_equal(now, old);
	assert_int_equal(count_entries("/proc/thread-self/fd"), fds);
}

static int run_as_nobody(const char *dir)
{
	const struct CMUnitTest tests[] = {
		gons_unit_test(a_test_without_requirements_passes),
		gons_unit_test(
			a_mount_namespace_is_refused_where_the_working_directory_cannot_be_restored),
	};

	if (chdir(dir) < 0 || setgroups(0, NULL) < 0 || setresgid(65534, 65534, 65534) < 0 ||
	    setresuid(65534, 65534, 65534) < 0)
		return 99;
	/* Makes the process dumpable, as a program that this user has started. */
	(void)prctl(PR_SET_DUMPABLE, 1);
	return gons_run_group_tests(tests, NULL, NULL);
}

/* ---- */

static int start_again(void *dir)
{
	return execl("/proc/self/exe", "test-working_directory", (const char *)dir, NULL);
}

static void remove_directory(void *dir)
{
	(void)rmdir(dir);
}

static void tests_run_in_a_directory_that_the_user_may_not_enter(void **state)
{
	static char dir[] = "/tmp/gons-XXXXXX"; /* outlives an assertion that fails */

	(void)state;
	if (geteuid() != 0 || !strstr(read_text("/proc/self/uid_map"), "4294967295")) {
		skip_for(__func__, "needs root, to become another user");
	}
	require_cap(__func__, CAP_SETUID, "CAP_SETUID");
	require_cap(__func__, CAP_SETGID, "CAP_SETGID");
	GONS_SCOPE {
		assert_non_null(mkdtemp(dir)); /* of mode 0700 */
		gons_must(gons_defer(remove_directory, dir));
		assert_int_equal(in_child(start_again, dir), 0);
	}
}

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		check_test(tests_run_in_a_directory_that_the_user_may_not_enter),
	};

	if (argc == 2)
		return run_as_nobody(argv[1]);
	return gons_run_group_tests(tests, NULL, NULL);
}

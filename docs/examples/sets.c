/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of namespaces is created, mounted on files and closed. It is opened again from the files
 * and used, while the test's own thread stays where it is.
 */
#include <errno.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <gons/cmocka.h>
#include <gons/mntns.h>
#include <gons/netns.h>
#include <gons/set.h>

enum { TYPES = CLONE_NEWNET | CLONE_NEWUTS };

static void create_and_mount(const char *dir)
{
	gons_set *set = gons_must(gons_set_unshare(NULL, TYPES, NULL));

	gons_must(gons_set_mount(set, dir));
	gons_set_close(set); /* the files keep the namespaces */
}

/* Runs on another thread, where assertions do not work: it returns its result in *arg. */
static bool bring_loopback_up(void *arg)
{
	int *result = arg;

	*result = gons_netns_loopback_up();
	return true; /* the thread may be used again */
}

/* Runs in a child, which is in all namespaces of the set. */
static int return_42(void *arg)
{
	(void)arg;
	return 42;
}

static void a_set_is_opened_again_from_its_files(void **state)
{
	uint64_t own = gons_must(gons_netns_current_ino());
	int result = -1, status = -1;
	gons_set *set;
	char id[32];

	(void)state;
	gons_require(TYPES | CLONE_NEWNS);
	/* The test's own mounts, which are gone when it ends. */
	gons_must(gons_mntns_enter_transient());
	assert_int_equal(mount("gons", "/tmp", "tmpfs", 0, NULL), 0);
	if (mkdir("/tmp/namespaces", 0755) < 0) {
		assert_int_equal(errno, EOVERFLOW);
		print_error("gons: skipped: %s: the user is not mapped, and can own no files\n",
			    __func__);
		skip();
	}
	create_and_mount("/tmp/namespaces");

	set = gons_must(gons_set_from_dir("/tmp/namespaces", 0));
	gons_must(gons_set_id(set, CLONE_NEWNET, id, sizeof(id)));
	print_message("opened again: %s\n", id);
	gons_must(gons_set_do_restore(set, bring_loopback_up, &result));
	assert_int_equal(result, 0);
	gons_must(gons_set_run(set, return_42, NULL, &status));
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);
	assert_int_equal(gons_netns_current_ino(), own);
	gons_set_close(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = { gons_unit_test(a_set_is_opened_again_from_its_files) };

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

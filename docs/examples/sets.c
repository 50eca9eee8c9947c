/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of namespaces is made, mounted to files and closed; from the files it is opened again
 * and used, without the test's own thread going there.
 */
#include <sys/mount.h>
#include <sys/stat.h>

#include <gons/cmocka.h>
#include <gons/mntns.h>
#include <gons/netns.h>
#include <gons/set.h>

enum { TYPES = CLONE_NEWNET | CLONE_NEWUTS };

static void make_and_mount(const char *dir)
{
	gons_set *set = gons_must(gons_set_unshare(NULL, TYPES, NULL));

	gons_must(gons_set_mount(set, dir));
	gons_set_close(set); /* the files keep the namespaces */
}

/* On a thread of gons's, where assertions do not work: what it finds goes to its caller. */
static bool bring_loopback_up(void *up)
{
	*(int *)up = gons_netns_loopback_up() == 0;
	return true; /* the thread may be used again */
}

static void a_set_outlives_the_one_who_made_it(void **state)
{
	uint64_t own = gons_must(gons_netns_current_ino());
	gons_set *set;
	char id[32];
	int up = 0;

	(void)state;
	gons_require(TYPES | CLONE_NEWNS);
	/* Mounts of its own, which are gone with the test. */
	gons_must(gons_mntns_enter_transient());
	assert_int_equal(mount("gons", "/tmp", "tmpfs", 0, NULL), 0);
	assert_int_equal(mkdir("/tmp/namespaces", 0755), 0);
	make_and_mount("/tmp/namespaces");

	set = gons_must(gons_set_from_dir("/tmp/namespaces", TYPES));
	gons_must(gons_set_id(set, CLONE_NEWNET, id, sizeof(id)));
	print_message("opened again: %s\n", id);
	gons_must(gons_set_do_restore(set, bring_loopback_up, &up));
	assert_true(up);
	assert_int_equal(gons_netns_current_ino(), own);
	gons_set_close(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = { gons_unit_test(a_set_outlives_the_one_who_made_it) };

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A program that a test executes inherits no descriptors of gons, so a daemon that a test has
 * started keeps no namespace alive. */
#include "check.h"

#include <gons/link.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Counts the descriptors in a new process of this program. */
static int count_there(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		(void)execl("/proc/self/exe", "exec", "count", (char *)NULL);
		_exit(255);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 255);
	return WEXITSTATUS(status);
}

static void close_set(void *set)
{
	gons_set_close(set);
}

static void close_pool(void *pool)
{
	gons_pool_close(pool);
}

static void a_program_inherits_no_descriptors_of_namespaces(void **state)
{
	int before = count_there(), here;

	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	here = count_entries("/proc/thread-self/fd");
	gons_must(gons_enter_transient(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS));
	gons_must(gons_mntns_mount_sysfs_ro());
	gons_must(gons_netns_new_transient());
	gons_must(gons_netns_current());
	gons_must(gons_mntns_new_transient(NULL));
	gons_must(gons_sysfs_open());
	gons_must(gons_leaks_end(gons_must(gons_leaks_begin()), NULL, NULL));
	assert_true(count_entries("/proc/thread-self/fd") > here + 5);
	assert_int_equal(count_there(), before);
}

static void a_program_inherits_no_descriptors_of_links(void **state)
{
	struct gons_link link;
	int before = count_there(), here;

	(void)state;
	gons_require(CLONE_NEWNET);
	gons_require_link("veth");
	here = count_entries("/proc/thread-self/fd");
	gons_must(gons_netns_enter_transient());
	gons_must(gons_veth_new_transient(NULL, &link));
	gons_must(gons_netns_mnl_open(-1, 0)); /* NETLINK_ROUTE */
	assert_true(count_entries("/proc/thread-self/fd") > here + 2);
	assert_int_equal(count_there(), before);
}

static void a_program_inherits_no_descriptors_of_sets_and_pools(void **state)
{
	int before = count_there(), here;
	gons_pool *pool;
	gons_set *set;

	(void)state;
	gons_require(CLONE_NEWNET);
	gons_require(CLONE_NEWPID);
	here = count_entries("/proc/thread-self/fd");
	set = gons_must(gons_set_unshare(NULL, CLONE_NEWNET | CLONE_NEWPID, NULL));
	gons_must(gons_defer(close_set, set));
	pool = gons_must(gons_pool_new(CLONE_NEWNET, NULL, NULL));
	gons_must(gons_defer(close_pool, pool));
	gons_must(gons_pool_start(pool, 2));
	set = gons_must(gons_pool_get(pool));
	gons_must(gons_defer(close_set, set));
	assert_true(count_entries("/proc/thread-self/fd") > here + 3);
	assert_int_equal(count_there(), before);
}

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		check_test(a_program_inherits_no_descriptors_of_namespaces),
		check_test(a_program_inherits_no_descriptors_of_links),
		check_test(a_program_inherits_no_descriptors_of_sets_and_pools),
	};

	if (argc == 2 && strcmp(argv[1], "count") == 0)
		return count_entries("/proc/self/fd");
	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A test that runs parts of its program as processes in another network namespace, and asserts on
 * what they print.
 *
 * gons_must() works in an action, and so do groups of tests with TAP: see gons_reexec_run(3).
 */
#include <net/if.h>
#include <stdio.h>

#include <gons/cmocka.h>
#include <gons/reexec.h>

GONS_ACTION(loopback)
{
	gons_must(gons_netns_loopback_up());
	return printf("%u is up", if_nametoindex("lo")) > 0 ? 0 : 1;
}

static void the_machines_links_are_not_there(void **state)
{
	(void)state;
	assert_int_equal(if_nametoindex("lo"), 1);
	assert_int_equal(if_nametoindex("eth0"), 0);
}

GONS_ACTION(links)
{
	const struct CMUnitTest tests[] = { gons_unit_test(the_machines_links_are_not_there) };

	return gons_run_group_tests(tests, NULL, NULL);
}

static char output[1000];

/* Runs the action in a new network namespace; what it prints is in output then. */
static void run_elsewhere(const char *action)
{
	static const char *const tap[] = { "CMOCKA_MESSAGE_OUTPUT=TAP", NULL };
	char path[32];
	const struct gons_nsref net = { "!net", path };
	struct gons_reexec job = { .action = action, .namespaces = &net, .n_namespaces = 1 };
	struct gons_reexec_result result;
	int fd, done;

	job.environment = tap;
	gons_require(CLONE_NEWNET);
	fd = gons_must(gons_netns_new_transient());
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	done = gons_reexec_run(&job, &result);
	(void)snprintf(output, sizeof(output), "%s", result.output ? result.output : "");
	gons_reexec_result_free(&result);
	if (done < 0)
		fail_msg("%s\n%s", gons_error(), output);
}

static void a_part_of_the_test_runs_elsewhere(void **state)
{
	(void)state;
	run_elsewhere("loopback");
	assert_string_equal(output, "1 is up");
}

static void tests_run_elsewhere(void **state)
{
	(void)state;
	run_elsewhere("links");
	assert_non_null(strstr(output, "ok 1 - the_machines_links_are_not_there"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		gons_unit_test(a_part_of_the_test_runs_elsewhere),
		gons_unit_test(tests_run_elsewhere),
	};

	gons_reexec_check(); /* before anything else */
	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What <gons/cmocka.h> makes of tests that pass. Those that fail on purpose are in must_fail.
 *
 * The order of the tests matters: of each pair, the first test does something, and the second
 * looks at what is left of it. Tests that need a group of their own run in a forked child.
 */
#include "check.h"

#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the first namespaces, and the state of the group set-up ---- */

static const char *const names[] = { "net", "mnt", "uts", "ipc", "cgroup" };
enum { NAMES = sizeof(names) / sizeof(names[0]) };

static uint64_t home[NAMES];
static char of_the_group[] = "the group's";
static char of_the_test[] = "the test's own";

static int set_up_group(void **state)
{
	(void)gons_group_setup_root(state);
	assert_null(*state);
	for (size_t i = 0; i < NAMES; i++)
		home[i] = own_ino(names[i]);
	*state = of_the_group;
	return 0;
}

/* Asserts that the thread is in its first namespaces, except for that of the named type. */
static void assert_only_differs_in(const char *away)
{
	for (size_t i = 0; i < NAMES; i++)
		if ((own_ino(names[i]) != home[i]) != (strstr(away, names[i]) != NULL))
			fail_msg("wrong %s namespace: %ju, home is %ju", names[i],
				 (uintmax_t)own_ino(names[i]), (uintmax_t)home[i]);
}

static void the_thread_is_in_its_first_namespaces_again(void **state)
{
	(void)state;
	assert_only_differs_in("");
}

static void tests_see_the_state_of_their_group(void **state)
{
	assert_ptr_equal(*state, of_the_group);
}

/* cmocka itself uses the group's state, if there is one, instead of the test's. */
static void the_groups_state_replaces_the_prestate(void **state)
{
	assert_ptr_equal(*state, of_the_group);
}

/* ---- fixtures ---- */

static uint64_t set_up_in, tested_in, torn_down_in;

static int set_up(void **state)
{
	assert_ptr_equal(*state, of_the_group);
	if (gons_can(CLONE_NEWNET)) /* else the test is skipped */
		gons_must(gons_netns_enter_transient());
	set_up_in = own_ino("net");
	*state = of_the_test;
	return 0;
}

static int tear_down(void **state)
{
	assert_ptr_equal(*state, &torn_down_in);
	torn_down_in = own_ino("net");
	return 0;
}

static void the_state_passes_from_set_up_to_teardown(void **state)
{
	assert_ptr_equal(*state, of_the_test);
	tested_in = own_ino("net");
	*state = &torn_down_in;
	gons_require(CLONE_NEWNET);
}

static void fixtures_run_in_the_namespaces_of_the_test(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET);
	assert_only_differs_in("");
	assert_int_not_equal(set_up_in, 0);
	assert_int_not_equal(set_up_in, home[0]);
	assert_int_equal(tested_in, set_up_in);
	assert_int_equal(torn_down_in, set_up_in);
}

static int undone;

static void count_undone(void *arg)
{
	(void)arg;
	undone++;
}

static int set_up_defers(void **state)
{
	(void)state;
	undone = 0;
	return gons_defer(count_undone, NULL);
}

static int tear_down_sees_nothing_undone(void **state)
{
	(void)state;
	gons_must(gons_defer(count_undone, NULL));
	return undone;
}

static void the_scope_begins_before_the_set_up(void **state)
{
	(void)state;
	assert_int_equal(undone, 0);
	gons_must(gons_defer(count_undone, NULL));
}

static void the_scope_ends_after_the_teardown(void **state)
{
	(void)state;
	assert_int_equal(undone, 3);
}

/* ---- in namespaces of their own ---- */

static void in_net(void **state)
{
	(void)state;
	assert_only_differs_in("net");
}

static void in_mnt(void **state)
{
	(void)state;
	assert_only_differs_in("mnt");
	assert_null(strstr(read_text("/proc/thread-self/mountinfo"), " shared:"));
}

static void in_uts(void **state)
{
	char name[64];

	(void)state;
	require_sethostname(__func__);
	assert_only_differs_in("uts");
	assert_int_equal(sethostname("gons-test", 9), 0);
	assert_int_equal(gethostname(name, sizeof(name)), 0);
	assert_string_equal(name, "gons-test");
}

static void the_host_name_is_unchanged_after_a_test(void **state)
{
	char name[64] = "";

	(void)state;
	assert_int_equal(gethostname(name, sizeof(name)), 0);
	assert_string_not_equal(name, "gons-test");
}

static void in_ipc(void **state)
{
	(void)state;
	assert_only_differs_in("ipc");
}

static void in_cgroup(void **state)
{
	(void)state;
	assert_only_differs_in("cgroup");
	assert_contains(read_text("/proc/thread-self/cgroup"), ":/\n");
}

static void in_all_of_them(void **state)
{
	(void)state;
	assert_only_differs_in("net mnt uts ipc cgroup");
}

/* Only lo, and the fallback tunnels that some kernels create in each namespace. */
static void in_net_and_mnt_with_sysfs_and_loopback(void **state)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct if_nameindex *links = if_nameindex();
	int n = 0;

	(void)state;
	assert_only_differs_in("net mnt");
	assert_non_null(links);
	while (links[n].if_index != 0)
		n++;
	if_freenameindex(links);
	assert_int_equal(count_class_net(AT_FDCWD, "/sys/class/net"), n);
	assert_string_equal(read_text("/sys/class/net/lo/ifindex"), "1\n");
	assert_int_equal(access("/sys/class/net/lo/ifindex", W_OK), -1);
	assert_int_equal(ioctl(fd, SIOCGIFFLAGS, &request), 0);
	assert_int_equal(request.ifr_flags & (IFF_UP | IFF_RUNNING), IFF_UP | IFF_RUNNING);
	assert_int_equal(close(fd), 0);
}

static void the_loopback_link_is_up_in_a_new_network_namespace(void **state)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_int_equal(ioctl(fd, SIOCGIFFLAGS, &request), 0);
	assert_int_equal(request.ifr_flags & (IFF_UP | IFF_RUNNING), IFF_UP | IFF_RUNNING);
	assert_int_equal(close(fd), 0);
}

/* ---- gons_must ---- */

static int calls;

static int counted(int value)
{
	calls++;
	return value;
}

static void gons_must_evaluates_its_call_once_and_returns_its_value(void **state)
{
	static const char text[] = "text";
	int fd = gons_must(gons_netns_current());

	(void)state;
	assert_int_equal(gons_must(gons_type(fd)), CLONE_NEWNET);
	assert_int_equal(gons_must(gons_netns_ino(fd)), own_ino("net"));
	assert_ptr_equal(gons_must(gons_type_name(CLONE_NEWNET)), gons_type_name(CLONE_NEWNET));
	assert_int_equal(gons_must(counted(0)), 0);
	assert_int_equal(gons_must(counted(7)), 7);
	assert_int_equal(calls, 2);
	assert_ptr_equal(gons_must((const char *)text), text);
	assert_true(gons_must(UINT64_MAX) == UINT64_MAX);
	assert_int_equal(gons_must(1UL), 1);
	assert_true(gons_must((bool)true));
}

static void gons_must_nests_and_may_be_a_statement(void **state)
{
	(void)state;
	if (calls)
		gons_must(gons_type(gons_must(gons_netns_current())));
	else
		gons_must(gons_scope_begin());
	gons_must(gons_scope_end(gons_must(gons_scope_begin())));
}

/* ---- groups of their own, in a forked child ---- */

struct outcome {
	int status;
	char output[16384]; /* standard output and error */
};

static struct outcome run_group(int (*group)(void))
{
	struct outcome outcome = { 0 };
	int fd = memfd_create("output", MFD_CLOEXEC);

	assert_true(fd >= 0);
	(void)fflush(NULL);
	outcome.status = fork();
	assert_true(outcome.status >= 0);
	if (outcome.status == 0) {
		(void)dup2(fd, STDOUT_FILENO);
		(void)dup2(fd, STDERR_FILENO);
		(void)unsetenv("CMOCKA_MESSAGE_OUTPUT");
		(void)unsetenv("GONS_REQUIRE");
		outcome.status = group();
		(void)fflush(NULL);
		_exit(outcome.status);
	}
	while (waitpid(outcome.status, &outcome.status, 0) < 0 && errno == EINTR)
		;
	assert_true(WIFEXITED(outcome.status));
	outcome.status = WEXITSTATUS(outcome.status);
	assert_true(pread(fd, outcome.output, sizeof(outcome.output) - 1, 0) >= 0);
	assert_int_equal(close(fd), 0);
	return outcome;
}

static void passes(void **state)
{
	(void)state;
	gons_must(gons_netns_enter_transient());
}

static void has_no_state(void **state)
{
	assert_null(*state);
}

static void has_its_prestate(void **state)
{
	assert_ptr_equal(*state, of_the_test);
}

static int changes_its_prestate(void **state)
{
	assert_ptr_equal(*state, of_the_test);
	*state = of_the_group;
	return 0;
}

static void has_the_state_of_its_set_up(void **state)
{
	assert_ptr_equal(*state, of_the_group);
}

#define LIST                                                                                       \
	gons_unit_test(passes), cmocka_unit_test_prestate(has_its_prestate, of_the_test),          \
		gons_unit_test(has_no_state), gons_unit_test_in(passes, CLONE_NEWUTS),             \
		cmocka_unit_test(has_no_state),                                                    \
		cmocka_unit_test_prestate_setup_teardown(has_the_state_of_its_set_up,              \
							 changes_its_prestate, NULL, of_the_test), \
		gons_unit_test_setup_teardown(has_no_state, NULL, NULL)

static const struct CMUnitTest at_file_scope[] = { LIST };

static int file_scope_group(void)
{
	return gons_run_group_tests(at_file_scope, NULL, NULL);
}

static int static_group(void)
{
	static const struct CMUnitTest tests[] = { LIST };

	return gons_run_group_tests(tests, NULL, NULL);
}

static int local_group(void)
{
	const struct CMUnitTest tests[] = { LIST };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

static int named_group(void)
{
	struct CMUnitTest tests[] = { LIST };

	return cmocka_run_group_tests_name("a name", tests, NULL, NULL);
}

static void arrays_of_tests_may_be_local_and_keep_their_prestates(void **state)
{
	int (*const groups[])(void) = { file_scope_group, static_group, local_group, named_group };

	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWUTS);
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		struct outcome outcome = run_group(groups[i]);

		if (outcome.status != 0)
			print_error("%s", outcome.output);
		assert_int_equal(outcome.status, 0);
		assert_contains(outcome.output, " 7 test(s) run.");
		assert_contains(outcome.output, " 7 test(s).");
	}
}

static int tap_named_group(void)
{
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return named_group();
}

static int tap_group(void)
{
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return file_scope_group();
}

static void groups_keep_the_names_of_their_arrays(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWUTS);
	assert_contains(run_group(tap_named_group).output, "# ok - a name\n");
	assert_contains(run_group(tap_group).output, "# ok - at_file_scope\n");
}

static int filtered_group(void)
{
	cmocka_set_test_filter("has_*");
	return file_scope_group();
}

static void test_filters_of_cmocka_work(void **state)
{
	struct outcome outcome = run_group(filtered_group);

	(void)state;
	assert_int_equal(outcome.status, 0);
	assert_contains(outcome.output, " 5 test(s) run.");
}

/* ---- GONS_REQUIRE ---- */

static const char *required;

static void requires_a_link(void **state)
{
	(void)state;
	gons_require_link("nonsense");
}

static int requiring_group(void)
{
	const struct CMUnitTest tests[] = { gons_unit_test(requires_a_link) };

	if (required)
		(void)setenv("GONS_REQUIRE", required, 1);
	return gons_run_group_tests(tests, NULL, NULL);
}

static void gons_require_is_read_as_a_list_of_whole_words(void **state)
{
	static const struct {
		const char *value;
		int status;
	} cases[] = {
		{ NULL, 77 },	       { "", 77 },	    { "1", 77 },
		{ ",", 77 },	       { "net,mnt", 77 },   { "nonsens", 77 },
		{ "nonsense2", 77 },   { "anonsense", 77 }, { "net,nonsense2,1", 77 },
		{ "nonsense", 1 },     { "nonsense,", 1 },  { ",nonsense", 1 },
		{ "net,nonsense", 1 }, { "1,nonsense", 1 }, { "nonsense,net", 1 },
		{ ",,nonsense,,", 1 },
	};

	(void)state;
	gons_require(CLONE_NEWNET);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct outcome outcome;

		required = cases[i].value;
		outcome = run_group(requiring_group);
		if (outcome.status != cases[i].status)
			print_error("GONS_REQUIRE=%s\n", required ? required : "(unset)");
		assert_int_equal(outcome.status, cases[i].status);
		assert_contains(outcome.output, cases[i].status == 1
							? "gons: required: requires_a_link: cannot"
							: "gons: skipped: requires_a_link: cannot");
	}
}

static void is_skipped(void **state)
{
	(void)state;
	skip();
}

static int skipping_group(void)
{
	const struct CMUnitTest tests[] = { gons_unit_test(is_skipped),
					    cmocka_unit_test(is_skipped) };

	return gons_run_group_tests(tests, NULL, NULL);
}

static int hardly_skipping_group(void)
{
	const struct CMUnitTest tests[] = { gons_unit_test(is_skipped),
					    gons_unit_test(has_no_state) };

	return gons_run_group_tests(tests, NULL, NULL);
}

static void the_status_is_77_only_when_all_tests_were_skipped(void **state)
{
	(void)state;
	assert_int_equal(run_group(skipping_group).status, 77);
	assert_int_equal(run_group(hardly_skipping_group).status, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_thread_is_in_its_first_namespaces_again),
		gons_unit_test(tests_see_the_state_of_their_group),
		cmocka_unit_test(tests_see_the_state_of_their_group),
		cmocka_unit_test_prestate(the_groups_state_replaces_the_prestate, of_the_test),
		gons_unit_test_setup_teardown(the_state_passes_from_set_up_to_teardown, set_up,
					      tear_down),
		cmocka_unit_test(fixtures_run_in_the_namespaces_of_the_test),
		gons_unit_test(tests_see_the_state_of_their_group),
		gons_unit_test_setup_teardown(the_scope_begins_before_the_set_up, set_up_defers,
					      tear_down_sees_nothing_undone),
		cmocka_unit_test(the_scope_ends_after_the_teardown),
		gons_unit_test_in(tests_see_the_state_of_their_group, CLONE_NEWUTS),
		gons_unit_test_in(in_net, CLONE_NEWNET),
		gons_unit_test_in(the_loopback_link_is_up_in_a_new_network_namespace, CLONE_NEWNET),
		cmocka_unit_test(the_thread_is_in_its_first_namespaces_again),
		gons_unit_test_in(in_mnt, CLONE_NEWNS),
		gons_unit_test_in(in_uts, CLONE_NEWUTS),
		cmocka_unit_test(the_host_name_is_unchanged_after_a_test),
		gons_unit_test_in(in_ipc, CLONE_NEWIPC),
		gons_unit_test_in(in_cgroup, CLONE_NEWCGROUP),
		gons_unit_test(the_thread_is_in_its_first_namespaces_again),
		gons_unit_test_in(in_all_of_them, CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS |
							  CLONE_NEWIPC | CLONE_NEWCGROUP),
		gons_unit_test_in(in_net_and_mnt_with_sysfs_and_loopback,
				  CLONE_NEWNET | CLONE_NEWNS),
		cmocka_unit_test(the_thread_is_in_its_first_namespaces_again),
		check_test(gons_must_evaluates_its_call_once_and_returns_its_value),
		gons_unit_test(gons_must_nests_and_may_be_a_statement),
		check_test(arrays_of_tests_may_be_local_and_keep_their_prestates),
		check_test(groups_keep_the_names_of_their_arrays),
		check_test(test_filters_of_cmocka_work),
		check_test(gons_require_is_read_as_a_list_of_whole_words),
		check_test(the_status_is_77_only_when_all_tests_were_skipped),
	};

	return gons_run_group_tests(tests, set_up_group, NULL);
}

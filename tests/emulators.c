/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that stand in for the kernel, as gVisor and qemu-user: they lack calls, and accept others
 * without doing anything. Seccomp filters imitate them, each in a forked child.
 */
#include "check.h"

#include <fcntl.h>
#include <gons/link.h>
#include <gons/netns.h>
#include <gons/process.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool refuse_readlink(int errnum)
{
#ifdef SYS_readlink
	if (!refuse_call(SYS_readlink, errnum))
		return false;
#endif
	return refuse_call(SYS_readlinkat, errnum);
}

/* access(2) finds every file, that of gVisor, too. */
static bool imitate_gvisor(void)
{
#ifdef SYS_access
	if (!refuse_call(SYS_access, 0))
		return false;
#endif
#ifdef SYS_faccessat2
	if (!refuse_call(SYS_faccessat2, 0))
		return false;
#endif
	return refuse_call(SYS_faccessat, 0);
}

/* ---- types of namespaces ---- */

static int look_without_ioctl_and_links(void *arg)
{
	static const int own[] = { CLONE_NEWNET, CLONE_NEWNS,	CLONE_NEWUTS,
				   CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID };
	static const int others[] = { CLONE_NEWNET, CLONE_NEWUTS, CLONE_NEWIPC };
	const int file = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	(void)arg;
	want(refuse_call(SYS_ioctl, ENOTTY) && refuse_readlink(EACCES));
	want(gons_scope_begin() >= 0);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		want(gons_type(gons_current(own[i])) == own[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		const int fd = gons_new_transient(others[i]);
		const uint64_t own_one = gons_current_ino(others[i]);

		want(fd >= 0 && gons_type(fd) == others[i]);
		want(gons_current_ino(others[i]) == own_one); /* nothing was joined here */
		want(gons_enter(fd) == 0 && gons_current_ino(others[i]) != own_one);
	}
	want(failed_with(gons_type(file), EINVAL, "is not a namespace"));
	return 0;
}

static void the_type_of_a_namespace_is_found_by_joining_it(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC);
	assert_int_equal(in_child(look_without_ioctl_and_links, NULL), 0);
}

static int look_without_any_call(void *arg)
{
	const int fd = gons_new_transient(CLONE_NEWUTS);

	(void)arg;
	want(fd >= 0);
	want(refuse_call(SYS_ioctl, ENOTTY) && refuse_readlink(EACCES));
	want(refuse_call(SYS_setns, EPERM));
	want(failed_with(gons_type(fd), ENOSYS, "NS_GET_NSTYPE"));
	return 0;
}

static void a_type_that_cannot_be_found_is_not_guessed(void **state)
{
	(void)state;
	gons_require(CLONE_NEWUTS);
	assert_int_equal(in_child(look_without_any_call, NULL), 0);
}

/* ---- what is accepted and not done ---- */

static int ask_of_children(void *arg)
{
	(void)arg;
	want(refuse_call(SYS_unshare, 0));
	want(!gons_can(CLONE_NEWPID) && strstr(gons_error(), "PID namespace"));
	want(!gons_can(CLONE_NEWTIME) && strstr(gons_error(), "time namespace"));
	return 0;
}

static void gons_can_returns_false_where_unshare_does_nothing(void **state)
{
	(void)state;
	assert_int_equal(in_child(ask_of_children, NULL), 0);
}

/* ---- what is missing ---- */

static int ask_without_notifications(void *arg)
{
	(void)arg;
	want(refuse_call(SYS_setsockopt, ENOPROTOOPT));
	want(!gons_can_link("veth") && errno == ENOPROTOOPT);
	want(strstr(gons_error(), "cannot subscribe to notifications"));
	return 0;
}

static void gons_can_link_returns_false_without_notifications(void **state)
{
	(void)state;
	gons_require_link("veth");
	assert_int_equal(in_child(ask_without_notifications, NULL), 0);
}

static int run_without_pidfds(void *arg)
{
	static const char *const argv[] = { "true", NULL };

	(void)arg;
	want(refuse_call(SYS_pidfd_open, ENOSYS));
	want(failed_with(gons_process_run(argv, NULL, NULL), ENOSYS, "seccomp=unconfined"));
	want(imitate_gvisor());
	want(failed_with(
		gons_process_run(argv, NULL, NULL), ENOSYS,
		"the kernel is gVisor here, which lacks pidfd_open(2); run without gVisor"));
	return 0;
}

static void gvisor_is_named_as_the_cause_and_not_a_filter(void **state)
{
	(void)state;
	assert_int_equal(in_child(run_without_pidfds, NULL), 0);
}

static int create_an_unknown_kind(void *arg)
{
	struct gons_link link;

	(void)arg;
	want(imitate_gvisor());
	want(gons_scope_begin() >= 0);
	want(failed_with(gons_link_new_transient("nonsense", NULL, &link), EOPNOTSUPP,
			 "the kernel is gVisor here, which lacks this kind"));
	want(!strstr(gons_error(), "module"));
	return 0;
}

static void gvisor_has_no_modules_to_load(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET);
	gons_must(gons_netns_enter_transient());
	assert_int_equal(in_child(create_an_unknown_kind, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(the_type_of_a_namespace_is_found_by_joining_it),
		check_test(a_type_that_cannot_be_found_is_not_guessed),
		check_test(gons_can_returns_false_where_unshare_does_nothing),
		check_test(gons_can_link_returns_false_without_notifications),
		check_test(gvisor_is_named_as_the_cause_and_not_a_filter),
		check_test(gvisor_has_no_modules_to_load),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets that the kernel refuses in a network namespace: the messages, and that what they advise
 * helps.
 */
#include "check.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <gons/netns.h>
#include <gons/privilege.h>

static bool opens(int nsfd, int domain, int type, int protocol)
{
	int fd = gons_netns_socket(nsfd, domain, type, protocol);

	return fd >= 0 && gons_close(fd) == 0;
}

static bool is_refused(int domain, int type, int protocol, int errnum, const char *why)
{
	char message[512];

	(void)snprintf(message, sizeof(message),
		       "cannot open a socket (domain %d, type %d, protocol %d): %s: %s", domain,
		       type, protocol, strerror(errnum), why);
	if (gons_netns_socket(-1, domain, type, protocol) >= 0 || errno != errnum)
		return false;
	if (strcmp(gons_error(), message) == 0)
		return true;
	print_error("%s\n", gons_error());
	return false;
}

/* ---- capabilities ---- */

#define NO_NET_RAW "CAP_NET_RAW is missing; " ADD_CAP("NET_RAW")

/* As in a container of podman with CAP_SYS_ADMIN and CAP_NET_ADMIN. */
static int lack_net_raw(void *arg)
{
	static const char why[] = NO_NET_RAW
		", or call gons_enter_user_namespace() first and use namespaces that are created "
		"after that";
	int scope;

	(void)arg;
	scope = gons_scope_begin();
	want(scope >= 0);
	want(gons_netns_enter_transient() == 0);
	want(lose_capabilities(1ULL << CAP_NET_RAW));
	want(is_refused(AF_PACKET, SOCK_RAW, 0, EPERM, why));
	want(is_refused(AF_INET, SOCK_RAW, IPPROTO_ICMP, EPERM, why));
	want(is_refused(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6, EPERM, why));
	want(opens(-1, AF_INET, SOCK_DGRAM, 0));
	want(gons_scope_end(scope) == 0);
	/* The call that does not help is not advised. */
	want(gons_become_root() == 0 && !opens(-1, AF_PACKET, SOCK_RAW, 0));
	/* Follows the remedy. */
	want(gons_enter_user_namespace(NULL) == 0);
	want(opens(-1, AF_PACKET, SOCK_RAW, 0) && opens(-1, AF_INET, SOCK_RAW, IPPROTO_ICMP));
	return 0;
}

static void a_raw_socket_without_cap_net_raw_takes_that_or_a_user_namespace(void **state)
{
	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWNET);
	assert_int_equal(in_child(lack_net_raw, NULL), 0);
}

static int lack_it_without_user_namespaces(void *arg)
{
	(void)arg;
	want(unshare(CLONE_NEWUSER) == 0);
	want(put_text("/proc/sys/user/max_user_namespaces", "0"));
	want(lose_capabilities(1ULL << CAP_NET_RAW));
	want(is_refused(AF_PACKET, SOCK_RAW, 0, EPERM, NO_NET_RAW));
	return 0;
}

static void no_user_namespace_is_advised_where_none_can_be_created(void **state)
{
	(void)state;
	require_writable_limits(__func__);
	gons_require(CLONE_NEWUSER);
	assert_int_equal(in_child(lack_it_without_user_namespaces, NULL), 0);
}

/* Without CAP_NET_ADMIN, gons_become_root() does help. */
static int lack_net_admin(void *arg)
{
	static const char or_become[] = "or call gons_become_root() first";
	char why[192];
	int scope;

	(void)arg;
	scope = gons_scope_begin();
	want(scope >= 0);
	want(gons_netns_enter_transient() == 0);
	want(lose_capabilities(1ULL << CAP_NET_ADMIN | 1ULL << CAP_NET_RAW));
	(void)snprintf(why, sizeof(why), "CAP_NET_RAW is missing; %s, %s", TO_GET("NET_RAW"),
		       or_become);
	want(is_refused(AF_PACKET, SOCK_RAW, 0, EPERM, why));
	(void)snprintf(why, sizeof(why), "CAP_NET_ADMIN is missing; %s, %s", TO_GET("NET_ADMIN"),
		       or_become);
	if (gons_netns_socket(-1, AF_KEY, SOCK_RAW, 2) < 0 && errno != EAFNOSUPPORT)
		want(is_refused(AF_KEY, SOCK_RAW, 2, EPERM, why));
	want(gons_scope_end(scope) == 0);
	want(gons_become_root() == 0);
	want(opens(-1, AF_PACKET, SOCK_RAW, 0));
	want(opens(-1, AF_KEY, SOCK_RAW, 2) || errno == EAFNOSUPPORT);
	return 0;
}

static void without_cap_net_admin_becoming_root_helps(void **state)
{
	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWNET);
	assert_int_equal(in_child(lack_net_admin, NULL), 0);
}

static int open_in_foreign(void *arg)
{
	int nsfd;

	(void)arg;
	want(unshare(CLONE_NEWUSER) == 0);
	want(is_refused(
		AF_PACKET, SOCK_RAW, 0, EPERM,
		"the network namespace belongs to another user namespace; use one that was created in this user namespace, as by gons_netns_new_transient()"));
	want(gons_become_root() == 0); /* as the refusal of a new namespace advises */
	nsfd = gons_netns_new_transient();
	want(nsfd >= 0 && opens(nsfd, AF_PACKET, SOCK_RAW, 0));
	return 0;
}

static void a_raw_socket_in_a_namespace_of_another_user_namespace_is_refused(void **state)
{
	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWNET);
	assert_int_equal(in_child(open_in_foreign, NULL), 0);
}

/* ---- ping sockets ---- */

static void a_ping_socket_takes_a_sysctl_and_no_capability(void **state)
{
	static const char name[] = "net.ipv4.ping_group_range";
	const unsigned group = getegid();
	char why[256], range[32], before[32];
	unsigned first, last;

	(void)state;
	gons_require(CLONE_NEWNET);
	require_writable_sysctls(__func__);
	gons_must(gons_netns_enter_transient());
	/* The kernel writes "1 0", or 65534 in place of groups that are not mapped. */
	gons_must(gons_netns_sysctl_get(-1, name, before, sizeof(before)));
	assert_int_equal(sscanf(before, "%u %u", &first, &last), 2);
	(void)snprintf(range, sizeof(range), "%u %u", group, group);
	(void)snprintf(why, sizeof(why),
		       "the group %u of this process is not in net.ipv4.ping_group_range of the "
		       "network namespace (%u %u); call gons_netns_sysctl_set() with "
		       "\"net.ipv4.ping_group_range\" and \"%s\"",
		       group, first, last, range);
	assert_true(is_refused(AF_INET, SOCK_DGRAM, IPPROTO_ICMP, EACCES, why));
	assert_true(is_refused(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6, EACCES, why));
	/* Follows the remedy. */
	gons_must(gons_netns_sysctl_set(-1, name, range));
	assert_true(opens(-1, AF_INET, SOCK_DGRAM, IPPROTO_ICMP));
	assert_true(opens(-1, AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6));
}

static void a_ping_socket_of_another_group_is_refused(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET);
	require_writable_sysctls(__func__);
	gons_must(gons_netns_enter_transient());
	if (gons_netns_sysctl_set(-1, "net.ipv4.ping_group_range", "7 9") < 0) {
		skip_for(__func__, "there are no groups 7 and 9 here");
	}
	assert_refused(gons_netns_socket(-1, AF_INET, SOCK_DGRAM, IPPROTO_ICMP), EACCES,
		       "network namespace (7 9); ");
}

static int open_filtered_ping(void *arg)
{
	(void)arg;
	want(gons_netns_sysctl_set(-1, "net.ipv4.ping_group_range", "0 0") == 0);
	want(refuse_call(SYS_socket, EACCES));
	want(failed_with(
		gons_netns_socket(-1, AF_INET, SOCK_DGRAM, IPPROTO_ICMP), EACCES,
		"protocol 1): Permission denied: possibly a seccomp filter, which is active here, refuses it"));
	return 0;
}

static void a_filter_that_refuses_a_ping_socket_is_named_as_possible(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET);
	require_writable_sysctls(__func__);
	if (getegid() != 0) {
		skip_for(__func__, "this needs group 0");
	}
	gons_must(gons_netns_enter_transient());
	assert_int_equal(in_child(open_filtered_ping, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(a_raw_socket_without_cap_net_raw_takes_that_or_a_user_namespace),
		check_test(no_user_namespace_is_advised_where_none_can_be_created),
		check_test(without_cap_net_admin_becoming_root_helps),
		check_test(a_raw_socket_in_a_namespace_of_another_user_namespace_is_refused),
		check_test(a_ping_socket_takes_a_sysctl_and_no_capability),
		check_test(a_ping_socket_of_another_group_is_refused),
		check_test(a_filter_that_refuses_a_ping_socket_is_named_as_possible),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

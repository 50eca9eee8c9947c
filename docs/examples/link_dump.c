/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A test of code that lists links over libmnl. The test creates a link in a network namespace, and
 * passes a socket in that namespace to the code, which then sees this link.
 */
#include <gons/cmocka.h>
#include <gons/link.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

/* ---- the code under test ---- */

struct names {
	char text[256];
};

static int add_name(const struct nlmsghdr *nlh, void *arg)
{
	struct names *names = arg;
	size_t used = strlen(names->text);
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct ifinfomsg))
		if (mnl_attr_get_type(attr) == IFLA_IFNAME)
			(void)snprintf(names->text + used, sizeof(names->text) - used, "%s ",
				       mnl_attr_get_str(attr));
	return MNL_CB_OK;
}

static int list_links(struct mnl_socket *socket, struct names *names)
{
	char buf[32768];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	int status = MNL_CB_OK;

	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	(void)mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	if (mnl_socket_sendto(socket, nlh, nlh->nlmsg_len) < 0)
		return -1;
	while (status > MNL_CB_STOP) {
		ssize_t got = mnl_socket_recvfrom(socket, buf, sizeof(buf));

		status = got < 0 ? -1 : mnl_cb_run(buf, (size_t)got, 0, 0, add_name, names);
	}
	return status;
}

/* ---- the test ---- */

static void lists_what_is_there(void **state)
{
	struct gons_link_options options = { .prefix = "eth-" };
	struct names names = { "" };
	struct mnl_socket *socket;
	struct gons_link link;
	char wanted[64];

	(void)state;
	gons_require(CLONE_NEWNET);
	gons_require_link("bridge");
	options.nsfd = gons_must(gons_netns_new_transient());
	gons_must(gons_bridge_new_transient(&options, &link));
	socket = gons_must(gons_netns_mnl_open(options.nsfd, NETLINK_ROUTE));
	assert_int_equal(mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID), 0);
	assert_int_equal(list_links(socket, &names), 0);
	(void)snprintf(wanted, sizeof(wanted), "%s ", link.name);
	assert_memory_equal(names.text, "lo ", 3);
	assert_non_null(strstr(names.text, wanted));
}

int main(void)
{
	const struct CMUnitTest tests[] = { gons_unit_test(lists_what_is_there) };

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* libmnl sockets in a namespace, and the ids of namespaces for each other. */
#include "check.h"

#include <fcntl.h>
#include <gons/link.h>
#include <libmnl/libmnl.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "links.h"

/* ---- sockets ---- */

static int take_index(const struct nlmsghdr *nlh, void *index)
{
	*(int *)index = ((struct ifinfomsg *)mnl_nlmsg_get_payload(nlh))->ifi_index;
	return MNL_CB_OK;
}

/* Requests a link like a plain libmnl program: returns the ifindex of this name, or 0. */
static int ask(struct mnl_socket *socket, const char *name)
{
	char buf[8192];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	int index = 0;
	ssize_t got;

	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nlh->nlmsg_seq = 42;
	(void)mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	if (mnl_socket_sendto(socket, nlh, nlh->nlmsg_len) < 0)
		return -1;
	got = mnl_socket_recvfrom(socket, buf, sizeof(buf));
	if (got < 0 || (mnl_cb_run(buf, (size_t)got, 42, mnl_socket_get_portid(socket), take_index,
				   &index) < 0 &&
			errno != ENODEV))
		return -1;
	return index;
}

struct question {
	struct mnl_socket *socket;
	const char *name;
	int answer;
};

static void ask_there(void *arg)
{
	struct question *question = arg;

	question->answer = ask(question->socket, question->name);
}

static void two_sockets_of_one_thread_can_be_in_two_network_namespaces(void **state)
{
	struct mnl_socket *in_blue, *in_red, *here;
	struct gons_link link, other;
	struct question question;

	(void)state;
	need_namespaces(NULL);
	gons_require_link("bridge");
	gons_must(gons_bridge_new_transient(&(struct gons_link_options){ .nsfd = blue }, &link));
	gons_must(gons_bridge_new_transient(&(struct gons_link_options){ .nsfd = red }, &other));
	in_blue = gons_must(gons_netns_mnl_open(blue, NETLINK_ROUTE));
	in_red = gons_must(gons_netns_mnl_open(red, NETLINK_ROUTE));
	here = gons_must(gons_netns_mnl_open(-1, NETLINK_ROUTE));
	assert_int_equal(mnl_socket_bind(in_blue, 0, MNL_SOCKET_AUTOPID), 0);
	assert_int_equal(mnl_socket_bind(in_red, 0, MNL_SOCKET_AUTOPID), 0);
	/* and an unbound socket works as well. */
	assert_true(mnl_socket_get_portid(in_blue) != 0);
	assert_true(fcntl(mnl_socket_get_fd(in_blue), F_GETFD) & FD_CLOEXEC);
	assert_int_equal(ask(in_blue, link.name), link.ifindex);
	assert_int_equal(ask(in_blue, other.name), 0);
	assert_int_equal(ask(in_red, other.name), other.ifindex);
	assert_int_equal(ask(in_red, link.name), 0);
	assert_int_equal(ask(here, link.name), 0);
	assert_int_equal(ask(here, other.name), 0);

	/* In any namespace, and on any thread. */
	gons_must(gons_enter(red));
	assert_int_equal(ask(in_blue, link.name), link.ifindex);
	question = (struct question){ in_blue, link.name, 0 };
	on_thread(ask_there, &question);
	assert_int_equal(question.answer, link.ifindex);
	question = (struct question){ here, link.name, 4711 };
	gons_must(gons_netns_execute(blue, ask_there, &question));
	assert_int_equal(question.answer, 0);
}

static void a_netlink_socket_is_closed_with_the_scope(void **state)
{
	struct mnl_socket *socket;
	int mark, fd;

	(void)state;
	need_namespaces(NULL);
	mark = gons_must(gons_scope_begin());
	socket = gons_must(gons_netns_mnl_open(blue, NETLINK_ROUTE));
	fd = mnl_socket_get_fd(socket);
	gons_must(gons_scope_end(mark));
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	mark = gons_must(gons_scope_begin());
	socket = gons_must(gons_netns_mnl_open(blue, NETLINK_ROUTE));
	assert_int_equal(close(mnl_socket_get_fd(socket)), 0);
	assert_refused(gons_scope_end(mark), EBADF, "netlink socket of the scope");
	assert_int_equal(mnl_socket_close(socket), -1); /* and so its memory is still there */
}

/* Closes the socket, as each libmnl program does. */
static void a_netlink_socket_that_was_closed_is_reported_and_left_alone(void **state)
{
	struct mnl_socket *socket;
	int mark, fd, another;

	(void)state;
	need_namespaces(NULL);
	another = mnl_socket_get_fd(gons_must(gons_netns_mnl_open(blue, NETLINK_ROUTE)));
	for (int is_reused = 0; is_reused < 2; is_reused++) {
		mark = gons_must(gons_scope_begin());
		socket = gons_must(gons_netns_mnl_open(blue, NETLINK_ROUTE));
		fd = mnl_socket_get_fd(socket);
		assert_int_equal(mnl_socket_close(socket), 0);
		if (is_reused) /* the descriptor */
			assert_int_equal(dup3(another, fd, O_CLOEXEC), fd);
		assert_refused(gons_scope_end(mark), EBADF,
			       "cannot close a netlink socket of the scope: %m: the program has "
			       "closed it; do not call mnl_socket_close()");
		assert_int_equal(close(fd), is_reused ? 0 : -1);
	}
}

static void netlink_sockets_work_for_every_bus_of_the_kernel(void **state)
{
	struct mnl_socket *socket;

	(void)state;
	need_namespaces(NULL);
	socket = gons_must(gons_netns_mnl_open(blue, NETLINK_GENERIC));
	assert_int_equal(mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID), 0);
	assert_refused(gons_netns_mnl_open(blue, 31), EPROTONOSUPPORT,
		       "lacks the netlink protocol 31");
	assert_refused(gons_netns_mnl_open(-1, 31), EPROTONOSUPPORT,
		       "lacks the netlink protocol 31");
	assert_refused(gons_netns_mnl_open(-1, -1), EPROTONOSUPPORT,
		       "lacks the netlink protocol -1");
	assert_refused(gons_netns_mnl_open(-1, 4711), EPROTONOSUPPORT,
		       "lacks the netlink protocol 4711");
}

static void descriptors_of_other_types_have_no_id_and_no_sockets(void **state)
{
	int fd, mnt;

	(void)state;
	need_namespaces(NULL);
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	mnt = gons_must(gons_current(CLONE_NEWNS));
	assert_refused(gons_netns_mnl_open(fd, NETLINK_ROUTE), EINVAL, "not a namespace");
	assert_refused(gons_netns_mnl_open(mnt, NETLINK_ROUTE), EINVAL, "mount");
	assert_refused(gons_netns_nsid(fd), EINVAL, "not a namespace");
	assert_refused(gons_netns_nsid(mnt), EINVAL, "mount");
	assert_refused(gons_netns_nsid(-1), EBADF, "closed");
	assert_refused(gons_netns_mnl_open(-2, NETLINK_ROUTE), EBADF, "closed");
	assert_int_equal(close(fd), 0);
	assert_refused(gons_netns_mnl_open(fd, NETLINK_ROUTE), EBADF, "closed");
	assert_refused(gons_netns_nsid(fd), EBADF, "closed");
}

/* ---- ids ---- */

static void a_namespace_id_is_assigned_once_and_stays(void **state)
{
	int of_blue, of_red;

	(void)state;
	need_namespaces(NULL);
	gons_must(gons_enter(green));
	of_blue = gons_must(gons_netns_nsid(blue));
	of_red = gons_must(gons_netns_nsid(red));
	assert_int_not_equal(of_blue, of_red);
	assert_int_equal(gons_netns_nsid(blue), of_blue);
	assert_int_equal(gons_netns_nsid(red), of_red);
	/* Ids are local to a namespace. */
	gons_must(gons_enter(blue));
	assert_int_equal(gons_netns_nsid(green), 0);
	assert_int_equal(gons_netns_nsid(red), 1);
}

static void the_callers_own_namespace_has_an_id(void **state)
{
	int own;

	(void)state;
	need_namespaces(NULL);
	gons_must(gons_enter(blue));
	own = gons_must(gons_netns_nsid(blue));
	assert_int_equal(gons_netns_nsid(gons_must(gons_netns_current())), own);
	assert_int_not_equal(gons_must(gons_netns_nsid(red)), own);
}

static void the_namespace_id_agrees_with_the_one_of_links(void **state)
{
	struct gons_link_options options = { .up = 0 };
	struct seen_link seen;
	struct gons_link link;

	(void)state;
	need_namespaces(NULL);
	gons_require_link("veth");
	options.nsfd = blue;
	options.peer_nsfd = red;
	gons_must(gons_veth_new_transient(&options, &link));
	assert_true(see_link(blue, link.ifindex, &seen));
	gons_must(gons_enter(blue));
	assert_int_equal(gons_netns_nsid(red), seen.below_nsid);
}

/* Returns the id of a name in "ip netns list-id": "nsid 3 (iproute2 netns name: red)". */
static int listed_id(const char *name)
{
	char line[256], words[64];
	FILE *ip = popen("ip netns list-id", "re");
	int found = -1, id;

	assert_non_null(ip);
	(void)snprintf(words, sizeof(words), "name: %s)", name);
	while (fgets(line, sizeof(line), ip))
		if (sscanf(line, "nsid %d", &id) == 1 && strstr(line, words))
			found = id;
	assert_int_equal(pclose(ip), 0);
	return found;
}

static void name_namespace(const char *name, int nsfd)
{
	char path[64], source[64];
	int fd;

	(void)snprintf(path, sizeof(path), "/run/netns/%s", name);
	(void)snprintf(source, sizeof(source), "/proc/thread-self/fd/%d", nsfd);
	fd = open(path, O_CREAT | O_EXCL | O_RDONLY | O_CLOEXEC, 0444);
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(mount(source, path, NULL, MS_BIND, NULL), 0);
}

static void the_namespace_id_agrees_with_ip_netns_list_id(void **state)
{
	int of_red, of_green;

	(void)state;
	require_mapped_user(__func__);
	if (system("command -v ip >/dev/null") != 0) {
		print_error("gons: skipped: the_namespace_id_agrees_with_ip_netns_list_id: "
			    "iproute2 is not installed\n");
		skip();
	}
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	gons_must(gons_mntns_enter_transient());
	need_namespaces(NULL);
	assert_int_equal(mount("gons", "/run", "tmpfs", 0, NULL), 0);
	assert_int_equal(mkdir("/run/netns", 0755), 0);
	name_namespace("red", red);
	name_namespace("green", green);
	gons_must(gons_enter(blue));
	assert_int_equal(listed_id("green"), -1);
	of_green = gons_must(gons_netns_nsid(green));
	assert_int_equal(listed_id("green"), of_green);
	assert_int_equal(listed_id("red"), -1);
	of_red = gons_must(gons_netns_nsid(red));
	assert_int_equal(listed_id("red"), of_red);
	assert_int_equal(listed_id("green"), of_green);
}

/* Threads that request an id at the same time all get the same one. */
static pthread_barrier_t barrier;

static void *ask_for_id(void *nsfd)
{
	(void)pthread_barrier_wait(&barrier);
	return (void *)(intptr_t)gons_netns_nsid(*(int *)nsfd);
}

static void simultaneous_requests_return_the_same_namespace_id(void **state)
{
	pthread_t threads[4];

	(void)state;
	need_namespaces(NULL);
	gons_must(gons_enter(green));
	for (int round = 0; round < 50; round++)
		GONS_SCOPE {
			int nsfd = gons_must(gons_netns_new_transient());
			void *ids[4];

			assert_int_equal(pthread_barrier_init(&barrier, NULL, 4), 0);
			for (int i = 0; i < 4; i++)
				assert_int_equal(
					pthread_create(&threads[i], NULL, ask_for_id, &nsfd), 0);
			for (int i = 0; i < 4; i++)
				assert_int_equal(pthread_join(threads[i], &ids[i]), 0);
			assert_int_equal(pthread_barrier_destroy(&barrier), 0);
			assert_true((intptr_t)ids[0] >= 0);
			for (int i = 1; i < 4; i++)
				assert_ptr_equal(ids[i], ids[0]);
			assert_int_equal(gons_netns_nsid(nsfd), (intptr_t)ids[0]);
		}
}

static int drop_capabilities(void *arg)
{
	const int *nsfds = arg;

	want(gons_netns_nsid(nsfds[0]) >= 0);
	want(setresuid(65534, 65534, 65534) == 0 || gons_has_cap(12)); /* CAP_NET_ADMIN */
	if (gons_has_cap(12))
		return 0;
	want(gons_netns_nsid(nsfds[0]) >= 0); /* has an id */
	want(gons_netns_nsid(nsfds[1]) < 0);
	want(errno == EPERM);
	want(strstr(gons_error(), "cannot give a network namespace an id: Operation not permitted:"
				  " CAP_NET_ADMIN is missing") != NULL);
	return 0;
}

static void without_permission_only_an_existing_id_is_returned(void **state)
{
	int nsfds[2];

	(void)state;
	need_namespaces(NULL);
	gons_must(gons_enter(green));
	nsfds[0] = blue;
	nsfds[1] = red;
	assert_int_equal(in_child(drop_capabilities, nsfds), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(two_sockets_of_one_thread_can_be_in_two_network_namespaces),
		check_test(a_netlink_socket_is_closed_with_the_scope),
		check_test(a_netlink_socket_that_was_closed_is_reported_and_left_alone),
		check_test(netlink_sockets_work_for_every_bus_of_the_kernel),
		check_test(descriptors_of_other_types_have_no_id_and_no_sockets),
		check_test(a_namespace_id_is_assigned_once_and_stays),
		check_test(the_callers_own_namespace_has_an_id),
		check_test(the_namespace_id_agrees_with_the_one_of_links),
		check_test(the_namespace_id_agrees_with_ip_netns_list_id),
		check_test(simultaneous_requests_return_the_same_namespace_id),
		check_test(without_permission_only_an_existing_id_is_returned),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

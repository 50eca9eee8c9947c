/* SPDX-License-Identifier: Apache-2.0 */
/* rtnetlink requests below the public calls: possible answers of the kernel, and their order. */
#include "check.h"

#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "links.h"
#include "netns/link.h"
#include "netns/link_request.h"
#include "netns/rtnl.h"

enum { FIXED = 100 };

/* Returns the descriptor number that the next open gets. */
static int next_fd(void)
{
	int fd = fcntl(0, F_DUPFD_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	return fd;
}

/* Opens a socket for the thread's own namespace, and returns its descriptor. */
static struct gons_i_rtnl *open_own(int *ret_fd)
{
	struct gons_i_rtnl *rtnl;

	*ret_fd = next_fd();
	rtnl = gons_must(gons_i_rtnl_open(-1));
	return rtnl;
}

static int ask_loopback(struct gons_i_rtnl *rtnl, mnl_cb_t cb, void *arg)
{
	char buf[GONS_I_RTNL_REQUEST_SIZE];

	return gons_i_rtnl_dump(rtnl, gons_i_link_request(buf, RTM_GETLINK, 0, 1), cb, arg);
}

static int note_name(const struct nlmsghdr *nlh, void *name)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct ifinfomsg))
		if (mnl_attr_get_type(attr) == IFLA_IFNAME)
			strcpy(name, mnl_attr_get_str(attr));
	return MNL_CB_OK;
}

/* ---- dumps ---- */

struct dumped {
	bool fixed[FIXED]; /* the links f-0, f-1... */
	int messages;
};

static int note_dumped(const struct nlmsghdr *nlh, void *arg)
{
	struct dumped *dumped = arg;
	char name[16] = "";
	int number;

	(void)note_name(nlh, name);
	if (sscanf(name, "f-%d", &number) == 1)
		dumped->fixed[number] = true;
	dumped->messages++;
	return MNL_CB_OK;
}

static atomic_bool has_to_stop;

/* Adds and deletes links as fast as it can. */
static void *churn(void *arg)
{
	const struct gons_link_options options = { .nsfd = *(int *)arg };
	struct gons_link link;
	intptr_t count = 0;

	while (!atomic_load(&has_to_stop)) {
		if (gons_bridge_new_transient(&options, &link) < 0 ||
		    gons_link_delete(options.nsfd, link.ifindex) < 0)
			return (void *)(intptr_t)-1;
		count++;
	}
	return (void *)count;
}

/* They end with their namespace at once; deleting each would take seconds. */
static void add_fixed_links(void)
{
	char name[16];

	for (int i = 0; i < FIXED; i++) {
		(void)snprintf(name, sizeof(name), "f-%d", i);
		assert_int_equal(make_veth(blue, 0, name), 0);
	}
}

static struct nlmsghdr *dump_request(char *buf)
{
	return gons_i_link_request(buf, RTM_GETLINK, NLM_F_DUMP, 0);
}

/* Whether a dump is interrupted when libmnl reads it. */
static bool is_interrupted_by_hand(void)
{
	bool is = false;

	GONS_SCOPE {
		struct mnl_socket *socket = gons_must(gons_netns_mnl_open(blue, NETLINK_ROUTE));
		char buf[32768];
		struct nlmsghdr *nlh = dump_request(buf);
		int status = MNL_CB_OK;

		assert_true(mnl_socket_sendto(socket, nlh, nlh->nlmsg_len) > 0);
		while (status > MNL_CB_STOP) {
			ssize_t got = mnl_socket_recvfrom(socket, buf, sizeof(buf));

			assert_true(got > 0);
			status = mnl_cb_run(buf, (size_t)got, 0, 0, NULL, NULL);
		}
		is = status < 0;
		assert_true(!is || errno == EINTR);
	}
	return is;
}

static void an_interrupted_dump_is_started_again(void **state)
{
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	int interrupted = 0, by_hand = 0;
	struct gons_i_rtnl *rtnl;
	struct dumped dumped;
	pthread_t thread;
	void *count;

	(void)state;
	need_namespaces("veth");
	gons_require_link("bridge");
	add_fixed_links();
	rtnl = gons_must(gons_i_rtnl_open(blue));
	atomic_store(&has_to_stop, false);
	assert_int_equal(pthread_create(&thread, NULL, churn, &blue), 0);
	/* Reads once, to see that interruptions happen here, and then until a dump is complete. */
	for (int i = 0; i < 2000 && interrupted < 4 && by_hand < 50; i++) {
		by_hand += is_interrupted_by_hand();
		if (gons_i_rtnl_request_send(rtnl, dump_request(buf), note_dumped, &dumped) < 0) {
			assert_int_equal(errno, EINTR);
			interrupted++;
		}
		memset(&dumped, 0, sizeof(dumped));
		if (gons_i_rtnl_dump(rtnl, dump_request(buf), note_dumped, &dumped) < 0) {
			/* A hundred interruptions in a row are an error. */
			assert_int_equal(errno, EINTR);
			(void)gons_i_rtnl_fail(rtnl, "cannot list");
			assert_contains(gons_error(), "during each of 100 attempts");
			continue;
		}
		for (int j = 0; j < FIXED; j++)
			assert_true(dumped.fixed[j]);
	}
	atomic_store(&has_to_stop, true);
	assert_int_equal(pthread_join(thread, &count), 0);
	assert_true((intptr_t)count > 0);
	gons_i_rtnl_close(rtnl);
	assert_true(interrupted > 0 || by_hand < 20);
	if (interrupted == 0) {
		print_error("gons: skipped: an_interrupted_dump_is_started_again: "
			    "no dump was interrupted here\n");
		skip();
	}
}

static int stop_at_once(const struct nlmsghdr *nlh, void *count)
{
	(void)nlh;
	++*(int *)count;
	return MNL_CB_STOP;
}

static int fail_at_once(const struct nlmsghdr *nlh, void *count)
{
	(void)nlh;
	++*(int *)count;
	errno = EXDEV;
	return MNL_CB_ERROR;
}

static void an_answer_need_not_be_read_to_its_end(void **state)
{
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct gons_i_rtnl *rtnl;
	char name[16] = "";
	int count = 0;

	(void)state;
	need_namespaces("veth");
	add_fixed_links();
	rtnl = gons_must(gons_i_rtnl_open(blue));
	assert_int_equal(gons_i_rtnl_dump(rtnl, dump_request(buf), stop_at_once, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(gons_i_rtnl_dump(rtnl, dump_request(buf), fail_at_once, &count), -1);
	assert_int_equal(errno, EXDEV);
	assert_int_equal(count, 2);
	/* The rest of these answers does not disturb the next request. */
	assert_int_equal(ask_loopback(rtnl, note_name, name), 0);
	assert_string_equal(name, "lo");
	gons_i_rtnl_close(rtnl);
}

/* ---- buffers ---- */

/* A socket with the smallest buffer. */
static void shrink(int fd)
{
	const int least = 1;

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least)), 0);
}

static void an_acknowledgement_without_room_is_told(void **state)
{
	struct gons_i_rtnl *rtnl;
	char name[16] = "";
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	int fd;

	(void)state;
	need_namespaces("veth");
	gons_must(gons_enter(blue));
	rtnl = open_own(&fd);
	shrink(fd);
	/* The answer about the link fits, but not its acknowledgement. */
	if (gons_i_rtnl_request_send(rtnl, gons_i_link_request(buf, RTM_GETLINK, 0, 1), note_name,
				     name) == 0) {
		gons_i_rtnl_close(rtnl);
		skip_for(__func__, "on this kernel both messages fit into the smallest buffer");
	}
	assert_int_equal(errno, ENOBUFS);
	(void)gons_i_rtnl_fail(rtnl, "cannot ask");
	assert_contains(gons_error(), "no room for its answer");
	shrink(fd);
	name[0] = '\0';
	assert_int_equal(ask_loopback(rtnl, note_name, name), 0);
	assert_string_equal(name, "lo");
	gons_i_rtnl_close(rtnl);
}

static void an_answer_that_overran_the_socket_is_requested_again(void **state)
{
	struct gons_i_rtnl *rtnl;
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct dumped dumped = { .messages = 0 };
	int fd;

	(void)state;
	need_namespaces("veth");
	gons_must(gons_enter(blue));
	rtnl = open_own(&fd);
	add_fixed_links();
	shrink(fd);
	assert_int_equal(gons_i_rtnl_dump(rtnl, dump_request(buf), note_dumped, &dumped), 0);
	for (int j = 0; j < FIXED; j++)
		assert_true(dumped.fixed[j]);
	gons_i_rtnl_close(rtnl);
}

/* ---- answers to other requests ---- */

/* Sends a request with this sequence number, whose answer is not read. */
static void send_unheard(int fd, unsigned sequence)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = gons_i_link_request(buf, RTM_GETLINK, 0, 4711);

	nlh->nlmsg_seq = sequence;
	assert_int_equal(sendto(fd, nlh, nlh->nlmsg_len, 0, (const struct sockaddr *)&kernel,
				sizeof(kernel)),
			 nlh->nlmsg_len);
}

static void leftover_answers_of_other_requests_are_skipped(void **state)
{
	struct gons_i_rtnl *rtnl;
	char name[16] = "";
	int fd;

	(void)state;
	need_namespaces(NULL);
	gons_must(gons_enter(blue));
	rtnl = open_own(&fd);
	for (int i = 0; i < 5; i++) {
		send_unheard(fd, 77); /* which the kernel answers with ENODEV */
		name[0] = '\0';
		assert_int_equal(ask_loopback(rtnl, note_name, name), 0);
		assert_string_equal(name, "lo");
	}
	gons_i_rtnl_close(rtnl);
}

/* The socket is full of unread answers, so the answer to the next request is lost. */
static void a_link_whose_answer_is_lost_is_created_and_deleted_with_the_scope(void **state)
{
	const int least = 1;
	struct gons_i_rtnl *rtnl;
	struct gons_link link;
	int fd, mark;

	(void)state;
	need_namespaces("veth");
	gons_must(gons_enter(blue));
	rtnl = open_own(&fd);
	mark = gons_must(gons_scope_begin());
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least)), 0);
	for (int i = 0; i < 10; i++)
		send_unheard(fd, 77);
	gons_must(gons_veth_new_transient(NULL, &link));
	assert_true(see_link(-1, link.ifindex, NULL));
	assert_int_equal(count_links(-1), 2);
	gons_must(gons_scope_end(mark));
	assert_int_equal(count_links(-1), 0);
	gons_i_rtnl_close(rtnl);
}

static void another_process_cannot_answer_for_the_kernel(void **state)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	socklen_t size = sizeof(to);
	struct {
		struct nlmsghdr nlh;
		struct nlmsgerr err;
	} forged = { .nlh = { .nlmsg_type = NLMSG_ERROR, .nlmsg_len = sizeof(forged) } };
	struct gons_i_rtnl *rtnl;
	char name[16] = "";
	int fd, other;

	(void)state;
	need_namespaces(NULL);
	gons_must(gons_enter(blue));
	rtnl = open_own(&fd);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&to, &size), 0);
	other = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	assert_true(other >= 0);
	for (unsigned sequence = 1; sequence < 4; sequence++) {
		forged.nlh.nlmsg_seq = sequence; /* which the next request will have */
		forged.nlh.nlmsg_pid = to.nl_pid;
		forged.err.error = -ENOTTY;
		assert_int_equal(sendto(other, &forged, sizeof(forged), 0,
					(const struct sockaddr *)&to, sizeof(to)),
				 sizeof(forged));
		name[0] = '\0';
		assert_int_equal(ask_loopback(rtnl, note_name, name), 0);
		assert_string_equal(name, "lo");
	}
	assert_int_equal(close(other), 0);
	gons_i_rtnl_close(rtnl);
}

/* ---- extended acknowledgements ---- */

static void the_message_has_the_kernels_extack(void **state)
{
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct gons_i_rtnl *rtnl;
	struct nlmsghdr *nlh;

	(void)state;
	need_namespaces(NULL);
	rtnl = gons_must(gons_i_rtnl_open(blue));
	nlh = gons_i_link_request(buf, RTM_NEWLINK, 0, 1);
	mnl_attr_put_u32(nlh, IFLA_MTU, 0x7fffffff);
	assert_int_equal(gons_i_rtnl_request_send(rtnl, nlh, NULL, NULL), 0); /* lo takes it */
	/* For an attribute that is too short, the extack has its offset. */
	nlh = gons_i_link_request(buf, RTM_NEWLINK, 0, 1);
	mnl_attr_put_u32(nlh, IFLA_TXQLEN, 1000);
	mnl_attr_put_u8(nlh, IFLA_MTU, 1);
	assert_int_equal(gons_i_rtnl_request_send(rtnl, nlh, NULL, NULL), -1);
	assert_int_equal(gons_i_rtnl_fail(rtnl, "cannot do %s", "it"), -1);
	assert_true(errno == EINVAL || errno == ERANGE);
	assert_contains(gons_error(), "cannot do it: ");
	assert_true(strstr(gons_error(), ": the kernel says: ") ||
		    strstr(gons_error(), ": attribute "));
	/* and a success clears them. */
	assert_int_equal(ask_loopback(rtnl, NULL, NULL), 0);
	assert_string_equal(gons_i_rtnl_extack(rtnl), "");
	gons_i_rtnl_close(rtnl);
}

/* ---- signals ---- */

static atomic_int alarms;

static void on_alarm(int number)
{
	(void)number;
	atomic_fetch_add(&alarms, 1);
}

static void a_request_contains_no_uninitialised_bytes(void **state)
{
	_Alignas(struct nlmsghdr) char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh;

	(void)state;
	memset(buf, 'x', sizeof(buf));
	nlh = gons_i_link_request(buf, RTM_GETLINK, 0, 1);
	mnl_attr_put_strz(nlh, IFLA_IFNAME, "a"); /* is padded to four */
	assert_null(memchr(buf, 'x', nlh->nlmsg_len));
}

static void signals_do_not_interrupt_requests(void **state)
{
	const struct sigaction action = { .sa_handler = on_alarm };
	const struct itimerval often = { { 0, 100 }, { 0, 100 } }, never = { 0 };
	struct gons_i_rtnl *rtnl;
	struct sigaction old;
	char name[16];

	(void)state;
	need_namespaces(NULL);
	rtnl = gons_must(gons_i_rtnl_open(blue));
	assert_int_equal(sigaction(SIGALRM, &action, &old), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
	for (int i = 0; i < 20000 || atomic_load(&alarms) < 20; i++) {
		name[0] = '\0';
		assert_int_equal(ask_loopback(rtnl, note_name, name), 0);
		assert_string_equal(name, "lo");
	}
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
	gons_i_rtnl_close(rtnl);
}

/* ---- sharing ---- */

static int open_in_child(void *arg)
{
	struct gons_i_rtnl *of_parent = arg;
	struct gons_i_rtnl *rtnl = gons_i_rtnl_open(blue);
	char name[16] = "";

	want(rtnl && rtnl != of_parent);
	want(ask_loopback(rtnl, note_name, name) == 0);
	want(strcmp(name, "lo") == 0);
	gons_i_rtnl_close(rtnl);
	gons_i_rtnl_close(of_parent);
	return 0;
}

static void open_on_thread(void *of_other)
{
	struct gons_i_rtnl *rtnl = gons_must(gons_i_rtnl_open(blue));

	assert_ptr_not_equal(rtnl, of_other);
	gons_i_rtnl_close(rtnl);
}

static void each_namespace_thread_and_process_has_one_socket(void **state)
{
	struct gons_i_rtnl *rtnl, *again, *other;
	int before;

	(void)state;
	need_namespaces(NULL);
	gons_must(gons_defer(free, NULL)); /* so that forks are counted */
	before = count_entries("/proc/thread-self/fd");
	rtnl = gons_must(gons_i_rtnl_open(blue));
	other = gons_must(gons_i_rtnl_open(red));
	assert_ptr_not_equal(rtnl, other);
	GONS_SCOPE {
		gons_must(gons_enter(blue));
		again = gons_must(gons_i_rtnl_open(-1));
		assert_ptr_equal(again, rtnl);
		gons_i_rtnl_close(again);
		again = gons_must(gons_i_rtnl_open(0));
		assert_ptr_equal(again, rtnl);
		gons_i_rtnl_close(again);
		again = gons_must(gons_i_rtnl_open(gons_must(gons_netns_current())));
		assert_ptr_equal(again, rtnl);
		gons_i_rtnl_close(again);
	}
	assert_int_equal(count_entries("/proc/thread-self/fd"), before + 2);
	on_thread(open_on_thread, rtnl);
	assert_int_equal(in_child(open_in_child, rtnl), 0);
	gons_i_rtnl_close(rtnl);
	gons_i_rtnl_close(other);
	gons_i_rtnl_close(NULL);
	assert_int_equal(count_entries("/proc/thread-self/fd"), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(an_interrupted_dump_is_started_again),
		check_test(an_answer_need_not_be_read_to_its_end),
		check_test(an_acknowledgement_without_room_is_told),
		check_test(an_answer_that_overran_the_socket_is_requested_again),
		check_test(leftover_answers_of_other_requests_are_skipped),
		check_test(a_link_whose_answer_is_lost_is_created_and_deleted_with_the_scope),
		check_test(another_process_cannot_answer_for_the_kernel),
		check_test(the_message_has_the_kernels_extack),
		check_test(a_request_contains_no_uninitialised_bytes),
		check_test(signals_do_not_interrupt_requests),
		check_test(each_namespace_thread_and_process_has_one_socket),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A link never outlives its scope in a network namespace that can still be entered; links in
 * namespaces that end with the scope are not deleted one by one. Each test runs with new
 * namespaces and with older ones, which gons distinguishes.
 */
#include "check.h"

#include <fcntl.h>
#include <gons/ip.h>
#include <gons/link.h>
#include <gons/mntns.h>
#include <gons/netns.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "holders.h"
#include "links.h"

static struct gons_link cable;

/* A pair of links between two namespaces that the present scope holds, with addresses and a route. */
static void make_cable(int nsfds[2])
{
	struct gons_link_options options = { .up = 1 };

	options.nsfd = nsfds[0] = gons_must(gons_netns_new_transient());
	options.peer_nsfd = nsfds[1] = gons_must(gons_netns_new_transient());
	gons_must(gons_veth_new_transient(&options, &cable));
	gons_must(gons_address_add(nsfds[0], cable.ifindex, "10.0.0.1/24"));
	gons_must(gons_address_add(nsfds[1], cable.peer_ifindex, "10.0.0.2/24"));
	gons_must(gons_route_add(nsfds[1], "default", "10.0.0.1", 0));
}

static void assert_deleted(const struct holder *holder)
{
	int nsfds[2], mark, held, nsfd;

	gons_require(CLONE_NEWNET);
	gons_require_link("veth");
	for (int end = 0; end < 2; end++)
		for (int old = 0; old < 2; old++) {
			mark = gons_must(gons_scope_begin());
			make_cable(nsfds);
			if (old)
				get_older();
			held = holder->hold(nsfds[end]);
			assert_true(held >= 0);
			gons_must(gons_scope_end(mark));
			nsfd = holder->get_in(held);
			assert_true(nsfd >= 0);
			assert_int_equal(count_links(nsfd), 0);
			assert_int_equal(close(nsfd), 0);
			holder->let_go(held);
		}
}

/* ---- descriptors ---- */

static void a_link_is_deleted_where_a_descriptor_was_duplicated(void **state)
{
	(void)state;
	assert_deleted(&by_dup);
}

static int hold_by_open(int nsfd)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", nsfd);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static void a_link_is_deleted_where_a_namespace_was_opened_again(void **state)
{
	(void)state;
	assert_deleted(&(struct holder){ hold_by_open, same, close_it });
}

static void a_link_is_deleted_where_a_descriptor_was_kept(void **state)
{
	(void)state;
	assert_deleted(&(struct holder){ gons_keep, same, close_it });
}

/* ---- sockets ---- */

static int hold_by_netlink(int nsfd)
{
	return gons_keep(gons_must(gons_netns_socket(nsfd, AF_NETLINK, SOCK_RAW, 0)));
}

static void a_link_is_deleted_where_a_socket_is_open(void **state)
{
	(void)state;
	assert_deleted(&by_socket);
	assert_deleted(&(struct holder){ hold_by_netlink, namespace_of, close_it });
}

/* Another descriptor of the namespace, in a message that nobody has received yet. */
static int message_ends[2];

static void send_fd(int socket_fd, int fd)
{
	char byte = 0;
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = { .buf = { 0 } };
	struct iovec data = { &byte, 1 };
	struct msghdr message = { .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = control.buf,
				  .msg_controllen = sizeof(control.buf) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	if (sendmsg(socket_fd, &message, 0) != 1)
		_exit(1);
}

static int receive_fd(int socket_fd)
{
	char byte;
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec data = { &byte, 1 };
	struct msghdr message = { .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = control.buf,
				  .msg_controllen = sizeof(control.buf) };
	int fd = -1;

	if (recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&message))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

static int hold_by_message(int nsfd)
{
	int fd = hold_by_open(nsfd);

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, message_ends), 0);
	send_fd(message_ends[0], fd);
	assert_int_equal(close(fd), 0);
	return 0;
}

static int receive_message(int held)
{
	(void)held;
	return receive_fd(message_ends[1]);
}

static void close_message(int held)
{
	(void)held;
	assert_int_equal(close(message_ends[0]) + close(message_ends[1]), 0);
}

static void a_link_is_deleted_where_a_descriptor_is_in_a_message(void **state)
{
	(void)state;
	assert_deleted(&(struct holder){ hold_by_message, receive_message, close_message });
}

/* ---- processes and threads ---- */

static void a_link_is_deleted_while_a_child_is_in_its_namespace(void **state)
{
	(void)state;
	assert_deleted(&by_child);
}

/* Tells its id, and waits in the namespace without any descriptor of it. */
static void *wait_as_thread_of_child(void *arg)
{
	const int *fds = arg;
	const int tid = (int)syscall(SYS_gettid);

	if (setns(fds[0], CLONE_NEWNET) < 0)
		_exit(1);
	for (int fd = 3; fd < 1024; fd++)
		if (fd != fds[1])
			(void)close(fd);
	if (write(fds[1], &tid, sizeof(tid)) != sizeof(tid))
		_exit(1);
	(void)pause();
	return NULL;
}

static int child_with_thread;

static int hold_by_thread_of_child(int nsfd)
{
	int ends[2], tid = -1;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	child_with_thread = fork();
	if (child_with_thread == 0) {
		int fds[] = { nsfd, ends[1] };
		pthread_t of_child;

		if (pthread_create(&of_child, NULL, wait_as_thread_of_child, fds) == 0)
			(void)pause();
		_exit(1);
	}
	assert_int_equal(read(ends[0], &tid, sizeof(tid)), sizeof(tid));
	assert_int_equal(close(ends[0]) + close(ends[1]), 0);
	return tid;
}

static void kill_child_with_thread(int tid)
{
	(void)tid;
	kill_it(child_with_thread);
}

static void a_link_is_deleted_while_a_thread_of_a_child_is_in_its_namespace(void **state)
{
	(void)state;
	assert_deleted(&(struct holder){ hold_by_thread_of_child, open_of_process,
					 kill_child_with_thread });
}

/* Closes all but the namespace, and is in another one; the parent finds the descriptor in its
 * procfs. */
static int hold_by_descriptor_of_child(int nsfd)
{
	int pid = fork();

	if (pid == 0) {
		if (dup2(nsfd, 200) == 200)
			(void)pause();
		_exit(0);
	}
	return pid;
}

static int open_descriptor_of_child(int pid)
{
	char path[64];
	int fd = -1;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd/200", pid);
	for (int i = 0; fd < 0 && i < 1000; i++) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			(void)poll(NULL, 0, 10);
	}
	return fd;
}

static void a_link_is_deleted_where_a_child_has_a_descriptor(void **state)
{
	(void)state;
	assert_deleted(
		&(struct holder){ hold_by_descriptor_of_child, open_descriptor_of_child, kill_it });
}

/* A grandchild whose parent has ended: not a child of this process. */
static int hold_by_daemon(int nsfd)
{
	int ends[2], pid = -1;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	GONS_SCOPE {
		pid_t parent;

		gons_must(gons_enter(nsfd));
		parent = fork();
		if (parent == 0) {
			pid = fork();
			if (pid == 0) {
				(void)pause();
				_exit(0);
			}
			_exit(write(ends[1], &pid, sizeof(pid)) != sizeof(pid));
		}
		assert_int_equal(waitpid(parent, NULL, 0), parent);
	}
	assert_int_equal(read(ends[0], &pid, sizeof(pid)), sizeof(pid));
	assert_int_equal(close(ends[0]) + close(ends[1]), 0);
	return pid;
}

static void a_link_is_deleted_while_a_daemon_is_in_its_namespace(void **state)
{
	(void)state;
	assert_deleted(&(struct holder){ hold_by_daemon, open_of_process, kill_daemon });
}

static void a_link_is_deleted_where_a_daemon_has_a_socket(void **state)
{
	(void)state;
	require_getfd(__func__);
	assert_deleted(&by_socket_of_daemon);
}

/* A process that is older than the namespaces, and no child of this one. It keeps, or enters, the
 * namespace whose descriptor it receives, until it is told to let go of it. */
static int helper_fd, helper_pid;

static void help(int fd, bool enters)
{
	const int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	char byte;

	for (;;) {
		int nsfd = receive_fd(fd);

		if (nsfd < 0 || (enters ? setns(nsfd, CLONE_NEWNET) : dup2(nsfd, 200)) < 0)
			_exit(1);
		(void)close(nsfd);
		if (send(fd, "", 1, MSG_NOSIGNAL) != 1 || recv(fd, &byte, 1, 0) != 1)
			_exit(1);
		if ((enters ? setns(own, CLONE_NEWNET) : close(200)) < 0 ||
		    send(fd, "", 1, MSG_NOSIGNAL) != 1)
			_exit(1);
	}
}

static void start_helper(bool enters)
{
	int ends[2];
	pid_t parent;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	parent = fork();
	if (parent == 0) {
		helper_pid = fork();
		if (helper_pid == 0) {
			(void)close(ends[0]);
			help(ends[1], enters);
		}
		_exit(write(ends[1], &helper_pid, sizeof(helper_pid)) != sizeof(helper_pid));
	}
	assert_int_equal(waitpid(parent, NULL, 0), parent);
	assert_int_equal(read(ends[0], &helper_pid, sizeof(helper_pid)), sizeof(helper_pid));
	assert_int_equal(close(ends[1]), 0);
	helper_fd = ends[0];
}

static void end_helper(void)
{
	assert_int_equal(close(helper_fd), 0);
}

static int hold_by_helper(int nsfd)
{
	int fd = hold_by_open(nsfd);
	char byte;

	send_fd(helper_fd, fd);
	assert_int_equal(close(fd), 0);
	assert_int_equal(recv(helper_fd, &byte, 1, 0), 1);
	return helper_pid;
}

static void tell_helper_to_let_go(int pid)
{
	char byte;

	(void)pid;
	assert_int_equal(send(helper_fd, "", 1, MSG_NOSIGNAL), 1);
	assert_int_equal(recv(helper_fd, &byte, 1, 0), 1);
}

static void a_link_is_deleted_where_an_older_process_has_a_descriptor(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET); /* a skipped test does not end the helper */
	gons_require_link("veth");
	start_helper(false);
	assert_deleted(&(struct holder){ hold_by_helper, open_descriptor_of_child,
					 tell_helper_to_let_go });
	end_helper();
}

static void a_link_is_deleted_while_an_older_process_is_in_its_namespace(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET);
	gons_require_link("veth");
	start_helper(true);
	assert_deleted(&(struct holder){ hold_by_helper, open_of_process, tell_helper_to_let_go });
	end_helper();
}

/* ---- process ids that begin again ---- */

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool is_written = fd >= 0 && write(fd, text, strlen(text)) > 0;

	return fd >= 0 && close(fd) == 0 && is_written;
}

/* Forks a process that is in the namespace, has no descriptor of it, and becomes a child of process
 * 1. Returns its id, or -1. */
static int leave_in(int nsfd)
{
	int ends[2], pid = -1;
	pid_t parent;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	parent = fork();
	if (parent == 0) {
		if (setns(nsfd, CLONE_NEWNET) < 0)
			_exit(1);
		pid = fork();
		for (int fd = 3; pid == 0 && fd < 1024; fd++)
			(void)close(fd);
		if (pid == 0)
			(void)pause();
		_exit(write(ends[1], &pid, sizeof(pid)) != sizeof(pid));
	}
	if (waitpid(parent, NULL, 0) != parent || read(ends[0], &pid, sizeof(pid)) != sizeof(pid))
		pid = -1;
	(void)close(ends[0]);
	(void)close(ends[1]);
	return pid;
}

enum { NOT_BEGUN_AGAIN = 77 };

/* Process 2 of a PID namespace. Returns 0 if the link was deleted. */
static int hold_after_last_pid(void)
{
	struct gons_link_options options = { .up = 1 };
	int mark, last_pid, pid, nsfd;
	char text[16];

	if (mount("proc", "/proc", "proc", 0, NULL) < 0 ||
	    sscanf(read_text("/proc/sys/kernel/pid_max"), "%d", &last_pid) != 1)
		return NOT_BEGUN_AGAIN;
	last_pid -= 1;
	mark = gons_scope_begin();
	(void)poll(NULL, 0, 110); /* gons may use an id that it read up to 100 ms ago */
	(void)snprintf(text, sizeof(text), "%d", last_pid);
	if (!write_file("/proc/sys/kernel/ns_last_pid", text))
		return NOT_BEGUN_AGAIN;
	options.nsfd = options.peer_nsfd = gons_netns_new_transient();
	if (mark < 0 || options.nsfd < 0 || gons_veth_new_transient(&options, &cable) < 0)
		return 2;
	get_older();
	pid = leave_in(options.nsfd);
	if (pid > last_pid)
		return NOT_BEGUN_AGAIN;
	if (pid < 0 || gons_scope_end(mark) < 0)
		return 3;
	nsfd = open_of_process(pid);
	if (nsfd < 0 || setns(nsfd, CLONE_NEWNET) < 0)
		return 4;
	return if_nametoindex(cable.name) == 0 ? 0 : 1;
}

/* Those that follow have the procfs of the outer PID namespace, where processes have other ids. */

static int leave_socket_to_daemon(void)
{
	int nsfds[2], held, nsfd, left;
	int mark = gons_scope_begin();

	(void)poll(NULL, 0, 110);
	make_cable(nsfds);
	held = by_socket_of_daemon.hold(nsfds[0]);
	if (gons_scope_end(mark) < 0)
		return 3;
	nsfd = by_socket_of_daemon.get_in(held);
	left = nsfd < 0 ? 4 : count_links(nsfd) != 0;
	by_socket_of_daemon.let_go(held);
	return left;
}

static int leave_daemon_in(void)
{
	int nsfds[2], pid;
	int mark = gons_scope_begin();

	(void)poll(NULL, 0, 110);
	make_cable(nsfds);
	get_older();
	pid = leave_in(nsfds[0]);
	if (pid < 0 || gons_scope_end(mark) < 0)
		return 3;
	if (setns((int)syscall(SYS_pidfd_open, pid, 0), CLONE_NEWNET) < 0)
		return 4;
	return if_nametoindex(cable.name) != 0;
}

/* What process 2 does. */
static int (*process_2)(void);

static int run_as_process_2(void *arg)
{
	int status;
	pid_t pid;

	(void)arg;
	pid = fork();
	if (pid == 0)
		_exit(process_2());
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 5;
}

static int run_in_pid_namespace(void *arg)
{
	if (unshare(CLONE_NEWPID | CLONE_NEWNS) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return NOT_BEGUN_AGAIN;
	return in_child(run_as_process_2, arg);
}

static void a_link_is_deleted_while_a_daemon_with_a_lower_id_is_in_its_namespace(void **state)
{
	int status;

	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWNS);
	gons_require_link("veth");
	process_2 = hold_after_last_pid;
	status = in_child(run_in_pid_namespace, NULL);
	if (status == NOT_BEGUN_AGAIN)
		skip_for(__func__, "the next process id cannot be set");
	assert_int_equal(status, 0);
}

static void a_link_is_deleted_where_a_daemon_has_another_id_in_procfs(void **state)
{
	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWNS);
	gons_require_link("veth");
	require_getfd(__func__);
	process_2 = leave_socket_to_daemon;
	assert_int_equal(in_child(run_in_pid_namespace, NULL), 0);
	process_2 = leave_daemon_in;
	assert_int_equal(in_child(run_in_pid_namespace, NULL), 0);
}

static pthread_t thread;
static int pipe_of_thread[2], nsfd_of_thread;
static volatile int tid_of_thread;

static void wait_in_namespace(void *arg)
{
	char byte;

	(void)arg;
	tid_of_thread = (int)syscall(SYS_gettid);
	if (write(pipe_of_thread[1], "", 1) != 1 || read(pipe_of_thread[0], &byte, 1) != 1)
		return;
	while (tid_of_thread != 0)
		(void)poll(NULL, 0, 1);
}

static void *run_thread(void *arg)
{
	(void)gons_netns_execute(nsfd_of_thread, wait_in_namespace, arg);
	return NULL;
}

static int hold_by_thread(int nsfd)
{
	nsfd_of_thread = fcntl(nsfd, F_DUPFD_CLOEXEC, 3);
	tid_of_thread = 0;
	assert_int_equal(pipe2(pipe_of_thread, O_CLOEXEC), 0);
	assert_int_equal(pthread_create(&thread, NULL, run_thread, NULL), 0);
	while (tid_of_thread == 0)
		(void)poll(NULL, 0, 1);
	assert_int_equal(close(nsfd_of_thread), 0);
	return tid_of_thread;
}

static void end_thread(int tid)
{
	(void)tid;
	while (tid_of_thread == 0)
		(void)poll(NULL, 0, 1);
	tid_of_thread = 0;
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(close(pipe_of_thread[0]) + close(pipe_of_thread[1]), 0);
}

static void a_link_is_deleted_while_a_thread_is_in_its_namespace(void **state)
{
	(void)state;
	assert_deleted(&(struct holder){ hold_by_thread, open_of_process, end_thread });
}

/* ---- sets and mounts ---- */

static gons_set *set;

static int hold_by_set(int nsfd)
{
	GONS_SCOPE {
		gons_must(gons_enter(nsfd));
		set = gons_must(gons_set_current(CLONE_NEWNET));
	}
	return 0;
}

static int open_of_set(int held)
{
	(void)held;
	return fcntl(gons_must(gons_set_fd(set, CLONE_NEWNET)), F_DUPFD_CLOEXEC, 3);
}

static void close_set(int held)
{
	(void)held;
	gons_set_close(set);
}

static void a_link_is_deleted_where_a_set_has_the_namespace(void **state)
{
	(void)state;
	assert_deleted(&(struct holder){ hold_by_set, open_of_set, close_set });
}

static const char place[] = "/tmp/gons-deferred-undo";

static int hold_by_mount(int nsfd)
{
	char path[64];
	int fd = open(place, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_int_equal(close(fd), 0);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", nsfd);
	assert_int_equal(mount(path, place, NULL, MS_BIND, NULL), 0);
	return 0;
}

static int open_mount(int held)
{
	(void)held;
	return open(place, O_RDONLY | O_CLOEXEC);
}

static void unmount(int held)
{
	(void)held;
	assert_int_equal(umount2(place, MNT_DETACH), 0);
	assert_int_equal(unlink(place), 0);
}

static void a_link_is_deleted_where_the_namespace_is_mounted(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	gons_must(gons_mntns_enter_transient());
	assert_int_equal(mount("none", "/tmp", "tmpfs", 0, NULL), 0);
	assert_deleted(&(struct holder){ hold_by_mount, open_mount, unmount });
}

/* ---- namespaces that stay ---- */

static void a_link_with_an_end_in_a_namespace_that_stays_is_deleted(void **state)
{
	struct gons_link_options options = { .up = 1 };

	(void)state;
	need_namespaces("veth");
	for (int i = 0; i < 2; i++) {
		GONS_SCOPE {
			options.nsfd = i ? blue : gons_must(gons_netns_new_transient());
			options.peer_nsfd = i ? gons_must(gons_netns_new_transient()) : blue;
			gons_must(gons_veth_new_transient(&options, NULL));
		}
		assert_int_equal(count_links(blue), 0);
	}
	GONS_SCOPE {
		gons_must(gons_netns_enter_transient());
		options.nsfd = 0;
		options.peer_nsfd = blue;
		gons_must(gons_veth_new_transient(&options, NULL));
	}
	assert_int_equal(count_links(blue), 0);
}

static void a_link_on_a_parent_that_stays_is_deleted(void **state)
{
	struct gons_link_options options = { .link_nsfd = 0 };
	struct gons_link parent, link;

	(void)state;
	need_namespaces("veth");
	gons_require_link("macvlan");
	gons_must(gons_veth_new_transient(&(struct gons_link_options){ .nsfd = blue }, &parent));
	GONS_SCOPE {
		options.nsfd = gons_must(gons_netns_new_transient());
		options.link_nsfd = blue;
		options.parent_ifindex = parent.ifindex;
		gons_must(gons_macvlan_new_transient(&options, &link));
	}
	/* Its parent is free again: a bridge refuses a port that has a macvlan. */
	GONS_SCOPE {
		struct gons_link bridge;

		gons_require_link("bridge");
		gons_must(gons_bridge_new_transient(&(struct gons_link_options){ .nsfd = blue },
						    &bridge));
		gons_must(gons_link_set_master(blue, parent.ifindex, bridge.ifindex));
	}
}

static void a_link_that_was_moved_to_a_namespace_that_stays_is_deleted(void **state)
{
	int nsfds[2];

	(void)state;
	need_namespaces("veth");
	for (int end = 0; end < 2; end++) {
		GONS_SCOPE {
			make_cable(nsfds);
			gons_must(gons_link_move(
				nsfds[end], end ? cable.peer_ifindex : cable.ifindex, blue, NULL));
			assert_int_equal(count_links(blue), 1);
		}
		assert_int_equal(count_links(blue), 0);
	}
}

static void the_end_of_an_inner_scope_deletes_only_its_links(void **state)
{
	struct gons_link_options options = { .up = 0 };
	int nsfds[2];

	(void)state;
	gons_require(CLONE_NEWNET);
	gons_require_link("veth");
	make_cable(nsfds);
	assert_int_equal(count_links(nsfds[0]), 1);
	GONS_SCOPE {
		options.nsfd = options.peer_nsfd = nsfds[0];
		gons_must(gons_veth_new_transient(&options, NULL));
		assert_int_equal(count_links(nsfds[0]), 3);
	}
	assert_int_equal(count_links(nsfds[0]), 1);
}

/* ---- namespaces that end ---- */

static void a_scope_with_both_ends_of_a_link_ends(void **state)
{
	int nsfds[2];

	(void)state;
	gons_require(CLONE_NEWNET);
	gons_require_link("veth");
	for (int old = 0; old < 2; old++)
		GONS_SCOPE {
			make_cable(nsfds);
			if (old)
				get_older();
		}
	for (int old = 0; old < 2; old++)
		GONS_SCOPE {
			gons_must(gons_netns_enter_transient());
			gons_must(gons_veth_new_transient(NULL, &cable));
			gons_must(gons_address_add(-1, cable.ifindex, "10.0.0.1/24"));
			if (old)
				get_older();
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(a_link_is_deleted_where_a_descriptor_was_duplicated),
		check_test(a_link_is_deleted_where_a_namespace_was_opened_again),
		check_test(a_link_is_deleted_where_a_descriptor_was_kept),
		check_test(a_link_is_deleted_where_a_socket_is_open),
		check_test(a_link_is_deleted_where_a_descriptor_is_in_a_message),
		check_test(a_link_is_deleted_where_an_older_process_has_a_descriptor),
		check_test(a_link_is_deleted_while_an_older_process_is_in_its_namespace),
		check_test(a_link_is_deleted_while_a_child_is_in_its_namespace),
		check_test(a_link_is_deleted_while_a_thread_of_a_child_is_in_its_namespace),
		check_test(a_link_is_deleted_where_a_child_has_a_descriptor),
		check_test(a_link_is_deleted_while_a_daemon_is_in_its_namespace),
		check_test(a_link_is_deleted_while_a_daemon_with_a_lower_id_is_in_its_namespace),
		check_test(a_link_is_deleted_where_a_daemon_has_a_socket),
		check_test(a_link_is_deleted_where_a_daemon_has_another_id_in_procfs),
		check_test(a_link_is_deleted_while_a_thread_is_in_its_namespace),
		check_test(a_link_is_deleted_where_a_set_has_the_namespace),
		check_test(a_link_is_deleted_where_the_namespace_is_mounted),
		check_test(a_link_with_an_end_in_a_namespace_that_stays_is_deleted),
		check_test(a_link_on_a_parent_that_stays_is_deleted),
		check_test(a_link_that_was_moved_to_a_namespace_that_stays_is_deleted),
		check_test(the_end_of_an_inner_scope_deletes_only_its_links),
		check_test(a_scope_with_both_ends_of_a_link_ends),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

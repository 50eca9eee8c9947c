/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP and UDP sockets of a network namespace by sock_diag(7), and the processes that have them
 * open by procfs.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>

#include "gons/base/error.h"
#include "gons/base/signal_safe_read.h"
#include "netns/rtnl.h"
#include "test/state.h"

/* ---- the kernel ---- */

struct dump {
	struct gons_i_state *state;
	uint8_t protocol;
};

static struct gons_i_ip ip_of(uint8_t family, const uint32_t words[4])
{
	struct gons_i_ip ip = { .family = family };

	memcpy(ip.bytes, words, family == AF_INET ? 4 : 16);
	return ip;
}

static int take_socket(const struct nlmsghdr *nlh, void *arg)
{
	const struct dump *dump = arg;
	const struct inet_diag_msg *message = mnl_nlmsg_get_payload(nlh);
	struct gons_i_state_socket *socket;

	if (nlh->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*message) ||
	    (message->idiag_family != AF_INET && message->idiag_family != AF_INET6))
		return MNL_CB_OK;
	socket = GONS_I_ADD(dump->state, sockets);
	if (!socket)
		return MNL_CB_STOP;
	socket->protocol = dump->protocol;
	socket->state = message->idiag_state;
	socket->local = ip_of(message->idiag_family, message->id.idiag_src);
	socket->remote = ip_of(message->idiag_family, message->id.idiag_dst);
	socket->local_port = ntohs(message->id.idiag_sport);
	socket->remote_port = ntohs(message->id.idiag_dport);
	socket->inode = message->idiag_inode;
	socket->uid = message->idiag_uid;
	return MNL_CB_OK;
}

static int dump_sockets(struct mnl_socket *netlink, uint8_t family, const struct dump *dump)
{
	_Alignas(struct nlmsghdr) char buf[32768];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct inet_diag_req_v2 *request;
	ssize_t got;
	int result = MNL_CB_OK;

	nlh->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request = mnl_nlmsg_put_extra_header(nlh, sizeof(*request));
	request->sdiag_family = family;
	request->sdiag_protocol = dump->protocol;
	request->idiag_states = ~(1U << TCP_TIME_WAIT);
	if (mnl_socket_sendto(netlink, nlh, nlh->nlmsg_len) < 0)
		return -1;
	while (result > MNL_CB_STOP) {
		got = mnl_socket_recvfrom(netlink, buf, sizeof(buf));
		if (got < 0 && errno == EINTR)
			continue;
		result = got <= 0 ? -1
				  : gons_i_state_run(buf, (size_t)got, take_socket, (void *)dump);
	}
	return result;
}

/* ---- their processes ---- */

/* Finds the socket that a descriptor refers to: its link is "socket:[1234]". */
static struct gons_i_state_socket *find_socket(const struct gons_i_state *state, int dir_fd,
					       const char *name)
{
	char text[64];
	ssize_t length = readlinkat(dir_fd, name, text, sizeof(text) - 1);
	unsigned inode;

	if (length < 0)
		return NULL;
	text[length] = '\0';
	if (sscanf(text, "socket:[%u]", &inode) != 1)
		return NULL;
	for (size_t i = 0; i < state->sockets.n; i++)
		if (state->sockets.list[i].inode == inode && inode != 0)
			return &state->sockets.list[i];
	return NULL;
}

static void read_command(pid_t pid, char command[16])
{
	char path[32];
	cleanup_fd int fd = -1;
	ssize_t length;

	(void)snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	length = fd < 0 ? -1 : gons_i_read(fd, command, 15);
	command[length < 0 ? 0 : length] = '\0';
	command[strcspn(command, "\n")] = '\0';
}

/* Processes of other users cannot be read, and a process that has just ended has no descriptors:
 * neither is an error. */
static void find_sockets_of(struct gons_i_state *state, pid_t pid)
{
	char path[32];
	const struct dirent *entry;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	while (dir && (errno = 0, (entry = readdir(dir)))) {
		struct gons_i_state_socket *socket = find_socket(state, dirfd(dir), entry->d_name);

		if (!socket || socket->pid != 0)
			continue;
		socket->pid = pid;
		read_command(pid, socket->command);
	}
	if (dir && errno != 0 && errno != ENOENT && errno != ESRCH)
		gons_i_state_incomplete(state, "cannot list %s: %s", path,
					gons_i_errno_text(errno));
	if (dir)
		(void)closedir(dir);
}

/* A socket of the kernel, or one that a process has closed, has no inode. */
static bool lacks_owner(const struct gons_i_state *state)
{
	for (size_t i = 0; i < state->sockets.n; i++)
		if (state->sockets.list[i].inode != 0 && state->sockets.list[i].pid == 0)
			return true;
	return false;
}

/* Most are the test's own, so that the other processes of the machine need not be read. */
static void find_owners(struct gons_i_state *state)
{
	const struct dirent *entry;
	DIR *dir;

	if (lacks_owner(state))
		find_sockets_of(state, getpid());
	if (!lacks_owner(state))
		return;
	dir = opendir("/proc");
	while (dir && (errno = 0, lacks_owner(state)) && (entry = readdir(dir)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			find_sockets_of(state, atoi(entry->d_name));
	if (!dir || errno != 0)
		gons_i_state_incomplete(state, "cannot list /proc: %s", gons_i_errno_text(errno));
	if (dir)
		(void)closedir(dir);
}

void gons_i_state_read_sockets(int nsfd, struct gons_i_state *state)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP };
	int fd = gons_i_netlink_open(nsfd > 0 ? nsfd : -1, NETLINK_SOCK_DIAG);
	struct mnl_socket *netlink = fd < 0 ? NULL : mnl_socket_fdopen(fd);

	if (!netlink) {
		gons_i_close_fd(&fd);
		gons_i_state_incomplete(state, "%s", gons_error());
		return;
	}
	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < 2; j++) {
			const struct dump dump = { state, protocols[j] };

			/* ENOENT: the kernel lacks the protocol, or the module for sock_diag(7). */
			if (dump_sockets(netlink, families[i], &dump) < 0 && errno != ENOENT)
				gons_i_state_incomplete(state, "cannot list the sockets");
		}
	(void)mnl_socket_close(netlink);
	find_owners(state);
}

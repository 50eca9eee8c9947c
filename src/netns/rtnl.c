/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtnetlink requests: send one, wait for its acknowledgement. Nothing about links in here.
 *
 * The kernel carries a request out before sendto(2) returns, and queues the acknowledgement on
 * the socket. Each request has a sequence number of its own, so that what is left of an
 * earlier one, given up half-way, is passed over.
 */
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <gons/netns.h>
#include <gons/privilege.h>

#include "gons/internal.h"
#include "netns/rtnl.h"

/* How often a request that only asks is sent. A dump of many links is interrupted by every link
 * that is made meanwhile. */
enum { ASK_LIMIT = 100 };

enum { ANSWER_SIZE = 32768 }; /* the most that the kernel puts into one piece of a dump */

struct gons_i_rtnl {
	struct gons_i_rtnl *next; /* on this thread */
	struct mnl_socket *socket;
	dev_t dev; /* with ino, its network namespace; the socket keeps that alive */
	ino_t ino; /* 0: not to be shared */
	unsigned forks, users;
	unsigned sequence;
	char words[128]; /* of the kernel, about the last request */
	unsigned attribute; /* that it objects to, or 0 */
	bool is_missing;
	_Alignas(struct nlmsghdr) char answer[ANSWER_SIZE];
};

static __thread struct gons_i_rtnl *in_use;

/* ---- sockets ---- */

struct opening {
	int bus;
	struct mnl_socket *socket;
	struct gons_i_failure failure;
};

static void open_here(void *arg)
{
	struct opening *opening = arg;

	opening->socket = mnl_socket_open2(opening->bus, SOCK_CLOEXEC);
	if (opening->socket)
		return;
	(void)gons_i_fail(errno, "cannot open a netlink socket");
	if (errno == EPROTONOSUPPORT)
		gons_i_hint("this kernel has no netlink bus %d", opening->bus);
	gons_i_failure_save(&opening->failure);
}

static bool is_own_namespace(int nsfd)
{
	char path[GONS_I_OWN_PATH_SIZE];
	struct stat own, other;

	return stat(gons_i_own_path(gons_i_type_row(CLONE_NEWNET), path), &own) == 0 &&
	       fstat(nsfd, &other) == 0 && own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

struct mnl_socket *gons_i_netlink_open(int nsfd, int bus)
{
	struct opening opening = { .bus = bus };

	if (nsfd >= 0 && gons_i_check_type(nsfd, CLONE_NEWNET) < 0)
		return NULL;
	if (nsfd < 0 || is_own_namespace(nsfd))
		open_here(&opening);
	else if (gons_execute(nsfd, open_here, &opening) < 0)
		gons_i_failure_save(&opening.failure);
	else if (opening.socket)
		return opening.socket;
	if (opening.socket && opening.failure.errnum != 0) {
		(void)mnl_socket_close(opening.socket);
		opening.socket = NULL;
	}
	if (!opening.socket)
		(void)gons_i_failure_restore(&opening.failure);
	return opening.socket;
}

/* Options that only make answers better: kernels before 4.12, 4.3 and 4.20 lack them. */
static void set_options(const struct mnl_socket *socket)
{
	int on = 1;

	(void)mnl_socket_setsockopt(socket, NETLINK_EXT_ACK, &on, sizeof(on));
	(void)mnl_socket_setsockopt(socket, NETLINK_CAP_ACK, &on, sizeof(on));
	(void)mnl_socket_setsockopt(socket, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
}

static struct mnl_socket *open_bound(int nsfd)
{
	struct mnl_socket *socket = gons_i_netlink_open(nsfd, NETLINK_ROUTE);

	if (!socket)
		return NULL;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		(void)gons_i_fail(errno, "cannot bind a netlink socket");
		(void)mnl_socket_close(socket);
		return NULL;
	}
	set_options(socket);
	return socket;
}

static int identify(int nsfd, struct stat *st)
{
	char path[GONS_I_OWN_PATH_SIZE];

	memset(st, 0, sizeof(*st));
	if (nsfd > 0)
		return gons_i_check_type(nsfd, CLONE_NEWNET) < 0 ? -1 : fstat(nsfd, st);
	/* Without procfs there is still a socket, which is not shared then. */
	if (stat(gons_i_own_path(gons_i_type_row(CLONE_NEWNET), path), st) < 0)
		st->st_ino = 0;
	return 0;
}

struct gons_i_rtnl *gons_i_rtnl_open(int nsfd)
{
	struct gons_i_rtnl *rtnl;
	struct stat st;

	if (identify(nsfd, &st) < 0)
		return NULL;
	for (rtnl = in_use; rtnl; rtnl = rtnl->next)
		if (rtnl->ino != 0 && rtnl->ino == st.st_ino && rtnl->dev == st.st_dev &&
		    rtnl->forks == gons_i_forks()) {
			rtnl->users++;
			return rtnl;
		}
	rtnl = malloc(sizeof(*rtnl));
	if (!rtnl) {
		(void)gons_i_fail(ENOMEM, "cannot open a netlink socket");
		return NULL;
	}
	rtnl->socket = open_bound(nsfd > 0 ? nsfd : -1);
	if (!rtnl->socket) {
		free(rtnl);
		return NULL;
	}
	rtnl->dev = st.st_dev;
	rtnl->ino = st.st_ino;
	rtnl->forks = gons_i_forks();
	rtnl->users = 1;
	rtnl->sequence = 0;
	rtnl->words[0] = '\0';
	rtnl->next = in_use;
	in_use = rtnl;
	return rtnl;
}

void gons_i_rtnl_close(struct gons_i_rtnl *rtnl)
{
	struct gons_i_rtnl **link = &in_use;
	int saved = errno;

	if (!rtnl || --rtnl->users > 0)
		return;
	while (*link != rtnl)
		link = &(*link)->next;
	*link = rtnl->next;
	(void)mnl_socket_close(rtnl->socket); /* the descriptor is gone either way */
	free(rtnl);
	errno = saved;
}

/* ---- answers ---- */

/* Of one request; errnum and is_done are about its end. */
struct hearing {
	const struct nlmsghdr *request;
	mnl_cb_t cb;
	void *arg;
	int errnum;
	bool is_done, is_interrupted, has_stopped;
	bool has_overflowed; /* the socket's buffer; what did not fit will not come any more */
};

/* What the kernel says beside an errno: attributes behind the first skip bytes of payload. */
static void read_words(struct gons_i_rtnl *rtnl, const struct hearing *hearing,
		       const struct nlmsghdr *nlh, size_t skip)
{
	const struct nlattr *attr;
	uint32_t offset = 0;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) || mnl_nlmsg_get_payload_len(nlh) < skip)
		return;
	mnl_attr_for_each(attr, nlh, (unsigned)skip)
	{
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
		    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0)
			(void)snprintf(rtnl->words, sizeof(rtnl->words), "%s",
				       mnl_attr_get_str(attr));
		if (mnl_attr_validate(attr, MNL_TYPE_U32) < 0)
			continue;
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_OFFS)
			offset = mnl_attr_get_u32(attr);
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MISS_TYPE) {
			rtnl->attribute = mnl_attr_get_u32(attr);
			rtnl->is_missing = true;
		}
	}
	if (rtnl->attribute == 0 && offset >= MNL_NLMSG_HDRLEN &&
	    offset + MNL_ATTR_HDRLEN <= hearing->request->nlmsg_len)
		rtnl->attribute =
			mnl_attr_get_type((const void *)((const char *)hearing->request + offset));
}

static void hear_end(struct gons_i_rtnl *rtnl, struct hearing *hearing, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *end = mnl_nlmsg_get_payload(nlh);
	size_t skip = sizeof(*end);

	hearing->is_done = true;
	if (nlh->nlmsg_type == NLMSG_DONE) {
		skip = sizeof(int);
	} else if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*end)) {
		hearing->errnum = EBADMSG;
		return;
	} else if (!(nlh->nlmsg_flags & NLM_F_CAPPED)) {
		skip += end->msg.nlmsg_len - MNL_NLMSG_HDRLEN;
	}
	if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(int) && end->error < 0)
		hearing->errnum = -end->error;
	read_words(rtnl, hearing, nlh, skip);
}

static void hear(struct gons_i_rtnl *rtnl, struct hearing *hearing, const struct nlmsghdr *nlh)
{
	int verdict;

	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		hearing->is_interrupted = true;
	if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE) {
		hear_end(rtnl, hearing, nlh);
	} else if (nlh->nlmsg_type >= NLMSG_MIN_TYPE && hearing->cb && !hearing->has_stopped) {
		verdict = hearing->cb(nlh, hearing->arg);
		if (verdict == MNL_CB_ERROR && hearing->errnum == 0)
			hearing->errnum = errno;
		/* The rest is received all the same: the socket goes on being used. */
		hearing->has_stopped = verdict <= MNL_CB_STOP;
	}
}

/* Something did not fit into the socket's buffer: what fitted is there already. */
static void make_room(const struct gons_i_rtnl *rtnl, struct hearing *hearing)
{
	int size = 1 << 20; /* as much of it as net.core.rmem_max allows */

	hearing->has_overflowed = true;
	(void)setsockopt(mnl_socket_get_fd(rtnl->socket), SOL_SOCKET, SO_RCVBUF, &size,
			 sizeof(size));
}

/* One datagram. 0, or -1 with errno alone. */
static int receive(struct gons_i_rtnl *rtnl, struct hearing *hearing)
{
	struct sockaddr_nl from;
	socklen_t from_size = sizeof(from);
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)(const void *)rtnl->answer;
	ssize_t got;
	int left;

	do
		got = recvfrom(mnl_socket_get_fd(rtnl->socket), rtnl->answer, sizeof(rtnl->answer),
			       MSG_TRUNC | (hearing->has_overflowed ? MSG_DONTWAIT : 0),
			       (struct sockaddr *)&from, &from_size);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == ENOBUFS && !hearing->has_overflowed) {
		make_room(rtnl, hearing);
		return 0;
	}
	if (got < 0) {
		errno = errno == EAGAIN ? ENOBUFS : errno;
		return -1;
	}
	if ((size_t)got > sizeof(rtnl->answer)) {
		errno = EMSGSIZE;
		return -1;
	}
	if (from_size != sizeof(from) || from.nl_pid != 0)
		return 0; /* not the kernel's */
	left = (int)got;
	for (; mnl_nlmsg_ok(nlh, left) && !hearing->is_done; nlh = mnl_nlmsg_next(nlh, &left))
		if (nlh->nlmsg_seq == hearing->request->nlmsg_seq &&
		    nlh->nlmsg_pid == mnl_socket_get_portid(rtnl->socket))
			hear(rtnl, hearing, nlh);
	return 0;
}

/* Sends the request and hears its answers. 0, or -1 with errno alone, EINTR for a dump that
 * was interrupted. */
static int send_and_hear(struct gons_i_rtnl *rtnl, struct nlmsghdr *request, mnl_cb_t cb, void *arg)
{
	struct hearing hearing = { .request = request, .cb = cb, .arg = arg };

	rtnl->words[0] = '\0';
	rtnl->attribute = 0;
	rtnl->is_missing = false;
	request->nlmsg_seq = ++rtnl->sequence;
	while (mnl_socket_sendto(rtnl->socket, request, request->nlmsg_len) < 0)
		if (errno != EINTR)
			return -1;
	while (!hearing.is_done)
		if (receive(rtnl, &hearing) < 0)
			return -1;
	if (hearing.errnum == 0 && hearing.is_interrupted)
		hearing.errnum = EINTR;
	if (hearing.errnum == 0 && hearing.has_overflowed && (request->nlmsg_flags & NLM_F_DUMP))
		hearing.errnum = ENOBUFS; /* in the midst of it */
	if (hearing.errnum == 0)
		return 0;
	errno = hearing.errnum;
	return -1;
}

/* ---- requests ---- */

struct nlmsghdr *gons_i_rtnl_request(void *buf, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	return nlh;
}

const char *gons_i_rtnl_words(const struct gons_i_rtnl *rtnl)
{
	return rtnl->words;
}

static void hint_permission(void)
{
	int can = gons_has_cap(CAP_NET_ADMIN);

	errno = EPERM;
	if (can != 1)
		gons_i_hint("CAP_NET_ADMIN is missing in this user namespace");
	else
		gons_i_hint("the network namespace belongs to another user namespace");
}

__attribute__((format(printf, 3, 0))) static int fail(const struct gons_i_rtnl *rtnl, int errnum,
						      const char *format, va_list args)
{
	char what[256];

	(void)vsnprintf(what, sizeof(what), format, args);
	(void)gons_i_fail(errnum, "%s", what);
	if (rtnl->words[0] != '\0')
		gons_i_hint("the kernel says: %s", rtnl->words);
	else if (rtnl->attribute != 0)
		gons_i_hint("attribute %u of the request is %s", rtnl->attribute,
			    rtnl->is_missing ? "missing" : "refused");
	if (errnum == EPERM && rtnl->words[0] == '\0')
		hint_permission();
	return -1;
}

int gons_i_rtnl_talk(struct gons_i_rtnl *rtnl, struct nlmsghdr *request, mnl_cb_t cb, void *arg,
		     const char *format, ...)
{
	va_list args;

	if (send_and_hear(rtnl, request, cb, arg) == 0)
		return 0;
	va_start(args, format);
	(void)fail(rtnl, errno, format, args);
	va_end(args);
	if (errno == ENOBUFS)
		gons_i_hint("the kernel had no room for its answer, and may have done it");
	return -1;
}

int gons_i_rtnl_ask(struct gons_i_rtnl *rtnl, struct nlmsghdr *request, mnl_cb_t cb, void *arg,
		    const char *format, ...)
{
	va_list args;

	for (int i = 0; i < ASK_LIMIT; i++) {
		if (send_and_hear(rtnl, request, cb, arg) == 0)
			return 0;
		if (errno != EINTR && errno != ENOBUFS)
			break;
	}
	va_start(args, format);
	(void)fail(rtnl, errno, format, args);
	va_end(args);
	if (errno == EINTR)
		gons_i_hint("it was changed each of the %d times that it was read", ASK_LIMIT);
	return -1;
}

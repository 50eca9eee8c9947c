/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtnetlink requests: sends one, and waits for its acknowledgement.
 *
 * The kernel carries a request out before sendto(2) returns, and queues the acknowledgement on the
 * socket. Each request has a sequence number of its own, so answers to an earlier request, which
 * was given up half-way, are ignored.
 */
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <gons/netns.h>
#include <gons/privilege.h>

#include "gons/base/caps.h"
#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/forks.h"
#include "gons/base/procfs.h"
#include "gons/base/types.h"
#include "gons/core/nsfd.h"
#include "gons/diagnosis/cause.h"
#include "gons/diagnosis/refusal.h"
#include "netns/rtnl.h"
#include "netns/rtnl_socket.h"

/* How often a dump is requested. A dump of many links is interrupted by every link that is created
 * meanwhile. */
enum { DUMP_LIMIT = 100 };

enum {
	PIECES_LIMIT = 1 << 16, /* more than a million links take */
	MAX_ERRNO = 4095, /* of the kernel's */
};

static __thread struct gons_i_rtnl *in_use;

/* ---- sockets ---- */

struct opening {
	int bus, fd;
	struct gons_i_failure failure;
};

static void open_here(void *arg)
{
	struct opening *opening = arg;

	opening->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, opening->bus);
	if (opening->fd >= 0)
		return;
	(void)gons_i_fail(errno, "cannot open a netlink socket");
	if (errno == EPROTONOSUPPORT &&
	    !gons_i_diagnose_gvisor("the netlink protocol %d", opening->bus))
		gons_i_add_cause(
			"this kernel lacks the netlink protocol %d, or its module is not loaded",
			opening->bus);
	gons_i_failure_save(&opening->failure);
}

static int identify_own(struct stat *st)
{
	return stat(gons_i_type_entry(CLONE_NEWNET)->own_path, st);
}

int gons_i_netlink_open(int nsfd, int bus)
{
	struct opening opening = { .bus = bus, .fd = -1 };

	if (nsfd == -1 || gons_i_is_own(nsfd, gons_i_type_entry(CLONE_NEWNET))) {
		open_here(&opening);
		return opening.fd;
	}
	if (gons_i_check_type(nsfd, CLONE_NEWNET) < 0 ||
	    gons_execute(nsfd, open_here, &opening) < 0) {
		gons_i_close_fd(&opening.fd);
		return -1;
	}
	return opening.fd >= 0 ? opening.fd : gons_i_failure_restore(&opening.failure);
}

/* Options that only improve the answers: kernels before 4.12, 4.3 and 4.20 lack them. */
static void set_options(int fd)
{
	const int options[] = { NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK };
	const int on = 1;

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		(void)setsockopt(fd, SOL_NETLINK, options[i], &on, sizeof(on));
}

int gons_i_netlink_bind(int fd, unsigned groups, uint32_t *ret_port)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = groups };
	socklen_t size = sizeof(address);

	if (bind(fd, (struct sockaddr *)&address, size) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		return gons_i_fail(errno, "cannot bind a netlink socket");
	if (ret_port)
		*ret_port = address.nl_pid;
	return 0;
}

int gons_i_netns_optional(int nsfd, int *ret_nsfd)
{
	/* A number below -1 is a mistake, and does not mean the caller's namespace. */
	if (nsfd >= -1 && gons_i_optional_nsfd(nsfd, ret_nsfd) < 0)
		return -1;
	if (nsfd < -1)
		*ret_nsfd = nsfd;
	return *ret_nsfd == -1 ? 0 : gons_i_check_type(nsfd, CLONE_NEWNET);
}

/* nsfd comes from gons_i_netns_optional(). */
static void identify(int nsfd, struct stat *st)
{
	memset(st, 0, sizeof(*st));
	/* Without procfs there is still a socket, which is not shared then. */
	if ((nsfd == -1 ? identify_own(st) : fstat(nsfd, st)) < 0)
		st->st_ino = 0;
}

bool gons_i_is_socket(int fd, ino_t ino)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_ino == ino;
}

static bool is_intact(const struct gons_i_rtnl *rtnl)
{
	return gons_i_is_socket(rtnl->fd, rtnl->socket_ino);
}

static struct gons_i_rtnl *find(const struct stat *st)
{
	struct gons_i_rtnl *rtnl = in_use;

	while (rtnl &&
	       !(rtnl->id.ino != 0 && rtnl->id.ino == st->st_ino && rtnl->id.dev == st->st_dev &&
		 rtnl->forks == gons_i_forks() && is_intact(rtnl)))
		rtnl = rtnl->next;
	return rtnl;
}

/* Opens a socket into a structure of zeros. 0, or -1 with errno and message. */
static int open_into(struct gons_i_rtnl *rtnl, int nsfd)
{
	cleanup_fd int fd = gons_i_netlink_open(nsfd, NETLINK_ROUTE);
	struct stat st;

	if (fd < 0 || gons_i_netlink_bind(fd, 0, &rtnl->port) < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return gons_i_fail(errno, "cannot open a netlink socket");
	set_options(fd);
	rtnl->socket_ino = st.st_ino;
	rtnl->users = 1;
	for (int i = 0; i < GONS_I_RTNL_MONITORS; i++)
		rtnl->monitors[i].fd = -1;
	rtnl->fd = gons_i_take_fd(&fd);
	return 0;
}

struct gons_i_rtnl *gons_i_rtnl_open(int nsfd)
{
	struct gons_i_rtnl *rtnl;
	struct stat st;

	if (gons_i_netns_optional(nsfd, &nsfd) < 0)
		return NULL;
	identify(nsfd, &st);
	rtnl = find(&st);
	if (rtnl)
		return gons_i_rtnl_ref(rtnl);
	rtnl = malloc(sizeof(*rtnl));
	if (!rtnl) {
		(void)gons_i_fail(ENOMEM, "cannot open a netlink socket");
		return NULL;
	}
	/* The answer follows, whose pages are not touched before there is one. */
	memset(rtnl, 0, offsetof(struct gons_i_rtnl, answer));
	if (open_into(rtnl, nsfd) < 0) {
		free(rtnl);
		return NULL;
	}
	rtnl->id = (struct gons_i_file_id){ st.st_dev, st.st_ino };
	if (nsfd > 0)
		(void)flock(nsfd,
			    LOCK_SH | LOCK_NB); /* shows duplicates of it; see can_be_entered.c */
	rtnl->forks = gons_i_forks();
	rtnl->next = in_use;
	in_use = rtnl;
	return rtnl;
}

struct gons_i_rtnl *gons_i_rtnl_open_in_child(void)
{
	static struct gons_i_rtnl rtnl;

	return open_into(&rtnl, -1) < 0 ? NULL : &rtnl;
}

struct gons_i_rtnl *gons_i_rtnl_ref(struct gons_i_rtnl *rtnl)
{
	rtnl->users++;
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
	if (is_intact(rtnl))
		gons_i_close_fd(&rtnl->fd);
	for (int i = 0; i < GONS_I_RTNL_MONITORS; i++)
		if (rtnl->monitors[i].fd >= 0 &&
		    gons_i_is_socket(rtnl->monitors[i].fd, rtnl->monitors[i].ino))
			gons_i_close_fd(&rtnl->monitors[i].fd);
	free(rtnl);
	errno = saved;
}

int gons_i_rtnl_fd(const struct gons_i_rtnl *rtnl)
{
	return rtnl->fd;
}

bool gons_i_rtnl_is_intact(const struct gons_i_rtnl *rtnl)
{
	return rtnl->forks == gons_i_forks() && is_intact(rtnl);
}

struct gons_i_rtnl *gons_i_rtnl_give_all(void)
{
	struct gons_i_rtnl *all = in_use;

	in_use = NULL;
	return all;
}

void gons_i_rtnl_take_all(struct gons_i_rtnl *all)
{
	struct gons_i_rtnl **end = &all;

	while (*end)
		end = &(*end)->next;
	*end = in_use;
	in_use = all;
}

bool gons_i_rtnl_identify_own(struct gons_i_file_id *ret_id)
{
	struct stat st;

	if (identify_own(&st) < 0)
		return false;
	*ret_id = (struct gons_i_file_id){ st.st_dev, st.st_ino };
	return true;
}

bool gons_i_rtnl_is_own(const struct gons_i_rtnl *rtnl)
{
	struct gons_i_file_id own;

	return gons_i_rtnl_identify_own(&own) && own.ino == rtnl->id.ino && own.dev == rtnl->id.dev;
}

/* ---- answers ---- */

/* The answers to one request; errnum and is_done are set by the last one. */
struct reply {
	const struct nlmsghdr *request;
	mnl_cb_t cb;
	void *arg;
	int errnum;
	bool is_done, is_interrupted, has_stopped;
	bool has_overflowed; /* the socket's buffer; what did not fit is lost */
	int pieces;
};

void gons_i_attr_text(const struct nlattr *attr, char *text, size_t size)
{
	if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0)
		(void)snprintf(text, size, "%s", mnl_attr_get_str(attr));
}

/* Reads the extended acknowledgement: attributes after the first skip bytes of payload. */
static void read_extack(struct gons_i_rtnl *rtnl, const struct reply *reply,
			const struct nlmsghdr *nlh, size_t skip)
{
	const struct nlattr *attr;
	uint32_t offset = 0;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) || mnl_nlmsg_get_payload_len(nlh) < skip)
		return;
	mnl_attr_for_each(attr, nlh, (unsigned)skip) {
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
			gons_i_attr_text(attr, rtnl->extack, sizeof(rtnl->extack));
		if (!gons_i_attr_is_u32(attr))
			continue;
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_OFFS)
			offset = mnl_attr_get_u32(attr);
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MISS_TYPE) {
			rtnl->attribute = mnl_attr_get_u32(attr);
			rtnl->is_missing = true;
		}
	}
	if (rtnl->attribute == 0 && offset >= MNL_NLMSG_HDRLEN && offset % MNL_ALIGNTO == 0 &&
	    offset <= reply->request->nlmsg_len - MNL_ATTR_HDRLEN)
		rtnl->attribute =
			mnl_attr_get_type((const void *)((const char *)reply->request + offset));
}

static void take_end(struct gons_i_rtnl *rtnl, struct reply *reply, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *end = mnl_nlmsg_get_payload(nlh);
	size_t skip = sizeof(*end);

	reply->is_done = true;
	if (nlh->nlmsg_type == NLMSG_DONE) {
		skip = sizeof(int);
	} else if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*end)) {
		reply->errnum = EBADMSG;
		return;
	} else if (!(nlh->nlmsg_flags & NLM_F_CAPPED)) {
		skip += end->msg.nlmsg_len - MNL_NLMSG_HDRLEN;
	}
	if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(int) && end->error < 0)
		reply->errnum = end->error >= -MAX_ERRNO ? -end->error : EBADMSG;
	read_extack(rtnl, reply, nlh, skip);
}

static void take_answer(struct gons_i_rtnl *rtnl, struct reply *reply, const struct nlmsghdr *nlh)
{
	int verdict;

	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		reply->is_interrupted = true;
	if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE) {
		take_end(rtnl, reply, nlh);
	} else if (nlh->nlmsg_type >= NLMSG_MIN_TYPE && reply->cb && !reply->has_stopped) {
		verdict = reply->cb(nlh, reply->arg);
		if (verdict == MNL_CB_ERROR && reply->errnum == 0)
			reply->errnum = errno;
		/* The rest is received nevertheless, since the socket is used again. */
		reply->has_stopped = verdict <= MNL_CB_STOP;
	}
}

/* Enlarges the buffer of the socket after it has overflowed. */
static void make_room(const struct gons_i_rtnl *rtnl, struct reply *reply)
{
	int size = 1 << 20; /* or what net.core.rmem_max allows */

	reply->has_overflowed = true;
	(void)setsockopt(rtnl->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

/* Receives one datagram without waiting: each answer is queued by now, and the next piece of a dump
 * when one is received. 0, or -1 with errno alone. */
static int receive(struct gons_i_rtnl *rtnl, struct reply *reply)
{
	struct sockaddr_nl from = { .nl_family = AF_NETLINK };
	socklen_t from_size = sizeof(from);
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)(const void *)rtnl->answer;
	ssize_t got;
	int left;

	do
		got = recvfrom(rtnl->fd, rtnl->answer, sizeof(rtnl->answer),
			       MSG_TRUNC | MSG_DONTWAIT, (struct sockaddr *)&from, &from_size);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == ENOBUFS && !reply->has_overflowed) {
		make_room(rtnl, reply);
		return 0;
	}
	if (got < 0) {
		if (errno == EAGAIN)
			errno = reply->has_overflowed ? ENOBUFS : EBADMSG;
		return -1;
	}
	if ((size_t)got > sizeof(rtnl->answer) || ++reply->pieces > PIECES_LIMIT) {
		errno = EMSGSIZE;
		return -1;
	}
	if (from_size != sizeof(from) || from.nl_pid != 0)
		return 0; /* not from the kernel */
	left = (int)got;
	for (; gons_i_nlmsg_ok(nlh, left) && !reply->is_done; nlh = mnl_nlmsg_next(nlh, &left))
		if (nlh->nlmsg_seq == reply->request->nlmsg_seq && nlh->nlmsg_pid == rtnl->port)
			take_answer(rtnl, reply, nlh);
	return 0;
}

/* Sends the request and receives its answers. 0, or -1 with errno alone; EINTR for a dump that was
 * interrupted. */
static int send_and_receive(struct gons_i_rtnl *rtnl, struct nlmsghdr *request, mnl_cb_t cb,
			    void *arg)
{
	static const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct reply reply = { .request = request, .cb = cb, .arg = arg };

	rtnl->extack[0] = '\0';
	rtnl->attribute = 0;
	rtnl->is_missing = false;
	request->nlmsg_seq = ++rtnl->sequence;
	if (!is_intact(rtnl)) {
		errno = EBADF;
		return -1;
	}
	while (sendto(rtnl->fd, request, request->nlmsg_len, 0, (const struct sockaddr *)&kernel,
		      sizeof(kernel)) < 0)
		if (errno != EINTR)
			return -1;
	while (!reply.is_done)
		if (receive(rtnl, &reply) < 0)
			return -1;
	if (reply.errnum == 0 && reply.is_interrupted)
		reply.errnum = EINTR;
	if (reply.errnum == 0 && reply.has_overflowed && (request->nlmsg_flags & NLM_F_DUMP))
		reply.errnum = ENOBUFS; /* in the midst of it */
	if (reply.errnum == 0)
		return 0;
	errno = reply.errnum;
	return -1;
}

/* ---- requests ---- */

struct nlmsghdr *gons_i_rtnl_request(void *buf, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh;

	/* libmnl does not initialise the padding of attributes, which valgrind would report. */
	memset(buf, 0, GONS_I_RTNL_REQUEST_SIZE);
	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	return nlh;
}

const char *gons_i_rtnl_extack(const struct gons_i_rtnl *rtnl)
{
	return rtnl->extack;
}

int gons_i_rtnl_request_send(struct gons_i_rtnl *rtnl, struct nlmsghdr *request, mnl_cb_t cb,
			     void *arg)
{
	return send_and_receive(rtnl, request, cb, arg);
}

int gons_i_rtnl_dump(struct gons_i_rtnl *rtnl, struct nlmsghdr *request, mnl_cb_t cb, void *arg)
{
	for (int i = 0; i < DUMP_LIMIT; i++)
		if (send_and_receive(rtnl, request, cb, arg) == 0)
			return 0;
		else if (errno != EINTR && errno != ENOBUFS)
			return -1;
	return -1;
}

/* ---- the message ---- */

static void add_cause(const struct gons_i_rtnl *rtnl, int errnum)
{
	if (rtnl->extack[0] != '\0')
		gons_i_add_cause("the kernel says: %s", rtnl->extack);
	else if (rtnl->attribute != 0)
		gons_i_add_cause("attribute %u of the request is %s", rtnl->attribute,
				 rtnl->is_missing ? "missing" : "refused");
	else if (errnum == EPERM && !gons_i_has_cap(CAP_NET_ADMIN))
		gons_i_diagnose_missing(CAP_NET_ADMIN, "CAP_NET_ADMIN");
	else if (errnum == EPERM)
		gons_i_diagnose_foreign_netns();
	else if (errnum == EOPNOTSUPP)
		(void)gons_i_diagnose_gvisor("this request of rtnetlink");
	else if (errnum == EBADF)
		gons_i_add_cause("the program has closed a netlink socket of the scope");
	else if (errnum == ENOBUFS)
		gons_i_add_cause("the kernel had no room for its answer, and may have carried out "
				 "the request");
	else if (errnum == EBADMSG)
		gons_i_add_cause("the kernel's answer is missing, cut off or out of order");
	else if (errnum == EMSGSIZE)
		gons_i_add_cause("the kernel's answer is too long, or does not end");
	else if (errnum == EINTR)
		gons_i_add_cause(
			"the kernel changed its list during each of %d attempts to read it",
			DUMP_LIMIT);
}

int gons_i_rtnl_fail(const struct gons_i_rtnl *rtnl, const char *format, ...)
{
	int errnum = errno;
	char what[256];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	(void)gons_i_fail(errnum, "%s", what);
	add_cause(rtnl, errnum);
	errno = errnum;
	return -1;
}

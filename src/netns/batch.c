/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches of rtnetlink requests.
 *
 * The kernel carries out all requests of a datagram before sendto(2) returns, and queues the
 * answers. A request that fails is sent once more by itself, to get its extended acknowledgement.
 */
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "netns/batch.h"
#include "netns/rtnl_socket.h"

/* Answers are queued in the buffer of the socket, in which at least this many fit, also about
 * links. */
enum { MOST = 24, ANSWER_SIZE = 16384 };

int gons_i_batch_open(struct gons_i_batch *batch, int nsfd, const char *what, mnl_cb_t cb,
		      void *arg)
{
	batch->rtnl = gons_i_rtnl_open(nsfd);
	batch->cb = cb;
	batch->arg = arg;
	batch->what = what;
	batch->sequence = 0;
	batch->n = 0;
	batch->most = MOST;
	batch->used = 0;
	batch->last_at = 0;
	return batch->rtnl ? 0 : -1;
}

void gons_i_batch_close(struct gons_i_batch *batch)
{
	gons_i_rtnl_close(batch->rtnl);
}

int gons_i_batch_add(struct gons_i_batch *batch, const struct nlmsghdr *request)
{
	const size_t size = MNL_ALIGN(request->nlmsg_len);
	struct nlmsghdr *nlh;

	if ((batch->n == batch->most || batch->used + size > sizeof(batch->buf)) &&
	    gons_i_batch_flush(batch) < 0)
		return -1;
	nlh = (struct nlmsghdr *)(void *)(batch->buf + batch->used);
	memcpy(nlh, request, request->nlmsg_len);
	nlh->nlmsg_seq = ++batch->rtnl->sequence;
	if (batch->n == 0)
		batch->sequence = nlh->nlmsg_seq;
	nlh->nlmsg_flags &= (uint16_t)~NLM_F_ACK;
	batch->last_at = (uint16_t)batch->used;
	batch->used += size;
	batch->n++;
	return 0;
}

/* ---- answers ---- */

struct reply {
	bool is_done;
	int errnum; /* of the first request that failed */
	uint32_t failed; /* its sequence number */
};

static void take_reply(const struct gons_i_batch *batch, struct reply *reply,
		       const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *end = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_type != NLMSG_ERROR) {
		if (batch->cb)
			(void)batch->cb(nlh, batch->arg);
		return;
	}
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*end))
		return;
	if (end->error < 0 && reply->errnum == 0) {
		reply->errnum = -end->error;
		reply->failed = nlh->nlmsg_seq;
	}
	reply->is_done |= nlh->nlmsg_seq == batch->sequence + batch->n - 1;
}

/* Receives one datagram; all answers are queued by now. */
static int receive(const struct gons_i_batch *batch, struct reply *reply)
{
	_Alignas(struct nlmsghdr) char answer[ANSWER_SIZE];
	struct sockaddr_nl from = { .nl_pid = 0 };
	socklen_t from_size = sizeof(from);
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)(const void *)answer;
	ssize_t got;
	int left;

	do
		got = recvfrom(batch->rtnl->fd, answer, sizeof(answer), MSG_DONTWAIT | MSG_TRUNC,
			       (struct sockaddr *)&from, &from_size);
	while (got < 0 && errno == EINTR);
	if (got < 0 || (size_t)got > sizeof(answer)) {
		if (got >= 0 || errno == EAGAIN)
			errno = EBADMSG;
		return -1;
	}
	if (from.nl_pid != 0) /* not from the kernel */
		return 0;
	left = (int)got;
	for (; gons_i_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
		if (nlh->nlmsg_seq - batch->sequence < batch->n)
			take_reply(batch, reply, nlh);
	return 0;
}

/* ---- the message ---- */

static const char *verb(const struct nlmsghdr *nlh)
{
	switch (nlh->nlmsg_type) {
	case RTM_NEWLINK:
		return "set up a link";
	case RTM_NEWADDR:
		return "add an address";
	case RTM_NEWROUTE:
		return "add a route";
	default:
		return "find a link or a route";
	}
}

static struct nlmsghdr *find(struct gons_i_batch *batch, uint32_t sequence)
{
	size_t at = 0;

	for (;;) {
		struct nlmsghdr *nlh = (struct nlmsghdr *)(void *)(batch->buf + at);

		if (nlh->nlmsg_seq == sequence)
			return nlh;
		at += MNL_ALIGN(nlh->nlmsg_len);
	}
}

static int fail(struct gons_i_batch *batch, const struct reply *reply)
{
	struct nlmsghdr *nlh = find(batch, reply->failed);

	nlh->nlmsg_flags |= NLM_F_ACK;
	if (gons_i_rtnl_request_send(batch->rtnl, nlh, NULL, NULL) < 0 && errno == reply->errnum)
		(void)gons_i_rtnl_fail(batch->rtnl, "cannot %s in %s", verb(nlh), batch->what);
	else
		(void)gons_i_fail(reply->errnum, "cannot %s in %s", verb(nlh), batch->what);
	errno = reply->errnum;
	return -1;
}

/* ---- sending ---- */

int gons_i_batch_flush(struct gons_i_batch *batch)
{
	static const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct nlmsghdr *last = (struct nlmsghdr *)(void *)(batch->buf + batch->last_at);
	struct reply reply = { .errnum = 0 };
	int result = 0;

	if (batch->n == 0)
		return 0;
	last->nlmsg_flags |= NLM_F_ACK;
	while (sendto(batch->rtnl->fd, batch->buf, batch->used, 0, (const struct sockaddr *)&kernel,
		      sizeof(kernel)) < 0)
		if (errno != EINTR)
			return gons_i_fail(errno, "cannot send requests for %s", batch->what);
	while (!reply.is_done && result == 0)
		result = receive(batch, &reply);
	if (result < 0)
		result = gons_i_fail(errno, "cannot receive answers about %s", batch->what);
	else if (reply.errnum != 0)
		result = fail(batch, &reply);
	batch->n = 0;
	batch->used = 0;
	return result;
}

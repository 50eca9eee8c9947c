/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_RTNL_H
#define GONS_RTNL_H

/*
 * rtnetlink(7) requests over libmnl, in any network namespace.
 *
 * A socket stays in the namespace that it was opened in, so the thread is there for that
 * moment only. Those that are in use on a thread are shared, one a namespace: a thousand
 * links to be deleted with the scope hold one descriptor.
 */

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct gons_i_rtnl;

/* Room for a request; most take a tenth of it. */
enum { GONS_I_RTNL_REQUEST_SIZE = 1024 };

/* For the network namespace nsfd (0 or -1: the calling thread's), to be closed as often
 * as it was opened. NULL with errno and message, EINVAL or EBADF for what is none. */
struct gons_i_rtnl *gons_i_rtnl_open(int nsfd);
void gons_i_rtnl_close(struct gons_i_rtnl *rtnl); /* NULL is fine; keeps errno */

/* The same in a bare child (base/child.h) for its own namespace, without malloc(3): once, and never
 * closed. */
struct gons_i_rtnl *gons_i_rtnl_open_in_child(void);

/* Opens it once more. Returns rtnl. */
struct gons_i_rtnl *gons_i_rtnl_ref(struct gons_i_rtnl *rtnl);

/* Checks a descriptor as callers give it: *ret_nsfd is a network namespace, or -1 where nsfd is 0
 * or -1. 0, or -1 with errno and message. */
int gons_i_netns_optional(int nsfd, int *ret_nsfd);

/* Opens a netlink socket that lives in nsfd (-1: the calling thread's namespace). -1 with
 * errno and message. */
int gons_i_netlink_open(int nsfd, int bus);

/* Binds it to a port of the kernel's choice (ret_port may be NULL). 0, or -1 with message. */
int gons_i_netlink_bind(int fd, unsigned groups, uint32_t *ret_port);

/* Whether the descriptor is still the socket of this inode number, and not closed or another's. */
bool gons_i_is_socket(int fd, ino_t ino);

/* mnl_nlmsg_ok(), which takes a length of more than INT_MAX for negative, and lets it pass. */
static inline bool gons_i_nlmsg_ok(const struct nlmsghdr *nlh, int left)
{
	return mnl_nlmsg_ok(nlh, left) && nlh->nlmsg_len <= (uint32_t)left;
}

/* Whether it has the length of a number: no answer is taken on trust. */
static inline bool gons_i_attr_is_u32(const struct nlattr *attr)
{
	return mnl_attr_validate(attr, MNL_TYPE_U32) == 0;
}

/* Copies an attribute that is a text; leaves text as it is where it is none. */
void gons_i_attr_text(const struct nlattr *attr, char *text, size_t size);

/* Starts a request of this type, to be acknowledged, in buf. */
struct nlmsghdr *gons_i_rtnl_request(void *buf, uint16_t type, uint16_t flags);

/* Sends the request, hands each answer to cb (may be NULL), and waits for the acknowledgement.
 * 0, or -1 with errno alone. */
int gons_i_rtnl_request_send(struct gons_i_rtnl *rtnl, struct nlmsghdr *request, mnl_cb_t cb,
			     void *arg);

/* The same for a request that only asks, such as a dump. What the kernel changed meanwhile, or
 * had no room to answer, is asked again from the start, a bounded number of times: what cb
 * makes of an answer must not depend on how often it hears it. */
int gons_i_rtnl_dump(struct gons_i_rtnl *rtnl, struct nlmsghdr *request, mnl_cb_t cb, void *arg);

/* Makes the message after such a failure: "cannot create a link", errno's text and what the
 * kernel said beside it. Keeps errno; returns -1. */
int gons_i_rtnl_fail(const struct gons_i_rtnl *rtnl, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* What the kernel said beside the errno of the last request (NLMSGERR_ATTR_MSG), or "". */
const char *gons_i_rtnl_extack(const struct gons_i_rtnl *rtnl);

#endif

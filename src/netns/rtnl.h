/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_NETNS_RTNL_H
#define GONS_I_NETNS_RTNL_H

/*
 * rtnetlink(7) requests over libmnl, in any network namespace.
 *
 * A socket stays in the namespace in which it was opened, so the thread enters that only to open
 * it. The sockets of a thread are shared, one for each namespace: a thousand links that are deleted
 * at the end of the scope use one descriptor.
 */

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct gons_i_rtnl;

/* Room for a request; most take a tenth of it. */
enum { GONS_I_RTNL_REQUEST_SIZE = 1024 };

/* A socket for the network namespace nsfd (0 or -1: the calling thread's). Close it as often as it
 * was opened. NULL with errno and message, EINVAL or EBADF if nsfd is not a network namespace. */
struct gons_i_rtnl *gons_i_rtnl_open(int nsfd);
void gons_i_rtnl_close(struct gons_i_rtnl *rtnl); /* NULL is fine; keeps errno */

/* The same in a bare child (base/child.h) for its own namespace, without malloc(3). Call it once;
 * it is never closed. */
struct gons_i_rtnl *gons_i_rtnl_open_in_child(void);

/* Opens it once more. Returns rtnl. */
struct gons_i_rtnl *gons_i_rtnl_ref(struct gons_i_rtnl *rtnl);

/* Its descriptor. */
int gons_i_rtnl_fd(const struct gons_i_rtnl *rtnl);

/* Whether requests can be sent: the program has not closed the socket, and this is not a child that
 * has only a copy of it. */
bool gons_i_rtnl_is_intact(const struct gons_i_rtnl *rtnl);

/* Hand all sockets of a thread that ends to the one that waits for it. */
struct gons_i_rtnl *gons_i_rtnl_give_all(void);
void gons_i_rtnl_take_all(struct gons_i_rtnl *all);

/* Checks the argument nsfd of a call: *ret_nsfd is a network namespace, or -1 if nsfd is 0 or -1.
 * 0, or -1 with errno and message. */
int gons_i_netns_optional(int nsfd, int *ret_nsfd);

/* Opens a netlink socket that lives in nsfd (-1: the calling thread's namespace). -1 with
 * errno and message. */
int gons_i_netlink_open(int nsfd, int bus);

/* Binds it to a port that the kernel chooses (ret_port may be NULL). 0, or -1 with errno and
 * message. */
int gons_i_netlink_bind(int fd, unsigned groups, uint32_t *ret_port);

/* Whether the descriptor is still the socket with this inode number. */
bool gons_i_is_socket(int fd, ino_t ino);

/* mnl_nlmsg_ok(), but correct for a length of more than INT_MAX, which that function accepts. */
static inline bool gons_i_nlmsg_ok(const struct nlmsghdr *nlh, int left)
{
	return mnl_nlmsg_ok(nlh, left) && nlh->nlmsg_len <= (uint32_t)left;
}

/* Whether the attribute has the length of a number: answers are not trusted. */
static inline bool gons_i_attr_is_u32(const struct nlattr *attr)
{
	return mnl_attr_validate(attr, MNL_TYPE_U32) == 0;
}

/* Copies an attribute that is a text; leaves text unchanged for any other. */
void gons_i_attr_text(const struct nlattr *attr, char *text, size_t size);

/* Starts a request of this type, to be acknowledged, in buf. */
struct nlmsghdr *gons_i_rtnl_request(void *buf, uint16_t type, uint16_t flags);

/* Sends the request, hands each answer to cb (may be NULL), and waits for the acknowledgement.
 * 0, or -1 with errno alone. */
int gons_i_rtnl_request_send(struct gons_i_rtnl *rtnl, struct nlmsghdr *request, mnl_cb_t cb,
			     void *arg);

/* The same for a request that changes nothing, such as a dump. If the kernel changed the objects
 * meanwhile, or had no room for its answer, the request is sent again, up to a limit. So cb may get
 * the same answer several times. */
int gons_i_rtnl_dump(struct gons_i_rtnl *rtnl, struct nlmsghdr *request, mnl_cb_t cb, void *arg);

/* Sets the message after such a failure: "cannot create a link", the text of errno, and the
 * extended acknowledgement. Keeps errno; returns -1. */
int gons_i_rtnl_fail(const struct gons_i_rtnl *rtnl, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The extended acknowledgement of the last request (NLMSGERR_ATTR_MSG), or "". */
const char *gons_i_rtnl_extack(const struct gons_i_rtnl *rtnl);

#endif

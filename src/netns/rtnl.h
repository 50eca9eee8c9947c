/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_RTNL_H
#define GONS_RTNL_H

/* rtnetlink(7) requests over libmnl, in the calling thread's network namespace. */

#include <libmnl/libmnl.h>
#include <stdint.h>

enum { GONS_I_RTNL_REQUEST_SIZE = 1024 };

/* NULL with errno and sentence. */
struct mnl_socket *gons_i_rtnl_open(void);
void gons_i_rtnl_close(struct mnl_socket *socket); /* keeps errno */

/* Starts a request of this type, to be acknowledged, in buf. */
struct nlmsghdr *gons_i_rtnl_request(char *buf, uint16_t type, uint16_t flags);

/* Sends the request, hands each answer to cb (may be NULL), and waits for the
 * acknowledgement. what goes into the sentence: "cannot <what>". Returns 0 or -1. */
int gons_i_rtnl_talk(struct mnl_socket *socket, struct nlmsghdr *request, mnl_cb_t cb, void *arg,
		     const char *what);

#endif

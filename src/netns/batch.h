/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_NETNS_BATCH_H
#define GONS_I_NETNS_BATCH_H

/*
 * Many rtnetlink requests at once: one sendto(2) for as many as fit, and an answer for the last
 * one alone, or for one that fails. The socket is that of the network namespace, which other calls
 * share; see rtnl.h.
 */

#include "netns/rtnl.h"

struct gons_i_batch {
	struct gons_i_rtnl *rtnl;
	mnl_cb_t cb; /* takes the answers to dumps; may be NULL */
	void *arg;
	const char *what; /* "the network of host a", for messages */
	uint32_t sequence; /* of the first request in buf */
	unsigned n, most; /* requests in buf, and how many there may be */
	size_t used;
	uint16_t last_at; /* offset of the last one in buf */
	_Alignas(struct nlmsghdr) char buf[8192];
};

/* For the network namespace nsfd (-1: that of the calling thread). 0, or -1 with errno and message. */
int gons_i_batch_open(struct gons_i_batch *batch, int nsfd, const char *what, mnl_cb_t cb,
		      void *arg);
void gons_i_batch_close(struct gons_i_batch *batch); /* keeps errno */

/* Adds a request, and sends those before it if there is no more room. 0, or -1 as for
 * gons_i_batch_flush(). */
int gons_i_batch_add(struct gons_i_batch *batch, const struct nlmsghdr *request);

/* Sends what was added. 0, or -1 with the errno of the first request that failed, and a message.
 * Later requests were carried out nevertheless. */
int gons_i_batch_flush(struct gons_i_batch *batch);

#endif

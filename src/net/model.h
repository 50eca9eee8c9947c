/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_NET_MODEL_H
#define GONS_I_NET_MODEL_H

/*
 * A network as a plan describes it: hosts, the segments that connect them (cables and bridges),
 * and a port for each host on each segment. Hosts, segments and ports are known by their indices.
 */

#include <stdbool.h>
#include <stddef.h>

#include "netns/prefix.h"

enum { GONS_I_NET_NAME_SIZE = 16 };

struct gons_i_net_position {
	unsigned line, column; /* in the plan, from 1 on */
};

struct gons_i_net_port {
	size_t host, segment;
	char link[GONS_I_NET_NAME_SIZE]; /* in the host */
	int ifindex; /* of that link; no two links of a network have the same one */
	int bridge_ifindex; /* of the other end, where the segment is a bridge */
	bool comes_up_first; /* of the two ends; the other one is ready as soon as it comes up */
	struct gons_i_prefix *addresses;
	size_t n_addresses;
	struct gons_i_net_position position;
};

struct gons_i_net_host {
	char name[GONS_I_NET_NAME_SIZE];
	bool forwards; /* packets between its links */
	bool says_forward; /* the plan decides that, and not the number of links */
	size_t *ports;
	size_t n_ports;
};

/* A network in which some ports of a segment have addresses. */
struct gons_i_net_network {
	struct gons_i_prefix prefix;
	bool is_ambiguous; /* another segment has one that overlaps */
};

struct gons_i_net_segment {
	char name[GONS_I_NET_NAME_SIZE]; /* of a bridge; "" for a cable */
	int ifindex; /* of a bridge */
	unsigned mtu; /* 0: the kernel's default */
	size_t first_port, n_ports;
	struct gons_i_net_network *networks;
	size_t n_networks;
	struct gons_i_net_position position;
};

struct gons_i_net_model {
	struct gons_i_net_host *hosts;
	size_t n_hosts;
	struct gons_i_net_segment *segments;
	size_t n_segments;
	struct gons_i_net_port *ports;
	size_t n_ports;
};

/* ---- model.c ---- */

void gons_i_net_model_free(struct gons_i_net_model *model);

/* EINVAL: "the plan is wrong in line 1, column 8: ...". Returns -1. */
int gons_i_net_fail_at(struct gons_i_net_position position, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Makes room for one more element, all zeros, after n of them. False with ENOMEM and message. */
bool gons_i_net_grow(void *array, size_t n, size_t size);

int gons_i_net_add_address(struct gons_i_net_port *port, const struct gons_i_prefix *address);

/* The index of a host, or n_hosts. */
size_t gons_i_net_find_host(const struct gons_i_net_model *model, const char *name);

/* The first address of this family, or NULL. */
const struct gons_i_prefix *gons_i_net_port_address(const struct gons_i_net_port *port, int family);

/* The network that an address is in; and whether two networks have addresses in common. */
struct gons_i_prefix gons_i_net_network_of(const struct gons_i_prefix *address);
bool gons_i_net_overlap(const struct gons_i_prefix *a, const struct gons_i_prefix *b);
bool gons_i_net_same_prefix(const struct gons_i_prefix *a, const struct gons_i_prefix *b);

/* ---- plan.c: the grammar ---- */

/* Reads a plan: hosts, segments, ports and the addresses that it names. 0, or -1 with the model
 * empty. */
int gons_i_net_plan_read(const char *plan, struct gons_i_net_model *ret_model);

/* ---- addresses.c: names, numbers and addresses that the plan leaves open ---- */

int gons_i_net_complete(struct gons_i_net_model *model);

/* ---- routes.c ---- */

struct gons_i_net_route {
	struct gons_i_prefix destination; /* of length 0: default */
	const struct gons_i_prefix *gateway; /* NULL: on the link */
	int ifindex;
	bool is_exact; /* to one address, which a default route cannot replace */
};

/* Calls add for each route of a host, those on links first, until it returns -1. */
int gons_i_net_routes(const struct gons_i_net_model *model, size_t host,
		      int (*add)(const struct gons_i_net_route *route, void *arg), void *arg);

/* ---- etc_hosts.c ---- */

/* The lines of an /etc/hosts that knows all hosts; to be freed. NULL with ENOMEM and message. */
char *gons_i_net_hosts_text(const struct gons_i_net_model *model, size_t *ret_size);

#endif

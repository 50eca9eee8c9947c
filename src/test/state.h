/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_TEST_STATE_H
#define GONS_I_TEST_STATE_H

/*
 * What a network namespace looks like at one moment: read from the kernel over rtnetlink,
 * sock_diag, nfnetlink and procfs, for the failure report. Reading changes nothing.
 */

#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h> /* before linux/if.h */
#include <sys/types.h>

#include <linux/if.h>

#include <libmnl/libmnl.h>

#include "gons/base/common.h"

/* An IPv4 or IPv6 address. */
struct gons_i_ip {
	uint8_t family; /* AF_INET, AF_INET6; 0: none */
	unsigned char bytes[16];
};

enum { GONS_I_LLADDR_SIZE = 32 }; /* MAX_ADDR_LEN */

struct gons_i_state_link {
	int ifindex;
	char name[IFNAMSIZ], kind[IFNAMSIZ];
	unsigned flags; /* IFF_UP... */
	uint8_t operstate; /* IF_OPER_UP... */
	unsigned mtu;
	int master; /* ifindex; 0: none */
	int lower, lower_nsid; /* the peer or lower device; nsid -1: in this namespace */
	unsigned char lladdr[GONS_I_LLADDR_SIZE];
	size_t lladdr_size;
	uint64_t rx_packets, tx_packets, rx_errors, tx_errors, rx_dropped, tx_dropped;
};

struct gons_i_state_address {
	int ifindex;
	struct gons_i_ip ip;
	uint8_t prefix_length, scope;
	uint32_t flags; /* IFA_F_TENTATIVE... */
};

struct gons_i_state_route {
	struct gons_i_ip destination, gateway;
	uint8_t prefix_length, type, protocol;
	uint32_t table, metric;
	int ifindex;
};

struct gons_i_state_neighbour {
	int ifindex;
	struct gons_i_ip ip;
	uint16_t state; /* NUD_FAILED... */
	unsigned char lladdr[GONS_I_LLADDR_SIZE];
	size_t lladdr_size;
};

struct gons_i_state_socket {
	uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP, IPPROTO_RAW */
	uint8_t state; /* TCP_LISTEN... */
	struct gons_i_ip local, remote;
	uint16_t local_port, remote_port; /* local_port of a raw socket: its protocol */
	uint32_t inode, uid;
	pid_t pid; /* 0: no visible process has it open */
	char command[16];
};

struct gons_i_state_counter {
	char name[48]; /* "UdpNoPorts" */
	uint64_t value;
};

struct gons_i_state_sysctl {
	char name[96]; /* "net.ipv4.ip_forward" */
	char value[64];
};

struct gons_i_state_chain {
	char family[8], table[32], name[32], hook[16];
	bool is_base, drops; /* by its policy or by a rule */
	unsigned n_rules;
};

#define GONS_I_LIST(type)                                                                          \
	struct {                                                                                   \
		struct type *list;                                                                 \
		size_t n;                                                                          \
	}

struct gons_i_state {
	GONS_I_LIST(gons_i_state_link) links;
	GONS_I_LIST(gons_i_state_address) addresses;
	GONS_I_LIST(gons_i_state_route) routes;
	GONS_I_LIST(gons_i_state_neighbour) neighbours;
	GONS_I_LIST(gons_i_state_socket) sockets;
	GONS_I_LIST(gons_i_state_counter) counters;
	GONS_I_LIST(gons_i_state_sysctl) sysctls; /* all that could be read */
	GONS_I_LIST(gons_i_state_chain) chains;
	bool is_complete; /* if false, the message says what could not be read */
	char message[256];
};

void gons_i_state_free(struct gons_i_state *state);

/* Each reads one part of a network namespace into a state that starts with all zeros but
 * is_complete. They never fail: gons_i_state_incomplete() notes what cannot be read. */
void gons_i_state_read_rtnetlink(int nsfd, struct gons_i_state *state);
void gons_i_state_read_procfs(int nsfd, struct gons_i_state *state);
void gons_i_state_read_sockets(int nsfd, struct gons_i_state *state); /* with their processes */
void gons_i_state_read_firewall(int nsfd, struct gons_i_state *state);
void gons_i_state_incomplete(struct gons_i_state *state, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Like mnl_cb_run(3), which mistakes a message of more than INT_MAX bytes for a short one. */
int gons_i_state_run(const void *messages, size_t size, mnl_cb_t take, void *arg);

/* Appends an element of zeros to a list. Returns NULL if memory is short, and marks the state as
 * incomplete. */
void *gons_i_state_add(struct gons_i_state *state, void *list, size_t size);
#define GONS_I_ADD(state, member)                                                                  \
	gons_i_state_add(state, &(state)->member, sizeof(*(state)->member.list))

/* Sorts the links by index and the sysctls by name, for the look-ups below. */
void gons_i_state_sort(struct gons_i_state *state);

/* The link with this index, or NULL; the value of a counter or 0; of a sysctl or "". */
const struct gons_i_state_link *gons_i_state_link(const struct gons_i_state *state, int ifindex);
uint64_t gons_i_state_counter(const struct gons_i_state *state, const char *name);
const char *gons_i_state_sysctl(const struct gons_i_state *state, const char *name);

/* How the kernel routes to this address in the namespace nsfd: 0 and the link, or an errno
 * (ENETUNREACH: no route, EINVAL: blackhole, EHOSTUNREACH: unreachable, EACCES: prohibited). */
int gons_i_state_route_to(int nsfd, const struct gons_i_ip *ip, int *ret_ifindex);

/* The id of another namespace in the namespace nsfd, as in IFLA_LINK_NETNSID; -1: none. */
int gons_i_state_nsid(int nsfd, int other_nsfd);

/* "10.0.1.2", "fd00::1"; buf is returned. */
enum { GONS_I_IP_TEXT_SIZE = INET6_ADDRSTRLEN };
const char *gons_i_ip_text(const struct gons_i_ip *ip, char buf[GONS_I_IP_TEXT_SIZE]);

/* "02:00:00:00:00:01"; buf is returned. */
enum { GONS_I_LLADDR_TEXT_SIZE = 3 * GONS_I_LLADDR_SIZE };
const char *gons_i_lladdr_text(const unsigned char *lladdr, size_t size,
			       char buf[GONS_I_LLADDR_TEXT_SIZE]);

bool gons_i_ip_same(const struct gons_i_ip *a, const struct gons_i_ip *b);

/* Whether an address is in the network of another address with this prefix length. */
bool gons_i_ip_in(const struct gons_i_ip *ip, const struct gons_i_ip *network, unsigned length);

bool gons_i_ip_is_loopback(const struct gons_i_ip *ip);
bool gons_i_ip_is_link_local(const struct gons_i_ip *ip);
bool gons_i_ip_is_any(const struct gons_i_ip *ip);

#endif

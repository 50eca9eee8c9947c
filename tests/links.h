/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LINKS_H
#define LINKS_H

/* Links as a plain libmnl program sees them, for the tests about links. */

#include <stdbool.h>
#include <stdint.h>

/* Network namespaces of the current test. */
extern int blue, red, green;

/* Creates them; skips the test if this machine permits none, or no links of this kind (NULL:
 * any). */
void need_namespaces(const char *kind);

struct seen_link {
	int ifindex;
	char name[16], kind[16];
	unsigned char address[6];
	unsigned flags, mtu;
	uint8_t state; /* IFLA_OPERSTATE */
	int master; /* IFLA_MASTER; 0: none */
	int below; /* IFLA_LINK; the link itself: none */
	int below_nsid; /* IFLA_LINK_NETNSID; -1: none */
	int vlan_id, vni, macvlan_mode; /* of IFLA_INFO_DATA; 0: none */
};

/* Reads at most max links of a network namespace (-1: the calling thread's). Returns their
 * number. */
int see_links(int nsfd, struct seen_link *links, int max);

/* Finds a link by ifindex or by name. Returns false if it is missing. */
bool see_link(int nsfd, int ifindex, struct seen_link *link);
bool see_name(int nsfd, const char *name, struct seen_link *link);

/* The number of links beyond those of a new network namespace. */
int count_links(int nsfd);

/* Changes of a link without gons: 0, or the errno. */
int make_veth(int nsfd, int ifindex, const char *name); /* ifindex 0: the kernel's choice */
int rename_link(int nsfd, int ifindex, const char *name);
int move_link(int nsfd, int ifindex, int to_nsfd, const char *name); /* NULL: keeps its name */
int set_address(int nsfd, int ifindex, const unsigned char *address);
int set_flags(int nsfd, int ifindex, unsigned mask, unsigned flags);
int delete_link(int nsfd, int ifindex);

#endif

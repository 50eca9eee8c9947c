/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_LINK_H
#define GONS_LINK_H

/*
 * Virtual links that are deleted with the scope, and their state. Addresses and routes: gons/ip.h.
 *
 * Wherever a namespace is asked for, nsfd is a descriptor of a network namespace, and 0 or
 * -1 is the calling thread's. The thread needs CAP_NET_ADMIN in the user namespace that owns
 * it and, for one that it is not in, what gons_execute() needs.
 *
 * Every call fails with EINVAL or EBADF when a descriptor is not a network namespace, with EINVAL
 * when descriptor 0 is given and is itself a namespace, with EINVAL
 * for an ifindex that is not positive, with EPERM without the capability, EMFILE, ENOMEM, and
 * otherwise with the kernel's errno; the message then has the kernel's own words for it. They
 * need Linux 4.16.
 */

#include <stdbool.h>

#include <gons/gons.h>

struct nlmsghdr; /* <linux/netlink.h> */

#ifdef __cplusplus
extern "C" {
#endif

/* A link that was made, and its peer if it is a pair (else 0 and ""). */
struct gons_link {
	int ifindex;
	int peer_ifindex;
	char name[16]; /* IFNAMSIZ */
	char peer_name[16];
	/* MAC addresses, address_size bytes each: usually 6, and 0 where the kind has none. */
	unsigned char address[32], peer_address[32];
	unsigned address_size;
	uint64_t reserved[4]; /* 0 */
};

/* All zeros is a good start. */
struct gons_link_options {
	/* Of the name, which is filled up to 15 characters with random letters and digits: at
	 * most 11 characters, letters, digits and punctuation other than '/', ':' and '%'.
	 * NULL: the kind's own, such as "veth-". The peer's name begins so, too. */
	const char *prefix;
	/* Exact names of at most 15 characters. NULL: a random name. Not together with prefix. */
	const char *name, *peer_name;
	/* Where the link and its peer live. A link without a peer has no peer_nsfd. */
	int nsfd, peer_nsfd;
	/* Where parent_ifindex is looked up: also in another namespace than nsfd. */
	int link_nsfd;
	/* The link below, for kinds that have one: macvlan, vlan... 0: none. */
	int parent_ifindex;
	/* 0: the kind's own. A peer gets the same. */
	unsigned mtu;
	/* The link's MAC address, 6 bytes; NULL: a random one, or what the kind does. A peer's
	 * is random, or what the kind does. */
	const unsigned char *address;
	/* Not 0: bring it, and its peer, up, and wait for that for five seconds. A bond or team,
	 * which is up only with ports, is not waited for. */
	int up;
	/* Adds what belongs into IFLA_INFO_DATA, by mnl_attr_put_check() and the like. room is how
	 * many bytes it may add: 2048, and the size of a buffer for mnl_attr_put_check() is
	 * nlh->nlmsg_len + room. Called once, before anything is made; it may leave by
	 * longjmp(3). */
	void (*info_data)(struct nlmsghdr *nlh, size_t room, void *arg);
	void *info_data_arg;
	uint64_t reserved[4]; /* 0 */
};

/*
 * gons_link_new_transient - make a link of this kind, such as "veth", "bridge" or "vxlan".
 *
 * @options: may be NULL.
 * @ret_link: filled on success; may be NULL.
 *
 * The link is made in the namespace that it belongs to, and so is its peer: nothing shows up
 * in the calling thread's, unless it is that one. It is deleted when the calling thread's
 * scope ends, also when it was renamed or moved to another namespace by then (one which the
 * kernel has an id for in the namespace that it was made in, as it has after a move).
 * One that is gone already is no error. Until then its namespaces stay alive.
 * A link to be found again needs its name or its MAC address, or a peer with one of them; where
 * it was made, its index with the peer or parent that it had then will do, and for a bridge or
 * bond, which takes the address of a port, the index. One that has lost all of them is taken for
 * somebody else's, and stays. So does one that was renamed and moved, if its address is not a
 * random one, which others may have as well.
 *
 * For veth, macvlan, macvtap, dummy, ifb, vxlan and geneve, the random MAC address is set by
 * gons and not by the kernel, so that udev does not replace it.
 *
 * Returns 0. -1 with EINVAL, before anything is done, when kind is NULL, empty or too long,
 * and for options that cannot be (see there; also a MAC address of zeros, a multicast one, and
 * reserved members that are not 0); EMSGSIZE when info_data writes more than it has room for;
 * EOPNOTSUPP when this kernel lacks the kind: the message names the module to load; ENODEV
 * when there is no link parent_ifindex in link_nsfd; EEXIST when name or peer_name is taken, or
 * what the kernel wants to be unique exists, such as a VLAN id of this parent; ERANGE or EINVAL for an MTU that the
 * kind does not take; EBUSY when the parent is a port of another link, for a macvlan; EINVAL
 * for what else the kind needs, such as a parent; ETIMEDOUT or (a VLAN) ENETDOWN when it did not
 * come up.
 */
int gons_link_new_transient(const char *kind, const struct gons_link_options *options,
			    struct gons_link *ret_link);

/*
 * gons_veth_new_transient, gons_dummy_new_transient, gons_bridge_new_transient,
 * gons_macvlan_new_transient, gons_vlan_new_transient - links of these kinds.
 *
 * As gons_link_new_transient(). A macvlan and a VLAN need a parent_ifindex (else EINVAL). The
 * macvlan is in bridge mode, in which those of one parent reach each other; info_data may add
 * another IFLA_MACVLAN_MODE. The VLAN's id is 1 to 4094 (else EINVAL).
 */
int gons_veth_new_transient(const struct gons_link_options *options, struct gons_link *ret_link);
int gons_dummy_new_transient(const struct gons_link_options *options, struct gons_link *ret_link);
int gons_bridge_new_transient(const struct gons_link_options *options, struct gons_link *ret_link);
int gons_macvlan_new_transient(const struct gons_link_options *options, struct gons_link *ret_link);
int gons_vlan_new_transient(unsigned id, const struct gons_link_options *options,
			    struct gons_link *ret_link);

/*
 * gons_tap_new_transient, gons_tun_new_transient - make a link whose other end is a descriptor.
 *
 * @options: may be NULL. Of them there are prefix, name, nsfd, mtu, up and, for a tap, address.
 * @ret_link: filled on success; may be NULL.
 *
 * What is written to the descriptor comes in at the link, and what goes out at the link can be read
 * from it: Ethernet frames of a tap, IP packets of a tun, one each call, with nothing before them
 * (IFF_NO_PI). The link has a carrier. The descriptor has close-on-exec and is closed with the scope,
 * which deletes the link.
 *
 * Returns the descriptor. -1 with EINVAL for other options, and for options that cannot be; EEXIST
 * when name is taken; ENOENT when there is no /dev/net/tun, ENODEV when the kernel lacks the driver
 * (module tun), EACCES when the file may not be opened: the message says what helps; EPERM without
 * CAP_NET_ADMIN; EMFILE, ENOMEM.
 */
int gons_tap_new_transient(const struct gons_link_options *options, struct gons_link *ret_link);
int gons_tun_new_transient(const struct gons_link_options *options, struct gons_link *ret_link);

/*
 * gons_netdevsim_new_transient - make a simulated network device (netdevsim).
 *
 * @ports: how many links it has, 1 to 128.
 * @ret_links: an array of as many, filled on success in the order of the ports; may be NULL.
 *
 * The links are made in the calling thread's network namespace, whatever is mounted on /sys
 * there, with names that the kernel chooses, such as "eth0".
 * They stay in that namespace, which stays alive as long. The device is removed when the calling
 * thread's scope ends, wherever the thread is then; one that is removed already is no error. A
 * process that is killed before that leaves it on the machine.
 *
 * Writes to files that belong to root: /sys/bus/netdevsim/new_device and del_device. Their owner
 * may give them to somebody else, who then needs CAP_SYS_ADMIN over the network namespace only
 * (as after gons_become_root()). Needs Linux 5.2, and the module netdevsim, which is loaded
 * where there is one.
 *
 * Returns 0; -1 with EINVAL for no ports or too many; EOPNOTSUPP when this kernel lacks it;
 * EACCES when the files belong to somebody else, and EPERM without CAP_SYS_ADMIN; EPERM and
 * ENOSYS as gons_sysfs_open() says; EROFS when the network namespace's sysfs was made read-only as
 * a whole; EIO when the kernel made the device without its ports; EMFILE, ENOMEM.
 */
int gons_netdevsim_new_transient(unsigned ports, struct gons_link *ret_links);

/*
 * gons_link_up - bring a link up, and wait until it is.
 *
 * @timeout_ms: how long to wait for it; 0: only look once; negative: without an end.
 *
 * It is when it has a carrier and its operational state (IFLA_OPERSTATE) is UP or, for links
 * that do not tell, UNKNOWN. The kernel's notification is waited for. Not undone.
 *
 * Returns 0. -1 with ETIMEDOUT when it was not up in time, as a veth whose peer is down, a
 * macvlan whose parent is, or a bridge whose ports are: the message has the state; it stays
 * set to up. ENODEV when there is no such link, or no more; ENETDOWN when it is a VLAN whose
 * parent is down.
 */
int gons_link_up(int nsfd, int ifindex, int timeout_ms);

/*
 * gons_link_down - set a link to down.
 *
 * Its routes go with that. A peer stays up and loses its carrier. Not undone. Returns 0; -1 with
 * ENODEV when there is no such link.
 */
int gons_link_down(int nsfd, int ifindex);

/*
 * gons_link_rename - give a link another name, of at most 15 characters.
 *
 * Not undone. Returns 0; -1 with EINVAL when name is NULL or cannot be the name of a link; EEXIST
 * when another link has this name; ENODEV when there is no such link; EBUSY when the link is up,
 * before Linux 6.2: bring it down first.
 */
int gons_link_rename(int nsfd, int ifindex, const char *name);

/*
 * gons_link_set_mtu - set the MTU of a link, in bytes.
 *
 * Not undone. Returns 0; -1 with EINVAL or ERANGE for an MTU that the link does not accept; ENODEV
 * when there is no such link.
 */
int gons_link_set_mtu(int nsfd, int ifindex, unsigned mtu);

/*
 * gons_link_move - move a link to the network namespace to_nsfd.
 *
 * @name: its name there; NULL: the same name.
 *
 * The link is down there, and has no addresses and routes. Not undone; a link that gons made is
 * still deleted with its scope.
 *
 * Returns the ifindex there, which may be another one. -1 with EINVAL when the kind of link cannot
 * be moved, such as lo or a bridge, or name cannot be the name of a link; EEXIST when there is a
 * link of that name; ENODEV when there is no such link.
 */
int gons_link_move(int nsfd, int ifindex, int to_nsfd, const char *name);

/*
 * gons_link_offload - switch checksum and segmentation offload of a link on or off.
 *
 * New virtual links have it on: then frames that are captured from them lack checksums, and may be
 * longer than the MTU. Switch it off at the link that sends. Not undone.
 *
 * Returns 0; -1 with ENODEV when there is no such link; EOPNOTSUPP when its kind does not let the
 * checksums be switched, such as lo.
 */
int gons_link_offload(int nsfd, int ifindex, bool on);

/*
 * gons_link_delete - delete a link, and its peer with it.
 *
 * Also one that gons has not made. Returns 0, also when there is no such link (any more);
 * -1 with EOPNOTSUPP for a link that cannot be deleted, such as lo.
 */
int gons_link_delete(int nsfd, int ifindex);

/*
 * gons_link_set_master - make a link a port of a bridge (or bond, VRF...) in its namespace.
 *
 * @master: the bridge's ifindex; 0 frees the link.
 *
 * Not undone. Returns 0; -1 with ENODEV when there is no such link, EINVAL or EOPNOTSUPP when
 * there is no such master or it does not take this link, EBUSY, ELOOP.
 */
int gons_link_set_master(int nsfd, int ifindex, int master);

#ifdef __cplusplus
}
#endif

#endif

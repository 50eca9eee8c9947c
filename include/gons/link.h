/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_LINK_H
#define GONS_LINK_H

/*
 * Virtual links that are deleted with the scope, and their state. Addresses and routes: gons/ip.h.
 *
 * nsfd is a descriptor of a network namespace; 0 or -1 is the calling thread's. The thread needs
 * CAP_NET_ADMIN in the user namespace that owns this namespace. For a namespace that it is not in,
 * it also needs what gons_execute() needs.
 *
 * Every call fails with EINVAL or EBADF when a descriptor is not a network namespace, with EINVAL
 * when descriptor 0 is given and is itself a namespace, with EINVAL for an ifindex that is not
 * positive, with EPERM without the capability, with EMFILE or ENOMEM, and otherwise with the
 * kernel's errno. The message then has the kernel's extended acknowledgement (extack). The calls
 * need Linux 4.16.
 */

#include <stdbool.h>

#include <gons/gons.h>

struct nlmsghdr; /* <linux/netlink.h> */

#ifdef __cplusplus
extern "C" {
#endif

/* A link that was created, and its peer if it is a pair (else 0 and ""). */
struct gons_link {
	int ifindex;
	int peer_ifindex;
	char name[16]; /* IFNAMSIZ */
	char peer_name[16];
	/* MAC addresses, address_size bytes each: usually 6, and 0 if the kind has none. */
	unsigned char address[32], peer_address[32];
	unsigned address_size;
	uint64_t reserved[4]; /* 0 */
};

/* All zeros are the defaults. */
struct gons_link_options {
	/* The beginning of the name, which is filled up to 15 characters with random letters
	 * and digits. At most 11 characters: letters, digits and punctuation other than '/',
	 * ':' and '%'. NULL: the kind's own, such as "veth-". The peer's name begins with it,
	 * too. */
	const char *prefix;
	/* Exact names of at most 15 characters. NULL: a random name. Not together with prefix. */
	const char *name, *peer_name;
	/* Where the link and its peer live. A link without a peer has no peer_nsfd. */
	int nsfd, peer_nsfd;
	/* Where parent_ifindex is looked up. It may differ from nsfd. */
	int link_nsfd;
	/* The lower device, for kinds that have one: macvlan, vlan... 0: none. */
	int parent_ifindex;
	/* 0: the kind's own. A peer gets the same. */
	unsigned mtu;
	/* The link's MAC address, 6 bytes. NULL: a random one, or the one that the kind gives it
	 * (a VLAN has its parent's). A peer always gets what NULL means. */
	const unsigned char *address;
	/* Not 0: bring it, and its peer, up, and wait for that for five seconds. A bond or team,
	 * which is up only with ports, is not waited for. */
	int up;
	/* Adds the attributes inside of IFLA_INFO_DATA, by mnl_attr_put_check() and the like. It
	 * may add at most room bytes, which is 2048: pass nlh->nlmsg_len + room as the buffer size
	 * to mnl_attr_put_check(). Called once, before anything is created; it may leave by
	 * longjmp(3). */
	void (*info_data)(struct nlmsghdr *nlh, size_t room, void *arg);
	void *info_data_arg;
	uint64_t reserved[4]; /* 0 */
};

/*
 * gons_link_new_transient - create a link of this kind, such as "veth", "bridge" or "vxlan".
 *
 * @options: may be NULL.
 * @ret_link: filled on success; may be NULL.
 *
 * The link and its peer are created in their own namespaces: they never appear in the calling
 * thread's namespace first. The link is deleted when the calling thread's scope ends, even if it
 * was renamed or moved to another namespace before. (The namespace where it was created must have
 * an id for the other one, as it has after a move.) A link that is gone already is no error. Until
 * the scope ends, the link's namespaces stay alive.
 *
 * gons finds the link by the name or the MAC address that it was created with, or by a peer that
 * still has its own. In the namespace where it was created, gons also finds it by its index and its
 * first peer or parent; a bridge or bond, which takes the address of a port, by its index alone. A
 * link that has lost all of these is taken for another program's, and stays. A link that was
 * renamed and moved stays, too, if its MAC address is not random, since other links may have the
 * same address.
 *
 * For veth, macvlan, macvtap, dummy, ifb, vxlan and geneve, the random MAC address is set by
 * gons and not by the kernel, so that udev does not replace it.
 *
 * Returns 0. -1 with EINVAL, before anything is done, when kind is NULL, empty or too long, and for
 * invalid options (see struct gons_link_options; a MAC address of zeros or a multicast one, and
 * reserved members that are not 0, are also invalid); EMSGSIZE when info_data writes more than it
 * has room for; EOPNOTSUPP when this kernel lacks the kind: the message names the module to load;
 * ENODEV when there is no link parent_ifindex in link_nsfd; EEXIST when name or peer_name is taken,
 * or when something else that must be unique exists already, such as the VLAN id on this parent;
 * ERANGE or EINVAL for an MTU that the kind does not accept; EBUSY when the parent of a macvlan is
 * a port of another link; EINVAL when the kind needs something that is missing, such as a parent;
 * ETIMEDOUT, or ENETDOWN for a VLAN, when the link did not come up.
 */
int gons_link_new_transient(const char *kind, const struct gons_link_options *options,
			    struct gons_link *ret_link);

/*
 * gons_veth_new_transient, gons_dummy_new_transient, gons_bridge_new_transient,
 * gons_macvlan_new_transient, gons_vlan_new_transient - links of these kinds.
 *
 * As gons_link_new_transient(). A macvlan and a VLAN need a parent_ifindex (else EINVAL). The
 * macvlan is in bridge mode, in which macvlans of one parent reach each other; info_data may add
 * another IFLA_MACVLAN_MODE. The VLAN's id is 1 to 4094 (else EINVAL).
 */
int gons_veth_new_transient(const struct gons_link_options *options, struct gons_link *ret_link);
int gons_dummy_new_transient(const struct gons_link_options *options, struct gons_link *ret_link);
int gons_bridge_new_transient(const struct gons_link_options *options, struct gons_link *ret_link);
int gons_macvlan_new_transient(const struct gons_link_options *options, struct gons_link *ret_link);
int gons_vlan_new_transient(unsigned id, const struct gons_link_options *options,
			    struct gons_link *ret_link);

/*
 * gons_tap_new_transient, gons_tun_new_transient - create a link whose other end is a descriptor.
 *
 * @options: may be NULL. Only prefix, name, nsfd, mtu, up and, for a tap, address may be set.
 * @ret_link: filled on success; may be NULL.
 *
 * The link receives what the program writes to the descriptor, and the program reads from it what
 * the link sends. Each read or write is one packet without a header of the driver (IFF_NO_PI): an
 * Ethernet frame for a tap, an IP packet for a tun. The link has a carrier. The descriptor is
 * close-on-exec. It is closed with the scope, which deletes the link.
 *
 * Returns the descriptor. -1 with EINVAL for other options, and for invalid values; EEXIST when
 * name is taken; ENOENT when there is no /dev/net/tun, ENODEV when the kernel lacks the driver
 * (module tun), EACCES when the file may not be opened: the message says what helps; EPERM without
 * CAP_NET_ADMIN; EMFILE, ENOMEM.
 */
int gons_tap_new_transient(const struct gons_link_options *options, struct gons_link *ret_link);
int gons_tun_new_transient(const struct gons_link_options *options, struct gons_link *ret_link);

/*
 * gons_netdevsim_new_transient - create a simulated network device (netdevsim).
 *
 * @ports: how many links it has, 1 to 128.
 * @ret_links: an array of ports elements, filled on success in the order of the ports; may be NULL.
 *
 * The links are created in the calling thread's network namespace, with names that the kernel
 * chooses, such as "eth0". It does not matter what is mounted on /sys. The links stay in that
 * namespace and keep it alive. The device is removed when the calling thread's scope ends, in
 * whatever namespace the thread is then; a device that is removed already is no error. A process
 * that is killed before its scope ends leaves the device on the machine.
 *
 * The call writes to files that belong to root: /sys/bus/netdevsim/new_device and del_device. Root
 * may give them to another user (chown(1)), who then only needs CAP_SYS_ADMIN in the user namespace
 * that owns the network namespace, as after gons_become_root(). Needs Linux 5.2, and the module
 * netdevsim, which is loaded if there is one.
 *
 * Returns 0; -1 with EINVAL for no ports or too many; EOPNOTSUPP when this kernel lacks it; EACCES
 * when the files belong to another user, and EPERM without CAP_SYS_ADMIN; EPERM and ENOSYS as
 * gons_sysfs_open() says; EROFS when the network namespace's sysfs was made read-only as a whole;
 * EIO when the kernel created the device without its ports; EMFILE, ENOMEM.
 */
int gons_netdevsim_new_transient(unsigned ports, struct gons_link *ret_links);

/*
 * gons_link_up - bring a link up, and wait until it is.
 *
 * @timeout_ms: how long to wait for it; 0: only look once; negative: without limit.
 *
 * A link is up when it has a carrier and its operational state (IFLA_OPERSTATE) is UP or, for links
 * that do not report it, UNKNOWN. The call waits for the kernel's notification. Not undone.
 *
 * Returns 0. -1 with ETIMEDOUT when it was not up in time, such as a veth whose peer is down, a
 * macvlan whose parent is down, or a bridge whose ports are down: the message has the state, and
 * the link stays set to up; ENODEV when there is no such link, or when it is deleted or moved
 * meanwhile; ENETDOWN when it is a VLAN whose parent is down.
 */
int gons_link_up(int nsfd, int ifindex, int timeout_ms);

/*
 * gons_link_down - set a link to down.
 *
 * The kernel then deletes its routes. A peer stays up and loses its carrier. Not undone. Returns 0;
 * -1 with ENODEV when there is no such link.
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
 * After the move the link is down, without addresses and routes. Not undone; a link that gons
 * created is still deleted with its scope.
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
 * The link need not be one that gons created. Returns 0, also when there is no such link (any
 * more); -1 with EOPNOTSUPP for a link that cannot be deleted, such as lo.
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

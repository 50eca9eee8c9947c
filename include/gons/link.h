/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_LINK_H
#define GONS_LINK_H

/*
 * Virtual links that are deleted with the scope, and their state. Addresses and routes: gons/ip.h.
 *
 * nsfd is a descriptor of a network namespace; 0 or -1 means the calling thread's. The thread needs
 * CAP_NET_ADMIN in the user namespace that owns the network namespace. If it is not in that network
 * namespace, it also needs CAP_SYS_ADMIN in that user namespace and in its own, as for
 * gons_execute(). gons_become_root() gives an ordinary user all of them, over the namespaces that
 * are created afterwards.
 *
 * Every call returns -1 with EINVAL or EBADF when a descriptor is not a network namespace; with
 * EINVAL when it is 0 and descriptor 0 is a namespace, which leaves open what is meant: open
 * something else as descriptor 0; with EINVAL for an ifindex that is not positive; with EPERM
 * without the capabilities; with EMFILE (RLIMIT_NOFILE: raise it, or end a scope) or ENOMEM;
 * otherwise with the kernel's errno. The message quotes what the kernel says (its extended
 * acknowledgement). The calls need Linux 4.16.
 */

#include <stdbool.h>

#include <gons/gons.h>

struct nlmsghdr; /* <linux/netlink.h> */

#ifdef __cplusplus
extern "C" {
#endif

/* What was created: a link and, if its kind creates pairs, its peer (otherwise 0 and ""). */
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
	/* How the names of the link and its peer begin: random letters and digits follow, up to 15
	 * characters in all. At most 11 characters: letters, digits and punctuation other than '/',
	 * ':' and '%'. NULL: the kind and "-", such as "veth-". */
	const char *prefix;
	/* Exact names of at most 15 characters. NULL: a random name. Not together with prefix. */
	const char *name, *peer_name;
	/* The network namespaces in which the link and its peer are created. peer_nsfd must be 0 or
	 * -1 for a kind that does not create pairs. */
	int nsfd, peer_nsfd;
	/* The network namespace of the lower device, parent_ifindex, which may be another one than
	 * nsfd. (Netlink calls it the "link" of a link: IFLA_LINK, IFLA_LINK_NETNSID.) */
	int link_nsfd;
	/* The lower device, for kinds that have one, such as macvlan and vlan. 0: none. */
	int parent_ifindex;
	/* The MTU of the link and its peer, in bytes. 0: the default of the kind. */
	unsigned mtu;
	/* The MAC address of the link, 6 bytes. NULL: a random one, or the one that the kind gives it
	 * (a VLAN has its parent's). It is not for the peer, whose address is always chosen as for
	 * NULL. */
	const unsigned char *address;
	/* Not 0: bring up the link and its peer, and wait up to five seconds until they are up. A bond
	 * or team is brought up, but not waited for, since it is up only when it has ports. */
	int up;
	/* A function that adds the attributes inside of IFLA_INFO_DATA to the message nlh, at most
	 * room bytes (2048): pass nlh->nlmsg_len + room as the buffer size to mnl_attr_put_check()
	 * and the like. Called once, before anything is created; it may leave by longjmp(3). */
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
 * The link and its peer are created directly in nsfd and peer_nsfd: they never appear in the
 * calling thread's namespace first, where udev could see them. Random MAC addresses are set by gons
 * and not by the kernel, since udev replaces the kernel's.
 *
 * The link is deleted when the calling thread's scope ends, even if it was renamed, or moved to
 * another namespace. It may be gone by then. Its namespaces stay alive until the scope ends. gons
 * recognises the link by its name, its random MAC address or its peer. A link that has lost all of
 * these, or that was moved twice, may stay: gons_link_new_transient(3) has the rules.
 *
 * Returns 0. On failure nothing is left behind, and the call returns -1:
 * - Before anything is done: EINVAL when kind cannot be one (NULL, empty, too long, "a/b"), or an
 *   option is invalid (see struct gons_link_options; also a MAC address that is a multicast one or
 *   all zeros, and a reserved member that is not 0); EMSGSIZE when info_data writes more than its
 *   room.
 * - When the kernel refuses the link: EOPNOTSUPP when it lacks the kind: load the module that the
 *   message names, or ask by gons_can_link() first; ENODEV when there is no link parent_ifindex in
 *   link_nsfd; EEXIST when name or peer_name is taken, or something else that must be unique, such
 *   as the VLAN id on this parent; EINVAL or ERANGE for an MTU that the kind does not accept;
 *   EINVAL when the kind needs a parent or info_data; EBUSY when the parent of a macvlan is a port
 *   of another link.
 * - With up: ETIMEDOUT when the link was not up in time, or ENETDOWN for a VLAN: bring the parent
 *   up first.
 */
int gons_link_new_transient(const char *kind, const struct gons_link_options *options,
			    struct gons_link *ret_link);

/*
 * gons_veth_new_transient, gons_dummy_new_transient, gons_bridge_new_transient,
 * gons_macvlan_new_transient, gons_vlan_new_transient - links of these kinds.
 *
 * They do and return what gons_link_new_transient() does. A macvlan and a VLAN need a
 * parent_ifindex: EINVAL without one. A macvlan is in bridge mode, in which macvlans of one parent
 * reach each other; info_data may add another IFLA_MACVLAN_MODE. The id of a VLAN is 1 to 4094:
 * EINVAL for another one.
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
 * @ret_link: filled on success; may be NULL. A tun has no MAC address.
 *
 * What the program writes to the descriptor, the link receives. What the kernel sends on the link,
 * the program reads from the descriptor. Each read or write is one packet, with nothing before it
 * (IFF_NO_PI): an Ethernet frame for a tap, an IP packet for a tun. The link has a carrier. The
 * descriptor is close-on-exec. It is closed with the scope, and then the kernel deletes the link.
 *
 * Returns the descriptor. -1 with EINVAL for other options, and for invalid values; EEXIST when
 * name is taken; ENOENT when there is no /dev/net/tun: start the container with "--device
 * /dev/net/tun"; ENODEV when the kernel lacks the driver: load the module tun; EACCES when the file
 * may not be opened: as root run "chmod 666 /dev/net/tun", as udev does; EPERM without
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
 * The links are created in the calling thread's network namespace, and keep it alive. The kernel
 * chooses their names, such as "eth0". The device is removed when the calling thread's scope ends,
 * whatever namespace the thread is in at that moment; it may be gone by then. A process that is
 * killed before its scope ends leaves the device on the machine.
 *
 * The call writes to two files that belong to root, /sys/bus/netdevsim/new_device and del_device,
 * in a sysfs of its own: so it does not matter what is mounted on /sys. It needs CAP_SYS_ADMIN in
 * the user namespace that owns the network namespace. If root gives the files to an ordinary user
 * (chown(1)), gons_become_root() is enough for that user. Needs Linux 5.2, and the module
 * netdevsim, which the kernel loads if there is one.
 *
 * Returns 0. -1 with EINVAL when ports is out of range; EOPNOTSUPP when the kernel has no netdevsim
 * (Debian's has none); EACCES when the files belong to another user: run as root, or have root give
 * them away; EPERM without CAP_SYS_ADMIN, and where a container masks parts of /sys; ENOSYS before
 * Linux 5.2; EROFS when the network namespace's sysfs was made read-only as a whole: use a new
 * network namespace; EIO when the kernel created the device without its ports: its log (dmesg) may
 * say why; EMFILE, ENOMEM.
 */
int gons_netdevsim_new_transient(unsigned ports, struct gons_link *ret_links);

/*
 * gons_link_up - bring a link up, and wait until it is.
 *
 * @timeout_ms: how long to wait for it; 0: only look once; -1: without limit.
 *
 * A link is up when it has a carrier and its operational state (IFLA_OPERSTATE) is UP or, for links
 * that do not report it, UNKNOWN. The call waits for the kernel's notification. Not undone.
 *
 * Returns 0. -1 with EINVAL when timeout_ms is less than -1; ETIMEDOUT when the link was not up in
 * time: the message has its state, and the link stays set to up. This is so while the peer of a
 * veth, the parent of a macvlan or all ports of a bridge are down: bring those up as well. ENETDOWN
 * when it is a VLAN whose parent is down: bring that up first; ENODEV when there is no such link,
 * or when it is deleted or moved meanwhile.
 */
int gons_link_up(int nsfd, int ifindex, int timeout_ms);

/*
 * gons_link_down - set a link to down.
 *
 * The kernel then deletes its routes and its IPv6 addresses. When the link comes up again, two
 * things return: the routes to the networks of its IPv4 addresses, and its link-local address. Add
 * the rest again. A peer stays set to up and loses its carrier. Not undone.
 *
 * Returns 0. -1 with ENODEV when there is no such link.
 */
int gons_link_down(int nsfd, int ifindex);

/*
 * gons_link_rename - give a link another name, of at most 15 characters.
 *
 * Not undone.
 *
 * Returns 0. -1 with EINVAL when name is NULL or links cannot have it; EEXIST when another link has
 * this name; ENODEV when there is no such link; EBUSY when the link is up, before Linux 6.2: bring
 * it down first.
 */
int gons_link_rename(int nsfd, int ifindex, const char *name);

/*
 * gons_link_set_mtu - set the MTU of a link, in bytes.
 *
 * Not undone.
 *
 * Returns 0. -1 with EINVAL or ERANGE for an MTU that the link does not accept; ENODEV when there
 * is no such link.
 */
int gons_link_set_mtu(int nsfd, int ifindex, unsigned mtu);

/*
 * gons_link_move - move a link to the network namespace to_nsfd.
 *
 * @name: its name there; NULL: the same name.
 *
 * After the move the link is down, without addresses and routes. Not undone; but a link that gons
 * created is still deleted with the scope.
 *
 * Returns the ifindex there, which may be another one. -1 with EINVAL when links of this kind
 * cannot be moved, such as the loopback link or a bridge, or when links cannot have the name;
 * EEXIST when there is a link of that name in to_nsfd; ENODEV when there is no such link.
 */
int gons_link_move(int nsfd, int ifindex, int to_nsfd, const char *name);

/*
 * gons_link_offload - switch checksum and segmentation offload of a link on or off.
 *
 * A new virtual link has both on. Then frames that are captured from it or from its peer lack
 * checksums, and may be longer than the MTU. To capture frames as they would be on a wire, switch
 * both off at the link that sends them. Not undone.
 *
 * Returns 0. -1 with ENODEV when there is no such link; EOPNOTSUPP when the checksum offload of
 * this kind of link cannot be switched, such as that of lo.
 */
int gons_link_offload(int nsfd, int ifindex, bool on);

/*
 * gons_link_delete - delete a link, and its peer with it.
 *
 * The link need not be one that gons created.
 *
 * Returns 0, also when there is no such link. -1 with EOPNOTSUPP for a link that cannot be deleted,
 * such as lo.
 */
int gons_link_delete(int nsfd, int ifindex);

/*
 * gons_link_set_master - make a link a port of a bridge (or bond, VRF...) in its namespace.
 *
 * @master: the bridge's ifindex; 0: take the link off its bridge.
 *
 * Not undone.
 *
 * Returns 0. -1 with ENODEV when there is no such link; EINVAL when master is negative; EINVAL or
 * EOPNOTSUPP when there is no link master, or it does not take this link as a port; EBUSY when the
 * link cannot be a port at present, such as the parent of a macvlan; ELOOP when it would become a
 * port of itself, or a bridge a port of a bridge.
 */
int gons_link_set_master(int nsfd, int ifindex, int master);

#ifdef __cplusplus
}
#endif

#endif

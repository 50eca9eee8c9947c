/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tun and tap: links whose other end is a descriptor.
 *
 * The link is created in the network namespace in which /dev/net/tun is opened, and is deleted by
 * the kernel when the descriptor is closed, wherever the link is by then. So the scope
 * only owns the descriptor.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/core/scope.h"
#include "gons/diagnosis/cause.h"
#include "gons/diagnosis/refusal.h"
#include "netns/execute.h"
#include "netns/link.h"
#include "netns/link_request.h"
#include "netns/rtnl.h"
#include "netns/tun.h"

static const char device[] = "/dev/net/tun";

bool gons_i_is_tun(const char *kind)
{
	return strcmp(kind, "tun") == 0 || strcmp(kind, "tap") == 0;
}

struct creation {
	const char *kind;
	struct gons_link_options options; /* with -1 for the calling thread's namespace */
	int fd;
	char name[GONS_I_NAME_SIZE];
};

/* ---- refusals ---- */

static int fail_open(const char *kind, int errnum)
{
	struct stat st;

	(void)gons_i_fail(errnum, "cannot create a link of kind %s: cannot open %s", kind, device);
	if (errnum == ENOENT) {
		gons_i_add_cause("there is no such device file here");
		gons_i_add_remedy("start the container with --device %s, or as root load the "
				  "module tun and run \"mknod %s c 10 200\"",
				  device, device);
	} else if (errnum == ENODEV || errnum == ENXIO) {
		gons_i_add_cause("this kernel does not have the driver");
		gons_i_add_remedy("load the module tun, if there is one");
	} else if ((errnum == EACCES || errnum == EPERM) && stat(device, &st) == 0) {
		gons_i_add_cause("its mode is %03o", (unsigned)st.st_mode & 0777);
		gons_i_add_remedy("as root run \"chmod 666 %s\", as udev does", device);
	}
	errno = errnum;
	return -1;
}

static int fail_create(const struct creation *creation, int errnum)
{
	/* EBUSY: TUNSETIFF returns it for a name that is taken. */
	if (errnum == EBUSY && creation->options.name) {
		(void)gons_i_fail(EEXIST, "cannot create a link of kind %s", creation->kind);
		gons_i_add_cause("the name %s is taken in its namespace", creation->options.name);
		return -1;
	}
	(void)gons_i_fail(errnum, "cannot create a link of kind %s", creation->kind);
	if (errnum == EPERM)
		gons_i_diagnose_in_netns(CAP_NET_ADMIN, "CAP_NET_ADMIN");
	else if (errnum == EINVAL)
		(void)gons_i_diagnose_gvisor("IFF_TUN_EXCL");
	errno = errnum;
	return -1;
}

/* ---- creating one ---- */

/* Runs in the namespace of the link. */
static int create_here(void *arg)
{
	enum { TRIES = 100 };
	struct creation *creation = arg;
	struct ifreq request;

	creation->fd = open(device, O_RDWR | O_CLOEXEC);
	if (creation->fd < 0)
		return fail_open(creation->kind, errno);
	for (int i = 0; i < TRIES; i++) {
		memset(&request, 0, sizeof(request));
		request.ifr_flags = IFF_NO_PI | IFF_TUN_EXCL |
				    (strcmp(creation->kind, "tap") == 0 ? IFF_TAP : IFF_TUN);
		if (gons_i_link_choose_name(creation->kind, creation->options.prefix,
					    creation->options.name, creation->name) < 0)
			return -1;
		memcpy(request.ifr_name, creation->name, sizeof(creation->name));
		if (ioctl(creation->fd, TUNSETIFF, &request) == 0)
			return 0;
		if (errno != EBUSY || creation->options.name)
			break;
	}
	return fail_create(creation, errno);
}

/* Sets the options that TUNSETIFF does not take. */
static int set_up(const struct creation *creation, struct gons_i_rtnl *rtnl,
		  struct gons_i_identity *ret_identity)
{
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	unsigned char address[GONS_I_MAC_SIZE];
	struct nlmsghdr *nlh;
	bool is_tap = strcmp(creation->kind, "tap") == 0;

	if (gons_i_link_identify(rtnl, creation->name, ret_identity) < 0)
		return -1;
	nlh = gons_i_link_request(buf, RTM_NEWLINK, 0, ret_identity->ifindex);
	if (creation->options.mtu != 0)
		mnl_attr_put_u32(nlh, IFLA_MTU, creation->options.mtu);
	if (is_tap) {
		if (gons_i_link_choose_address(creation->options.address, address) < 0)
			return -1;
		mnl_attr_put(nlh, IFLA_ADDRESS, sizeof(address), address);
		memcpy(ret_identity->address, address, sizeof(address));
	}
	if ((is_tap || creation->options.mtu != 0) &&
	    gons_i_rtnl_request_send(rtnl, nlh, NULL, NULL) < 0)
		return gons_i_rtnl_fail(rtnl, "cannot give the link %s its MTU and MAC address",
					creation->name);
	if (!creation->options.up)
		return 0;
	return gons_i_link_pair_up(creation->options.nsfd, ret_identity->ifindex, -1, 0,
				   GONS_I_LINK_UP_TIMEOUT_MS);
}

static int check_options(const char *kind, const struct gons_link_options *options)
{
	const char *unknown = options->peer_name	     ? "peer_name"
			      : options->peer_nsfd > 0	     ? "peer_nsfd"
			      : options->link_nsfd > 0	     ? "link_nsfd"
			      : options->parent_ifindex != 0 ? "parent_ifindex"
			      : options->info_data	     ? "info_data"
							     : NULL;

	if (unknown)
		return gons_i_fail(EINVAL, "a link of kind %s does not have the option %s", kind,
				   unknown);
	if (options->address && strcmp(kind, "tun") == 0)
		return gons_i_fail(EINVAL, "a link of kind tun does not have a MAC address");
	return gons_i_link_check_options(kind, false, options);
}

static int create(struct creation *creation, struct gons_i_identity *ret_identity)
{
	struct gons_i_rtnl *rtnl = gons_i_rtnl_open(creation->options.nsfd);
	int result = -1;

	if (!rtnl)
		return -1;
	if (gons_i_netns_execute(creation->options.nsfd, create_here, creation) == 0)
		result = set_up(creation, rtnl, ret_identity);
	gons_i_rtnl_close(rtnl);
	if (result < 0)
		gons_i_close_fd(&creation->fd);
	return result;
}

int gons_i_tun_new(const char *kind, const struct gons_link_options *options,
		   struct gons_link *ret_link)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct creation creation = { .kind = kind, .fd = -1 };
	struct gons_i_identity identity;

	if (options)
		creation.options = *options;
	if (check_options(kind, &creation.options) < 0 ||
	    gons_i_netns_optional(creation.options.nsfd, &creation.options.nsfd) < 0 ||
	    gons_i_scope_reserve(1) < 0 || create(&creation, &identity) < 0)
		return -1;
	if (ret_link) {
		memset(ret_link, 0, sizeof(*ret_link));
		ret_link->ifindex = identity.ifindex;
		memcpy(ret_link->name, creation.name, sizeof(creation.name));
		memcpy(ret_link->address, identity.address, identity.address_size);
		ret_link->address_size = (unsigned)identity.address_size;
	}
	return gons_i_scope_push_fd(creation.fd);
}

GONS_EXPORT int gons_tap_new_transient(const struct gons_link_options *options,
				       struct gons_link *ret_link)
{
	return gons_i_tun_new("tap", options, ret_link);
}

GONS_EXPORT int gons_tun_new_transient(const struct gons_link_options *options,
				       struct gons_link *ret_link)
{
	return gons_i_tun_new("tun", options, ret_link);
}

int gons_i_tun_try(const char *kind)
{
	struct creation creation = { .kind = kind, .options.nsfd = -1, .fd = -1 };
	int result = create_here(&creation);

	gons_i_close_fd(&creation.fd);
	return result;
}

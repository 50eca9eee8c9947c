/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Offload: the kernel leaves checksums and segmentation to the device, and a virtual link does
 * neither. So frames captured on a veth have no checksums, and may be longer than the MTU.
 */
#include <linux/capability.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/diagnosis/refusal.h"
#include "netns/execute.h"
#include "netns/link.h"
#include "netns/link_request.h"
#include "netns/rtnl.h"

struct offload {
	int ifindex;
	bool on;
};

/* -1 with errno. */
static int call(int fd, const char *name, uint32_t command, struct ethtool_value *value)
{
	struct ifreq request = { .ifr_data = (void *)value };

	value->cmd = command;
	memcpy(request.ifr_name, name, sizeof(request.ifr_name));
	return ioctl(fd, SIOCETHTOOL, &request);
}

static int fail(const struct offload *offload, int errnum)
{
	(void)gons_i_fail(errnum, "cannot switch the offload of link %d %s", offload->ifindex,
			  offload->on ? "on" : "off");
	if (errnum == EPERM)
		gons_i_diagnose_in_netns(CAP_NET_ADMIN, "CAP_NET_ADMIN");
	else if (errnum == EOPNOTSUPP)
		gons_i_add_cause("links of its kind cannot switch it");
	errno = errnum;
	return -1;
}

/* Segmentation depends on checksums, so it is switched off before them, and on after them. Features
 * that a link lacks are skipped, as long as the checksums are switched. */
static int set_offload(int fd, const char *name, const struct offload *offload)
{
	static const uint32_t commands[] = { ETHTOOL_STSO, ETHTOOL_SUFO,    ETHTOOL_SGSO,
					     ETHTOOL_SGRO, ETHTOOL_STXCSUM, ETHTOOL_SRXCSUM };
	enum { N = sizeof(commands) / sizeof(commands[0]) };
	struct ethtool_value value;

	for (int i = 0; i < N; i++) {
		value.data = offload->on;
		if (call(fd, name, commands[offload->on ? N - 1 - i : i], &value) < 0 &&
		    errno != EOPNOTSUPP)
			return fail(offload, errno);
	}
	value.data = 0;
	if (call(fd, name, ETHTOOL_GTXCSUM, &value) < 0)
		return fail(offload, errno);
	return (value.data != 0) == offload->on ? 0 : fail(offload, EOPNOTSUPP);
}

static int offload_inside(void *arg)
{
	const struct offload *offload = arg;
	struct ifreq request = { .ifr_ifindex = offload->ifindex };
	cleanup_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return gons_i_fail(errno, "cannot open a socket");
	if (ioctl(fd, SIOCGIFNAME, &request) < 0)
		return fail(offload, errno);
	return set_offload(fd, request.ifr_name, offload);
}

GONS_EXPORT int gons_link_offload(int nsfd, int ifindex, bool on)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct offload offload = { ifindex, on };

	if (gons_i_check_ifindex(ifindex) < 0 || gons_i_netns_optional(nsfd, &nsfd) < 0)
		return -1;
	return gons_i_netns_execute(nsfd, offload_inside, &offload);
}

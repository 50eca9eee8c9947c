/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses of links.
 */
#include <linux/rtnetlink.h>

#include <gons/ip.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "netns/ip_request.h"
#include "netns/link_request.h"
#include "netns/prefix.h"
#include "netns/rtnl.h"
#include "netns/rtnl_add.h"

GONS_EXPORT int gons_address_add(int nsfd, int ifindex, const char *cidr)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct gons_i_prefix address;
	struct gons_i_rtnl *rtnl;
	bool is_refused;
	int result;

	if (gons_i_check_ifindex(ifindex) < 0 || gons_i_prefix_read_address(cidr, &address) < 0)
		return -1;
	rtnl = gons_i_rtnl_open(nsfd);
	if (!rtnl)
		return -1;
	result = gons_i_rtnl_add(rtnl,
				 gons_i_address_request(buf, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL,
							ifindex, &address),
				 RTM_DELADDR, &is_refused);
	if (is_refused) {
		(void)gons_i_rtnl_fail(rtnl, "cannot give link %d the address %s", ifindex, cidr);
		if (errno == EACCES)
			gons_i_add_cause("IPv6 is disabled on the link "
					 "(net.ipv6.conf.*.disable_ipv6)");
	}
	gons_i_rtnl_close(rtnl);
	return result;
}

GONS_EXPORT int gons_address_delete(int nsfd, int ifindex, const char *cidr)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct gons_i_prefix address;
	struct gons_i_rtnl *rtnl;
	int result;

	if (gons_i_check_ifindex(ifindex) < 0 || gons_i_prefix_read_address(cidr, &address) < 0)
		return -1;
	rtnl = gons_i_rtnl_open(nsfd);
	if (!rtnl)
		return -1;
	result = gons_i_rtnl_request_send(
		rtnl, gons_i_address_request(buf, RTM_DELADDR, 0, ifindex, &address), NULL, NULL);
	if (result < 0)
		(void)gons_i_rtnl_fail(rtnl, "cannot take the address %s from link %d", cidr,
				       ifindex);
	gons_i_rtnl_close(rtnl);
	return result;
}

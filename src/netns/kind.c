/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kinds of virtual links: messages about kinds that this kernel lacks, and a request to find out.
 */
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "gons/base/error.h"
#include "gons/diagnosis/cause.h"
#include "netns/kind.h"
#include "netns/link_request.h"
#include "netns/rtnl.h"

/* The modules that are not named after their kinds. */
static const char *module_of(const char *kind)
{
	static const struct {
		const char *kind, *module;
	} others[] = {
		{ "batadv", "batman-adv" },   { "bond", "bonding" },
		{ "erspan", "ip_gre" },	      { "gre", "ip_gre" },
		{ "gretap", "ip_gre" },	      { "ip6erspan", "ip6_gre" },
		{ "ip6gre", "ip6_gre" },      { "ip6gretap", "ip6_gre" },
		{ "ip6tnl", "ip6_tunnel" },   { "lowpan", "ieee802154_6lowpan" },
		{ "ppp", "ppp_generic" },     { "vlan", "8021q" },
		{ "vti", "ip_vti" },	      { "vti6", "ip6_vti" },
		{ "xfrm", "xfrm_interface" },
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(kind, others[i].kind) == 0)
			return others[i].module;
	return kind;
}

int gons_i_check_kind(const char *kind)
{
	/* A kind is part of the name of a module, "rtnl-link-veth". */
	static const char accepted[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "0123456789_.-";
	size_t length;

	if (!kind)
		return gons_i_fail(EINVAL, "kind is NULL");
	length = strlen(kind);
	if (length > 0 && length < GONS_I_NAME_SIZE && strspn(kind, accepted) == length)
		return 0;
	(void)gons_i_fail(EINVAL, "\"%s\" is not a kind of link", kind);
	gons_i_add_cause("a kind has 1 to %d letters, digits, \"_\", \"-\" or \".\"",
			 GONS_I_NAME_SIZE - 1);
	return -1;
}

int gons_i_fail_kind(const struct gons_i_rtnl *rtnl, const char *kind)
{
	const char *extack = gons_i_rtnl_extack(rtnl);

	/* A kind may also be refused for other reasons, which the extack tells. */
	if (errno != EOPNOTSUPP || (extack[0] != '\0' && !strstr(extack, "Unknown device type"))) {
		(void)gons_i_rtnl_fail(rtnl, "cannot create a link of kind %s", kind);
		if (errno == EOPNOTSUPP && strcmp(kind, "netdevsim") == 0)
			gons_i_add_remedy("create it with gons_netdevsim_new_transient()");
		return -1;
	}
	(void)gons_i_fail(EOPNOTSUPP, "cannot create a link of kind %s", kind);
	if (gons_i_diagnose_gvisor("this kind"))
		return -1;
	gons_i_add_cause("this kernel lacks it");
	gons_i_add_remedy("load the module %s, if there is one", module_of(kind));
	return -1;
}

int gons_i_kind_request(struct gons_i_rtnl *rtnl, const char *kind)
{
	char buf[GONS_I_RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = gons_i_link_request(buf, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
	struct nlattr *info;

	mnl_attr_put_strz(nlh, IFLA_IFNAME, "gons-probe");
	info = gons_i_link_nest(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, kind);
	mnl_attr_nest_end(nlh, info);
	return gons_i_rtnl_request_send(rtnl, nlh, NULL, NULL);
}

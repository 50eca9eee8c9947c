/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chains of nftables in a network namespace: which of them may drop packets. The rules
 * themselves are left to nft(8).
 */
#include <netinet/in.h> /* before linux/netfilter.h, which otherwise defines the same names */

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include <libmnl/libmnl.h>

#include "gons/base/error.h"
#include "netns/rtnl.h"
#include "test/state.h"

static const char *family_name(uint8_t family)
{
	switch (family) {
	case NFPROTO_INET:
		return "inet";
	case NFPROTO_IPV4:
		return "ip";
	case NFPROTO_IPV6:
		return "ip6";
	case NFPROTO_BRIDGE:
		return "bridge";
	case NFPROTO_ARP:
		return "arp";
	case NFPROTO_NETDEV:
		return "netdev";
	default:
		return "?";
	}
}

static const char *hook_name(uint32_t hook)
{
	static const char *const names[] = { "prerouting", "input", "forward", "output",
					     "postrouting" };

	return hook < sizeof(names) / sizeof(names[0]) ? names[hook] : "ingress";
}

static uint32_t number(const struct nlattr *attr)
{
	return gons_i_attr_is_u32(attr) ? ntohl(mnl_attr_get_u32(attr)) : 0;
}

static void take_hook(const struct nlattr *nested, struct gons_i_state_chain *chain)
{
	const struct nlattr *attr;

	chain->is_base = true;
	mnl_attr_for_each_nested(attr, nested)
		if (mnl_attr_get_type(attr) == NFTA_HOOK_HOOKNUM)
			(void)snprintf(chain->hook, sizeof(chain->hook), "%s",
				       hook_name(number(attr)));
}

static int take_chain(const struct nlmsghdr *nlh, void *arg)
{
	struct gons_i_state *state = arg;
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	struct gons_i_state_chain *chain;
	const struct nlattr *attr;

	if (nlh->nlmsg_type != ((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWCHAIN) ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*nfg))
		return MNL_CB_OK;
	chain = GONS_I_ADD(state, chains);
	if (!chain)
		return MNL_CB_STOP;
	(void)snprintf(chain->family, sizeof(chain->family), "%s", family_name(nfg->nfgen_family));
	mnl_attr_for_each(attr, nlh, sizeof(*nfg)) {
		switch (mnl_attr_get_type(attr)) {
		case NFTA_CHAIN_TABLE:
			gons_i_attr_text(attr, chain->table, sizeof(chain->table));
			break;
		case NFTA_CHAIN_NAME:
			gons_i_attr_text(attr, chain->name, sizeof(chain->name));
			break;
		case NFTA_CHAIN_HOOK:
			take_hook(attr, chain);
			break;
		case NFTA_CHAIN_POLICY:
			chain->drops |= gons_i_attr_is_u32(attr) && number(attr) == NF_DROP;
			break;
		case NFTA_CHAIN_USE:
			chain->n_rules = number(attr);
			break;
		}
	}
	return MNL_CB_OK;
}

/* ---- rules ---- */

/* Whether a rule has an immediate verdict of drop, or the statement reject. */
struct verdict {
	bool drops;
};

static void take_verdict(const struct nlattr *nested, struct verdict *verdict)
{
	const struct nlattr *data, *code;

	mnl_attr_for_each_nested(data, nested) {
		if (mnl_attr_get_type(data) != NFTA_DATA_VERDICT)
			continue;
		mnl_attr_for_each_nested(code, data)
			if (mnl_attr_get_type(code) == NFTA_VERDICT_CODE && number(code) == NF_DROP)
				verdict->drops = true;
	}
}

static void take_expression(const struct nlattr *nested, struct verdict *verdict)
{
	const struct nlattr *attr, *part;
	char name[16] = "";

	mnl_attr_for_each_nested(attr, nested) {
		if (mnl_attr_get_type(attr) == NFTA_EXPR_NAME)
			gons_i_attr_text(attr, name, sizeof(name));
		if (mnl_attr_get_type(attr) != NFTA_EXPR_DATA || strcmp(name, "immediate") != 0)
			continue;
		mnl_attr_for_each_nested(part, attr)
			if (mnl_attr_get_type(part) == NFTA_IMMEDIATE_DATA)
				take_verdict(part, verdict);
	}
	if (strcmp(name, "reject") == 0)
		verdict->drops = true;
}

static int take_rule(const struct nlmsghdr *nlh, void *arg)
{
	struct gons_i_state *state = arg;
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	char table[32] = "", name[32] = "";
	struct verdict verdict = { 0 };
	const struct nlattr *attr, *expression;

	if (nlh->nlmsg_type != ((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWRULE) ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*nfg))
		return MNL_CB_OK;
	mnl_attr_for_each(attr, nlh, sizeof(*nfg)) {
		if (mnl_attr_get_type(attr) == NFTA_RULE_TABLE)
			gons_i_attr_text(attr, table, sizeof(table));
		else if (mnl_attr_get_type(attr) == NFTA_RULE_CHAIN)
			gons_i_attr_text(attr, name, sizeof(name));
		else if (mnl_attr_get_type(attr) == NFTA_RULE_EXPRESSIONS) {
			mnl_attr_for_each_nested(expression, attr) {
				take_expression(expression, &verdict);
			}
		}
	}
	for (size_t i = 0; i < state->chains.n; i++) {
		struct gons_i_state_chain *chain = &state->chains.list[i];

		if (strcmp(chain->table, table) == 0 && strcmp(chain->name, name) == 0 &&
		    strcmp(chain->family, family_name(nfg->nfgen_family)) == 0)
			chain->drops |= verdict.drops;
	}
	return MNL_CB_OK;
}

static int dump(struct mnl_socket *netlink, uint16_t type, mnl_cb_t take,
		struct gons_i_state *state)
{
	_Alignas(struct nlmsghdr) char buf[32768];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;
	int result = MNL_CB_OK;

	nlh->nlmsg_type = (uint16_t)((NFNL_SUBSYS_NFTABLES << 8) | type);
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = NFPROTO_UNSPEC;
	nfg->version = NFNETLINK_V0;
	if (mnl_socket_sendto(netlink, nlh, nlh->nlmsg_len) < 0)
		return -1;
	while (result > MNL_CB_STOP) {
		ssize_t got = mnl_socket_recvfrom(netlink, buf, sizeof(buf));

		if (got < 0 && errno == EINTR)
			continue;
		result = got <= 0 ? -1 : gons_i_state_run(buf, (size_t)got, take, state);
	}
	return result;
}

/* Errors do not make the state incomplete: a kernel without nfnetlink or nftables has no chains. */
void gons_i_state_read_firewall(int nsfd, struct gons_i_state *state)
{
	int fd = gons_i_netlink_open(nsfd > 0 ? nsfd : -1, NETLINK_NETFILTER);
	struct mnl_socket *netlink = fd < 0 ? NULL : mnl_socket_fdopen(fd);

	if (!netlink) {
		gons_i_close_fd(&fd);
		return;
	}
	if (dump(netlink, NFT_MSG_GETCHAIN, take_chain, state) == 0 && state->chains.n > 0)
		(void)dump(netlink, NFT_MSG_GETRULE, take_rule, state);
	(void)mnl_socket_close(netlink);
}

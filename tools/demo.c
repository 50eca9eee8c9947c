/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shows on this machine why gons exists: the links that netlink reports, beside those in
 * /sys/class/net. The exit status is 0 if the two differ and agree where they should.
 */
#include <dirent.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gons/mntns.h>
#include <gons/netns.h>
#include <gons/privilege.h>

enum { NAMES = 256, NAME_SIZE = 16 };

struct names {
	char name[NAMES][NAME_SIZE];
	size_t n;
};

static void add(struct names *names, const char *name)
{
	if (names->n < NAMES)
		(void)snprintf(names->name[names->n++], NAME_SIZE, "%.15s", name);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int add_link(const struct nlmsghdr *nlh, void *names)
{
	struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct ifinfomsg))
		if (mnl_attr_get_type(attr) == IFLA_IFNAME)
			add(names, mnl_attr_get_str(attr));
	return MNL_CB_OK;
}

/* The links of the calling thread's network namespace, by an rtnetlink dump. */
static struct names ask_netlink(void)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	struct names names = { .n = 0 };
	char buf[32768];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	ssize_t got = -1;

	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct rtgenmsg));
	if (socket && mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) == 0 &&
	    mnl_socket_sendto(socket, nlh, nlh->nlmsg_len) >= 0)
		do
			got = mnl_socket_recvfrom(socket, buf, sizeof(buf));
		while (got > 0 &&
		       mnl_cb_run(buf, (size_t)got, 0, 0, add_link, &names) > MNL_CB_STOP);
	if (got < 0)
		perror("netlink");
	if (socket)
		mnl_socket_close(socket);
	qsort(names.name, names.n, NAME_SIZE, by_name);
	return names;
}

static struct names list_directory(const char *path)
{
	struct names names = { .n = 0 };
	DIR *dir = opendir(path);
	const struct dirent *entry;

	if (!dir)
		perror(path);
	while (dir && (entry = readdir(dir)))
		if (entry->d_type == DT_LNK) /* not bonding_masters */
			add(&names, entry->d_name);
	if (dir)
		closedir(dir);
	qsort(names.name, names.n, NAME_SIZE, by_name);
	return names;
}

static const char *joined(const struct names *names, char buf[64])
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < names->n && used < 64; i++)
		used += (size_t)snprintf(buf + used, 64 - used, "%s%s", i ? " " : "",
					 names->name[i]);
	return buf;
}

/* Prints a row. Returns whether both columns have the same links. */
static bool show(const char *where, const char *sysfs)
{
	struct names netlink = ask_netlink();
	struct names sys = list_directory(sysfs);
	bool same = netlink.n == sys.n && netlink.n > 0 &&
		    memcmp(netlink.name, sys.name, netlink.n * NAME_SIZE) == 0;
	char left[64], right[64];

	printf("%-46s %-24s %-24s %s\n", where, joined(&netlink, left), joined(&sys, right),
	       same ? "agree" : "DISAGREE");
	return same;
}

static void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, gons_error());
	exit(1);
}

static void mount_sysfs(void *arg)
{
	(void)arg;
	if (gons_mntns_mount_sysfs_ro() < 0)
		die("sysfs");
}

static bool show_inside(void)
{
	/* On a machine that has only lo, the two columns cannot differ. */
	bool only_lo = list_directory("/sys/class/net").n == 1;
	bool ok;

	if (gons_netns_enter_transient() < 0)
		die("network namespace");
	ok = !show("a new network namespace only", "/sys/class/net") || only_lo;
	if (gons_mntns_enter_transient() < 0)
		die("mount namespace");
	mount_sysfs(NULL);
	return show("... with a mount namespace and sysfs too", "/sys/class/net") && ok;
}

static bool show_from_outside(void)
{
	const char *procfsroot;
	char path[64];
	int mntns_fd;

	if (gons_netns_enter_transient() < 0)
		die("network namespace");
	mntns_fd = gons_mntns_new_transient(&procfsroot);
	if (mntns_fd < 0 || gons_mntns_execute(mntns_fd, mount_sysfs, NULL) < 0)
		die("mount namespace");
	(void)snprintf(path, sizeof(path), "%s/sys/class/net", procfsroot);
	printf("\nWithout entering the mount namespace, through its procfs root:\n");
	return show(path, path);
}

int main(void)
{
	uint64_t userns = gons_current_ino(CLONE_NEWUSER);
	uid_t uid = geteuid();
	bool ok = true;

	printf("%-46s %-24s %s\n", "", "netlink", "/sys/class/net");
	(void)show("the host", "/sys/class/net");
	if (gons_become_root() < 0)
		die("user namespace");
	if (gons_current_ino(CLONE_NEWUSER) != userns)
		printf("(user %u is root in a user namespace from here on)\n", uid);
	GONS_SCOPE {
		ok = show_inside();
	}
	GONS_SCOPE {
		ok = show_from_outside() && ok;
	}
	if (!ok)
		fprintf(stderr,
			"Unexpected: netlink and /sys/class/net should agree in the last two "
			"lines only.\n");
	return ok ? 0 : 1;
}

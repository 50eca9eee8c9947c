/* SPDX-License-Identifier: Apache-2.0 */
/* The links of a network namespace look the same by every interface: by libmnl, in
 * /sys/class/net, in a detached sysfs, below a procfs root, and by ip(8). */
#include "check.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <gons/link.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "links.h"

enum { MOST = 64 };

/* A link as each interface shows it. */
struct view {
	char name[16];
	long ifindex, iflink, mtu;
	unsigned long flags;
	char address[64], state[16];
};

struct views {
	struct view views[MOST];
	int n;
};

/* The flags that are in dev->flags; the kernel computes the other ones. */
#define COMMON_FLAGS                                                                               \
	(IFF_UP | IFF_BROADCAST | IFF_LOOPBACK | IFF_POINTOPOINT | IFF_NOARP | IFF_MULTICAST)

static void copy(char *to, size_t size, const char *text)
{
	size_t length = strlen(text);

	assert_in_range(length, 0, size - 1);
	memcpy(to, text, length + 1);
}

/* ---- libmnl ---- */

static void view_by_libmnl(struct views *views)
{
	static const char *const states[] = { "unknown", "notpresent", "down", "lowerlayerdown",
					      "testing", "dormant",    "up" };
	struct seen_link links[MOST];

	memset(views, 0, sizeof(*views));
	views->n = see_links(-1, links, MOST);
	assert_in_range(views->n, 1, MOST);
	for (int i = 0; i < views->n; i++) {
		struct view *view = &views->views[i];
		const unsigned char *a = links[i].address;

		strcpy(view->name, links[i].name);
		view->ifindex = links[i].ifindex;
		view->iflink = links[i].below;
		view->mtu = links[i].mtu;
		view->flags = links[i].flags & COMMON_FLAGS;
		assert_in_range(links[i].state, 0, 6);
		strcpy(view->state, states[links[i].state]);
		(void)snprintf(view->address, sizeof(view->address),
			       "%02x:%02x:%02x:%02x:%02x:%02x", a[0], a[1], a[2], a[3], a[4], a[5]);
	}
}

static const struct view *find(const struct views *views, const char *name)
{
	for (int i = 0; i < views->n; i++)
		if (strcmp(views->views[i].name, name) == 0)
			return &views->views[i];
	fail_msg("%s is not there", name);
	return NULL;
}

/* ---- sysfs ---- */

static const char *read_attribute(int dir_fd, const char *name)
{
	static char text[256];
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	assert_true(fd >= 0);
	got = read(fd, text, sizeof(text) - 1);
	assert_true(got >= 0);
	assert_int_equal(close(fd), 0);
	text[got] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return text;
}

static void view_directory(int dir_fd, const char *name, struct view *view)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	copy(view->name, sizeof(view->name), name);
	view->ifindex = strtol(read_attribute(fd, "ifindex"), NULL, 10);
	view->iflink = strtol(read_attribute(fd, "iflink"), NULL, 10);
	view->mtu = strtol(read_attribute(fd, "mtu"), NULL, 10);
	view->flags = strtoul(read_attribute(fd, "flags"), NULL, 16) & COMMON_FLAGS;
	copy(view->state, sizeof(view->state), read_attribute(fd, "operstate"));
	copy(view->address, sizeof(view->address), read_attribute(fd, "address"));
	assert_int_equal(close(fd), 0);
}

/* Reads class/net of a sysfs, and closes the descriptor. */
static void view_by_sysfs(int net_fd, struct views *views)
{
	DIR *dir;
	const struct dirent *entry;

	assert_true(net_fd >= 0);
	dir = fdopendir(net_fd);
	assert_non_null(dir);
	memset(views, 0, sizeof(*views));
	while ((entry = readdir(dir)))
		/* The file bonding_masters is not a link. */
		if (entry->d_name[0] != '.' && entry->d_type == DT_LNK) {
			assert_true(views->n < MOST);
			view_directory(net_fd, entry->d_name, &views->views[views->n++]);
		}
	assert_int_equal(closedir(dir), 0);
}

/* ---- ip(8) ---- */

/* Returns what follows "key": in the object, without quotes; "" if the key is missing. */
static const char *json_value(const char *object, const char *key)
{
	static char value[64];
	char quoted[32];
	const char *found;

	(void)snprintf(quoted, sizeof(quoted), "\"%s\":", key);
	found = strstr(object, quoted);
	if (!found)
		return "";
	found += strlen(quoted);
	found += *found == '"';
	(void)snprintf(value, sizeof(value), "%.*s", (int)strcspn(found, "\",}"), found);
	return value;
}

static void view_object(const char *object, struct view *view)
{
	copy(view->name, sizeof(view->name), json_value(object, "ifname"));
	view->ifindex = strtol(json_value(object, "ifindex"), NULL, 10);
	view->mtu = strtol(json_value(object, "mtu"), NULL, 10);
	copy(view->state, sizeof(view->state), json_value(object, "operstate"));
	for (char *c = view->state; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	copy(view->address, sizeof(view->address), json_value(object, "address"));
}

/* ip prints one object for each link, which contains only one list, the flags. */
static bool view_by_ip(struct views *views)
{
	static char text[65536];
	FILE *ip;
	size_t length;
	char *object, *next;

	if (system("command -v ip >/dev/null") != 0)
		return false;
	ip = popen("ip -json link show", "re");
	assert_non_null(ip);
	length = fread(text, 1, sizeof(text) - 1, ip);
	text[length] = '\0';
	assert_int_equal(pclose(ip), 0);
	memset(views, 0, sizeof(*views));
	for (object = strstr(text, "{\"ifindex\":"); object; object = next) {
		next = strstr(object + 1, "{\"ifindex\":");
		if (next)
			next[-1] = '\0';
		assert_true(views->n < MOST);
		view_object(object, &views->views[views->n++]);
	}
	return true;
}

/* ---- the comparison ---- */

static bool is_ethernet(const struct view *view)
{
	return strcmp(view->address, "00:00:00:00:00:00") != 0 && strlen(view->address) == 17;
}

static void compare(const struct views *wanted, const struct views *got, bool is_whole)
{
	assert_int_equal(got->n, wanted->n);
	for (int i = 0; i < got->n; i++) {
		const struct view *a = find(wanted, got->views[i].name);
		const struct view *b = &got->views[i];

		assert_int_equal(b->ifindex, a->ifindex);
		assert_int_equal(b->mtu, a->mtu);
		assert_string_equal(b->state, a->state);
		/* Tunnels have shorter addresses, which each interface prints differently. */
		if (is_ethernet(a))
			assert_string_equal(b->address, a->address);
		if (!is_whole)
			continue;
		assert_int_equal(b->iflink, a->iflink);
		assert_int_equal(b->flags, a->flags);
	}
}

/* Compares all views when nothing changes any more: the kernel updates the state a little later. */
static void assert_all_agree(int sysfs_fd, const char *procfsroot)
{
	static struct views before, after, mounted, detached, below, ip;
	bool has_ip;

	do {
		view_by_libmnl(&before);
		view_by_sysfs(open("/sys/class/net", O_RDONLY | O_DIRECTORY | O_CLOEXEC), &mounted);
		view_by_sysfs(openat(sysfs_fd, "class/net", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
			      &detached);
		view_by_sysfs(gons_must(gons_procfsroot_open(procfsroot, "/sys/class/net",
							     O_RDONLY | O_DIRECTORY)),
			      &below);
		has_ip = view_by_ip(&ip);
		view_by_libmnl(&after);
	} while (memcmp(&before, &after, sizeof(before)) != 0);
	compare(&before, &mounted, true);
	compare(&before, &detached, true);
	compare(&before, &below, true);
	if (has_ip)
		compare(&before, &ip, false);
}

/* ---- the links ---- */

static void put_number(struct nlmsghdr *nlh, size_t room, void *arg)
{
	const uint16_t *number = arg; /* and the attribute */

	(void)room;
	mnl_attr_put_u32(nlh, number[0], number[1]);
}

static uint16_t vxlan_id[] = { IFLA_VXLAN_ID, 42 }, vrf_table[] = { IFLA_VRF_TABLE, 10 };

/* What is created for each kind; links with a lower device are on the first veth. */
static const struct kind {
	const char *name;
	bool has_parent;
	uint16_t *number;
} kinds[] = {
	{ "veth", false, NULL },      { "bridge", false, NULL },   { "dummy", false, NULL },
	{ "ifb", false, NULL },	      { "bond", false, NULL },	   { "macvlan", true, NULL },
	{ "macvtap", true, NULL },    { "ipvlan", true, NULL },	   { "vlan", true, NULL },
	{ "vxlan", false, vxlan_id }, { "vrf", false, vrf_table },
};

static int make(const struct kind *kind, int parent, struct gons_link *link)
{
	struct gons_link_options options = { .mtu = kind->has_parent ? 1400 : 0 };

	options.parent_ifindex = kind->has_parent ? parent : 0;
	if (kind->number) {
		options.info_data = put_number;
		options.info_data_arg = kind->number;
	}
	if (strcmp(kind->name, "vlan") == 0)
		return gons_vlan_new_transient(7, &options, link);
	return gons_link_new_transient(kind->name, &options, link);
}

/* Opens a tap, whose link exists while the descriptor is open. */
static int open_tap(void)
{
	struct ifreq ifr = { .ifr_name = "gons-tap" };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -1;
	ifr.ifr_flags = IFF_TAP | IFF_NO_PI;
	if (ioctl(fd, TUNSETIFF, &ifr) == 0)
		return fd;
	assert_int_equal(close(fd), 0);
	return -1;
}

static void each_kind_of_link_looks_the_same_by_every_interface(void **state)
{
	struct gons_link veth = { .ifindex = 0 }, link;
	struct seen_link seen;
	const char *procfsroot;
	int sysfs_fd, tap_fd;

	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	gons_require_link("veth");
	gons_must(gons_enter_transient(CLONE_NEWNET | CLONE_NEWNS));
	gons_must(gons_mntns_mount_sysfs_ro());
	gons_must(gons_netns_loopback_up());
	sysfs_fd = gons_must(gons_sysfs_open());
	gons_must(gons_mntns_new_transient(&procfsroot));
	assert_all_agree(sysfs_fd, procfsroot);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		/* Some kinds cannot share a parent. */
		if (!gons_can_link(kinds[i].name)) {
			print_error("gons: not compared: %s\n", gons_error());
			continue;
		}
		GONS_SCOPE {
			if (i > 0)
				gons_must(make(&kinds[0], 0, &veth));
			gons_must(make(&kinds[i], veth.ifindex, &link));
			assert_true(see_link(-1, link.ifindex, &seen));
			assert_string_equal(seen.kind, kinds[i].name);
			assert_string_equal(seen.name, link.name);
			assert_all_agree(sysfs_fd, procfsroot);
			if (i > 0) {
				assert_int_equal(set_flags(-1, veth.ifindex, IFF_UP, IFF_UP), 0);
				gons_must(gons_link_up(0, veth.peer_ifindex, 10000));
			}
			assert_int_equal(set_flags(-1, link.ifindex, IFF_UP, IFF_UP), 0);
			assert_all_agree(sysfs_fd, procfsroot);
		}
		assert_all_agree(sysfs_fd, procfsroot);
	}
	tap_fd = open_tap();
	if (tap_fd >= 0) {
		assert_true(see_name(-1, "gons-tap", NULL));
		assert_all_agree(sysfs_fd, procfsroot);
		assert_int_equal(close(tap_fd), 0);
	}
}

static void links_of_all_kinds_at_once_look_the_same_by_every_interface(void **state)
{
	struct gons_link veth, link;
	const char *procfsroot;
	int sysfs_fd, made = 0;

	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	gons_require_link("veth");
	gons_must(gons_enter_transient(CLONE_NEWNET | CLONE_NEWNS));
	gons_must(gons_mntns_mount_sysfs_ro());
	sysfs_fd = gons_must(gons_sysfs_open());
	gons_must(gons_mntns_new_transient(&procfsroot));
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!gons_can_link(kinds[i].name))
			continue;
		/* each has its own parent */
		gons_must(gons_veth_new_transient(&(struct gons_link_options){ .up = 1 }, &veth));
		gons_must(make(&kinds[i], veth.ifindex, &link));
		if (i % 2)
			assert_int_equal(set_flags(-1, link.ifindex, IFF_UP, IFF_UP), 0);
		made++;
	}
	assert_true(made >= 1);
	assert_all_agree(sysfs_fd, procfsroot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(each_kind_of_link_looks_the_same_by_every_interface),
		check_test(links_of_all_kinds_at_once_look_the_same_by_every_interface),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For ordinary users: the program becomes root in a new user namespace, and needs nothing else. Where
 * this is refused, it says why and exits with status 77, which test runners count as a skip.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <gons/link.h>
#include <gons/mntns.h>
#include <gons/netns.h>
#include <gons/privilege.h>

/* Some machines allow the user namespace, but nothing in it: so ask for all that is needed. */
static bool is_possible(void)
{
	return gons_become_root() == 0 && gons_can(CLONE_NEWNET | CLONE_NEWNS) &&
	       gons_can_link("veth");
}

static int enter_network(void)
{
	if (gons_netns_enter_transient() < 0)
		return -1;
	if (gons_mntns_enter_transient() < 0)
		return -1;
	return gons_mntns_mount_sysfs_ro();
}

int main(void)
{
	const uid_t uid = geteuid();
	struct gons_link link;
	char path[64];

	if (!is_possible()) {
		fprintf(stderr, "gons: skipped: unprivileged: %s\n", gons_error());
		return 77;
	}
	printf("user %u is uid %u here\n", uid, geteuid());
	if (enter_network() < 0 || gons_veth_new_transient(NULL, &link) < 0) {
		fprintf(stderr, "%s\n", gons_error());
		return 1;
	}
	snprintf(path, sizeof(path), "/sys/class/net/%s", link.name);
	if (access(path, F_OK) < 0) {
		perror(path);
		return 1;
	}
	printf("%s is a link of the network namespace %ju\n", path,
	       (uintmax_t)gons_netns_current_ino());
	return 0; /* transient namespaces end with the process at the latest */
}
